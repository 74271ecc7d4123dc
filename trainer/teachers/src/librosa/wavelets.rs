//! The filters of librosa's constant-Q transforms, as short rows of spectral weights
//! (`librosa.filters.wavelet` and `__vqt_filter_fft` of librosa 0.11).

use realfft::num_complex::{Complex32, Complex64};
use rustfft::FftPlanner;

use super::stft::hann;

/// Share of a filter's spectral weight that is dropped, the smallest first.
const SPARSITY: f64 = 0.01;

/// Filters for the spectra of frames of one length.
pub(crate) struct Wavelets {
    /// Length of the frames, a power of two.
    pub frame: usize,
    rows: Vec<Row>,
}

/// Weights of consecutive bins.
struct Row {
    first: usize,
    weights: Vec<Complex32>,
}

/// The length of a filter at `frequency_hz`, in samples at `sample_rate`, with
/// `bins_per_octave`: `Q · rate / f`, `Q = (r² + 1) / (r² − 1)` with `r` the ratio of
/// neighbours.
pub(crate) fn length(frequency_hz: f64, sample_rate: f64, bins_per_octave: f64) -> f64 {
    let squared = 2f64.powf(2.0 / bins_per_octave);
    (squared + 1.0) / (squared - 1.0) * sample_rate / frequency_hz
}

impl Wavelets {
    /// Filters at `frequencies` (rising, in Hz) for a signal at `sample_rate`, each times
    /// `gain`; frames are at least `shortest` long.
    pub(crate) fn new(
        frequencies: &[f64],
        sample_rate: f64,
        bins_per_octave: f64,
        shortest: usize,
        gain: f64,
    ) -> Self {
        let length_at = |f: f64| length(f, sample_rate, bins_per_octave);
        let longest = frequencies.first().map_or(1.0, |&f| length_at(f));
        // The filters are centred in the smallest power of two; a longer frame is padded after
        // it.
        let padded = (longest.ceil() as usize).next_power_of_two();
        let frame = padded.max(shortest);
        let fft = FftPlanner::<f64>::new().plan_fft_forward(frame);
        let rows = frequencies
            .iter()
            .map(|&frequency| {
                let length = length_at(frequency);
                let mut filter = wavelet(frequency / sample_rate, length);
                let gain = gain * length / frame as f64;
                let lead = (padded - filter.len()) / 2;
                let mut spectrum = vec![Complex64::ZERO; lead];
                spectrum.append(&mut filter);
                spectrum.resize(frame, Complex64::ZERO);
                spectrum.iter_mut().for_each(|x| *x *= gain);
                fft.process(&mut spectrum);
                spectrum.truncate(frame / 2 + 1);
                sparse(&spectrum)
            })
            .collect();
        Self { frame, rows }
    }

    /// Filters for magnitude spectra.
    pub(crate) fn into_magnitudes(mut self) -> Self {
        for weight in self.rows.iter_mut().flat_map(|row| &mut row.weights) {
            *weight = Complex32::new(weight.norm(), 0.0);
        }
        self
    }

    /// The magnitude of each filter's response, times its scale, into `out`.
    pub(crate) fn respond(&self, spectrum: &[Complex32], scales: &[f32], out: &mut [f32]) {
        for ((row, scale), out) in self.rows.iter().zip(scales).zip(out) {
            let seen = &spectrum[row.first..row.first + row.weights.len()];
            let sum: Complex32 = row.weights.iter().zip(seen).map(|(w, x)| w * x).sum();
            *out = sum.norm() * scale;
        }
    }
}

/// An oscillation of `frequency` cycles per sample under a Hann window, around sample zero,
/// with magnitudes that sum to one.
fn wavelet(frequency: f64, length: f64) -> Vec<Complex64> {
    let first = (-length / 2.0).floor();
    let count = ((length / 2.0).floor() - first) as usize;
    let sum: f64 = hann(count).sum();
    hann(count)
        .enumerate()
        .map(|(n, weight)| {
            let phase = (first + n as f64) * 2.0 * std::f64::consts::PI * frequency;
            Complex64::from_polar(weight / sum, phase)
        })
        .collect()
}

/// The weights without the smallest ones, which make up [`SPARSITY`] of the sum.
fn sparse(spectrum: &[Complex64]) -> Row {
    let magnitudes: Vec<f64> = spectrum.iter().map(|x| x.norm()).collect();
    let mut sorted = magnitudes.clone();
    sorted.sort_by(f64::total_cmp);
    let total: f64 = sorted.iter().sum();
    let mut seen = 0.0;
    let least = sorted.iter().copied().find(|magnitude| {
        seen += magnitude / total;
        seen >= SPARSITY
    });
    let least = least.unwrap_or(0.0);
    let kept = |m: &f64| *m >= least;
    let first = magnitudes.iter().position(kept).unwrap_or(0);
    let last = magnitudes.iter().rposition(kept).unwrap_or(0);
    let weights = (first..=last).map(|m| {
        if kept(&magnitudes[m]) {
            Complex32::new(spectrum[m].re as f32, spectrum[m].im as f32)
        } else {
            Complex32::ZERO
        }
    });
    Row {
        first,
        weights: weights.collect(),
    }
}
