//! Speed of the transforms on one core: `cargo run --release -p recognizer
//! --example feature_speed`.

use std::time::Instant;

use recognizer::features::SAMPLE_RATE;
use recognizer::features::causal_vqt::CausalVqt;
use recognizer::features::centred_cqt::cqt;

/// Signal length in seconds.
const LENGTH_S: usize = 300;

fn main() -> Result<(), recognizer::features::HopError> {
    let mut seed = 1u32;
    let next = || {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (seed >> 8) as f32 / (1 << 23) as f32 - 1.0
    };
    let len = LENGTH_S * SAMPLE_RATE as usize;
    let samples: Vec<f32> = std::iter::repeat_with(next).take(len).collect();

    for hop in [512, 2048] {
        let start = Instant::now();
        let frames = cqt(&samples, hop)?;
        report(&format!("cqt, hop {hop}"), frames.n_frames, start);
    }
    let start = Instant::now();
    let mut live = CausalVqt::new();
    println!(
        "live, construction: {:.1} ms",
        start.elapsed().as_secs_f64() * 1e3
    );
    let start = Instant::now();
    let mut frames = 0;
    for chunk in samples.chunks(512) {
        live.push(chunk, |_| frames += 1);
    }
    report("live, hop 1024", frames, start);
    Ok(())
}

fn report(name: &str, frames: usize, start: Instant) {
    let taken_s = start.elapsed().as_secs_f64();
    println!(
        "{name}: {:.0} times real time, {:.1} µs a frame",
        LENGTH_S as f64 / taken_s,
        taken_s * 1e6 / frames as f64
    );
}
