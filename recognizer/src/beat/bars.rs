//! Bars from beats: a hidden Markov model whose state is the number of a beat in its bar.
//!
//! Chords change on the first beat of a bar far more often than elsewhere, and bass and bass
//! drum are strong there. A bar is hardly ever cut short.

use harmony::timeline::Timeline;

/// Probability of a change of chord on a first beat, on the beat in the middle of a bar and on the
/// others: from the bars of four beats of POP909's train split (0.85, 0.44, 0.11 and 0.07), moved
/// closer together, since the changes here are only recognized.
const CHANGE_PROBABILITY: [f64; 3] = [0.75, 0.35, 0.12];
/// The least and the greatest factor by which these probabilities are scaled where chords change
/// less or more often.
const SCALED: (f64, f64) = (0.15, 1.2);
/// Weight of a low onset of one standard deviation on a first beat, nats.
const LOW_ONSET: f64 = 0.15;
/// Cost of a bar cut short, nats.
const CUT_SHORT: f64 = 9.0;

/// The observations on each beat.
pub(super) struct Evidence {
    /// Whether the chord changes.
    pub change: Vec<bool>,
    /// Strength of low onsets, standard deviations.
    pub low: Vec<f32>,
}

impl Evidence {
    /// The evidence for beats at these times; `low` has a value for each.
    pub fn at(times_s: &[f64], chords: &Timeline, low: Vec<f32>) -> Self {
        let mut change = vec![false; times_s.len()];
        for pair in chords.segments().windows(2) {
            let time_s = pair[1].start_s;
            let after = times_s.partition_point(|beat| *beat < time_s);
            let distance = |index: &usize| (times_s[*index] - time_s).abs();
            let nearest = [
                after.checked_sub(1),
                (after < times_s.len()).then_some(after),
            ]
            .into_iter()
            .flatten()
            .min_by(|a, b| distance(a).total_cmp(&distance(b)));
            if let Some(nearest) = nearest
                && pair[0].label != pair[1].label
            {
                change[nearest] = true;
            }
        }
        Self { change, low }
    }
}

/// The log-likelihood ratio, in nats, of bars of `pulses` beats against beats without bars, and the
/// number of each beat in its bar.
pub(super) fn find(evidence: &Evidence, pulses: usize) -> (f64, Vec<usize>) {
    let pulses = pulses.max(1);
    let beats = evidence.change.len();
    if beats == 0 {
        return (0.0, Vec::new());
    }
    let changes = evidence.change.iter().filter(|it| **it).count() as f64;
    let rate = (changes / beats as f64).clamp(1e-3, 1.0 - 1e-3);
    let usual = |number: usize| match number {
        0 => CHANGE_PROBABILITY[0],
        n if n * 2 == pulses => CHANGE_PROBABILITY[1],
        _ => CHANGE_PROBABILITY[2],
    };
    let expected = (0..pulses).map(usual).sum::<f64>() / pulses as f64;
    let scale = (rate / expected).clamp(SCALED.0, SCALED.1);
    let change: Vec<f64> = (0..pulses).map(|n| (usual(n) * scale).min(0.95)).collect();
    let lows = evidence
        .low
        .iter()
        .map(|low| f64::from(low.clamp(0.0, 4.0)));
    let mean_low = lows.sum::<f64>() / beats as f64;
    let heard = |beat: usize, number: usize| {
        let (p, null) = if evidence.change[beat] {
            (change[number], rate)
        } else {
            (1.0 - change[number], 1.0 - rate)
        };
        let low = f64::from(evidence.low[beat].clamp(0.0, 4.0)) - mean_low;
        (p / null).ln() + if number == 0 { low * LOW_ONSET } else { 0.0 }
    };
    best_path(beats, pulses, heard)
}

/// The best path through bars of `pulses` beats, and its score, nats.
fn best_path(
    beats: usize,
    pulses: usize,
    heard: impl Fn(usize, usize) -> f64,
) -> (f64, Vec<usize>) {
    let mut scores: Vec<f64> = (0..pulses).map(|number| heard(0, number)).collect();
    let mut came_from: Vec<Vec<usize>> = Vec::new();
    for beat in 1..beats {
        let mut next = Vec::with_capacity(pulses);
        let mut from = Vec::with_capacity(pulses);
        for number in 0..pulses {
            let usual = (number + pulses - 1) % pulses;
            let mut best = (usual, scores[usual]);
            if number == 0 {
                for (before, score) in scores.iter().enumerate() {
                    if score - CUT_SHORT > best.1 {
                        best = (before, score - CUT_SHORT);
                    }
                }
            }
            from.push(best.0);
            next.push(best.1 + heard(beat, number));
        }
        came_from.push(from);
        scores = next;
    }
    let mut number = (0..pulses)
        .max_by(|a, b| scores[*a].total_cmp(&scores[*b]))
        .unwrap_or(0);
    let score = scores[number];
    let mut numbers = vec![number];
    for from in came_from.iter().rev() {
        number = from[number];
        numbers.push(number);
    }
    numbers.reverse();
    (score, numbers)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn evidence(changes: &[usize], beats: usize) -> Evidence {
        Evidence {
            change: (0..beats).map(|beat| changes.contains(&beat)).collect(),
            low: vec![0.0; beats],
        }
    }

    #[test]
    fn bars_are_those_of_the_changes() {
        for pulses in [2, 3, 4, 5, 7] {
            let changes: Vec<usize> = (1..20 * pulses).step_by(pulses).collect();
            let heard = evidence(&changes, 20 * pulses);
            let (gain, numbers) = find(&heard, pulses);
            assert_eq!(numbers[..3], [pulses - 1, 0, 1], "{pulses}");
            for other in [2, 3, 4, 5, 7] {
                let (less, _) = find(&heard, other);
                let shares = other % pulses == 0 || pulses % other == 0;
                assert!(
                    other == pulses || shares || less < gain,
                    "{pulses} as {other}"
                );
            }
        }
    }

    #[test]
    fn a_bar_that_is_cut_short_starts_the_next_one() {
        let changes: Vec<usize> = (0..32).step_by(4).chain((34..80).step_by(4)).collect();
        let (_, numbers) = find(&evidence(&changes, 80), 4);
        assert_eq!((numbers[28], numbers[34], numbers[38]), (0, 0, 0));
    }
}
