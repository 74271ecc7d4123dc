//! The amplitude envelope of a note.

use super::CONTROL_SAMPLES;

/// Attack, decay, sustain and release; decay and release fall exponentially.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Envelope {
    /// Rise time in seconds.
    pub attack_s: f32,
    /// Time constant of the fall to the sustain level, in seconds.
    pub decay_s: f32,
    /// Level that a held note settles at, 0 to 1.
    pub sustain: f32,
    /// Time in which a released note falls by 60 dB, in seconds.
    pub release_s: f32,
}

impl Envelope {
    /// Samples that a note sounds after its release.
    #[must_use]
    pub fn release_samples(&self, rate_hz: f32) -> usize {
        (self.release_s * rate_hz) as usize + CONTROL_SAMPLES
    }

    /// The gain of a note at every edge of a control block, for `total` samples with release
    /// after `held`; silence after the release.
    #[must_use]
    pub fn curve(&self, total: usize, held: usize, rate_hz: f32, gain: f32) -> Vec<f32> {
        let level = |at_s: f32| {
            let rise = (at_s / self.attack_s.max(1e-3)).min(1.0);
            let fall = (-(at_s - self.attack_s).max(0.0) / self.decay_s.max(1e-3)).exp();
            rise * (self.sustain + (1.0 - self.sustain) * fall)
        };
        let held_s = held as f32 / rate_hz;
        let at_release = level(held_s);
        let mut curve: Vec<f32> = (0..=total.div_ceil(CONTROL_SAMPLES))
            .map(|edge| {
                let at_s = (edge * CONTROL_SAMPLES) as f32 / rate_hz;
                let level = if at_s <= held_s {
                    level(at_s)
                } else {
                    // 60 dB is a factor of exp(6.91).
                    at_release * (-6.91 * (at_s - held_s) / self.release_s.max(0.01)).exp()
                };
                level * gain
            })
            .collect();
        if total >= held + self.release_samples(rate_hz)
            && let Some(last) = curve.last_mut()
        {
            *last = 0.0;
        }
        curve
    }
}
