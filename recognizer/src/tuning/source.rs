//! Source of an engine's tuning.

use super::{Tuning, TuningFollower, TuningSetting, TuningSteps};

/// The source of an engine's tuning.
pub(crate) enum TuningSource {
    /// Its own follower.
    Follows(Box<TuningFollower>),
    /// Another engine that has analysed the same samples.
    Told {
        steps: TuningSteps,
        /// Samples taken since its creation.
        heard: u64,
    },
}

impl TuningSource {
    /// A source with its own follower.
    pub(crate) fn following(setting: TuningSetting) -> Self {
        Self::Follows(Box::new(TuningFollower::new(setting)))
    }

    /// A source that takes the tuning of another engine.
    pub(crate) const fn told() -> Self {
        Self::Told {
            steps: TuningSteps::from_now(Tuning::CONCERT),
            heard: 0,
        }
    }

    /// Takes the tuning that the other engine has found in the next samples; ignored if the source
    /// has its own follower.
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

    /// As [`TuningFollower::set`], if it has a follower.
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

    /// As [`TuningFollower::reset`], if it has a follower.
    pub(crate) fn reset(&mut self) {
        if let Self::Follows(follower) = self {
            follower.reset();
        }
    }
}
