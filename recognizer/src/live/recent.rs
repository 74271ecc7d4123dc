//! Posteriors of the frames that are not final yet.

use std::collections::VecDeque;

use super::LAG_FRAMES;
use crate::decode::{Posterior, SegmentEvidence};

/// Posteriors of the last [`LAG_FRAMES`] + 1 frames, oldest first.
#[derive(Debug, Default)]
pub(super) struct RecentPosteriors(VecDeque<Posterior>);

impl RecentPosteriors {
    pub(super) fn push(&mut self, posterior: Posterior) {
        if self.0.len() > LAG_FRAMES {
            self.0.pop_front();
        }
        self.0.push_back(posterior);
    }

    /// The last `count` posteriors, or as many as there are, oldest first.
    pub(super) fn last(&self, count: usize) -> impl Iterator<Item = &Posterior> {
        self.0.iter().skip(self.0.len().saturating_sub(count))
    }

    /// The oldest one: that of the frame that is confirmed next, once the lag is full.
    pub(super) fn oldest(&self) -> Option<&Posterior> {
        self.0.front()
    }

    /// The newest one.
    pub(super) fn newest(&self) -> Option<&Posterior> {
        self.0.back()
    }
}

/// The evidence of some frames for a chord of class `class`.
pub(super) fn evidence<'a>(
    posteriors: impl IntoIterator<Item = &'a Posterior>,
    class: usize,
) -> SegmentEvidence {
    let mut evidence = SegmentEvidence::default();
    for posterior in posteriors {
        evidence.add(posterior, class);
    }
    evidence
}
