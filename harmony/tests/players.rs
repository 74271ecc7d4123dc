//! Help for players: simpler chords, and note names in other languages.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use common::{any_label, label};
use harmony::export::{Format, Options};
use harmony::key::Key;
use harmony::label::Label;
use harmony::note_names::NoteNames;
use harmony::simplify::Simplify;
use harmony::style::{Style, format};
use harmony::timeline::{Segment, Timeline};
use harmony::voicing::{Instrument, fingerings};
use proptest::prelude::*;

#[test]
fn chords_lose_what_they_are_told_to_lose() {
    for (heard, no_sevenths, triads, majmin) in [
        ("G:9/3", "G/B", "G/B", "G"),
        ("B:hdim7", "Bdim", "Bdim", "Bm"),
        ("B:dim7/b3", "Bdim/D", "Bdim/D", "Bm"),
        ("C:maj6/5", "C6/G", "C/G", "C"),
        ("D:sus4(b7)", "Dsus4", "Dsus4", "D"),
        ("A:min/b7", "Am", "Am", "Am"),
        ("C:maj(9)", "C", "C", "C"),
        ("E:5", "E5", "E5", "E"),
        ("F:aug7", "Faug", "Faug", "F"),
        ("A:minmaj7", "Am", "Am", "Am"),
        ("G:7(b9,b13)", "G", "G", "G"),
        ("D:(1,b3,5,b7)", "Dm", "Dm", "Dm"),
        ("N", "N.C.", "N.C.", "N.C."),
    ] {
        let simple = |how: Simplify| format(&how.label(&label(heard)), Style::Plain, None);
        assert_eq!(
            simple(Simplify::AsHeard),
            format(&label(heard), Style::Plain, None)
        );
        assert_eq!(simple(Simplify::NoSevenths), no_sevenths, "{heard}");
        assert_eq!(simple(Simplify::Triads), triads, "{heard}");
        assert_eq!(simple(Simplify::MajMin), majmin, "{heard}");
    }
}

#[test]
fn ones_own_chords_are_chosen_by_their_notes() {
    let own: Simplify = "C, G7 Am;F Dm".parse().unwrap();
    for (heard, nearest) in [
        ("C:maj7", "C"),
        ("E:min", "C"),
        ("B:dim", "G7"),
        ("A:min7/b3", "Am"),
        ("D:min7", "Dm"),
        ("F:maj7", "F"),
        ("G", "G7"),
    ] {
        let found = own.label(&label(heard));
        assert_eq!(format(&found, Style::Plain, None), nearest, "{heard}");
    }
    assert_eq!(own.to_string(), "C G7 Am F Dm");
    assert!(
        "C Hx"
            .parse::<Simplify>()
            .unwrap_err()
            .to_string()
            .contains("Hx")
    );
    assert_eq!("MajMin".parse(), Ok(Simplify::MajMin));
    assert_eq!("".parse(), Ok(Simplify::AsHeard));
}

#[test]
fn neighbours_that_became_equal_are_one() {
    let chords = ["C", "C:maj7", "A:min7"].iter().enumerate();
    let segments = chords.map(|(at, name)| Segment::new(at as f64, at as f64 + 1.0, label(name)));
    let timeline = Timeline::from_segments(segments).unwrap();
    let simple = Simplify::Triads.timeline(&timeline);
    let labels: Vec<String> = simple
        .segments()
        .iter()
        .map(|it| it.label.to_string())
        .collect();
    assert_eq!(labels, ["C:maj", "A:min"]);
    assert_eq!(timeline.len(), 3);
}

