//! The shipped clip of real music with found beats, other beats, and none.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::process::Command;

use support::changes_in;

const SONG: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../assets/demo/town-theme.ogg");

fn run(more: &[&str]) -> std::process::Output {
    Command::new(env!("CARGO_BIN_EXE_changes"))
        .args(["transcribe", SONG])
        .args(more)
        .output()
        .unwrap()
}

/// The tempo in the head of the text chart, beats a minute.
fn bpm(more: &[&str]) -> f64 {
    let output = run(&[&["-f", "text"], more].concat());
    let text = String::from_utf8(output.stdout).unwrap();
    let tempo = text
        .lines()
        .find_map(|line| line.split(" | ").find_map(|it| it.strip_suffix(" bpm")));
    tempo.unwrap().parse().unwrap()
}

/// The seconds at which chords change.
fn changes(more: &[&str]) -> Vec<String> {
    let output = run(&[&["-f", "lab"], more].concat());
    let lab = String::from_utf8(output.stdout).unwrap();
    let starts = lab
        .lines()
        .filter_map(|line| line.split_whitespace().next());
    starts.map(str::to_owned).collect()
}

#[test]
fn half_and_double_the_tempo_that_is_found() {
    let found = bpm(&[]);
    assert!((bpm(&["--half-tempo"]) / found - 0.5).abs() < 0.02);
    assert!((bpm(&["--double-tempo"]) / found - 2.0).abs() < 0.02);
}

#[test]
fn without_a_grid_changes_are_where_they_are_heard() {
    let (on_beats, heard) = (changes(&[]), changes(&["--no-grid"]));
    assert_ne!(on_beats, heard);
    // A given tempo without a grid moves nothing either.
    assert_eq!(changes(&["--no-grid", "--bpm", "90"]), heard);
}

#[test]
fn what_contradicts_itself_is_refused() {
    for more in [
        ["--no-grid", "--half-tempo"].as_slice(),
        &["--half-tempo", "--double-tempo"],
        &["--double-tempo", "--bpm", "90"],
    ] {
        let output = run(more);
        assert_eq!(output.status.code(), Some(2), "{more:?}");
    }
}

#[test]
fn a_song_without_a_steady_beat_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("free.wav");
    // Chords of irregular lengths.
    let lengths_s = [1.9, 3.7, 1.1, 5.3, 2.2, 0.9, 4.1, 1.4, 3.0, 2.6];
    support::chords(&path, &[0, 5, 7, 9, 2, 4, 10, 3, 8, 0], &lengths_s);
    let told = "changes: free.wav: no steady beat found; changes stay where they were heard\n";
    let run = |more: &[&str]| changes_in(folder.path(), &[&["free.wav"], more].concat());
    let found = run(&[]);
    assert_eq!((found.code, found.err.as_str()), (Some(0), told));
    // No message without a grid or with a given tempo.
    run(&["--no-grid"]).clean();
    run(&["--bpm", "90"]).clean();
}
