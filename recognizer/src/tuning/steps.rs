//! The tuning as a function of the sample position.

use super::Tuning;

/// The values of a [`TuningFollower`](super::TuningFollower) by sample position.
///
/// Two engines of the same stream need one follower: the second, which is behind, gets the steps of
/// the first.
#[derive(Clone, Debug, PartialEq)]
pub struct TuningSteps {
    first: Tuning,
    /// Sample position and the tuning from there on, ascending.
    later: Vec<(u64, Tuning)>,
}

impl TuningSteps {
    /// One tuning without changes.
    pub(super) const fn from_now(tuning: Tuning) -> Self {
        Self {
            first: tuning,
            later: Vec::new(),
        }
    }

    /// Sets the tuning after `heard` samples.
    pub(super) fn put(&mut self, heard: u64, tuning: Tuning) {
        if tuning != self.at(heard) {
            self.later.retain(|(from, _)| *from < heard);
            self.later.push((heard, tuning));
        }
    }

    /// The tuning after `heard` samples, as far as it is kept.
    #[must_use]
    pub fn at(&self, heard: u64) -> Tuning {
        let after = self.later.partition_point(|(from, _)| *from <= heard);
        after
            .checked_sub(1)
            .map_or(self.first, |last| self.later[last].1)
    }
}
