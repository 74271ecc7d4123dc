//! Log-frequency features of the recognizer.
//!
//! Two transforms share one grid of [`BINS`] frequencies (C1 to B6, two bins a
//! semitone) at [`SAMPLE_RATE`]:
//!
//! - [`centred_cqt`]: the centred constant-Q transform, equal to librosa's, for whole
//!   files and for networks of the BTC family;
//! - [`causal_vqt`]: a variable-Q transform whose look-ahead is bounded, for the live engine.
//!
//! In both, frame `n` belongs to the input sample `n * hop`, and its value depends only on the
//!   samples around that index: however the input is divided into blocks, the frames are the same
//!   bit for bit.

mod grid;
mod kernel;
pub(crate) mod samples;
mod sliding;
mod transposed;

pub mod causal_vqt;
pub mod centred_cqt;

pub use grid::{bin_frequency_hz, window_length_samples};
pub use samples::MAX_ABS_SAMPLE;
pub(crate) use samples::tame as tame_sample;
pub use sliding::{Frames, HopError};
pub use transposed::transposed_from;

/// Rate of the analysed signal, in Hz. Every transform expects mono samples at
/// this rate.
pub const SAMPLE_RATE: u32 = 22_050;

/// The smallest hop, in samples: every hop is a multiple of it.
pub const HOP_SAMPLES: usize = 512;

/// Bins of a frame.
pub const BINS: usize = 144;

/// Bins of an octave.
pub const BINS_PER_OCTAVE: usize = 24;

/// Frequency of bin 0 in Hz: C1 in equal temperament with A4 = 440 Hz.
pub const F_MIN_HZ: f64 = 32.703_195_662_574_83;

/// Magnitude added before the logarithm in [`log_compress`].
pub const LOG_OFFSET: f32 = 1e-6;

/// The compression in front of every network: `ln(magnitude + 1e-6)`.
#[inline]
#[must_use]
pub fn log_compress(magnitude: f32) -> f32 {
    (magnitude + LOG_OFFSET).ln()
}
