//! Synthesized audio of known chords: additive harmonics, no samples.

use std::f64::consts::TAU;

/// Length of one chord in seconds.
pub const CHORD_S: f64 = 2.0;

/// A progression with its labels and its notes as MIDI keys, bass first.
pub const PROGRESSION: [(&str, &[u8]); 8] = [
    ("C:maj", &[48, 60, 64, 67, 72]),
    ("A:min", &[45, 57, 60, 64, 69]),
    ("F:maj", &[41, 57, 60, 65, 69]),
    ("G:maj", &[43, 59, 62, 67, 71]),
    ("E:min", &[40, 59, 64, 67, 71]),
    ("D:min", &[50, 57, 62, 65, 69]),
    ("Bb:maj", &[46, 58, 62, 65, 70]),
    ("C:maj", &[48, 60, 64, 67, 72]),
];

/// The progression at `sample_rate` in Hz, mono, struck twice a second.
pub fn progression(sample_rate: f64) -> Vec<f32> {
    let chords = PROGRESSION.iter();
    chords
        .flat_map(|(_, keys)| chord(sample_rate, keys))
        .collect()
}

/// One chord of [`CHORD_S`] seconds.
pub fn chord(sample_rate: f64, keys: &[u8]) -> Vec<f32> {
    chord_of(sample_rate, keys, CHORD_S)
}

/// One chord of `duration_s` seconds.
pub fn chord_of(sample_rate: f64, keys: &[u8], duration_s: f64) -> Vec<f32> {
    let mut audio = vec![0.0; (duration_s * sample_rate).round() as usize];
    for key in keys {
        add_note(&mut audio, f64::from(*key), sample_rate);
    }
    audio
}

/// Adds a note of eight harmonics, 1/n² each, struck twice a second.
fn add_note(audio: &mut [f32], key: f64, sample_rate: f64) {
    let pitch_hz = 440.0 * ((key - 69.0) / 12.0).exp2();
    for (index, sample) in audio.iter_mut().enumerate() {
        let time_s = index as f64 / sample_rate;
        let struck_s = time_s % 0.5;
        let envelope = (struck_s / 0.01).min(1.0) * (-2.0 * struck_s).exp();
        let wave: f64 = (1..=8)
            .map(f64::from)
            .filter(|n| n * pitch_hz < 0.45 * sample_rate)
            .map(|n| (TAU * n * pitch_hz * time_s).sin() / (n * n))
            .sum();
        *sample += (0.08 * envelope * wave) as f32;
    }
}

/// Deterministic noise in −1…1 (SplitMix64).
pub fn noise(seed: u64, len: usize) -> Vec<f32> {
    let mut state = seed;
    let mut next = || {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    };
    (0..len)
        .map(|_| (next() >> 40) as f32 / (1u64 << 23) as f32 - 1.0)
        .collect()
}
