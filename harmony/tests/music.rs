//! Tempo maps, meters, and chords as notes.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use common::chord;
use harmony::label::{Chord, Label};
use harmony::time::{Meter, MeterChange, MeterMap, TempoMap, TempoPoint, TimeError};
use harmony::voicing::{STANDARD_TUNING, Voicing, fingerings};
use proptest::prelude::*;

fn meter(text: &str) -> Meter {
    text.parse().unwrap()
}

#[test]
fn tempo_changes_inside() {
    let map = TempoMap::default().with_tempo_from(8.0, 60.0).unwrap();
    assert_eq!(map.beat_at(4.0), 8.0);
    assert_eq!(map.beat_at(6.0), 10.0);
    assert_eq!(map.time_at(10.0), 6.0);
    assert_eq!(map.time_at(-2.0), -1.0);
    assert_eq!((map.bpm_at(7.9), map.bpm_at(8.0)), (120.0, 60.0));
    assert_eq!(map.tempos(), [(0.0, 120.0), (8.0, 60.0)]);
    assert_eq!(map.mean_bpm(0.0, 16.0), 80.0);
    let heard = TempoMap::from_beats(&[0.5, 1.0, 1.5, 2.5], 0.0).unwrap();
    assert_eq!(
        (heard.beat_at(0.0), heard.beat_at(2.0), heard.beat_at(4.5)),
        (-1.0, 2.5, 5.0)
    );
}

#[test]
fn impossible_maps_are_refused() {
    let point = |time_s, beat| TempoPoint { time_s, beat };
    assert_eq!(TempoMap::new(vec![], 120.0), Err(TimeError::NoPoint));
    for (points, bpm) in [
        (vec![point(0.0, 0.0)], 3.0),
        (vec![point(0.0, 0.0)], f64::NAN),
        (vec![point(f64::NAN, 0.0)], 120.0),
        (vec![point(0.0, 0.0), point(1.0, 0.0)], 120.0),
        (vec![point(0.0, 0.0), point(0.0, 1.0)], 120.0),
        (vec![point(0.0, 0.0), point(1.0, 1e6)], 120.0),
    ] {
        assert!(TempoMap::new(points, bpm).is_err());
    }
    assert!(TempoMap::from_beats(&[1.0], 0.0).is_err());
    for bad in ["", "4", "0/4", "4/3", "33/4", "4/32", "x/4", "4/4/4"] {
        assert!(bad.parse::<Meter>().is_err(), "{bad}");
    }
    assert!(MeterMap::new(vec![]).is_err());
}

#[test]
fn bars() {
    let change = |beat, text| MeterChange {
        beat,
        meter: meter(text),
    };
    let map = MeterMap::new(vec![
        change(1.0, "4/4"),
        change(9.0, "6/8"),
        change(13.0, "3/4"),
    ])
    .unwrap();
    let spans = |from, to| -> Vec<(i64, f64, f64)> {
        let bars = map.bars(from, to, 100);
        bars.iter()
            .map(|bar| (bar.number, bar.start, bar.end))
            .collect()
    };
    // A pickup, two bars of four, one of six eighths and one cut short, then threes.
    assert_eq!(
        spans(0.0, 17.0),
        [
            (0, -3.0, 1.0),
            (1, 1.0, 5.0),
            (2, 5.0, 9.0),
            (3, 9.0, 12.0),
            (4, 12.0, 13.0),
            (5, 13.0, 16.0),
            (6, 16.0, 19.0)
        ]
    );
    assert_eq!(meter("6/8").pulse_beats(), 1.5);
    assert_eq!(meter("3/8").pulse_beats(), 0.5);
    assert_eq!(meter("7/8").bar_beats(), 3.5);
    assert_eq!(map.bars(0.0, 1e12, 10).len(), 10);
}

fn parsed(text: &str) -> Chord {
    match text.parse().unwrap() {
        Label::Chord(chord) => chord,
        other => panic!("{other} is no chord"),
    }
}

