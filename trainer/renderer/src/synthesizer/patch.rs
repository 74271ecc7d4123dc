//! Random instruments for a part.

use rand::Rng;
use rand::seq::IndexedRandom;
use rand_chacha::ChaCha8Rng;

use super::envelope::Envelope;
use super::fm::{Fm, Pair};
use super::string::PluckedString;
use super::wavetable::{CYCLES, Spectrum, Wavetable};
use super::{Patch, Source};

/// The role of an instrument.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Chords that are struck or plucked.
    Struck,
    /// Chords that are held.
    Held,
    /// A bass.
    Bass,
    /// A sung melody.
    Voice,
    /// A played melody.
    Lead,
}

/// Formants of sung vowels in Hz, scaled by a factor from a child's to a bass's (Peterson and
/// Barney, *Control methods used in a study of the vowels*, JASA 24(2), 1952, men).
const VOWELS: [[f32; 4]; 8] = [
    [730.0, 1090.0, 2440.0, 3400.0],
    [570.0, 840.0, 2410.0, 3300.0],
    [300.0, 870.0, 2240.0, 3300.0],
    [270.0, 2290.0, 3010.0, 3700.0],
    [530.0, 1840.0, 2480.0, 3500.0],
    [660.0, 1720.0, 2410.0, 3500.0],
    [640.0, 1190.0, 2390.0, 3400.0],
    [490.0, 1350.0, 1690.0, 3000.0],
];

fn log_range(rng: &mut ChaCha8Rng, low: f32, high: f32) -> f32 {
    rng.random_range(low.ln()..=high.ln()).exp()
}

impl Patch {
    /// Draws an instrument.
    #[must_use]
    pub fn draw(rng: &mut ChaCha8Rng, role: Role) -> Self {
        let source = match role {
            Role::Voice => Source::Wavetable(vowels(rng, 1)),
            Role::Struck => match rng.random_range(0..10) {
                0..3 => Source::String(string(rng, role)),
                3..6 => Source::Fm(fm(rng, role)),
                6..8 => Source::Wavetable(analog(rng, role)),
                _ => Source::Wavetable(chance(rng)),
            },
            Role::Held => match rng.random_range(0..10) {
                0..4 => Source::Wavetable(analog(rng, role)),
                4..6 => Source::Wavetable(organ(rng)),
                6..8 => {
                    let singers = rng.random_range(2..=4);
                    Source::Wavetable(vowels(rng, singers))
                }
                8 => Source::Fm(fm(rng, role)),
                _ => Source::Wavetable(chance(rng)),
            },
            Role::Bass => match rng.random_range(0..10) {
                0..5 => Source::Wavetable(analog(rng, role)),
                5..7 => Source::String(string(rng, role)),
                7..9 => Source::Fm(fm(rng, role)),
                _ => Source::Wavetable(chance(rng)),
            },
            Role::Lead => match rng.random_range(0..10) {
                0..4 => Source::Wavetable(analog(rng, role)),
                4..6 => Source::Fm(fm(rng, role)),
                6 => Source::String(string(rng, role)),
                _ => Source::Wavetable(chance(rng)),
            },
        };
        let sung = role == Role::Voice;
        Self {
            envelope: envelope(rng, role, &source),
            breath: if sung {
                log_range(rng, 0.01, 0.25)
            } else if rng.random_bool(0.15) {
                log_range(rng, 0.01, 0.1)
            } else {
                0.0
            },
            burst: if sung {
                rng.random_range(0.0..0.6)
            } else if rng.random_bool(0.3) {
                rng.random_range(0.0..0.3)
            } else {
                0.0
            },
            drift_cents: *[0.0, 2.0, 6.0].choose(rng).unwrap_or(&0.0),
            source,
        }
    }
}

