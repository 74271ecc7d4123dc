//! The best path through a whole file.

use harmony::vocabulary::large;

use super::Posterior;
use super::changes::ChangeCosts;
use super::states::{Bits, ROOTS, emissions, root_of};

/// The state ([`super::states`]) of every frame on the path with the highest log-probability
/// (Viterbi 1967). A change of state before frame `n` costs `cost(n)` nats, plus `same_root` of
/// `costs` if the root stays; a frame without a chord costs `no_chord`. With such costs the best
/// predecessor is the state itself, or the best one of the same root or of another.
///
/// `before` is the known state of the frame before the first one; if `None`, the path begins in any
/// state, free of cost.
pub fn viterbi(
    posteriors: &[Posterior],
    before: Option<usize>,
    cost: impl Fn(usize) -> f32,
    costs: &ChangeCosts,
) -> Vec<usize> {
    let same_root = costs.same_root;
    let emissions = |posterior: &Posterior, out: &mut Vec<f32>| {
        emissions(posterior, out);
        out[large::NO_CHORD] -= costs.no_chord;
    };
    let Some(first) = posteriors.first() else {
        return Vec::new();
    };
    let mut scores = Vec::new();
    emissions(first, &mut scores);
    if let Some(before) = before {
        let moved = cost(0);
        for (state, score) in scores.iter_mut().enumerate() {
            if state != before {
                let root_stays = root_of(state) == root_of(before);
                *score -= moved + if root_stays { same_root } else { 0.0 };
            }
        }
    }
    let mut heard = Vec::new();
    // For each frame: for each root the best state to come from, and which states stayed.
    let mut came_from: Vec<([u16; ROOTS], Bits)> = Vec::with_capacity(posteriors.len());
    for (frame, posterior) in posteriors.iter().enumerate().skip(1) {
        emissions(posterior, &mut heard);
        let origins = Origins::of(&scores, same_root);
        let change = cost(frame);
        let moved = origins.scores.map(|score| score - change);
        let mut stayed = Bits::none();
        for (state, (score, heard)) in scores.iter_mut().zip(&heard).enumerate() {
            let moved = moved[root_of(state)];
            if *score >= moved {
                stayed.set(state);
            }
            *score = score.max(moved) + heard;
        }
        came_from.push((origins.states, stayed));
    }
    let mut state = argmax(&scores);
    let mut path = vec![state; posteriors.len()];
    for (frame, (origins, stayed)) in came_from.iter().enumerate().rev() {
        if !stayed.get(state) {
            state = usize::from(origins[root_of(state)]);
        }
        path[frame] = state;
    }
    path
}

/// Where a state that has not stayed came from.
#[derive(Debug, Clone, Copy)]
struct Origins {
    /// For each root of [`super::states::root_of`], the best state to come from.
    states: [u16; ROOTS],
    /// Its score, minus the cost of staying on the root.
    scores: [f32; ROOTS],
}

impl Origins {
    /// The origins by the scores of the frame before.
    fn of(scores: &[f32], same_root: f32) -> Self {
        let mut best = [0; ROOTS];
        let mut largest = [f32::NEG_INFINITY; ROOTS];
        for (state, &score) in scores.iter().enumerate() {
            let root = root_of(state);
            if score > largest[root] {
                (best[root], largest[root]) = (state as u16, score);
            }
        }
        let first = argmax(&largest);
        let mut others = largest;
        others[first] = f32::NEG_INFINITY;
        let second = argmax(&others);
        let mut origins = Self {
            states: [best[first]; ROOTS],
            scores: [largest[first]; ROOTS],
        };
        // A state on the best root comes from that root or from the second best.
        let staying = largest[first] - same_root;
        if largest[second] > staying {
            (origins.states[first], origins.scores[first]) = (best[second], largest[second]);
        } else {
            origins.scores[first] = staying;
        }
        origins
    }
}

/// Index of the largest score, the first of equals; 0 if there is none.
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
            extensions: None,
        }
    }

    /// The default costs with this `same_root`, and frames without a chord for free.
    pub(crate) fn plain(same_root: f32) -> ChangeCosts {
        ChangeCosts {
            same_root,
            no_chord: 0.0,
            ..ChangeCosts::default()
        }
    }

    #[test]
    fn a_chord_that_could_as_well_be_none_is_a_chord() {
        let mut frame = peak(1, 0.45);
        frame.chord[large::NO_CHORD] = 0.5_f32.ln();
        let frames = vec![frame; 12];
        let path = |costs: &ChangeCosts| viterbi(&frames, None, |_| 8.0, costs)[6];
        assert_eq!(path(&plain(4.0)), large::NO_CHORD);
        assert_eq!(path(&ChangeCosts::default()), 1);
    }

    #[test]
    fn a_lone_frame_is_smoothed_away_and_a_real_change_is_kept() {
        let mut frames = vec![peak(1, 0.6); 10];
        frames[4] = peak(99, 0.6);
        frames.extend(vec![peak(50, 0.6); 10]);
        let path = viterbi(&frames, None, |_| 8.0, &plain(0.0));
        assert_eq!(path[..10], [1; 10]);
        assert_eq!(path[10..], [50; 10]);
    }

    #[test]
    fn without_cost_it_is_the_frame_by_frame_best() {
        let frames = [peak(1, 0.4), peak(2, 0.4), peak(1, 0.4)];
        assert_eq!(viterbi(&frames, None, |_| 0.0, &plain(0.0)), [1, 2, 1]);
        assert!(viterbi(&[], None, |_| 1.0, &plain(0.0)).is_empty());
    }

    #[test]
    fn equals_the_exhaustive_best_path() {
        // Three classes matter, two of them over one root, five frames: try all 3^5 paths.
        let classes = [28, 40, 169];
        let same_root = 0.8;
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
                let paid = changes.filter(|(w, _)| w[0] != w[1]).map(|(w, cost)| {
                    let root_stays = root_of(w[0]) == root_of(w[1]);
                    cost + if root_stays { same_root } else { 0.0 }
                });
                heard - paid.sum::<f32>()
            };
            let mut best = f32::NEG_INFINITY;
            for code in 0..243 {
                let path: Vec<usize> = (0..5).map(|t| classes[code / 3_usize.pow(t) % 3]).collect();
                best = best.max(score(&path));
            }
            let found = viterbi(&frames, before, |t| costs[t], &plain(same_root));
            assert!((score(&found) - best).abs() < 1e-5, "{before:?}");
        }
    }
}
