//! Accompaniment: the same chords as blocks, broken, strummed or held.

use rand::Rng;
use rand::seq::IndexedRandom;
use rand_chacha::ChaCha8Rng;

use super::programs;
use super::voicing::{Voicing, bass_key, voice};
use super::{Note, Section, Texture, velocity};
use crate::chord::Chord;
use crate::song::{Harmony, Song, Span};

/// A way of comping.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// Whole chords on the beats.
    Block,
    /// Broken upwards, downwards or at random.
    Arpeggio,
    /// Guitar strokes, down and up.
    Strum,
    /// Low, high, middle, high.
    Alberti,
    /// Held for as long as the chord lasts.
    Pad,
    /// Root and fifth in eighths; only beside a part with the full chord.
    Power,
    /// On the off-beats.
    OffBeat,
    /// A random figure of one or two beats, repeated.
    Syncopated,
    /// The chord repeated in sixteenths or eighths.
    Repeated,
}

const STRUCK: [Style; 7] = [
    Style::Block,
    Style::Arpeggio,
    Style::Strum,
    Style::Alberti,
    Style::OffBeat,
    Style::Syncopated,
    Style::Repeated,
];

/// Writes `count` comping parts as program and notes in beats.
///
/// In every section at least one part plays the full chord, and where the bass
/// rests that part has the bass note lowest.
pub(super) fn write(
    rng: &mut ChaCha8Rng,
    song: &Song,
    sections: &[Section],
    bass_plays: &[bool],
    count: usize,
) -> Vec<(u8, Vec<Note>)> {
    (0..count)
        .map(|part| {
            let leader = part == 0;
            let held = rng.random_bool(if leader { 0.25 } else { 0.5 });
            let styles: [Style; 2] = std::array::from_fn(|_| {
                if held {
                    *[
                        Style::Pad,
                        Style::Pad,
                        Style::Pad,
                        Style::Block,
                        Style::Repeated,
                    ]
                    .choose(rng)
                    .unwrap_or(&Style::Pad)
                } else if !leader && rng.random_bool(0.25) {
                    Style::Power
                } else {
                    *STRUCK.choose(rng).unwrap_or(&Style::Block)
                }
            });
            let program = if held {
                programs::pick(rng, programs::HELD)
            } else if styles[0] == Style::Power {
                programs::pick(rng, programs::DRIVEN)
            } else if styles[0] == Style::Strum {
                programs::pick(rng, programs::GUITAR)
            } else {
                programs::pick(rng, programs::STRUCK)
            };
            let centre = rng.random_range(57..=70);
            let loudness = rng.random_range(65..=100);
            let mut notes = Vec::new();
            let mut previous: Vec<i32> = Vec::new();
            for (section, bass) in sections.iter().zip(bass_plays) {
                let rests = match section.texture {
                    Texture::Full => !leader && rng.random_bool(0.25),
                    Texture::Sparse => !leader,
                    Texture::Bare => true,
                };
                if rests {
                    continue;
                }
                let style = *styles.choose(rng).unwrap_or(&Style::Block);
                let voicing = *Voicing::ALL.choose(rng).unwrap_or(&Voicing::Close);
                let pattern = Pattern::draw(rng, style);
                for span in section.spans(song) {
                    let Harmony::Chord(chord) = span.harmony else {
                        continue;
                    };
                    let voicing = if voicing == Voicing::Rootless && (!bass || chord.bass != 0) {
                        Voicing::Close
                    } else {
                        voicing
                    };
                    let mut keys = voice(rng, chord, voicing, centre, &previous);
                    previous.clone_from(&keys);
                    // Parts that do not carry the bass stay above it: a tone below would turn
                    // the chord into another inversion.
                    if *bass || !leader {
                        for key in &mut keys {
                            while *key < 52 {
                                *key += 12;
                            }
                        }
                        keys.sort_unstable();
                        keys.dedup();
                    }
                    if !bass && leader {
                        let low = bass_key(chord, (keys[0] - 1).min(55));
                        // Below E1 chords sound muddy.
                        let low = if low < 28 { low + 12 } else { low };
                        keys.retain(|key| *key > low);
                        if matches!(
                            pattern.style,
                            Style::Arpeggio | Style::Alberti | Style::OffBeat
                        ) {
                            // The left hand sets the bass before the pattern starts.
                            let end = span.end.min(span.start + 2.0);
                            let bass = [low];
                            strike(rng, &bass, (span.start, end), 0.0, loudness, &mut notes);
                        } else {
                            keys.insert(0, low);
                        }
                    }
                    pattern.play(rng, chord, span, &keys, loudness, &mut notes);
                }
            }
            (program, notes)
        })
        .collect()
}

