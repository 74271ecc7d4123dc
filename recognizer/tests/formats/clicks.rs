//! Audio files with a click, and detection of its time.

use std::path::{Path, PathBuf};

use recognizer::audio::Audio;

/// A file made by `tests/audio/make_clicks.py`. It has one second: silence, a click whose middle
/// is at 0.5 s, and from 0.6 s on a tone of 440 Hz; two equal channels at 44.1 kHz.
pub fn committed(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/audio")
        .join(name)
}

/// Middle of the energy around the loudest sample from `from_s` on, in seconds.
pub fn click_s(audio: &Audio, from_s: f64) -> f64 {
    let rate = f64::from(audio.sample_rate);
    let from = (from_s * rate) as usize;
    let to = (from + rate as usize).min(audio.samples.len());
    let loudest =
        |a: &usize, b: &usize| audio.samples[*a].abs().total_cmp(&audio.samples[*b].abs());
    let peak = (from..to).max_by(loudest).expect("samples");
    let reach = audio.sample_rate as usize / 1000;
    let around = peak.saturating_sub(reach)..=(peak + reach).min(audio.samples.len() - 1);
    let energy = |n: &usize| f64::from(audio.samples[*n]).powi(2);
    let moment: f64 = around.clone().map(|n| energy(&n) * n as f64).sum();
    moment / around.map(|n| energy(&n)).sum::<f64>() / rate
}
