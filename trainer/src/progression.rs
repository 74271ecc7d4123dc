//! Writes chord progressions: keys and modes, jazz, chromatic and plain chance.
//!
//! Real songs hold mostly major and minor triads; a network that only hears
//! those never learns the rest. The shares of rare qualities, colours and
//! inversions are therefore settings ([`ProgressionSettings`]).

use rand::Rng;
use rand::seq::IndexedRandom;
use rand_chacha::ChaCha8Rng;

use crate::chord::{Chord, Family, LARGE_QUALITIES, POWER, QUALITIES};
use crate::score::{Beat, Harmony, Score, Span};

/// What the generator draws from. All shares are probabilities in 0 to 1.
#[derive(Debug, Clone, PartialEq)]
pub struct ProgressionSettings {
    /// Least length in seconds; the last section is finished.
    pub duration_s: f64,
    /// Share of sections whose qualities are drawn evenly over the fourteen of
    /// the vocabulary (and the colours, by `colour_share`) on any root.
    pub even_share: f64,
    /// Share of the chords of the other sections that are replaced by a rarer
    /// relative (major by `maj6`, `sus2`, `aug`, …).
    pub rare_share: f64,
    /// Share of chords with ninths, elevenths, thirteenths or altered tones.
    pub colour_share: f64,
    /// Share of chords with another bass than the root, in sections that are not even. Not
    /// every quality has inversions, so what is heard is somewhat less.
    pub inversion_share: f64,
    /// The same in even sections.
    pub even_inversion_share: f64,
    /// Share of sections preceded by a stretch without a chord.
    pub no_chord_share: f64,
    /// Slowest and fastest tempo in beats per minute.
    pub tempo_bpm: (f64, f64),
    /// Share of songs in three instead of four.
    pub waltz_share: f64,
    /// Share of songs that swing.
    pub swing_share: f64,
    /// Share of songs in which the band plays chords half a beat early now and then.
    pub push_share: f64,
    /// Share of songs on power chords: fifths through distorted amplifiers.
    pub power_share: f64,
    /// Share of the chords with the names that the fourteen qualities lack: `add9`,
    /// `min(add9)`, `6/9`, `7sus4`.
    pub added_share: f64,
}

impl Default for ProgressionSettings {
    fn default() -> Self {
        Self {
            duration_s: 60.0,
            even_share: 0.3,
            rare_share: 0.2,
            colour_share: 0.12,
            inversion_share: 0.25,
            even_inversion_share: 0.44,
            no_chord_share: 0.25,
            tempo_bpm: (50.0, 200.0),
            waltz_share: 0.2,
            swing_share: 0.25,
            push_share: 0.25,
            power_share: 0.0,
            added_share: 0.0,
        }
    }
}

impl ProgressionSettings {
    /// Those of the rare-quality sets: the qualities of every section are drawn evenly.
    #[must_use]
    pub fn even() -> Self {
        Self {
            even_share: 1.0,
            ..Self::default()
        }
    }

    /// Those of the set of names that the fourteen qualities lack.
    #[must_use]
    pub fn named() -> Self {
        Self {
            even_share: 0.0,
            rare_share: 0.0,
            added_share: 0.8,
            power_share: 0.25,
            ..Self::default()
        }
    }
}

#[derive(Clone, Copy)]
enum Idiom {
    Functional,
    Modal,
    Jazz,
    Chromatic,
    Even,
    Power,
}

