//! The twelve ways mir_eval compares two labels.

use std::fmt;

use crate::label::{Encoded, Label, Quality, rotate_up};

/// A comparison of two labels: right, wrong, or not comparable. The names and
/// rules are mir_eval's; [`Scores`](super::Scores) says what each compares.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "documented at the fields of Scores")]
pub enum Metric {
    Root,
    Thirds,
    ThirdsInv,
    Triads,
    TriadsInv,
    Sevenths,
    SeventhsInv,
    Tetrads,
    TetradsInv,
    MajMin,
    MajMinInv,
    Mirex,
}

/// Root to fifth, in semitones: what makes a triad.
const TRIAD_MASK: u16 = 0xFF;

/// Notes that must be shared under `mirex`.
const MIREX_SHARED_NOTES: u32 = 3;

impl Metric {
    /// All of them.
    pub const ALL: [Self; 12] = [
        Self::Root,
        Self::Thirds,
        Self::ThirdsInv,
        Self::Triads,
        Self::TriadsInv,
        Self::Sevenths,
        Self::SeventhsInv,
        Self::Tetrads,
        Self::TetradsInv,
        Self::MajMin,
        Self::MajMinInv,
        Self::Mirex,
    ];

    /// mir_eval's name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Root => "root",
            Self::Thirds => "thirds",
            Self::ThirdsInv => "thirds_inv",
            Self::Triads => "triads",
            Self::TriadsInv => "triads_inv",
            Self::Sevenths => "sevenths",
            Self::SeventhsInv => "sevenths_inv",
            Self::Tetrads => "tetrads",
            Self::TetradsInv => "tetrads_inv",
            Self::MajMin => "majmin",
            Self::MajMinInv => "majmin_inv",
            Self::Mirex => "mirex",
        }
    }

    /// Whether an estimated label is right; `None` when the reference is
    /// outside what the metric compares.
    #[must_use]
    pub fn compare(self, reference: &Label, estimate: &Label) -> Option<bool> {
        self.compare_encoded(
            &Encoded::new(reference, false),
            &Encoded::new(estimate, false),
        )
    }

    pub(super) fn compare_encoded(self, reference: &Encoded, estimate: &Encoded) -> Option<bool> {
        if reference.unknown {
            return None;
        }
        let equal_roots = reference.root == estimate.root;
        // In mir_eval the mask of X is all −1, which equals no other mask.
        let equal_notes =
            |among: u16| !estimate.unknown && reference.mask & among == estimate.mask & among;
        let equal_basses = match self {
            Self::ThirdsInv
            | Self::TriadsInv
            | Self::SeventhsInv
            | Self::TetradsInv
            | Self::MajMinInv => reference.bass == estimate.bass,
            _ => true,
        };
        let equal = |among: u16| Some(equal_roots && equal_basses && equal_notes(among));
        match self {
            // N and X have the same root to mir_eval: none.
            Self::Root => Some(equal_roots),
            Self::Thirds | Self::ThirdsInv => equal(1 << 3),
            Self::Triads | Self::TriadsInv => equal(TRIAD_MASK),
            Self::Tetrads | Self::TetradsInv => equal(0xFFF),
            Self::MajMin | Self::MajMinInv => {
                let qualities = [Quality::Maj, Quality::Min];
                let triad = reference.mask & TRIAD_MASK;
                let known = qualities
                    .into_iter()
                    .any(|quality| quality.closed_mask() == triad);
                (known || reference.root < 0)
                    .then(|| equal(TRIAD_MASK))
                    .flatten()
            }
            Self::Sevenths | Self::SeventhsInv => {
                let qualities = [
                    Quality::Maj,
                    Quality::Min,
                    Quality::Maj7,
                    Quality::Dom7,
                    Quality::Min7,
                ];
                let known = qualities
                    .into_iter()
                    .any(|quality| quality.closed_mask() == reference.mask);
                (known || reference.root < 0)
                    .then(|| equal(0xFFF))
                    .flatten()
            }
            Self::Mirex => mirex(reference, estimate),
        }
    }
}

fn mirex(reference: &Encoded, estimate: &Encoded) -> Option<bool> {
    let own = reference.mask.count_ones();
    if own > 0 && own < MIREX_SHARED_NOTES {
        return None;
    }
    if reference.root < 0 && estimate.root < 0 {
        return Some(true);
    }
    // Every entry of X's mask is −1, and mir_eval rotates what is not zero.
    let estimated = if estimate.unknown {
        0xFFF
    } else {
        absolute(estimate)
    };
    Some((absolute(reference) & estimated).count_ones() >= MIREX_SHARED_NOTES)
}

/// The mask as pitch classes; empty for `N`.
fn absolute(encoded: &Encoded) -> u16 {
    u8::try_from(encoded.root).map_or(0, |root| rotate_up(encoded.mask, root))
}

impl fmt::Display for Metric {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