/// A style with choices that stay for a section.
struct Pattern {
    style: Style,
    /// Beats between strokes.
    step: f64,
    /// Sounding part of a step.
    legato: f64,
    /// Let arpeggio notes ring until the chord changes.
    ring: bool,
    /// Order of broken chords: 0 up, 1 down, 2 up and down, 3 random.
    order: u8,
    /// Beats that a stroke takes from the first to the last string.
    spread: f64,
    /// Onsets of the syncopated figure in its cell, in beats.
    figure: Vec<f64>,
    /// Beats of the cell.
    cell: f64,
    /// Broken chords continue into the next octave.
    wide: bool,
}

impl Pattern {
    fn draw(rng: &mut ChaCha8Rng, style: Style) -> Self {
        let cell = *[2.0, 2.0, 4.0, 4.0, 3.0].choose(rng).unwrap_or(&2.0);
        let fine = *[0.5, 0.5, 0.25].choose(rng).unwrap_or(&0.5);
        let density = rng.random_range(0.15..0.6);
        let figure = (0..(cell / fine) as usize)
            .filter(|_| rng.random_bool(density))
            .map(|step| step as f64 * fine)
            .collect();
        let steps: &[f64] = match style {
            Style::Block => &[1.0, 1.0, 2.0, 4.0],
            Style::Arpeggio => &[0.25, 0.5, 0.5, 1.0 / 3.0],
            Style::Alberti => &[0.25, 0.5, 0.5],
            Style::Repeated => &[0.25, 0.5, 0.5],
            _ => &[0.5],
        };
        Self {
            style,
            step: *steps.choose(rng).unwrap_or(&1.0),
            legato: rng.random_range(0.35..1.0),
            ring: rng.random_bool(0.5),
            order: rng.random_range(0..4),
            spread: rng.random_range(0.01..0.06),
            figure,
            cell,
            wide: rng.random_bool(0.3),
        }
    }

    fn play(
        &self,
        rng: &mut ChaCha8Rng,
        chord: Chord,
        span: Span,
        keys: &[i32],
        loudness: i32,
        notes: &mut Vec<Note>,
    ) {
        match self.style {
            Style::Pad => strike(rng, keys, (span.start, span.end), 0.0, loudness - 10, notes),
            Style::Block | Style::Repeated => {
                for (start, next) in grid(span, self.step) {
                    let end = start + (next - start) * self.legato.max(0.5);
                    strike(rng, keys, (start, end), 0.0, loudness, notes);
                }
            }
            Style::Strum => {
                for (index, (start, next)) in grid(span, 0.5).into_iter().enumerate() {
                    // Ghosted strokes: a strummer leaves some out, never the first.
                    if index > 0 && rng.random_bool(0.3) {
                        continue;
                    }
                    let end = if self.ring {
                        (start + 1.5).min(span.end)
                    } else {
                        next
                    };
                    let up = (start * 2.0).round() as i64 % 2 != 0;
                    let mut order = keys.to_vec();
                    if up {
                        order.reverse();
                    }
                    let loud = if up { loudness - 15 } else { loudness };
                    strike(rng, &order, (start, end), self.spread, loud, notes);
                }
            }
            Style::OffBeat => {
                let hits: Vec<_> = grid(span, 0.5)
                    .into_iter()
                    .filter(|(start, _)| (start * 2.0).round() as i64 % 2 != 0)
                    .collect();
                if hits.is_empty() || span.start.fract() > 0.01 {
                    strike(rng, keys, (span.start, span.end), 0.0, loudness, notes);
                }
                for (start, next) in hits {
                    let end = start + (next - start) * self.legato;
                    strike(rng, keys, (start, end), 0.0, loudness, notes);
                }
            }
            Style::Syncopated => {
                let mut onsets = vec![span.start];
                let mut cell = (span.start / self.cell).floor() * self.cell;
                while cell < span.end {
                    onsets.extend(self.figure.iter().map(|offset| cell + offset));
                    cell += self.cell;
                }
                onsets.retain(|at| *at >= span.start && *at < span.end - 0.1);
                onsets.sort_by(f64::total_cmp);
                onsets.dedup_by(|a, b| (*a - *b).abs() < 0.2);
                for (index, start) in onsets.iter().enumerate() {
                    let next = onsets.get(index + 1).copied().unwrap_or(span.end);
                    let end = start + (next - start) * self.legato;
                    strike(rng, keys, (*start, end), 0.0, loudness, notes);
                }
            }
            Style::Power => {
                let root = bass_key(chord, 51);
                // Only root and fifth, and no fifth where the chord has none.
                let mut pair = vec![root];
                if chord.bass == 0 && chord.kind().tones.contains(&7) {
                    pair.extend([root + 7, root + 12]);
                }
                for (start, next) in grid(span, 0.5) {
                    let end = start + (next - start) * self.legato;
                    strike(rng, &pair, (start, end), 0.0, loudness, notes);
                }
            }
            Style::Arpeggio | Style::Alberti => self.broken(rng, span, keys, loudness, notes),
        }
    }

