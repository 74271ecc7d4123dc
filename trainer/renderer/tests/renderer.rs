//! Examples and their rendering: reproducible from a seed, and correctly labelled.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod tiny_soundfont;

use harmony::label::Label;
use renderer::arranger::{Bus, Note, Parts, Track, arrange};
use renderer::chord::Chord;
use renderer::example::Example;
use renderer::progressions::ProgressionSettings;
use renderer::random::{Stream, stream};
use renderer::render::{RenderSettings, render};
use renderer::song::{Beat, Harmony, Song, Span};

fn short() -> ProgressionSettings {
    ProgressionSettings {
        duration_s: 12.0,
        ..ProgressionSettings::default()
    }
}

fn song(labels: &[&str], beats_each: f64) -> Song {
    let spans: Vec<Span> = labels
        .iter()
        .enumerate()
        .map(|(index, label)| Span {
            start: index as f64 * beats_each,
            end: (index + 1) as f64 * beats_each,
            harmony: Chord::from_harte(label).map_or(Harmony::None, Harmony::Chord),
        })
        .collect();
    let count = (labels.len() as f64 * beats_each) as usize;
    let beats = (0..=count)
        .map(|index| Beat {
            time_s: index as f64 * 0.5,
            downbeat: index % 4 == 0,
        })
        .collect();
    Song {
        beats,
        spans,
        swing: 0.5,
        key: renderer::song::key_of(0, false),
        keys: Vec::new(),
    }
}

/// Power at each MIDI key from 28 to 96 by a Hann-windowed Goertzel sum.
fn key_powers(samples: &[f32]) -> Vec<(i32, f64)> {
    (28..=96)
        .map(|key| {
            let hz = 440.0 * (f64::from(key - 69) / 12.0).exp2();
            let (mut re, mut im) = (0.0, 0.0);
            for (index, sample) in samples.iter().enumerate() {
                let turn = index as f64 / samples.len() as f64;
                let window = 0.5 - 0.5 * (turn * std::f64::consts::TAU).cos();
                let phase = std::f64::consts::TAU * hz * index as f64 / 22_050.0;
                re += window * f64::from(*sample) * phase.cos();
                im += window * f64::from(*sample) * phase.sin();
            }
            (key, re * re + im * im)
        })
        .collect()
}

#[test]
fn a_seed_gives_the_same_bits() {
    let fonts = tiny_soundfont::fonts();
    let settings = RenderSettings {
        codec_share: 1.0,
        ..RenderSettings::default()
    };
    for seed in 0..4 {
        let once = render(
            &Example::progression(seed, &short()),
            &fonts,
            &settings,
            seed,
        )
        .unwrap();
        let again = render(
            &Example::progression(seed, &short()),
            &fonts,
            &settings,
            seed,
        )
        .unwrap();
        assert_eq!(once, again);
        let other = Example::progression(seed + 100, &short());
        let other = render(&other, &fonts, &settings, seed + 100).unwrap();
        assert_ne!(once.samples, other.samples);
    }
}

#[test]
fn labels_cover_the_audio_without_gaps() {
    let fonts = tiny_soundfont::fonts();
    for seed in 0..12 {
        let example = Example::progression(seed, &short());
        let example = if seed % 2 == 0 {
            example
        } else {
            example.excerpt(2.3, 7.0)
        };
        let rendered = render(&example, &fonts, &RenderSettings::default(), seed).unwrap();
        let duration_s = rendered.samples.len() as f64 / f64::from(rendered.sample_rate);
        let labels = &rendered.labels;
        assert_eq!(labels[0].0, 0.0);
        assert!((labels[labels.len() - 1].1 - duration_s).abs() < 1e-9);
        for pair in labels.windows(2) {
            assert!((pair[0].1 - pair[1].0).abs() < 1e-6, "{pair:?}");
            assert!(pair[0].1 > pair[0].0);
        }
        assert!(
            rendered
                .samples
                .iter()
                .all(|x| x.is_finite() && x.abs() <= 1.0)
        );
        let loudest = rendered
            .samples
            .iter()
            .fold(0.0_f32, |most, x| most.max(x.abs()));
        assert!(loudest > 0.05, "seed {seed}: peak {loudest}");
        assert!(
            rendered
                .beats
                .windows(2)
                .all(|pair| pair[0].time_s < pair[1].time_s)
        );
    }
}

