//! Generates chord progressions: keys and modes, jazz, chromatic and random.
//!
//! Real songs have mostly major and minor triads; a network trained only on those never learns
//! the rest. The shares of rare qualities, extensions and inversions are therefore settings
//! ([`ProgressionSettings`]).

mod census;
mod idioms;
mod settings;
mod substitutions;

pub use census::{Census, census};
pub use settings::ProgressionSettings;

use rand::Rng;
use rand::seq::IndexedRandom;
use rand_chacha::ChaCha8Rng;

use harmony::key::Key;

use crate::chord::Chord;
use crate::song::{Beat, Harmony, Song, Span, key_of};
use idioms::{chromatic, even, functional, jazz, modal, riff};
use substitutions::{extended, inversion, rarer, with_addition};

#[derive(Clone, Copy)]
enum Idiom {
    Functional,
    Modal,
    Jazz,
    Chromatic,
    Even,
    Power,
}

/// Generates a song's chord track.
#[must_use]
pub fn compose(rng: &mut ChaCha8Rng, settings: &ProgressionSettings) -> Song {
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
    let key = key_of(tonic, minor);
    let total_beats = (settings.duration_s * tempo / 60.0).ceil();
    // Nothing is drawn for a share of zero, so that a seed's song does not change.
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
            // One or two bars, unless those last too long.
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
        let now = key_of(tonic, minor);
        section(rng, settings, idiom, now, meter, tempo, &mut spans, &mut at);
    }
    if rng.random_bool(settings.no_chord_share) {
        push(&mut spans, &mut at, meter, Harmony::None);
    }

    if rng.random_bool(settings.push_share) {
        anticipate(rng, &mut spans);
    }

    Song {
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
    // A slow random walk of the tempo, as in a band without a click.
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
    key: Key,
    meter: f64,
    tempo: f64,
    spans: &mut Vec<Span>,
    at: &mut f64,
) {
    let mut pattern = match idiom {
        Idiom::Functional => functional(rng, key),
        Idiom::Modal => modal(rng, key.tonic().pitch_class()),
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
            } else if rng.random_bool(settings.extension_share) {
                chord.quality = extended(rng, chord.quality);
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

    // Half-beat changes only where a beat is long enough to hear them.
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
    // Completes the bar, so that the next section starts on a downbeat.
    let rest = (*at / meter).ceil() * meter - *at;
    if rest > 1e-6
        && let Some(last) = spans.last_mut()
    {
        last.end += rest;
        *at += rest;
    }
}
