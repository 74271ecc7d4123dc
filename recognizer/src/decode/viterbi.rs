//! The best path through a whole file.

use super::Posterior;
use super::states::{Bits, emissions};

/// The state ([`super::states`]) of every frame on the path with the highest
/// log-probability, where a change of state before frame `n` costs `cost(n)` nats, whichever
/// the states (Viterbi 1967; with one cost for all pairs the step over predecessors is "stay,
/// or come from the best").
///
/// `before` is the state that the frame before the first one is known to have had; without,
/// the path begins anywhere, free of cost.
pub fn viterbi(
    posteriors: &[Posterior],
    before: Option<usize>,
    cost: impl Fn(usize) -> f32,
) -> Vec<usize> {
    let Some(first) = posteriors.first() else {
        return Vec::new();
    };
    let mut scores = Vec::new();
    emissions(first, &mut scores);
    if let Some(before) = before {
        let moved = cost(0);
        for (state, score) in scores.iter_mut().enumerate() {
            if state != before {
                *score -= moved;
            }
        }
    }
    let mut heard = Vec::new();
    // For each frame: the best state before it, and which states stayed.
    let mut came_from: Vec<(u16, Bits)> = Vec::with_capacity(posteriors.len());
    for (frame, posterior) in posteriors.iter().enumerate().skip(1) {
        emissions(posterior, &mut heard);
        let best = argmax(&scores);
        let moved = scores[best] - cost(frame);
        let mut stayed = Bits::default();
        stayed.clear();
        for (state, (score, heard)) in scores.iter_mut().zip(&heard).enumerate() {
            if *score >= moved {
                stayed.set(state);
            }
            *score = score.max(moved) + heard;
        }
        came_from.push((best as u16, stayed));
    }
    let mut state = argmax(&scores);
    let mut path = vec![state; posteriors.len()];
    for (frame, (best, stayed)) in came_from.iter().enumerate().rev() {
        if !stayed.get(state) {
            state = usize::from(*best);
        }
        path[frame] = state;
    }
    path
}

/// Index of the largest score, the first of equals; 0 of none.
#[must_use]
pub fn argmax(scores: &[f32]) -> usize {
    let mut best = 0;
    for (index, score) in scores.iter().enumerate() {
        if *score > scores[best] {
            best = index;
        }
    }
    best
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::networks::CHORD_CLASSES;

    /// Posterior with probability `p` on `class`, the rest spread evenly.
    pub(crate) fn peak(class: usize, p: f32) -> Posterior {
        let mut chord = [((1.0 - p) / (CHORD_CLASSES - 1) as f32).ln(); CHORD_CLASSES];
        chord[class] = p.ln();
        Posterior {
            chord,
            bass: None,
            colour: None,
        }
    }

    #[test]
    fn a_lone_frame_is_smoothed_away_and_a_real_change_is_kept() {
        let mut frames = vec![peak(1, 0.6); 10];
        frames[4] = peak(99, 0.6);
        frames.extend(vec![peak(50, 0.6); 10]);
        let path = viterbi(&frames, None, |_| 8.0);
        assert_eq!(path[..10], [1; 10]);
        assert_eq!(path[10..], [50; 10]);
    }

    #[test]
    fn without_cost_it_is_the_frame_by_frame_best() {
        let frames = [peak(1, 0.4), peak(2, 0.4), peak(1, 0.4)];
        assert_eq!(viterbi(&frames, None, |_| 0.0), [1, 2, 1]);
        assert!(viterbi(&[], None, |_| 1.0).is_empty());
    }

    #[test]
    fn equals_the_exhaustive_best_path() {
        // Three classes matter, five frames: try all 3^5 paths.
        let classes = [0, 40, 169];
        let strengths = [0.5, 0.3, 0.45, 0.2, 0.6];
        let order = [0, 1, 1, 2, 0];
        let frames: Vec<_> = (0..5)
            .map(|t| peak(classes[order[t]], strengths[t]))
            .collect();
        let costs = [1.0, 2.5, 0.5, 4.0, 1.5];
        for before in [None, Some(40), Some(169)] {
            let score = |path: &[usize]| -> f32 {
                let heard: f32 = path.iter().zip(&frames).map(|(&c, f)| f.chord[c]).sum();
                let states: Vec<usize> = before.iter().chain(path).copied().collect();
                let first = path.len() + 1 - states.len();
                let changes = states.windows(2).zip(&costs[first..]);
                let paid: f32 = changes.filter(|(w, _)| w[0] != w[1]).map(|(_, c)| c).sum();
                heard - paid
            };
            let mut best = f32::NEG_INFINITY;
            for code in 0..243 {
                let path: Vec<usize> = (0..5).map(|t| classes[code / 3_usize.pow(t) % 3]).collect();
                best = best.max(score(&path));
            }
            let found = viterbi(&frames, before, |t| costs[t]);
            assert!((score(&found) - best).abs() < 1e-5, "{before:?}");
        }
    }
}
