//! Keys, spelling, and the display styles.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use common::{any_label, chord_on, label, note, note_within};
use harmony::key::{Key, Mode};
use harmony::label::{Label, Note};
use harmony::style::{Style, format};
use proptest::prelude::*;

fn key(text: &str) -> Key {
    text.parse().unwrap()
}

#[test]
fn keys_parse() {
    for (written, printed) in [
        ("Gb:maj", "Gb:maj"),
        ("A:min", "A:min"),
        ("Gb", "Gb:maj"),
        ("F#m", "F#:min"),
        ("C major", "C:maj"),
        ("Bb:minor", "Bb:min"),
    ] {
        assert_eq!(key(written).to_string(), printed);
    }
    for bad in [
        "", "H", "C:", "C:dor", "Cmaj7", "a:min", "Ab#:maj", "♭", "C ", "Aé",
    ] {
        assert!(bad.parse::<Key>().is_err(), "{bad}");
    }
}

#[test]
fn keys_of_pop909_parse() {
    let Some(songs) = common::pop909() else {
        return;
    };
    for song in songs {
        let text = std::fs::read_to_string(song.join("key_audio.txt")).unwrap();
        for name in text.lines().filter_map(|line| line.split('\t').nth(2)) {
            assert_eq!(key(name).to_string(), name);
        }
    }
}

#[test]
fn a_key_spells_its_notes() {
    for (name, notes) in [
        ("C:maj", "C Db D Eb E F F# G Ab A Bb B"),
        ("A:min", "C C# D Eb E F F# G G# A Bb B"),
        ("Gb:maj", "C Db D Eb Fb F Gb G Ab A Bb Cb"),
        ("F#:maj", "B# C# D D# E E# F# G G# A A# B"),
        ("Eb:min", "C Db D Eb Fb F Gb G Ab A Bb Cb"),
        ("D:maj", "C C# D Eb E F F# G G# A Bb B"),
    ] {
        let spelled: Vec<String> = (0..12).map(|pc| key(name).spell(pc).to_string()).collect();
        assert_eq!(spelled.join(" "), notes, "{name}");
    }
}

#[test]
fn signatures() {
    assert_eq!(key("Gb:maj").signature(), -6);
    assert_eq!(key("F#:min").signature(), 3);
    assert_eq!(key("A:min").relative_major(), key("C:maj"));
}

#[test]
fn jazz_and_plain() {
    for (text, jazz, plain) in [
        ("N", "N.C.", "N.C."),
        ("X", "?", "?"),
        ("C:maj", "C", "C"),
        ("C:maj7", "Cmaj7", "Cmaj7"),
        ("F#:hdim7", "F♯ø7", "F#m7b5"),
        ("Bb:sus4(b7)", "B♭7sus4", "Bb7sus4"),
        ("Bb:sus4(b7,9)", "B♭9sus4", "Bb9sus4"),
        ("A:min/b3", "Am/C", "Am/C"),
        ("Eb:dim7", "E♭°7", "Ebdim7"),
        ("C:aug", "C+", "Caug"),
        ("C:aug7", "C+7", "Caug7"),
        ("C:dim", "C°", "Cdim"),
        ("C:min7", "Cm7", "Cm7"),
        ("C:minmaj7", "Cm(maj7)", "Cm(maj7)"),
        ("C:7/b7", "C7/B♭", "C7/Bb"),
        ("C:maj6", "C6", "C6"),
        ("C:maj6(9)", "C6/9", "C6/9"),
        ("C:maj(9)", "C(add9)", "C(add9)"),
        ("C:min(9)", "Cm(add9)", "Cm(add9)"),
        ("C:maj(b7)", "C7", "C7"),
        ("C:7(b9,#11)", "C7(♭9,♯11)", "C7(b9,#11)"),
        ("C:7(9,13)", "C13", "C13"),
        ("C:min7(*5,b5)", "Cø7", "Cm7b5"),
        ("C:7(*3)", "C7(no3)", "C7(no3)"),
        ("C:min13", "Cm13", "Cm13"),
        ("C:(1,b3,5)", "Cm", "Cm"),
        ("C:(1,b3,5,b7,9)", "Cm9", "Cm9"),
        ("C:(1,b2)", "C(1,♭2)", "C(1,b2)"),
        ("C:5", "C5", "C5"),
        ("Gb:min/b3", "G♭m/A", "Gbm/A"),
    ] {
        assert_eq!(format(&label(text), Style::Jazz, None), jazz, "{text}");
        assert_eq!(format(&label(text), Style::Plain, None), plain, "{text}");
        assert_eq!(
            format(&label(text), Style::Harte, None),
            label(text).to_string()
        );
    }
}

#[test]
fn a_key_respells_roots() {
    let gb = key("Gb:maj");
    assert_eq!(format(&label("F#:maj/3"), Style::Jazz, Some(&gb)), "G♭/B♭");
    assert_eq!(format(&label("B:7"), Style::Harte, Some(&gb)), "Cb:7");
    let e = key("E:maj");
    assert_eq!(format(&label("Ab:min7"), Style::Plain, Some(&e)), "G#m7");
}

