//! Plucked strings (Karplus and Strong, *Digital synthesis of plucked-string and drum timbres*,
//! CMJ 7(2), 1983; tuning and decay after Jaffe and Smith, in the same issue).

use rand::Rng;
use rand_chacha::ChaCha8Rng;

use super::shaped;

/// A string.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PluckedString {
    /// Time in which the fundamental decays by 60 dB, in seconds.
    pub decay_s: f32,
    /// How fast the treble decays, 0 (as slowly as the rest) to 0.5 (a two-point mean).
    pub damping: f32,
    /// Where it is plucked, as a fraction of its length.
    pub pluck: f32,
    /// Low-pass of the excitation, 0 (none) to 0.95.
    pub softness: f32,
}

impl PluckedString {
    /// Adds one note.
    pub(super) fn voice(
        &self,
        hz: f32,
        velocity: f32,
        amplitude: &[f32],
        rate_hz: f32,
        rng: &mut ChaCha8Rng,
        out: &mut [f32],
    ) {
        // The loop filter (1 - d) + d z^-1 delays by about d samples, the all-pass by a
        // fraction between 0.1 and 1.1.
        let period = rate_hz / hz - self.damping;
        let whole = (period - 0.1).floor().max(2.0);
        // Above a quarter of the rate the string cannot be tuned.
        let fraction = (period - whole).clamp(0.1, 1.1);
        let allpass = (1.0 - fraction) / (1.0 + fraction);
        let size = whole as usize;
        let loss = (-6.91 / (self.decay_s * hz)).exp();

        let soft = (self.softness + 0.3 * (1.0 - velocity)).clamp(0.0, 0.97);
        let mut smooth = 0.0_f32;
        let mut line: Vec<f32> = (0..size)
            .map(|_| {
                let white: f32 = rng.random_range(-1.0..=1.0);
                smooth = soft * smooth + (1.0 - soft) * white;
                smooth
            })
            .collect();
        let mean = line.iter().sum::<f32>() / size as f32;
        for value in &mut line {
            *value -= mean;
        }
        let place = ((self.pluck * size as f32) as usize).clamp(1, size - 1);
        let plucked: Vec<f32> = (0..size)
            .map(|at| line[at] - line[(at + size - place) % size])
            .collect();
        let energy = plucked.iter().map(|x| x * x).sum::<f32>() / size as f32;
        let scale = 0.5 / energy.sqrt().max(1e-6);
        line = plucked.into_iter().map(|x| x * scale).collect();

        let mut at = 0;
        let (mut last, mut passed_in, mut passed_out) = (0.0_f32, 0.0_f32, 0.0_f32);
        shaped(amplitude, out, |_| {
            let value = line[at];
            let damped = loss * ((1.0 - self.damping) * value + self.damping * last);
            last = value;
            let tuned = allpass * (damped - passed_out) + passed_in;
            passed_in = damped;
            passed_out = tuned;
            line[at] = tuned;
            at += 1;
            if at == size {
                at = 0;
            }
            value
        });
    }
}
