//! How far the music is from A = 440 Hz, and who says so.

use recognizer::tuning::Tuning;

use super::Controls;
use crate::snapshot::Snapshot;

/// Music this near to A = 440 Hz is in tune, in cents: nothing is shown.
const IN_TUNE_CENTS: f32 = 5.0;

/// The tuning that the music is heard at.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TuningView {
    /// What it is; `None` until the music has said it.
    pub tuning: Option<Tuning>,
    /// Whether somebody has set it.
    pub fixed: bool,
}

impl TuningView {
    pub(super) fn of(snapshot: &Snapshot, controls: &Controls) -> Self {
        let fixed = controls.tuning.fixed;
        let set = Tuning::from_cents(controls.tuning.cents);
        Self {
            tuning: if fixed { Some(set) } else { snapshot.tuning },
            fixed,
        }
    }

    /// `A = 432 Hz, −32 cents`.
    pub fn text(&self) -> String {
        self.tuning.map_or_else(
            || "Tuning not found yet".to_owned(),
            |tuning| tuning.to_string(),
        )
    }

    /// Whether somebody should see it who has not asked.
    pub fn is_news(&self) -> bool {
        let out_of_tune = |tuning: Tuning| tuning.cents().abs() > IN_TUNE_CENTS;
        self.fixed || self.tuning.is_some_and(out_of_tune)
    }
}
