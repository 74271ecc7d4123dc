//! Drum machines: swept sines, noise and metallic sounds.

use rand::Rng;
use rand_chacha::ChaCha8Rng;

use crate::arranger::Note;

/// A drum machine, drawn at random.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DrumMachine {
    /// Where the kick's sweep ends, Hz.
    pub kick_hz: f32,
    /// Time constant of the kick, in seconds; a long one sounds pitched.
    pub kick_s: f32,
    /// Time constant of the sweep, seconds.
    pub sweep_s: f32,
    /// Pitch of the snare's body, Hz.
    pub snare_hz: f32,
    /// Share of noise in the snare.
    pub wires: f32,
    /// Time constant of the snare, seconds.
    pub snare_s: f32,
    /// Time constant of the closed hat, seconds.
    pub hat_s: f32,
    /// High-pass of the hats, 0 to 1.
    pub hat_edge: f32,
}

impl DrumMachine {
    /// Draws a machine.
    #[must_use]
    pub fn draw(rng: &mut ChaCha8Rng) -> Self {
        Self {
            kick_hz: rng.random_range(38.0..70.0),
            kick_s: rng.random_range(0.05..0.35),
            sweep_s: rng.random_range(0.008..0.05),
            snare_hz: rng.random_range(140.0..260.0),
            wires: rng.random_range(0.4..0.95),
            snare_s: rng.random_range(0.04..0.2),
            hat_s: rng.random_range(0.01..0.06),
            hat_edge: rng.random_range(0.3..0.95),
        }
    }

    /// Plays notes by their General MIDI keys into `length` mono samples.
    #[must_use]
    pub fn play(
        &self,
        notes: &[Note],
        rate_hz: f32,
        length: usize,
        rng: &mut ChaCha8Rng,
    ) -> Vec<f32> {
        let mut output = vec![0.0_f32; length];
        for note in notes {
            let start = (note.start.max(0.0) * f64::from(rate_hz)) as usize;
            if start >= length {
                continue;
            }
            let gain = (f32::from(note.velocity) / 127.0).powf(1.5);
            let hit = self.hit(note.key);
            let total = ((7.0 * hit.decay_s) * rate_hz) as usize;
            let end = (start + total).min(length);
            let fall = (-1.0 / (hit.decay_s * rate_hz)).exp();
            let sweep = (-1.0 / (self.sweep_s * rate_hz)).exp();
            let mut envelope = gain * hit.level;
            let mut bent = hit.sweep;
            let mut phase = 0.0_f32;
            let mut before = 0.0_f32;
            for slot in &mut output[start..end] {
                let mut value = 0.0;
                if hit.noise < 1.0 {
                    phase = (phase + hit.hz * (1.0 + bent) / rate_hz).fract();
                    bent *= sweep;
                    value += (1.0 - hit.noise) * (phase * std::f32::consts::TAU).sin();
                }
                if hit.noise > 0.0 {
                    let white: f32 = rng.random_range(-1.0..=1.0);
                    value += hit.noise * (white - hit.edge * before);
                    before = white;
                }
                *slot += value * envelope;
                envelope *= fall;
            }
        }
        output
    }

    fn hit(&self, key: u8) -> Hit {
        let drum = |hz: f32, sweep: f32, decay_s: f32, noise: f32, edge: f32, level: f32| Hit {
            hz,
            sweep,
            decay_s,
            noise,
            edge,
            level,
        };
        match key {
            35 | 36 => drum(self.kick_hz, 5.0, self.kick_s, 0.02, 0.0, 1.0),
            37 | 75 | 76 => drum(900.0, 0.3, 0.015, 0.3, 0.5, 0.5),
            38 | 40 => drum(self.snare_hz, 0.6, self.snare_s, self.wires, 0.4, 0.8),
            39 => drum(1000.0, 0.0, 0.06, 1.0, 0.6, 0.6),
            41..=50 if !matches!(key, 42 | 44 | 46 | 49) => {
                let hz = 70.0 + 14.0 * f32::from(key - 41);
                drum(hz, 0.8, 0.16, 0.1, 0.3, 0.7)
            }
            42 | 44 => drum(6000.0, 0.0, self.hat_s, 1.0, self.hat_edge, 0.35),
            46 => drum(6000.0, 0.0, 6.0 * self.hat_s, 1.0, self.hat_edge, 0.35),
            49 | 52 | 55 | 57 => drum(5000.0, 0.0, 0.5, 1.0, 0.7, 0.4),
            51 | 53 | 59 => drum(5000.0, 0.0, 0.2, 1.0, 0.9, 0.25),
            60..=68 => drum(180.0 + 30.0 * f32::from(key - 60), 0.2, 0.08, 0.1, 0.2, 0.5),
            _ => drum(5000.0, 0.0, 0.03, 1.0, 0.8, 0.3),
        }
    }
}

/// One stroke.
struct Hit {
    hz: f32,
    sweep: f32,
    decay_s: f32,
    noise: f32,
    edge: f32,
    level: f32,
}
