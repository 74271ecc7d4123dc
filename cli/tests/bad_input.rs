//! Files that are not music: a one-line error, exit code 1, nothing written.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::ffi::OsStr;
use std::fs;
use std::path::Path;
use std::process::Command;

/// Runs the command; its exit code and what it printed on standard error.
fn changes(arguments: &[&OsStr]) -> (Option<i32>, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_changes"))
        .args(arguments)
        .output()
        .unwrap();
    (
        output.status.code(),
        String::from_utf8(output.stderr).unwrap(),
    )
}

/// Both subcommands refuse `path`, each with one line that names it and says `cause`.
fn refused(path: &Path, cause: &str) {
    let folder = tempfile::tempdir().unwrap();
    let (track, events) = (
        folder.path().join("out.lab"),
        folder.path().join("out.jsonl"),
    );
    let runs: [&[&OsStr]; 2] = [
        &[
            "transcribe".as_ref(),
            path.as_ref(),
            "-o".as_ref(),
            track.as_ref(),
        ],
        &[
            "live".as_ref(),
            "--fast".as_ref(),
            path.as_ref(),
            "--events".as_ref(),
            events.as_ref(),
        ],
    ];
    for arguments in runs {
        let (code, message) = changes(arguments);
        assert_eq!(code, Some(1), "{message}");
        assert_eq!(message.lines().count(), 1, "{message}");
        assert!(message.starts_with("changes: "), "{message}");
        assert!(message.contains(path.to_str().unwrap()), "{message}");
        assert!(
            message.to_lowercase().contains(cause),
            "{message:?} does not say {cause:?}"
        );
    }
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}

fn in_file(name: &str, bytes: &[u8], cause: &str) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    fs::write(&path, bytes).unwrap();
    refused(&path, cause);
}

#[test]
fn an_empty_file() {
    in_file("empty.wav", b"", "empty");
}

#[test]
fn text() {
    in_file(
        "text.mp3",
        b"This is not music.\n".repeat(100).as_slice(),
        "not an audio file",
    );
}

#[test]
fn random_bytes() {
    // A linear congruential generator: any meaningless bytes will do.
    let mut state = 1u64;
    let bytes: Vec<u8> = std::iter::repeat_with(|| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (state >> 56) as u8
    })
    .take(100_000)
    .collect();
    in_file("random.flac", &bytes, "random.flac");
}

#[test]
fn a_header_without_samples() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("header.wav");
    let spec = hound::WavSpec {
        channels: 1,
        sample_rate: 44_100,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    hound::WavWriter::create(&path, spec)
        .unwrap()
        .finalize()
        .unwrap();
    refused(&path, "no samples");
}

#[test]
fn a_file_that_is_not_there() {
    let folder = tempfile::tempdir().unwrap();
    refused(&folder.path().join("missing.wav"), "no such file");
}

#[test]
fn a_folder() {
    let folder = tempfile::tempdir().unwrap();
    refused(folder.path(), "folder");
}

#[test]
fn one_bad_file_does_not_stop_the_others() {
    let folder = tempfile::tempdir().unwrap();
    let bad = folder.path().join("bad.wav");
    fs::write(&bad, "nothing").unwrap();
    let good = folder.path().join("good.wav");
    let spec = hound::WavSpec {
        channels: 1,
        sample_rate: 22_050,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let mut writer = hound::WavWriter::create(&good, spec).unwrap();
    for index in 0..44_100i32 {
        writer
            .write_sample(((f64::from(index) * 0.1).sin() * 8000.0) as i16)
            .unwrap();
    }
    writer.finalize().unwrap();
    let out = folder.path().join("out");
    let (code, message) = changes(&[
        "transcribe".as_ref(),
        bad.as_ref(),
        good.as_ref(),
        "-o".as_ref(),
        out.as_ref(),
    ]);
    assert_eq!(code, Some(1), "{message}");
    assert!(message.contains("1 of 2 files failed"), "{message}");
    assert!(out.join("good.lab").exists());
    assert!(!out.join("bad.lab").exists());
}

#[test]
fn mistakes_on_the_command_line_cost_no_work() {
    let song = "../assets/demo/town-theme.ogg";
    for (arguments, code, cause) in [
        (Vec::<&str>::new(), 2, "Usage"),
        (vec!["transcribe"], 2, "FILE"),
        (
            vec!["transcribe", song, "--style", "baroque"],
            2,
            "unknown chord style",
        ),
        (vec!["transcribe", song, "--key", "H:maj"], 2, "--key"),
        (vec!["transcribe", song, "--bpm", "2"], 2, "from 4 to 1000"),
        (vec!["transcribe", song, "--meter", "4/3"], 2, "not a meter"),
        (vec!["transcribe", song, "--voicing", "loud"], 2, "drop2"),
        (vec!["transcribe", "src"], 1, "no audio files"),
        (
            vec!["transcribe", song, "-o", "out.xyz"],
            1,
            ".lab, .csv, .jams, .mid, .musicxml",
        ),
        (
            vec!["transcribe", song, "-o", "out.lab", "--format", "csv"],
            1,
            "--format csv",
        ),
        (vec!["live", song, "--style", "roman"], 1, "needs a --key"),
    ] {
        let words: Vec<&OsStr> = arguments.iter().map(|word| word.as_ref()).collect();
        let (found, message) = changes(&words);
        assert_eq!(found, Some(code), "{arguments:?}: {message}");
        assert!(message.contains(cause), "{arguments:?}: {message}");
    }
}
