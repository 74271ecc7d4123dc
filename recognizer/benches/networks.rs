//! Speed of the shipped networks alone, on one core: `cargo bench --workspace --bench networks`.
//! The items are frames. `CHANGES_NO_AVX512=1` measures the loops for processors without AVX-512.
#![allow(clippy::unwrap_used, reason = "a measurement fails by panicking")]

use divan::counter::ItemsCount;
use divan::{Bencher, black_box};
use recognizer::features::BINS;
use recognizer::inference::{CausalModel, WindowModel};
use recognizer::models;
use recognizer::networks::WINDOW_FRAMES;

/// Frames of the live network in a run.
const LIVE_FRAMES: usize = 216;

fn main() {
    divan::main();
}

/// Levels that vary over bins and time.
fn frames(count: usize) -> Vec<f32> {
    let level = |i: usize| {
        let (t, b) = ((i / BINS) as f32, (i % BINS) as f32);
        -6.0 + 3.0 * (0.7 * b + 0.2 * t).sin()
    };
    (0..count * BINS).map(level).collect()
}

#[divan::bench]
fn windowed(bencher: Bencher) {
    let frames = frames(WINDOW_FRAMES);
    let network = models::windowed().unwrap();
    bencher
        .counter(ItemsCount::new(WINDOW_FRAMES))
        .bench_local(|| network.windows(black_box(&frames)).unwrap());
}

#[divan::bench]
fn live(bencher: Bencher) {
    let frames = frames(LIVE_FRAMES);
    let mut network = models::live().unwrap().start();
    bencher
        .counter(ItemsCount::new(LIVE_FRAMES))
        .bench_local(|| {
            for frame in frames.as_chunks::<BINS>().0 {
                black_box(network.step(frame).unwrap());
            }
        });
}
