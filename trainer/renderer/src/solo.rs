//! A solo instrument: single chords, strummed, held or broken, with silence between.
//!
//! Trying out chords at the piano sounds nothing like a band: a chord, a pause, another chord,
//! and the last one rings until it decays. Times are in seconds here; where a chord ends is
//! not written but measured once it is rendered ([`crate::render`]).

use rand::Rng;
use rand::seq::IndexedRandom;
use rand_chacha::ChaCha8Rng;

use crate::arranger::voicing::{Voicing, bass_key, voice};
use crate::arranger::{self, Bus, Note, Track, programs};
use crate::chord::{Chord, LARGE_QUALITIES, QUALITIES};
use crate::example::Example;
use crate::random::{Stream, stream};
use crate::song::{Beat, Harmony, Song, Span, key_of};

/// Instruments for chords without accompaniment.
const SOLO: programs::Pool = &[
    (0, 16),
    (1, 6),
    (2, 4),
    (3, 2),
    (4, 6),
    (5, 5),
    (6, 2),
    (7, 2),
    (11, 2),
    (16, 3),
    (17, 2),
    (18, 2),
    (19, 4),
    (20, 2),
    (21, 7),
    (22, 1),
    (23, 3),
    (24, 10),
    (25, 14),
    (26, 5),
    (27, 7),
    (28, 2),
    (29, 4),
    (30, 4),
    (40, 2),
    (42, 2),
    (44, 1),
    (45, 2),
    (46, 4),
    (48, 6),
    (49, 4),
    (50, 2),
    (52, 5),
    (53, 4),
    (54, 1),
    (60, 1),
    (61, 3),
    (66, 1),
    (71, 1),
    (89, 2),
    (105, 2),
];

/// How a chord is played.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stroke {
    /// All strings or keys at once, or nearly.
    Once,
    /// The same a few times.
    Again,
    /// One tone after the other, all of them sustained.
    Broken,
    /// The bass, then the rest.
    BassFirst,
}

/// An example of at least `length_s` seconds.
#[must_use]
pub fn solo(seed: u64, length_s: f64) -> Example {
    let rng = &mut stream(seed, Stream::Compose);
    let plan = Plan::draw(rng);
    let mut at_s = if rng.random_bool(0.6) {
        between_log(rng, 0.1, 3.0)
    } else {
        0.0
    };
    let (mut spans, mut notes) = (Vec::new(), Vec::new());
    if at_s > 0.0 {
        spans.push(span(0.0, at_s, Harmony::None));
    }
    let mut voicing = Vec::new();
    let mut chord = plan.chord(rng, None);
    // Files with a single chord are as short as that.
    let chords = if rng.random_bool(0.12) { 1 } else { usize::MAX };
    let mut played = 0;
    while at_s < length_s && played < chords {
        played += 1;
        let sounding_s = plan.sounding_s(rng);
        plan.play(rng, chord, &mut voicing, (at_s, sounding_s), &mut notes);
        spans.push(span(at_s, at_s + sounding_s, Harmony::Chord(chord)));
        at_s += sounding_s;
        let gap_s = plan.gap_s(rng);
        if gap_s > 0.0 {
            spans.push(span(at_s, at_s + gap_s, Harmony::None));
            at_s += gap_s;
        }
        chord = plan.chord(rng, Some(chord));
    }
    if rng.random_bool(0.6) || chords == 1 {
        let rest_s = between_log(rng, 0.3, 4.0);
        spans.push(span(at_s, at_s + rest_s, Harmony::None));
        at_s += rest_s;
    }
    // A beat per second, so that positions are seconds.
    let beats = (0..=at_s.ceil() as usize + 1).map(|second| Beat {
        time_s: second as f64,
        downbeat: second % 4 == 0,
    });
    let song = Song {
        beats: beats.collect(),
        spans: merged(spans),
        swing: 0.5,
        key: key_of(plan.tonic, false),
        keys: Vec::new(),
    };
    let rng = &mut stream(seed, Stream::Arrange);
    let bus = if programs::is_amplified(plan.program) && rng.random_bool(0.4) {
        Bus::Guitars
    } else {
        Bus::Chords
    };
    let tracks: Vec<Track> = vec![arranger::finish(rng, bus, plan.program, notes)];
    Example {
        flats: matches!(plan.tonic, 1 | 3 | 5 | 8 | 10),
        duration_s: at_s,
        song,
        tracks,
        noise: Vec::new(),
        rings: true,
    }
}

