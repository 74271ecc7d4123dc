//! What followed something, and how often.

use std::collections::BTreeMap;

use super::Step;

/// Counts that contradict each other.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{counted} of the {total} that there are were counted")]
pub(super) struct CountsError {
    counted: u32,
    total: u32,
}

/// How often each step followed. Some may be left out of the list and yet be in the total.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Counts {
    total: u32,
    of: BTreeMap<Step, u32>,
}

impl Counts {
    /// Counts of which some are listed.
    ///
    /// # Errors
    /// More in the list than in all.
    pub(super) fn new(total: u32, of: BTreeMap<Step, u32>) -> Result<Self, CountsError> {
        let counted = of
            .values()
            .fold(0_u32, |sum, count| sum.saturating_add(*count));
        if counted > total {
            return Err(CountsError { counted, total });
        }
        Ok(Self { total, of })
    }

    /// How often anything followed.
    pub(super) const fn total(&self) -> u32 {
        self.total
    }

    /// How often that is in the list.
    pub(super) fn get(&self, step: Step) -> u32 {
        self.of.get(&step).copied().unwrap_or(0)
    }

    /// One more; whether it is the first.
    pub(super) fn add(&mut self, step: Step) -> bool {
        self.total = self.total.saturating_add(1);
        let count = self.of.entry(step).or_default();
        *count = count.saturating_add(1);
        *count == 1
    }

    /// The list without what was counted less often than `least`; the total stays.
    pub(super) fn prune(&mut self, least: u32) {
        self.of.retain(|_, count| *count >= least);
    }

    /// Whether nothing is listed.
    pub(super) fn is_empty(&self) -> bool {
        self.of.is_empty()
    }

    /// The list.
    pub(super) fn iter(&self) -> impl Iterator<Item = (Step, u32)> {
        self.of.iter().map(|(step, count)| (*step, *count))
    }
}
