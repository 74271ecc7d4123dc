//! Melodies over the chords, partly with tones outside them.

use rand::Rng;
use rand::seq::IndexedRandom;
use rand_chacha::ChaCha8Rng;

use super::{Note, Section, Texture, velocity};
use crate::song::{Harmony, Song, is_minor};

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
pub(super) fn write(rng: &mut ChaCha8Rng, song: &Song, sections: &[Section]) -> Vec<Note> {
    let (tonic, minor) = (song.key.tonic().pitch_class(), is_minor(song.key));
    let scale: &[i32] = if minor {
        &[0, 2, 3, 5, 7, 8, 10]
    } else {
        &[0, 2, 4, 5, 7, 9, 11]
    };
    let in_scale = |key: i32| scale.contains(&(key - i32::from(tonic)).rem_euclid(12));
    let centre = rng.random_range(60..=80);
    let loudness = rng.random_range(75..=110);
    let legato = rng.random_range(0.6..1.05);
    // How strictly this singer keeps to the chord.
    let habit = rng.random_range(0.3..0.95);
    let graces = *[0.0, 0.05, 0.12].choose(rng).unwrap_or(&0.0);
    let motifs: [&[f64]; 3] = std::array::from_fn(|_| *RHYTHMS.choose(rng).unwrap_or(&RHYTHMS[0]));

    let mut notes: Vec<Note> = Vec::new();
    let mut key = centre;
    for section in sections {
        if section.texture == Texture::Full && rng.random_bool(0.2) {
            continue;
        }
        // Where no other part plays the chord, the melody does.
        let strictness: f64 = match section.texture {
            Texture::Bare => 0.95,
            Texture::Full | Texture::Sparse => habit,
        };
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
                if let Some(chord) = song.chord_at(at)
                    && rng.random_bool(0.9)
                {
                    let on_beat = at.fract() < 0.01;
                    let chance = if on_beat {
                        strictness
                    } else {
                        strictness * 0.6
                    };
                    let before = song.chord_at(at - 0.05);
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
                    let mut onset = at;
                    if until - at > 0.4 && rng.random_bool(graces) {
                        let step = *[-2, -1, 1, 2].choose(rng).unwrap_or(&-1);
                        onset += 0.12;
                        notes.push(Note {
                            start: at,
                            end: onset,
                            key: (key + step).clamp(36, 100) as u8,
                            velocity: velocity(rng, loudness - 10),
                        });
                    }
                    notes.push(Note {
                        start: onset,
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

/// A second voice under a melody: the nearest chord tone at least a minor third below, where
/// there is a chord.
pub(super) fn harmonised(song: &Song, notes: &[Note]) -> Vec<Note> {
    notes
        .iter()
        .filter_map(|note| {
            let chord = song.chord_at(note.start)?;
            let key = (i32::from(note.key) - 9..=i32::from(note.key) - 3)
                .rev()
                .find(|key| chord.contains(*key))?;
            Some(Note {
                key: key.clamp(45, 100) as u8,
                velocity: note.velocity.saturating_sub(10).max(20),
                ..*note
            })
        })
        .collect()
}

/// A slow line in the tenor or high above: one tone of each chord, near to the one before,
/// sometimes held over from the chord before and resolved a beat later.
pub(super) fn counter(rng: &mut ChaCha8Rng, song: &Song, sections: &[Section]) -> Vec<Note> {
    let centre = *[60, 64, 76, 84].choose(rng).unwrap_or(&64);
    let loudness = rng.random_range(60..=95);
    let suspends = rng.random_range(0.0..0.35);
    let mut key = centre;
    let mut notes = Vec::new();
    for section in sections {
        if section.texture != Texture::Full || rng.random_bool(0.3) {
            continue;
        }
        for span in section.spans(song) {
            let Harmony::Chord(chord) = span.harmony else {
                continue;
            };
            let before = key;
            let near: Vec<i32> = (key - 5..=key + 5)
                .filter(|key| (centre - 9..=centre + 9).contains(key) && chord.contains(*key))
                .collect();
            key = near
                .choose_weighted(rng, |near| 1.0 / (1.0 + f64::from((near - before).abs())))
                .copied()
                .unwrap_or_else(|_| {
                    (centre..centre + 12)
                        .find(|key| chord.contains(*key))
                        .unwrap_or(centre)
                });
            let mut start = span.start;
            if key != before
                && (key - before).abs() <= 2
                && span.end - span.start >= 2.0
                && rng.random_bool(suspends)
            {
                start += 1.0;
                notes.push(Note {
                    start: span.start,
                    end: start,
                    key: before.clamp(36, 100) as u8,
                    velocity: velocity(rng, loudness),
                });
            }
            notes.push(Note {
                start,
                end: span.end,
                key: key.clamp(36, 100) as u8,
                velocity: velocity(rng, loudness),
            });
        }
    }
    notes
}
