//! Whether an engine's confidences are calibrated.
//!
//! Guo et al., *On Calibration of Modern Neural Networks* (ICML 2017): the confidences are
//! divided into equal bins, and the expected calibration error is the mean distance between
//! confidence and accuracy, weighted by the amount in each bin. Here every second of a segment
//! counts with the segment's confidence, and right means the right class of 170.
//!
//! [`Calibration::fit`] finds the two parameters of [`Platt`] that correct it.

use serde::{Deserialize, Serialize};

use harmony::vocabulary::large;
use recognizer::calibration::Calibration as Platt;

use super::overlap::Overlap;

/// Bins between 0 and 1.
pub(crate) const BINS: usize = 10;
/// Bins for fitting, a multiple of [`BINS`].
const FINE_BINS: usize = 20 * BINS;
/// Steps of Newton's method; it has converged after six or seven.
const NEWTON_STEPS: usize = 30;
/// How often a step may be halved until it makes the fit no worse.
const HALVINGS: i32 = 30;
/// Weight in seconds that pulls the fit towards no change, so that little data cannot distort
/// it.
const PRIOR_S: f64 = 1.0;

/// Time by confidence, in seconds.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Calibration {
    /// For each fine bin: seconds, seconds right, confidence times seconds.
    bins: [(f64, f64, f64); FINE_BINS],
}

impl Default for Calibration {
    fn default() -> Self {
        Self {
            bins: [(0.0, 0.0, 0.0); FINE_BINS],
        }
    }
}

/// One bin of a reliability diagram.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct ReliabilityBin {
    /// Lower end of the bin.
    pub from: f64,
    /// Upper end.
    pub to: f64,
    /// Mean confidence in the bin.
    pub confidence: f64,
    /// Share of the bin that was right.
    pub accuracy: f64,
    /// Time in the bin, in seconds.
    pub seconds: f64,
}

/// The calibration of an engine.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Reliability {
    /// Expected calibration error, 0 (perfectly calibrated) to 1.
    pub ece: f64,
    /// The bins that are not empty, ascending.
    pub bins: Vec<ReliabilityBin>,
}

impl Calibration {
    /// Counts `seconds` of confidence `confidence` (0 … 1).
    pub(crate) fn add(&mut self, confidence: f64, right: bool, seconds: f64) {
        let confidence = confidence.clamp(0.0, 1.0);
        let bin = ((confidence * FINE_BINS as f64) as usize).min(FINE_BINS - 1);
        let (all, correct, sum) = &mut self.bins[bin];
        *all += seconds;
        *correct += if right { seconds } else { 0.0 };
        *sum += confidence * seconds;
    }

    /// Counts a part of an estimate; time without a label in the estimate or the reference
    /// does not count.
    pub(crate) fn count(&mut self, overlap: &Overlap<'_>) {
        let class = large::index_of(&overlap.reference.label);
        if let (Some(estimate), true) = (overlap.estimate, class != large::UNKNOWN) {
            let right = class == large::index_of(&estimate.label);
            self.add(f64::from(estimate.confidence), right, overlap.duration_s());
        }
    }

    /// Adds the counts of another piece.
    pub(crate) fn merge(&mut self, other: &Self) {
        for (own, other) in self.bins.iter_mut().zip(&other.bins) {
            own.0 += other.0;
            own.1 += other.1;
            own.2 += other.2;
        }
    }

    /// The error and the bins.
    #[must_use]
    pub(crate) fn reliability(&self) -> Reliability {
        let total: f64 = self.bins.iter().map(|bin| bin.0).sum();
        let coarse = self.bins.chunks_exact(FINE_BINS / BINS).map(|fine| {
            let zero = (0.0, 0.0, 0.0);
            fine.iter()
                .fold(zero, |a, b| (a.0 + b.0, a.1 + b.1, a.2 + b.2))
        });
        let bins: Vec<ReliabilityBin> = coarse
            .enumerate()
            .filter(|(_, (seconds, ..))| *seconds > 0.0)
            .map(|(i, (seconds, right, sum))| ReliabilityBin {
                from: i as f64 / BINS as f64,
                to: (i + 1) as f64 / BINS as f64,
                confidence: sum / seconds,
                accuracy: right / seconds,
                seconds,
            })
            .collect();
        let ece = bins
            .iter()
            .map(|bin| (bin.confidence - bin.accuracy).abs() * bin.seconds)
            .sum::<f64>()
            / total.max(f64::MIN_POSITIVE);
        Reliability { ece, bins }
    }