#[test]
fn notes_have_names_in_other_languages() {
    let key: Key = "F:maj".parse().unwrap();
    for (heard, german, solfege) in [
        ("Bb:min7", "Bm7", "Si♭m7"),
        ("B:7/3", "H7/D♯", "Si7/Re♯"),
        ("F#:hdim7", "F♯ø7", "Fa♯ø7"),
        ("G:maj/b3", "G/B", "Sol/Si♭"),
        ("N", "N.C.", "N.C."),
    ] {
        let name = |names: NoteNames| names.format(&label(heard), Style::Jazz, None);
        assert_eq!(name(NoteNames::German), german);
        assert_eq!(name(NoteNames::Solfege), solfege);
        assert_eq!(
            name(NoteNames::English),
            format(&label(heard), Style::Jazz, None)
        );
    }
    let bb = label("A#");
    assert_eq!(NoteNames::German.format(&bb, Style::Jazz, Some(&key)), "B");
    // Files for programs and numerals have no names of notes to change.
    assert_eq!(
        NoteNames::German.format(&bb, Style::Harte, Some(&key)),
        "Bb:maj"
    );
    assert_eq!(
        NoteNames::German.format(&bb, Style::Roman, Some(&key)),
        "IV"
    );
}

#[test]
fn what_is_typed_in_them_is_read() {
    for (names, typed, meant) in [
        (NoteNames::German, "H", "B:maj"),
        (NoteNames::German, "B7", "Bb:7"),
        (NoteNames::German, "hm/fis", "B:min/5"),
        (NoteNames::German, "Es", "Eb:maj"),
        (NoteNames::German, "Esus4", "E:sus4"),
        (NoteNames::German, "Asus2", "A:sus2"),
        (NoteNames::German, "Cismaj7", "C#:maj7"),
        (NoteNames::German, "Bb", "Bb:maj"),
        (NoteNames::German, "C6/9", "C:maj6(9)"),
        (NoteNames::Solfege, "Solm7/Si♭", "G:min7/b3"),
        (NoteNames::Solfege, "do", "C:maj"),
        (NoteNames::Solfege, "Réø7", "D:hdim7"),
        (NoteNames::Solfege, "Am", "A:min"),
        (NoteNames::Solfege, "Lam", "A:min"),
        (NoteNames::Solfege, "N.C.", "N"),
    ] {
        assert_eq!(names.read(typed).unwrap().to_string(), meant, "{typed}");
    }
    assert!(NoteNames::German.read("Q").is_err());
}

proptest! {
    #[test]
    fn simplified_chords_stay_simple(label in any_label()) {
        for how in Simplify::NAMED {
            let once = how.label(&label);
            prop_assert_eq!(how.label(&once), once.clone());
            if let (Label::Chord(heard), Label::Chord(simple)) = (&label, &once) {
                prop_assert_eq!(heard.root(), simple.root());
            }
        }
    }

    #[test]
    fn names_are_read_back(label in any_label()) {
        for names in NoteNames::ALL {
            for style in [Style::Jazz, Style::Plain] {
                let english = harmony::style::read(&format(&label, style, None));
                let text = names.format(&label, style, None);
                let double = label.chord().is_some_and(|it| it.root().alter().abs() > 1);
                if !double {
                    prop_assert_eq!(names.read(&text).ok(), english.ok(), "{}", text);
                }
            }
        }
    }
}

/// Frets as players write them: `x32010`.
fn frets(instrument: &str, name: &str) -> String {
    let instrument: Instrument = instrument.parse().unwrap();
    let chord = label(name).chord().unwrap().clone();
    let found = fingerings(&chord, instrument.strings(), 1);
    let frets = found[0].frets.iter();
    frets
        .map(|fret| fret.map_or_else(|| "x".to_owned(), |fret| fret.to_string()))
        .collect()
}

#[test]
fn other_instruments_are_held_as_players_hold_them() {
    for (instrument, name, held) in [
        ("guitar", "A:min", "x02210"),
        ("ukulele", "C", "0003"),
        ("ukulele", "A:min", "2000"),
        ("ukulele", "F", "2010"),
        ("ukulele", "G", "0232"),
        ("baritone", "G", "0003"),
        ("banjo", "G", "0000"),
        ("mandolin", "G", "0023"),
        ("D2 A2 D3 F#3 A3 D4", "D", "000000"),
    ] {
        assert_eq!(frets(instrument, name), held, "{instrument} {name}");
    }
}