#[test]
fn roman_numerals() {
    for (name, text, numeral) in [
        ("C:maj", "C:maj7", "Imaj7"),
        ("C:maj", "F#:hdim7", "♯ivø7"),
        ("C:maj", "Bb:sus4(b7)", "♭VII7sus4"),
        ("C:maj", "A:min/b3", "vi6"),
        ("C:maj", "C:maj/5", "I64"),
        ("C:maj", "G:7/3", "V65"),
        ("C:maj", "G:7/b7", "V42"),
        ("C:maj", "B:hdim7/b5", "viiø43"),
        ("C:maj", "C:maj7/3", "Imaj65"),
        ("C:maj", "C:maj/2", "I/2"),
        ("C:maj", "C:maj6", "I(add6)"),
        ("C:maj", "Ab:maj", "♭VI"),
        ("C:maj", "D:min7", "ii7"),
        ("C:maj", "D:7", "II7"),
        ("A:min", "A:min", "i"),
        ("A:min", "C:maj", "III"),
        ("A:min", "G:maj", "VII"),
        ("A:min", "G#:dim7", "♯vii°7"),
        ("A:min", "E:7", "V7"),
        ("A:min", "Bb:maj", "♭II"),
        ("A:min", "A:minmaj7", "i(maj7)"),
        ("Gb:maj", "B:maj", "IV"),
        ("C:maj", "N", "N.C."),
    ] {
        assert_eq!(
            format(&label(text), Style::Roman, Some(&key(name))),
            numeral,
            "{text} in {name}"
        );
    }
}

#[test]
fn nashville_numbers() {
    for (name, text, number) in [
        ("C:maj", "C:maj7", "1maj⁷"),
        ("C:maj", "G:7", "5⁷"),
        ("C:maj", "C:maj/3", "1/3"),
        ("C:maj", "F:maj/3", "4/6"),
        ("C:maj", "A:min/b3", "6-/1"),
        ("C:maj", "F#:hdim7", "♯4ø⁷"),
        ("C:maj", "Bb:sus4(b7)", "♭7⁷sus⁴"),
        ("A:min", "A:min", "6-"),
        ("A:min", "E:7", "3⁷"),
        ("G:maj", "D:min7", "5-⁷"),
    ] {
        assert_eq!(
            format(&label(text), Style::Nashville, Some(&key(name))),
            number,
            "{text} in {name}"
        );
    }
}

#[test]
fn the_table_in_the_docs() {
    let docs = include_str!("../src/style/mod.rs");
    let c = key("C:maj");
    let rows = docs.lines().filter_map(|line| line.strip_prefix("//! | `"));
    let mut checked = 0;
    for row in rows {
        let cells: Vec<&str> = row
            .split(" | ")
            .map(|cell| cell.trim_end_matches(" |"))
            .collect();
        let label = label(cells[0].trim_end_matches('`'));
        let styles = [Style::Jazz, Style::Plain, Style::Roman, Style::Nashville];
        for (style, cell) in styles.into_iter().zip(&cells[1..]) {
            assert_eq!(&format(&label, style, Some(&c)), cell, "{row}");
            checked += 1;
        }
    }
    assert_eq!(checked, 24);
}

#[test]
fn without_a_key_numbers_fall_back_to_jazz() {
    for style in Style::ALL.into_iter().filter(|style| style.needs_key()) {
        assert_eq!(format(&label("F#:hdim7"), style, None), "F♯ø7");
    }
}

#[test]
fn names_parse() {
    for style in Style::ALL {
        assert_eq!(style.name().parse(), Ok(style));
    }
    assert!("braille".parse::<Style>().is_err());
}

fn any_key() -> impl Strategy<Value = Key> {
    let mode = proptest::sample::select(vec![Mode::Major, Mode::Minor]);
    (note(), mode).prop_map(|(tonic, mode)| Key::new(tonic, mode))
}

proptest! {
    #[test]
    fn keys_round_trip(key in any_key()) {
        prop_assert_eq!(key.to_string().parse::<Key>(), Ok(key));
    }

    #[test]
    fn spelling_keeps_the_pitch(key in any_key(), pitch_class in 0_u8..12) {
        let note = key.spell(pitch_class);
        prop_assert_eq!(note.pitch_class(), pitch_class);
        prop_assert!(note.alter().abs() < 2);
        let above = (pitch_class + 12 - key.tonic().pitch_class()) % 12;
        prop_assert_eq!(key.degree(pitch_class).pitch_class(), above);
    }

    #[test]
    fn the_scale_of_a_usual_key_is_spelled_with_seven_letters(fifths in -7_i32..=7) {
        let key = Key::new(Note::from_fifths(fifths), Mode::Major);
        let letters: std::collections::BTreeSet<_> = [0, 2, 4, 5, 7, 9, 11]
            .map(|step| key.spell((key.tonic().pitch_class() + step) % 12).letter())
            .into();
        prop_assert_eq!(letters.len(), 7);
    }

    #[test]
    fn every_label_is_written_in_every_style(label in any_label(), key in proptest::option::of(any_key())) {
        for style in Style::ALL {
            let text = format(&label, style, key.as_ref());
            prop_assert!(!text.is_empty());
            if style == Style::Plain {
                prop_assert!(text.is_ascii(), "{}", text);
            }
            if style == Style::Harte && key.is_some() {
                let respelled: Label = text.parse().unwrap();
                let pitches = |label: &Label| label.chord().map(harmony::label::Chord::pitch_classes);
                prop_assert_eq!(pitches(&respelled), pitches(&label));
            }
        }
    }
}

