//! A chord as it stands in its key.

use std::fmt;
use std::str::FromStr;

use crate::key::{KINDS, Key, kind};
use crate::label::{Chord, Note, Quality};

/// How many chords are told apart: twelve roots of six kinds.
pub const STEPS: usize = 12 * KINDS;

/// A chord relative to its key: its root above the tonic, and its [`kind`].
///
/// Written as the root in hexadecimal and a letter: `7D` is the dominant seventh on the fifth
/// degree. The kinds are `M` major, `D` dominant seventh, `m` minor, `d` diminished, `a` augmented,
/// `s` neither, as suspended chords are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Step(u8);

/// The letters of the kinds.
const LETTERS: [char; KINDS] = ['M', 'D', 'm', 'd', 'a', 's'];

/// The chords that stand for them.
const QUALITIES: [Quality; KINDS] = [
    Quality::Maj,
    Quality::Dom7,
    Quality::Min,
    Quality::Dim,
    Quality::Aug,
    Quality::Sus4,
];

impl Step {
    /// Where a chord stands in a key.
    #[must_use]
    pub fn of(chord: &Chord, key: Key) -> Self {
        let above = (chord.root().pitch_class() + 12 - key.tonic().pitch_class()) % 12;
        Self(above * KINDS as u8 + kind(chord) as u8)
    }

    /// Number `index` of all, by root and then by kind; `None` from [`STEPS`] on.
    #[must_use]
    pub const fn from_index(index: usize) -> Option<Self> {
        if index < STEPS {
            Some(Self(index as u8))
        } else {
            None
        }
    }

    /// Its number, below [`STEPS`].
    #[must_use]
    pub const fn index(self) -> usize {
        self.0 as usize
    }

    /// The root, in semitones above the tonic, 0 … 11.
    #[must_use]
    pub const fn above_tonic(self) -> u8 {
        self.0 / KINDS as u8
    }

    /// The [`kind`] of chord.
    #[must_use]
    pub const fn kind(self) -> usize {
        self.index() % KINDS
    }

    /// Whether the third is minor, as in minor and diminished chords.
    #[must_use]
    pub const fn is_minor(self) -> bool {
        matches!(self.kind(), 2 | 3)
    }

    /// Whether both have the same root, and a minor third or none.
    #[must_use]
    pub const fn has_root_and_third_of(self, other: Self) -> bool {
        self.above_tonic() == other.above_tonic() && self.is_minor() == other.is_minor()
    }

    /// The plain chord of this kind, spelled in the key.
    #[must_use]
    pub fn chord(self, key: Key) -> Chord {
        let root: Note = key.spell(key.tonic().pitch_class() + self.above_tonic());
        Chord::new(root, QUALITIES[self.kind()])
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:x}{}", self.above_tonic(), LETTERS[self.kind()])
    }
}

/// A text that is no [`Step`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no chord in a key: expected one like 0M, 9m or 7D")]
pub struct ParseStepError(String);

impl FromStr for Step {
    type Err = ParseStepError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let parsed = || {
            let mut letters = text.chars();
            let (root, kind, end) = (letters.next()?, letters.next()?, letters.next());
            let root = root.to_digit(12)?;
            let kind = LETTERS.iter().position(|letter| *letter == kind)?;
            let index = root as usize * KINDS + kind;
            end.is_none().then(|| Self::from_index(index)).flatten()
        };
        parsed().ok_or_else(|| ParseStepError(text.chars().take(40).collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::label::Label;

    #[test]
    fn a_chord_stands_in_its_key_and_comes_back_spelled() {
        let in_key = |chord: &str, key: &str| {
            let label: Label = chord.parse().unwrap();
            let key: Key = key.parse().unwrap();
            let step = Step::of(label.chord().unwrap(), key);
            (step.to_string(), step.chord(key).to_string())
        };
        let wanted = |step: &str, chord: &str| (step.to_owned(), chord.to_owned());
        assert_eq!(in_key("G:9/3", "C:maj"), wanted("7D", "G:7"));
        assert_eq!(in_key("A#:maj7", "F:maj"), wanted("5M", "Bb:maj"));
        assert_eq!(in_key("G#:hdim7", "A:min"), wanted("bd", "G#:dim"));
        assert_eq!(in_key("D:sus2", "G:maj"), wanted("7s", "D:sus4"));
    }

    #[test]
    fn every_step_is_read_as_it_is_written() {
        for index in 0..STEPS {
            let step = Step::from_index(index).unwrap();
            assert_eq!(step.to_string().parse(), Ok(step));
            assert_eq!(step.index(), index);
        }
        assert_eq!(Step::from_index(STEPS), None);
        for text in ["", "7", "cM", "7x", "7Mm", "é"] {
            assert!(text.parse::<Step>().is_err(), "{text}");
        }
    }
}