/// Writes a song's chord track.
#[must_use]
pub fn compose(rng: &mut ChaCha8Rng, settings: &ProgressionSettings) -> Score {
    let meter = if rng.random_bool(settings.waltz_share) {
        3.0
    } else {
        4.0
    };
    let tempo = rng.random_range(settings.tempo_bpm.0..=settings.tempo_bpm.1);
    let swing = if rng.random_bool(settings.swing_share) {
        rng.random_range(0.56..0.68)
    } else {
        0.5
    };
    let mut tonic = rng.random_range(0..12_u8);
    let mut minor = rng.random_bool(0.45);
    let key = (tonic, minor);
    let total_beats = (settings.duration_s * tempo / 60.0).ceil();
    // No draw where there is nothing to draw: other shares leave a seed's song as it was.
    let power = settings.power_share > 0.0 && rng.random_bool(settings.power_share);
    let home = if power {
        Idiom::Power
    } else {
        idiom(rng, settings)
    };

    let mut spans: Vec<Span> = Vec::new();
    let mut at = 0.0;
    while at < total_beats {
        if rng.random_bool(settings.no_chord_share) {
            // One or two bars, as long as those are not half a minute.
            let slow = meter * 60.0 / tempo > 2.5;
            let bars = if slow {
                1
            } else {
                *[1_u8, 1, 2].choose(rng).unwrap_or(&1)
            };
            push(&mut spans, &mut at, meter * f64::from(bars), Harmony::None);
        }
        if at > 0.0 && rng.random_bool(0.2) {
            tonic = (tonic + *[1, 2, 5, 7, 9, 3].choose(rng).unwrap_or(&7)) % 12;
            minor = rng.random_bool(0.45);
        }
        let idiom = if rng.random_bool(if power { 0.8 } else { 0.5 }) {
            home
        } else {
            idiom(rng, settings)
        };
        section(
            rng,
            settings,
            idiom,
            (tonic, minor),
            meter,
            tempo,
            &mut spans,
            &mut at,
        );
    }
    if rng.random_bool(settings.no_chord_share) {
        push(&mut spans, &mut at, meter, Harmony::None);
    }

    if rng.random_bool(settings.push_share) {
        anticipate(rng, &mut spans);
    }

    Score {
        beats: beats(rng, at, meter, tempo),
        spans,
        swing,
        key,
        keys: Vec::new(),
    }
}

/// Moves some changes half a beat forward, as a band does together.
fn anticipate(rng: &mut ChaCha8Rng, spans: &mut [Span]) {
    let share = rng.random_range(0.2..0.8);
    for index in 1..spans.len() {
        let chords = [index - 1, index]
            .iter()
            .all(|at| matches!(spans[*at].harmony, Harmony::Chord(_)));
        let room = spans[index - 1].end - spans[index - 1].start >= 1.0;
        if chords && room && rng.random_bool(share) {
            spans[index - 1].end -= 0.5;
            spans[index].start -= 0.5;
        }
    }
}

fn idiom(rng: &mut ChaCha8Rng, settings: &ProgressionSettings) -> Idiom {
    if rng.random_bool(settings.even_share) {
        return Idiom::Even;
    }
    match rng.random_range(0..10) {
        0..5 => Idiom::Functional,
        5..7 => Idiom::Modal,
        7..9 => Idiom::Jazz,
        _ => Idiom::Chromatic,
    }
}

fn beats(rng: &mut ChaCha8Rng, end: f64, meter: f64, tempo: f64) -> Vec<Beat> {
    // A slow random walk of the tempo, as a band without a click has.
    let drift = if rng.random_bool(0.5) { 0.004 } else { 0.0 };
    let mut factor: f64 = 1.0;
    let mut time_s = 0.0;
    (0..=end.ceil() as usize)
        .map(|index| {
            let beat = Beat {
                time_s,
                downbeat: index % meter as usize == 0,
            };
            factor = (factor + rng.random_range(-1.0..=1.0) * drift).clamp(0.97, 1.03);
            time_s += 60.0 / tempo * factor;
            beat
        })
        .collect()
}

fn push(spans: &mut Vec<Span>, at: &mut f64, beats: f64, harmony: Harmony) {
    match spans.last_mut() {
        Some(last) if last.harmony == harmony => last.end += beats,
        _ => spans.push(Span {
            start: *at,
            end: *at + beats,
            harmony,
        }),
    }
    *at += beats;
}

