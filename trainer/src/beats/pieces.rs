//! Generated pieces in any meter and in free time, with their beats, to measure the beat
//! finder where the songs of a corpus are all in four.
//!
//! A piece has a bar of eighths in groups (5/4 as three and two quarters, 7/8 as 2 + 2 + 3 and
//! the like), a pattern for each player, drawn once and played with small variations, and
//! chords that change with the bars or the groups.

use harmony::time::Meter;
use rand::Rng;
use rand::seq::IndexedRandom;
use rand_chacha::ChaCha8Rng;

use renderer::arranger::voicing::{Voicing, bass_key, voice};
use renderer::arranger::{Bus, Note, Track, programs, track, velocity};
use renderer::chord::Chord;
use renderer::example::Example;
use renderer::random::{Stream, stream};
use renderer::song::{Beat, Harmony, Song, Span, key_of};

const KICK: u8 = 36;
const SNARES: [u8; 4] = [38, 38, 37, 39];
const HANDS: [u8; 5] = [42, 42, 51, 46, 70];

/// The timing of a piece.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Clock {
    /// A tempo in quarter notes a minute, exactly steady or as steady as a band.
    Tempo(f64),
    /// No beat to tap along with: notes of irregular length, around this many a minute.
    Free(f64),
}

/// A piece of at least `length_s` seconds in `meter`.
#[must_use]
pub(crate) fn compose(seed: u64, meter: Meter, clock: Clock, length_s: f64) -> Example {
    let mut rng = stream(seed, Stream::Compose);
    let bar = Bar::draw(&mut rng, meter);
    let pulse = meter.pulse_beats();
    let quarter_s = match clock {
        Clock::Tempo(bpm) | Clock::Free(bpm) => 60.0 / bpm,
    };
    let pulses = (meter.bar_beats() / pulse).round();
    let bars = (length_s / (meter.bar_beats() * quarter_s)).ceil().max(2.0);
    let count = (bars * pulses) as usize;
    let song = Song {
        beats: beats(
            &mut rng,
            count,
            pulses as usize,
            quarter_s * pulse,
            matches!(clock, Clock::Free(_)),
        ),
        spans: chords(&mut rng, &bar, bars as usize, pulses),
        swing: 0.5,
        key: key_of(0, false),
        keys: Vec::new(),
    };
    let mut rng = stream(seed, Stream::Arrange);
    let free = matches!(clock, Clock::Free(_));
    let tracks = band(&mut rng, &song, &bar, bars as usize, pulses, free);
    Example {
        duration_s: song.time_s(song.end()),
        song,
        tracks,
        noise: Vec::new(),
        flats: false,
        rings: false,
    }
}

/// A bar in eighth notes.
struct Bar {
    /// Eighths in the bar.
    eighths: usize,
    /// Lengths of the groups that players accent, in eighths.
    groups: Vec<usize>,
    /// Whether all groups have the same length; then they are the beats.
    even: bool,
}

impl Bar {
    fn draw(rng: &mut ChaCha8Rng, meter: Meter) -> Self {
        let eighths = (meter.bar_beats() * 2.0).round() as usize;
        let of: &[&[usize]] = match eighths {
            5 => &[&[3, 2], &[2, 3]],
            7 => &[&[2, 2, 3], &[3, 2, 2], &[2, 3, 2]],
            10 => &[&[6, 4], &[6, 4], &[4, 6], &[2, 2, 2, 2, 2]],
            14 => &[&[8, 6], &[6, 8]],
            _ => &[],
        };
        let even = of.is_empty();
        let groups = of.choose(rng).map_or_else(
            || {
                let beat = (meter.pulse_beats() * 2.0).round().max(1.0) as usize;
                vec![beat; eighths / beat]
            },
            |groups| groups.to_vec(),
        );
        Self {
            eighths,
            groups,
            even,
        }
    }

