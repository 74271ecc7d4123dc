//! Where an engine has its tuning from.

use super::{Tuning, TuningFollower, TuningSetting, TuningSteps};

/// What an engine analyses by.
pub(crate) enum TuningSource {
    /// It listens itself.
    Follows(Box<TuningFollower>),
    /// It comes from another engine that has heard the same samples.
    Told {
        steps: TuningSteps,
        /// Samples heard since it was made.
        heard: u64,
    },
}

impl TuningSource {
    /// One that listens itself.
    pub(crate) fn following(setting: TuningSetting) -> Self {
        Self::Follows(Box::new(TuningFollower::new(setting)))
    }

    /// One that is told.
    pub(crate) const fn told() -> Self {
        Self::Told {
            steps: TuningSteps::from_now(Tuning::CONCERT),
            heard: 0,
        }
    }

    /// What the other engine has found while it heard what comes next; of one that listens
    /// itself nothing is changed.
    pub(crate) fn tell(&mut self, told: &TuningSteps) {
        if let Self::Told { steps, .. } = self
            && steps != told
        {
            steps.clone_from(told);
        }
    }

    /// As [`TuningFollower::push`].
    pub(crate) fn push(&mut self, samples: &[f32]) {
        match self {
            Self::Follows(follower) => follower.push(samples),
            Self::Told { heard, .. } => *heard += samples.len() as u64,
        }
    }

    /// As [`TuningFollower::tuning`].
    pub(crate) fn tuning(&self) -> Tuning {
        match self {
            Self::Follows(follower) => follower.tuning(),
            Self::Told { steps, heard } => steps.at(*heard),
        }
    }

    /// As [`TuningFollower::set`], of one that listens itself.
    pub(crate) fn set(&mut self, setting: TuningSetting) {
        if let Self::Follows(follower) = self {
            follower.set(setting);
        }
    }

    /// As [`TuningFollower::skip`].
    pub(crate) fn skip(&mut self) {
        if let Self::Follows(follower) = self {
            follower.skip();
        }
    }

    /// As [`TuningFollower::reset`], of one that listens itself.
    pub(crate) fn reset(&mut self) {
        if let Self::Follows(follower) = self {
            follower.reset();
        }
    }
}
