//! Schedules of the learning rate.

use serde::{Deserialize, Serialize};

/// The learning rate by step.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Schedule {
    /// Linear from `from` to `peak` over the first `warm_up` of the steps (0 … 1), then a
    /// cosine down to `to` at the last. The paper's stage 1: 1e-4, 3e-4, 1e-6, a tenth.
    Cosine {
        /// Rate of the first step.
        from: f64,
        /// Highest rate.
        peak: f64,
        /// Rate of the last step.
        to: f64,
        /// Share of the steps used for warm-up.
        warm_up: f64,
    },
    /// `start`, multiplied by `factor` after each validation without improvement, but not
    /// below `floor`. The paper's stage 2: 1e-5, 0.9, 1e-6.
    Plateau {
        /// Rate of the first step.
        start: f64,
        /// The factor after a validation without improvement.
        factor: f64,
        /// Lowest rate.
        floor: f64,
    },
}

/// The state of [`Schedule::Plateau`].
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Plateau {
    best: Option<f32>,
    rate: Option<f64>,
}

impl Plateau {
    /// Takes the loss of a validation into account.
    pub(crate) fn note(&mut self, schedule: &Schedule, loss: f32) {
        if self.best.is_none_or(|best| loss < best) {
            self.best = Some(loss);
        } else if let Schedule::Plateau {
            start,
            factor,
            floor,
        } = schedule
        {
            self.rate = Some((self.rate.unwrap_or(*start) * factor).max(*floor));
        }
    }
}

impl Schedule {
    /// Rate of step `step` of `steps`.
    pub(crate) fn rate(&self, step: u64, steps: u64, plateau: &Plateau) -> f64 {
        match *self {
            Schedule::Cosine {
                from,
                peak,
                to,
                warm_up,
            } => {
                let warm = (steps as f64 * warm_up).max(1.0);
                let step = step as f64;
                if step < warm {
                    return from + (peak - from) * (step + 1.0) / warm;
                }
                let done = (step - warm) / (steps as f64 - warm).max(1.0);
                to + (peak - to) * 0.5 * (1.0 + (std::f64::consts::PI * done).cos())
            }
            Schedule::Plateau { start, .. } => plateau.rate.unwrap_or(start),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cosine_warms_up_and_comes_down() {
        let schedule = Schedule::Cosine {
            from: 1e-4,
            peak: 3e-4,
            to: 1e-6,
            warm_up: 0.1,
        };
        let rate = |step| schedule.rate(step, 100, &Plateau::default());
        assert!(rate(0) > 1e-4 && rate(0) < rate(5) && rate(5) < rate(9));
        assert!((rate(9) - 3e-4).abs() < 1e-12);
        assert!(rate(50) < rate(20) && rate(99) < 3e-6);
    }

    #[test]
    fn a_plateau_lowers_the_rate_to_its_floor() {
        let schedule = Schedule::Plateau {
            start: 1e-5,
            factor: 0.9,
            floor: 1e-6,
        };
        let mut plateau = Plateau::default();
        plateau.note(&schedule, 1.0);
        assert_eq!(schedule.rate(1, 2, &plateau), 1e-5);
        plateau.note(&schedule, 1.1);
        assert!((schedule.rate(1, 2, &plateau) - 9e-6).abs() < 1e-12);
        for _ in 0..100 {
            plateau.note(&schedule, 1.1);
        }
        assert_eq!(schedule.rate(1, 2, &plateau), 1e-6);
    }
}