#[test]
fn strings_of_ones_own_are_typed_with_their_octaves() {
    let drop_d: Instrument = "d2, A2 D3 G3 B3 E4".parse().unwrap();
    assert_eq!(drop_d.strings(), [38, 45, 50, 55, 59, 64]);
    assert_eq!(drop_d.to_string(), "D2 A2 D3 G3 B3 E4");
    assert_eq!("Ukulele".parse(), Ok(Instrument::Ukulele));
    assert_eq!(
        "Cb4 B3 C4".parse::<Instrument>().unwrap().strings(),
        [59, 59, 60]
    );
    for refused in ["E A D G", "E2 A2", "H2 A2 D3", "", "E99 A2 D3"] {
        assert!(refused.parse::<Instrument>().is_err(), "{refused}");
    }
}

#[test]
fn a_capo_is_suggested_where_most_is_open() {
    let chords = |names: &[&str]| -> Vec<_> {
        let chords = names
            .iter()
            .map(|name| label(name).chord().unwrap().clone());
        chords.map(|chord| (chord, 1.0)).collect()
    };
    let guitar = Instrument::Guitar;
    assert_eq!(guitar.best_capo(&chords(&["Eb", "Ab", "Bb"])), (1, 1.0));
    assert_eq!(
        guitar.best_capo(&chords(&["G", "C", "D", "E:min"])),
        (0, 1.0)
    );
    assert_eq!(guitar.best_capo(&[]), (0, 0.0));
}

#[test]
fn charts_have_diagrams_and_names_where_they_are_asked_for() {
    let segments = [(0.0, "Bb"), (2.0, "F:7"), (4.0, "Bb"), (6.0, "B:min")];
    let segments = segments.map(|(at, name)| Segment::new(at, at + 2.0, label(name)));
    let timeline = Timeline::from_segments(segments).unwrap();
    let plain = Options::default();
    let asked = Options {
        names: NoteNames::German,
        diagrams: Some(Instrument::Ukulele),
        ..Options::default()
    };
    let written = |format: Format, options: &Options| {
        let mut bytes = Vec::new();
        let track = options.track(&timeline).unwrap();
        format.write_track(&mut bytes, &track, options).unwrap();
        String::from_utf8(bytes).unwrap()
    };
    let cho = written(Format::ChordPro, &asked);
    assert!(
        cho.contains("{define: B base-fret 1 frets 3 2 1 1}"),
        "{cho}"
    );
    assert!(
        cho.contains("| B . . . | F7 . . . |") && cho.contains("Hm"),
        "{cho}"
    );
    assert!(!written(Format::ChordPro, &plain).contains("define"));
    let svg = written(Format::Svg, &asked);
    assert!(svg.contains("aria-label=\"Hm: 4 2 2 2\""), "{svg}");
    assert!(written(Format::Text, &asked).contains("Hm"));
    for format in [
        Format::Lab,
        Format::Jams,
        Format::MusicXml,
        Format::Audacity,
    ] {
        assert_eq!(
            written(format, &asked),
            written(format, &plain),
            "{}",
            format.name()
        );
    }
}

#[test]
fn a_track_is_transposed_with_its_keys() {
    let segments = [(0.0, "C"), (2.0, "G:7/3")];
    let segments = segments.map(|(at, name)| Segment::new(at, at + 2.0, label(name)));
    let timeline = Timeline::from_segments(segments).unwrap();
    let options = Options {
        key: Some("C:maj".parse().unwrap()),
        ..Options::default()
    };
    let track = options.track(&timeline).unwrap().transposed(-1);
    let labels: Vec<String> = track
        .timeline()
        .segments()
        .iter()
        .map(|it| it.label.to_string())
        .collect();
    assert_eq!(labels, ["B:maj", "F#:7/3"]);
    assert_eq!(track.keys()[0].key.to_string(), "B:maj");
}
