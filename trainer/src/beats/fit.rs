//! Fits the weights by which the beat finder compares its guesses.
//!
//! Each item has some hundred guesses; how good one is follows from the true beats. Guesses
//! are drawn with probabilities that are a softmax of their weighted features, and the weights
//! are those under which what is drawn is best: full batches, Adam, and a pull towards zero.

use harmony::time::Meter;
use recognizer::beat::{Beats, FEATURES, Features, Guess};

use super::measure::{f_measure, tempo_right};
use super::tempi::{Kind, Truth};

/// Steps of the descent.
const STEPS: usize = 1500;
/// Their size.
const RATE: f64 = 0.03;

/// The guesses at one item, each with how good it is, 0 to 1.
#[derive(Debug, Clone)]
pub(crate) struct Case {
    /// What the item is.
    pub kind: Kind,
    /// Features and goodness.
    pub guesses: Vec<(Features, f64)>,
}

impl Case {
    /// Of an item whose guesses these are.
    #[must_use]
    pub(crate) fn new(truth: &Truth, guesses: &[Guess]) -> Self {
        let good = |guess: &Guess| (guess.features, goodness(truth, &guess.beats));
        Self {
            kind: truth.kind,
            guesses: guesses.iter().map(good).collect(),
        }
    }

    fn weight(&self) -> f64 {
        match self.kind {
            Kind::Free => 0.0,
            Kind::Song => 1.5,
            Kind::Piece(_) => 0.7,
            Kind::Retimed | Kind::Progression => 1.0,
        }
    }

    /// The best goodness of all guesses, and that of the guess that `weights` choose.
    #[must_use]
    pub(crate) fn best_and_chosen(&self, weights: &Features) -> (f64, f64) {
        let best = self.guesses.iter().map(|it| it.1).fold(0.0, f64::max);
        let scores = self.guesses.iter().map(|it| product(&it.0, weights));
        let chosen = scores
            .zip(&self.guesses)
            .max_by(|a, b| a.0.total_cmp(&b.0))
            .map_or(0.0, |(_, it)| it.1);
        (best, chosen)
    }
}

/// How good beats are: half for the beats, the rest for tempo, meter and bars.
fn goodness(truth: &Truth, beats: &Beats) -> f64 {
    let (from_s, to_s) = match truth.beats.as_slice() {
        [first, .., last] => (first.0 - 0.07, last.0 + 0.07),
        _ => return 0.0,
    };
    let times = |downs: bool| -> Vec<f64> {
        let beats = truth.beats.iter().filter(|b| b.1 || !downs);
        beats.map(|b| b.0).collect()
    };
    let found = |downs: bool| -> Vec<f64> {
        let beats = beats.times_s.iter().zip(&beats.in_bar);
        beats
            .filter(|(time_s, number)| {
                (**number == 0 || !downs) && (from_s..=to_s).contains(*time_s)
            })
            .map(|(time_s, _)| *time_s)
            .collect()
    };
    let tempo = truth.bpm.is_some_and(|bpm| tempo_right(bpm, beats.bpm()).0);
    let meter: Option<Meter> = truth.meter();
    let downs = f_measure(&times(true), &found(true));
    let bars = match meter {
        Some(meter) if meter == beats.meter => 0.1 + 0.2 * downs,
        Some(_) => 0.1 * downs,
        None => 0.3 * downs,
    };
    0.5 * f_measure(&times(false), &found(false)) + 0.2 * f64::from(u8::from(tempo)) + bars
}

/// The weights; `pull` is how strongly they are drawn to zero, in units of a feature's
/// deviation.
#[must_use]
pub(crate) fn fitted(cases: &[Case], pull: f64) -> Features {
    let deviation = deviations(cases);
    let scaled: Vec<(f64, Vec<(Features, f64)>)> = cases
        .iter()
        .filter(|case| case.weight() > 0.0 && case.guesses.iter().any(|it| it.1 > 0.0))
        .map(|case| {
            let guesses = case.guesses.iter();
            let scale = |(features, good): &(Features, f64)| {
                let scaled = std::array::from_fn(|i| features[i] / deviation[i]);
                (scaled, *good)
            };
            (case.weight(), guesses.map(scale).collect())
        })
        .collect();
    let total: f64 = scaled.iter().map(|it| it.0).sum();
    let (mut weights, mut first, mut second) = ([0.0; FEATURES], [0.0; FEATURES], [0.0; FEATURES]);
    for step in 1..=STEPS {
        let mut gradient: Features = std::array::from_fn(|i| pull * weights[i]);
        for (weight, guesses) in &scaled {
            let scores: Vec<f64> = guesses.iter().map(|it| product(&it.0, &weights)).collect();
            let most = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            let drawn: Vec<f64> = scores.iter().map(|score| (score - most).exp()).collect();
            let sum: f64 = drawn.iter().sum();
            let good: f64 = drawn.iter().zip(guesses).map(|(p, it)| p * it.1).sum();
            for (p, (features, value)) in drawn.iter().zip(guesses) {
                // Of the logarithm of the mean goodness.
                let by = weight / total * (p * value / good.max(1e-12) - p / sum);
                if by.abs() > 1e-12 {
                    for (slope, feature) in gradient.iter_mut().zip(features) {
                        *slope -= by * feature;
                    }
                }
            }
        }
        let moments = first.iter_mut().zip(&mut second);
        for ((weight, slope), (first, second)) in weights.iter_mut().zip(gradient).zip(moments) {
            *first = 0.9 * *first + 0.1 * slope;
            *second = 0.999 * *second + 0.001 * slope * slope;
            let correct = |value: f64, decay: f64| value / (1.0 - decay.powi(step as i32));
            *weight -= RATE * correct(*first, 0.9) / (correct(*second, 0.999).sqrt() + 1e-8);
        }
    }
    std::array::from_fn(|i| weights[i] / deviation[i])
}

/// The deviation of each feature within items, so that all pull alike.
fn deviations(cases: &[Case]) -> Features {
    std::array::from_fn(|i| {
        let (mut sum, mut count) = (0.0, 0.0);
        for case in cases {
            let values = case.guesses.iter().map(|it| it.0[i]);
            let mean = values.clone().sum::<f64>() / case.guesses.len().max(1) as f64;
            sum += values.map(|value| (value - mean).powi(2)).sum::<f64>();
            count += case.guesses.len() as f64;
        }
        (sum / f64::max(count, 1.0)).sqrt().max(1e-6)
    })
}

fn product(a: &Features, b: &Features) -> f64 {
    a.iter().zip(b).map(|(x, y)| x * y).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_tells_good_from_bad_gets_the_weight() {
        let guess = |tell: f64, noise: f64, good: f64| {
            let mut features = [0.0; FEATURES];
            (features[0], features[1]) = (tell, noise);
            (features, good)
        };
        let cases: Vec<Case> = (0..20)
            .map(|i| Case {
                kind: Kind::Song,
                guesses: vec![
                    guess(1.0, f64::from(i % 3), 1.0),
                    guess(-1.0, f64::from(i % 2), 0.2),
                    guess(-0.5, 1.0, 0.1),
                ],
            })
            .collect();
        let weights = fitted(&cases, 1e-3);
        assert!(weights[0] > 1.0 && weights[0] > 3.0 * weights[1].abs());
        for case in &cases {
            assert_eq!(case.best_and_chosen(&weights), (1.0, 1.0));
        }
    }
}
