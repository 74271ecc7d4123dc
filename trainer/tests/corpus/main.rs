//! Corpora: manifests, scans, Opus and frames, on small files made here.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod frames;
mod manifest;
mod opus;
mod scan;

use std::fs;
use std::path::Path;

use trainer::corpus::scan::{ScanSettings, Sources};

/// A WAV of `length_s` seconds at `rate` Hz with the sum of sines of `hz`.
fn tones(path: &Path, rate: u32, hz: &[f64], length_s: f64) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    let spec = hound::WavSpec {
        channels: 1,
        sample_rate: rate,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let mut writer = hound::WavWriter::create(path, spec).unwrap();
    for i in 0..(length_s * f64::from(rate)) as u32 {
        let phase = f64::from(i) / f64::from(rate) * std::f64::consts::TAU;
        let sum: f64 = hz.iter().map(|hz| (phase * hz).sin()).sum();
        writer.write_sample((sum * 5000.0) as i16).unwrap();
    }
    writer.finalize().unwrap();
}

fn settings(folder: &Path) -> ScanSettings {
    ScanSettings {
        folder: folder.into(),
        out: folder.join("corpus.jsonl"),
        name: "test".into(),
        licence: "unknown".into(),
        source: None,
        sources: Sources::new(),
        listed: trainer::corpus::listed::Listed::new(),
        split: None,
        labels: None,
        min_length_s: 1.0,
        threads: 2,
    }
}
