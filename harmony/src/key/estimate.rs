//! Estimation of the keys of a song from its chords.
//!
//! A hidden Markov model over the 24 keys. The evidence for a key is how frequent each chord's root
//! and kind are in it, and how frequent each change of root is, as in cadences (`profile.rs`,
//! counted in POP909's training songs). A modulation costs [`MODULATION_NATS`]; the result is the
//! best path through all chords.

use super::profile::{CHANGE, CHORD, KINDS};
use super::{Key, Mode};
use crate::label::{Chord, Label, Note};
use crate::timeline::Timeline;

/// The cost of a change of key: about five chords that fit the new key and not the old.
const MODULATION_NATS: f64 = 15.0;

/// The weight of changes of root relative to the chords themselves.
const CHANGE_WEIGHT: f64 = 0.5;

/// A chord of this duration has weight 1; others are weighted by the square root of the ratio.
const UNIT_S: f64 = 2.0;

/// The least and the greatest weight of a chord.
const WEIGHTS: (f64, f64) = (0.4, 2.0);

/// The prior advantage of major keys, in nats.
const MAJOR_PRIOR_NATS: f64 = 0.3;

/// The number of keys: twelve major, then twelve minor ones, by pitch class.
const KEYS: usize = 24;

/// A key over a span of time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct KeySpan {
    /// Start in seconds.
    pub start_s: f64,
    /// End in seconds.
    pub end_s: f64,
    /// The key, its tonic in the common spelling.
    pub key: Key,
}

/// The keys of a timeline, in order and without gaps from its start to its end; none
/// without chords.
#[must_use]
pub fn estimate(timeline: &Timeline) -> Vec<KeySpan> {
    let chords = heard(timeline);
    let (Some(start_s), Some(end_s)) = (timeline.start_s(), timeline.end_s()) else {
        return Vec::new();
    };
    let mut spans: Vec<KeySpan> = Vec::new();
    for (heard, state) in chords.iter().zip(best_path(&chords)) {
        let key = key_of(state);
        match spans.last_mut() {
            Some(last) if last.key == key => {}
            last => {
                if let Some(last) = last {
                    last.end_s = heard.start_s;
                }
                spans.push(KeySpan {
                    start_s: heard.start_s,
                    end_s,
                    key,
                });
            }
        }
    }
    if let Some(first) = spans.first_mut() {
        first.start_s = start_s;
    }
    spans
}

/// A chord as an observation of the model.
struct Heard {
    start_s: f64,
    root: u8,
    kind: usize,
    duration_s: f64,
    /// The root of the chord directly before, if it is another.
    from: Option<u8>,
}

fn heard(timeline: &Timeline) -> Vec<Heard> {
    let mut chords: Vec<Heard> = Vec::new();
    let mut before: Option<(u8, usize)> = None;
    for segment in timeline {
        let Label::Chord(chord) = &segment.label else {
            before = None;
            continue;
        };
        let (root, kind) = (chord.root().pitch_class(), kind(chord));
        let duration_s = segment.duration_s();
        match chords.last_mut() {
            // The same chord over another bass, or in another colour.
            Some(last) if before == Some((root, kind)) => {
                last.duration_s += duration_s;
            }
            _ => chords.push(Heard {
                start_s: segment.start_s,
                root,
                kind,
                duration_s,
                from: before.map(|(from, _)| from).filter(|from| *from != root),
            }),
        }
        before = Some((root, kind));
    }
    chords
}

/// The kind of a chord, as the profiles count them: major, dominant seventh, minor,
/// diminished, augmented, neither.
#[must_use]
pub fn kind(chord: &Chord) -> usize {
    let notes = chord.intervals();
    let has = |semitones: u16| notes >> semitones & 1 == 1;
    if has(4) {
        match (has(10), has(8) && !has(7)) {
            (true, _) => 1,
            (false, true) => 4,
            (false, false) => 0,
        }
    } else if has(3) {
        if has(6) && !has(7) { 3 } else { 2 }
    } else {
        KINDS - 1
    }
}

/// Viterbi: the key at each chord.
fn best_path(chords: &[Heard]) -> Vec<usize> {
    let mut score = [0.0; KEYS];
    for (state, score) in score.iter_mut().enumerate() {
        *score = if state < 12 { MAJOR_PRIOR_NATS } else { 0.0 };
    }
    // The previous key on the best path to each key, chord by chord.
    let mut from: Vec<[u8; KEYS]> = Vec::with_capacity(chords.len());
    for chord in chords {
        let best = (0..KEYS)
            .max_by(|&a, &b| score[a].total_cmp(&score[b]))
            .unwrap_or(0);
        let modulated = score[best] - MODULATION_NATS;
        let mut next = [0.0; KEYS];
        let mut came = [0; KEYS];
        for state in 0..KEYS {
            let stayed = score[state] >= modulated;
            let (before, reached) = if stayed {
                (state, score[state])
            } else {
                (best, modulated)
            };
            came[state] = before as u8;
            next[state] = reached + evidence(chord, state);
        }
        score = next;
        from.push(came);
    }
    let mut state = (0..KEYS)
        .max_by(|&a, &b| score[a].total_cmp(&score[b]))
        .unwrap_or(0);
    let mut path = vec![state; chords.len()];
    for index in (1..chords.len()).rev() {
        state = usize::from(from[index][state]);
        path[index - 1] = state;
    }
    path
}

/// The evidence of a chord for a key, in nats.
fn evidence(chord: &Heard, state: usize) -> f64 {
    let (mode, tonic) = (state / 12, state % 12);
    let above = |pitch_class: u8| (usize::from(pitch_class) + 12 - tonic) % 12;
    let root = above(chord.root);
    let usual = f64::from(CHORD[mode][root][chord.kind]);
    let change = chord
        .from
        .map_or(0.0, |from| f64::from(CHANGE[mode][above(from)][root]));
    let (least, most) = WEIGHTS;
    let weight = (chord.duration_s / UNIT_S).sqrt().clamp(least, most);
    weight * usual + CHANGE_WEIGHT * change
}

fn key_of(state: usize) -> Key {
    let mode = if state < 12 { Mode::Major } else { Mode::Minor };
    let tonic = Note::common((state % 12) as u8, mode == Mode::Minor);
    Key::new(tonic, mode)
}
