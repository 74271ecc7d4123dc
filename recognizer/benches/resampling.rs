//! Speed of the resampler on one core: `cargo bench --workspace --bench resampling`. The items are
//! input samples: the input rate is real time.
#![allow(clippy::unwrap_used, reason = "a measurement fails by panicking")]

use divan::Bencher;
use divan::counter::ItemsCount;
use recognizer::resample::StreamResampler;

/// Input rates in hertz.
const RATES: [u32; 7] = [8_000, 44_056, 44_100, 48_000, 96_000, 192_000, 384_000];

fn main() {
    divan::main();
}

fn second(bencher: Bencher, rate: u32, level: f32) {
    let samples: Vec<f32> = (0..rate).map(|n| level * (n as f32 * 0.1).sin()).collect();
    let mut resampler = StreamResampler::new(f64::from(rate)).unwrap();
    let mut out = Vec::with_capacity(30_000);
    bencher
        .counter(ItemsCount::new(samples.len()))
        .bench_local(|| {
            out.clear();
            for block in samples.chunks(512) {
                resampler.push(block, &mut out);
            }
        });
}

#[divan::bench(args = RATES)]
fn at_full_scale(bencher: Bencher, rate: u32) {
    second(bencher, rate, 1.0);
}

/// Slow if denormal numbers occur.
#[divan::bench(args = RATES)]
fn at_minus_60_db(bencher: Bencher, rate: u32) {
    second(bencher, rate, 1e-3);
}

#[divan::bench]
fn made_ready() -> StreamResampler {
    StreamResampler::new(48e3).unwrap()
}
