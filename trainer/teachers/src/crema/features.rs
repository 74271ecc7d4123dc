//! The features: pumpp 0.6's `HCQTMag`, constant-Q magnitudes of librosa 0.10 from two lowest
//! notes an octave apart, in decibels below the file's loudest.
//!
//! `librosa.cqt(y, sr=44100, hop_length=4096, fmin=32.7 * h, n_bins=216, bins_per_octave=36)` for
//! h = 1 and 2, and `amplitude_to_db(…, ref=np.max)` of each. librosa itself resamples the signal
//! to 22 050 Hz for h = 2 and to 11 025 Hz for h = 1 before filtering; here the input is at 22
//! 050 Hz already.

use std::f32::consts::SQRT_2;

use crate::hpss;
use crate::librosa::halve::halve;
use crate::librosa::stft::Stft;
use crate::librosa::wavelets::{Wavelets, length};
use crate::views::View;

/// Samples between frames, at 22 050 Hz.
pub const HOP_SAMPLES: usize = 2048;
/// Sample rate of the input, in Hz.
pub const SAMPLE_RATE: f64 = 22_050.0;
/// Bins of each transform.
pub const BINS: usize = 216;
/// Transforms: the channels of the network's input.
pub const HARMONICS: usize = 2;

const BINS_PER_OCTAVE: usize = 36;
/// C1 in equal temperament with A4 = 440 Hz.
const F_MIN_HZ: f64 = 32.703_195_662_574_83;
/// Frames of the median over time for the harmonic part: the odd number nearest to the .72 s that
/// librosa's 31 frames of 512 samples last.
const KERNEL_FRAMES: usize = 7;
/// The smallest power that counts.
const LEAST_POWER: f32 = 1e-10;
/// Levels further below the loudest are raised to this distance, in decibels.
const RANGE_DB: f32 = 80.0;

/// Levels `[len / 2048, 216, 2]` of mono `samples` at 22 050 Hz.
#[must_use]
pub fn harmonic_cqt(samples: &[f32]) -> Vec<f32> {
    seen_in(View::default(), samples)
}

/// The levels in a view. Transposed, the transforms begin at another note instead: real data enter
/// at both ends.
pub(super) fn seen_in(view: View, samples: &[f32]) -> Vec<f32> {
    let f_min = F_MIN_HZ * 2f64.powf(-f64::from(view.semitones()) / 12.0);
    let frames = samples.len() / HOP_SAMPLES;
    let mut features = vec![0.0; frames * BINS * HARMONICS];
    // librosa preserves energy when it lowers the rate: a factor of √2 each time, which the
    // input still lacks for the first time.
    let mut signal: Vec<f32> = samples.iter().map(|x| x * SQRT_2).collect();
    let (mut rate, mut hop) = (SAMPLE_RATE, HOP_SAMPLES);
    for harmonic in (1..=HARMONICS).rev() {
        if harmonic < HARMONICS {
            signal = halve(&signal);
            rate /= 2.0;
            hop /= 2;
        }
        let mut magnitudes = cqt(&signal, rate, hop, f_min * harmonic as f64, frames);
        if view.harmonic {
            magnitudes = hpss::harmonic(&magnitudes, BINS, KERNEL_FRAMES, hpss::KERNEL);
        }
        levels(&mut magnitudes);
        let places = features.chunks_exact_mut(HARMONICS);
        for (place, level) in places.zip(magnitudes) {
            place[harmonic - 1] = level;
        }
    }
    features
}

/// Magnitudes `[frames, 216]` of a signal, octave by octave from the top.
fn cqt(signal: &[f32], rate: f64, hop: usize, f_min: f64, frames: usize) -> Vec<f32> {
    let octave = BINS_PER_OCTAVE as f64;
    let frequencies: Vec<f64> = (0..BINS)
        .map(|bin| f_min * 2f64.powf(bin as f64 / octave))
        .collect();
    let mut result = vec![0.0; frames * BINS];
    let mut signal = std::borrow::Cow::Borrowed(signal);
    let (mut own_rate, mut own_hop, mut gain) = (rate, hop, 1.0_f64);
    for first in (0..BINS).step_by(BINS_PER_OCTAVE).rev() {
        let own = &frequencies[first..first + BINS_PER_OCTAVE];
        let wavelets = Wavelets::new(own, own_rate, octave, 1, gain);
        let mut stft = Stft::new(wavelets.frame, Vec::new());
        let scale = |f: &f64| length(*f, rate, octave).sqrt().recip() as f32;
        let scales: Vec<f32> = own.iter().map(scale).collect();
        for (n, row) in result.chunks_exact_mut(BINS).enumerate() {
            let spectrum = stft.at(&signal, n * own_hop);
            wavelets.respond(spectrum, &scales, &mut row[first..first + BINS_PER_OCTAVE]);
        }
        if first > 0 {
            signal = halve(&signal).into();
            own_rate /= 2.0;
            own_hop /= 2;
            gain *= std::f64::consts::SQRT_2;
        }
    }
    result
}

/// Magnitudes as decibels relative to the largest of them.
fn levels(magnitudes: &mut [f32]) {
    let decibels = |power: f32| 10.0 * power.max(LEAST_POWER).log10();
    let largest = magnitudes.iter().copied().fold(0.0, f32::max);
    let reference = decibels(largest * largest);
    for x in magnitudes {
        // The largest is at 0 dB.
        *x = (decibels(*x * *x) - reference).max(-RANGE_DB);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two seconds of two notes with a few harmonics, `semitones` higher.
    fn notes(semitones: f64) -> Vec<f32> {
        let sample = |n: usize| {
            let partials = [(110.0, 0.3), (220.0, 0.2), (277.2, 0.3), (831.6, 0.1)];
            let sum = partials.iter().map(|(hz, gain)| {
                let hz = hz * 2f64.powf(semitones / 12.0);
                gain * (n as f64 / SAMPLE_RATE * hz * std::f64::consts::TAU).sin()
            });
            sum.sum::<f64>() as f32
        };
        (0..44_100).map(sample).collect()
    }

    #[test]
    fn a_view_sees_the_notes_where_others_stand_in_the_original() {
        let plain = harmonic_cqt(&notes(0.0));
        for semitones in [-2, 3] {
            let view = View::new(semitones, false).unwrap();
            let moved = seen_in(view, &notes(-f64::from(semitones)));
            assert_eq!(moved.len(), plain.len());
            let middle = 10 * BINS * HARMONICS..12 * BINS * HARMONICS;
            let mut loud = 0;
            for (a, b) in plain[middle.clone()].iter().zip(&moved[middle]) {
                if *a > -30.0 {
                    loud += 1;
                    assert!((a - b).abs() < 0.3, "{semitones}: {a} and {b}");
                }
            }
            assert!(loud > 20, "{loud}");
        }
        assert_eq!(seen_in(View::default(), &notes(0.0)), plain);
    }
}
