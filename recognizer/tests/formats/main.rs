//! Every audio format: its samples, its times, and common defects of files.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod clicks;
mod codecs;
mod damage;
mod files;
mod flac;
mod mpeg;
mod plain;
mod wave;
mod write;

use std::io::Cursor;

use clicks::{click_s, committed};
use recognizer::audio::{Audio, AudioError, Decoded, decode_file, decode_stream};

fn bytes_of(name: &str) -> Vec<u8> {
    std::fs::read(committed(name)).unwrap()
}

/// Decodes bytes as a file without an extension.
fn decode(bytes: &[u8]) -> Result<Audio, AudioError> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("song");
    std::fs::write(&path, bytes).unwrap();
    decode_file(&path, &mut |_| {})
}

/// Decodes bytes as they come out of a pipe.
fn piped(bytes: &[u8]) -> Result<(Decoded, Vec<f32>), AudioError> {
    let mut samples = Vec::new();
    let source = Cursor::new(bytes.to_vec());
    let mut sink = |_, block: &[f32]| samples.extend_from_slice(block);
    let decoded = decode_stream(source, "standard input", &mut |_| {}, &mut sink)?;
    Ok((decoded, samples))
}

/// From a file and from a pipe, which must be the same.
fn both(bytes: &[u8]) -> Audio {
    let audio = decode(bytes).unwrap();
    let (decoded, samples) = piped(bytes).unwrap();
    assert_eq!(decoded.sample_rate, audio.sample_rate);
    assert_eq!(samples.len(), audio.samples.len());
    assert!(samples == audio.samples, "other samples from a pipe");
    audio
}

/// One second: silence, a click whose middle is at 0.5 s, and from 0.6 s on a tone of 440 Hz.
fn click(rate: u32) -> Vec<f32> {
    let tau = std::f64::consts::TAU;
    (0..rate)
        .map(|n| {
            let time_s = f64::from(n) / f64::from(rate);
            let from_click_s = time_s - 0.5;
            let click = 0.8
                * (-(from_click_s / 0.0004).powi(2)).exp()
                * (tau * 2000.0 * from_click_s).cos();
            let tone = if time_s > 0.6 {
                0.1 * (tau * 440.0 * time_s).sin()
            } else {
                0.0
            };
            (click + tone) as f32
        })
        .collect()
}

#[track_caller]
fn assert_same(name: &str, audio: &Audio, expected: &[f32], tolerance: f32) {
    assert_eq!(audio.samples.len(), expected.len(), "{name}");
    let worst = audio.samples.iter().zip(expected);
    let worst = worst.map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
    assert!(worst <= tolerance, "{name}: {worst} off");
}
