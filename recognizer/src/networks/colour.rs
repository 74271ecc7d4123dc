//! Colours: the ninth, eleventh and thirteenth that a chord may carry above its quality.
//!
//! A colour head answers for every root: four values for the ninth, three for the
//! eleventh, three for the thirteenth, each group a softmax of its own, the first value
//! of a group being "none". These are the groups of the ChordNet teacher (Jiang et al.,
//! ISMIR 2019). Only the values at the root that is read count.

use harmony::label::{Chord, Label};

/// Values of the ninth: none, 9, #9, b9.
pub const NINTHS: usize = 4;
/// Values of the eleventh: none, 11, #11.
pub const ELEVENTHS: usize = 3;
/// Values of the thirteenth: none, 13, b13.
pub const THIRTEENTHS: usize = 3;
/// Values of the head for one root.
pub const COLOUR_VALUES: usize = NINTHS + ELEVENTHS + THIRTEENTHS;
/// The groups of the head: where each begins and how long it is.
pub const GROUPS: [(usize, usize); 3] = [
    (0, NINTHS),
    (NINTHS, ELEVENTHS),
    (NINTHS + ELEVENTHS, THIRTEENTHS),
];

/// Semitones above the root of the values after "none", group by group.
const SEMITONES: [&[i32]; 3] = [&[14, 15, 13], &[17, 18], &[21, 20]];

/// A ninth, an eleventh and a thirteenth; zero is none.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Colour {
    /// 0 none, 1 is 9, 2 is #9, 3 is b9.
    pub ninth: u8,
    /// 0 none, 1 is 11, 2 is #11.
    pub eleventh: u8,
    /// 0 none, 1 is 13, 2 is b13.
    pub thirteenth: u8,
}

impl Colour {
    /// The colour of a label; none for anything but a chord.
    pub fn from_label(label: &Label) -> Option<Self> {
        let Label::Chord(chord) = label else {
            return None;
        };
        Some(Self::from_chord(chord))
    }

    fn from_chord(chord: &Chord) -> Self {
        let voices = chord.voices();
        let value = |group: usize| {
            SEMITONES[group]
                .iter()
                .position(|semitones| voices.contains(semitones))
                .map_or(0, |place| place as u8 + 1)
        };
        Self {
            ninth: value(0),
            eleventh: value(1),
            thirteenth: value(2),
        }
    }

    /// One number for the three values, below 36.
    pub fn index(self) -> u8 {
        (self.ninth * ELEVENTHS as u8 + self.eleventh) * THIRTEENTHS as u8 + self.thirteenth
    }

    /// The colour of an index; values out of range fold back.
    pub fn from_index(index: u8) -> Self {
        let thirteenths = THIRTEENTHS as u8;
        let elevenths = ELEVENTHS as u8;
        Self {
            ninth: index / (elevenths * thirteenths) % NINTHS as u8,
            eleventh: index / thirteenths % elevenths,
            thirteenth: index % thirteenths,
        }
    }

    /// The value of each of [`GROUPS`].
    pub fn values(self) -> [usize; 3] {
        [self.ninth, self.eleventh, self.thirteenth].map(usize::from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn colour(label: &str) -> Colour {
        Colour::from_label(&label.parse().unwrap()).unwrap()
    }

    #[test]
    fn colours_are_read_from_shorthands_and_extensions() {
        assert_eq!(colour("C:7"), Colour::default());
        assert_eq!(colour("C:9").ninth, 1);
        assert_eq!(colour("C:7(#9)").ninth, 2);
        assert_eq!(colour("C:7(b9)").ninth, 3);
        assert_eq!(colour("C:7(#11)").eleventh, 2);
        let thirteenth = colour("C:13");
        assert_eq!((thirteenth.ninth, thirteenth.thirteenth), (1, 1));
        assert_eq!(colour("C:7(b13)").thirteenth, 2);
        assert_eq!(Colour::from_label(&Label::NoChord), None);
    }

    #[test]
    fn an_index_comes_back() {
        for index in 0..36 {
            assert_eq!(Colour::from_index(index).index(), index);
        }
    }
}
