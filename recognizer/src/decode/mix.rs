//! A causal network's second opinion of what a windowed network has heard.
//!
//! The two networks read different transforms and err in different places: the windowed one knows
//! what comes next, the causal one, whose frames are half as long, loses less of single chords
//! between silences. The geometric mean of both is right more often than either
//! (docs/results/2026-11-30-agreed.md).

use super::{Posterior, log_softmax};

/// The causal network's share of the log-posteriors. Chosen by the consensus of two teachers on the
/// valid split: more gains on songs and loses on game music.
const SHARE: f32 = 0.2;

/// Mixes causal frames into `own`, whose frames are twice as far apart: a quarter of the one
/// before, half of the one at the same time, a quarter of the one after. Extensions stay `own`'s.
pub(crate) fn mix(own: &mut Posterior, [before, at, after]: [&Posterior; 3]) {
    blend(&mut own.chord, [&before.chord, &at.chord, &after.chord]);
    if let (Some(own), Some(before), Some(at), Some(after)) =
        (&mut own.bass, &before.bass, &at.bass, &after.bass)
    {
        blend(own, [before, at, after]);
    }
}

/// The weighted geometric mean, normalized; all are log-probabilities.
fn blend<const CLASSES: usize>(
    own: &mut [f32; CLASSES],
    [before, at, after]: [&[f32; CLASSES]; 3],
) {
    let mixed: [f32; CLASSES] = std::array::from_fn(|class| {
        let heard = 0.25 * before[class] + 0.5 * at[class] + 0.25 * after[class];
        (1.0 - SHARE) * own[class] + SHARE * heard
    });
    log_softmax(&mixed, own);
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::networks::{BASS_CLASSES, CHORD_CLASSES};

    /// A posterior with `p` for a class and its bass, and the rest evenly for all others.
    pub(crate) fn sure_of(class: usize, p: f32) -> Posterior {
        let logits = |width: usize, class: usize| {
            let mut logits = vec![((1.0 - p) / (width - 1) as f32).ln(); width];
            logits[class] = p.ln();
            logits
        };
        let chord = logits(CHORD_CLASSES, class);
        Posterior::from_logits(&chord, Some(&logits(BASS_CLASSES, class % 12)), None)
    }

    /// The causal network's share in the odds of `class` against one that nobody has named.
    pub(crate) fn share_of(class: usize, posterior: &Posterior) -> f32 {
        let whole = SHARE * (0.9_f32 / (0.1 / (CHORD_CLASSES - 1) as f32)).ln();
        (posterior.chord[class] - posterior.chord[100]) / whole
    }

    /// The posterior of a network that does not know.
    pub(crate) fn unsure() -> Posterior {
        Posterior::from_logits(&[0.0; CHORD_CLASSES], Some(&[0.0; BASS_CLASSES]), None)
    }

    #[test]
    fn the_frames_around_count_a_quarter_a_half_a_quarter() {
        let mut own = unsure();
        let [before, at, after] = [0, 1, 2].map(|class| sure_of(class, 0.9));
        mix(&mut own, [&before, &at, &after]);
        for (class, expected) in [(0, 0.25), (1, 0.5), (2, 0.25)] {
            assert!((share_of(class, &own) - expected).abs() < 1e-4);
        }
        let sum: f32 = own.chord.iter().map(|p| p.exp()).sum();
        assert!((sum - 1.0).abs() < 1e-4);
        let bass = own.bass.unwrap();
        assert!(bass[1] > bass[0] && bass[0] > bass[3]);
    }

    #[test]
    fn the_windowed_network_is_not_outvoted() {
        let causal = sure_of(3, 0.9);
        let (mut same, mut other) = (sure_of(3, 0.4), sure_of(4, 0.4));
        mix(&mut same, [&causal; 3]);
        mix(&mut other, [&causal; 3]);
        assert!(same.chord[3] > other.chord[4]);
        assert!(other.chord[4] > other.chord[3]);
    }
}