fn span(start: f64, end: f64, harmony: Harmony) -> Span {
    Span {
        start,
        end,
        harmony,
    }
}

/// Merges equal neighbours.
fn merged(spans: Vec<Span>) -> Vec<Span> {
    let mut all: Vec<Span> = Vec::with_capacity(spans.len());
    for span in spans {
        match all.last_mut() {
            Some(last) if last.harmony == span.harmony => last.end = span.end,
            _ => all.push(span),
        }
    }
    all
}

/// A log-uniform number.
fn between_log(rng: &mut ChaCha8Rng, low: f64, high: f64) -> f64 {
    rng.random_range(low.ln()..high.ln()).exp()
}

/// Choices that stay for a whole example.
struct Plan {
    program: u8,
    tonic: u8,
    /// Share of chords that are drawn evenly from the fourteen qualities.
    even: f64,
    /// Share of inverted chords.
    inverted: f64,
    strokes: Vec<Stroke>,
    /// Shortest and longest sounding time, in seconds.
    sounding_s: (f64, f64),
    /// Shortest and longest silence between chords; `None` for no silence.
    gap_s: Option<(f64, f64)>,
    /// Probability that keys and strings are released before the next chord instead of ringing
    /// on.
    released: f64,
    centre: i32,
    /// Seconds between the first and the last string of a stroke.
    spread_s: f64,
    loudness: i32,
    voicing: Voicing,
    /// Whether the left hand plays the bass separately.
    left_hand: bool,
    /// Share of the chords in root position with another open string below: a strummed A can
    /// have the low E in it and still means A.
    open_string: f64,
}

impl Plan {
    fn draw(rng: &mut ChaCha8Rng) -> Self {
        let program = programs::pick(rng, SOLO);
        let guitar = matches!(program, 24..=30 | 105);
        let short = between_log(rng, 0.2, 2.5);
        let gap = rng.random_bool(0.75).then(|| {
            let least = between_log(rng, 0.1, 3.0);
            (least, least * rng.random_range(1.0..2.5))
        });
        let strokes = match rng.random_range(0..6) {
            0 | 1 => vec![Stroke::Once],
            2 => vec![Stroke::Once, Stroke::Again],
            3 => vec![Stroke::Broken],
            4 => vec![Stroke::Once, Stroke::Broken, Stroke::BassFirst],
            _ => vec![Stroke::Again],
        };
        Self {
            program,
            tonic: rng.random_range(0..12),
            even: *[0.0, 0.1, 0.4, 1.0].choose(rng).unwrap_or(&0.1),
            // Guitarists seldom mean an inversion.
            inverted: if guitar {
                *[0.0, 0.0, 0.05].choose(rng).unwrap_or(&0.0)
            } else {
                *[0.0, 0.05, 0.3].choose(rng).unwrap_or(&0.05)
            },
            strokes,
            sounding_s: (short, short * rng.random_range(1.0..3.0)),
            gap_s: gap,
            released: rng.random_range(0.0..1.0),
            centre: rng.random_range(52..=68),
            spread_s: if guitar {
                between_log(rng, 0.01, 0.12)
            } else {
                between_log(rng, 0.001, 0.03)
            },
            loudness: rng.random_range(45..=105),
            voicing: if guitar {
                Voicing::Full
            } else {
                *[
                    Voicing::Close,
                    Voicing::Close,
                    Voicing::Open,
                    Voicing::Drop2,
                    Voicing::Full,
                ]
                .choose(rng)
                .unwrap_or(&Voicing::Close)
            },
            left_hand: rng.random_bool(0.4),
            open_string: if guitar { 0.3 } else { 0.0 },
        }
    }

