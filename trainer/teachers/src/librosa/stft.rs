//! Short-time Fourier transforms, framed as librosa's: frame `n` is centred on sample
//! `n · hop`, with silence around the signal.

use std::sync::Arc;

use realfft::num_complex::Complex32;
use realfft::{RealFftPlanner, RealToComplex};

/// A transform of one frame length.
pub(crate) struct Stft {
    fft: Arc<dyn RealToComplex<f32>>,
    /// Empty for no window.
    window: Vec<f32>,
    frame: Vec<f32>,
    spectrum: Vec<Complex32>,
    scratch: Vec<Complex32>,
}

impl Stft {
    /// Frames of `length` samples, times `window` (of that length, or empty for none).
    pub(crate) fn new(length: usize, window: Vec<f32>) -> Self {
        let fft = RealFftPlanner::new().plan_fft_forward(length);
        Self {
            window,
            frame: fft.make_input_vec(),
            spectrum: fft.make_output_vec(),
            scratch: fft.make_scratch_vec(),
            fft,
        }
    }

    /// The spectrum of the frame whose middle is sample `centre`: `length / 2 + 1` bins.
    pub(crate) fn at(&mut self, samples: &[f32], centre: usize) -> &[Complex32] {
        let half = self.frame.len() / 2;
        let before = half.saturating_sub(centre).min(self.frame.len());
        let first = (centre + before - half).min(samples.len());
        let inside = (samples.len() - first).min(self.frame.len() - before);
        self.frame[..before].fill(0.0);
        self.frame[before..before + inside].copy_from_slice(&samples[first..first + inside]);
        self.frame[before + inside..].fill(0.0);
        for (x, w) in self.frame.iter_mut().zip(&self.window) {
            *x *= w;
        }
        let result =
            self.fft
                .process_with_scratch(&mut self.frame, &mut self.spectrum, &mut self.scratch);
        debug_assert!(result.is_ok(), "the buffers came from this plan");
        &self.spectrum
    }
}

/// The Hann window as in librosa: periodic, its first value zero.
pub(crate) fn hann(length: usize) -> impl Iterator<Item = f64> {
    let step = 2.0 * std::f64::consts::PI / length as f64;
    (0..length).map(move |n| 0.5 - 0.5 * (step * n as f64).cos())
}