#[test]
fn typed_symbols_are_read() {
    for (typed, harte) in [
        ("C", "C:maj"),
        ("am7/c", "A:min7/b3"),
        ("Am7/C", "A:min7/b3"),
        ("A-7", "A:min7"),
        ("F#ø7", "F#:hdim7"),
        ("F♯m7♭5", "F#:hdim7"),
        ("F#m7(b5)", "F#:hdim7"),
        ("Bbmaj7", "Bb:maj7"),
        ("B♭Δ7", "Bb:maj7"),
        ("bbM7", "Bb:maj7"),
        ("G7sus4", "G:sus4(b7)"),
        ("G7sus", "G:sus4(b7)"),
        ("G9sus4", "G:sus4(b7,9)"),
        ("Gsus2", "G:sus2"),
        ("Cdim7", "C:dim7"),
        ("Co7", "C:dim7"),
        ("C°", "C:dim"),
        ("E7#9", "E:7(#9)"),
        ("E7(♯9)", "E:7(#9)"),
        ("E7+9", "E:7(#9)"),
        ("C6/9", "C:maj6(9)"),
        ("C69", "C:maj6(9)"),
        ("Dm(maj7)", "D:minmaj7"),
        ("DmM7", "D:minmaj7"),
        ("G7b5", "G:7(b5,*5)"),
        ("G7#5", "G:aug7"),
        ("G+7", "G:aug7"),
        ("Caug", "C:aug"),
        ("Cadd9", "C:maj(9)"),
        ("C2", "C:maj(9)"),
        ("Cm(add9)", "C:min(9)"),
        ("C5", "C:5"),
        ("D/F#", "D:maj/3"),
        ("C/Bb", "C:maj/b7"),
        ("C6/9/E", "C:maj6(9)/3"),
        ("G13", "G:13"),
        ("G7b9#11", "G:7(b9,#11)"),
        ("C7alt", "C:7(b9,#9,b13)"),
        ("C7no3", "C:7(*3)"),
        ("C7omit5", "C:7(*5)"),
        ("Gdom7", "G:7"),
        (" E m 7 ", "E:min7"),
        ("A:min7/b3", "A:min7/b3"),
        ("N.C.", "N"),
        ("?", "X"),
        ("Gb/Bb", "Gb:maj/3"),
        ("Ebm/Bb", "Eb:min/5"),
    ] {
        let read = harmony::style::read(typed).map_err(|error| error.to_string());
        assert_eq!(read, Ok(label(harte)), "{typed}");
    }
    for (typed, cause) in [
        ("", "type a chord"),
        ("Hm7", "from A to G"),
        ("Cfoo", "not a known chord type"),
        ("Am7/H", "bass after the slash"),
        ("Am7/", "bass after the slash"),
        ("C7b", "not a known chord type"),
        ("C14", "not a known chord type"),
    ] {
        let error = harmony::style::read(typed).unwrap_err().to_string();
        assert!(error.contains(cause), "{typed}: {error}");
    }
    assert!(harmony::style::read(&"C".repeat(5000)).is_err());
}

#[test]
fn what_is_written_is_read_back() {
    for index in 0..harmony::vocabulary::large::LEN {
        let label = harmony::vocabulary::large::label_of(index);
        for style in [Style::Jazz, Style::Plain, Style::Harte] {
            let written = format(&label, style, None);
            let read = harmony::style::read(&written);
            assert_eq!(read, Ok(label.clone()), "{written}");
        }
    }
}

proptest! {
    #[test]
    fn reading_symbols_never_panics(text in "[A-Ga-gmMjbø°Δ#♯♭0-9+(),/susadnoit -]{0,12}") {
        let _ = harmony::style::read(&text);
    }

    #[test]
    // With three accidentals it is ambiguous which belong to the root.
    fn symbols_keep_their_notes(chord in chord_on(note_within(2))) {
        let written = format(&Label::Chord(chord.clone()), Style::Jazz, None);
        if let Ok(Label::Chord(read)) = harmony::style::read(&written) {
            prop_assert_eq!(read.root(), chord.root(), "{}", written);
            prop_assert_eq!(read.bass_pitch_class(), chord.bass_pitch_class(), "{}", written);
        }
    }
}
