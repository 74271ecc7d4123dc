//! The vocabulary with inversions: the 170 classes with a bass degree, and ninths, elevenths and
//! thirteenths.
//!
//! It is not a list of classes: a network outputs a class of [`large`], a bass pitch class, and
//! perhaps an extension, and [`label_of`] joins them.

use super::large;
use crate::label::{Chord, Degree, Encoded, Label, Quality};

/// The qualities beyond [`large::QUALITIES`]: those of mir_eval's shorthands
/// that put upper voices on one of them.
pub const COLOURS: [Quality; 8] = [
    Quality::Dom9,
    Quality::Maj9,
    Quality::Min9,
    Quality::Dom11,
    Quality::Min11,
    Quality::Dom13,
    Quality::Maj13,
    Quality::Min13,
];

/// Quality as in [`large`], with the highest natural extension (9, 11, 13) on a
/// major, minor or dominant seventh chord kept; bass kept, in its usual name.
pub(super) fn simplify(label: &Label) -> Label {
    let Label::Chord(chord) = label else {
        return label.clone();
    };
    let Some(quality) = large::quality_of(label) else {
        return Label::Unknown;
    };
    let quality = coloured(chord, quality);
    let bass = bass_degree(quality, chord.bass().pitch_class());
    Chord::new(chord.root(), quality).with_bass(bass).into()
}

/// `base` with the highest of the natural 9, 11, 13 that sounds in `chord`.
fn coloured(chord: &Chord, base: Quality) -> Quality {
    let colours: &[(i32, Quality)] = match base {
        Quality::Dom7 => &[
            (21, Quality::Dom13),
            (17, Quality::Dom11),
            (14, Quality::Dom9),
        ],
        Quality::Min7 => &[
            (21, Quality::Min13),
            (17, Quality::Min11),
            (14, Quality::Min9),
        ],
        // mir_eval has no maj11: the chord becomes a ninth.
        Quality::Maj7 => &[(21, Quality::Maj13), (14, Quality::Maj9)],
        _ => return base,
    };
    let voices = chord.voices();
    colours
        .iter()
        .find(|(semitones, _)| voices.contains(semitones))
        .map_or(base, |&(_, quality)| quality)
}

/// The name of a bass `semitones` above the root: the chord's own degree where
/// it has one (`bb7` of a `dim7`, `#5` of an `aug`), else the usual name.
#[must_use]
pub fn bass_degree(quality: Quality, semitones: u8) -> Degree {
    let semitones = semitones % 12;
    quality
        .degrees()
        .iter()
        .copied()
        .find(|degree| degree.semitones() == i32::from(semitones))
        .unwrap_or_else(|| Degree::common(semitones))
}

/// A class of [`large`] over a bass pitch class. `None` as bass means root position,
/// and `N` and `X` have no bass.
///
/// # Panics
/// If `class` is not below [`large::LEN`].
#[must_use]
pub fn label_of(class: usize, bass_pitch_class: Option<u8>) -> Label {
    match (large::label_of(class), bass_pitch_class) {
        (Label::Chord(chord), Some(bass)) => {
            let above = (bass % 12 + 12 - chord.root().pitch_class()) % 12;
            let degree = bass_degree(chord.quality(), above);
            chord.with_bass(degree).into()
        }
        (label, _) => label,
    }
}

/// The class of [`large`] and the bass pitch class of a label: the targets of a
/// network. A chord outside the vocabulary keeps its bass; `N` and `X` have none.
#[must_use]
pub fn class_and_bass(label: &Label) -> (usize, Option<u8>) {
    let encoded = Encoded::new(label, false);
    let bass = (encoded.root >= 0).then(|| ((encoded.root + encoded.bass) % 12) as u8);
    (large::index_of(label), bass)
}
