//! Noise and mains hum.

use rand::Rng;
use rand_chacha::ChaCha8Rng;

/// Adds noise of an RMS level; `colour` 0 is white, towards 1 it loses its treble.
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
