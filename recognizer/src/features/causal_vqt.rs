//! The variable-Q transform of the live engine, whose look-ahead is bounded.
//!
//! Same bins and same scale as [`super::centred_cqt`] (a steady sinusoid measures the
//! same in both), but shorter windows for low bins and an explicit look-ahead:
//! the window of a bin ends [`lookahead_samples`] after the frame's time stamp,
//! which is half its length or [`LOOKAHEAD_SAMPLES`], whichever is less. High
//! bins are therefore centred on the time stamp, low bins aligned to the right.
//!
//! | octave | bins | window, ms | look-ahead, ms |
//! |---|---|---|---|
//! | C1–B1 | 0–23 | 450–321 | 92.9 |
//! | C2–B2 | 24–47 | 316–202 | 92.9 |
//! | C3–B3 | 48–71 | 198–116 | 92.9–58.0 |
//! | C4–B4 | 72–95 | 113–63 | 56.6–31.3 |
//! | C5–B5 | 96–119 | 61–33 | 30.5–16.3 |
//! | C6–B6 | 120–143 | 32–17 | 15.9–8.3 |
//!
//! A frame is handed over when sample τ + [`LOOKAHEAD_SAMPLES`] − 1 has
//! arrived. The bins share one spectrum, so a sample after a bin's own window
//! but before the frame's end can move that bin by the kernels' truncation
//! error, under 1/1000 of its own size.

use super::grid::{bin_frequency_hz, bin_scale, relative_bandwidth, window_length_samples};
use super::kernel::Window;
use super::sliding::SlidingTransform;
use super::{BINS, SAMPLE_RATE};
use crate::tuning::Tuning;

/// Samples between two frames: 46.4 ms.
pub const LIVE_HOP_SAMPLES: usize = 1024;

/// How many samples after its time stamp a frame waits for: 92.9 ms.
pub const LOOKAHEAD_SAMPLES: usize = 2048;

/// Length of the lowest bin's window, in seconds. The others follow from the bandwidth offset that
/// it requires.
const LONGEST_WINDOW_S: f64 = 0.45;

/// FFT length in samples: the next size without large factors above the
/// longest window (9 923).
const FFT_LEN: usize = 10_240;

/// Bandwidth offset γ of the variable-Q form `B = α f + γ`, in Hz.
#[must_use]
pub fn gamma_hz() -> f64 {
    // Solves window_length(0, γ) = LONGEST_WINDOW_S for γ.
    LONGEST_WINDOW_S.recip() - relative_bandwidth() * bin_frequency_hz(0)
}

/// Length of the Hann window of `bin`, in samples.
#[must_use]
pub fn window_samples(bin: usize) -> f64 {
    window_length_samples(bin, gamma_hz())
}

/// The look-ahead of `bin` in samples: its window covers no sample at or after τ plus this.
#[must_use]
pub fn lookahead_samples(bin: usize) -> usize {
    (window(bin).last() + 1) as usize
}

fn window(bin: usize) -> Window {
    let length = window_samples(bin);
    let mut window = Window {
        frequency: bin_frequency_hz(bin) / f64::from(SAMPLE_RATE),
        length,
        centre: 0,
        scale: bin_scale(bin),
    };
    window.centre = (LOOKAHEAD_SAMPLES as i64 - 1 - window.last()).min(0);
    window
}

/// One frame of [`CausalVqt`].
#[derive(Clone, Copy, Debug)]
pub struct CausalFrame<'a> {
    /// Number of the frame, from 0.
    pub index: u64,
    /// Time stamp τ in samples at [`SAMPLE_RATE`]: `index * LIVE_HOP_SAMPLES`.
    pub time_samples: u64,
    /// One magnitude per bin, low to high.
    pub magnitudes: &'a [f32; BINS],
}

/// Streaming causal transform with a frame every [`LIVE_HOP_SAMPLES`].
///
/// Samples that are not finite count as silence, and larger ones than
/// [`super::MAX_ABS_SAMPLE`] are clamped. No call but [`Self::retune`] allocates.
pub struct CausalVqt {
    transform: SlidingTransform,
    tuning: Tuning,
}

impl CausalVqt {
    /// A transform whose next sample is sample 0.
    #[must_use]
    pub fn new() -> Self {
        let windows = std::array::from_fn(window);
        match SlidingTransform::new(&windows, FFT_LEN, LIVE_HOP_SAMPLES) {
            Ok(transform) => Self {
                transform,
                tuning: Tuning::CONCERT,
            },
            Err(error) => unreachable!("the live hop is a constant: {error}"),
        }
    }

    /// Moves the bins to `tuning` from the next frame on; the lengths of the windows stay. Computes
    /// kernels and allocates if the tuning changes.
    pub fn retune(&mut self, tuning: Tuning) {
        if tuning != self.tuning {
            self.transform.retune(&std::array::from_fn(|bin| Window {
                frequency: window(bin).frequency * tuning.ratio(),
                ..window(bin)
            }));
            self.tuning = tuning;
        }
    }

    /// Samples up to the one that completes the next frame; at least one.
    #[must_use]
    pub fn until_frame(&self) -> usize {
        self.transform.until_frame()
    }

    /// Takes mono samples at [`SAMPLE_RATE`] and hands each frame that they
    /// complete to `sink`.
    pub fn push(&mut self, samples: &[f32], mut sink: impl FnMut(CausalFrame<'_>)) {
        self.transform
            .push(samples, |index, magnitudes| sink(frame(index, magnitudes)));
    }

    /// Ends the signal: frames that reach beyond it are filled with silence, so that there are
    /// `1 + len / hop` frames in all. Starts over.
    pub fn finish(&mut self, mut sink: impl FnMut(CausalFrame<'_>)) {
        self.transform
            .finish(|index, magnitudes| sink(frame(index, magnitudes)));
    }

    /// Forgets all samples; the next one is sample 0.
    pub fn reset(&mut self) {
        self.transform.reset();
    }

    /// Samples since the last reset that were not finite or beyond
    /// [`super::MAX_ABS_SAMPLE`].
    #[must_use]
    pub fn invalid_samples(&self) -> u64 {
        self.transform.invalid_samples()
    }
}

impl Default for CausalVqt {
    fn default() -> Self {
        Self::new()
    }
}

fn frame(index: u64, magnitudes: &[f32; BINS]) -> CausalFrame<'_> {
    CausalFrame {
        index,
        time_samples: index * LIVE_HOP_SAMPLES as u64,
        magnitudes,
    }
}
