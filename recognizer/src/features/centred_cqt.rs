//! The centred constant-Q transform, equal to librosa's, streaming.
//!
//! Magnitudes equal
//! `np.abs(librosa.cqt(y, sr=22050, hop_length=512, fmin=note_to_hz("C1"), n_bins=144, bins_per_octave=24))`
//! of librosa 0.11 up to that implementation's own decimation and sparsity (its kernels drop 1 %).
//! Every frame is centred on its time stamp, so the lowest bin looks 0.53 s ahead; see
//! [`super::causal_vqt`] for a transform with less look-ahead.

use super::grid::{bin_frequency_hz, bin_scale, window_length_samples};
use super::kernel::Window;
use super::sliding::{Frames, HopError, SlidingTransform};
use super::{BINS, SAMPLE_RATE};
use crate::tuning::Tuning;

/// Samples from one frame to the next of whole files and of the refining pass: 92.9 ms.
pub const FILE_HOP_SAMPLES: usize = 2048;

/// [`FILE_HOP_SAMPLES`] in seconds.
pub const FILE_HOP_S: f64 = FILE_HOP_SAMPLES as f64 / SAMPLE_RATE as f64;

/// FFT length in samples: the next size without large factors above the
/// longest window (23 352).
const FFT_LEN: usize = 24_576;

/// The windows, all centred on the time stamp. Their lengths are those at 440 Hz whatever
/// the tuning, so that frames reach equally far.
fn windows(tuning: Tuning) -> [Window; BINS] {
    std::array::from_fn(|bin| Window {
        frequency: bin_frequency_hz(bin) * tuning.ratio() / f64::from(SAMPLE_RATE),
        length: window_length_samples(bin, 0.0),
        centre: 0,
        scale: bin_scale(bin),
    })
}

/// Streaming constant-Q transform; frame `n` is centred on sample `n * hop`.
///
/// Samples that are not finite count as silence, and larger ones than
/// [`super::MAX_ABS_SAMPLE`] are clamped. No call but [`Self::retune`] allocates.
#[derive(Clone)]
pub struct CentredCqt {
    transform: SlidingTransform,
    tuning: Tuning,
}

impl CentredCqt {
    /// A transform with a frame every `hop` samples, a multiple of
    /// [`super::HOP_SAMPLES`]: hop 2048 gives exactly every fourth frame of
    /// hop 512.
    ///
    /// # Errors
    /// [`HopError`] for any other hop.
    pub fn new(hop: usize) -> Result<Self, HopError> {
        let tuning = Tuning::CONCERT;
        let transform = SlidingTransform::new(&windows(tuning), FFT_LEN, hop)?;
        Ok(Self { transform, tuning })
    }

    /// Moves the bins to `tuning` from the next frame on. Computes kernels and allocates if the
    /// tuning changes.
    pub fn retune(&mut self, tuning: Tuning) {
        if tuning != self.tuning {
            self.transform.retune(&windows(tuning));
            self.tuning = tuning;
        }
    }

    /// Samples up to the one that completes the next frame; at least one.
    #[must_use]
    pub fn until_frame(&self) -> usize {
        self.transform.until_frame()
    }

    /// Takes mono samples at [`SAMPLE_RATE`] and hands each frame that they
    /// complete to `sink`: its index and its magnitudes, low to high.
    pub fn push(&mut self, samples: &[f32], sink: impl FnMut(u64, &[f32; BINS])) {
        self.transform.push(samples, sink);
    }

    /// Ends the signal: frames whose windows reach beyond it are filled with silence, so that there
    /// are `1 + len / hop` frames in all. Starts over.
    pub fn finish(&mut self, sink: impl FnMut(u64, &[f32; BINS])) {
        self.transform.finish(sink);
    }

    /// Forgets all samples; the next one is sample 0.
    pub fn reset(&mut self) {
        self.transform.reset();
    }

    /// Samples between two frames.
    #[must_use]
    pub fn hop(&self) -> usize {
        self.transform.hop()
    }

    /// Samples since the last reset that were not finite or beyond
    /// [`super::MAX_ABS_SAMPLE`].
    #[must_use]
    pub fn invalid_samples(&self) -> u64 {
        self.transform.invalid_samples()
    }
}

/// Constant-Q magnitudes of a whole mono signal at [`SAMPLE_RATE`].
///
/// # Errors
/// [`HopError`] when `hop` is not a positive multiple of
/// [`super::HOP_SAMPLES`].
pub fn cqt(samples: &[f32], hop: usize) -> Result<Frames, HopError> {
    let mut transform = CentredCqt::new(hop)?;
    let mut frames = Frames::default();
    frames.data.reserve_exact((1 + samples.len() / hop) * BINS);
    let mut sink = |_, magnitudes: &[f32; BINS]| {
        frames.data.extend_from_slice(magnitudes);
        frames.n_frames += 1;
    };
    transform.push(samples, &mut sink);
    transform.finish(&mut sink);
    Ok(frames)
}