/// One section: a pattern of chords, played once or repeated.
#[expect(
    clippy::too_many_arguments,
    reason = "the state of one pass over the song"
)]
fn section(
    rng: &mut ChaCha8Rng,
    settings: &ProgressionSettings,
    idiom: Idiom,
    key: (u8, bool),
    meter: f64,
    tempo: f64,
    spans: &mut Vec<Span>,
    at: &mut f64,
) {
    let mut pattern = match idiom {
        Idiom::Functional => functional(rng, key),
        Idiom::Modal => modal(rng, key.0),
        Idiom::Jazz => jazz(rng, key),
        Idiom::Chromatic => chromatic(rng),
        Idiom::Even => even(rng, settings),
        Idiom::Power => riff(rng, key),
    };
    if !matches!(idiom, Idiom::Even | Idiom::Power) {
        for chord in &mut pattern {
            if settings.added_share > 0.0 && rng.random_bool(settings.added_share) {
                chord.quality = with_addition(rng, chord.quality);
            } else if rng.random_bool(settings.rare_share) {
                chord.quality = rarer(rng, chord.quality);
            } else if rng.random_bool(settings.colour_share) {
                chord.quality = coloured(rng, chord.quality);
            }
        }
    }
    let mut previous_bass = pattern.last().map_or(0, Chord::bass_pitch_class);
    let inverted = if matches!(idiom, Idiom::Power) {
        0.0
    } else if matches!(idiom, Idiom::Even) {
        settings.even_inversion_share
    } else {
        settings.inversion_share
    };
    for chord in &mut pattern {
        if rng.random_bool(inverted) {
            chord.bass = inversion(rng, *chord, previous_bass);
        }
        previous_bass = chord.bass_pitch_class();
    }

    // Half-beat changes only where a beat lasts long enough to hear them.
    let beat_s = 60.0 / tempo;
    let rhythms: Vec<(f64, f64)> = [
        (0.5, 0.04),
        (1.0, 0.16),
        (2.0, 0.3),
        (meter, 0.38),
        (2.0 * meter, 0.12),
    ]
    .into_iter()
    .filter(|(beats, _)| (0.28..5.0).contains(&(beats * beat_s)))
    .collect();
    let base = rhythms
        .choose_weighted(rng, |(_, weight)| *weight)
        .map_or(meter, |(beats, _)| *beats);
    let uneven = rng.random_bool(0.35);
    let durations: Vec<f64> = pattern
        .iter()
        .map(|_| {
            if uneven {
                base * *[0.5, 1.0, 1.0, 1.5, 2.0].choose(rng).unwrap_or(&1.0)
            } else {
                base
            }
        })
        .map(|beats: f64| ((beats * 2.0).round() / 2.0).max(0.5))
        .collect();
    let length: f64 = durations.iter().sum();
    let repeats = if length > 16.0 {
        1
    } else {
        rng.random_range(1..=(24.0 / length).ceil().clamp(1.0, 6.0) as usize)
    };
    for _ in 0..repeats {
        for (chord, beats) in pattern.iter().zip(&durations) {
            push(spans, at, *beats, Harmony::Chord(*chord));
        }
    }
    // Close the bar, so that the next section starts on a downbeat.
    let rest = (*at / meter).ceil() * meter - *at;
    if rest > 1e-6
        && let Some(last) = spans.last_mut()
    {
        last.end += rest;
        *at += rest;
    }
}

fn named(root: u8, harte: &str) -> Chord {
    Chord::new(root % 12, Chord::quality_named(harte).unwrap_or(1))
}

