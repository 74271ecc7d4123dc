//! Clock of an analysis: the times of its frames.

use super::FRAME_S;

/// Converts frame numbers to seconds of the engine's input.
#[derive(Debug, Clone, Copy)]
pub(crate) struct FrameClock {
    /// Input time of frame 0, seconds.
    pub(crate) origin_s: f64,
    /// Seconds of input after a frame's time that are needed to decode it.
    pub(crate) latency_s: f64,
}

impl FrameClock {
    /// Input time of frame `index`, seconds.
    pub(crate) fn frame_s(self, index: u64) -> f64 {
        self.origin_s + index as f64 * FRAME_S
    }

    /// Seconds of input that had arrived when frame `index` was decoded.
    pub(crate) fn heard_s(self, index: u64) -> f64 {
        self.frame_s(index) + self.latency_s
    }
}
