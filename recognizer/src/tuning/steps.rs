//! The tuning as a function of the sample.

use super::Tuning;

/// What a [`TuningFollower`](super::TuningFollower) has said, by how many samples it had heard.
///
/// Two engines that hear the same stream need one follower: the second, which is behind, is
/// told the first one's steps.
#[derive(Clone, Debug, PartialEq)]
pub struct TuningSteps {
    first: Tuning,
    /// From so many samples on, ascending.
    later: Vec<(u64, Tuning)>,
}

impl TuningSteps {
    /// One tuning, whatever is heard.
    pub(super) const fn from_now(tuning: Tuning) -> Self {
        Self {
            first: tuning,
            later: Vec::new(),
        }
    }

    /// After `heard` samples it is `tuning`.
    pub(super) fn put(&mut self, heard: u64, tuning: Tuning) {
        if tuning != self.at(heard) {
            self.later.retain(|(from, _)| *from < heard);
            self.later.push((heard, tuning));
        }
    }

    /// What it was after `heard` samples, as far as that is remembered.
    #[must_use]
    pub fn at(&self, heard: u64) -> Tuning {
        let after = self.later.partition_point(|(from, _)| *from <= heard);
        after
            .checked_sub(1)
            .map_or(self.first, |last| self.later[last].1)
    }
}