fn functional(rng: &mut ChaCha8Rng, (tonic, minor): (u8, bool)) -> Vec<Chord> {
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
            // The dominant of this degree in its place.
            named(root + 7, if rng.random_bool(0.7) { "7" } else { "maj" })
        } else if roll < 0.1 && !minor {
            let (step, name) = *[(5, "min"), (8, "maj"), (10, "maj"), (3, "maj"), (2, "maj")]
                .choose(rng)
                .unwrap_or(&(5, "min"));
            named(tonic + step, name)
        } else if roll < 0.13 {
            named(root + 1, "dim7")
        } else if degree == 4 && rng.random_bool(0.12) {
            named(
                root,
                if rng.random_bool(0.5) {
                    "sus4"
                } else {
                    "sus4(b7)"
                },
            )
        } else {
            named(
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

fn modal(rng: &mut ChaCha8Rng, tonic: u8) -> Vec<Chord> {
    const MODES: [&[(u8, &str)]; 6] = [
        // Dorian, Mixolydian, Lydian, Phrygian, Aeolian, and a blues on dominants.
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
        chords.push(named(tonic + step, name));
    }
    chords
}

fn jazz(rng: &mut ChaCha8Rng, (tonic, minor): (u8, bool)) -> Vec<Chord> {
    let mut chords = Vec::new();
    let mut goal = tonic;
    let mut minor = minor;
    for _ in 0..rng.random_range(1..=3) {
        match rng.random_range(0..8) {
            0..=2 => {
                // ii V I, the dominant sometimes a tritone away.
                chords.push(named(goal + 2, if minor { "hdim7" } else { "min7" }));
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
                chords.push(named(dominant, name));
                let name = if minor {
                    *["min7", "min6", "minmaj7", "min"]
                        .choose(rng)
                        .unwrap_or(&"min7")
                } else {
                    *["maj7", "maj6", "maj7", "maj6(9)", "maj9"]
                        .choose(rng)
                        .unwrap_or(&"maj7")
                };
                chords.push(named(goal, name));
            }
            3 | 4 => {
                for (step, name) in [(0, "maj7"), (9, "7"), (2, "min7"), (7, "7")] {
                    chords.push(named(goal + step, name));
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
                    chords.push(named(goal + step, name));
                }
            }
            6 => {
                // A chain of dominants around the circle of fifths.
                for step in [4, 9, 2, 7] {
                    chords.push(named(goal + step, "7"));
                }
            }
            _ => {
                // The descending line of a minor chord.
                for name in ["min", "minmaj7", "min7", "min6"] {
                    chords.push(named(goal + 9, name));
                }
            }
        }
        goal = (goal + *[0, 5, 8, 10, 3].choose(rng).unwrap_or(&0)) % 12;
        minor = rng.random_bool(0.4);
    }
    chords
}

fn chromatic(rng: &mut ChaCha8Rng) -> Vec<Chord> {
    let names = [
        "maj", "maj", "min", "min", "maj7", "min7", "7", "aug", "dim7", "dim", "hdim7", "minmaj7",
    ];
    let mut root = rng.random_range(0..12_u8);
    (0..rng.random_range(3..=8))
        .map(|_| {
            let chord = named(root, names.choose(rng).unwrap_or(&"maj"));
            root = (root + *[1, 11, 2, 10, 3, 4, 8, 9, 6].choose(rng).unwrap_or(&1)) % 12;
            chord
        })
        .collect()
}

fn even(rng: &mut ChaCha8Rng, settings: &ProgressionSettings) -> Vec<Chord> {
    (0..rng.random_range(3..=8))
        .map(|_| {
            let quality = if rng.random_bool(settings.colour_share) {
                rng.random_range(LARGE_QUALITIES..POWER)
            } else {
                rng.random_range(0..LARGE_QUALITIES)
            };
            Chord::new(rng.random_range(0..12), quality)
        })
        .collect()
}

/// A riff of fifths over the steps of a minor key, some of them chromatic, and now and then a
/// whole chord.
fn riff(rng: &mut ChaCha8Rng, (tonic, _): (u8, bool)) -> Vec<Chord> {
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
                named(tonic + step, name)
            } else {
                Chord::new((tonic + step) % 12, POWER)
            }
        })
        .collect()
}

/// The same chord with a name that the fourteen qualities lack.
fn with_addition(rng: &mut ChaCha8Rng, quality: usize) -> usize {
    let names: &[&str] = match QUALITIES[quality].harte {
        "maj" => &["maj(9)", "maj(9)", "maj6(9)"],
        "maj6" | "maj7" => &["maj6(9)"],
        "min" | "min7" => &["min(9)"],
        "7" | "sus4" => &["sus4(b7)"],
        _ => return quality,
    };
    names
        .choose(rng)
        .and_then(|name| Chord::quality_named(name))
        .unwrap_or(quality)
}

/// A rarer relative with the same function.
fn rarer(rng: &mut ChaCha8Rng, quality: usize) -> usize {
    let names: &[&str] = match QUALITIES[quality].harte {
        "maj" => &["maj6", "sus2", "sus4", "aug", "maj7"],
        "min" => &["min6", "minmaj7", "sus2", "sus4", "min7"],
        "7" => &["sus4(b7)", "aug", "sus4"],
        "maj7" => &["maj6", "sus2", "maj6"],
        "min7" => &["min6", "minmaj7", "hdim7", "sus4(b7)"],
        "dim" => &["dim7", "hdim7"],
        "hdim7" => &["dim", "dim7", "min6"],
        _ => return quality,
    };
    names
        .choose(rng)
        .and_then(|name| Chord::quality_named(name))
        .unwrap_or(quality)
}

