//! The weighted score of keys that MIREX uses.

use crate::key::{Key, Mode};

/// How right an estimated key is: 1 for the key itself, 0.5 for the key a fifth above the
/// reference in its mode, 0.3 for its relative, 0.2 for its parallel, else 0.
/// `mir_eval.key.weighted_score` of mir_eval 0.8.2; spelling does not count.
#[must_use]
pub const fn weighted_key_score(reference: Key, estimate: Key) -> f64 {
    let up = (estimate.tonic().pitch_class() + 12 - reference.tonic().pitch_class()) % 12;
    match (reference.mode(), estimate.mode(), up) {
        (Mode::Major, Mode::Major, 0) | (Mode::Minor, Mode::Minor, 0) => 1.0,
        (Mode::Major, Mode::Major, 7) | (Mode::Minor, Mode::Minor, 7) => 0.5,
        (Mode::Major, Mode::Minor, 9) | (Mode::Minor, Mode::Major, 3) => 0.3,
        (_, _, 0) => 0.2,
        _ => 0.0,
    }
}
