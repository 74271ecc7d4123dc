//! Note names: a letter and its accidentals, without an octave.

use std::fmt;

use super::Degree;

/// The most accidentals one note or degree may have. More is a typing error or an attack; no music
/// needs more than three.
pub const MAX_ACCIDENTALS: i8 = 15;

/// A note letter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the variants are the letters themselves")]
pub enum Letter {
    C,
    D,
    E,
    F,
    G,
    A,
    B,
}

impl Letter {
    /// The seven letters from C up.
    pub const ALL: [Self; 7] = [
        Self::C,
        Self::D,
        Self::E,
        Self::F,
        Self::G,
        Self::A,
        Self::B,
    ];

    /// Semitones above C of the natural note.
    #[must_use]
    pub const fn semitones(self) -> u8 {
        match self {
            Self::C => 0,
            Self::D => 2,
            Self::E => 4,
            Self::F => 5,
            Self::G => 7,
            Self::A => 9,
            Self::B => 11,
        }
    }

    /// The letter as a capital.
    #[must_use]
    pub const fn as_char(self) -> char {
        match self {
            Self::C => 'C',
            Self::D => 'D',
            Self::E => 'E',
            Self::F => 'F',
            Self::G => 'G',
            Self::A => 'A',
            Self::B => 'B',
        }
    }

    /// The letter of a capital `A` … `G`.
    #[must_use]
    pub const fn from_char(capital: char) -> Option<Self> {
        Some(match capital {
            'C' => Self::C,
            'D' => Self::D,
            'E' => Self::E,
            'F' => Self::F,
            'G' => Self::G,
            'A' => Self::A,
            'B' => Self::B,
            _ => return None,
        })
    }
}

/// A spelled note without an octave: `F#` and `Gb` are different notes of the
/// same pitch class.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Note {
    letter: Letter,
    alter: i8,
}

impl Note {
    /// The note C.
    pub const C: Self = Self::new(Letter::C, 0);

    /// A note from its letter and its alteration in semitones (sharps positive), clamped to
    /// ±[`MAX_ACCIDENTALS`].
    #[must_use]
    pub const fn new(letter: Letter, alter: i8) -> Self {
        let alter = if alter > MAX_ACCIDENTALS {
            MAX_ACCIDENTALS
        } else if alter < -MAX_ACCIDENTALS {
            -MAX_ACCIDENTALS
        } else {
            alter
        };
        Self { letter, alter }
    }

    /// The letter.
    #[must_use]
    pub const fn letter(self) -> Letter {
        self.letter
    }

    /// The alteration in semitones: 1 for a sharp, −1 for a flat.
    #[must_use]
    pub const fn alter(self) -> i8 {
        self.alter
    }

    /// The pitch class, C = 0 … B = 11.
    #[must_use]
    pub const fn pitch_class(self) -> u8 {
        (self.letter.semitones() as i32 + self.alter as i32).rem_euclid(12) as u8
    }

    /// The note `degree` above this one, spelled with the letter the degree
    /// asks for: the `b3` of C is Eb, never D#.
    #[must_use]
    pub fn up(self, degree: Degree) -> Self {
        let letter = Letter::ALL[(self.letter as usize + usize::from(degree.number()) - 1) % 7];
        let pitch_class = i32::from(self.pitch_class()) + degree.semitones();
        // The smallest alteration that reaches the pitch class, −6 … 5.
        let alter = (pitch_class - i32::from(letter.semitones()) + 6).rem_euclid(12) - 6;
        Self::new(letter, alter as i8)
    }

    /// The position on the line of fifths: … F −1, C 0, G 1, D 2 …; a sharp adds 7.
    #[must_use]
    pub const fn fifths(self) -> i32 {
        let natural = match self.letter {
            Letter::F => -1,
            Letter::C => 0,
            Letter::G => 1,
            Letter::D => 2,
            Letter::A => 3,
            Letter::E => 4,
            Letter::B => 5,
        };
        natural + 7 * self.alter as i32
    }

    /// The note at a position on the line of fifths (the inverse of [`fifths`](Self::fifths)),
    /// clamped to ±[`MAX_ACCIDENTALS`] accidentals.
    #[must_use]
    pub const fn from_fifths(fifths: i32) -> Self {
        const FROM_F: [Letter; 7] = [
            Letter::F,
            Letter::C,
            Letter::G,
            Letter::D,
            Letter::A,
            Letter::E,
            Letter::B,
        ];
        let place = fifths.saturating_add(1);
        let letter = FROM_F[place.rem_euclid(7) as usize];
        let alter = place.div_euclid(7);
        let most = MAX_ACCIDENTALS as i32;
        let alter = if alter > most {
            most
        } else if alter < -most {
            -most
        } else {
            alter
        };
        Self::new(letter, alter as i8)
    }

    /// The usual name of a pitch class (taken modulo 12) where no key is
    /// known: the one whose major key, or minor key for `minor` chords, has
    /// the fewer accidentals. Db, Ab are major roots; C#, G# minor ones.
    #[must_use]
    pub fn common(pitch_class: u8, minor: bool) -> Self {
        const MAJOR: [i32; 12] = [0, -5, 2, -3, 4, -1, 6, 1, -4, 3, -2, 5];
        const MINOR: [i32; 12] = [0, 7, 2, -3, 4, -1, 6, 1, 8, 3, -2, 5];
        let names = if minor { &MINOR } else { &MAJOR };
        Self::from_fifths(names[usize::from(pitch_class % 12)])
    }
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.letter.as_char())?;
        write_accidentals(f, self.alter)
    }
}

/// `b`s or `#`s, as Harte syntax writes them.
pub(super) fn write_accidentals(f: &mut fmt::Formatter<'_>, alter: i8) -> fmt::Result {
    let sign = if alter < 0 { "b" } else { "#" };
    for _ in 0..alter.unsigned_abs() {
        f.write_str(sign)?;
    }
    Ok(())
}
