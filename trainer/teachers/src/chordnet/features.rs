//! The features: librosa's hybrid constant-Q magnitudes.
//!
//! `abs(librosa.hybrid_cqt(y, sr=22050, hop_length=512, fmin=note_to_hz("F#0"), n_bins=288,
//! bins_per_octave=36, tuning=None))` of librosa 0.11. Filters that fit in 512 samples are
//! applied to the magnitudes of one short-time Fourier transform (the "pseudo" part); the
//! others octave by octave, on a signal at half the rate each time.

use super::tuning;
use crate::librosa::halve::halve;
use crate::librosa::stft::{Stft, hann};
use crate::librosa::wavelets::{Wavelets, length};

/// Samples between frames.
pub const HOP_SAMPLES: usize = 512;
/// Bins of the transform.
pub const ALL_BINS: usize = 288;

const SAMPLE_RATE: f64 = 22_050.0;
const BINS_PER_OCTAVE: usize = 36;
/// F#0 in equal temperament with A4 = 440 Hz, 51 semitones below it.
const F_MIN_HZ: f64 = 23.124_651_419_477_15;
/// Filters of up to this many samples belong to the pseudo part.
const PSEUDO_LENGTH: f64 = 512.0;
/// Frame length of the pseudo part.
const PSEUDO_FRAME: usize = 1024;

/// Magnitudes `[1 + len / 512, 288]` of mono `samples` at 22 050 Hz.
pub fn hybrid_cqt(samples: &[f32]) -> Vec<f32> {
    let tuning = tuning::estimate(samples, BINS_PER_OCTAVE as f32);
    let octave = BINS_PER_OCTAVE as f64;
    let f_min = F_MIN_HZ * 2f64.powf(tuning / octave);
    let frequencies: Vec<f64> = (0..ALL_BINS)
        .map(|bin| f_min * 2f64.powf(bin as f64 / octave))
        .collect();
    let full = frequencies.partition_point(|&f| length(f, SAMPLE_RATE, octave) > PSEUDO_LENGTH);

    let frames = 1 + samples.len() / HOP_SAMPLES;
    let mut result = vec![0.0; frames * ALL_BINS];
    pseudo(samples, &frequencies[full..], &mut result);

    // Halved once before any filter: none of these reaches the upper half of the band.
    let mut signal = halve(samples);
    let mut rate = SAMPLE_RATE / 2.0;
    let mut hop = HOP_SAMPLES / 2;
    let mut gain = 1.0_f64;
    let mut end = full;
    while end > 0 {
        let first = end.saturating_sub(BINS_PER_OCTAVE);
        let place = Place {
            first,
            frequencies: &frequencies[first..end],
        };
        octave_of(&signal, rate, hop, gain, &place, &mut result);
        end = first;
        if end > 0 {
            signal = halve(&signal);
            rate /= 2.0;
            hop /= 2;
            gain *= std::f64::consts::SQRT_2;
        }
    }
    result
}

/// The bins of one octave.
struct Place<'a> {
    first: usize,
    frequencies: &'a [f64],
}

fn octave_of(
    signal: &[f32],
    rate: f64,
    hop: usize,
    gain: f64,
    place: &Place<'_>,
    result: &mut [f32],
) {
    let octave = BINS_PER_OCTAVE as f64;
    let wavelets = Wavelets::new(place.frequencies, rate, octave, 1, gain);
    let mut stft = Stft::new(wavelets.frame, Vec::new());
    // At the rate after the first halving, for every octave.
    let scales: Vec<f32> = place
        .frequencies
        .iter()
        .map(|&f| length(f, SAMPLE_RATE / 2.0, octave).sqrt().recip() as f32)
        .collect();
    for (n, row) in result.chunks_exact_mut(ALL_BINS).enumerate() {
        let spectrum = stft.at(signal, n * hop);
        let out = &mut row[place.first..place.first + scales.len()];
        wavelets.respond(spectrum, &scales, out);
    }
}

fn pseudo(samples: &[f32], frequencies: &[f64], result: &mut [f32]) {
    if frequencies.is_empty() {
        return;
    }
    let octave = BINS_PER_OCTAVE as f64;
    let wavelets =
        Wavelets::new(frequencies, SAMPLE_RATE, octave, PSEUDO_FRAME, 1.0).into_magnitudes();
    let window = hann(wavelets.frame).map(|w| w as f32).collect();
    let mut stft = Stft::new(wavelets.frame, window);
    let scale = (wavelets.frame as f32).sqrt().recip();
    let scales = vec![scale; frequencies.len()];
    let mut magnitudes = Vec::new();
    for (n, row) in result.chunks_exact_mut(ALL_BINS).enumerate() {
        magnitudes.clear();
        let spectrum = stft.at(samples, n * HOP_SAMPLES);
        magnitudes.extend(
            spectrum
                .iter()
                .map(|x| realfft::num_complex::Complex32::from(x.norm())),
        );
        wavelets.respond(
            &magnitudes,
            &scales,
            &mut row[ALL_BINS - frequencies.len()..],
        );
    }
}
