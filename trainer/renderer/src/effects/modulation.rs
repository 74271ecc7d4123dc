//! Chorus, tremolo and echo.

use std::f32::consts::TAU;

/// Mixes in a copy with an oscillating delay, in place.
pub fn chorus(samples: &mut [f32], rate_hz: f32, lfo_hz: f32, depth_s: f32, mix: f32) {
    const CENTRE_S: f32 = 0.012;
    let size = ((CENTRE_S + depth_s) * rate_hz) as usize + 4;
    let mut line = vec![0.0_f32; size];
    let step = TAU * lfo_hz / rate_hz;
    for (index, sample) in samples.iter_mut().enumerate() {
        line[index % size] = *sample;
        // The phase is taken modulo a turn in f64: in f32 it would coarsen with time.
        let phase = ((index as f64 * f64::from(step)) % f64::from(TAU)) as f32;
        let delay = (CENTRE_S + depth_s * phase.sin()) * rate_hz;
        let whole = delay as usize;
        let part = delay - whole as f32;
        let tap = |back: usize| line[(index + size - back.min(size - 1)) % size];
        let delayed = tap(whole) * (1.0 - part) + tap(whole + 1) * part;
        *sample = *sample * (1.0 - mix) + delayed * mix;
    }
}

/// Modulates the level.
pub fn tremolo(samples: &mut [f32], rate_hz: f32, lfo_hz: f32, depth: f32) {
    let step = f64::from(TAU * lfo_hz / rate_hz);
    for (index, sample) in samples.iter_mut().enumerate() {
        let phase = ((index as f64 * step) % f64::from(TAU)) as f32;
        *sample *= 1.0 - depth * 0.5 * (1.0 + phase.sin());
    }
}

/// A feedback echo.
pub fn echo(samples: &mut [f32], rate_hz: f32, delay_s: f32, feedback: f32, mix: f32) {
    let size = ((delay_s * rate_hz) as usize).max(1);
    let mut line = vec![0.0_f32; size];
    for (index, sample) in samples.iter_mut().enumerate() {
        let slot = &mut line[index % size];
        let delayed = *slot;
        *slot = *sample + delayed * feedback;
        *sample += delayed * mix;
    }
}

/// Adds a copy of the signal, late by `delay_s` and drifting slowly by `wander_s`: a stereo
/// widener summed to mono (a negative gain cancels), or a double-tracked part.
pub fn double(samples: &mut [f32], rate_hz: f32, delay_s: f32, wander_s: f32, gain: f32) {
    let size = ((delay_s + wander_s) * rate_hz) as usize + 4;
    let mut line = vec![0.0_f32; size];
    let step = TAU * 0.31 / rate_hz;
    for (index, sample) in samples.iter_mut().enumerate() {
        line[index % size] = *sample;
        let phase = ((index as f64 * f64::from(step)) % f64::from(TAU)) as f32;
        let delay = (delay_s + 0.5 * wander_s * (1.0 + phase.sin())) * rate_hz;
        let whole = delay as usize;
        let part = delay - whole as f32;
        let tap = |back: usize| line[(index + size - back.min(size - 1)) % size];
        let delayed = tap(whole) * (1.0 - part) + tap(whole + 1) * part;
        *sample += gain * delayed;
    }
}

/// Lowers the level at each of `onsets_s` by `depth` and lets it recover with the time
/// constant `recover_s`: a compressor side-chained to the kick.
pub fn pump(samples: &mut [f32], rate_hz: f32, onsets_s: &[f64], depth: f32, recover_s: f32) {
    let fall = (-1.0 / (recover_s * rate_hz)).exp();
    let mut onsets = onsets_s
        .iter()
        .map(|at| (at.max(0.0) * f64::from(rate_hz)) as usize)
        .peekable();
    let mut pressed = 0.0;
    for (index, sample) in samples.iter_mut().enumerate() {
        while onsets.next_if(|at| *at <= index).is_some() {
            pressed = depth;
        }
        *sample *= 1.0 - pressed;
        pressed *= fall;
    }
}
