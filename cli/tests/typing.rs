//! Lenient command lines: any order, any case, the shortest form.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::fs;

use support::{changes_in, files, songs};

#[test]
fn a_file_alone_is_transcribed() {
    let folder = songs(&["song.wav", "b.wav", "more/c.wav", "live"]);
    let run = |words: &[&str]| changes_in(folder.path(), words).clean().text();
    let long = run(&["transcribe", "song.wav"]);
    assert!(long.contains("% |"), "{long}");
    assert_eq!(run(&["song.wav"]), long);
    // Options before and after, several files, folders.
    let long = run(&[
        "transcribe",
        "song.wav",
        "b.wav",
        "more",
        "--style",
        "harte",
    ]);
    assert!(long.contains("C:maj"), "{long}");
    assert_eq!(
        run(&["song.wav", "b.wav", "more", "--style", "harte"]),
        long
    );
    assert_eq!(
        run(&["--style", "harte", "song.wav", "b.wav", "more"]),
        long
    );
    // A file that is called like a command.
    assert_eq!(run(&["./live"]), run(&["transcribe", "live"]));
    assert_eq!(run(&["--", "live"]), run(&["transcribe", "live"]));
}

#[test]
fn names_are_taken_in_any_case_and_with_any_of_their_spellings() {
    let folder = songs(&["song.wav"]);
    let run = |words: &[&str]| changes_in(folder.path(), words).clean().out;
    for (name, others) in [
        ("mid", ["midi", "MIDI", ".Mid"]),
        ("text", ["txt", "TXT", ".txt"]),
        ("musicxml", ["xml", "MusicXML", ".XML"]),
        ("chordpro", ["cho", "ChordPro", "crd"]),
        ("ireal", ["html", "iReal", "htm"]),
        ("audacity", ["labels.txt", "Audacity", "labels"]),
        ("pdf", ["PDF", ".pdf", "Pdf"]),
        ("table", ["TABLE", "Table", "table"]),
    ] {
        let bytes = run(&["song.wav", "-f", name]);
        assert!(!bytes.is_empty());
        for other in others {
            assert!(run(&["song.wav", "-f", other]) == bytes, "{other}");
        }
    }
    let roman = run(&["song.wav", "--style", "roman", "--key", "C:maj"]);
    assert!(run(&["song.wav", "--style", "Roman", "--key", "c major"]) == roman);
    assert!(run(&["song.wav", "--style", "ROMAN", "--key", "C"]) == roman);
    let notes = run(&["song.wav", "-f", "mid", "--voicing", "drop2"]);
    assert!(run(&["song.wav", "-f", "mid", "--voicing", "GUITAR"]) != notes);
    for voicing in ["Drop2", "DROP-2", "drop 2"] {
        assert!(
            run(&["song.wav", "-f", "mid", "--voicing", voicing]) == notes,
            "{voicing}"
        );
    }
    let plain = run(&["song.wav", "--vocabulary", "MajMin"]);
    assert!(plain == run(&["song.wav", "--vocabulary", "majmin"]));
}

#[test]
fn mistakes_name_the_value_and_what_could_stand_there() {
    let folder = songs(&["song.wav"]);
    for (words, parts) in [
        (
            vec!["song.wav", "-f", "wav"],
            vec!["wav", "musicxml", "pdf"],
        ),
        (
            vec!["song.wav", "--style", "baroque"],
            vec!["baroque", "nashville"],
        ),
        (vec!["song.wav", "--beat", "3/8"], vec!["--bpm"]),
        (
            vec!["song.wav", "--bpm", "60", "--beat", "5/7"],
            vec!["5/7", "3/8"],
        ),
        (vec!["song.wav", "--key", "H:maj"], vec!["H:maj", "A:min"]),
        (
            vec!["song.wav", "--bpm", "fast"],
            vec!["fast", "from 4 to 1000"],
        ),
    ] {
        let message = changes_in(folder.path(), &words).refused(2);
        for part in parts {
            assert!(message.contains(part), "{words:?}: {message}");
        }
    }
    let ran = changes_in(folder.path(), &["transcibe", "song.wav"]);
    let hint = "transcibe: no such file, folder or command";
    assert!(ran.code == Some(1) && ran.err.contains(hint), "{}", ran.err);
    let words = ["song.wav", "--bpm", "900", "--beat", "3/8"];
    let message = changes_in(folder.path(), &words).refused(1);
    assert!(message.contains("1350"), "{message}");
    assert_eq!(files(folder.path()), ["song.wav"]);
}

/// The help mentions everything that the command can do.
#[test]
fn the_help_says_what_a_newcomer_asks() {
    let folder = tempfile::tempdir().unwrap();
    let help = |words: &[&str]| changes_in(folder.path(), words).clean().text();
    let top = help(&["--help"]);
    for part in [
        "changes song.mp3",
        "changes [OPTIONS] FILE",
        "./live",
        "| changes -",
        "transcribe",
        "live",
        "weights",
    ] {
        assert!(top.contains(part), "{part}: {top}");
    }
    let transcribe = help(&["transcribe", "--help"]);
    assert_eq!(help(&["help", "transcribe"]), transcribe);
    assert_eq!(help(&["song.mp3", "--help"]), transcribe);
    for part in [
        "standard input",
        "--force",
        "quarter notes a minute",
        "3/8",
        "dotted",
        "musicxml",
        "Ctrl-C",
        "gets the same",
    ] {
        let found = transcribe.contains(part) || transcribe.replace('\n', " ").contains(part);
        assert!(found, "{part}: {transcribe}");
    }
    let live = help(&["live", "--help"]);
    for part in [
        "--events",
        "--bpm",
        "--meter",
        "--force",
        "Ctrl-C",
        "shown_at_s",
    ] {
        assert!(live.contains(part), "{part}: {live}");
    }
}

/// Every `changes …` line of the README is one that the command takes.
#[test]
fn the_examples_of_the_readme_and_of_the_help_run() {
    let folder = songs(&[
        "song.mp3",
        "song.wav",
        "song.ogg",
        "song.flac",
        "songs/a/b.wav",
    ]);
    for chart in ["chart.txt", "chart.cho"] {
        fs::write(folder.path().join(chart), "| C | Am | F | G |\n").unwrap();
    }
    // The decoder uses the content: these are WAV files with the names of the examples.
    let readme = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../README.md")).unwrap();
    let mut text = readme;
    for words in [
        vec!["--help"],
        vec!["transcribe", "--help"],
        vec!["live", "--help"],
    ] {
        text += &changes_in(folder.path(), &words).clean().text();
    }
    let mut count = 0;
    for line in text.lines() {
        let line = line.split('#').next().unwrap().trim();
        let Some(rest) = line.strip_prefix("changes ") else {
            continue;
        };
        // The columns of the help's examples.
        let rest = rest.split("   ").next().unwrap();
        let (rest, redirected) = rest.split_once('>').unwrap_or((rest, ""));
        let words: Vec<&str> = rest.split_whitespace().collect();
        let is_example = words.iter().any(|word| word.contains("song"));
        if !is_example {
            continue;
        }
        count += 1;
        let _ = redirected;
        let ran = changes_in(folder.path(), &[words.as_slice(), &["--force"]].concat());
        assert_eq!(ran.code, Some(0), "{line}: {}", ran.err);
    }
    assert!(count >= 15, "{count} examples");
}
