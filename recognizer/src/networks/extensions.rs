//! Extensions: notes that a chord has beyond its quality, or lacks.
//!
//! An extension head has for every root four values for the ninth, three for the eleventh and three
//! for the thirteenth, each group with its own softmax, the first value of a group being "none".
//! These are the groups of the ChordNet teacher (Jiang et al., ISMIR 2019). Two more groups of two
//! values cover chords outside the large vocabulary: whether there is no third (a power chord,
//! `5`), and whether a suspended fourth has a minor seventh (`sus4(b7)`). Only the values at the
//! decoded root count.

use harmony::label::{Chord, Label};

/// Values of the ninth: none, 9, #9, b9.
pub const NINTHS: usize = 4;
/// Values of the eleventh: none, 11, #11.
pub const ELEVENTHS: usize = 3;
/// Values of the thirteenth: none, 13, b13.
pub const THIRTEENTHS: usize = 3;
/// Values of the ninths, elevenths and thirteenths of one root: all that teachers and the weights
/// of version 0.1 have.
pub const TENSION_VALUES: usize = NINTHS + ELEVENTHS + THIRTEENTHS;
/// Index of the value for "no third".
pub const NO_THIRD: usize = TENSION_VALUES + 1;
/// Index of the value for "minor seventh on a suspended fourth".
pub const SUSPENDED_SEVENTH: usize = TENSION_VALUES + 3;
/// Values of the head for one root.
pub const EXTENSION_VALUES: usize = TENSION_VALUES + 4;
/// The groups of the head: where each begins and how long it is.
pub const GROUPS: [(usize, usize); 5] = [
    (0, NINTHS),
    (NINTHS, ELEVENTHS),
    (NINTHS + ELEVENTHS, THIRTEENTHS),
    (TENSION_VALUES, 2),
    (TENSION_VALUES + 2, 2),
];

/// Semitones above the root of the values after "none", group by group.
const SEMITONES: [&[i32]; 3] = [&[14, 15, 13], &[17, 18], &[21, 20]];

/// A ninth, an eleventh and a thirteenth (0 for none), and the chords that the vocabulary lacks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Extensions {
    /// 0 none, 1 is 9, 2 is #9, 3 is b9.
    pub ninth: u8,
    /// 0 none, 1 is 11, 2 is #11.
    pub eleventh: u8,
    /// 0 none, 1 is 13, 2 is b13.
    pub thirteenth: u8,
    /// Root and fifth alone.
    pub no_third: bool,
    /// A minor seventh over a suspended fourth.
    pub suspended_seventh: bool,
}

impl Extensions {
    /// The extensions of a label; `None` for anything but a chord.
    pub fn from_label(label: &Label) -> Option<Self> {
        let Label::Chord(chord) = label else {
            return None;
        };
        Some(Self::from_chord(chord))
    }

    /// The extensions of a chord.
    pub fn from_chord(chord: &Chord) -> Self {
        let voices = chord.voices();
        let value = |group: usize| {
            SEMITONES[group]
                .iter()
                .position(|semitones| voices.contains(semitones))
                .map_or(0, |place| place as u8 + 1)
        };
        let has = |semitones: u32| chord.intervals() >> semitones & 1 == 1;
        let third = has(3) || has(4);
        Self {
            ninth: value(0),
            eleventh: value(1),
            thirteenth: value(2),
            no_third: chord.intervals() == 1 | 1 << 7,
            suspended_seventh: has(5) && has(10) && !third,
        }
    }

    /// All values as one number below 144; below 36 if the last two are false.
    pub fn index(self) -> u8 {
        let extensions =
            (self.ninth * ELEVENTHS as u8 + self.eleventh) * THIRTEENTHS as u8 + self.thirteenth;
        extensions + 36 * u8::from(self.no_third) + 72 * u8::from(self.suspended_seventh)
    }

    /// The extensions of an index; indices out of range wrap around.
    pub fn from_index(index: u8) -> Self {
        let thirteenths = THIRTEENTHS as u8;
        let elevenths = ELEVENTHS as u8;
        Self {
            ninth: index / (elevenths * thirteenths) % NINTHS as u8,
            eleventh: index / thirteenths % elevenths,
            thirteenth: index % thirteenths,
            no_third: index / 36 % 2 == 1,
            suspended_seventh: index / 72 % 2 == 1,
        }
    }

    /// The value of each of [`GROUPS`].
    pub fn values(self) -> [usize; 5] {
        let rest = [self.no_third, self.suspended_seventh].map(u8::from);
        [self.ninth, self.eleventh, self.thirteenth, rest[0], rest[1]].map(usize::from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn extensions(label: &str) -> Extensions {
        Extensions::from_label(&label.parse().unwrap()).unwrap()
    }

    #[test]
    fn colours_are_read_from_shorthands_and_extensions() {
        assert_eq!(extensions("C:7"), Extensions::default());
        assert_eq!(extensions("C:9").ninth, 1);
        assert_eq!(extensions("C:7(#9)").ninth, 2);
        assert_eq!(extensions("C:7(b9)").ninth, 3);
        assert_eq!(extensions("C:7(#11)").eleventh, 2);
        let thirteenth = extensions("C:13");
        assert_eq!((thirteenth.ninth, thirteenth.thirteenth), (1, 1));
        assert_eq!(extensions("C:7(b13)").thirteenth, 2);
        assert!(extensions("E:5").no_third && !extensions("E:maj").no_third);
        assert!(!extensions("E:sus2").no_third && !extensions("E:5(b7)").no_third);
        assert!(
            extensions("G:sus4(b7)").suspended_seventh && extensions("G:sus4(b7,9)").ninth == 1
        );
        assert!(
            !extensions("G:sus4").suspended_seventh && !extensions("G:7(11)").suspended_seventh
        );
        assert_eq!(Extensions::from_label(&Label::NoChord), None);
    }

    #[test]
    fn an_index_comes_back() {
        for index in 0..144 {
            assert_eq!(Extensions::from_index(index).index(), index);
        }
    }
}
