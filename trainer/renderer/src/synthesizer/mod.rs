//! A synthesizer of our own, for unlimited timbres in training.
//!
//! A handful of SoundFonts has only a handful of pianos. A [`Patch`] is drawn at random
//! instead: wavetables (saws and pulses through a filter, organ drawbars, vowels, random
//! harmonics), frequency modulation, plucked strings. Mono, band-limited, from a seed.

use std::collections::HashMap;

use rand::Rng;
use rand_chacha::ChaCha8Rng;

use crate::arranger::Note;

pub mod drums;
pub mod envelope;
pub mod expression;
pub mod fm;
pub mod patch;
pub mod string;
pub mod wavetable;

use envelope::Envelope;
use expression::Expression;
use fm::Fm;
use string::PluckedString;
use wavetable::{Table, Wavetable};

/// Samples between two updates of envelopes, vibrato and brightness (3 ms at 22 050 Hz).
pub const CONTROL_SAMPLES: usize = 64;

/// The sound source of a patch.
#[derive(Debug, Clone, PartialEq)]
pub enum Source {
    /// Crossfaded single cycles.
    Wavetable(Wavetable),
    /// Frequency modulation.
    Fm(Fm),
    /// A plucked string.
    String(PluckedString),
}

/// An instrument.
#[derive(Debug, Clone, PartialEq)]
pub struct Patch {
    /// The sound source.
    pub source: Source,
    /// Loudness over a note.
    pub envelope: Envelope,
    /// Share of noise in the tone (breath), 0 to 1.
    pub breath: f32,
    /// Level of a burst of noise at the onset (consonant, pick, key), 0 to 1.
    pub burst: f32,
    /// The largest mistuning of a note, in cents.
    pub drift_cents: f32,
}

/// Plays notes (times in seconds) into `length` mono samples.
#[must_use]
pub fn play(
    patch: &Patch,
    notes: &[Note],
    expression: &Expression,
    rate_hz: f32,
    length: usize,
    rng: &mut ChaCha8Rng,
) -> Vec<f32> {
    let mut output = vec![0.0_f32; length];
    let mut tables: HashMap<u8, Vec<Table>> = HashMap::new();
    let curves = expression.curves(notes);
    for (note, curve) in notes.iter().zip(&curves) {
        let start = (note.start.max(0.0) * f64::from(rate_hz)) as usize;
        if start >= length {
            continue;
        }
        let held = (((note.end - note.start) * f64::from(rate_hz)) as usize).max(1);
        let total = (held + patch.envelope.release_samples(rate_hz)).min(length - start);
        let velocity = f32::from(note.velocity) / 127.0;
        let gain = velocity.powf(1.5);
        let drift = rng.random_range(-1.0..=1.0_f32) * patch.drift_cents / 100.0;
        let hz = 440.0 * ((f32::from(note.key) - 69.0 + drift) / 12.0).exp2();
        let out = &mut output[start..start + total];
        let amplitude = patch.envelope.curve(total, held, rate_hz, gain);
        match &patch.source {
            Source::Wavetable(wavetable) => {
                let tables = tables
                    .entry(note.key)
                    .or_insert_with(|| wavetable.tables(hz, rate_hz));
                wavetable.voice(tables, hz, velocity, curve, &amplitude, rate_hz, rng, out);
            }
            Source::Fm(fm) => fm.voice(hz, velocity, curve, &amplitude, rate_hz, rng, out),
            Source::String(string) => string.voice(hz, velocity, &amplitude, rate_hz, rng, out),
        }
        if patch.breath > 0.0 {
            breath(patch.breath, &amplitude, rng, out);
        }
        if patch.burst > 0.0 {
            burst(patch.burst * gain, rate_hz, rng, out);
        }
    }
    output
}

/// Fills `out` in control blocks with the gain at each sample.
pub(crate) fn shaped(amplitude: &[f32], out: &mut [f32], mut sample: impl FnMut(usize) -> f32) {
    for (block, chunk) in out.chunks_mut(CONTROL_SAMPLES).enumerate() {
        let (from, to) = (amplitude[block], amplitude[block + 1]);
        let step = (to - from) / CONTROL_SAMPLES as f32;
        let mut gain = from;
        for slot in chunk {
            *slot += sample(block) * gain;
            gain += step;
        }
    }
}

/// High-passed white noise under the envelope.
fn breath(level: f32, amplitude: &[f32], rng: &mut ChaCha8Rng, out: &mut [f32]) {
    let mut before = 0.0;
    shaped(amplitude, out, |_| {
        let white: f32 = rng.random_range(-1.0..=1.0);
        let high = white - before;
        before = white;
        high * level * 0.5
    });
}

/// A decaying burst of 20 to 80 ms.
fn burst(level: f32, rate_hz: f32, rng: &mut ChaCha8Rng, out: &mut [f32]) {
    let length = (rng.random_range(0.02..0.08) * rate_hz) as usize;
    let colour = rng.random_range(-0.6..0.6_f32);
    let mut smooth = 0.0;
    for (index, slot) in out.iter_mut().take(length).enumerate() {
        let white: f32 = rng.random_range(-1.0..=1.0);
        smooth = colour * smooth + (1.0 - colour.abs()) * white;
        *slot += smooth * level * (1.0 - index as f32 / length as f32);
    }
}
