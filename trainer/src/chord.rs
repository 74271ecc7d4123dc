//! The chords that the generator writes and the arranger plays.
//!
//! A [`Chord`] is a root, one of [`QUALITIES`] and a bass degree. The table
//! holds the fourteen qualities of the 170-class vocabulary, `sus4(b7)` and the
//! ninths, elevenths and thirteenths a player would call a colour.

use harmony::label::Label;

/// One chord quality: its Harte name and its tones.
#[derive(Debug, PartialEq, Eq)]
pub struct Quality {
    /// Harte shorthand with its extensions, for example `min7` or `sus4(b7)`.
    pub harte: &'static str,
    /// Semitones above the root in the order of the chord's thirds, the root first;
    /// colours lie above the octave (14 is a ninth).
    pub tones: &'static [u8],
    /// The degrees that may stand in the bass besides the root, as semitones
    /// and Harte degree. Inversions that are another chord of the table in root
    /// position (`C:maj6/6` is `A:min7`) are left out: their label would be a
    /// matter of taste.
    pub basses: &'static [(u8, &'static str)],
    /// Where the quality stands in the vocabulary.
    pub family: Family,
}

/// How a quality relates to the 170-class vocabulary.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Family {
    /// Major and minor triads.
    Triad,
    /// Dominant, major and minor sevenths.
    Seventh,
    /// The other eleven of the fourteen qualities.
    Rare,
    /// Ninths, elevenths, thirteenths, altered dominants and `sus4(b7)`.
    Colour,
    /// Root and fifth.
    Power,
}

const fn q(
    harte: &'static str,
    tones: &'static [u8],
    basses: &'static [(u8, &'static str)],
    family: Family,
) -> Quality {
    Quality {
        harte,
        tones,
        basses,
        family,
    }
}

use Family::{Colour, Power, Rare, Seventh, Triad};

/// All qualities; the first fourteen are those of the 170-class vocabulary in
/// its order.
pub static QUALITIES: &[Quality] = &[
    q("min", &[0, 3, 7], &[(3, "b3"), (7, "5"), (10, "b7")], Triad),
    q(
        "maj",
        &[0, 4, 7],
        &[(4, "3"), (7, "5"), (2, "2"), (5, "4")],
        Triad,
    ),
    q("dim", &[0, 3, 6], &[(3, "b3"), (6, "b5")], Rare),
    q("aug", &[0, 4, 8], &[], Rare),
    q("min6", &[0, 3, 7, 9], &[(3, "b3"), (7, "5")], Rare),
    q("maj6", &[0, 4, 7, 9], &[(4, "3"), (7, "5")], Rare),
    q(
        "min7",
        &[0, 3, 7, 10],
        &[(3, "b3"), (7, "5"), (10, "b7")],
        Seventh,
    ),
    q(
        "minmaj7",
        &[0, 3, 7, 11],
        &[(3, "b3"), (7, "5"), (11, "7")],
        Rare,
    ),
    q(
        "maj7",
        &[0, 4, 7, 11],
        &[(4, "3"), (7, "5"), (11, "7")],
        Seventh,
    ),
    q(
        "7",
        &[0, 4, 7, 10],
        &[(4, "3"), (7, "5"), (10, "b7")],
        Seventh,
    ),
    q("dim7", &[0, 3, 6, 9], &[], Rare),
    q("hdim7", &[0, 3, 6, 10], &[(6, "b5"), (10, "b7")], Rare),
    q("sus2", &[0, 2, 7], &[(2, "2")], Rare),
    q("sus4", &[0, 5, 7], &[(7, "5")], Rare),
    q("sus4(b7)", &[0, 5, 7, 10], &[(7, "5"), (10, "b7")], Colour),
    q("9", &[0, 4, 7, 10, 14], &[(4, "3"), (10, "b7")], Colour),
    q("maj9", &[0, 4, 7, 11, 14], &[(4, "3")], Colour),
    q("min9", &[0, 3, 7, 10, 14], &[(3, "b3"), (10, "b7")], Colour),
    q("maj(9)", &[0, 4, 7, 14], &[(4, "3")], Colour),
    q("min(9)", &[0, 3, 7, 14], &[(3, "b3")], Colour),
    q("maj6(9)", &[0, 4, 7, 9, 14], &[], Colour),
    q("sus4(b7,9)", &[0, 5, 7, 10, 14], &[], Colour),
    q("min11", &[0, 3, 7, 10, 14, 17], &[], Colour),
    q("maj7(#11)", &[0, 4, 7, 11, 18], &[], Colour),
    q("7(#11)", &[0, 4, 7, 10, 18], &[], Colour),
    q("13", &[0, 4, 7, 10, 14, 21], &[(10, "b7")], Colour),
    q("maj13", &[0, 4, 7, 11, 14, 21], &[], Colour),
    q("7(b9)", &[0, 4, 7, 10, 13], &[(4, "3")], Colour),
    q("7(#9)", &[0, 4, 7, 10, 15], &[], Colour),
    q("7(b13)", &[0, 4, 7, 10, 20], &[], Colour),
    q("min6(9)", &[0, 3, 7, 9, 14], &[], Colour),
    q("min7(11)", &[0, 3, 7, 10, 17], &[], Colour),
    q("maj(#11)", &[0, 4, 7, 18], &[], Colour),
    q("min13", &[0, 3, 7, 10, 14, 21], &[], Colour),
    q("maj9(#11)", &[0, 4, 7, 11, 14, 18], &[], Colour),
    q("9(#11)", &[0, 4, 7, 10, 14, 18], &[], Colour),
    q("7(b9,b13)", &[0, 4, 7, 10, 13, 20], &[], Colour),
    q("7(#9,b13)", &[0, 4, 7, 10, 15, 20], &[], Colour),
    q("7(b9,13)", &[0, 4, 7, 10, 13, 21], &[], Colour),
    q("5", &[0, 7], &[], Power),
];

