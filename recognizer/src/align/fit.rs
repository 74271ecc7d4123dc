//! How well a charted chord fits the network's posteriors.
//!
//! Charts are simpler or richer than the performance: a chord with the same root and triad fits
//! nearly as well as the chord itself, and so does one with the same notes under another name. The
//! probability of a charted chord is the sum over the classes of their probabilities, weighted by
//! how well they fit.

use harmony::label::{Chord, Label};
use harmony::vocabulary::large;

use super::steps::Steps;
use crate::decode::Posterior;
use crate::networks::CHORD_CLASSES;

/// Weight of the same root and triad, and of the same notes.
const ALIKE: f32 = 0.7;
/// Weight of a chord with most notes in common.
const NEAR: f32 = 0.2;
/// Weight of a chord with half of the notes in common.
const FAR: f32 = 0.03;
/// Weight of any other.
const OTHER: f32 = 0.002;
/// Weight of the class `X`, chords without a name.
const NAMELESS: f32 = 0.05;
/// Lower bound of a frame's log-probability relative to the best class, nats.
const LEAST: f32 = -4.0;

/// The third and the fifth of a chord's triad; a suspended second or fourth counts as the third.
fn triad(chord: &Chord) -> (u16, u16) {
    let intervals = chord.intervals();
    let thirds = intervals >> 3 & 0b11;
    let third = match thirds {
        0 => intervals & (1 << 2 | 1 << 5),
        // Both thirds: a sharp ninth on a major chord.
        0b11 => 1 << 4,
        other => other << 3,
    };
    let fifth = match intervals >> 6 & 0b111 {
        fifth if fifth & 0b10 != 0 => 0b10,
        other => other,
    };
    (third, fifth)
}

/// The classes that fit a chord better than [`OTHER`], with their weights beyond it.
fn weights(label: &Label) -> Vec<(usize, f32)> {
    let Label::Chord(chord) = label else {
        let class = match label {
            Label::NoChord => large::NO_CHORD,
            _ => large::UNKNOWN,
        };
        return vec![(class, 1.0 - OTHER)];
    };
    let own = large::index_of(label);
    let notes = chord.pitch_classes();
    let root = chord.root().pitch_class();
    let has_third = chord.intervals() & (1 << 3 | 1 << 4 | 1 << 2 | 1 << 5) != 0;
    let mut found = Vec::new();
    for class in 0..CHORD_CLASSES {
        let label = large::label_of(class);
        let weight = match &label {
            Label::Chord(other) => {
                let same_root = other.root().pitch_class() == root;
                let theirs = other.pitch_classes();
                let common = (notes & theirs).count_ones() as f32;
                let all = (notes | theirs).count_ones() as f32;
                let share = common / all.max(1.0);
                if class == own {
                    1.0
                } else if same_root && (triad(other) == triad(chord) || !has_third)
                    || notes == theirs
                {
                    ALIKE
                } else if share >= 0.7 {
                    NEAR
                } else if share >= 0.5 {
                    FAR
                } else {
                    continue;
                }
            }
            Label::Unknown => NAMELESS,
            Label::NoChord => continue,
        };
        found.push((class, weight - OTHER));
    }
    found
}

/// Log-probability that a frame contains `label`, as a chart means it.
pub(super) fn log_probability(label: &Label, posterior: &Posterior) -> f32 {
    weighted(&weights(label), posterior)
}

fn weighted(weights: &[(usize, f32)], posterior: &Posterior) -> f32 {
    let sum: f32 = weights
        .iter()
        .map(|(class, weight)| weight * posterior.chord[*class].exp())
        .sum();
    (sum + OTHER).ln()
}

/// Whether the author of a chart may have meant this class by a charted chord.
pub(super) fn is_alike(label: &Label, class: usize) -> bool {
    weights(label)
        .iter()
        .any(|(other, weight)| *other == class && *weight > NEAR)
}

/// How well each chord of a chart fits each frame, summed from the beginning.
#[derive(Debug)]
pub(super) struct Fit {
    /// For each label, `frames + 1` cumulative sums of log-probabilities relative to the best
    /// class.
    sums: Vec<Vec<f32>>,
    /// The same for music that is not in the chart.
    pub elsewhere: Vec<f32>,
    /// Frames.
    pub frames: usize,
}

/// Log-probability of music that is not in the chart, nats per frame.
const ELSEWHERE: f32 = -0.9;
/// The same for silence.
const SILENCE: f32 = -0.05;

impl Fit {
    /// The fit of a chart that sounds `transposition` semitones above the written chords.
    pub(super) fn new(steps: &Steps, posteriors: &[Posterior], transposition: i32) -> Self {
        let best: Vec<(f32, bool)> = posteriors
            .iter()
            .map(|posterior| {
                let mut best = (f32::NEG_INFINITY, false);
                for (class, ln_p) in posterior.chord.iter().enumerate() {
                    if *ln_p > best.0 {
                        best = (*ln_p, class == large::NO_CHORD);
                    }
                }
                best
            })
            .collect();
        let sums = steps.labels.iter().map(|label| {
            let weights = weights(&label.transposed(transposition));
            let mut sum = 0.0;
            let mut sums = Vec::with_capacity(posteriors.len() + 1);
            sums.push(sum);
            for (posterior, (best, _)) in posteriors.iter().zip(&best) {
                let fit = match label {
                    // An unknown chord in the chart fits anything.
                    Label::Unknown => -0.3,
                    _ => (weighted(&weights, posterior) - best).clamp(LEAST, 0.0),
                };
                sum += fit;
                sums.push(sum);
            }
            sums
        });
        let sums = sums.collect();
        let mut sum = 0.0;
        let mut elsewhere = vec![sum];
        for (_, silent) in &best {
            sum += if *silent { SILENCE } else { ELSEWHERE };
            elsewhere.push(sum);
        }
        Self {
            sums,
            elsewhere,
            frames: posteriors.len(),
        }
    }

    /// The sums of a label.
    pub(super) fn sums(&self, chord: usize) -> &[f32] {
        &self.sums[chord]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn richer_and_simpler_names_fit_and_other_chords_do_not() {
        let class = |text: &str| large::index_of(&text.parse().unwrap());
        let alike = |charted: &str, heard: &str| is_alike(&charted.parse().unwrap(), class(heard));
        for (charted, heard) in [
            ("A:min7", "A:min"),
            ("C", "C:maj7"),
            ("G:7(b9)", "G:7"),
            ("C:maj6", "A:min7"),
            ("E:5", "E:min"),
            ("C/3", "C"),
            ("G:sus4(b7)", "G:sus4"),
        ] {
            assert!(alike(charted, heard), "{charted} {heard}");
        }
        for (charted, heard) in [
            ("C", "A:min"),
            ("C", "C:min"),
            ("G:7", "B:dim"),
            ("D:sus4", "D"),
            ("C", "N"),
            ("F", "D:min7"),
        ] {
            assert!(!alike(charted, heard), "{charted} {heard}");
        }
    }
}
