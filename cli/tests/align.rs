//! Alignment of charts to real music, and chords written for players.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::fs;

use support::{SONG, changes_in, chords};

/// The chords of a label file: start, end, name.
fn lab(text: &str) -> Vec<(f64, f64, String)> {
    let row = |line: &str| {
        let mut words = line.split_whitespace();
        let mut next = || words.next().unwrap();
        (
            next().parse().unwrap(),
            next().parse().unwrap(),
            next().to_owned(),
        )
    };
    text.lines().map(row).collect()
}

/// The root of a label as a pitch class.
fn root(label: &str) -> Option<i32> {
    let label: harmony::label::Label = label.parse().unwrap();
    Some(i32::from(label.chord()?.root().pitch_class()))
}

#[test]
fn bars_sections_and_beats_of_the_chart_are_those_of_the_track() {
    let folder = tempfile::tempdir().unwrap();
    let up = [0, 5, 7, 0, 5, 7, 0, 0];
    chords(&folder.path().join("song.wav"), &up, &[2.0; 8]);
    let chart = "A Song\n\n[Verse]\n| C | F | G | C |\n[Chorus]\n| F | G | C | % |\n";
    fs::write(folder.path().join("chart.txt"), chart).unwrap();
    let ran = changes_in(
        folder.path(),
        &[
            "align",
            "chart.txt",
            "song.wav",
            "-o",
            "out.txt",
            "--names",
            "solfege",
        ],
    );
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    assert!(ran.text().contains("Sol"), "{}", ran.text());
    let text = fs::read_to_string(folder.path().join("out.txt")).unwrap();
    for expected in [
        "A Song",
        "120 bpm",
        "[Verse]",
        "[Chorus]",
        "| Do       | Fa       | Sol      | Do",
    ] {
        assert!(text.contains(expected), "{expected}\n{text}");
    }
    let json = changes_in(
        folder.path(),
        &["align", "chart.txt", "song.wav", "-f", "lab"],
    );
    assert_eq!(lab(&json.text()).len(), 7);
}

#[test]
fn chords_are_simplified_and_transposed_in_every_format() {
    let folder = tempfile::tempdir().unwrap();
    chords(&folder.path().join("song.wav"), &[0, 5, 7], &[2.0; 3]);
    let names = |more: &[&str]| -> Vec<String> {
        let ran = changes_in(folder.path(), &[&["song.wav", "-f", "lab"], more].concat());
        assert_eq!(ran.code, Some(0), "{}", ran.err);
        lab(&ran.text()).into_iter().map(|it| it.2).collect()
    };
    let plain = names(&[]);
    assert_eq!(
        names(&["--simplify", "as-heard", "--names", "german"]),
        plain
    );
    let roots = |names: &[String]| -> Vec<i32> { names.iter().filter_map(|it| root(it)).collect() };
    let up: Vec<i32> = roots(&plain).iter().map(|it| (it + 2) % 12).collect();
    assert_eq!(roots(&names(&["--transpose", "2"])), up);
    let own = names(&["--simplify", "C G"]);
    assert!(
        own.iter()
            .all(|it| matches!(it.as_str(), "C:maj" | "G:maj" | "N")),
        "{own:?}"
    );
    let ran = changes_in(folder.path(), &["song.wav", "--simplify", "C Hx"]);
    assert!(ran.err.contains("Hx"), "{}", ran.err);
}

#[test]
fn what_is_no_chart_is_named() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("words.txt"), "some words\n").unwrap();
    let ran = changes_in(folder.path(), &["align", "words.txt", SONG]);
    assert_eq!(
        ran.refused(1),
        "changes: words.txt: no chords in the chart\n"
    );
    let ran = changes_in(folder.path(), &["align", "none.txt", SONG]);
    assert!(ran.refused(1).starts_with("changes: none.txt: cannot read"));
}

#[test]
fn an_example_names_its_audio_and_nothing_else_does() {
    let folder = tempfile::tempdir().unwrap();
    chords(&folder.path().join("song.wav"), &[0, 5, 7, 0], &[2.0; 4]);
    fs::write(folder.path().join("chart.txt"), "| C | F | G | C |").unwrap();
    let align = |more: &[&str]| {
        let words = [&["align", "chart.txt", "song.wav"], more].concat();
        changes_in(folder.path(), &words)
    };
    assert_eq!(align(&["-o", "plain.jams"]).code, Some(0));
    assert_eq!(align(&["-o", "example.jams", "--example"]).code, Some(0));
    let read = |name: &str| -> serde_json::Value {
        serde_json::from_slice(&fs::read(folder.path().join(name)).unwrap()).unwrap()
    };
    let (plain, example) = (read("plain.jams"), read("example.jams"));
    assert_eq!(plain["sandbox"], serde_json::json!({}));
    let audio = recognizer::audio::reference(folder.path().join("song.wav")).unwrap();
    assert_eq!(
        example["sandbox"]["audio"],
        serde_json::to_value(&audio).unwrap()
    );
    assert_eq!(example["annotations"], plain["annotations"]);
    for more in [&["--example"][..], &["--example", "-o", "x.lab"]] {
        assert!(align(more).refused(1).contains("add -o NAME.jams"));
    }
}