    /// The best scaling of the confidences: logistic regression of right or wrong on the
    /// log-odds of the confidence, by Newton's method. A step that makes it worse is halved: far
    /// from the solution the full one may diverge.
    #[must_use]
    pub(crate) fn fit(&self) -> Platt {
        let rows: Vec<(f64, f64, f64)> = self
            .bins
            .iter()
            .filter(|bin| bin.0 > 0.0)
            .map(|&(seconds, right, sum)| {
                let p = (sum / seconds).clamp(1e-4, 1.0 - 1e-4);
                ((p / (1.0 - p)).ln(), seconds, right)
            })
            .collect();
        // ln(1 + eˣ) without overflow.
        let softplus = |x: f64| x.max(0.0) + (-x.abs()).exp().ln_1p();
        let loss = |slope: f64, offset: f64| -> f64 {
            let far = 0.5 * PRIOR_S * ((1.0 - slope).powi(2) + offset.powi(2));
            let wrong = |&(odds, seconds, right): &(f64, f64, f64)| {
                let odds = slope * odds + offset;
                right * softplus(-odds) + (seconds - right) * softplus(odds)
            };
            far + rows.iter().map(wrong).sum::<f64>()
        };
        let (mut slope, mut offset) = (1.0_f64, 0.0_f64);
        for _ in 0..NEWTON_STEPS {
            let mut gradient = [PRIOR_S * (1.0 - slope), -PRIOR_S * offset];
            let mut hessian = [PRIOR_S, 0.0, PRIOR_S];
            for &(odds, seconds, right) in &rows {
                let p = 1.0 / (1.0 + (-(slope * odds + offset)).exp());
                let (error, weight) = (right - seconds * p, seconds * p * (1.0 - p));
                gradient[0] += error * odds;
                gradient[1] += error;
                hessian[0] += weight * odds * odds;
                hessian[1] += weight * odds;
                hessian[2] += weight;
            }
            let determinant = hessian[0] * hessian[2] - hessian[1] * hessian[1];
            let step = [
                (hessian[2] * gradient[0] - hessian[1] * gradient[1]) / determinant,
                (hessian[0] * gradient[1] - hessian[1] * gradient[0]) / determinant,
            ];
            let before = loss(slope, offset);
            let part = (0..HALVINGS)
                .map(|halvings| 0.5_f64.powi(halvings))
                .find(|part| loss(slope + part * step[0], offset + part * step[1]) <= before);
            let Some(part) = part else {
                break;
            };
            slope += part * step[0];
            offset += part * step[1];
        }
        Platt {
            slope: slope as f32,
            offset: offset as f32,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_sure_as_right_has_no_error() {
        let mut calibration = Calibration::default();
        calibration.add(0.75, true, 3.0);
        calibration.add(0.75, false, 1.0);
        calibration.add(1.0, true, 2.0);
        let reliability = calibration.reliability();
        assert!(reliability.ece.abs() < 1e-12, "{reliability:?}");
        assert_eq!(reliability.bins.len(), 2);
        assert_eq!(Calibration::default().reliability().ece, 0.0);
    }

    #[test]
    fn a_fit_finds_the_scaling_that_confidences_were_made_with() {
        let truth = Platt {
            slope: 1.6,
            offset: 0.7,
        };
        let mut calibration = Calibration::default();
        for i in 0..200 {
            let confidence = (f64::from(i) + 0.5) / 200.0;
            let right = f64::from(truth.confidence(confidence as f32));
            calibration.add(confidence, true, 100.0 * right);
            calibration.add(confidence, false, 100.0 * (1.0 - right));
        }
        let found = calibration.fit();
        assert!((found.slope - 1.6).abs() < 0.02, "{found:?}");
        assert!((found.offset - 0.7).abs() < 0.02, "{found:?}");
        assert_eq!(Calibration::default().fit(), Platt::default());
    }

    #[test]
    fn confidences_that_are_far_too_high_do_not_let_the_fit_diverge() {
        // Nearly always sure, and right three times in four.
        let mut calibration = Calibration::default();
        for (confidence, seconds) in [(0.9999, 900.0), (0.999, 60.0), (0.98, 30.0), (0.3, 10.0)] {
            calibration.add(confidence, true, 0.75 * seconds);
            calibration.add(confidence, false, 0.25 * seconds);
        }
        let found = calibration.fit();
        assert!(found.is_plausible(), "{found:?}");
        assert!((found.confidence(0.9999) - 0.75).abs() < 0.01, "{found:?}");
    }

    #[test]
    fn the_error_is_the_mean_distance_by_hand() {
        // 10 s at 0.9 of which 5 s right (0.4 away), 30 s at 0.35 all wrong.
        let mut one = Calibration::default();
        one.add(0.9, true, 5.0);
        one.add(0.9, false, 5.0);
        let mut other = Calibration::default();
        other.add(0.35, false, 30.0);
        one.merge(&other);
        let expected = (10.0 * 0.4 + 30.0 * 0.35) / 40.0;
        assert!((one.reliability().ece - expected).abs() < 1e-12);
    }
}
