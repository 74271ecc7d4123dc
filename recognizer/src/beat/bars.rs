//! Bars out of beats: a hidden Markov model whose state is the number of a beat in its bar.
//!
//! Chords change on the first beat of a bar far more often than elsewhere, and bass and bass
//! drum are strong there. A bar is hardly ever cut short. The metre is the one whose best
//! path is the likelier.

use harmony::time::Metre;
use harmony::timeline::Timeline;

/// Probability of a change of chord on a first beat, on the beat in the middle of a bar and
/// on the others: as counted in the bars of four beats of POP909's train split (0.85, 0.44,
/// 0.11 and 0.07), drawn together, since the changes here are only heard.
const CHANGE_PROBABILITY: [f64; 3] = [0.75, 0.35, 0.12];
/// Weight of a low onset of one standard deviation on a first beat, nats.
const LOW_ONSET: f64 = 0.15;
/// Cost of a bar cut short, nats.
const CUT_SHORT: f64 = 12.0;
/// Prior probabilities of the metres that are looked for.
const METRES: [((u8, u8), f64); 2] = [((4, 4), 0.9), ((3, 4), 0.1)];

/// What is heard on each beat.
pub(super) struct Evidence {
    /// Whether the chord changes.
    change: Vec<bool>,
    /// Strength of low onsets, standard deviations.
    low: Vec<f32>,
}

impl Evidence {
    /// Gathers it for beats at these times; `low` has a value for each.
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

/// Whether most changes of chord lie nearer to the middle between two beats than to a beat.
pub(super) fn change_between_beats(times_s: &[f64], chords: &Timeline) -> bool {
    let (mut on, mut between) = (0, 0);
    for pair in chords.segments().windows(2) {
        let time_s = pair[1].start_s;
        let after = times_s.partition_point(|beat| *beat < time_s);
        if let (Some(before), Some(after)) = (after.checked_sub(1), times_s.get(after)) {
            let part = (time_s - times_s[before]) / (after - times_s[before]);
            if (0.25..0.75).contains(&part) {
                between += 1;
            } else {
                on += 1;
            }
        }
    }
    between > on
}

/// The metre, and the number of each beat in its bar.
pub(super) fn find(evidence: &Evidence, known: Option<Metre>) -> (Metre, Vec<usize>) {
    let usual = METRES
        .iter()
        .filter_map(|&((above, below), prior)| Some((Metre::new(above, below).ok()?, prior)));
    let metres: Vec<(Metre, f64)> = match known {
        Some(metre) => vec![(metre, 1.0)],
        None => usual.collect(),
    };
    metres
        .into_iter()
        .map(|(metre, prior)| {
            let pulses = (metre.bar_beats() / metre.pulse_beats()).round().max(1.0);
            let (score, numbers) = best_path(evidence, pulses as usize);
            (score + prior.ln(), metre, numbers)
        })
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map_or((Metre::COMMON, Vec::new()), |(_, metre, numbers)| {
            (metre, numbers)
        })
}

/// The best path through bars of `pulses` beats, and its log-probability.
fn best_path(evidence: &Evidence, pulses: usize) -> (f64, Vec<usize>) {
    let heard = |beat: usize, number: usize| {
        let p = match number {
            0 => CHANGE_PROBABILITY[0],
            n if n * 2 == pulses => CHANGE_PROBABILITY[1],
            _ => CHANGE_PROBABILITY[2],
        };
        let change = if evidence.change[beat] { p } else { 1.0 - p };
        let low = f64::from(evidence.low[beat].clamp(0.0, 4.0)) * LOW_ONSET;
        change.ln() + if number == 0 { low } else { 0.0 }
    };
    let mut scores: Vec<f64> = (0..pulses).map(|number| heard(0, number)).collect();
    let mut came_from: Vec<Vec<usize>> = Vec::new();
    for beat in 1..evidence.change.len() {
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
    fn the_metre_is_that_of_the_changes() {
        let fours: Vec<usize> = (1..40).step_by(4).collect();
        let (metre, numbers) = find(&evidence(&fours, 40), None);
        assert_eq!(metre, Metre::COMMON);
        assert_eq!(numbers[..6], [3, 0, 1, 2, 3, 0]);
        let threes: Vec<usize> = (0..42).step_by(3).collect();
        let (metre, numbers) = find(&evidence(&threes, 42), None);
        assert_eq!(metre.to_string(), "3/4");
        assert_eq!(numbers[..4], [0, 1, 2, 0]);
        let (metre, _) = find(&evidence(&threes, 42), Some(Metre::COMMON));
        assert_eq!(metre, Metre::COMMON);
    }

    #[test]
    fn a_bar_that_is_cut_short_starts_the_next_one() {
        let changes: Vec<usize> = (0..32).step_by(4).chain((34..80).step_by(4)).collect();
        let (metre, numbers) = find(&evidence(&changes, 80), None);
        assert_eq!(metre, Metre::COMMON);
        assert_eq!((numbers[28], numbers[34], numbers[38]), (0, 0, 0));
    }
}
