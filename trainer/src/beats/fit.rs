//! Fits the network with which the beat finder compares its guesses.
//!
//! Each item has some hundred guesses; the goodness of each follows from the true beats.
//! Guesses are drawn with probabilities that are a softmax of their scores, and the weights
//! maximize the goodness of what is drawn: full batches, Adam, a cosine schedule, and weight
//! decay.

use harmony::time::Meter;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use recognizer::beat::{Beats, FEATURES, Features, Guess, Scorer, UNITS};

use super::measure::{f_measure, tempo_right};
use super::tempi::{Kind, Truth};

/// Steps of gradient descent.
const STEPS: usize = 600;
/// Initial step size.
const RATE: f64 = 0.01;
/// Parameters of a unit: a weight for each feature, a bias, an output.
const UNIT: usize = FEATURES + 2;
/// Number of parameters: the linear part, then the units.
const PARAMETERS: usize = FEATURES + UNITS * UNIT;

/// The guesses for one item, each with its goodness, 0 to 1.
#[derive(Debug, Clone)]
pub(crate) struct Case {
    /// The kind of item.
    pub kind: Kind,
    /// Features and goodness.
    pub guesses: Vec<(Features, f64)>,
}

impl Case {
    /// Scores the guesses for an item.
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

    /// The best goodness of all guesses, and that of the guess chosen by `scorer`.
    #[must_use]
    pub(crate) fn best_and_chosen(&self, scorer: &Scorer) -> (f64, f64) {
        let best = self.guesses.iter().map(|it| it.1).fold(0.0, f64::max);
        let scores = self.guesses.iter().map(|it| scorer.score(&it.0));
        let chosen = scores
            .zip(&self.guesses)
            .max_by(|a, b| a.0.total_cmp(&b.0))
            .map_or(0.0, |(_, it)| it.1);
        (best, chosen)
    }
}

/// The goodness of beats: half for the beats, the rest for tempo, meter and bars.
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

/// Fits the network; `pull` is the strength of weight decay, in units of a feature's
/// deviation; `seed` initializes the units.
#[must_use]
pub(crate) fn fitted(cases: &[Case], pull: f64, seed: u64) -> Scorer {
    let (mean, deviation) = (means(cases), deviations(cases));
    let scaled: Vec<(f64, Vec<(Features, f64)>)> = cases
        .iter()
        .filter(|case| case.weight() > 0.0 && case.guesses.iter().any(|it| it.1 > 0.0))
        .map(|case| {
            let guesses = case.guesses.iter();
            let scale = |(features, good): &(Features, f64)| {
                let scaled = std::array::from_fn(|i| (features[i] - mean[i]) / deviation[i]);
                (scaled, *good)
            };
            (case.weight(), guesses.map(scale).collect())
        })
        .collect();
    let total: f64 = scaled.iter().map(|it| it.0).sum();
    let mut network = begin(seed);
    let (mut first, mut second) = (network.map(|_| 0.0), network.map(|_| 0.0));
    for step in 1..=STEPS {
        let mut gradient: [f64; PARAMETERS] = std::array::from_fn(|i| {
            if is_bias(i) {
                0.0
            } else {
                2.0 * pull * network[i]
            }
        });
        for (weight, guesses) in &scaled {
            descend(&network, guesses, weight / total, &mut gradient);
        }
        let turn = std::f64::consts::PI * (step - 1) as f64 / STEPS as f64;
        let rate = RATE * (0.5 + 0.5 * turn.cos());
        let moments = first.iter_mut().zip(&mut second);
        for ((weight, slope), (first, second)) in network.iter_mut().zip(gradient).zip(moments) {
            *first = 0.9 * *first + 0.1 * slope;
            *second = 0.999 * *second + 0.001 * slope * slope;
            let correct = |value: f64, decay: f64| value / (1.0 - decay.powi(step as i32));
            *weight -= rate * correct(*first, 0.9) / (correct(*second, 0.999).sqrt() + 1e-8);
        }
    }
    unscaled(&network, &mean, &deviation)
}

/// Initial parameters: no linear part, units that differ.
fn begin(seed: u64) -> [f64; PARAMETERS] {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut network = [0.0; PARAMETERS];
    // As PyTorch initializes a linear layer: uniform within the inverse root of its inputs.
    let (inputs, outputs) = ((FEATURES as f64).sqrt(), (UNITS as f64).sqrt());
    for unit in network[FEATURES..].chunks_exact_mut(UNIT) {
        for (place, weight) in unit.iter_mut().enumerate() {
            let most = if place == UNIT - 1 { outputs } else { inputs };
            *weight = rng.random_range(-1.0..1.0) / most;
        }
    }
    network
}

/// Whether a parameter is the bias of a unit, which does not decay.
const fn is_bias(parameter: usize) -> bool {
    parameter >= FEATURES && (parameter - FEATURES) % UNIT == FEATURES
}

