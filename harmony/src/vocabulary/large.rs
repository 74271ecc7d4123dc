//! The 170 classes of the paper (arXiv 2602.19778) and of BTC's large vocabulary.
//!
//! index = 14·root + quality, roots C, C#, D … B, qualities in the order of
//! [`QUALITIES`]; 168 = `X`, 169 = `N`.

use super::{masks, same_triad};
use crate::label::{Chord, Label, Note, Quality};

/// How many classes there are.
pub const LEN: usize = CHORDS + 2;

/// How many of them are chords, the first ones: each quality on each root.
pub const CHORDS: usize = 12 * QUALITIES.len();

/// The index of `X`.
pub const UNKNOWN: usize = CHORDS;

/// The index of `N`.
pub const NO_CHORD: usize = CHORDS + 1;

/// The qualities in the paper's order.
pub const QUALITIES: [Quality; 14] = [
    Quality::Min,
    Quality::Maj,
    Quality::Dim,
    Quality::Aug,
    Quality::Min6,
    Quality::Maj6,
    Quality::Min7,
    Quality::MinMaj7,
    Quality::Maj7,
    Quality::Dom7,
    Quality::Dim7,
    Quality::HalfDim7,
    Quality::Sus2,
    Quality::Sus4,
];

/// [`QUALITIES`] from the most specific to the plainest: when several describe
/// a chord with extra notes, the first wins, so `C:7(6)` is a seventh.
const BY_DETAIL: [Quality; 14] = [
    Quality::Dom7,
    Quality::Min7,
    Quality::HalfDim7,
    Quality::Maj7,
    Quality::MinMaj7,
    Quality::Dim7,
    Quality::Maj6,
    Quality::Min6,
    Quality::Maj,
    Quality::Min,
    Quality::Dim,
    Quality::Aug,
    Quality::Sus2,
    Quality::Sus4,
];

/// The quality class of a label, ignoring bass and extensions:
///
/// 1. the one with exactly its notes (mir_eval's `tetrads` rule), which makes
///    `C:maj/b7` a seventh;
/// 2. the same without the bass, so `C:maj/2` stays major;
/// 3. the most specific one with the same triad (mir_eval's `triads` rule) and
///    no note the label lacks: `C:sus4(b7)` is `sus4`, `C:aug7` is `aug`.
pub(super) fn quality_of(label: &Label) -> Option<Quality> {
    let masks = masks(label)?;
    let exact = |mask: u16| {
        BY_DETAIL
            .into_iter()
            .find(move |quality| quality.closed_mask() == mask)
    };
    let within = |mask: u16| {
        BY_DETAIL.into_iter().find(move |quality| {
            let notes = quality.closed_mask();
            same_triad(notes, mask) && notes & !mask == 0
        })
    };
    exact(masks[0])
        .or_else(|| exact(masks[1]))
        .or_else(|| within(masks[0]))
        .or_else(|| within(masks[1]))
}

pub(super) fn simplify(label: &Label) -> Label {
    match label {
        Label::Chord(chord) => quality_of(label).map_or(Label::Unknown, |quality| {
            Chord::new(chord.root(), quality).into()
        }),
        other => other.clone(),
    }
}

/// The class of any label, simplified first; [`UNKNOWN`] when no class fits.
#[must_use]
pub fn index_of(label: &Label) -> usize {
    let Label::Chord(chord) = label else {
        return if *label == Label::NoChord {
            NO_CHORD
        } else {
            UNKNOWN
        };
    };
    quality_of(label)
        .and_then(|quality| QUALITIES.into_iter().position(|known| known == quality))
        .map_or(UNKNOWN, |place| class_of(chord.root().pitch_class(), place))
}

/// The label of a class, its root in the common spelling.
///
/// # Panics
/// If `index` is not below [`LEN`].
#[must_use]
pub fn label_of(index: usize) -> Label {
    assert!(index < LEN, "chord class {index} is not below {LEN}");
    match index {
        UNKNOWN => Label::Unknown,
        NO_CHORD => Label::NoChord,
        chord => {
            let quality = QUALITIES[chord % QUALITIES.len()];
            let root = Note::common((chord / QUALITIES.len()) as u8, quality.has_minor_third());
            Chord::new(root, quality).into()
        }
    }
}

/// The pitch class of the root of a class; `None` for `N` and `X`.
#[must_use]
pub const fn root_of(index: usize) -> Option<u8> {
    if index < CHORDS {
        Some((index / QUALITIES.len()) as u8)
    } else {
        None
    }
}

/// The quality of a class, as its index in [`QUALITIES`]; `None` for `N` and `X`.
#[must_use]
pub const fn quality_index_of(index: usize) -> Option<usize> {
    if index < CHORDS {
        Some(index % QUALITIES.len())
    } else {
        None
    }
}

/// The class of the quality at index `quality` of [`QUALITIES`] on the pitch class `root`.
///
/// # Panics
/// If `root` is not below 12 or `quality` not below 14.
#[must_use]
pub const fn class_of(root: u8, quality: usize) -> usize {
    assert!(root < 12 && quality < QUALITIES.len());
    root as usize * QUALITIES.len() + quality
}
