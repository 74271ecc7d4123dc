//! The beat finder on a small synthesized band, in every tempo and meter that it supports.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::f64::consts::TAU;

use harmony::label::Label;
use harmony::time::Meter;
use harmony::timeline::{Segment, Timeline};
use recognizer::audio::Audio;
use recognizer::beat::{Beats, Known, Octave, find};
use recognizer::signal::Signal;

const RATE: f64 = 22_050.0;
const CHORDS: [(&str, [f64; 3]); 4] = [
    ("C:maj", [261.6, 329.6, 392.0]),
    ("A:min", [220.0, 261.6, 329.6]),
    ("F:maj", [174.6, 220.0, 261.6]),
    ("G:maj", [196.0, 246.9, 293.7]),
];

/// Which eighths of a bar are struck.
#[derive(Clone, Copy)]
struct Groove {
    meter: &'static str,
    kick: &'static str,
    snare: &'static str,
    hat: &'static str,
    comp: &'static str,
}

const ROCK: Groove = Groove {
    meter: "4/4",
    kick: "x...x.x.",
    snare: "..x...x.",
    hat: "xxxxxxxx",
    comp: "x.x.x.x.",
};
const FIVE: Groove = Groove {
    meter: "5/4",
    kick: "x..x..x...",
    snare: "....x...x.",
    hat: "xxxxxxxxxx",
    comp: "x..x..x.x.",
};
const SEVEN: Groove = Groove {
    meter: "7/8",
    kick: "x...x..",
    snare: "..x...x",
    hat: "xxxxxxx",
    comp: "x.x.x..",
};
const SIX: Groove = Groove {
    meter: "6/8",
    kick: "x.....",
    snare: "...x..",
    hat: "xxxxxx",
    comp: "xxxxxx",
};
const WALTZ: Groove = Groove {
    meter: "3/4",
    kick: "x.....",
    snare: "..x.x.",
    hat: "x.x.x.",
    comp: "..x.x.",
};

/// A song: its sound, its chords, and the times at which its bars begin.
struct Song {
    audio: Audio,
    chords: Timeline,
    bars_s: Vec<f64>,
}

