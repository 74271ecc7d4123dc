//! The tuning of the music relative to A = 440 Hz, and whether it is set.

use recognizer::tuning::Tuning;

use super::Controls;
use crate::snapshot::Snapshot;

/// Music this close to A = 440 Hz, in cents, is in tune: nothing is shown.
const IN_TUNE_CENTS: f32 = 5.0;

/// The tuning of the music.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TuningView {
    /// The tuning; `None` until it is known.
    pub tuning: Option<Tuning>,
    /// Whether it was set by hand.
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

    /// Whether it should be shown without being asked for.
    pub fn is_news(&self) -> bool {
        let out_of_tune = |tuning: Tuning| tuning.cents().abs() > IN_TUNE_CENTS;
        self.fixed || self.tuning.is_some_and(out_of_tune)
    }
}
