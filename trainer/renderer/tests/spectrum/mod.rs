//! The power of single frequencies in rendered audio.

/// The samples under a Hann window.
pub fn windowed(samples: &[f32]) -> Vec<f64> {
    let turn = std::f64::consts::TAU / samples.len() as f64;
    samples
        .iter()
        .enumerate()
        .map(|(index, sample)| f64::from(*sample) * (0.5 - 0.5 * (turn * index as f64).cos()))
        .collect()
}

/// Power at a frequency, of audio at 22 050 Hz, by Goertzel's recurrence.
pub fn power(windowed: &[f64], hz: f64) -> f64 {
    let coefficient = 2.0 * (std::f64::consts::TAU * hz / 22_050.0).cos();
    let (mut last, mut before) = (0.0, 0.0);
    for sample in windowed {
        (last, before) = (sample + coefficient * last - before, last);
    }
    last * last + before * before - coefficient * last * before
}
