//! The beat finder on clicks with known beats.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use harmony::label::Label;
use harmony::time::Meter;
use harmony::timeline::{Segment, Timeline};
use recognizer::audio::Audio;
use recognizer::beat::{Beats, Known, find};
use recognizer::signal::Signal;

/// Clicks at these times, the first of four lower and louder.
fn clicks(times_s: &[f64], length_s: f64) -> Audio {
    let rate = 22_050.0;
    let mut samples = vec![0.0_f32; (length_s * rate) as usize];
    for (i, time_s) in times_s.iter().enumerate() {
        let (hz, loud) = if i % 4 == 0 {
            (80.0, 0.8)
        } else {
            (900.0, 0.4)
        };
        let start = (time_s * rate) as usize;
        for (n, sample) in samples.iter_mut().skip(start).take(2000).enumerate() {
            let t = n as f64 / rate;
            *sample += (loud * (-t * 40.0).exp() * (std::f64::consts::TAU * hz * t).sin()) as f32;
        }
    }
    Audio::new(samples, 22_050)
}

fn beats_of(audio: &Audio, chords: &Timeline, known: Known) -> Option<Beats> {
    find(&Signal::from_audio(audio).unwrap(), chords, known)
}

/// A chord a bar of four beats from the first beat on.
fn chords(times_s: &[f64], length_s: f64) -> Timeline {
    let mut starts: Vec<f64> = times_s.iter().copied().step_by(4).collect();
    starts.push(length_s);
    let segments = starts.windows(2).enumerate().map(|(i, pair)| {
        let label: Label = if i % 2 == 0 { "C:maj" } else { "F:maj" }.parse().unwrap();
        Segment::new(pair[0], pair[1], label)
    });
    Timeline::from_segments(segments).unwrap()
}

fn beats_at(bpm: f64, first_s: f64, length_s: f64) -> Vec<f64> {
    let step = 60.0 / bpm;
    let count = ((length_s - first_s) / step) as usize;
    (0..count).map(|i| first_s + i as f64 * step).collect()
}

#[test]
fn steady_clicks_are_found_with_their_bars() {
    for bpm in [70.0, 96.0] {
        let times_s = beats_at(bpm, 0.7, 40.0);
        let chords = chords(&times_s, 40.0);
        let beats = beats_of(&clicks(&times_s, 40.0), &chords, Known::default()).unwrap();
        assert!(
            (beats.bpm() / bpm - 1.0).abs() < 0.01,
            "{bpm}: {}",
            beats.bpm()
        );
        let tempo = beats.tempo_map().unwrap();
        for (i, time_s) in times_s.iter().enumerate() {
            let beat = tempo.beat_at(*time_s);
            assert!(
                (beat - beat.round()).abs() * 60.0 / bpm < 0.03,
                "{bpm}: beat {i}"
            );
            let downbeat = (beat.round() as i64).rem_euclid(4) == 0;
            assert_eq!(downbeat, i % 4 == 0, "{bpm}: beat {i} is {beat}");
        }
        assert_eq!(beats.meter, Meter::COMMON);
        assert!(tempo.points().len() < 6, "{:?}", tempo.points());
    }
}

#[test]
fn a_known_tempo_is_kept_and_its_phase_found() {
    let times_s = beats_at(100.0, 0.25, 30.0);
    let known = Known {
        bpm: Some(100.0),
        meter: Some(Meter::COMMON),
        ..Known::default()
    };
    let beats = beats_of(&clicks(&times_s, 30.0), &chords(&times_s, 30.0), known).unwrap();
    assert!((beats.bpm() - 100.0).abs() < 1e-6);
    let phase_s = (beats.times_s[0] - 0.25).rem_euclid(0.6);
    assert!(phase_s.min(0.6 - phase_s) < 0.03, "{phase_s}");
}

#[test]
fn silence_and_scraps_have_no_beat() {
    let none = |samples: Vec<f32>| {
        let audio = Audio::new(samples, 22_050);
        beats_of(&audio, &Timeline::new(), Known::default())
    };
    assert!(none(Vec::new()).is_none());
    assert!(none(vec![0.0; 22_050 * 20]).is_none());
    assert!(none(vec![0.5; 100]).is_none());
}

#[test]
fn loud_off_beats_do_not_win_against_the_chords() {
    let times_s = beats_at(90.0, 0.5, 40.0);
    let mut loud = clicks(&times_s, 40.0);
    for time_s in &times_s {
        let start = ((time_s + 1.0 / 3.0) * 22_050.0) as usize;
        for (n, sample) in loud.samples.iter_mut().skip(start).take(1500).enumerate() {
            let t = n as f64 / 22_050.0;
            *sample += (0.9 * (-t * 60.0).exp() * (t * 9_000.0).sin()) as f32;
        }
    }
    let chords = chords(&times_s, 40.0);
    let beats = beats_of(&loud, &chords, Known::default()).unwrap();
    let tempo = beats.tempo_map().unwrap();
    for time_s in times_s.iter().step_by(4) {
        let beat = tempo.beat_at(*time_s);
        assert!((beat - beat.round()).abs() < 0.1, "{time_s} is beat {beat}");
    }
}
