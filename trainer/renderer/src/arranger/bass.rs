//! Bass lines. The first note of every chord is the bass degree of its label.

use rand::Rng;
use rand::seq::IndexedRandom;
use rand_chacha::ChaCha8Rng;

use super::voicing::bass_key;
use super::{Note, Section, Texture, velocity};
use crate::chord::Chord;
use crate::song::{Harmony, Song, Span};

/// A way of playing the bass.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Style {
    Held,
    RootFifth,
    Eighths,
    Octaves,
    Walking,
    Ostinato,
    Syncopated,
    /// All tones of the chord in turn: where nobody else plays the chord.
    Outline,
}

const STYLES: [Style; 7] = [
    Style::Held,
    Style::RootFifth,
    Style::Eighths,
    Style::Octaves,
    Style::Walking,
    Style::Ostinato,
    Style::Syncopated,
];

pub(super) fn write(
    rng: &mut ChaCha8Rng,
    song: &Song,
    sections: &[Section],
    plays: &[bool],
) -> Vec<Note> {
    // The highest bass note: half of the players stay below the open A of a double bass.
    let ceiling = rng.random_range(36..=50);
    let loudness = rng.random_range(80..=110);
    let legato = rng.random_range(0.55..1.0);
    let usual: [Style; 2] = std::array::from_fn(|_| *STYLES.choose(rng).unwrap_or(&Style::Held));
    let ostinato: Vec<(f64, u8)> = ostinato(rng);
    // How often this player leads into the next chord with a step.
    let approaches = *[0.0, 0.0, 0.2, 0.5].choose(rng).unwrap_or(&0.0);
    let mut notes = Vec::new();
    for (section, _) in sections.iter().zip(plays).filter(|(_, plays)| **plays) {
        let style = match section.texture {
            Texture::Bare => Style::Outline,
            Texture::Full | Texture::Sparse => *usual.choose(rng).unwrap_or(&Style::Held),
        };
        let spans = section.spans(song);
        for (index, span) in spans.iter().enumerate() {
            let Harmony::Chord(chord) = span.harmony else {
                continue;
            };
            let next = spans.get(index + 1).and_then(|next| match next.harmony {
                Harmony::Chord(chord) => Some(chord),
                Harmony::None | Harmony::Unknown => None,
            });
            let base = bass_key(chord, ceiling);
            // Below C#1 little is audible.
            let base = if base < 25 { base + 12 } else { base };
            let mut line = line(rng, style, *span, chord, next, base, &ostinato);
            if let Some(next) = next
                && span.end - span.start >= 1.9
                && rng.random_bool(approaches)
            {
                approach(rng, &mut line, span.end, bass_key(next, base + 6));
            }
            for (start, end, key) in line {
                notes.push(Note {
                    start,
                    end: start + (end - start) * legato,
                    key: key.clamp(24, 60) as u8,
                    velocity: velocity(rng, loudness),
                });
            }
        }
    }
    notes
}

/// Replaces the last half beat by a note a step away from the next bass.
fn approach(rng: &mut ChaCha8Rng, line: &mut Vec<(f64, f64, i32)>, end: f64, goal: i32) {
    let at = end - 0.5;
    line.retain(|(start, ..)| *start < at - 1e-6);
    if let Some(last) = line.last_mut() {
        last.1 = last.1.min(at);
        line.push((at, end, goal + *[-1, 1, -2, 2].choose(rng).unwrap_or(&-1)));
    }
}

/// Eighth positions in a four-beat cell with 0 the bass, 1 the octave, 2 a chord tone.
fn ostinato(rng: &mut ChaCha8Rng) -> Vec<(f64, u8)> {
    let mut cell = vec![(0.0, 0)];
    for eighth in 1..8 {
        if rng.random_bool(0.45) {
            cell.push((
                f64::from(eighth) * 0.5,
                *[0, 0, 1, 2].choose(rng).unwrap_or(&0),
            ));
        }
    }
    cell
}

/// A chord tone above the bass: the fifth over the root, else another tone of the chord.
fn other(chord: Chord, base: i32) -> i32 {
    if chord.bass == 0 && chord.kind().tones.contains(&7) {
        return base + 7;
    }
    // Over an inversion the root above the bass keeps the chord unambiguous.
    if chord.bass != 0 {
        let root = i32::from(chord.root);
        return base + (root - base).rem_euclid(12);
    }
    let fifth = chord
        .kind()
        .tones
        .iter()
        .find(|tone| (6..=8).contains(*tone))
        .copied()
        .unwrap_or(12);
    base + i32::from(fifth)
}

