//! The deviation of a recording from A4 = 440 Hz, estimated like `librosa.estimate_tuning` of
//! librosa 0.11: interpolated spectral peaks of all frames, those above the median magnitude,
//! a histogram of their distances from the grid.

use crate::librosa::stft::{Stft, hann};

const FRAME: usize = 2048;
const HOP: usize = 512;
const SAMPLE_RATE: f64 = 22_050.0;
/// Peaks between these frequencies count, in Hz.
const LOWEST_HZ: f64 = 150.0;
const HIGHEST_HZ: f64 = 4_000.0;
/// Share of a frame's largest magnitude that a peak must exceed.
const THRESHOLD: f32 = 0.1;
/// Bins of the histogram.
const STEPS: usize = 100;

/// The tuning of mono `samples` at 22 050 Hz as a fraction of a bin, −0.5 … 0.5; zero if there
/// is no peak.
pub(super) fn estimate(samples: &[f32], bins_per_octave: f32) -> f64 {
    let peaks = peaks(samples);
    let mut magnitudes: Vec<f32> = peaks.iter().map(|peak| peak.1).collect();
    let threshold = median(&mut magnitudes);
    let loud = peaks.iter().filter(|peak| peak.1 >= threshold);
    let edges: Vec<f64> = (0..=STEPS).map(|i| i as f64 * 0.01 - 0.5).collect();
    let mut counts = [0_u64; STEPS];
    for (frequency, _) in loud {
        // Octaves above 27.5 Hz, in single precision as in librosa.
        let octaves = (frequency / 27.5).log2();
        let mut residual = (bins_per_octave * octaves).rem_euclid(1.0);
        if residual >= 0.5 {
            residual -= 1.0;
        }
        let after = edges.partition_point(|&edge| edge <= f64::from(residual));
        counts[after.clamp(1, STEPS) - 1] += 1;
    }
    // The first of the largest counts.
    let most = counts.iter().copied().max().unwrap_or(0);
    match counts.iter().position(|&count| count == most) {
        Some(place) if most > 0 => edges[place],
        _ => 0.0,
    }
}

/// Frequency in Hz and magnitude of each peak (`librosa.piptrack`).
fn peaks(samples: &[f32]) -> Vec<(f32, f32)> {
    let mut stft = Stft::new(FRAME, hann(FRAME).map(|w| w as f32).collect());
    let mut peaks = Vec::new();
    let mut s = vec![0.0_f32; FRAME / 2 + 1];
    let hz = SAMPLE_RATE / FRAME as f64;
    for frame in 0..=samples.len() / HOP {
        for (s, x) in s.iter_mut().zip(stft.at(samples, frame * HOP)) {
            *s = x.norm();
        }
        let least = THRESHOLD * s.iter().copied().fold(0.0, f32::max);
        let above = |i: usize| if s[i] > least { s[i] } else { 0.0 };
        let first = (LOWEST_HZ / hz).ceil() as usize;
        let last = ((HIGHEST_HZ / hz).ceil() as usize).min(s.len() - 1);
        for i in first..last {
            if !(above(i) > above(i - 1) && above(i) >= above(i + 1)) {
                continue;
            }
            let [before, here, after] = [s[i - 1], s[i], s[i + 1]].map(f64::from);
            let a = after + before - 2.0 * here;
            let b = (after - before) / 2.0;
            let shift = if b.abs() >= a.abs() { 0.0 } else { -b / a };
            let frequency = (i as f64 + shift) * hz;
            let magnitude = here + 0.5 * b * shift;
            if frequency > 0.0 {
                peaks.push((frequency as f32, magnitude as f32));
            }
        }
    }
    peaks
}

/// The median: the mean of the middle two for an even number, zero for none.
fn median(values: &mut [f32]) -> f32 {
    if values.is_empty() {
        return 0.0;
    }
    let middle = values.len() / 2;
    let even = values.len().is_multiple_of(2);
    let (below, upper, _) = values.select_nth_unstable_by(middle, f32::total_cmp);
    if !even {
        return *upper;
    }
    let lower = below.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    (lower + *upper) / 2.0
}