/// Adds the gradient of one item's loss, the negative logarithm of the expected goodness,
/// times `share`.
fn descend(
    network: &[f64; PARAMETERS],
    guesses: &[(Features, f64)],
    share: f64,
    gradient: &mut [f64; PARAMETERS],
) {
    let (linear, units) = network.split_at(FEATURES);
    let heard: Vec<([f64; UNITS], f64)> = guesses
        .iter()
        .map(|(features, _)| {
            let mut answers = [0.0; UNITS];
            let mut score = product(linear, features);
            for (answer, unit) in answers.iter_mut().zip(units.chunks_exact(UNIT)) {
                *answer = (product(&unit[..FEATURES], features) + unit[FEATURES]).tanh();
                score += unit[FEATURES + 1] * *answer;
            }
            (answers, score)
        })
        .collect();
    let most = heard
        .iter()
        .map(|it| it.1)
        .fold(f64::NEG_INFINITY, f64::max);
    let drawn: Vec<f64> = heard.iter().map(|it| (it.1 - most).exp()).collect();
    let sum: f64 = drawn.iter().sum();
    let good: f64 = drawn.iter().zip(guesses).map(|(p, it)| p * it.1).sum();
    for ((p, (answers, _)), (features, value)) in drawn.iter().zip(&heard).zip(guesses) {
        let by = share * (p / sum - p * value / good.max(1e-12));
        if by.abs() < 1e-12 {
            continue;
        }
        let (linear, slopes) = gradient.split_at_mut(FEATURES);
        add(linear, features, by);
        let of_units = units.chunks_exact(UNIT).zip(slopes.chunks_exact_mut(UNIT));
        for (answer, (unit, slope)) in answers.iter().zip(of_units) {
            let inside = by * unit[FEATURES + 1] * (1.0 - answer * answer);
            add(&mut slope[..FEATURES], features, inside);
            slope[FEATURES] += inside;
            slope[FEATURES + 1] += by * answer;
        }
    }
}

/// The network for unscaled features.
fn unscaled(network: &[f64; PARAMETERS], mean: &Features, deviation: &Features) -> Scorer {
    let mut scorer = Scorer::NEUTRAL;
    let (linear, units) = network.split_at(FEATURES);
    scorer.linear = std::array::from_fn(|i| linear[i] / deviation[i]);
    for (to, from) in scorer.units.iter_mut().zip(units.chunks_exact(UNIT)) {
        to.inputs = std::array::from_fn(|i| from[i] / deviation[i]);
        to.bias = from[FEATURES] - product(&to.inputs, mean);
        to.output = from[FEATURES + 1];
    }
    scorer
}

/// The mean of each feature.
fn means(cases: &[Case]) -> Features {
    let count = cases.iter().map(|case| case.guesses.len()).sum::<usize>();
    let guesses = || cases.iter().flat_map(|case| &case.guesses);
    std::array::from_fn(|i| guesses().map(|it| it.0[i]).sum::<f64>() / count.max(1) as f64)
}

/// The deviation of each feature within items, so that weight decay treats all alike.
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

fn product(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(x, y)| x * y).sum()
}

fn add(to: &mut [f64], what: &[f64], times: f64) {
    for (to, what) in to.iter_mut().zip(what) {
        *to += times * what;
    }
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
        let scorer = fitted(&cases, 1e-3, 1);
        for case in &cases {
            assert_eq!(case.best_and_chosen(&scorer), (1.0, 1.0));
        }
    }

    #[test]
    fn what_depends_on_each_other_is_told_too() {
        // The right guess has two features in agreement, which no weighted sum can express.
        let guess = |a: f64, b: f64| {
            let mut features = [0.0; FEATURES];
            (features[0], features[1]) = (a, b);
            (features, if a == b { 1.0 } else { 0.1 })
        };
        let cases: Vec<Case> = (0..20)
            .map(|i| Case {
                kind: Kind::Song,
                guesses: if i % 2 == 0 {
                    vec![guess(1.0, 1.0), guess(1.0, -1.0), guess(-1.0, 1.0)]
                } else {
                    vec![guess(1.0, -1.0), guess(-1.0, -1.0), guess(-1.0, 1.0)]
                },
            })
            .collect();
        let scorer = fitted(&cases, 1e-4, 1);
        for case in &cases {
            assert_eq!(case.best_and_chosen(&scorer), (1.0, 1.0));
        }
    }

    #[test]
    fn slopes_are_those_of_the_loss() {
        let network = begin(3);
        let features = |seed: u64| -> Features {
            let mut rng = ChaCha8Rng::seed_from_u64(seed);
            std::array::from_fn(|_| rng.random_range(-1.0..1.0))
        };
        let guesses = [(features(1), 0.2), (features(2), 0.9), (features(3), 0.5)];
        let loss = |network: &[f64; PARAMETERS]| {
            let scorer = unscaled(network, &[0.0; FEATURES], &[1.0; FEATURES]);
            let drawn: Vec<f64> = guesses.iter().map(|it| scorer.score(&it.0).exp()).collect();
            let good: f64 = drawn.iter().zip(&guesses).map(|(p, it)| p * it.1).sum();
            -(good / drawn.iter().sum::<f64>()).ln()
        };
        let mut gradient = [0.0; PARAMETERS];
        descend(&network, &guesses, 1.0, &mut gradient);
        for place in [
            0,
            7,
            FEATURES,
            FEATURES + 9,
            FEATURES + UNIT - 2,
            PARAMETERS - 1,
        ] {
            let moved = |by: f64| {
                let mut moved = network;
                moved[place] += by;
                loss(&moved)
            };
            let slope = (moved(1e-5) - moved(-1e-5)) / 2e-5;
            assert!((slope - gradient[place]).abs() < 1e-7, "{place}");
        }
    }
}
