//! Labels as numbers, exactly as `mir_eval.chord.encode` 0.8.2 makes them.

use super::{Chord, Degree, Extension, Label, Quality};

/// A label in the form that mir_eval compares: root, interval mask, bass.
///
/// Two rules differ from the sounding notes of [`Chord::intervals`]: ninths to
/// thirteenths count only when `fold` asks for them, and a degree both added
/// and left out cancels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Encoded {
    /// Pitch class of the root; −1 for `N` and `X`.
    pub root: i8,
    /// Bit n: the pitch n semitones above the root sounds. 0 for `N` and `X`.
    pub mask: u16,
    /// Semitones of the bass above the root; −1 for `N` and `X`.
    pub bass: i8,
    /// True for `X` alone.
    pub unknown: bool,
}

impl Encoded {
    const NO_CHORD: Self = Self {
        root: -1,
        mask: 0,
        bass: -1,
        unknown: false,
    };
    const UNKNOWN: Self = Self {
        unknown: true,
        ..Self::NO_CHORD
    };

    /// Encodes a label. With `fold`, the upper voices of ninth to thirteenth
    /// chords and of extensions count within the octave (mir_eval's
    /// `reduce_extended_chords`); without, they are dropped.
    #[must_use]
    pub fn new(label: &Label, fold: bool) -> Self {
        match label {
            Label::NoChord => Self::NO_CHORD,
            Label::Unknown => Self::UNKNOWN,
            Label::Chord(chord) => Self::from_chord(chord, fold),
        }
    }

    fn from_chord(chord: &Chord, fold: bool) -> Self {
        let bass = chord.bass().pitch_class();
        Self {
            root: chord.root().pitch_class() as i8,
            // mir_eval sets the bass last, whatever was left out before.
            mask: chord_mask(chord, fold) | 1 << bass,
            bass: bass as i8,
            unknown: false,
        }
    }
}

/// The chord's mask before its bass is added.
pub(crate) fn chord_mask(chord: &Chord, fold: bool) -> u16 {
    let (closed, upper) = if fold {
        reduce(chord.quality())
    } else {
        (chord.quality().closed_mask(), [].as_slice())
    };
    let mut counts = [0_i32; 12];
    for (semitones, count) in counts.iter_mut().enumerate() {
        *count = i32::from(closed >> semitones & 1);
    }
    let upper = upper.iter().map(|&degree| Extension::add(degree));
    let written = chord.extensions().iter().copied();
    // The union of the quality's upper voices and the written extensions: each counts once.
    let written = written.filter(|extension| !upper.clone().any(|voice| voice == *extension));
    for extension in upper.clone().chain(written) {
        let semitones = extension.degree.semitones();
        if fold || semitones < 12 {
            counts[semitones.rem_euclid(12) as usize] += if extension.omitted { -1 } else { 1 };
        }
    }
    (0..12)
        .filter(|&semitones| counts[semitones] > 0)
        .fold(0, |mask, semitones| mask | 1 << semitones)
}

/// `mir_eval.chord.EXTENDED_QUALITY_REDUX`: a quality as the mask of a simpler one and the
/// additional degrees. `maj11` follows the pattern of its neighbours; mir_eval has no entry for it.
fn reduce(quality: Quality) -> (u16, &'static [Degree]) {
    const fn upper(quality: Quality, from: usize) -> &'static [Degree] {
        quality.degrees().split_at(from).1
    }
    match quality {
        Quality::MinMaj7 => (Quality::Min.closed_mask(), upper(quality, 3)),
        Quality::Dom9
        | Quality::Maj9
        | Quality::Min9
        | Quality::Dom11
        | Quality::Maj11
        | Quality::Min11
        | Quality::Dom13
        | Quality::Maj13
        | Quality::Min13 => (quality.closed_mask(), upper(quality, 4)),
        plain => (plain.closed_mask(), &[]),
    }
}