fn line(
    rng: &mut ChaCha8Rng,
    style: Style,
    span: Span,
    chord: Chord,
    next: Option<Chord>,
    base: i32,
    ostinato: &[(f64, u8)],
) -> Vec<(f64, f64, i32)> {
    let Span { start, end, .. } = span;
    let steps = |step: f64| {
        let mut at = vec![start];
        let mut index = (start / step).floor() + 1.0;
        while index * step < end - 0.05 {
            if index * step > start + 0.05 {
                at.push(index * step);
            }
            index += 1.0;
        }
        at
    };
    let mut onsets: Vec<(f64, i32)> = Vec::new();
    match style {
        Style::Held => onsets.push((start, base)),
        Style::RootFifth => {
            for (index, at) in steps(2.0).into_iter().enumerate() {
                let key = if index % 2 == 0 {
                    base
                } else {
                    other(chord, base)
                };
                onsets.push((at, key));
            }
        }
        Style::Eighths => onsets.extend(steps(0.5).into_iter().map(|at| (at, base))),
        Style::Octaves => {
            for (index, at) in steps(0.5).into_iter().enumerate() {
                onsets.push((at, base + if index % 2 == 0 { 0 } else { 12 }));
            }
        }
        Style::Outline => {
            let mut tones: Vec<i32> = (base + 1..base + 12)
                .filter(|key| chord.contains(*key))
                .collect();
            // The tones in turn, in halves of a beat or faster where time is short.
            let step = if (end - start) / 0.5 < (tones.len() + 1) as f64 {
                0.25
            } else {
                0.5
            };
            if rng.random_bool(0.3) {
                tones.reverse();
            }
            tones.insert(0, base);
            for (index, at) in steps(step).into_iter().enumerate() {
                onsets.push((at, tones[index % tones.len()]));
            }
        }
        Style::Walking => walking(rng, &steps(1.0), chord, next, base, end, &mut onsets),
        Style::Ostinato => {
            onsets.push((start, base));
            let mut cell = (start / 4.0).floor() * 4.0;
            while cell < end {
                for (offset, what) in ostinato {
                    let at = cell + offset;
                    if at > start + 0.05 && at < end - 0.05 {
                        let key = match what {
                            0 => base,
                            1 => base + 12,
                            _ => other(chord, base),
                        };
                        onsets.push((at, key));
                    }
                }
                cell += 4.0;
            }
        }
        Style::Syncopated => {
            onsets.push((start, base));
            for at in steps(0.5).into_iter().skip(1) {
                if (at * 2.0).round() as i64 % 4 == 3 || rng.random_bool(0.2) {
                    let key = if rng.random_bool(0.75) {
                        base
                    } else {
                        other(chord, base)
                    };
                    onsets.push((at, key));
                }
            }
        }
    }
    let ends: Vec<f64> = onsets
        .iter()
        .skip(1)
        .map(|(at, _)| *at)
        .chain([end])
        .collect();
    onsets
        .into_iter()
        .zip(ends)
        .map(|((at, key), end)| (at, end, key))
        .collect()
}

/// Quarter notes: the bass, chord tones in the middle, a step into the next bass.
fn walking(
    rng: &mut ChaCha8Rng,
    beats: &[f64],
    chord: Chord,
    next: Option<Chord>,
    base: i32,
    end: f64,
    onsets: &mut Vec<(f64, i32)>,
) {
    let tones: Vec<i32> = (base - 5..=base + 12)
        .filter(|key| chord.contains(*key))
        .collect();
    let mut previous = base;
    for (index, at) in beats.iter().enumerate() {
        let last = index + 1 == beats.len() && index > 0 && end - at <= 1.01;
        let key = if index == 0 {
            base
        } else if let (true, Some(next)) = (last, next) {
            let goal = (base - 6..base + 6)
                .find(|key| key.rem_euclid(12) == i32::from(next.bass_pitch_class()))
                .unwrap_or(base);
            goal + *[-1, 1, -2, 2].choose(rng).unwrap_or(&-1)
        } else {
            let near: Vec<(i32, f64)> = tones
                .iter()
                .filter(|tone| **tone != previous)
                .map(|tone| (*tone, 1.0 / f64::from((tone - previous).abs())))
                .collect();
            near.choose_weighted(rng, |(_, weight)| *weight)
                .map_or(base, |(tone, _)| *tone)
        };
        onsets.push((*at, key));
        previous = key;
    }
}
