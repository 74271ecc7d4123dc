//! Constant-Q frames.

/// Bins in a frame.
pub const BINS: usize = 144;