#[test]
fn voicings_of_a_dominant_ninth() {
    let ninth = parsed("C:9");
    let upper = |voicing: Voicing| voicing.voice(&ninth, None).upper;
    assert_eq!(upper(Voicing::Close), [60, 64, 67, 70, 74]);
    assert_eq!(upper(Voicing::Open), [60, 67, 74, 76, 82]);
    assert_eq!(upper(Voicing::Drop2), [58, 60, 64, 67, 74]);
    assert_eq!(upper(Voicing::Shell), [64, 70, 74]);
    assert_eq!(Voicing::Close.voice(&parsed("A:min/b3"), None).bass, 36);
}

#[test]
fn pads_move_little() {
    let mut previous = Voicing::Pad.voice(&parsed("C"), None);
    for name in ["A:min", "F", "G", "C", "E:7", "A:min", "D:7", "G"] {
        let next = Voicing::Pad.voice(&parsed(name), Some(&previous));
        for note in &next.upper {
            let nearest = previous
                .upper
                .iter()
                .map(|other| note.abs_diff(*other))
                .min();
            assert!(nearest.unwrap() <= 2, "{name}: {previous:?} to {next:?}");
        }
        previous = next;
    }
}

/// Frets as guitarists write them: `x32010`.
fn frets(name: &str) -> String {
    let fingerings = fingerings(&parsed(name), &STANDARD_TUNING, 1);
    let strings = fingerings[0].frets.iter();
    strings
        .map(|fret| fret.map_or_else(|| "x".to_owned(), |fret| fret.to_string()))
        .collect()
}

#[test]
fn open_chords_of_a_guitar() {
    for (name, wanted) in [
        ("E", "022100"),
        ("E:min", "022000"),
        ("A:min", "x02210"),
        ("C", "x32010"),
        ("D", "xx0232"),
        ("F", "133211"),
        ("B:7", "x21202"),
    ] {
        assert_eq!(frets(name), wanted, "{name}");
    }
}

proptest! {
    #[test]
    fn every_voicing_has_the_notes_of_its_chord(chord in chord()) {
        for voicing in Voicing::ALL {
            let voiced = voicing.voice(&chord, None);
            prop_assert_eq!(voiced.bass % 12, chord.bass_pitch_class());
            prop_assert!((36..48).contains(&voiced.bass));
            let classes = chord.pitch_classes();
            prop_assert!(voiced.upper.iter().all(|note| classes >> (note % 12) & 1 == 1));
            prop_assert!(voiced.upper.iter().all(|&note| (36..=108).contains(&note)));
            prop_assert!(voiced.upper.is_sorted());
        }
    }

    #[test]
    fn fingerings_can_be_held(chord in chord()) {
        for fingering in fingerings(&chord, &STANDARD_TUNING, 4) {
            let notes = fingering.notes(&STANDARD_TUNING);
            prop_assert_eq!(notes[0] % 12, chord.bass_pitch_class());
            prop_assert!(notes.iter().all(|note| chord.pitch_classes() >> (note % 12) & 1 == 1));
            let pressed: Vec<u8> = fingering.frets.iter().flatten().copied().filter(|&it| it > 0).collect();
            let low = pressed.iter().min().copied().unwrap_or(0);
            prop_assert!(pressed.iter().all(|&fret| fret - low <= 3));
            if fingering.barre.is_none() {
                prop_assert!(pressed.len() <= 4);
            }
        }
    }

    #[test]
    fn times_and_beats_are_inverse(
        steps in proptest::collection::vec((0.3..2.0_f64, 20.0..300.0_f64), 1..20),
        beat in -20.0..60.0_f64,
    ) {
        let (mut time_s, mut at) = (0.3, -1.5);
        let mut points = Vec::new();
        for (seconds, bpm) in steps {
            points.push(TempoPoint { time_s, beat: at });
            time_s += seconds;
            at += seconds * bpm / 60.0;
        }
        let map = TempoMap::new(points, 97.0).unwrap();
        prop_assert!((map.beat_at(map.time_at(beat)) - beat).abs() < 1e-9);
        let json = serde_json::to_string(&map).unwrap();
        // JSON keeps all but the last binary digit.
        let again: TempoMap = serde_json::from_str(&json).unwrap();
        prop_assert!((again.beat_at(7.0) - map.beat_at(7.0)).abs() < 1e-9);
        prop_assert_eq!(again.points().len(), map.points().len());
    }
}
