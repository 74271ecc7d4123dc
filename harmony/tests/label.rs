//! Chord labels: what parses, what is refused and where, and round trips.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use std::collections::BTreeSet;

use common::{any_label, chord, degree, label, note};
use harmony::label::{
    Chord, Degree, Extension, Label, Letter, MAX_LABEL_BYTES, Note, ParseLabelErrorKind as Kind,
    Quality,
};
use proptest::prelude::*;

fn parsed(text: &str) -> Chord {
    match label(text) {
        Label::Chord(chord) => chord,
        other => panic!("{text} is {other}"),
    }
}

#[test]
fn parts_of_a_label() {
    let chord = parsed("Bb:sus4(b7,*5,9)/b7");
    assert_eq!(chord.root(), Note::new(Letter::B, -1));
    assert_eq!(chord.quality(), Quality::Sus4);
    assert_eq!(chord.bass(), Degree::new(7, -1).unwrap());
    assert_eq!(
        chord.extensions(),
        [
            Extension::omit(Degree::new(5, 0).unwrap()),
            Extension::add(Degree::new(7, -1).unwrap()),
            Extension::add(Degree::new(9, 0).unwrap()),
        ]
    );
    assert_eq!(chord.bass_note().to_string(), "Ab");
    assert_eq!(chord.bass_pitch_class(), 8);
}

#[test]
fn printing_is_canonical() {
    for (written, printed) in [
        ("N", "N"),
        ("X", "X"),
        ("C", "C:maj"),
        ("C/3", "C:maj/3"),
        ("C/1", "C:maj"),
        ("F#:hdim7", "F#:hdim7"),
        ("Cbbb:13", "Cbbb:13"),
        ("C:(1,b3,5)", "C:(1,b3,5)"),
        ("C:maj(9,b7,9,*3)", "C:maj(*3,b7,9)"),
        ("E:minmaj7(#11)/bb7", "E:minmaj7(#11)/bb7"),
    ] {
        assert_eq!(label(written).to_string(), printed);
        assert_eq!(label(printed), label(written));
    }
}

#[test]
fn every_shorthand_parses() {
    for quality in Quality::SHORTHANDS {
        let text = format!("G:{}", quality.shorthand());
        assert_eq!(parsed(&text).quality(), quality);
        assert_eq!(label(&text).to_string(), text);
    }
}

#[test]
fn sounding_notes() {
    for (text, notes) in [
        ("C:maj", vec![0, 4, 7]),
        ("A:min/b3", vec![0, 4, 9]),
        ("D:9", vec![0, 2, 4, 6, 9]),
        ("C:maj(*3)", vec![0, 7]),
        ("C:maj/b7", vec![0, 4, 7, 10]),
        ("B:dim7", vec![2, 5, 8, 11]),
        ("G:(b3,5)", vec![2, 7, 10]),
    ] {
        let mask = notes
            .iter()
            .fold(0, |mask, pitch_class| mask | 1 << pitch_class);
        assert_eq!(parsed(text).pitch_classes(), mask, "{text}");
    }
    assert_eq!(parsed("C:9").voices(), [0, 4, 7, 10, 14]);
}

#[test]
fn refusals_point_at_the_culprit() {
    for (text, position, kind) in [
        ("", 0, Kind::Empty),
        ("H:maj", 0, Kind::ExpectedRoot),
        ("c:maj", 0, Kind::ExpectedRoot),
        ("♭", 0, Kind::ExpectedRoot),
        ("C#b", 2, Kind::MixedAccidentals),
        ("C:", 2, Kind::ExpectedQuality),
        ("C:/3", 2, Kind::ExpectedQuality),
        ("C:maj8", 2, Kind::UnknownQuality("maj8".into())),
        ("C:Maj", 2, Kind::UnknownQuality("Maj".into())),
        ("C:maj(", 6, Kind::ExpectedDegree),
        ("C:maj()", 6, Kind::ExpectedDegree),
        ("C:maj(b)", 7, Kind::ExpectedDegree),
        ("C:maj(14)", 6, Kind::ExpectedDegree),
        ("C:maj(07)", 6, Kind::ExpectedDegree),
        ("C:maj(9", 7, Kind::ExpectedCommaOrBracket),
        ("C:maj(9;11)", 7, Kind::ExpectedCommaOrBracket),
        ("C:maj/", 6, Kind::ExpectedDegree),
        ("C:maj/0", 6, Kind::ExpectedDegree),
        ("C:maj/E", 6, Kind::ExpectedDegree),
        ("C:maj ", 5, Kind::Unexpected(' ')),
        ("C:maj♯", 5, Kind::Unexpected('♯')),
        ("C(9)", 1, Kind::Unexpected('(')),
        ("NC", 1, Kind::Unexpected('C')),
        ("X:maj", 1, Kind::Unexpected(':')),
        ("C################", 16, Kind::TooManyAccidentals),
    ] {
        let error = text.parse::<Label>().unwrap_err();
        assert_eq!(
            (error.position(), error.kind()),
            (position, &kind),
            "{text}: {error}"
        );
        let shown = error.to_string();
        let caret = shown.lines().last().unwrap();
        assert_eq!(caret.find('^'), Some(2 + position), "{shown}");
        assert_eq!(error.reason().lines().count(), 1);
    }
}

