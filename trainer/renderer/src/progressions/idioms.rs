//! The patterns of which sections are made, a function each.

use rand::Rng;
use rand::seq::IndexedRandom;
use rand_chacha::ChaCha8Rng;

use harmony::key::Key;

use super::settings::ProgressionSettings;
use crate::chord::{Chord, LARGE_QUALITIES, POWER};
use crate::song::is_minor;

pub(super) fn functional(rng: &mut ChaCha8Rng, key: Key) -> Vec<Chord> {
    let (tonic, minor) = (key.tonic().pitch_class(), is_minor(key));
    const MAJOR: [(u8, &str, &str); 7] = [
        (0, "maj", "maj7"),
        (2, "min", "min7"),
        (4, "min", "min7"),
        (5, "maj", "maj7"),
        (7, "maj", "7"),
        (9, "min", "min7"),
        (11, "dim", "hdim7"),
    ];
    const MINOR: [(u8, &str, &str); 7] = [
        (0, "min", "min7"),
        (2, "dim", "hdim7"),
        (3, "maj", "maj7"),
        (5, "min", "min7"),
        (7, "maj", "7"),
        (8, "maj", "maj7"),
        (10, "maj", "7"),
    ];
    // Where each degree tends to go (Piston's table of usual root progressions).
    const NEXT: [[f64; 7]; 7] = [
        [0.2, 1.0, 0.7, 2.5, 2.5, 1.8, 0.3],
        [0.5, 0.1, 0.4, 0.7, 3.0, 0.6, 0.4],
        [0.4, 0.6, 0.1, 1.5, 0.4, 2.5, 0.1],
        [2.0, 1.2, 0.4, 0.1, 2.5, 0.6, 0.4],
        [3.0, 0.4, 0.5, 1.2, 0.1, 1.6, 0.1],
        [0.5, 1.6, 0.8, 2.2, 1.3, 0.1, 0.1],
        [3.0, 0.1, 1.0, 0.2, 0.6, 0.4, 0.0],
    ];
    let scale = if minor { &MINOR } else { &MAJOR };
    let sevenths = *[0.0, 0.15, 0.5, 0.9].choose(rng).unwrap_or(&0.15);
    let length = *[3_usize, 4, 4, 4, 6, 8, 8].choose(rng).unwrap_or(&4);
    let mut degree = *[0_usize, 0, 0, 5, 3].choose(rng).unwrap_or(&0);
    let mut chords = Vec::with_capacity(length);
    for _ in 0..length {
        let (step, triad, seventh) = scale[degree];
        let root = tonic + step;
        let roll: f64 = rng.random();
        let chord = if roll < 0.06 && degree != 0 {
            // The dominant of this degree instead.
            Chord::named(root + 7, if rng.random_bool(0.7) { "7" } else { "maj" })
        } else if roll < 0.1 && !minor {
            let (step, name) = *[(5, "min"), (8, "maj"), (10, "maj"), (3, "maj"), (2, "maj")]
                .choose(rng)
                .unwrap_or(&(5, "min"));
            Chord::named(tonic + step, name)
        } else if roll < 0.13 {
            Chord::named(root + 1, "dim7")
        } else if degree == 4 && rng.random_bool(0.12) {
            Chord::named(
                root,
                if rng.random_bool(0.5) {
                    "sus4"
                } else {
                    "sus4(b7)"
                },
            )
        } else {
            Chord::named(
                root,
                if rng.random_bool(sevenths) {
                    seventh
                } else {
                    triad
                },
            )
        };
        chords.push(chord);
        let weights: Vec<(usize, f64)> = NEXT[degree].iter().copied().enumerate().collect();
        degree = weights
            .choose_weighted(rng, |(_, weight)| *weight)
            .map_or(0, |(next, _)| *next);
    }
    chords
}

pub(super) fn modal(rng: &mut ChaCha8Rng, tonic: u8) -> Vec<Chord> {
    const MODES: [&[(u8, &str)]; 6] = [
        // Dorian, Mixolydian, Lydian, Phrygian, Aeolian, and a blues on dominant sevenths.
        &[
            (0, "min7"),
            (5, "7"),
            (0, "min"),
            (5, "maj"),
            (10, "maj"),
            (2, "min7"),
            (0, "min6"),
        ],
        &[
            (0, "maj"),
            (10, "maj"),
            (5, "maj"),
            (0, "7"),
            (7, "min"),
            (0, "sus4(b7)"),
        ],
        &[
            (0, "maj"),
            (2, "maj"),
            (0, "maj7"),
            (7, "maj"),
            (11, "min"),
            (0, "sus2"),
        ],
        &[(0, "min"), (1, "maj"), (10, "min"), (1, "maj7"), (3, "maj")],
        &[
            (0, "min"),
            (8, "maj"),
            (10, "maj"),
            (3, "maj"),
            (5, "min"),
            (0, "sus2"),
            (7, "min7"),
        ],
        &[(0, "7"), (5, "7"), (7, "7"), (0, "9"), (5, "9"), (8, "7")],
    ];
    let mode = *MODES.choose(rng).unwrap_or(&MODES[0]);
    let length = *[2_usize, 2, 3, 4, 4].choose(rng).unwrap_or(&2);
    let mut chords: Vec<Chord> = Vec::with_capacity(length);
    for index in 0..length {
        let (step, name) = if index == 0 {
            mode[0]
        } else {
            *mode.choose(rng).unwrap_or(&mode[0])
        };
        chords.push(Chord::named(tonic + step, name));
    }
    chords
}

