//! Speed of the shipped networks alone, on one core: `cargo run --release -p recognizer
//! --example network_speed`. Another processor's loops: `CHANGES_NO_AVX512=1`.

use std::error::Error;
use std::time::Instant;

use recognizer::features::BINS;
use recognizer::inference::{CausalModel, WindowModel};
use recognizer::models;
use recognizer::networks::WINDOW_FRAMES;

/// Runs of each; the fastest and the one in the middle are told, for the machine is shared.
const RUNS: usize = 60;

/// Frames of the live network in a run.
const LIVE_FRAMES: usize = 216;

fn main() -> Result<(), Box<dyn Error>> {
    // Levels that wander over bins and time.
    let frames: Vec<f32> = (0..LIVE_FRAMES * BINS)
        .map(|i| {
            let (t, b) = ((i / BINS) as f32, (i % BINS) as f32);
            -6.0 + 3.0 * (0.7 * b + 0.2 * t).sin()
        })
        .collect();
    let windowed = models::windowed()?;
    let mut taken = Vec::new();
    for _ in 0..RUNS {
        let start = Instant::now();
        windowed.windows(&frames[..WINDOW_FRAMES * BINS])?;
        taken.push(start.elapsed().as_secs_f64() / WINDOW_FRAMES as f64);
    }
    report("windowed", taken);
    let mut live = models::live()?.start();
    let mut taken = Vec::new();
    for _ in 0..RUNS {
        let start = Instant::now();
        for frame in frames.as_chunks::<BINS>().0 {
            live.step(frame)?;
        }
        taken.push(start.elapsed().as_secs_f64() / LIVE_FRAMES as f64);
    }
    report("live", taken);
    Ok(())
}

fn report(name: &str, mut taken_s: Vec<f64>) {
    taken_s.sort_by(f64::total_cmp);
    let us = |index: usize| 1e6 * taken_s[index];
    println!(
        "{name}: {:.1} µs a frame, {:.1} at best",
        us(RUNS / 2),
        us(0)
    );
}