fn noise(n: usize) -> f64 {
    let x = (n as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ 0x5851_F42D_4C95_7F2D;
    let x = (x ^ (x >> 29)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    ((x >> 40) as f64) / f64::from(1_u32 << 23) - 1.0
}

/// Adds `sound(t)`, t in seconds from `at_s`.
fn strike(samples: &mut [f32], at_s: f64, length_s: f64, sound: impl Fn(f64, usize) -> f64) {
    let start = (at_s * RATE).round() as usize;
    let count = (length_s * RATE) as usize;
    for (n, sample) in samples.iter_mut().skip(start).take(count).enumerate() {
        *sample += sound(n as f64 / RATE, start + n) as f32;
    }
}

/// `bars` bars at `bpm` quarters a minute, the first at `first_s`; `turn` chords in turn, one
/// a bar.
fn song(groove: Groove, bpm: f64, first_s: f64, bars: usize, turn: usize) -> Song {
    let meter: Meter = groove.meter.parse().unwrap();
    let eighth_s = 30.0 / bpm;
    let bar_s = meter.bar_beats() * 2.0 * eighth_s;
    let length_s = first_s + bars as f64 * bar_s + 0.5;
    let mut samples = vec![0.0_f32; (length_s * RATE) as usize];
    let mut segments = Vec::new();
    let bars_s: Vec<f64> = (0..bars).map(|i| first_s + i as f64 * bar_s).collect();
    for (bar, &start_s) in bars_s.iter().enumerate() {
        let (name, keys) = CHORDS[bar % turn];
        let label: Label = name.parse().unwrap();
        let from_s = if bar == 0 { 0.0 } else { start_s };
        let to_s = bars_s.get(bar + 1).copied().unwrap_or(length_s);
        segments.push(Segment::new(from_s, to_s, label));
        let at = |line: &'static str| {
            let marks = line.bytes().enumerate().filter(|(_, mark)| *mark == b'x');
            marks.map(move |(i, _)| (i, start_s + i as f64 * eighth_s))
        };
        for (_, at_s) in at(groove.kick) {
            strike(&mut samples, at_s, 0.2, |t, _| {
                0.6 * (-t * 25.0).exp() * (TAU * 65.0 * t).sin()
            });
        }
        for (_, at_s) in at(groove.snare) {
            strike(&mut samples, at_s, 0.15, |t, n| {
                0.35 * (-t * 30.0).exp() * (noise(n) + (TAU * 190.0 * t).sin())
            });
        }
        for (i, at_s) in at(groove.hat) {
            let loud = if i % 2 == 0 { 0.12 } else { 0.07 };
            strike(&mut samples, at_s, 0.05, |t, n| {
                loud * (-t * 90.0).exp() * (noise(n) - noise(n + 1))
            });
        }
        for (i, at_s) in at(groove.comp) {
            let loud = if i == 0 { 0.12 } else { 0.08 };
            strike(&mut samples, at_s, 0.4, |t, _| {
                let attack = (t * 400.0).min(1.0);
                let tones: f64 = keys.iter().map(|hz| (TAU * hz * t).sin()).sum();
                loud * attack * (-t * 6.0).exp() * tones
            });
        }
        let bass = keys[0] / 2.0;
        strike(&mut samples, start_s, 0.5, |t, _| {
            0.25 * (t * 300.0).min(1.0) * (-t * 4.0).exp() * (TAU * bass * t).sin()
        });
    }
    Song {
        audio: Audio::new(samples, 22_050),
        chords: Timeline::from_segments(joined(segments)).unwrap(),
        bars_s,
    }
}

/// Joins equal neighbours.
fn joined(segments: Vec<Segment>) -> Vec<Segment> {
    let mut all: Vec<Segment> = Vec::new();
    for segment in segments {
        match all.last_mut() {
            Some(last) if last.label == segment.label => last.end_s = segment.end_s,
            _ => all.push(segment),
        }
    }
    all
}

impl Song {
    fn beats(&self, known: Known) -> Option<Beats> {
        find(
            &Signal::from_audio(&self.audio).unwrap(),
            &self.chords,
            known,
        )
    }

    /// Of the true bars, the share that begins within 40 ms of a found one.
    fn bars_found(&self, beats: &Beats) -> f64 {
        let downs: Vec<f64> = beats
            .times_s
            .iter()
            .zip(&beats.in_bar)
            .filter(|(_, number)| **number == 0)
            .map(|(time_s, _)| *time_s)
            .collect();
        let near = |at_s: &&f64| downs.iter().any(|down| (down - **at_s).abs() < 0.04);
        self.bars_s.iter().filter(near).count() as f64 / self.bars_s.len() as f64
    }
}

fn named(meter: &str) -> Known {
    Known {
        meter: Some(meter.parse().unwrap()),
        ..Known::default()
    }
}

#[track_caller]
fn right(song: &Song, known: Known, meter: &str, bpm: f64) {
    let beats = song.beats(known).unwrap();
    assert!(
        (beats.bpm() / bpm - 1.0).abs() < 0.02 && beats.meter.to_string() == meter,
        "{meter} at {bpm} was read as {} at {}",
        beats.meter,
        beats.bpm()
    );
    let share = song.bars_found(&beats);
    assert!(share > 0.9, "{meter} at {bpm}: {share} of the bars");
}

#[test]
fn fast_music_is_not_read_at_half_its_tempo() {
    for bpm in [60.0, 84.0, 110.0, 128.0, 140.0, 174.0] {
        right(&song(ROCK, bpm, 0.4, 20, 4), Known::default(), "4/4", bpm);
    }
}

#[test]
fn fives_are_found() {
    for bpm in [90.0, 120.0, 150.0] {
        right(&song(FIVE, bpm, 0.4, 16, 4), Known::default(), "5/4", bpm);
    }
}

#[test]
fn threes_are_found() {
    for bpm in [90.0, 130.0, 170.0] {
        right(&song(WALTZ, bpm, 0.4, 24, 4), Known::default(), "3/4", bpm);
    }
}

#[test]
fn sevens_are_right_when_named() {
    for bpm in [100.0, 140.0, 170.0] {
        right(&song(SEVEN, bpm, 0.4, 24, 4), named("7/8"), "7/8", bpm);
    }
}

#[test]
fn sixes_are_right_when_named() {
    for dotted in [60.0, 80.0, 110.0] {
        let song = song(SIX, dotted * 1.5, 0.4, 24, 4);
        right(&song, named("6/8"), "6/8", dotted * 1.5);
    }
}

#[test]
fn sevens_and_sixes_are_found() {
    right(
        &song(SEVEN, 140.0, 0.4, 24, 4),
        Known::default(),
        "7/8",
        140.0,
    );
    right(
        &song(SIX, 120.0, 0.4, 24, 4),
        Known::default(),
        "6/8",
        120.0,
    );
}

#[test]
fn a_given_tempo_lies_where_the_onsets_are() {
    for (bpm, first_s) in [(120.0, 0.4), (97.0, 0.333), (140.0, 0.71)] {
        let song = song(ROCK, bpm, first_s, 16, 4);
        let known = Known {
            bpm: Some(bpm),
            ..named("4/4")
        };
        let beats = song.beats(known).unwrap();
        let step_s = 60.0 / bpm;
        let late_s = (beats.times_s[4] - first_s + step_s / 2.0).rem_euclid(step_s) - step_s / 2.0;
        assert!(late_s.abs() < 0.010, "{bpm}: late by {late_s}");
        assert!(song.bars_found(&beats) > 0.9);
    }
}

#[test]
fn a_vamp_on_one_chord_has_its_beats_on_the_beat() {
    // Chords and loud hats between the beats: only kick and snare say where those are.
    let skank = Groove {
        comp: ".x.x.x.x",
        hat: ".x.x.x.x",
        ..ROCK
    };
    for (groove, bpm) in [(ROCK, 100.0), (skank, 100.0), (skank, 128.0)] {
        let song = song(groove, bpm, 0.4, 20, 1);
        let step_s = 60.0 / bpm;
        for known in [
            Known::default(),
            Known {
                bpm: Some(bpm),
                ..Known::default()
            },
        ] {
            let beats = song.beats(known).unwrap();
            let near = |time_s: f64| {
                let apart = beats.times_s.iter().map(|beat_s| (beat_s - time_s).abs());
                apart.fold(f64::INFINITY, f64::min) <= 0.04
            };
            // Without a given tempo the skank at 100 is read at 200; nevertheless no beat of the
            // song may be missed.
            let mut of_song = (0..20 * 4).map(|n| 0.4 + f64::from(n) * step_s);
            assert!(of_song.all(near), "{bpm} {known:?}");
            let off = |time_s: &f64| {
                let part = (time_s - 0.4).rem_euclid(step_s);
                part.min(step_s - part) > 0.04
            };
            if known.bpm.is_some() || groove.comp == ROCK.comp {
                assert!(!beats.times_s.iter().any(off), "{bpm} {known:?}");
            }
        }
    }
}

#[test]
fn an_octave_is_taken_by_hand() {
    let song = song(ROCK, 120.0, 0.4, 20, 4);
    for (octave, bpm) in [(Octave::Half, 60.0), (Octave::Double, 240.0)] {
        let known = Known {
            octave,
            ..Known::default()
        };
        let beats = song.beats(known).unwrap();
        assert!(
            (beats.bpm() / bpm - 1.0).abs() < 0.02,
            "{octave:?}: {}",
            beats.bpm()
        );
        // Chords change where bars begin, at either tempo.
        let song_bars: Vec<f64> = song.bars_s.clone();
        let on_beat = |at: &f64| beats.times_s.iter().any(|t| (t - at).abs() < 0.04);
        assert!(song_bars.iter().all(on_beat), "{octave:?}");
    }
}

/// Chords struck at irregular times.
fn free_time(seed: usize) -> Song {
    let mut song = Song {
        audio: Audio::new(Vec::new(), 22_050),
        chords: Timeline::new(),
        bars_s: Vec::new(),
    };
    let (mut at_s, mut times_s) = (0.3, Vec::new());
    for i in 0..40 {
        times_s.push(at_s);
        at_s += 0.9 * (0.9 * noise(seed * 1000 + i)).exp2();
    }
    let mut samples = vec![0.0_f32; ((at_s + 0.5) * RATE) as usize];
    let mut segments = Vec::new();
    for (i, pair) in times_s.windows(2).enumerate() {
        let (name, keys) = CHORDS[(i * 7 + i / 3) % 4];
        let from_s = if i == 0 { 0.0 } else { pair[0] };
        segments.push(Segment::new(from_s, pair[1], name.parse().unwrap()));
        strike(&mut samples, pair[0], 1.5, |t, _| {
            let tones: f64 = keys.iter().map(|hz| (TAU * hz * t).sin()).sum();
            0.12 * (t * 200.0).min(1.0) * (-t * 2.0).exp() * tones
        });
    }
    song.audio = Audio::new(samples, 22_050);
    song.chords = Timeline::from_segments(joined(segments)).unwrap();
    song
}

#[test]
fn free_time_has_no_grid() {
    for seed in 1..6 {
        let found = free_time(seed).beats(Known::default());
        assert!(
            found.is_none(),
            "{seed}: {:?}",
            found.map(|beats| beats.bpm())
        );
    }
    // A given tempo is used nevertheless.
    let known = Known {
        bpm: Some(80.0),
        ..Known::default()
    };
    assert!(free_time(1).beats(known).is_some());
}