    /// The eighths on which groups start.
    fn starts(&self) -> Vec<usize> {
        let ends = self.groups.iter().scan(0, |at, length| {
            *at += length;
            Some(*at)
        });
        std::iter::once(0)
            .chain(ends)
            .take(self.groups.len())
            .collect()
    }
}

fn beats(rng: &mut ChaCha8Rng, count: usize, pulses: usize, pulse_s: f64, free: bool) -> Vec<Beat> {
    let drift = if rng.random_bool(0.5) { 0.003 } else { 0.0 };
    let (mut factor, mut time_s) = (1.0_f64, 0.0);
    (0..=count)
        .map(|index| {
            let beat = Beat {
                time_s,
                downbeat: index % pulses == 0,
            };
            factor = if free {
                rng.random_range(-0.9_f64..0.9).exp2()
            } else {
                (factor + rng.random_range(-1.0..=1.0) * drift).clamp(0.97, 1.03)
            };
            time_s += pulse_s * factor;
            beat
        })
        .collect()
}

/// A cycle of one to eight chords, changing every bar, every two bars, or with the groups.
fn chords(rng: &mut ChaCha8Rng, bar: &Bar, bars: usize, pulses: f64) -> Vec<Span> {
    const DEGREES: [(u8, &str); 8] = [
        (0, "maj"),
        (9, "min"),
        (5, "maj"),
        (7, "maj"),
        (2, "min"),
        (4, "min"),
        (5, "maj7"),
        (7, "7"),
    ];
    let tonic = rng.random_range(0..12_u8);
    let turn: Vec<Chord> = (0..*[1_usize, 2, 3, 4, 4, 4, 4, 4, 8].choose(rng).unwrap_or(&4))
        .map(|_| {
            let (step, name) = *DEGREES.choose(rng).unwrap_or(&DEGREES[0]);
            Chord::named(tonic + step, name)
        })
        .collect();
    let split = bar.starts()[bar.groups.len() / 2] as f64 / bar.eighths as f64 * pulses;
    let every = *[1_usize, 1, 1, 2].choose(rng).unwrap_or(&1);
    let halves = *[0.0, 0.0, 0.2, 0.7].choose(rng).unwrap_or(&0.0);
    let mut spans: Vec<Span> = Vec::new();
    let mut next = turn.iter().copied().cycle();
    let mut push = |start: f64, end: f64, chord: Chord| match spans.last_mut() {
        Some(last) if last.harmony == Harmony::Chord(chord) => last.end = end,
        _ => spans.push(Span {
            start,
            end,
            harmony: Harmony::Chord(chord),
        }),
    };
    let mut chord = turn[0];
    for index in 0..bars {
        let start = index as f64 * pulses;
        if index % every == 0 {
            chord = next.next().unwrap_or(chord);
        }
        if split > 0.0 && rng.random_bool(halves) {
            push(start, start + split, chord);
            chord = next.next().unwrap_or(chord);
            push(start + split, start + pulses, chord);
        } else {
            push(start, start + pulses, chord);
        }
    }
    spans
}

/// The strokes of a bar: the eighth (halves are sixteenths) and the loudness, 0 to 1.
type Pattern = Vec<(f64, f64)>;