fn envelope(rng: &mut ChaCha8Rng, role: Role, source: &Source) -> Envelope {
    if matches!(source, Source::String(_)) {
        // The string itself decays.
        return Envelope {
            attack_s: 0.001,
            decay_s: 1.0,
            sustain: 1.0,
            release_s: log_range(rng, 0.03, 0.4),
        };
    }
    match role {
        Role::Struck => Envelope {
            attack_s: log_range(rng, 0.001, 0.02),
            decay_s: log_range(rng, 0.15, 2.5),
            sustain: rng.random_range(0.0..0.3),
            release_s: log_range(rng, 0.05, 0.8),
        },
        Role::Held => Envelope {
            attack_s: log_range(rng, 0.005, 0.25),
            decay_s: log_range(rng, 0.3, 3.0),
            sustain: rng.random_range(0.5..1.0),
            release_s: log_range(rng, 0.05, 1.0),
        },
        Role::Bass => Envelope {
            attack_s: log_range(rng, 0.001, 0.02),
            decay_s: log_range(rng, 0.2, 2.0),
            sustain: rng.random_range(0.2..1.0),
            release_s: log_range(rng, 0.03, 0.2),
        },
        Role::Voice => Envelope {
            attack_s: log_range(rng, 0.01, 0.12),
            decay_s: log_range(rng, 0.3, 2.0),
            sustain: rng.random_range(0.6..1.0),
            release_s: log_range(rng, 0.05, 0.3),
        },
        Role::Lead => Envelope {
            attack_s: log_range(rng, 0.002, 0.06),
            decay_s: log_range(rng, 0.2, 2.0),
            sustain: rng.random_range(0.3..1.0),
            release_s: log_range(rng, 0.05, 0.5),
        },
    }
}

fn analog(rng: &mut ChaCha8Rng, role: Role) -> Wavetable {
    let pulse = match rng.random_range(0..4) {
        0 | 1 => 0.0,
        2 => 0.5,
        _ => rng.random_range(0.08..0.5),
    };
    let (low, high, most, darken) = match role {
        Role::Bass => (250.0, 3000.0, 2, (0.05, 0.6)),
        Role::Held => (600.0, 7000.0, 4, (0.5, 4.0)),
        Role::Struck => (500.0, 7000.0, 3, (0.05, 0.8)),
        Role::Voice | Role::Lead => (800.0, 8000.0, 3, (0.1, 2.0)),
    };
    Wavetable {
        spectrum: Spectrum::Analog {
            pulse,
            cutoff_hz: log_range(rng, low, high),
            tracking: rng.random_range(0.0..1.0),
            closing: rng.random_range(0.45..0.9),
            resonance: log_range(rng, 0.05, 4.0),
        },
        unison: rng.random_range(1..=most),
        spread_cents: log_range(rng, 2.0, 20.0),
        darken_s: log_range(rng, darken.0, darken.1),
        rest: rng.random_range(0.3..3.0),
        sweep: if rng.random_bool(0.3) {
            rng.random_range(0.0..1.2)
        } else {
            0.0
        },
        sweep_hz: log_range(rng, 0.1, 6.0),
    }
}

fn organ(rng: &mut ChaCha8Rng) -> Wavetable {
    let bars: [f32; 9] = std::array::from_fn(|bar| {
        let drawn = if matches!(bar, 0 | 2 | 3) { 0.85 } else { 0.45 };
        // The 5⅓' drawbar sounds a fifth above the key and colours every chord: it is seldom
        // loud.
        let most: f32 = if bar == 1 { 0.4 } else { 1.0 };
        if rng.random_bool(drawn) {
            rng.random_range(0.1..most.max(0.11))
        } else {
            0.0
        }
    });
    Wavetable {
        spectrum: Spectrum::Drawbars(bars.map(|bar| bar + 1e-3)),
        unison: 1,
        spread_cents: 0.0,
        darken_s: 1.0,
        rest: 0.0,
        sweep: 0.0,
        sweep_hz: 1.0,
    }
}