/// The same chord with colours.
fn coloured(rng: &mut ChaCha8Rng, quality: usize) -> usize {
    let names: &[&str] = match QUALITIES[quality].harte {
        "maj" => &["maj(9)", "maj9", "maj6(9)", "maj(#11)"],
        "maj6" => &["maj6(9)"],
        "maj7" => &["maj9", "maj13", "maj7(#11)", "maj9(#11)"],
        "min" => &["min(9)", "min9"],
        "min6" => &["min6(9)"],
        "min7" => &["min9", "min11", "min7(11)", "min13"],
        "7" => &[
            "9",
            "13",
            "7(b9)",
            "7(#9)",
            "7(#11)",
            "7(b13)",
            "9(#11)",
            "7(b9,13)",
            "7(b9,b13)",
            "7(#9,b13)",
        ],
        "sus4" | "sus4(b7)" => &["sus4(b7,9)"],
        _ => return quality,
    };
    names
        .choose(rng)
        .and_then(|name| Chord::quality_named(name))
        .unwrap_or(quality)
}

/// Draws a bass degree: thirds and fifths first, steps from the bass before
/// preferred, foreign basses seldom.
fn inversion(rng: &mut ChaCha8Rng, chord: Chord, previous_bass: u8) -> u8 {
    let kind = chord.kind();
    let weighted: Vec<(u8, f64)> = kind
        .basses
        .iter()
        .map(|(tone, _)| {
            let foreign = !kind.tones.contains(tone);
            let ambiguous = kind.harte == "min7" && *tone == 3;
            let motion = (i32::from(chord.root + tone) - i32::from(previous_bass)).rem_euclid(12);
            let step = if matches!(motion, 1 | 2 | 10 | 11) {
                2.0
            } else {
                1.0
            };
            let usual = if foreign || ambiguous { 0.25 } else { 1.0 };
            (*tone, usual * step)
        })
        .collect();
    weighted
        .choose_weighted(rng, |(_, weight)| *weight)
        .map_or(0, |(tone, _)| *tone)
}

/// How often each quality and how often an inversion is heard, by time in beats.
#[derive(Debug, Clone, PartialEq)]
pub struct Census {
    /// Beats per entry of [`QUALITIES`].
    pub beats: Vec<f64>,
    /// Beats with another bass than the root.
    pub inverted_beats: f64,
    /// Beats without a chord.
    pub none_beats: f64,
    /// Number of spans.
    pub spans: usize,
}

/// Counts what the generator writes over `songs` songs from `seed`.
#[must_use]
pub fn census(seed: u64, songs: u64, settings: &ProgressionSettings) -> Census {
    let mut census = Census {
        beats: vec![0.0; QUALITIES.len()],
        inverted_beats: 0.0,
        none_beats: 0.0,
        spans: 0,
    };
    for song in 0..songs {
        let mut rng =
            crate::example::stream(seed.wrapping_add(song), crate::example::Stream::Compose);
        for span in compose(&mut rng, settings).spans {
            let beats = span.end - span.start;
            census.spans += 1;
            match span.harmony {
                Harmony::Chord(chord) => {
                    census.beats[chord.quality] += beats;
                    if chord.bass != 0 {
                        census.inverted_beats += beats;
                    }
                }
                Harmony::None | Harmony::Unknown => census.none_beats += beats,
            }
        }
    }
    census
}

impl Census {
    /// Share of a family of qualities in the time with a chord.
    #[must_use]
    pub fn share(&self, family: Family) -> f64 {
        let total: f64 = self.beats.iter().sum();
        let of: f64 = QUALITIES
            .iter()
            .zip(&self.beats)
            .filter(|(quality, _)| quality.family == family)
            .map(|(_, beats)| beats)
            .sum();
        of / total
    }
}