fn band(
    rng: &mut ChaCha8Rng,
    song: &Song,
    bar: &Bar,
    bars: usize,
    pulses: f64,
    free: bool,
) -> Vec<Track> {
    let starts: Vec<f64> = bar.starts().into_iter().map(|it| it as f64).collect();
    // The strokes of a bar as beats of the song, with some left out now and then.
    let played = |rng: &mut ChaCha8Rng, pattern: &Pattern| -> Vec<(f64, f64)> {
        let mut strokes = Vec::new();
        for index in 0..bars {
            for &(eighth, loud) in pattern {
                if rng.random_bool(0.95) {
                    let at = (index as f64 + eighth / bar.eighths as f64) * pulses;
                    strokes.push((at, loud));
                }
            }
        }
        strokes
    };
    let mut tracks = Vec::new();
    let drums = !free && rng.random_bool(0.75);
    if drums {
        let mut notes = Vec::new();
        for (key, pattern) in groove(rng, bar, &starts) {
            for (at, loud) in played(rng, &pattern) {
                notes.push(Note {
                    start: at,
                    end: at + 0.2,
                    key,
                    velocity: velocity(rng, 55 + (loud * 45.0) as i32),
                });
            }
        }
        let kit = programs::pick(rng, programs::KITS);
        tracks.push(track(rng, song, Bus::Drums, kit, notes));
    }
    let eighth = pulses / bar.eighths as f64;
    let all: Vec<f64> = (0..bar.eighths).map(|it| it as f64).collect();
    let compings = if drums { 1 } else { 2 };
    for _ in 0..compings {
        let held = rng.random_bool(0.3);
        let arpeggio = !held && rng.random_bool(0.4);
        let strokes: Pattern = match rng.random_range(0..4) {
            _ if arpeggio => all.iter().map(|&e| (e, accent(&starts, e))).collect(),
            0 => vec![(0.0, 1.0)],
            1 => starts.iter().map(|&e| (e, accent(&starts, e))).collect(),
            2 if bar.even => all.iter().map(|&e| (e, accent(&starts, e))).collect(),
            // Between the beats, as in ska and polka.
            3 if bar.even && drums && bar.groups[0] == 2 && rng.random_bool(0.6) => all
                .iter()
                .filter(|e| **e % 2.0 == 1.0)
                .map(|&e| (e, 0.9))
                .collect(),
            _ => all
                .iter()
                .filter(|e| starts.contains(e) || rng.random_bool(0.4))
                .map(|&e| (e, accent(&starts, e)))
                .collect(),
        };
        let strokes = if held { vec![(0.0, 1.0)] } else { strokes };
        let mut notes = Vec::new();
        let mut keys: Vec<i32> = Vec::new();
        let mut turn = 0;
        let times = played(rng, &strokes);
        for (index, &(at, loud)) in times.iter().enumerate() {
            let Some(chord) = song.chord_at(at) else {
                continue;
            };
            let until = times
                .get(index + 1)
                .map_or(at + pulses, |next| next.0.min(at + pulses));
            keys = voice(rng, chord, Voicing::Close, 60, &keys);
            let heard: Vec<i32> = if arpeggio && !keys.is_empty() {
                turn += 1;
                vec![keys[turn % keys.len()]]
            } else {
                keys.clone()
            };
            for key in heard {
                notes.push(Note {
                    start: at,
                    end: until - eighth * 0.1,
                    key: key.clamp(0, 127) as u8,
                    velocity: velocity(rng, 60 + (loud * 30.0) as i32),
                });
            }
        }
        let pool = if held {
            programs::HELD
        } else {
            programs::STRUCK
        };
        let program = programs::pick(rng, pool);
        tracks.push(track(rng, song, Bus::Chords, program, notes));
    }
    if rng.random_bool(0.85) {
        let pattern: Pattern = match rng.random_range(0..3) {
            0 => vec![(0.0, 1.0)],
            1 => starts.iter().map(|&e| (e, accent(&starts, e))).collect(),
            _ => {
                let some = all
                    .iter()
                    .filter(|e| starts.contains(e) || rng.random_bool(0.3));
                some.map(|&e| (e, accent(&starts, e))).collect()
            }
        };
        let mut notes = Vec::new();
        let times = played(rng, &pattern);
        for (index, &(at, loud)) in times.iter().enumerate() {
            let Some(chord) = song.chord_at(at) else {
                continue;
            };
            let until = times.get(index + 1).map_or(at + pulses, |next| next.0);
            notes.push(Note {
                start: at,
                end: until - eighth * 0.1,
                key: bass_key(chord, 48).clamp(0, 127) as u8,
                velocity: velocity(rng, 70 + (loud * 25.0) as i32),
            });
        }
        let program = programs::pick(rng, programs::BASS);
        tracks.push(track(rng, song, Bus::Bass, program, notes));
    }
    tracks
}