pub(super) fn jazz(rng: &mut ChaCha8Rng, key: Key) -> Vec<Chord> {
    let mut chords = Vec::new();
    let mut goal = key.tonic().pitch_class();
    let mut minor = is_minor(key);
    for _ in 0..rng.random_range(1..=3) {
        match rng.random_range(0..8) {
            0..=2 => {
                // ii V I, the dominant sometimes a tritone away.
                chords.push(Chord::named(goal + 2, if minor { "hdim7" } else { "min7" }));
                let dominant = if rng.random_bool(0.2) {
                    goal + 1
                } else {
                    goal + 7
                };
                let name = if minor {
                    *["7(b9)", "7", "7(b13)", "7(#9)"]
                        .choose(rng)
                        .unwrap_or(&"7")
                } else {
                    *["7", "7", "9", "13", "sus4(b7)", "7(#11)"]
                        .choose(rng)
                        .unwrap_or(&"7")
                };
                chords.push(Chord::named(dominant, name));
                let name = if minor {
                    *["min7", "min6", "minmaj7", "min"]
                        .choose(rng)
                        .unwrap_or(&"min7")
                } else {
                    *["maj7", "maj6", "maj7", "maj6(9)", "maj9"]
                        .choose(rng)
                        .unwrap_or(&"maj7")
                };
                chords.push(Chord::named(goal, name));
            }
            3 | 4 => {
                for (step, name) in [(0, "maj7"), (9, "7"), (2, "min7"), (7, "7")] {
                    chords.push(Chord::named(goal + step, name));
                }
            }
            5 => {
                for (step, name) in [
                    (0, "maj7"),
                    (1, "dim7"),
                    (2, "min7"),
                    (3, "dim7"),
                    (4, "min7"),
                ] {
                    chords.push(Chord::named(goal + step, name));
                }
            }
            6 => {
                // A chain of dominants around the circle of fifths.
                for step in [4, 9, 2, 7] {
                    chords.push(Chord::named(goal + step, "7"));
                }
            }
            _ => {
                // The descending line of a minor chord.
                for name in ["min", "minmaj7", "min7", "min6"] {
                    chords.push(Chord::named(goal + 9, name));
                }
            }
        }
        goal = (goal + *[0, 5, 8, 10, 3].choose(rng).unwrap_or(&0)) % 12;
        minor = rng.random_bool(0.4);
    }
    chords
}

pub(super) fn chromatic(rng: &mut ChaCha8Rng) -> Vec<Chord> {
    let names = [
        "maj", "maj", "min", "min", "maj7", "min7", "7", "aug", "dim7", "dim", "hdim7", "minmaj7",
    ];
    let mut root = rng.random_range(0..12_u8);
    (0..rng.random_range(3..=8))
        .map(|_| {
            let chord = Chord::named(root, names.choose(rng).unwrap_or(&"maj"));
            root = (root + *[1, 11, 2, 10, 3, 4, 8, 9, 6].choose(rng).unwrap_or(&1)) % 12;
            chord
        })
        .collect()
}

pub(super) fn even(rng: &mut ChaCha8Rng, settings: &ProgressionSettings) -> Vec<Chord> {
    (0..rng.random_range(3..=8))
        .map(|_| {
            let quality = if rng.random_bool(settings.extension_share) {
                rng.random_range(LARGE_QUALITIES..POWER)
            } else {
                rng.random_range(0..LARGE_QUALITIES)
            };
            Chord::new(rng.random_range(0..12), quality)
        })
        .collect()
}

/// A riff of fifths over the degrees of a minor key, some of them chromatic, with an
/// occasional full chord.
pub(super) fn riff(rng: &mut ChaCha8Rng, key: Key) -> Vec<Chord> {
    let tonic = key.tonic().pitch_class();
    (0..rng.random_range(2..=6))
        .map(|index| {
            let step = if index == 0 {
                0
            } else {
                *[0, 3, 5, 7, 8, 10, 10, 3, 5, 1, 2, 6]
                    .choose(rng)
                    .unwrap_or(&0)
            };
            if rng.random_bool(0.12) {
                let name = if matches!(step, 0 | 5 | 7) {
                    "min"
                } else {
                    "maj"
                };
                Chord::named(tonic + step, name)
            } else {
                Chord::new((tonic + step) % 12, POWER)
            }
        })
        .collect()
}
