//! The shipped clip of real music, through both engines and in every format.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::path::Path;
use std::process::Command;

use harmony::import;
use harmony::label::Label;
use serde_json::Value;

const SONG: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../assets/demo/town-theme.ogg");
const SONG_S: f64 = 37.5;

/// The output of the command, which must succeed without a message.
fn changes(arguments: &[&str]) -> Vec<u8> {
    let output = Command::new(env!("CARGO_BIN_EXE_changes"))
        .args(arguments)
        .output()
        .unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    assert!(output.status.success(), "{arguments:?}: {}", output.status);
    output.stdout
}

fn written(folder: &Path, name: &str) -> Vec<u8> {
    let path = folder.join(name);
    changes(&["transcribe", SONG, "-o", path.to_str().unwrap()]);
    fs::read(path).unwrap()
}

#[test]
fn every_format_by_its_extension() {
    let folder = tempfile::tempdir().unwrap();
    let lab = String::from_utf8(written(folder.path(), "out.lab")).unwrap();
    let timeline = import::lab::parse(&lab).unwrap();
    let chords = timeline
        .segments()
        .iter()
        .filter(|it| matches!(it.label, Label::Chord(_)));
    assert!(chords.count() >= 3, "{lab}");
    assert_eq!(timeline.start_s(), Some(0.0));
    assert!((timeline.end_s().unwrap() - SONG_S).abs() < 0.2, "{lab}");

    let jams = String::from_utf8(written(folder.path(), "out.jams")).unwrap();
    let again = import::jams::parse(&jams).unwrap();
    let labels = |timeline: &harmony::timeline::Timeline| -> Vec<String> {
        timeline
            .segments()
            .iter()
            .map(|it| it.label.to_string())
            .collect()
    };
    assert_eq!(labels(&again), labels(&timeline));

    let csv = String::from_utf8(written(folder.path(), "out.csv")).unwrap();
    assert_eq!(csv.lines().count(), timeline.segments().len() + 1, "{csv}");

    let midi = written(folder.path(), "out.mid");
    assert!(midi.starts_with(b"MThd"));
    assert!(written(folder.path(), "out.pdf").starts_with(b"%PDF"));
    for (name, holds) in [
        ("out.musicxml", "<score-partwise"),
        ("out.cho", "{start_of_grid"),
        ("out.html", "irealb://"),
        ("out.txt", "/4 | "),
        ("out.svg", "<svg"),
        ("out.labels.txt", "0.0"),
        ("out.reaper.csv", "#,Name,Start"),
        ("out.inline.cho", "{title: town-theme}"),
    ] {
        let text = String::from_utf8(written(folder.path(), name)).unwrap();
        assert!(text.contains(holds), "{name}: {text}");
    }
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 13);

    let printed = changes(&["transcribe", SONG, "--format", "lab"]);
    assert_eq!(String::from_utf8(printed).unwrap(), lab);
}

#[test]
fn the_table_has_a_line_for_each_chord() {
    let table = String::from_utf8(changes(&["transcribe", SONG])).unwrap();
    let lab = String::from_utf8(changes(&["transcribe", SONG, "--format", "lab"])).unwrap();
    let lines = table.lines().filter(|line| line.ends_with("% |")).count();
    assert_eq!(lines, lab.lines().count(), "{table}\n{lab}");
}

#[test]
fn a_folder_of_songs_with_tempo_meter_and_title() {
    let folder = tempfile::tempdir().unwrap();
    let below = folder.path().join("songs/below");
    fs::create_dir_all(&below).unwrap();
    fs::copy(SONG, below.join("theme.OGG")).unwrap();
    fs::write(below.join("notes.md"), "no music").unwrap();
    let charts = folder.path().join("charts");
    changes(&[
        "transcribe",
        folder.path().join("songs").to_str().unwrap(),
        "-o",
        charts.to_str().unwrap(),
        "--format",
        "text",
        "--bpm",
        "90",
        "--meter",
        "3/4",
        "--key",
        "A:min",
        "--title",
        "Town",
        "--composer",
        "Somebody",
    ]);
    let text = fs::read_to_string(charts.join("below/theme.txt")).unwrap();
    let head: Vec<&str> = text.lines().take(3).collect();
    assert_eq!(head, ["Town", "Somebody", "A minor | 3/4 | 90 bpm"]);
    assert_eq!(fs::read_dir(&charts).unwrap().count(), 1);
}

#[test]
fn numerals_find_their_own_key() {
    let table = String::from_utf8(changes(&["transcribe", SONG, "--style", "roman"])).unwrap();
    assert!(table.contains("| I ") || table.contains("| i "), "{table}");
}

#[test]
fn a_smaller_vocabulary_leaves_major_and_minor_only() {
    let lab = changes(&[
        "transcribe",
        SONG,
        "--vocabulary",
        "majmin",
        "--format",
        "lab",
    ]);
    let lab = String::from_utf8(lab).unwrap();
    for segment in import::lab::parse(&lab).unwrap().segments() {
        let label = segment.label.to_string();
        let plain = label.ends_with(":maj") || label.ends_with(":min");
        assert!(plain || ["N", "X"].contains(&label.as_str()), "{label}");
    }
}

/// One run in real time, the other as fast as possible.
#[test]
fn events_are_the_same_at_both_speeds() {
    let folder = tempfile::tempdir().unwrap();
    // A few seconds suffice; the whole clip would take as long as it plays.
    let clip = folder.path().join("short.wav");
    let audio = recognizer::audio::decode_file(SONG, &mut |_| {}).unwrap();
    let spec = hound::WavSpec {
        channels: 1,
        sample_rate: audio.sample_rate,
        bits_per_sample: 32,
        sample_format: hound::SampleFormat::Float,
    };
    let mut writer = hound::WavWriter::create(&clip, spec).unwrap();
    for sample in &audio.samples[..8 * audio.sample_rate as usize] {
        writer.write_sample(*sample).unwrap();
    }
    writer.finalize().unwrap();

    let events = |name: &str, fast: &[&str]| {
        let path = folder.path().join(name);
        let mut arguments = vec![
            "live",
            clip.to_str().unwrap(),
            "--events",
            path.to_str().unwrap(),
        ];
        arguments.extend(fast);
        let printed = changes(&arguments);
        (fs::read_to_string(path).unwrap(), printed)
    };
    let fast = events("fast.jsonl", &["--fast"]);
    let slow = events("slow.jsonl", &[]);
    assert_eq!(fast, slow);

    let mut shown_at_s = 0.0;
    let mut chords = 0;
    for line in fast.0.lines() {
        let event: Value = serde_json::from_str(line).unwrap();
        let number = |name: &str| event[name].as_f64().unwrap();
        let names: Vec<&String> = event.as_object().unwrap().keys().collect();
        assert_eq!(names.len(), 5, "{line}");
        assert!(number("shown_at_s") >= shown_at_s, "{line}");
        assert!(number("starts_at_s") <= number("shown_at_s"), "{line}");
        assert!((0.0..=1.0).contains(&number("confidence")), "{line}");
        assert!(["provisional", "confirmed"].contains(&event["state"].as_str().unwrap()));
        let label: Label = event["label"].as_str().unwrap().parse().unwrap();
        chords += usize::from(matches!(label, Label::Chord(_)));
        shown_at_s = number("shown_at_s");
    }
    assert!(chords >= 1, "{}", fast.0);
}

#[test]
fn the_networks_say_what_taught_them() {
    let text = String::from_utf8(changes(&["weights"])).unwrap();
    for word in ["data", "teacher", "trained", "seed"] {
        assert!(text.contains(word), "{text}");
    }
}
