//! The chords that the generator writes and the arranger plays.
//!
//! A [`Chord`] is a root, one of [`QUALITIES`] and a bass degree. The table
//! holds the fourteen qualities of the 170-class vocabulary, `sus4(b7)` and the
//! ninths, elevenths and thirteenths that a player would add.

use std::sync::LazyLock;

use harmony::label::{self, Degree, Label, Note};

/// One chord quality: its Harte name and its tones.
#[derive(Debug, PartialEq, Eq)]
pub struct Quality {
    /// Harte shorthand with its extensions, for example `min7` or `sus4(b7)`.
    pub harte: &'static str,
    /// Semitones above the root in the order of stacked thirds, the root first; extensions lie
    /// above the octave (14 is a ninth).
    pub tones: &'static [u8],
    /// The possible bass degrees besides the root, in semitones. Inversions that equal another
    /// chord of the table in root position (`C:maj6/6` is `A:min7`) are left out: their label
    /// would be arbitrary.
    pub basses: &'static [u8],
    /// The relation of the quality to the vocabulary.
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
    Extension,
    /// Root and fifth.
    Power,
}

const fn q(
    harte: &'static str,
    tones: &'static [u8],
    basses: &'static [u8],
    family: Family,
) -> Quality {
    Quality {
        harte,
        tones,
        basses,
        family,
    }
}

use Family::{Extension, Power, Rare, Seventh, Triad};

/// All qualities; the first fourteen are those of the 170-class vocabulary in
/// its order.
pub static QUALITIES: &[Quality] = &[
    q("min", &[0, 3, 7], &[3, 7, 10], Triad),
    q("maj", &[0, 4, 7], &[4, 7, 2, 5], Triad),
    q("dim", &[0, 3, 6], &[3, 6], Rare),
    q("aug", &[0, 4, 8], &[], Rare),
    q("min6", &[0, 3, 7, 9], &[3, 7], Rare),
    q("maj6", &[0, 4, 7, 9], &[4, 7], Rare),
    q("min7", &[0, 3, 7, 10], &[3, 7, 10], Seventh),
    q("minmaj7", &[0, 3, 7, 11], &[3, 7, 11], Rare),
    q("maj7", &[0, 4, 7, 11], &[4, 7, 11], Seventh),
    q("7", &[0, 4, 7, 10], &[4, 7, 10], Seventh),
    q("dim7", &[0, 3, 6, 9], &[], Rare),
    q("hdim7", &[0, 3, 6, 10], &[6, 10], Rare),
    q("sus2", &[0, 2, 7], &[2], Rare),
    q("sus4", &[0, 5, 7], &[7], Rare),
    q("sus4(b7)", &[0, 5, 7, 10], &[7, 10], Extension),
    q("9", &[0, 4, 7, 10, 14], &[4, 10], Extension),
    q("maj9", &[0, 4, 7, 11, 14], &[4], Extension),
    q("min9", &[0, 3, 7, 10, 14], &[3, 10], Extension),
    q("maj(9)", &[0, 4, 7, 14], &[4], Extension),
    q("min(9)", &[0, 3, 7, 14], &[3], Extension),
    q("maj6(9)", &[0, 4, 7, 9, 14], &[], Extension),
    q("sus4(b7,9)", &[0, 5, 7, 10, 14], &[], Extension),
    q("min11", &[0, 3, 7, 10, 14, 17], &[], Extension),
    q("maj7(#11)", &[0, 4, 7, 11, 18], &[], Extension),
    q("7(#11)", &[0, 4, 7, 10, 18], &[], Extension),
    q("13", &[0, 4, 7, 10, 14, 21], &[10], Extension),
    q("maj13", &[0, 4, 7, 11, 14, 21], &[], Extension),
    q("7(b9)", &[0, 4, 7, 10, 13], &[4], Extension),
    q("7(#9)", &[0, 4, 7, 10, 15], &[], Extension),
    q("7(b13)", &[0, 4, 7, 10, 20], &[], Extension),
    q("min6(9)", &[0, 3, 7, 9, 14], &[], Extension),
    q("min7(11)", &[0, 3, 7, 10, 17], &[], Extension),
    q("maj(#11)", &[0, 4, 7, 18], &[], Extension),
    q("min13", &[0, 3, 7, 10, 14, 21], &[], Extension),
    q("maj9(#11)", &[0, 4, 7, 11, 14, 18], &[], Extension),
    q("9(#11)", &[0, 4, 7, 10, 14, 18], &[], Extension),
    q("7(b9,b13)", &[0, 4, 7, 10, 13, 20], &[], Extension),
    q("7(#9,b13)", &[0, 4, 7, 10, 15, 20], &[], Extension),
    q("7(b9,13)", &[0, 4, 7, 10, 13, 21], &[], Extension),
    q("5", &[0, 7], &[], Power),
];

/// Index of the power chord in [`QUALITIES`], after all that are drawn as extensions.
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

/// The roots as fifths above C, with sharps and with flats.
const SHARPS: [i32; 12] = [0, 7, 2, 9, 4, -1, 6, 1, 8, 3, 10, 5];
const FLATS: [i32; 12] = [0, -5, 2, -3, 4, -1, -6, 1, -4, 3, -2, 5];

/// The chord on C of each of [`QUALITIES`].
static KINDS: LazyLock<Vec<label::Chord>> = LazyLock::new(|| {
    let kind = |quality: &Quality| match format!("C:{}", quality.harte).parse() {
        Ok(Label::Chord(chord)) => chord,
        _ => unreachable!("the table holds only what Harte's syntax has: {quality:?}"),
    };
    QUALITIES.iter().map(kind).collect()
});

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

    /// A chord in root position by the Harte name of its quality; major where the table has
    /// no such quality.
    #[must_use]
    pub fn named(root: u8, harte: &str) -> Self {
        Self::new(root, Self::quality_named(harte).unwrap_or(1))
    }

    /// Reads a Harte label whose quality is in the table; `None` for anything
    /// else, `N` and `X` included.
    #[must_use]
    pub fn from_harte(label: &str) -> Option<Self> {
        let Ok(Label::Chord(chord)) = label.parse() else {
            return None;
        };
        let kind = chord.with_root(Note::C).with_bass(Degree::ROOT);
        Some(Self {
            root: chord.root().pitch_class(),
            quality: KINDS.iter().position(|it| *it == kind)?,
            bass: (chord.bass_pitch_class() + 12 - chord.root().pitch_class()) % 12,
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

    /// The label, its root spelt with flats or sharps.
    #[must_use]
    pub fn label(&self, flats: bool) -> Label {
        let fifths = if flats { FLATS } else { SHARPS }[usize::from(self.root)];
        let chord = KINDS[self.quality].with_root(Note::from_fifths(fifths));
        Label::Chord(chord.with_bass(Degree::common(self.bass)))
    }
}
