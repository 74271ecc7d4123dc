//! Speed of the transforms on one core: `cargo bench --workspace --bench features`. The items are
//! samples: 22 050 of them a second is real time.
#![allow(clippy::unwrap_used, reason = "a measurement fails by panicking")]

use divan::counter::ItemsCount;
use divan::{Bencher, black_box};
use recognizer::features::SAMPLE_RATE;
use recognizer::features::causal_vqt::CausalVqt;
use recognizer::features::centred_cqt::cqt;

/// Signal length in seconds.
const LENGTH_S: usize = 30;

fn main() {
    divan::main();
}

fn noise() -> Vec<f32> {
    let mut seed = 1u32;
    let next = || {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (seed >> 8) as f32 / (1 << 23) as f32 - 1.0
    };
    std::iter::repeat_with(next)
        .take(LENGTH_S * SAMPLE_RATE as usize)
        .collect()
}

#[divan::bench(args = [512, 2048], sample_count = 20, sample_size = 1)]
fn constant_q_at_hop(bencher: Bencher, hop: usize) {
    let samples = noise();
    bencher
        .counter(ItemsCount::new(samples.len()))
        .bench_local(|| cqt(black_box(&samples), hop).unwrap());
}

#[divan::bench(sample_count = 20, sample_size = 1)]
fn live(bencher: Bencher) {
    let samples = noise();
    let mut live = CausalVqt::new();
    bencher
        .counter(ItemsCount::new(samples.len()))
        .bench_local(|| {
            for chunk in samples.chunks(512) {
                live.push(chunk, |frame| {
                    black_box(frame);
                });
            }
        });
}

#[divan::bench]
fn live_made_ready() -> CausalVqt {
    CausalVqt::new()
}
