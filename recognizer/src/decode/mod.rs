//! From posteriors to chords.
//!
//! Both decoders see a hidden Markov model whose states are the classes over their basses
//! ([`states`]), whose emission log-probabilities are the network's log-posteriors, and in
//! which changing state costs some nats. [`viterbi`] finds the best path through what has
//! been heard, its changes cheap on the beat where one is known ([`changes`]);
//! [`fixed_lag`] follows the best path as it grows, for live use.

pub mod changes;
pub mod fixed_lag;
pub mod path;
pub mod states;
pub mod viterbi;

use harmony::label::{Chord, Degree, Extension, Label};
use harmony::vocabulary::large;

use crate::networks::colour::{COLOUR_VALUES, GROUPS};
use crate::networks::{BASS_CLASSES, CHORD_CLASSES};

/// Values of the colour head: for each root those of [`crate::networks::colour`].
pub const COLOUR_CLASSES: usize = 12 * COLOUR_VALUES;
/// Mean probability that a colour needs over a segment to be written.
const COLOUR_MIN_PROBABILITY: f32 = 0.6;

/// Log-posteriors of one frame.
#[derive(Debug, Clone, PartialEq)]
pub struct Posterior {
    /// Log-probability of each of the 170 classes.
    pub chord: [f32; CHORD_CLASSES],
    /// Log-probability of each bass pitch class, and of none; absent without a bass head.
    pub bass: Option<[f32; BASS_CLASSES]>,
    /// Log-probabilities of the colours of each root, group by group; absent without a
    /// colour head.
    pub colour: Option<[f32; COLOUR_CLASSES]>,
}

impl Posterior {
    /// From the logits of a frame (`chord` has 170 values, `bass` 13, `colour` 120).
    pub fn from_logits(chord: &[f32], bass: Option<&[f32]>, colour: Option<&[f32]>) -> Self {
        let mut posterior = Self {
            chord: [0.0; CHORD_CLASSES],
            bass: bass.map(|_| [0.0; BASS_CLASSES]),
            colour: colour.map(|_| [0.0; COLOUR_CLASSES]),
        };
        if let (Some(logits), Some(out)) = (colour, posterior.colour.as_mut()) {
            for root in 0..12 {
                for (first, length) in GROUPS {
                    let start = root * COLOUR_VALUES + first;
                    log_softmax(
                        &logits[start..start + length],
                        &mut out[start..start + length],
                    );
                }
            }
        }
        log_softmax(chord, &mut posterior.chord);
        if let (Some(logits), Some(out)) = (bass, posterior.bass.as_mut()) {
            log_softmax(logits, out);
        }
        posterior
    }
}

/// `out[i] = logits[i] − ln Σ exp(logits)`, without overflow.
fn log_softmax(logits: &[f32], out: &mut [f32]) {
    let largest = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let sum: f32 = logits.iter().map(|x| (x - largest).exp()).sum();
    let ln_sum = sum.ln();
    for (out, logit) in out.iter_mut().zip(logits) {
        // In this order: `largest + ln_sum` would round the small term away.
        *out = (logit - largest) - ln_sum;
    }
}

/// Running sum of the evidence for a segment's confidence and colour.
#[derive(Debug, Clone, Default)]
pub struct SegmentEvidence {
    frames: u32,
    chord: f64,
    /// Sums of the probabilities of the colours at the segment's root.
    colour: [f32; COLOUR_VALUES],
}

impl SegmentEvidence {
    /// Adds a frame of a segment whose class is `class`.
    pub fn add(&mut self, posterior: &Posterior, class: usize) {
        self.frames += 1;
        self.chord += f64::from(posterior.chord[class].exp());
        if let Some(colour) = &posterior.colour
            && let Some(root) = large::root_of(class)
        {
            let at_root = &colour[usize::from(root) * COLOUR_VALUES..][..COLOUR_VALUES];
            for (sum, log_p) in self.colour.iter_mut().zip(at_root) {
                *sum += log_p.exp();
            }
        }
    }

    /// Mean posterior of the class over the segment, 0 to 1.
    pub fn confidence(&self) -> f32 {
        (self.chord / f64::from(self.frames.max(1))) as f32
    }

    /// `label` with the colours that the segment is sure of. Only sevenths carry them: a
    /// ninth on a triad is another chord to a reader.
    pub fn coloured(&self, label: Label) -> Label {
        const DEGREES: [(usize, &str); 7] = [
            (1, "9"),
            (2, "#9"),
            (3, "b9"),
            (5, "11"),
            (6, "#11"),
            (8, "13"),
            (9, "b13"),
        ];
        let Label::Chord(chord) = &label else {
            return label;
        };
        let least = COLOUR_MIN_PROBABILITY * self.frames.max(1) as f32;
        if !has_seventh(chord) || self.frames < 3 {
            return label;
        }
        let degrees = DEGREES
            .iter()
            .filter(|(value, _)| self.colour[*value] >= least)
            .filter_map(|(_, degree)| degree.parse::<Degree>().ok())
            .map(|degree| Extension {
                degree,
                omitted: false,
            });
        match chord.clone().with_extensions(degrees) {
            Ok(coloured) => coloured.into(),
            Err(_) => label,
        }
    }
}

fn has_seventh(chord: &Chord) -> bool {
    let above = |semitones: u32| chord.intervals() >> semitones & 1 == 1;
    above(10) || above(11)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn posteriors_sum_to_one_even_for_huge_logits() {
        let mut logits = vec![-1e4_f32; CHORD_CLASSES];
        logits[3] = 9e4;
        logits[4] = 9e4;
        let posterior = Posterior::from_logits(&logits, None, None);
        let sum: f32 = posterior.chord.iter().map(|x| x.exp()).sum();
        assert!((sum - 1.0).abs() < 1e-5);
        assert!((posterior.chord[3].exp() - 0.5).abs() < 1e-3);
    }
}
