//! Melodies that sing over the chords, partly against them.

use rand::Rng;
use rand::seq::IndexedRandom;
use rand_chacha::ChaCha8Rng;

use super::{Note, Section, velocity};
use crate::score::Score;

const RHYTHMS: [&[f64]; 10] = [
    &[1.0, 1.0, 1.0, 1.0],
    &[0.5, 0.5, 1.0, 0.5, 0.5, 1.0],
    &[1.5, 0.5, 1.0, 1.0],
    &[2.0, 1.0, 1.0],
    &[0.5, 0.5, 0.5, 0.5, 2.0],
    &[3.0, 0.5, 0.5],
    &[4.0],
    &[0.25, 0.25, 0.5, 0.5, 0.5, 1.0, 1.0],
    &[0.75, 0.75, 0.5, 0.75, 0.75, 0.5],
    &[1.0, 0.5, 1.0, 0.5, 1.0],
];

/// Writes a melody in beats: chord tones mostly on the beats, elsewhere passing
/// notes of the key, suspensions held from the chord before, and approach notes a
/// semitone below or above.
pub(super) fn write(rng: &mut ChaCha8Rng, score: &Score, sections: &[Section]) -> Vec<Note> {
    let (tonic, minor) = score.key;
    let scale: &[i32] = if minor {
        &[0, 2, 3, 5, 7, 8, 10]
    } else {
        &[0, 2, 4, 5, 7, 9, 11]
    };
    let in_scale = |key: i32| scale.contains(&(key - i32::from(tonic)).rem_euclid(12));
    let centre = rng.random_range(66..=79);
    let loudness = rng.random_range(75..=110);
    let legato = rng.random_range(0.6..1.05);
    // How strictly this singer keeps to the chord.
    let strictness = rng.random_range(0.45..0.9);
    let motifs: [&[f64]; 3] = std::array::from_fn(|_| *RHYTHMS.choose(rng).unwrap_or(&RHYTHMS[0]));

    let mut notes: Vec<Note> = Vec::new();
    let mut key = centre;
    for section in sections {
        if rng.random_bool(0.2) {
            continue;
        }
        for (start, end) in &section.bars {
            if rng.random_bool(0.15) {
                continue;
            }
            let motif = *motifs.choose(rng).unwrap_or(&RHYTHMS[0]);
            let mut at = *start;
            for duration in motif.iter().cycle().take(32) {
                if at >= end - 1e-6 {
                    break;
                }
                let until = (at + duration).min(*end);
                if let Some(chord) = score.chord_at(at)
                    && rng.random_bool(0.9)
                {
                    let on_beat = at.fract() < 0.01;
                    let chance = if on_beat {
                        strictness
                    } else {
                        strictness * 0.6
                    };
                    let before = score.chord_at(at - 0.05);
                    let suspended = before.is_some_and(|before| before.contains(key))
                        && !chord.contains(key)
                        && rng.random_bool(0.3);
                    if !suspended {
                        let wanted: Vec<i32> = (key - 9..=key + 9)
                            .filter(|candidate| (centre - 12..=centre + 12).contains(candidate))
                            .filter(|candidate| *candidate != key || rng.random_bool(0.3))
                            .collect();
                        let tones: Vec<i32> = if rng.random_bool(chance) {
                            wanted.into_iter().filter(|k| chord.contains(*k)).collect()
                        } else if rng.random_bool(0.85) {
                            wanted
                                .into_iter()
                                .filter(|k| in_scale(*k) && (k - key).abs() <= 4)
                                .collect()
                        } else {
                            vec![key - 1, key + 1]
                        };
                        key = tones
                            .choose_weighted(rng, |k| 1.0 / (1.0 + f64::from((k - key).abs())))
                            .copied()
                            .unwrap_or(key);
                    }
                    notes.push(Note {
                        start: at,
                        end: at + (until - at) * legato,
                        key: key.clamp(36, 100) as u8,
                        velocity: velocity(rng, loudness),
                    });
                }
                at = until;
            }
        }
    }
    notes
}
