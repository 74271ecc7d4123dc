//! The harmonic function of a chord in its key, shown as its colour.

use crate::key::{Key, Mode};
use crate::label::Chord;

/// The harmonic function of a chord, after Riemann's three, by its root; chords with
/// notes from outside the key have none of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Function {
    /// No key is known.
    #[default]
    Unknown,
    /// Home: I, iii, vi; in minor i, III.
    Tonic,
    /// Away: ii, IV; in minor ii, iv, VI.
    Subdominant,
    /// Tension: V, vii; in minor v, V, VII, vii.
    Dominant,
    /// From outside the key: borrowed chords, secondary dominants.
    Chromatic,
}

/// The notes of a key as semitones above the tonic: the major scale; natural, harmonic and melodic
/// minor together.
const MAJOR: u16 = 0b1010_1011_0101;
const MINOR: u16 = 0b1111_1010_1101;

impl Function {
    /// The function of a chord in a key.
    #[must_use]
    pub fn of_chord(chord: &Chord, key: Option<Key>) -> Self {
        let Some(key) = key else { return Self::Unknown };
        let tonic = key.tonic().pitch_class();
        let (scale, minor) = match key.mode() {
            Mode::Major => (MAJOR, false),
            Mode::Minor => (MINOR, true),
        };
        let above = |pitch_class: u8| (pitch_class + 12 - tonic) % 12;
        let outside = (0..12)
            .filter(|pc| chord.pitch_classes() >> pc & 1 == 1)
            .any(|pc| scale >> above(pc) & 1 == 0);
        if outside {
            return Self::Chromatic;
        }
        match (above(chord.root().pitch_class()), minor) {
            (0, _) | (4 | 9, false) | (3, true) => Self::Tonic,
            (2 | 5, _) | (8, true) => Self::Subdominant,
            (7 | 11, _) | (10, true) => Self::Dominant,
            _ => Self::Chromatic,
        }
    }

    /// The word for it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Unknown => "no key yet",
            Self::Tonic => "home",
            Self::Subdominant => "away",
            Self::Dominant => "tension",
            Self::Chromatic => "from outside the key",
        }
    }
}