fn vowels(rng: &mut ChaCha8Rng, singers: usize) -> Wavetable {
    // Longer and shorter vocal tracts: bass to child.
    let tract = rng.random_range(0.88..1.35);
    let formants: [[f32; 4]; CYCLES] = std::array::from_fn(|_| {
        VOWELS
            .choose(rng)
            .unwrap_or(&VOWELS[0])
            .map(|hz| hz * tract)
    });
    Wavetable {
        spectrum: Spectrum::Vowels {
            formants,
            // A choir is softer than a soloist, and its vowels must not mask the chord.
            tilt_db: if singers > 1 {
                rng.random_range(-12.0..-6.0)
            } else {
                rng.random_range(-10.0..-4.0)
            },
        },
        unison: singers,
        spread_cents: if singers > 1 {
            rng.random_range(6.0..22.0)
        } else {
            0.0
        },
        darken_s: log_range(rng, 0.1, 1.0),
        rest: rng.random_range(0.0..3.0),
        sweep: rng.random_range(0.0..1.5),
        sweep_hz: rng.random_range(0.3..4.0),
    }
}

fn chance(rng: &mut ChaCha8Rng) -> Wavetable {
    let even: f32 = if rng.random_bool(0.3) { 0.1 } else { 1.0 };
    let amplitudes = (1..=24)
        .map(|harmonic| {
            let share = if harmonic % 2 == 0 { even } else { 1.0 };
            // The pitch must be audible: the first two harmonics are never weak.
            let least = if harmonic <= 2 { 0.5 } else { 0.02 };
            share * rng.random_range(least..1.0_f32)
        })
        .collect();
    Wavetable {
        spectrum: Spectrum::Chance {
            amplitudes,
            slope: rng.random_range(0.3..1.8),
            closing: rng.random_range(0.1..0.8),
        },
        unison: rng.random_range(1..=2),
        spread_cents: log_range(rng, 1.0, 12.0),
        darken_s: log_range(rng, 0.08, 2.0),
        rest: rng.random_range(0.0..3.0),
        sweep: 0.0,
        sweep_hz: 1.0,
    }
}

fn string(rng: &mut ChaCha8Rng, role: Role) -> PluckedString {
    let bass = role == Role::Bass;
    PluckedString {
        decay_s: if bass {
            log_range(rng, 1.5, 8.0)
        } else {
            log_range(rng, 0.6, 6.0)
        },
        damping: rng.random_range(0.02..0.5),
        pluck: rng.random_range(0.06..0.5),
        softness: if bass {
            rng.random_range(0.5..0.95)
        } else {
            rng.random_range(0.0..0.85)
        },
    }
}

fn fm(rng: &mut ChaCha8Rng, role: Role) -> Fm {
    // Multiples that keep the pitch clear; 3.5, 7 and 14 ring like a tine.
    let multiples: &[f32] = match role {
        Role::Bass => &[1.0, 1.0, 2.0, 0.5, 3.0],
        Role::Held | Role::Voice => &[1.0, 1.0, 2.0, 3.0, 4.0],
        Role::Lead => &[1.0, 1.0, 2.0, 2.0, 3.0],
        Role::Struck => &[1.0, 1.0, 2.0, 3.0, 3.5, 7.0, 14.0, 4.0],
    };
    let held = role != Role::Struck;
    let pairs = (0..rng.random_range(1..=3))
        .map(|pair| {
            let modulator = *multiples.choose(rng).unwrap_or(&1.0);
            let most = if modulator > 3.2 { 1.5 } else { 5.0 };
            Pair {
                carrier: if pair == 0 {
                    1.0
                } else {
                    *[1.0, 1.0, 2.0, 4.0].choose(rng).unwrap_or(&1.0)
                },
                modulator,
                index: log_range(rng, 0.2, most),
                fade_s: log_range(rng, 0.05, 2.0),
                stays: if held {
                    rng.random_range(0.1..0.9)
                } else {
                    rng.random_range(0.0..0.4)
                },
                level: if pair == 0 {
                    1.0
                } else {
                    rng.random_range(0.1..0.7)
                },
                cents: rng.random_range(-8.0..8.0),
            }
        })
        .collect();
    Fm { pairs }
}
