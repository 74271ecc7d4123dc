//! Calibration of confidences.
//!
//! Networks trained on soft targets are underconfident. Platt scaling (Platt, *Probabilistic
//! Outputs for Support Vector Machines*, 1999) corrects this with two numbers: the confidence of a
//! mean posterior `p` is `σ(slope · ln(p / (1 − p)) + offset)`. It does not change which chord is
//! named.

use serde::{Deserialize, Serialize};

/// The two parameters of a calibration.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Calibration {
    /// Above 0; 1 leaves the spread of the log-odds as it is.
    pub slope: f32,
    /// Added to the log-odds.
    pub offset: f32,
}

impl Default for Calibration {
    /// The identity: posteriors are confidences.
    fn default() -> Self {
        Self {
            slope: 1.0,
            offset: 0.0,
        }
    }
}

/// The calibrations of a network, stored in its weights file.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Calibrations {
    /// For the segments of a track.
    #[serde(flatten)]
    pub track: Calibration,
    /// For the chord on the display, of which less has been heard; without it, that of the track.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub display: Option<Calibration>,
}

impl Calibrations {
    /// For the chord on the display.
    #[must_use]
    pub fn on_display(&self) -> Calibration {
        self.display.unwrap_or(self.track)
    }

    /// Whether the numbers can be used.
    #[must_use]
    pub fn are_plausible(&self) -> bool {
        self.track.is_plausible() && self.on_display().is_plausible()
    }
}

/// Probabilities are kept at least this far from 0 and 1.
const EDGE: f32 = 1e-6;

impl Calibration {
    /// Whether the numbers can be used: finite, and larger posteriors give more confidence.
    #[must_use]
    pub fn is_plausible(&self) -> bool {
        self.slope.is_finite() && self.slope > 0.0 && self.offset.is_finite()
    }

    /// The confidence of a mean posterior, both 0 to 1; values not above 0 become 0.
    #[must_use]
    pub fn confidence(&self, posterior: f32) -> f32 {
        if *self == Self::default() || posterior.is_nan() || posterior <= 0.0 {
            return posterior;
        }
        let p = posterior.clamp(EDGE, 1.0 - EDGE);
        let odds = self.slope * (p / (1.0 - p)).ln() + self.offset;
        1.0 / (1.0 + (-odds).exp())
    }

    /// This calibration followed by `later`.
    #[must_use]
    pub fn then(&self, later: Self) -> Self {
        Self {
            slope: later.slope * self.slope,
            offset: later.slope * self.offset + later.offset,
        }
    }

    /// The factor for the posteriors of the other classes, so that they still sum to 1 with the
    /// confidence.
    #[must_use]
    pub fn share_of_others(&self, posterior: f32) -> f32 {
        let rest = 1.0 - posterior;
        if rest <= EDGE {
            return 1.0;
        }
        (1.0 - self.confidence(posterior)) / rest
    }

    /// Calibrates a chord's mean posterior and those of its alternatives.
    pub(crate) fn apply<L>(&self, posterior: &mut f32, alternatives: &mut [(L, f32)]) {
        let share = self.share_of_others(*posterior);
        *posterior = self.confidence(*posterior);
        for (_, other) in alternatives {
            *other = (*other * share).clamp(0.0, 1.0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_numbers_nothing_changes() {
        let none = Calibration::default();
        for p in [0.0, 0.2, 0.73, 1.0] {
            assert_eq!(none.confidence(p), p);
        }
        assert_eq!(none.share_of_others(0.4), 1.0);
    }

    #[test]
    fn a_file_without_the_displays_calibration_has_the_tracks() {
        let old: Calibrations = serde_json::from_str(r#"{"slope":1.5,"offset":0.25}"#).unwrap();
        assert_eq!(old.on_display(), old.track);
        let new = Calibrations {
            display: Some(Calibration {
                slope: 0.5,
                offset: 0.75,
            }),
            ..old
        };
        let text = serde_json::to_string(&new).unwrap();
        assert_eq!(serde_json::from_str::<Calibrations>(&text).unwrap(), new);
        assert_eq!(
            serde_json::to_string(&old).unwrap(),
            r#"{"slope":1.5,"offset":0.25}"#
        );
    }

    #[test]
    fn two_in_a_row_are_one() {
        let (a, b) = (
            Calibration {
                slope: 1.5,
                offset: 0.3,
            },
            Calibration {
                slope: 0.8,
                offset: -0.2,
            },
        );
        let one = a.then(b).confidence(0.37);
        assert!((one - b.confidence(a.confidence(0.37))).abs() < 1e-6);
    }

    #[test]
    fn the_log_odds_are_scaled_and_moved() {
        let calibration = Calibration {
            slope: 2.0,
            offset: 1.0,
        };
        // ln(0.6 / 0.4) · 2 + 1.
        let expected = 1.0 / (1.0 + (-(2.0 * 1.5_f32.ln() + 1.0)).exp());
        assert!((calibration.confidence(0.6) - expected).abs() < 1e-6);
        assert_eq!(calibration.confidence(0.0), 0.0);
        assert!(calibration.confidence(1.0) <= 1.0);
        let (mut top, mut others) = (0.6, [("A", 0.3), ("B", 0.1)]);
        calibration.apply(&mut top, &mut others);
        assert!((top + others[0].1 + others[1].1 - 1.0).abs() < 1e-6);
    }
}
