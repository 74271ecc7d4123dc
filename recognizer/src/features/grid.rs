//! The frequency grid and the window lengths of both transforms.

use super::{BINS_PER_OCTAVE, F_MIN_HZ, SAMPLE_RATE};

/// Centre frequency of `bin` in Hz: `F_MIN_HZ * 2^(bin / 24)`.
#[must_use]
pub fn bin_frequency_hz(bin: usize) -> f64 {
    F_MIN_HZ * 2f64.powf(bin as f64 / BINS_PER_OCTAVE as f64)
}

/// Relative bandwidth of a bin whose neighbours lie `1 / BINS_PER_OCTAVE`
/// octaves away: `(r² - 1) / (r² + 1)` with `r = 2^(1/24)`.
///
/// Source: `librosa.filters._relative_bandwidth` (0.11).
pub(super) fn relative_bandwidth() -> f64 {
    let squared_ratio = 2f64.powf(2.0 / BINS_PER_OCTAVE as f64);
    (squared_ratio - 1.0) / (squared_ratio + 1.0)
}

/// Length in samples of the Hann window of `bin` when every bandwidth is
/// widened by `gamma_hz`: `Q sr / (f + γ/α)` with `Q = 1/α`. With `gamma_hz`
/// zero it is the window of the constant-Q transform.
///
/// The length is not rounded. Source: `librosa.filters.wavelet_lengths` (0.11).
#[must_use]
pub fn window_length_samples(bin: usize, gamma_hz: f64) -> f64 {
    let alpha = relative_bandwidth();
    f64::from(SAMPLE_RATE) / alpha / (bin_frequency_hz(bin) + gamma_hz / alpha)
}

/// The magnitude of a steady sinusoid of amplitude 2 at the centre of `bin`: librosa's
/// `scale=True`, the square root of the constant-Q window length.
pub(super) fn bin_scale(bin: usize) -> f64 {
    window_length_samples(bin, 0.0).sqrt()
}

#[cfg(test)]
mod tests {
    use super::super::BINS;
    use super::*;

    #[test]
    fn bins_run_from_c1_to_just_below_c7() {
        assert!((bin_frequency_hz(0) - 32.703).abs() < 1e-3);
        // A4 lies 3 octaves and 9 semitones above C1.
        assert!((bin_frequency_hz(3 * 24 + 18) - 440.0).abs() < 1e-9);
        assert!(bin_frequency_hz(BINS - 1) < 2093.0);
    }

    #[test]
    fn lengths_equal_librosas() {
        // librosa.filters.wavelet_lengths(freqs=..., sr=22050)[0], first and last.
        assert!((window_length_samples(0, 0.0) - 23_352.044_492).abs() < 1e-4);
        assert!((window_length_samples(BINS - 1, 0.0) - 375.567_369).abs() < 1e-5);
    }
}