/// Place of the power chord in [`QUALITIES`], behind all that are drawn as colours.
pub const POWER: usize = QUALITIES.len() - 1;

/// Number of qualities of the 170-class vocabulary, the first of [`QUALITIES`].
pub const LARGE_QUALITIES: usize = 14;

/// A chord to be played.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Chord {
    /// Pitch class of the root, C = 0.
    pub root: u8,
    /// Index into [`QUALITIES`].
    pub quality: usize,
    /// Semitones from the root up to the bass note, 0 to 11.
    pub bass: u8,
}

const SHARPS: [&str; 12] = [
    "C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B",
];
const FLATS: [&str; 12] = [
    "C", "Db", "D", "Eb", "E", "F", "Gb", "G", "Ab", "A", "Bb", "B",
];

impl Chord {
    /// A chord in root position.
    #[must_use]
    pub fn new(root: u8, quality: usize) -> Self {
        Self {
            root: root % 12,
            quality,
            bass: 0,
        }
    }

    /// Finds a quality by its Harte name.
    #[must_use]
    pub fn quality_named(harte: &str) -> Option<usize> {
        QUALITIES.iter().position(|q| q.harte == harte)
    }

    /// Reads a Harte label whose quality is in the table; `None` for anything
    /// else, `N` and `X` included.
    #[must_use]
    pub fn from_harte(label: &str) -> Option<Self> {
        let (root, rest) = label.split_once(':').unwrap_or((label, "maj"));
        let (quality, degree) = match rest.split_once('/') {
            Some((quality, degree)) => (quality, Some(degree)),
            None => (rest, None),
        };
        let mut letters = root.chars();
        let mut pitch = match letters.next()? {
            'C' => 0_i32,
            'D' => 2,
            'E' => 4,
            'F' => 5,
            'G' => 7,
            'A' => 9,
            'B' => 11,
            _ => return None,
        };
        for accidental in letters {
            pitch += match accidental {
                '#' => 1,
                'b' => -1,
                _ => return None,
            };
        }
        let bass = match degree {
            None => 0,
            Some(degree) => {
                let digits = degree.trim_start_matches(['b', '#']);
                let natural = match digits {
                    "1" => 0_i32,
                    "2" | "9" => 2,
                    "3" => 4,
                    "4" | "11" => 5,
                    "5" => 7,
                    "6" | "13" => 9,
                    "7" => 11,
                    _ => return None,
                };
                let shift: i32 = degree[..degree.len() - digits.len()]
                    .chars()
                    .map(|c| if c == '#' { 1 } else { -1 })
                    .sum();
                (natural + shift).rem_euclid(12) as u8
            }
        };
        Some(Self {
            root: pitch.rem_euclid(12) as u8,
            quality: Self::quality_named(quality)?,
            bass,
        })
    }

    /// The table entry of the quality.
    #[must_use]
    pub fn kind(&self) -> &'static Quality {
        &QUALITIES[self.quality]
    }

    /// Pitch class of the bass.
    #[must_use]
    pub fn bass_pitch_class(&self) -> u8 {
        (self.root + self.bass) % 12
    }

    /// The chord's pitch classes as a bit mask (bit 0 is C), the bass included.
    #[must_use]
    pub fn pitch_classes(&self) -> u16 {
        let mut mask = 1 << self.bass_pitch_class();
        for tone in self.kind().tones {
            mask |= 1 << ((self.root + tone) % 12);
        }
        mask
    }

    /// Whether a MIDI key belongs to the chord.
    #[must_use]
    pub fn contains(&self, key: i32) -> bool {
        self.pitch_classes() >> key.rem_euclid(12) & 1 == 1
    }

    /// The same chord `semitones` higher.
    #[must_use]
    pub fn transposed(&self, semitones: i32) -> Self {
        Self {
            root: (i32::from(self.root) + semitones).rem_euclid(12) as u8,
            ..*self
        }
    }

    /// The Harte label, its root spelt with flats or sharps.
    #[must_use]
    pub fn harte(&self, flats: bool) -> String {
        let root = if flats { FLATS } else { SHARPS }[usize::from(self.root)];
        let degree = match self.bass {
            0 => String::new(),
            bass => format!("/{}", self.degree_name(bass)),
        };
        format!("{root}:{}{degree}", self.kind().harte)
    }

    /// The label; [`QUALITIES`] holds only what parses (a test walks through all).
    #[must_use]
    pub fn label(&self, flats: bool) -> Label {
        self.harte(flats).parse().unwrap_or(Label::Unknown)
    }

    fn degree_name(&self, bass: u8) -> &'static str {
        if let Some((_, name)) = self.kind().basses.iter().find(|(tone, _)| *tone == bass) {
            return name;
        }
        [
            "1", "b2", "2", "b3", "3", "4", "b5", "5", "b6", "6", "b7", "7",
        ][usize::from(bass % 12)]
    }
}