#[test]
fn the_accompaniment_sounds_the_labelled_chord_and_bass() {
    let labels = [
        "C:maj",
        "F#:min7",
        "Bb:maj/3",
        "E:hdim7",
        "A:sus4",
        "Db:minmaj7",
        "G:7/b7",
        "Eb:aug",
        "B:maj6",
        "D:sus2",
        "Ab:dim7",
        "F:min/5",
    ];
    let song = song(&labels, 4.0);
    let fonts = tiny_soundfont::fonts();
    for seed in 0..3 {
        let parts = Parts {
            comping: 1,
            bass: seed % 2 == 0,
            drums: false,
            melody: false,
            counter: false,
        };
        let arrangement = arrange(&mut stream(seed, Stream::Arrange), &song, parts);
        let example = Example {
            duration_s: song.time_s(song.end()),
            song: song.clone(),
            tracks: arrangement.tracks,
            noise: Vec::new(),
            flats: true,
            rings: false,
        };
        let rendered = render(&example, &fonts, &RenderSettings::dry(), seed).unwrap();
        for ((start, end, found), label) in rendered.labels.iter().zip(labels) {
            // Spelling aside.
            assert_eq!(
                Chord::from_harte(&found.to_string()),
                Chord::from_harte(label)
            );
            let chord = Chord::from_harte(label).unwrap();
            let from = ((start + 0.02) * 22_050.0) as usize;
            let to = ((end - 0.02) * 22_050.0) as usize;
            let powers = key_powers(&rendered.samples[from..to]);
            let total: f64 = powers.iter().map(|(_, power)| power).sum();
            // A walking bass may pass through other notes; the chord must dominate.
            let inside: f64 = powers
                .iter()
                .filter(|(key, _)| chord.contains(*key))
                .map(|(_, power)| power)
                .sum();
            assert!(
                inside / total > 0.7,
                "seed {seed}, {label}: {}",
                inside / total
            );
        }
        // The lowest note at each chord's onset is the label's bass.
        for span in &song.spans {
            let Harmony::Chord(chord) = span.harmony else {
                continue;
            };
            let at = song.time_s(span.start);
            let lowest = example
                .tracks
                .iter()
                .flat_map(|track| &track.notes)
                .filter(|note| note.start < at + 0.1 && note.end > at + 0.1)
                .map(|note| note.key)
                .min();
            if let Some(lowest) = lowest {
                assert_eq!(
                    lowest % 12,
                    chord.bass_pitch_class(),
                    "seed {seed}, {chord:?}"
                );
            }
        }
    }
}

#[test]
fn detuning_moves_sound_and_labels_together() {
    // Two sines a tritone apart, each for two seconds: where one becomes the other.
    let song = song(&["A:maj", "D#:maj"], 4.0);
    let note = |start: f64, key: u8| Note {
        start,
        end: start + 2.0,
        key,
        velocity: 100,
    };
    let example = Example {
        duration_s: 4.0,
        song,
        tracks: vec![Track {
            bus: Bus::Chords,
            program: 0,
            notes: vec![note(0.0, 69), note(2.0, 75)],
            volume: 100,
            pan: 64,
            vibrato: 0,
        }],
        noise: Vec::new(),
        flats: false,
        rings: false,
    };
    let fonts = tiny_soundfont::fonts();
    let settings = RenderSettings {
        detune_cents: 40.0,
        ..RenderSettings::dry()
    };
    let mut stretches = Vec::new();
    for seed in 0..8 {
        let rendered = render(&example, &fonts, &settings, seed).unwrap();
        let boundary = rendered.labels[0].1;
        stretches.push(boundary / 2.0);
        // Zero crossings measure the pitch: compare windows around the boundary.
        let crossings = |from_s: f64, to_s: f64| {
            let from = (from_s * 22_050.0) as usize;
            let to = (to_s * 22_050.0) as usize;
            rendered.samples[from..to]
                .windows(2)
                .filter(|pair| pair[0] < 0.0 && pair[1] >= 0.0)
                .count() as f64
                / (to_s - from_s)
        };
        let before = crossings(boundary - 0.52, boundary - 0.02);
        let after = crossings(boundary + 0.02, boundary + 0.52);
        assert!(
            (before * boundary / 2.0 - 440.0).abs() < 5.0,
            "{before} Hz before"
        );
        assert!(
            (after * boundary / 2.0 - 622.25).abs() < 7.0,
            "{after} Hz after"
        );
    }
    assert!(stretches.iter().any(|s| *s > 1.004) && stretches.iter().any(|s| *s < 0.996));
}

#[test]
fn silence_stays_silence() {
    let example = Example {
        duration_s: 2.0,
        song: song(&["N"], 4.0),
        tracks: Vec::new(),
        noise: Vec::new(),
        flats: false,
        rings: false,
    };
    let rendered = render(
        &example,
        &tiny_soundfont::fonts(),
        &RenderSettings::dry(),
        1,
    )
    .unwrap();
    assert_eq!(rendered.samples.len(), 44_100);
    assert!(rendered.samples.iter().all(|x| *x == 0.0));
    assert_eq!(rendered.labels, [(0.0, 2.0, Label::NoChord)]);
}
