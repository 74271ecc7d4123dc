//! Buffer of the frames that later windows still need.

use std::collections::VecDeque;

use crate::features::{BINS, log_compress};
use crate::networks::WINDOW_FRAMES;

/// The last log-compressed frames.
#[derive(Clone, Default)]
pub(super) struct Frames {
    /// Number of the first frame that is kept.
    first: u64,
    rows: VecDeque<[f32; BINS]>,
    /// Frames so far.
    pub(super) count: u64,
}

impl Frames {
    pub(super) fn push(&mut self, magnitudes: &[f32; BINS]) {
        self.rows.push_back(magnitudes.map(log_compress));
        self.count += 1;
    }

    /// The row of a frame, if it is kept.
    pub(super) fn row(&self, frame: u64) -> Option<&[f32; BINS]> {
        let index = frame.checked_sub(self.first)?;
        self.rows.get(usize::try_from(index).ok()?)
    }

    /// The rows of a window, with silence before the first frame and after the last.
    pub(super) fn window(&self, start: i64) -> Vec<f32> {
        let silence = [log_compress(0.0); BINS];
        let row = |frame: i64| {
            let index = u64::try_from(frame).ok()?.checked_sub(self.first)?;
            self.rows.get(usize::try_from(index).ok()?)
        };
        (start..start + WINDOW_FRAMES as i64)
            .flat_map(|frame| row(frame).unwrap_or(&silence))
            .copied()
            .collect()
    }

    pub(super) fn forget_before(&mut self, frame: u64) {
        while self.first < frame {
            self.rows.pop_front();
            self.first += 1;
        }
    }
}
