//! Chord labels as musicians write them.
//!
//! | label | jazz | plain | Roman in C | Nashville in C |
//! |---|---|---|---|---|
//! | `C:maj7` | Cmaj7 | Cmaj7 | Imaj7 | 1maj⁷ |
//! | `F#:hdim7` | F♯ø7 | F#m7b5 | ♯ivø7 | ♯4ø⁷ |
//! | `Bb:sus4(b7)` | B♭7sus4 | Bb7sus4 | ♭VII7sus4 | ♭7⁷sus⁴ |
//! | `A:min/b3` | Am/C | Am/C | vi6 | 6-/1 |
//! | `N` | N.C. | N.C. | N.C. | N.C. |
//! | `X` | ? | ? | ? | ? |

mod nashville;
mod read;
mod roman;
pub(crate) mod shape;

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::key::{Key, simple};
use crate::label::{Chord, Label, Note};
use crate::named;
use shape::{Shape, Symbols};

pub(crate) use read::interval;
pub use read::{ReadSymbolError, read};

/// A way to write chords.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Style {
    /// Lead-sheet symbols with ♭ ♯ ° ø +.
    #[default]
    Jazz,
    /// Lead-sheet symbols in ASCII, for files and other programs.
    Plain,
    /// Harte syntax, as in label files.
    Harte,
    /// Roman numerals with figured bass. They count from the tonic along the
    /// key's own scale (natural in minor: `VII` of A minor is G major).
    Roman,
    /// Nashville numbers. A minor key is numbered from its relative major, as
    /// charts are: the tonic of A minor is `6-`.
    Nashville,
}

impl Style {
    /// All styles.
    pub const ALL: [Self; 5] = [
        Self::Jazz,
        Self::Plain,
        Self::Harte,
        Self::Roman,
        Self::Nashville,
    ];

    /// The name used on command lines and in files.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Jazz => "jazz",
            Self::Plain => "plain",
            Self::Harte => "harte",
            Self::Roman => "roman",
            Self::Nashville => "nashville",
        }
    }

    /// Whether the style means nothing without a key.
    #[must_use]
    pub const fn needs_key(self) -> bool {
        matches!(self, Self::Roman | Self::Nashville)
    }
}

impl fmt::Display for Style {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A name that is not a style.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown chord style {0:?}: expected jazz, plain, harte, roman or nashville")]
pub struct ParseStyleError(String);

impl FromStr for Style {
    type Err = ParseStyleError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|style| named::is(style.name(), text))
            .ok_or_else(|| ParseStyleError(text.chars().take(40).collect()))
    }
}

/// Writes a label in a style.
///
/// With a key, roots are spelled as the key spells them; without, as the label
/// does. Styles that need a key ([`Style::needs_key`]) fall back to
/// [`Style::Jazz`] without one.
#[must_use]
pub fn format(label: &Label, style: Style, key: Option<&Key>) -> String {
    let Label::Chord(chord) = label else {
        return match (label, style) {
            (_, Style::Harte) => label.to_string(),
            (Label::NoChord, _) => "N.C.".to_owned(),
            _ => "?".to_owned(),
        };
    };
    match (style, key) {
        (Style::Harte, None) => chord.to_string(),
        (Style::Harte, Some(key)) => spelled(chord, Some(key)).to_string(),
        (Style::Plain, key) => symbol(chord, key, &shape::PLAIN),
        (Style::Roman, Some(key)) => roman::numeral(chord, *key),
        (Style::Nashville, Some(key)) => nashville::number(chord, *key),
        (Style::Jazz, key) | (Style::Roman | Style::Nashville, key @ None) => {
            symbol(chord, key, &shape::JAZZ)
        }
    }
}

pub(crate) fn spelled(chord: &Chord, key: Option<&Key>) -> Chord {
    match key {
        Some(key) => chord.with_root(key.spell(chord.root().pitch_class())),
        None => chord.clone(),
    }
}

/// A lead-sheet symbol in the parts that charts set in different sizes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Symbol {
    /// The root, with its accidental.
    pub root: String,
    /// The quality, additions and omissions; empty for a plain major triad.
    pub suffix: String,
    /// The bass, unless it is the root.
    pub bass: Option<String>,
}

/// The parts of [`Style::Jazz`] (`unicode`) or [`Style::Plain`] of a chord, spelled by
/// the key if there is one.
#[must_use]
pub fn parts(chord: &Chord, key: Option<&Key>, unicode: bool) -> Symbol {
    let symbols = if unicode { &shape::JAZZ } else { &shape::PLAIN };
    let chord = spelled(chord, key);
    let name = |note: Note| symbols.accidentals(&note.to_string());
    Symbol {
        root: name(chord.root()),
        suffix: Shape::from_chord(&chord).suffix(symbols),
        bass: (!chord.is_root_position()).then(|| name(simple(chord.bass_note()))),
    }
}

/// A lead-sheet symbol: root, quality, and the bass after a slash.
fn symbol(chord: &Chord, key: Option<&Key>, symbols: &Symbols) -> String {
    let chord = spelled(chord, key);
    let name = |note: Note| symbols.accidentals(&note.to_string());
    let mut text = name(chord.root());
    text.push_str(&Shape::from_chord(&chord).suffix(symbols));
    if !chord.is_root_position() {
        text.push('/');
        // Gbm/Bbb is hard to read: a double accidental becomes its plain name.
        text.push_str(&name(simple(chord.bass_note())));
    }
    text
}