#[test]
fn an_error_looks_like_this() {
    let error = "F#:maj77/3".parse::<Label>().unwrap_err();
    assert_eq!(
        error.to_string(),
        "unknown quality \"maj77\" at character 4\n  F#:maj77/3\n     ^"
    );
    assert_eq!(
        error.reason(),
        "unknown quality \"maj77\" at character 4 of `F#:maj77/3`"
    );
}

#[test]
fn input_is_bounded() {
    let long = "C:maj(".to_owned() + &"9,".repeat(MAX_LABEL_BYTES);
    let error = long.parse::<Label>().unwrap_err();
    assert_eq!(error.kind(), &Kind::TooLong { bytes: long.len() });
    assert!(error.to_string().len() < 300);

    let degrees: Vec<String> = (1..=13).chain(1..=4).map(|n| n.to_string()).collect();
    let mut flats = degrees.clone();
    flats[13..]
        .iter_mut()
        .for_each(|degree| degree.insert(0, 'b'));
    let many = format!("C:maj({})", flats.join(","));
    assert_eq!(
        many.parse::<Label>().unwrap_err().kind(),
        &Kind::TooManyExtensions
    );
    let repeated = format!("C:maj({})", degrees.join(","));
    assert_eq!(parsed(&repeated).extensions().len(), 13);
}

#[test]
fn the_longest_label_fits() {
    let flats = "b".repeat(15);
    let degrees: Vec<String> = (1..=13)
        .map(|n| format!("*{flats}{n}"))
        .chain((11..=13).map(|n| format!("{flats}{n}")))
        .collect();
    let text = format!("C{flats}:minmaj7({})/{flats}13", degrees.join(","));
    assert_eq!(label(&text), label(&label(&text).to_string()));
}

#[test]
fn serde_is_the_text() {
    let json = serde_json::to_string(&label("Eb:min7/b3")).unwrap();
    assert_eq!(json, "\"Eb:min7/b3\"");
    assert_eq!(
        serde_json::from_str::<Label>(&json).unwrap(),
        label("Eb:min7/b3")
    );
    assert!(serde_json::from_str::<Label>("\"Eb:minn\"").is_err());
}

#[test]
fn pop909_round_trips() {
    let Some(songs) = common::pop909() else {
        return;
    };
    let mut labels = BTreeSet::new();
    for song in &songs {
        let text = std::fs::read_to_string(song.join("chord_midi.txt")).unwrap();
        labels.extend(
            text.lines()
                .filter_map(|line| line.split('\t').nth(2))
                .map(str::to_owned),
        );
    }
    assert!(labels.len() > 250, "only {} labels", labels.len());
    for text in &labels {
        assert_eq!(&label(text).to_string(), text);
    }
}

proptest! {
    #[test]
    fn any_label_round_trips(label in any_label()) {
        prop_assert_eq!(label.to_string().parse::<Label>().unwrap(), label);
    }

    #[test]
    fn notes_and_degrees_round_trip(note in note(), degree in degree()) {
        prop_assert_eq!(note.to_string().parse::<Note>().unwrap(), note);
        prop_assert_eq!(degree.to_string().parse::<Degree>().unwrap(), degree);
        prop_assert_eq!(Note::from_fifths(note.fifths()), note);
    }

    #[test]
    fn a_degree_above_a_note_sounds_right(note in note(), degree in degree()) {
        let above = (i32::from(note.pitch_class()) + degree.semitones()).rem_euclid(12);
        prop_assert_eq!(i32::from(note.up(degree).pitch_class()), above);
    }

    #[test]
    fn transposing_moves_every_note(chord in chord(), semitones in -30_i32..30) {
        let moved = chord.transposed(semitones);
        let shift = semitones.rem_euclid(12);
        let mask = chord.pitch_classes();
        let expected = (mask << shift | mask >> (12 - shift)) & 0xFFF;
        prop_assert_eq!(moved.pitch_classes(), expected);
    }

    #[test]
    fn no_text_panics(text in ".{0,40}") {
        if let Err(error) = text.parse::<Label>() {
            prop_assert!(error.position() <= text.chars().count());
        }
    }

    #[test]
    fn no_near_label_panics(text in "[A-H][b#]{0,3}:?(maj|min|hdim|7|1[0-9])?[(]?[*b#,0-9]{0,12}[)]?/?[b#]?[0-9]{0,2}") {
        if let Ok(label) = text.parse::<Label>() {
            prop_assert_eq!(label.to_string().parse::<Label>().unwrap(), label);
        }
    }
}
