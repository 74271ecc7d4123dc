//! Scale degrees, which name extensions and basses.

use std::fmt;

use super::note::{MAX_ACCIDENTALS, write_accidentals};

/// A degree of the major scale on the chord's root, 1 … 13, altered: `b7`, `#11`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Degree {
    number: u8,
    alter: i8,
}

impl Degree {
    /// The root itself.
    pub const ROOT: Self = Self {
        number: 1,
        alter: 0,
    };

    /// The largest number a degree may have.
    pub const MAX_NUMBER: u8 = 13;

    /// A degree from its number and its alteration in semitones; `None` for a
    /// number outside 1 … 13 or more than [`MAX_ACCIDENTALS`] accidentals.
    #[must_use]
    pub const fn new(number: u8, alter: i8) -> Option<Self> {
        if number == 0
            || number > Self::MAX_NUMBER
            || alter > MAX_ACCIDENTALS
            || alter < -MAX_ACCIDENTALS
        {
            return None;
        }
        Some(Self { number, alter })
    }

    /// For the tables of this crate, whose numbers are all in range.
    pub(crate) const fn known(number: u8, alter: i8) -> Self {
        assert!(number >= 1 && number <= Self::MAX_NUMBER);
        Self { number, alter }
    }

    /// The number, 1 … 13.
    #[must_use]
    pub const fn number(self) -> u8 {
        self.number
    }

    /// The alteration in semitones: −1 for a flat.
    #[must_use]
    pub const fn alter(self) -> i8 {
        self.alter
    }

    /// Semitones above the root, not folded into an octave: `9` is 14, `b1` is −1.
    #[must_use]
    pub const fn semitones(self) -> i32 {
        const NATURAL: [i32; 13] = [0, 2, 4, 5, 7, 9, 11, 12, 14, 16, 17, 19, 21];
        NATURAL[self.number as usize - 1] + self.alter as i32
    }

    /// Semitones above the root within an octave, 0 … 11.
    #[must_use]
    pub const fn pitch_class(self) -> u8 {
        self.semitones().rem_euclid(12) as u8
    }

    /// The usual name of an interval of 0 … 11 semitones (taken modulo 12):
    /// 1 b2 2 b3 3 4 b5 5 b6 6 b7 7.
    #[must_use]
    pub const fn common(semitones: u8) -> Self {
        const NAMES: [(u8, i8); 12] = [
            (1, 0),
            (2, -1),
            (2, 0),
            (3, -1),
            (3, 0),
            (4, 0),
            (5, -1),
            (5, 0),
            (6, -1),
            (6, 0),
            (7, -1),
            (7, 0),
        ];
        let (number, alter) = NAMES[(semitones % 12) as usize];
        Self { number, alter }
    }
}

impl fmt::Display for Degree {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_accidentals(f, self.alter)?;
        write!(f, "{}", self.number)
    }
}
