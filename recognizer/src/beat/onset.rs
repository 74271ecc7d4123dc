//! Onset strength: the increase of the bands of a spectrum, frame by frame.

use std::ops::ControlFlow;

use realfft::RealFftPlanner;

use crate::features::SAMPLE_RATE;
use crate::signal::Signal;

/// Samples from frame to frame: 11.6 ms.
const HOP: usize = 256;
/// Samples of a frame's window: 46 ms.
const WINDOW: usize = 1024;
/// Seconds from frame to frame.
pub(super) const HOP_S: f64 = HOP as f64 / SAMPLE_RATE as f64;
/// Bands, evenly spaced in pitch from [`LOWEST_HZ`] to [`HIGHEST_HZ`].
const BANDS: usize = 40;
const LOWEST_HZ: f64 = 40.0;
const HIGHEST_HZ: f64 = 8_000.0;
/// Bands below this count as the bass drum's and the bass's.
const LOW_HZ: f64 = 160.0;
/// Magnitude at which compression begins; a full-scale sine has 1.
const COMPRESSION: f32 = 1e-3;
/// Bands above this count as those of sticks, hats and consonants.
const HIGH_HZ: f64 = 2_500.0;
/// Frames to either side of the local mean that is subtracted: 0.5 s.
const MEAN_FRAMES: usize = 43;

/// Onset strength over time, in units of its own standard deviation.
#[derive(Debug, Clone, Default)]
pub(super) struct Onsets {
    /// Of all bands; frame `n` is at `n` · [`HOP_S`].
    pub all: Vec<f32>,
    /// Of the low bands.
    pub low: Vec<f32>,
    /// Of the bands between.
    pub mid: Vec<f32>,
    /// Of the high bands.
    pub high: Vec<f32>,
}

impl Onsets {
    /// The onsets of `signal`: half-wave rectified differences of log-compressed bands,
    /// summed, without their local mean.
    pub fn of(signal: &Signal) -> Self {
        let mut flux = Flux::new();
        let mut onsets = Self::default();
        let mut samples = vec![0.0; WINDOW / 2];
        let read = signal.blocks(|block| {
            samples.extend_from_slice(block);
            flux.take(&mut samples, &mut onsets);
            ControlFlow::Continue(())
        });
        if read.is_err() {
            // No beats at all rather than those of a part.
            return Self::default();
        }
        samples.resize(samples.len() + WINDOW / 2, 0.0);
        flux.take(&mut samples, &mut onsets);
        for band in [
            &mut onsets.all,
            &mut onsets.low,
            &mut onsets.mid,
            &mut onsets.high,
        ] {
            *band = standardized(band);
        }
        onsets
    }
}

/// Spectral flux: the spectrum of the last frame, and the buffers of the next.
struct Flux {
    fft: std::sync::Arc<dyn realfft::RealToComplex<f32>>,
    hann: Vec<f32>,
    /// Bins of each band.
    bands: Vec<std::ops::Range<usize>>,
    low_bands: usize,
    /// The first of the high bands.
    high_from: usize,
    before: Option<Vec<f32>>,
}

impl Flux {
    fn new() -> Self {
        let bin_hz = f64::from(SAMPLE_RATE) / WINDOW as f64;
        let edge = |band: usize| {
            let hz = LOWEST_HZ * (HIGHEST_HZ / LOWEST_HZ).powf(band as f64 / BANDS as f64);
            (hz / bin_hz).round() as usize
        };
        let mut bands = Vec::new();
        let mut start = edge(0);
        for band in 1..=BANDS {
            // Low bands are narrower than a bin: each gets one of its own.
            let end = edge(band).max(start + 1);
            bands.push(start..end);
            start = end;
        }
        let low_bands = bands.iter().filter(|b| b.end as f64 * bin_hz <= LOW_HZ);
        let below_high = bands.iter().filter(|b| (b.start as f64) * bin_hz < HIGH_HZ);
        Self {
            fft: RealFftPlanner::new().plan_fft_forward(WINDOW),
            hann: (0..WINDOW)
                .map(|i| {
                    let turn = std::f32::consts::TAU * i as f32 / WINDOW as f32;
                    (0.5 - 0.5 * turn.cos()) * 4.0 / WINDOW as f32
                })
                .collect(),
            low_bands: low_bands.count(),
            high_from: below_high.count(),
            bands,
            before: None,
        }
    }

    /// Analyses the complete frames of `samples` and removes them from its front.
    fn take(&mut self, samples: &mut Vec<f32>, out: &mut Onsets) {
        let mut start = 0;
        let mut spectrum = self.fft.make_output_vec();
        while start + WINDOW <= samples.len() {
            let mut frame: Vec<f32> = samples[start..start + WINDOW]
                .iter()
                .zip(&self.hann)
                .map(|(x, w)| x * w)
                .collect();
            let result = self.fft.process(&mut frame, &mut spectrum);
            debug_assert!(result.is_ok(), "the buffers have the plan's sizes");
            let bands: Vec<f32> = self
                .bands
                .iter()
                .map(|bins| {
                    let power: f32 = spectrum[bins.clone()].iter().map(|x| x.norm_sqr()).sum();
                    (power.sqrt() + COMPRESSION).ln()
                })
                .collect();
            let rise = |range: std::ops::Range<usize>| -> f32 {
                self.before.as_ref().map_or(0.0, |before| {
                    range
                        .map(|band| (bands[band] - before[band]).max(0.0))
                        .sum()
                })
            };
            out.all.push(rise(0..BANDS));
            out.low.push(rise(0..self.low_bands));
            out.mid.push(rise(self.low_bands..self.high_from));
            out.high.push(rise(self.high_from..BANDS));
            self.before = Some(bands);
            start += HOP;
        }
        samples.drain(..start);
    }
}

/// Subtracts the local mean and divides by the standard deviation.
fn standardized(values: &[f32]) -> Vec<f32> {
    let mut sums = vec![0.0_f64];
    for value in values {
        sums.push(sums[sums.len() - 1] + f64::from(*value));
    }
    let centred: Vec<f32> = values
        .iter()
        .enumerate()
        .map(|(i, value)| {
            let from = i.saturating_sub(MEAN_FRAMES);
            let to = (i + MEAN_FRAMES + 1).min(values.len());
            value - ((sums[to] - sums[from]) / (to - from) as f64) as f32
        })
        .collect();
    let power: f64 = centred.iter().map(|x| f64::from(x * x)).sum();
    let deviation = (power / centred.len().max(1) as f64).sqrt() as f32;
    if deviation > 1e-6 {
        centred.iter().map(|x| x / deviation).collect()
    } else {
        vec![0.0; values.len()]
    }
}