    fn broken(
        &self,
        rng: &mut ChaCha8Rng,
        span: Span,
        keys: &[i32],
        loudness: i32,
        notes: &mut Vec<Note>,
    ) {
        let mut keys = keys.to_vec();
        if self.wide && self.style == Style::Arpeggio {
            let above: Vec<i32> = keys.iter().map(|key| key + 12).collect();
            keys.extend(above.into_iter().filter(|key| *key <= 96));
            keys.sort_unstable();
            keys.dedup();
        }
        let count = keys.len();
        for (index, (start, next)) in grid(span, self.step).into_iter().enumerate() {
            let key = if self.style == Style::Alberti {
                keys[[0, count - 1, count / 2, count - 1][index % 4]]
            } else {
                match self.order {
                    0 => keys[index % count],
                    1 => keys[count - 1 - index % count],
                    2 => {
                        let period = (2 * count).saturating_sub(2).max(1);
                        let at = index % period;
                        keys[if at < count { at } else { period - at }]
                    }
                    _ => {
                        keys[if index == 0 {
                            0
                        } else {
                            rng.random_range(0..count)
                        }]
                    }
                }
            };
            let end = if self.ring { span.end } else { next };
            strike(rng, &[key], (start, end), 0.0, loudness, notes);
        }
        // A chord too short for all of its tones in turn is struck at once, or half of it
        // would never sound.
        if grid(span, self.step).len() < count {
            strike(
                rng,
                &keys,
                (span.start, span.end),
                0.0,
                loudness - 10,
                notes,
            );
        }
    }
}

/// Onsets at the span's start and on the grid inside it, each with the next one.
fn grid(span: Span, step: f64) -> Vec<(f64, f64)> {
    let mut onsets = vec![span.start];
    let mut index = (span.start / step).floor() + 1.0;
    while index * step < span.end - 0.05 {
        if index * step > span.start + 0.05 {
            onsets.push(index * step);
        }
        index += 1.0;
    }
    onsets.push(span.end);
    onsets.windows(2).map(|pair| (pair[0], pair[1])).collect()
}

fn strike(
    rng: &mut ChaCha8Rng,
    keys: &[i32],
    (start, end): (f64, f64),
    spread: f64,
    loudness: i32,
    notes: &mut Vec<Note>,
) {
    let per_key = spread / keys.len().max(1) as f64;
    for (index, key) in keys.iter().enumerate() {
        let onset = start + per_key * index as f64;
        notes.push(Note {
            start: onset,
            end: end.max(onset + 0.05),
            key: (*key).clamp(0, 127) as u8,
            velocity: velocity(rng, loudness),
        });
    }
}
