//! Chord labels in Harte syntax.
//!
//! The grammar is that of C. Harte, *Towards Automatic Extraction of Harmony
//! Information from Music Signals* (2010), with the shorthands that JAMS and
//! mir_eval add to it:
//!
//! ```text
//! label     = "N" | "X" | note [":" qualified] ["/" degree]
//! qualified = shorthand ["(" extensions ")"] | "(" extensions ")"
//! extension = ["*"] degree           "*" leaves the degree out
//! degree    = accidentals (1 … 13)
//! note      = (A … G) accidentals    accidentals: only b's or only #'s
//! ```
//!
//! A note alone is a major triad: `C` is `C:maj`, and prints as `C:maj`.

pub(crate) mod as_string;
mod chord;
mod degree;
mod encode;
mod error;
mod note;
mod parse;
mod quality;

pub(crate) use chord::rotate_up;
pub use chord::{Chord, Extension, MAX_EXTENSIONS, TooManyExtensions};
pub use degree::Degree;
pub use encode::Encoded;
pub(crate) use encode::chord_mask;
pub use error::{ParseLabelError, ParseLabelErrorKind};
pub use note::{Letter, MAX_ACCIDENTALS, Note};
pub use parse::MAX_LABEL_BYTES;
pub use quality::Quality;

use std::fmt;

/// What sounds over a span of time: nothing tonal, something unknown, or a chord.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Label {
    /// `N`: no chord (silence, speech, drums alone).
    NoChord,
    /// `X`: a chord may sound, but which one is unknown or has no name.
    Unknown,
    /// A chord.
    Chord(Chord),
}

impl Label {
    /// The chord, unless this is `N` or `X`.
    #[must_use]
    pub const fn chord(&self) -> Option<&Chord> {
        match self {
            Self::Chord(chord) => Some(chord),
            Self::NoChord | Self::Unknown => None,
        }
    }

    /// The same label `semitones` higher (lower when negative). The new root
    /// has its common spelling; `N` and `X` stay as they are.
    #[must_use]
    pub fn transposed(&self, semitones: i32) -> Self {
        match self {
            Self::Chord(chord) => Self::Chord(chord.transposed(semitones)),
            other => other.clone(),
        }
    }
}

impl From<Chord> for Label {
    fn from(chord: Chord) -> Self {
        Self::Chord(chord)
    }
}

/// Harte syntax; parsing the text gives back an equal label.
impl fmt::Display for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoChord => f.write_str("N"),
            Self::Unknown => f.write_str("X"),
            Self::Chord(chord) => chord.fmt(f),
        }
    }
}
