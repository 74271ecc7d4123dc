//! Artefacts of worn machines: unsteady speed and coarse samples.

use std::f32::consts::TAU;

/// Modulates time by `depth_s` to either side, so that the pitch wavers; in place.
pub fn flutter(samples: &mut [f32], rate_hz: f32, hz: f32, depth_s: f32) {
    let dry = samples.to_vec();
    let step = f64::from(TAU * hz / rate_hz);
    for (index, sample) in samples.iter_mut().enumerate() {
        let phase = ((index as f64 * step) % f64::from(TAU)) as f32;
        let at = index as f32 as f64 - f64::from(depth_s * rate_hz * (1.0 + phase.sin()));
        let whole = at.floor();
        let part = (at - whole) as f32;
        let tap = |index: f64| dry.get(index as usize).copied().unwrap_or(0.0);
        if whole >= 0.0 {
            *sample = tap(whole) * (1.0 - part) + tap(whole + 1.0) * part;
        } else {
            *sample = 0.0;
        }
    }
}

/// Quantizes to `bits` bits of the loudest sample.
pub fn crush(samples: &mut [f32], bits: f32) {
    let highest = samples.iter().fold(0.0_f32, |most, x| most.max(x.abs()));
    let step = highest / (bits - 1.0).exp2();
    if step > 0.0 {
        for sample in samples {
            *sample = (*sample / step).round() * step;
        }
    }
}
