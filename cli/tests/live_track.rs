//! The files of `changes live`: beats and keys as from `transcribe`, and all chords so far, however
//! the run ends.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::fs;
use std::path::Path;

use midly::{MetaMessage, Smf, TrackEventKind};
use support::{SONG, changes_in};

/// Tempo, meters and keys of a MIDI file, with their ticks.
fn conductor(path: &Path) -> Vec<String> {
    let bytes = fs::read(path).unwrap();
    let midi = Smf::parse(&bytes).unwrap();
    let mut tick = 0;
    let mut found = Vec::new();
    for event in &midi.tracks[0] {
        tick += event.delta.as_int();
        if let TrackEventKind::Meta(
            message @ (MetaMessage::Tempo(_)
            | MetaMessage::TimeSignature(..)
            | MetaMessage::KeySignature(..)),
        ) = event.kind
        {
            found.push(format!("{tick} {message:?}"));
        }
    }
    found
}

#[test]
fn live_writes_the_tempo_meter_keys_and_beats_of_transcribe() {
    let folder = tempfile::tempdir().unwrap();
    for (number, known) in [
        vec![],
        vec!["--bpm", "96"],
        vec!["--bpm", "64", "--beat", "3/8", "--meter", "6/8"],
        vec!["--meter", "3/4"],
        vec!["--key", "A:min"],
    ]
    .into_iter()
    .enumerate()
    {
        let path = |kind: &str| folder.path().join(format!("{kind}{number}.mid"));
        let (live, whole) = (path("live"), path("whole"));
        let words = |words: &[&str], to: &Path| {
            let to = to.display().to_string();
            let words = [words, &[SONG, "-o", to.as_str()], &known].concat();
            changes_in(folder.path(), &words).clean();
        };
        words(&["live", "--fast"], &live);
        words(&["transcribe"], &whole);
        let found = conductor(&live);
        assert_eq!(found, conductor(&whole), "{known:?}");
        assert!(found.len() >= 3, "{found:?}");
        if known.is_empty() {
            // Not the default: 120 in 4/4 from second 0.
            assert!(
                !found.contains(&"0 Tempo(u24(500000))".to_owned()),
                "{found:?}"
            );
        }
    }
}

#[test]
fn the_head_of_a_chart_is_the_same_from_both() {
    let folder = tempfile::tempdir().unwrap();
    let head = |words: &[&str]| {
        let words = [words, &["-f", "text", "--title", "T", "--composer", "C"]].concat();
        let text = changes_in(folder.path(), &words).clean().text();
        text.lines().take(3).map(str::to_owned).collect::<Vec<_>>()
    };
    let live = head(&["live", "--fast", SONG]);
    assert_eq!(live, head(&["transcribe", SONG]));
    assert_eq!(live[..2], ["T", "C"]);
    assert!(
        live[2].contains(" | ") && live[2].ends_with("bpm"),
        "{live:?}"
    );
}

#[test]
fn events_can_be_printed_instead_of_the_table() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("e.jsonl").display().to_string();
    changes_in(folder.path(), &["live", "--fast", SONG, "--events", &path]).clean();
    let printed = changes_in(folder.path(), &["live", "--fast", SONG, "--events", "-"]).clean();
    assert_eq!(printed.text(), fs::read_to_string(path).unwrap());
}

/// `--bpm` counts quarter notes, or the note of `--beat`; all formats agree.
#[test]
fn the_tempo_counts_the_note_that_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let run = |format: &str, known: &[&str]| {
        let words = [&["transcribe", SONG, "-f", format], known].concat();
        changes_in(folder.path(), &words).clean()
    };
    let dotted = ["--bpm", "60", "--metre", "6/8", "--beat", "3/8"];
    let quarters = ["--bpm", "90", "--meter", "6/8"];
    let names = ["--bpm", "60", "--metre", "6/8", "--beat", "dotted-quarter"];
    for format in ["mid", "text", "pdf", "svg", "musicxml", "chordpro"] {
        let bytes = run(format, &dotted).out;
        assert!(run(format, &quarters).out == bytes, "{format}");
        assert!(run(format, &names).out == bytes, "{format}");
    }
    let text = run("text", &dotted).text();
    assert!(text.contains("6/8 | dotted quarter = 60"), "{text}");
    let svg = run("svg", &dotted).text();
    assert!(svg.contains("dotted quarter = 60"), "{svg}");
    let xml = run("musicxml", &dotted).text();
    assert!(
        xml.contains("<beat-unit-dot/>") && xml.contains("<per-minute>60<"),
        "{xml}"
    );
    assert!(xml.contains("tempo=\"90.000\""));
    // In simple meters nothing is new.
    let text = run("text", &["--bpm", "96", "--meter", "3/4"]).text();
    assert!(text.contains("3/4 | 96 bpm\n"), "{text}");
    let text = run("text", &["--bpm", "48", "--beat", "1/2", "--meter", "2/2"]).text();
    assert!(text.contains("2/2 | half = 48"), "{text}");
}

#[cfg(unix)]
mod stop {
    use super::*;
    use std::io::{BufRead, BufReader};
    use std::process::{Command, Stdio};
    use support::{CHANGES, press_ctrl_c};

    #[test]
    fn what_was_heard_until_ctrl_c_is_written() {
        let folder = tempfile::tempdir().unwrap();
        let mut child = Command::new(CHANGES)
            .args(["live", SONG, "-o", "heard.lab", "--events", "heard.jsonl"])
            .current_dir(folder.path())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        // The head, and the first chord that is shown.
        lines.next().unwrap().unwrap();
        lines.next().unwrap().unwrap();
        press_ctrl_c(&child);
        let rest = lines.map(Result::unwrap).count();
        assert_eq!(child.wait().unwrap().code(), Some(130));
        let events = fs::read_to_string(folder.path().join("heard.jsonl")).unwrap();
        assert_eq!(events.lines().count(), rest + 1, "{events}");
        let lab = fs::read_to_string(folder.path().join("heard.lab")).unwrap();
        let heard = harmony::import::lab::parse(&lab).unwrap();
        let end_s = heard.end_s().unwrap();
        assert!(end_s > 0.1 && end_s < 37.0, "{lab}");
    }
}