/// The accent of an eighth: strongest on the first of a bar, weaker on that of a group.
fn accent(starts: &[f64], eighth: f64) -> f64 {
    if eighth == 0.0 {
        1.0
    } else if starts.contains(&eighth) {
        0.75
    } else {
        0.4
    }
}

/// Kick, snare and something in the right hand.
fn groove(rng: &mut ChaCha8Rng, bar: &Bar, starts: &[f64]) -> Vec<(u8, Pattern)> {
    let snare = *SNARES.choose(rng).unwrap_or(&SNARES[0]);
    let hand = *HANDS.choose(rng).unwrap_or(&HANDS[0]);
    let last = bar.eighths as f64;
    let quarters: Vec<f64> = (0..bar.eighths).step_by(2).map(|it| it as f64).collect();
    let odd = bar.eighths % 2 == 1 || bar.groups[0] == 3;
    let (mut kick, mut back): (Vec<f64>, Vec<f64>) = (vec![0.0], Vec::new());
    match rng.random_range(0..3) {
        // Kick and snare alternate on the groups or the quarters.
        0 | 1 => {
            let places: &[f64] = if odd { starts } else { &quarters };
            for (index, &place) in places.iter().enumerate().skip(1) {
                if index % 2 == 1 {
                    back.push(place);
                } else {
                    kick.push(place);
                }
            }
        }
        // The kick starts the groups, with one snare late in the bar.
        _ => {
            kick = starts.to_vec();
            back.push(
                starts
                    .last()
                    .copied()
                    .unwrap_or(0.0)
                    .max(2.0)
                    .min(last - 1.0),
            );
        }
    }
    kick.retain(|place| !back.contains(place));
    for eighth in 1..bar.eighths {
        let eighth = eighth as f64;
        if rng.random_bool(0.12) && !back.contains(&eighth) {
            kick.push(eighth);
        }
    }
    let step: f64 = *[0.5, 1.0, 1.0, 1.0, 2.0].choose(rng).unwrap_or(&1.0);
    let step = if odd { step.min(1.0) } else { step };
    let count = (last / step).round() as usize;
    let between = !odd && step == 1.0 && rng.random_bool(0.25);
    let hands = (0..count)
        .map(|index| index as f64 * step)
        .filter(|place| !between || place % 2.0 == 1.0)
        .map(|place| {
            let loud = if between { 1.0 } else { accent(starts, place) };
            (place, loud * 0.8)
        })
        .collect();
    let loud = |places: Vec<f64>| -> Pattern { places.into_iter().map(|it| (it, 1.0)).collect() };
    vec![(KICK, loud(kick)), (snare, loud(back)), (hand, hands)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_have_their_pulses_and_chords_begin_with_them() {
        for (meter, pulses) in [("5/4", 5), ("7/8", 7), ("6/8", 2), ("3/4", 3), ("4/4", 4)] {
            let piece = compose(3, meter.parse().unwrap(), Clock::Tempo(120.0), 20.0);
            let downs: Vec<usize> = (0..piece.song.beats.len())
                .filter(|&i| piece.song.beats[i].downbeat)
                .collect();
            assert!(downs.windows(2).all(|w| w[1] - w[0] == pulses), "{meter}");
            assert!(piece.duration_s >= 19.0 && piece.duration_s < 30.0);
            assert!(!piece.tracks.is_empty());
            let again = compose(3, meter.parse().unwrap(), Clock::Tempo(120.0), 20.0);
            assert_eq!(piece, again);
        }
    }

    #[test]
    fn free_time_has_no_steady_step() {
        let piece = compose(5, Meter::COMMON, Clock::Free(80.0), 20.0);
        let steps: Vec<f64> = piece
            .song
            .beats
            .windows(2)
            .map(|w| w[1].time_s - w[0].time_s)
            .collect();
        let (least, most) = steps
            .iter()
            .fold((9.0_f64, 0.0_f64), |(a, b), s| (a.min(*s), b.max(*s)));
        assert!(most > 2.0 * least);
    }
}
