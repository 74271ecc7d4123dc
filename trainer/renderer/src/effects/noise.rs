//! Noise and mains hum.

use rand::Rng;
use rand_chacha::ChaCha8Rng;

use super::filters::{self, Filter};

/// Adds noise of an RMS level; `colour` 0 is white, values towards 1 lose treble.
pub fn add_noise(samples: &mut [f32], rng: &mut ChaCha8Rng, rms: f32, colour: f32) {
    let mut smooth = 0.0;
    // A one-pole low-pass leaves (1 - c) / (1 + c) of the power; uniform noise has 1/3.
    let gain = rms * (3.0 * (1.0 + colour) / (1.0 - colour)).sqrt();
    for sample in samples {
        smooth = colour * smooth + (1.0 - colour) * rng.random_range(-1.0_f32..=1.0);
        *sample += smooth * gain;
    }
}

/// Adds hum with its first harmonics.
pub fn add_hum(samples: &mut [f32], rate_hz: f32, mains_hz: f32, amplitude: f32) {
    let step = std::f64::consts::TAU * f64::from(mains_hz / rate_hz);
    for (index, sample) in samples.iter_mut().enumerate() {
        let phase = (index as f64 * step) % std::f64::consts::TAU;
        let phase = phase as f32;
        let wave = phase.sin() + 0.5 * (2.0 * phase).sin() + 0.3 * (3.0 * phase).sin();
        *sample += amplitude * wave;
    }
}

/// Adds the clicks of a worn record, `a_second` of them per second, up to `level` each.
pub fn add_crackle(
    samples: &mut [f32],
    rate_hz: f32,
    rng: &mut ChaCha8Rng,
    level: f32,
    a_second: f32,
) {
    let share = (a_second / rate_hz).min(1.0);
    let mut click = 0.0_f32;
    for sample in samples {
        if rng.random::<f32>() < share {
            click = rng.random_range(-1.0..=1.0_f32).powi(3) * 4.0 * level;
        }
        *sample += click;
        click *= -0.6;
    }
}

/// Adds a murmuring crowd of an RMS level: noise of the speech band that swells and falls.
pub fn add_crowd(samples: &mut [f32], rate_hz: f32, rng: &mut ChaCha8Rng, rms: f32) {
    let mut crowd = vec![0.0; samples.len()];
    add_noise(&mut crowd, rng, 1.0, 0.6);
    filters::apply(&mut crowd, rate_hz, Filter::HighPass { hz: 250.0 });
    filters::apply(&mut crowd, rate_hz, Filter::LowPass { hz: 2500.0 });
    let mean = crowd.iter().map(|x| x * x).sum::<f32>() / crowd.len().max(1) as f32;
    let scale = rms / mean.sqrt().max(1e-9);
    let mut swell = 1.0_f32;
    for (block, noise) in samples.chunks_mut(4096).zip(crowd.chunks(4096)) {
        swell = (swell + rng.random_range(-0.2..=0.2)).clamp(0.4, 1.6);
        for (sample, value) in block.iter_mut().zip(noise) {
            *sample += value * scale * swell;
        }
    }
}
