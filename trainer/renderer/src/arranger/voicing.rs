//! Voicings: which keys sound for a chord, and how one chord leads to the next.

use rand::Rng;
use rand_chacha::ChaCha8Rng;

use crate::chord::Chord;

/// How a chord's tones are spread.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Voicing {
    /// All tones within an octave.
    Close,
    /// Every second tone an octave higher.
    Open,
    /// The second highest tone an octave lower.
    Drop2,
    /// Without the root, which the bass plays.
    Rootless,
    /// The root doubled below and the highest tone above.
    Full,
}

impl Voicing {
    /// All voicings.
    pub const ALL: [Self; 5] = [
        Self::Close,
        Self::Open,
        Self::Drop2,
        Self::Rootless,
        Self::Full,
    ];
}

/// The keys of a chord around `centre`, close to the previous keys.
///
/// Ascending, without repetition, within 36 to 96. Every tone that distinguishes the chord is
/// there; only the perfect fifth of a chord of five tones or more is sometimes left out, and
/// the root where the voicing says so.
#[must_use]
pub fn voice(
    rng: &mut ChaCha8Rng,
    chord: Chord,
    voicing: Voicing,
    centre: i32,
    previous: &[i32],
) -> Vec<i32> {
    let tones = chord.kind().tones;
    let mut classes: Vec<i32> = tones
        .iter()
        .copied()
        .filter(|tone| !(*tone == 7 && tones.len() >= 5 && rng.random_bool(0.6)))
        // Without its root a symmetric chord is another chord.
        .filter(|tone| !(*tone == 0 && voicing == Voicing::Rootless && tones.len() >= 4))
        .map(|tone| (i32::from(chord.root) + i32::from(tone)).rem_euclid(12))
        .collect();
    classes.sort_unstable();
    classes.dedup();

    let mut best: Option<(f64, Vec<i32>)> = None;
    for rotation in 0..classes.len() {
        for base in [centre - 14, centre - 8, centre - 2] {
            let mut keys = Vec::with_capacity(classes.len());
            let mut floor = base;
            for step in 0..classes.len() {
                let class = classes[(rotation + step) % classes.len()];
                let key = floor + (class - floor).rem_euclid(12);
                keys.push(key);
                floor = key + 1;
            }
            let mean = keys.iter().sum::<i32>() as f64 / keys.len() as f64;
            let motion = if previous.is_empty() {
                0.0
            } else {
                let before = previous.iter().sum::<i32>() as f64 / previous.len() as f64;
                (mean - before).abs()
            };
            let cost = (mean - f64::from(centre)).abs() * 0.7 + motion + rng.random_range(0.0..2.5);
            if best.as_ref().is_none_or(|(least, _)| cost < *least) {
                best = Some((cost, keys));
            }
        }
    }
    let mut keys = best.map(|(_, keys)| keys).unwrap_or_default();
    let count = keys.len();
    match voicing {
        Voicing::Open => {
            for key in keys.iter_mut().skip(1).step_by(2) {
                *key += 12;
            }
        }
        Voicing::Drop2 if count >= 3 => keys[count - 2] -= 12,
        Voicing::Full => {
            let root = i32::from(chord.root);
            keys.push(keys[0] - 12 + (root - keys[0]).rem_euclid(12));
            keys.push(keys[rng.random_range(0..count)] + 12);
        }
        _ => {}
    }
    for key in &mut keys {
        while *key < 36 {
            *key += 12;
        }
        while *key > 96 {
            *key -= 12;
        }
    }
    keys.sort_unstable();
    keys.dedup();
    keys
}

/// The key of the chord's bass note nearest below `ceiling`.
#[must_use]
pub fn bass_key(chord: Chord, ceiling: i32) -> i32 {
    ceiling - (ceiling - i32::from(chord.bass_pitch_class())).rem_euclid(12)
}
