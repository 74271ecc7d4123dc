//! Keys: signatures, the spelling of notes, and the estimation of a song's keys.

mod estimate;
mod profile;

pub use estimate::{KeySpan, estimate, kind};
pub use profile::KINDS;

use std::fmt;
use std::str::FromStr;

use crate::label::as_string::serde_as_string;
use crate::label::{Degree, Note};

/// Major or minor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Mode {
    /// Major.
    Major,
    /// Minor; natural, harmonic and melodic alike.
    Minor,
}

/// A key: its tonic and its mode.
///
/// Reads `Gb:maj` and `A:min` (POP909), `Gb:major` (JAMS), `A minor`, `Am` and `Gb`;
/// prints the first form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key {
    tonic: Note,
    mode: Mode,
}

impl Key {
    /// A key from its tonic and its mode.
    #[must_use]
    pub const fn new(tonic: Note, mode: Mode) -> Self {
        Self { tonic, mode }
    }

    /// The tonic.
    #[must_use]
    pub const fn tonic(self) -> Note {
        self.tonic
    }

    /// The mode.
    #[must_use]
    pub const fn mode(self) -> Mode {
        self.mode
    }

    /// The key signature: sharps positive, flats negative.
    #[must_use]
    pub const fn signature(self) -> i32 {
        match self.mode {
            Mode::Major => self.tonic.fifths(),
            Mode::Minor => self.tonic.fifths() - 3,
        }
    }

    /// The major key with the same signature; itself if major.
    #[must_use]
    pub const fn relative_major(self) -> Self {
        Self::new(Note::from_fifths(self.signature()), Mode::Major)
    }

    /// The name of a pitch class (taken modulo 12) in this key.
    ///
    /// A key uses twelve notes of the line of fifths: a major key from its b2 up to its #4, a minor
    /// key from its b5 up to its #7, so that the borrowed chords of the former and the leading note
    /// of the latter are spelled right. A note that would need a double accidental takes its plain
    /// name.
    #[must_use]
    pub fn spell(self, pitch_class: u8) -> Note {
        simple_at(self.tonic.fifths() + self.fifths_above_tonic(pitch_class))
    }

    /// The key `semitones` higher, with at most six accidentals.
    #[must_use]
    pub fn transposed(self, semitones: i32) -> Self {
        // A semitone is seven fifths, up to whole turns of twelve.
        let mut tonic = self.tonic.fifths() + 7 * semitones.rem_euclid(12);
        let from_signature = self.tonic.fifths() - self.signature();
        while tonic - from_signature > 6 {
            tonic -= 12;
        }
        while tonic - from_signature < -6 {
            tonic += 12;
        }
        Self::new(Note::from_fifths(tonic), self.mode)
    }

    /// The degree of a pitch class on the major scale of the tonic: `b3` for Eb in C major and in C
    /// minor alike.
    #[must_use]
    pub fn degree(self, pitch_class: u8) -> Degree {
        let fifths = self.fifths_above_tonic(pitch_class);
        let from_c = Note::from_fifths(fifths);
        Degree::known(from_c.letter() as u8 + 1, from_c.alter())
    }

    /// The distance from the tonic on the line of fifths, within the key's
    /// twelve.
    fn fifths_above_tonic(self, pitch_class: u8) -> i32 {
        let lowest = match self.mode {
            Mode::Major => -5,
            Mode::Minor => -6,
        };
        let semitones = i32::from(pitch_class % 12) - i32::from(self.tonic.pitch_class());
        // Seven semitones are a fifth, and 7·7 = 1 modulo 12.
        (7 * semitones - lowest).rem_euclid(12) + lowest
    }
}

/// The note itself, or its plain name if it has a double accidental.
pub(crate) fn simple(note: Note) -> Note {
    simple_at(note.fifths())
}

/// The note at a position on the line of fifths, moved into Fb … B# by multiples of twelve fifths,
/// which change the name but not the pitch class.
fn simple_at(mut fifths: i32) -> Note {
    const F_FLAT: i32 = -8;
    const B_SHARP: i32 = 12;
    while fifths < F_FLAT {
        fifths += 12;
    }
    while fifths > B_SHARP {
        fifths -= 12;
    }
    Note::from_fifths(fifths)
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mode = match self.mode {
            Mode::Major => "maj",
            Mode::Minor => "min",
        };
        write!(f, "{}:{mode}", self.tonic)
    }
}

/// A text that is not a key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a key: expected one like Gb:maj, A:min or F#m")]
pub struct ParseKeyError(String);

impl FromStr for Key {
    type Err = ParseKeyError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let refuse = || ParseKeyError(text.chars().take(40).collect());
        let tonic_end = text
            .char_indices()
            .skip(1)
            .find(|(_, c)| !matches!(c, 'b' | '#'))
            .map_or(text.len(), |(at, _)| at);
        let (tonic, mode) = text.split_at(tonic_end);
        let tonic = tonic.parse().map_err(|_| refuse())?;
        let mode = match mode.trim_start_matches([':', ' ']) {
            "" | "maj" | "major" if !mode.ends_with([':', ' ']) => Mode::Major,
            "m" | "min" | "minor" => Mode::Minor,
            _ => return Err(refuse()),
        };
        Ok(Self { tonic, mode })
    }
}

serde_as_string!(Key);
