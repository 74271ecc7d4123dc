//! The clock of an analysis: times of frames.

use super::FRAME_S;

/// Where the frames of an analysis lie in the engine's input.
#[derive(Debug, Clone, Copy)]
pub(crate) struct FrameClock {
    /// Input time of frame 0, seconds.
    pub(crate) origin_s: f64,
    /// Seconds of input behind a frame's time that must have been heard to decode it.
    pub(crate) latency_s: f64,
}

impl FrameClock {
    /// Input time of frame `index`, seconds.
    pub(crate) fn frame_s(self, index: u64) -> f64 {
        self.origin_s + index as f64 * FRAME_S
    }

    /// Seconds of input that had been heard when frame `index` was decoded.
    pub(crate) fn heard_s(self, index: u64) -> f64 {
        self.frame_s(index) + self.latency_s
    }
}
