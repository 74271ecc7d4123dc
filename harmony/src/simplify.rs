//! Simplification of chords, for players.
//!
//! | | as heard | no sevenths | triads | major/minor |
//! |---|---|---|---|---|
//! | `G:9/3` | G9/B | G/B | G/B | G |
//! | `B:hdim7` | Bø7 | B° | B° | Bm |
//! | `C:maj6/5` | C6/G | C6/G | C/G | C |
//! | `D:sus4(b7)` | D7sus4 | Dsus4 | Dsus4 | D |
//! | `A:min/b7` | Am/G | Am | Am | Am |
//!
//! With a custom set, every chord becomes the one of the set with the most notes in common.
//! Simplifying is for display and export: a track keeps the recognized chords.

use std::fmt;
use std::str::FromStr;

use crate::label::as_string::serde_as_string;
use crate::label::{Chord, Degree, Extension, Label, Quality};
use crate::style;
use crate::timeline::Timeline;
use crate::track::Track;

/// The most chords of a custom set.
pub const MAX_OWN_CHORDS: usize = 64;

/// How chords are simplified.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Simplify {
    /// Not at all.
    #[default]
    AsHeard,
    /// Sevenths and what is above them left out; sixths stay.
    NoSevenths,
    /// Triads and suspensions, over a bass that belongs to them.
    Triads,
    /// Major and minor triads in root position.
    MajMin,
    /// The nearest of these chords, by their notes; at least one, at most [`MAX_OWN_CHORDS`].
    Own(Vec<Chord>),
}

/// A text that is not a simplification.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParseSimplifyError {
    /// A word that is neither a name nor a chord.
    #[error(
        "{0:?} is no chord: expected as-heard, no-sevenths, triads, majmin, or chords such as \"C G Am F\""
    )]
    NotAChord(String),
    /// More chords than [`MAX_OWN_CHORDS`].
    #[error("more than {MAX_OWN_CHORDS} chords")]
    TooMany,
}

impl Simplify {
    /// The simplifications with names.
    pub const NAMED: [Self; 4] = [Self::AsHeard, Self::NoSevenths, Self::Triads, Self::MajMin];

    /// The name used on command lines and in files; `None` for a custom set.
    #[must_use]
    pub const fn name(&self) -> Option<&'static str> {
        Some(match self {
            Self::AsHeard => "as-heard",
            Self::NoSevenths => "no-sevenths",
            Self::Triads => "triads",
            Self::MajMin => "majmin",
            Self::Own(_) => return None,
        })
    }

    /// A label, simplified; `N` and `X` stay.
    #[must_use]
    pub fn label(&self, label: &Label) -> Label {
        let Label::Chord(chord) = label else {
            return label.clone();
        };
        match self {
            Self::AsHeard => label.clone(),
            Self::NoSevenths => no_sevenths(chord).into(),
            Self::Triads => triad(chord).into(),
            Self::MajMin => Chord::new(chord.root(), maj_or_min(chord)).into(),
            Self::Own(chords) => {
                nearest(chord, chords).map_or_else(|| label.clone(), |own| own.clone().into())
            }
        }
    }

    /// All chords of a timeline, simplified; neighbours that have become equal are joined.
    #[must_use]
    pub fn timeline(&self, timeline: &Timeline) -> Timeline {
        match self {
            Self::AsHeard => timeline.clone(),
            _ => timeline.map_labels(|label| self.label(label)),
        }
    }

    /// A track with its chords simplified.
    #[must_use]
    pub fn track(&self, track: &Track) -> Track {
        match self {
            Self::AsHeard => track.clone(),
            _ => track.map_labels(|label| self.label(label)),
        }
    }
}

/// The triad's quality, without sixths, sevenths and extensions.
const fn triad_quality(quality: Quality) -> Quality {
    match quality {
        Quality::Min
        | Quality::Min6
        | Quality::Min7
        | Quality::MinMaj7
        | Quality::Min9
        | Quality::Min11
        | Quality::Min13 => Quality::Min,
        Quality::Dim | Quality::Dim7 | Quality::HalfDim7 => Quality::Dim,
        Quality::Aug | Quality::Aug7 => Quality::Aug,
        Quality::Sus2 => Quality::Sus2,
        Quality::Sus4 => Quality::Sus4,
        Quality::Power => Quality::Power,
        Quality::Single => Quality::Single,
        _ => Quality::Maj,
    }
}

