//! Deviations of partials from the twelve pitch classes at 440 Hz, moment by moment.
//!
//! Peaks of a short spectrum, their frequencies by parabolic interpolation of the log magnitude
//! (Smith and Serra, "PARSHL", ICMC 1987); each distance from the nearest semitone is an angle, a
//! semitone a full turn, and the weighted mean of the unit vectors is the deviation: its angle is
//! the distance, its length how well the partials agree (circular statistics: Mardia and Jupp,
//! "Directional Statistics", section 2.2).

use std::sync::Arc;

use realfft::num_complex::{Complex32, Complex64};
use realfft::{RealFftPlanner, RealToComplex};

use super::Tuning;
use crate::features::{SAMPLE_RATE, tame_sample};

/// Samples of a spectrum, 186 ms: partials a semitone apart at 150 Hz are two bins apart.
const LEN: usize = 4096;
/// Samples from one spectrum to the next, 93 ms.
pub(super) const HOP: usize = 2048;
/// Partials between these frequencies count, in Hz: below, neighbours overlap; above, partials are
/// stretched and detuned.
const LOWEST_HZ: f64 = 150.0;
const HIGHEST_HZ: f64 = 2000.0;
/// The least amplitude of a peak, as a share of the largest one.
const LEAST_SHARE: f32 = 0.05;
/// Peaks below this are noise, amplitude of a sinusoid (−70 dB of full scale).
const LEAST_AMPLITUDE: f32 = 3e-4;

/// Mean unit vector of one spectrum's partials; its length is 0 (no agreement, or silence) to 1.
pub(super) type Deviation = Complex64;

/// Spectra of a stream, one every [`HOP`] samples.
pub(super) struct Deviations {
    fft: Arc<dyn RealToComplex<f32>>,
    window: Vec<f32>,
    /// The last [`LEN`] samples at most.
    history: Vec<f32>,
    frame: Vec<f32>,
    spectrum: Vec<Complex32>,
    scratch: Vec<Complex32>,
    magnitudes: Vec<f32>,
}

impl Default for Deviations {
    fn default() -> Self {
        let fft = RealFftPlanner::new().plan_fft_forward(LEN);
        let turn = std::f32::consts::TAU / LEN as f32;
        Self {
            window: (0..LEN)
                .map(|n| 0.5 - 0.5 * (turn * n as f32).cos())
                .collect(),
            history: Vec::with_capacity(LEN),
            frame: fft.make_input_vec(),
            spectrum: fft.make_output_vec(),
            scratch: fft.make_scratch_vec(),
            magnitudes: vec![0.0; LEN / 2 + 1],
            fft,
        }
    }
}

impl Deviations {
    /// Samples up to the one that completes the next spectrum; at least one.
    pub(super) fn until_next(&self) -> usize {
        LEN - self.history.len()
    }

    /// Takes samples at [`SAMPLE_RATE`] and passes the deviation of each spectrum that they
    /// complete to `sink`.
    pub(super) fn push(&mut self, mut samples: &[f32], mut sink: impl FnMut(Deviation)) {
        while !samples.is_empty() {
            let (now, later) = samples.split_at(samples.len().min(LEN - self.history.len()));
            self.history.extend(now.iter().copied().map(tame_sample));
            samples = later;
            if self.history.len() == LEN {
                sink(self.analyse());
                self.history.copy_within(HOP.., 0);
                self.history.truncate(LEN - HOP);
            }
        }
    }

    /// Forgets all samples.
    pub(super) fn reset(&mut self) {
        self.history.clear();
    }

    fn analyse(&mut self) -> Deviation {
        if self.history.iter().all(|sample| *sample == 0.0) {
            return Deviation::ZERO;
        }
        let windowed = self.history.iter().zip(&self.window);
        for (out, (sample, weight)) in self.frame.iter_mut().zip(windowed) {
            *out = sample * weight;
        }
        let result =
            self.fft
                .process_with_scratch(&mut self.frame, &mut self.spectrum, &mut self.scratch);
        debug_assert!(result.is_ok(), "the buffers came from this plan");
        // A sinusoid of amplitude 1 under a Hann window peaks at LEN / 4.
        for (magnitude, x) in self.magnitudes.iter_mut().zip(&self.spectrum) {
            *magnitude = x.norm() * 4.0 / LEN as f32;
        }
        mean_vector(&self.magnitudes)
    }
}

fn mean_vector(magnitudes: &[f32]) -> Deviation {
    let bin_hz = f64::from(SAMPLE_RATE) / LEN as f64;
    let first = (LOWEST_HZ / bin_hz).ceil() as usize;
    let last = (HIGHEST_HZ / bin_hz).floor() as usize;
    let largest = magnitudes[first..=last].iter().copied().fold(0.0, f32::max);
    let least = (largest * LEAST_SHARE).max(LEAST_AMPLITUDE);
    let (mut sum, mut total) = (Complex64::ZERO, 0.0);
    for bin in first..=last {
        let [before, here, after] = [magnitudes[bin - 1], magnitudes[bin], magnitudes[bin + 1]];
        if !(here >= least && here > before && here >= after) {
            continue;
        }
        let [a, b, c] = [before, here, after].map(|m| f64::from(m).max(1e-12).ln());
        let curve = a - 2.0 * b + c;
        let shift = if curve < 0.0 {
            (0.5 * (a - c) / curve).clamp(-0.5, 0.5)
        } else {
            0.0
        };
        let semitones = 12.0 * ((bin as f64 + shift) * bin_hz / 440.0).log2();
        let weight = f64::from(here);
        sum += Complex64::from_polar(weight, std::f64::consts::TAU * semitones);
        total += weight;
    }
    if total > 0.0 {
        sum / total
    } else {
        Deviation::ZERO
    }
}

/// Sum of the deviations of many spectra. Spectra whose partials agree count more.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Evidence {
    sum: Complex64,
    /// The length of the sum if all vectors had the same direction.
    weight: f64,
}

impl Evidence {
    /// The least weight for an estimate: about a second of a chord.
    const LEAST_WEIGHT: f64 = 5.0;
    /// The least mean length of the vectors for an estimate.
    const LEAST_AGREEMENT: f64 = 0.3;

    pub(super) fn add(&mut self, deviation: Deviation) {
        let length = deviation.norm();
        self.sum += deviation * length;
        self.weight += length;
    }

    /// Multiplies the weight of the past by `share`.
    pub(super) fn fade(&mut self, share: f64) {
        self.sum *= share;
        self.weight *= share;
    }

    /// The tuning; of those a semitone apart the one nearest to `near`. `None` while there is too
    /// little evidence.
    pub(super) fn tuning(&self, near: Tuning) -> Option<Tuning> {
        if self.weight < Self::LEAST_WEIGHT || self.sum.norm() < Self::LEAST_AGREEMENT * self.weight
        {
            return None;
        }
        let cents = 100.0 * self.sum.arg() / std::f64::consts::TAU;
        let near = f64::from(near.cents());
        let turns = ((near - cents) / 100.0).round();
        let nearest = cents + 100.0 * turns;
        // Beyond the limit the next semitone is nearer.
        let within = if nearest.abs() > f64::from(super::MAX_CENTS) {
            cents
        } else {
            nearest
        };
        Some(Tuning::from_cents(within as f32))
    }
}
