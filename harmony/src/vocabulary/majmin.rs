//! The 25 classes of the `majmin` comparison.
//!
//! index = 2·root + (0 major, 1 minor), roots C, C#, D … B; 24 = `N`.

use super::same_triad;
use crate::label::{Chord, Encoded, Label, Note, Quality};

/// How many classes there are.
pub const LEN: usize = 25;

/// The index of `N`.
pub const NO_CHORD: usize = 24;

/// The quality of a class, by index modulo 2.
pub const QUALITIES: [Quality; 2] = [Quality::Maj, Quality::Min];

/// mir_eval's `majmin` rule: notes from the root to the fifth, bass included,
/// are those of a major or a minor triad. Everything else is `X`.
pub(super) fn simplify(label: &Label) -> Label {
    let Label::Chord(chord) = label else {
        return label.clone();
    };
    let mask = Encoded::new(label, false).mask;
    QUALITIES
        .into_iter()
        .find(|quality| same_triad(mask, quality.closed_mask()))
        .map_or(Label::Unknown, |quality| {
            Chord::new(chord.root(), quality).into()
        })
}

/// The class of a label; `None` for `X` and for chords that are neither major
/// nor minor.
#[must_use]
pub fn index_of(label: &Label) -> Option<usize> {
    match simplify(label) {
        Label::NoChord => Some(NO_CHORD),
        Label::Unknown => None,
        Label::Chord(chord) => {
            let minor = chord.quality() == Quality::Min;
            Some(2 * usize::from(chord.root().pitch_class()) + usize::from(minor))
        }
    }
}

/// The label of a class, its root in the common spelling.
///
/// # Panics
/// If `index` is not below [`LEN`].
#[must_use]
pub fn label_of(index: usize) -> Label {
    assert!(index < LEN, "majmin class {index} is not below {LEN}");
    if index == NO_CHORD {
        return Label::NoChord;
    }
    let quality = QUALITIES[index % 2];
    let root = Note::common((index / 2) as u8, quality.has_minor_third());
    Chord::new(root, quality).into()
}
