//! From posteriors to chords.
//!
//! Both decoders see a hidden Markov model whose states are the 170 classes, whose
//! emission log-probabilities are the network's log-posteriors, and in which changing
//! class costs a fixed number of nats. [`viterbi`] finds the best path through a whole
//! file; [`fixed_lag`] follows the best path as it grows, for live use.

pub mod fixed_lag;
pub mod viterbi;

use crate::networks::{BASS_CLASSES, CHORD_CLASSES};

/// Log-posteriors of one frame.
#[derive(Debug, Clone, PartialEq)]
pub struct Posterior {
    /// Log-probability of each of the 170 classes.
    pub chord: [f32; CHORD_CLASSES],
    /// Log-probability of each bass pitch class, and of none; absent without a bass head.
    pub bass: Option<[f32; BASS_CLASSES]>,
}

impl Posterior {
    /// From the logits of a frame (`chord` has 170 values, `bass` 13).
    pub fn from_logits(chord: &[f32], bass: Option<&[f32]>) -> Self {
        let mut posterior = Self {
            chord: [0.0; CHORD_CLASSES],
            bass: bass.map(|_| [0.0; BASS_CLASSES]),
        };
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

/// Running sum of the evidence for a segment's bass and confidence.
#[derive(Debug, Clone, Default)]
pub struct SegmentEvidence {
    frames: u32,
    chord: f64,
    bass: [f64; BASS_CLASSES],
    has_bass: bool,
}

impl SegmentEvidence {
    /// Adds a frame of a segment whose class is `class`.
    pub fn add(&mut self, posterior: &Posterior, class: usize) {
        self.frames += 1;
        self.chord += f64::from(posterior.chord[class].exp());
        if let Some(bass) = &posterior.bass {
            self.has_bass = true;
            for (sum, log_p) in self.bass.iter_mut().zip(bass) {
                *sum += f64::from(log_p.exp());
            }
        }
    }

    /// Mean posterior of the class over the segment, 0 to 1.
    pub fn confidence(&self) -> f32 {
        (self.chord / f64::from(self.frames.max(1))) as f32
    }

    /// The most probable bass pitch class over the segment, if the network has a bass
    /// head and its mean posterior there is at least `least`.
    pub fn bass(&self, least: f64) -> Option<u8> {
        if !self.has_bass {
            return None;
        }
        let best = (0..BASS_CLASSES).max_by(|&a, &b| self.bass[a].total_cmp(&self.bass[b]))?;
        let probability = self.bass[best] / f64::from(self.frames.max(1));
        (best < 12 && probability >= least).then_some(best as u8)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn posteriors_sum_to_one_even_for_huge_logits() {
        let mut logits = vec![-1e4_f32; CHORD_CLASSES];
        logits[3] = 9e4;
        logits[4] = 9e4;
        let posterior = Posterior::from_logits(&logits, None);
        let sum: f32 = posterior.chord.iter().map(|x| x.exp()).sum();
        assert!((sum - 1.0).abs() < 1e-5);
        assert!((posterior.chord[3].exp() - 0.5).abs() < 1e-3);
    }
}
