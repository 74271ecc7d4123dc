//! Frequency modulation (Chowning, *The synthesis of complex audio spectra by means of
//! frequency modulation*, JAES 21(7), 1973): electric pianos, bells, basses, brass.

use std::f32::consts::TAU;
use std::sync::LazyLock;

use rand::Rng;
use rand_chacha::ChaCha8Rng;

use super::expression::Curve;
use super::{CONTROL_SAMPLES, shaped};

const SINE_BITS: u32 = 11;

static SINE: LazyLock<Vec<f32>> = LazyLock::new(|| {
    (0..1 << SINE_BITS)
        .map(|index| (TAU * index as f32 / (1 << SINE_BITS) as f32).sin())
        .collect()
});

/// One modulator and its carrier.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pair {
    /// The carrier's multiple of the note's frequency.
    pub carrier: f32,
    /// The modulator's multiple.
    pub modulator: f32,
    /// Modulation index at full velocity.
    pub index: f32,
    /// Time constant of the index, seconds.
    pub fade_s: f32,
    /// Share of the index that remains.
    pub stays: f32,
    /// Level of the pair, 0 to 1.
    pub level: f32,
    /// Detuning in cents.
    pub cents: f32,
}

/// Pairs that sound together.
#[derive(Debug, Clone, PartialEq)]
pub struct Fm {
    /// The pairs.
    pub pairs: Vec<Pair>,
}

fn sine(phase: u32) -> f32 {
    SINE[(phase >> (32 - SINE_BITS)) as usize]
}

impl Fm {
    /// Adds one note.
    #[expect(clippy::too_many_arguments, reason = "all there is about one note")]
    pub(super) fn voice(
        &self,
        hz: f32,
        velocity: f32,
        curve: &Curve,
        amplitude: &[f32],
        rate_hz: f32,
        rng: &mut ChaCha8Rng,
        out: &mut [f32],
    ) {
        const TURN: f64 = 4_294_967_296.0;
        for pair in &self.pairs {
            let hz = hz * (pair.cents / 1200.0).exp2();
            // The sidebands must stay below half the rate (Carson's rule).
            let room = (0.45 * rate_hz / hz - pair.carrier) / pair.modulator - 1.0;
            if 0.45 * rate_hz / hz <= pair.carrier {
                continue;
            }
            let most = (pair.index * (0.3 + 0.7 * velocity)).min(room.max(0.0));
            let mut phases: (u32, u32) = (rng.random(), rng.random());
            let (mut carrier, mut modulator) = (0_u32, 0_u32);
            let mut index = 0.0_f32;
            let mut current = usize::MAX;
            shaped(amplitude, out, |block| {
                if block != current {
                    current = block;
                    let at_s = (block * CONTROL_SAMPLES) as f32 / rate_hz;
                    let bent = hz * (curve.bend(at_s) / 12.0).exp2() / rate_hz;
                    carrier = (f64::from(bent * pair.carrier) * TURN) as u32;
                    modulator = (f64::from(bent * pair.modulator) * TURN) as u32;
                    let faded = (-at_s / pair.fade_s.max(1e-3)).exp();
                    index = most * (pair.stays + (1.0 - pair.stays) * faded) / TAU;
                }
                phases.0 = phases.0.wrapping_add(carrier);
                phases.1 = phases.1.wrapping_add(modulator);
                let shift = (f64::from(index * sine(phases.1)) * TURN) as i64 as u32;
                sine(phases.0.wrapping_add(shift)) * pair.level * 0.5
            });
        }
    }
}