    fn chord(&self, rng: &mut ChaCha8Rng, before: Option<Chord>) -> Chord {
        // The degrees of a key, and likely experiments beside them.
        const DIATONIC: [(u8, &str, &str); 7] = [
            (0, "maj", "maj7"),
            (2, "min", "min7"),
            (4, "min", "min7"),
            (5, "maj", "maj7"),
            (7, "maj", "7"),
            (9, "min", "min7"),
            (10, "maj", "7"),
        ];
        let mut chord = if rng.random_bool(self.even) {
            let quality = if rng.random_bool(0.2) {
                rng.random_range(LARGE_QUALITIES..QUALITIES.len())
            } else {
                rng.random_range(0..LARGE_QUALITIES)
            };
            Chord::new(rng.random_range(0..12), quality)
        } else {
            match (before, rng.random_range(0..10)) {
                // The same chord again, or shifted up the neck.
                (Some(before), 0) => before,
                (Some(before), 1) => before.transposed(*[1, 2, -1, 5].choose(rng).unwrap_or(&1)),
                _ => {
                    let (step, triad, seventh) =
                        *DIATONIC.choose(rng).unwrap_or(&(0, "maj", "maj7"));
                    let name = if rng.random_bool(0.25) {
                        seventh
                    } else {
                        triad
                    };
                    Chord::named(self.tonic + step, name)
                }
            }
        };
        chord.bass = 0;
        if rng.random_bool(self.inverted)
            && let Some(bass) = chord.kind().basses.choose(rng)
        {
            chord.bass = *bass;
        }
        chord
    }

    fn sounding_s(&self, rng: &mut ChaCha8Rng) -> f64 {
        rng.random_range(self.sounding_s.0..=self.sounding_s.1)
    }

    fn gap_s(&self, rng: &mut ChaCha8Rng) -> f64 {
        self.gap_s
            .map_or(0.0, |(low, high)| rng.random_range(low..=high))
    }

    /// Plays a chord from `at_s` on for `sounding_s` seconds.
    fn play(
        &self,
        rng: &mut ChaCha8Rng,
        chord: Chord,
        before: &mut Vec<i32>,
        (at_s, sounding_s): (f64, f64),
        notes: &mut Vec<Note>,
    ) {
        let mut keys = voice(rng, chord, self.voicing, self.centre, before);
        before.clone_from(&keys);
        // The lowest key is the label's bass, except for an open string.
        let lowest = keys.first().copied().unwrap_or(60);
        let reach = if self.left_hand { 12 } else { 0 };
        let bass = bass_key(chord, lowest - reach).max(28);
        keys.retain(|key| *key > bass);
        keys.insert(0, bass);
        let fifth = bass - 5;
        if chord.bass == 0
            && fifth >= 40
            && chord.kind().tones.contains(&7)
            && rng.random_bool(self.open_string)
        {
            keys.insert(0, fifth);
        }
        let end_s = at_s + sounding_s * rng.random_range(1.0 - 0.3 * self.released..=1.0);
        let mut strike = |from_s: f64, keys: &[i32], spread_s: f64, loudness: i32| {
            let step_s = spread_s / keys.len().max(1) as f64;
            for (index, key) in keys.iter().enumerate() {
                let start = from_s + step_s * index as f64;
                notes.push(Note {
                    start,
                    end: end_s.max(start + 0.08),
                    key: (*key).clamp(0, 127) as u8,
                    velocity: arranger::velocity(rng, loudness),
                });
            }
        };
        let stroke = self.strokes[(at_s * 997.0) as usize % self.strokes.len()];
        match stroke {
            Stroke::Once => strike(at_s, &keys, self.spread_s, self.loudness),
            Stroke::Again => {
                let step_s = (sounding_s / 4.0).clamp(0.15, 0.6);
                let mut from_s = at_s;
                while from_s < end_s - 0.1 {
                    strike(from_s, &keys, self.spread_s, self.loudness);
                    from_s += step_s;
                }
            }
            Stroke::Broken => {
                let step_s = (sounding_s * 0.6 / keys.len() as f64).clamp(0.04, 0.35);
                strike(at_s, &keys, step_s * keys.len() as f64, self.loudness);
            }
            Stroke::BassFirst => {
                strike(at_s, &keys[..1], 0.0, self.loudness);
                let later_s = at_s + (sounding_s * 0.3).min(0.5);
                strike(later_s, &keys[1..], self.spread_s, self.loudness - 6);
            }
        }
    }
}
