//! Whole files: frames and chords depend only on the samples, not on their blocks.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::f32::consts::TAU;

use proptest::prelude::*;
use recognizer::audio::Audio;
use recognizer::features::centred_cqt::CentredCqt;
use recognizer::features::{BINS, log_compress};
use recognizer::inference::WindowModel;
use recognizer::models;
use recognizer::resample::StreamResampler;
use recognizer::signal::Signal;
use recognizer::transcribe::{Analysis, log_frames, posteriors, transcribe};
use recognizer::tuning::Tuning;

/// C major, A minor, F major, a second and a half each.
fn music(rate: u32) -> Vec<f32> {
    let chords = [
        [130.81_f32, 329.63, 392.0],
        [110.0, 329.63, 523.25],
        [87.31, 349.23, 440.0],
    ];
    let length = rate as usize * 3 / 2;
    let sample = |chord: &[f32; 3], n: usize| {
        let t = n as f32 / rate as f32;
        let tone = |f: f32| (1..5).map(move |k| (TAU * f * k as f32 * t).sin() / (k * k) as f32);
        0.1 * chord.iter().flat_map(|&f| tone(f)).sum::<f32>()
    };
    let chords = chords.iter();
    chords
        .flat_map(|chord| (0..length).map(move |n| sample(chord, n)))
        .collect()
}

/// The frames of a file that comes in parts of these sizes, over and over.
fn frames_in_parts(audio: &Audio, sizes: &[usize]) -> Vec<f32> {
    let mut resampler = StreamResampler::new(f64::from(audio.sample_rate)).unwrap();
    let mut transform = CentredCqt::new(2048).unwrap();
    let mut frames = Vec::new();
    let mut take = |_: u64, magnitudes: &[f32; BINS]| {
        frames.extend(magnitudes.iter().map(|&m| log_compress(m)));
    };
    let mut rest = audio.samples.as_slice();
    for &size in sizes.iter().cycle() {
        if rest.is_empty() {
            break;
        }
        let (part, tail) = rest.split_at(size.min(rest.len()));
        rest = tail;
        let mut resampled = Vec::new();
        resampler.push(part, &mut resampled);
        transform.push(&resampled, &mut take);
    }
    let mut resampled = Vec::new();
    resampler.flush(&mut resampled);
    transform.push(&resampled, &mut take);
    transform.finish(&mut take);
    frames
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 6, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_chunking_gives_the_same_frames_and_chords(
        rate in prop::sample::select(vec![8_000_u32, 22_050, 44_100, 48_000, 96_000]),
        sizes in prop::collection::vec(prop_oneof![Just(1_usize), 1..64_usize, 1..100_000_usize], 1..12),
    ) {
        let audio = Audio::new(music(rate), rate);
        let frames = frames_in_parts(&audio, &sizes);
        let whole = log_frames(&Signal::from_audio(&audio).unwrap(), Tuning::CONCERT, |_| true).unwrap();
        prop_assert_eq!(frames.len(), whole.len());
        prop_assert!(frames.iter().zip(&whole).all(|(a, b)| a.to_bits() == b.to_bits()));

        let model = models::windowed().unwrap();
        let heard = Analysis {
            posteriors: posteriors(&frames, model.as_ref(), |_| true).unwrap(),
            length_s: audio.length_s(),
            tuning: Tuning::CONCERT,
            calibration: WindowModel::calibration(model.as_ref()),
        };
        let chords = heard.timeline(None).unwrap();
        prop_assert_eq!(&chords, &transcribe(&audio, model.as_ref(), |_| true).unwrap());
        prop_assert!(chords.len() >= 2, "{:?}", chords);
    }
}