/// The triad of a chord that lists its degrees.
fn listed_quality(chord: &Chord) -> Quality {
    let has = |semitones: u32| chord.intervals() >> semitones & 1 == 1;
    match (has(3), has(4), has(6), has(7), has(8)) {
        (true, false, true, false, _) => Quality::Dim,
        (true, false, ..) => Quality::Min,
        (false, true, _, false, true) => Quality::Aug,
        (_, true, ..) => Quality::Maj,
        _ if has(5) => Quality::Sus4,
        _ if has(2) => Quality::Sus2,
        (.., true, _) => Quality::Power,
        _ => Quality::Single,
    }
}

/// The quality of the triad, and the altered fifth of the chord, if any.
fn base(chord: &Chord) -> (Quality, Vec<Extension>) {
    let fifth = |it: &Extension| it.degree.number() == 5 && it.degree.pitch_class() != 7;
    let altered = chord
        .extensions()
        .iter()
        .copied()
        .find(|it| !it.omitted && fifth(it));
    let quality = match chord.quality() {
        Quality::Unstated => return (listed_quality(chord), Vec::new()),
        stated => triad_quality(stated),
    };
    match altered.map(|it| it.degree.pitch_class()) {
        Some(6) if quality == Quality::Min => (Quality::Dim, Vec::new()),
        Some(8) if quality == Quality::Maj => (Quality::Aug, Vec::new()),
        Some(_) => {
            let omitted = Degree::common(7);
            let kept = altered.into_iter().chain([Extension::omit(omitted)]);
            (quality, kept.collect())
        }
        None => (quality, Vec::new()),
    }
}

/// The chord over its bass, if the bass is one of its notes.
fn over_bass(simple: Chord, chord: &Chord) -> Chord {
    let bass = chord.bass();
    if simple.intervals() >> bass.pitch_class() & 1 == 1 {
        simple.with_bass(bass)
    } else {
        simple
    }
}

fn no_sevenths(chord: &Chord) -> Chord {
    let (quality, kept) = base(chord);
    let quality = match chord.quality() {
        sixth @ (Quality::Maj6 | Quality::Min6) if kept.is_empty() => sixth,
        _ => quality,
    };
    let plain = Chord::new(chord.root(), quality);
    over_bass(plain.clone().with_extensions(kept).unwrap_or(plain), chord)
}

fn triad(chord: &Chord) -> Chord {
    let (quality, _) = base(chord);
    over_bass(Chord::new(chord.root(), quality), chord)
}

fn maj_or_min(chord: &Chord) -> Quality {
    match base(chord).0 {
        Quality::Min | Quality::Dim => Quality::Min,
        _ => Quality::Maj,
    }
}

/// The chord of the set with the most notes in common; among equals that with the same root, then
/// the one that has fewest other notes, then the first.
fn nearest<'a>(chord: &Chord, set: &'a [Chord]) -> Option<&'a Chord> {
    let notes = chord.pitch_classes();
    let score = |own: &Chord| {
        let common = (notes & own.pitch_classes()).count_ones() as i32;
        let other = (own.pitch_classes() & !notes).count_ones() as i32;
        let same_root = own.root().pitch_class() == chord.root().pitch_class();
        4 * common - 3 * other + 2 * i32::from(same_root)
    };
    // The first of the best.
    set.iter().rev().max_by_key(|own| score(own))
}

impl fmt::Display for Simplify {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Own(chords) => {
                for (index, chord) in chords.iter().enumerate() {
                    let space = if index > 0 { " " } else { "" };
                    let label = Label::Chord(chord.clone());
                    write!(
                        f,
                        "{space}{}",
                        style::format(&label, style::Style::Plain, None)
                    )?;
                }
                Ok(())
            }
            named => f.write_str(named.name().unwrap_or_default()),
        }
    }
}

impl FromStr for Simplify {
    type Err = ParseSimplifyError;

    /// A name, or chords separated by spaces, commas or semicolons; an empty text is `as-heard`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let named = |it: &Self| it.name().is_some_and(|name| crate::named::is(name, text));
        if let Some(named) = Self::NAMED.into_iter().find(named) {
            return Ok(named);
        }
        let mut chords: Vec<Chord> = Vec::new();
        let words = text.split(|c: char| c.is_whitespace() || matches!(c, ',' | ';'));
        for word in words.filter(|word| !word.is_empty()) {
            let Ok(Label::Chord(chord)) = style::read(word) else {
                return Err(ParseSimplifyError::NotAChord(
                    word.chars().take(40).collect(),
                ));
            };
            if !chords.contains(&chord) {
                chords.push(chord);
            }
            if chords.len() > MAX_OWN_CHORDS {
                return Err(ParseSimplifyError::TooMany);
            }
        }
        if chords.is_empty() {
            return Ok(Self::AsHeard);
        }
        Ok(Self::Own(chords))
    }
}

serde_as_string!(Simplify);
