//! Speed of the resampler on one core: `cargo run --release -p recognizer
//! --example resample_speed`.

use std::time::Instant;

use recognizer::resample::{RateError, StreamResampler};

fn main() -> Result<(), RateError> {
    for rate in [8e3, 44_056.0, 44_100.0, 48e3, 96e3, 192e3, 384e3] {
        let start = Instant::now();
        let mut resampler = StreamResampler::new(rate)?;
        let construction_ms = start.elapsed().as_secs_f64() * 1e3;
        let mut speed = |level: f32| {
            let second: Vec<f32> = (0..rate as usize)
                .map(|n| level * (n as f32 * 0.1).sin())
                .collect();
            let mut out = Vec::with_capacity(30_000);
            let start = Instant::now();
            const SECONDS: usize = 60;
            for _ in 0..SECONDS {
                out.clear();
                for block in second.chunks(512) {
                    resampler.push(block, &mut out);
                }
            }
            SECONDS as f64 / start.elapsed().as_secs_f64()
        };
        // Denormal numbers would show in the second.
        let (loud, quiet) = (speed(1.0), speed(1e-3));
        println!(
            "{rate} Hz: {loud:.0} times real time (at -60 dB {quiet:.0}), constructed in \
             {construction_ms:.1} ms, delay {:.1} ms",
            resampler.delay_s() * 1e3
        );
    }
    Ok(())
}
