//! Labels match what sounds: over whole arrangements, in notes and in audio.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod spectrum;
mod tiny_soundfont;

use renderer::arranger::Bus;
use renderer::chord::Chord;
use renderer::example::Example;
use renderer::progressions::{ProgressionSettings, census};
use renderer::render::{RenderSettings, render};
use renderer::song::Harmony;
use renderer::soundfont::SoundFonts;
use spectrum::{power, windowed};

fn settings() -> ProgressionSettings {
    ProgressionSettings {
        duration_s: 30.0,
        even_share: 0.6,
        ..ProgressionSettings::default()
    }
}

/// Start and end in seconds and chord of every chord of an example.
fn chords(example: &Example) -> Vec<(f64, f64, Chord)> {
    let song = &example.song;
    song.spans
        .iter()
        .filter_map(|span| match span.harmony {
            Harmony::Chord(chord) => Some((song.time_s(span.start), song.time_s(span.end), chord)),
            Harmony::None | Harmony::Unknown => None,
        })
        .collect()
}

/// Seconds that the notes of some buses sound within a time range, for each pitch class.
fn sounding(example: &Example, buses: &[Bus], (from, to): (f64, f64)) -> [f64; 12] {
    let mut seconds = [0.0; 12];
    for track in &example.tracks {
        if !buses.contains(&track.bus) {
            continue;
        }
        for note in &track.notes {
            let overlap = note.end.min(to) - note.start.max(from);
            if overlap > 0.0 {
                seconds[usize::from(note.key % 12)] += overlap;
            }
        }
    }
    seconds
}

#[test]
fn the_band_plays_the_chord_and_the_bass_its_bass() {
    let (mut inside, mut total) = (0.0, 0.0);
    let (mut on_bass, mut all_bass) = (0.0, 0.0);
    let (mut first_right, mut first) = (0, 0);
    let (mut complete, mut spans) = (0, 0);
    for seed in 0..60 {
        let example = Example::progression(seed, &settings());
        for (from, to, chord) in chords(&example) {
            let accompaniment = sounding(&example, &[Bus::Chords, Bus::Guitars], (from, to));
            let bass = sounding(&example, &[Bus::Bass], (from, to));
            for class in 0..12 {
                total += accompaniment[class];
                all_bass += bass[class];
                if chord.contains(class as i32) {
                    inside += accompaniment[class];
                }
                if class == usize::from(chord.bass_pitch_class()) {
                    on_bass += bass[class];
                }
            }
            // Every tone is there, except a fifth or a root left to other parts.
            spans += 1;
            let told = chord.kind().tones.iter().all(|tone| {
                let class = usize::from((chord.root + tone) % 12);
                accompaniment[class] + bass[class] > 0.0 || matches!(tone, 0 | 7)
            });
            complete += usize::from(told);
            // The bass line begins on the bass note.
            let begun = example
                .tracks
                .iter()
                .filter(|track| track.bus == Bus::Bass)
                .flat_map(|track| &track.notes)
                .find(|note| (note.start - from).abs() < 0.06);
            if let Some(note) = begun {
                first += 1;
                first_right += usize::from(note.key % 12 == chord.bass_pitch_class());
            }
        }
    }
    assert!(inside / total > 0.97, "chord tones: {}", inside / total);
    assert!(
        on_bass / all_bass > 0.65,
        "bass notes: {}",
        on_bass / all_bass
    );
    let share = first_right as f64 / first as f64;
    assert!(share > 0.97, "first notes of the bass: {share}");
    let share = complete as f64 / spans as f64;
    assert!(share > 0.95, "chords that are told whole: {share}");
}

#[test]
fn audio_changes_where_the_labels_do() {
    // With pure tones, the power on the tones of the current label must outweigh the rest,
    // from right after its start to right before its end.
    let fonts = tiny_soundfont::fonts();
    let (mut inside, mut total) = (0.0, 0.0);
    for seed in 0..6 {
        let mut example = Example::progression(seed, &settings());
        example
            .tracks
            .retain(|track| matches!(track.bus, Bus::Chords | Bus::Guitars));
        let rendered = render(&example, &fonts, &RenderSettings::dry(), seed).unwrap();
        for (start, end, label) in &rendered.labels {
            let Some(chord) = Chord::from_harte(&label.to_string()) else {
                continue;
            };
            for (from, to) in [(*start, start + 0.25), (end - 0.25, *end)] {
                let from = ((from + 0.03) * 22_050.0) as usize;
                let to = (((to - 0.03) * 22_050.0) as usize).min(rendered.samples.len());
                if from + 2000 > to {
                    continue;
                }
                let heard = windowed(&rendered.samples[from..to]);
                for key in 52..=84 {
                    let hz = 440.0 * (f64::from(key - 69) / 12.0).exp2();
                    let power = power(&heard, hz);
                    total += power;
                    if chord.contains(key) {
                        inside += power;
                    }
                }
            }
        }
    }
    assert!(inside / total > 0.75, "{}", inside / total);
}

#[test]
fn inversions_and_rare_qualities_have_their_shares() {
    let inverted = |settings: &ProgressionSettings| {
        let census = census(3, 300, settings);
        census.inverted_beats / census.beats.iter().sum::<f64>()
    };
    let usual = ProgressionSettings {
        even_share: 0.0,
        ..ProgressionSettings::default()
    };
    let rare = ProgressionSettings {
        even_share: 1.0,
        ..ProgressionSettings::default()
    };
    let (usual, rare) = (inverted(&usual), inverted(&rare));
    assert!((0.15..0.25).contains(&usual), "{usual}");
    assert!((0.30..0.40).contains(&rare), "{rare}");
}

#[test]
fn a_held_out_soundfont_is_never_mixed_with_synthesis() {
    // All parts synthesized, or none: with a held-out SoundFont the share has no effect.
    let example = Example::progression(5, &settings());
    let render_with = |fonts: &SoundFonts, share| {
        let settings = RenderSettings {
            synthesizer_share: share,
            ..RenderSettings::dry()
        };
        render(&example, fonts, &settings, 5).unwrap().samples
    };
    let train = tiny_soundfont::fonts();
    assert_ne!(render_with(&train, 0.0), render_with(&train, 1.0));
    let held_out = train.held_out();
    assert_eq!(render_with(&held_out, 0.0), render_with(&held_out, 1.0));
}
