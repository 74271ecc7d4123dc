//! Weights from a file in place of the built-in ones.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::fs;

use recognizer::models;
use support::{SONG, changes_in};

#[test]
fn the_built_in_weights_from_a_file_give_the_same_chords() {
    let folder = tempfile::tempdir().unwrap();
    let in_file = |name: &str, bytes: &[u8]| fs::write(folder.path().join(name), bytes).unwrap();
    in_file("windowed.safetensors", models::WINDOWED);
    in_file("live.safetensors", models::LIVE);
    in_file("noise.safetensors", &[7; 5000]);
    let run = |words: &[&str]| changes_in(folder.path(), words);

    let own = run(&["transcribe", SONG, "-f", "lab"]).text();
    let named = run(&[
        "transcribe",
        SONG,
        "-f",
        "lab",
        "--weights",
        "windowed.safetensors",
    ]);
    assert!(own.lines().count() > 5);
    assert_eq!(named.text(), own);

    let own = run(&["live", "--fast", SONG]).text();
    let named = run(&["live", "--fast", SONG, "--weights", "live.safetensors"]).text();
    assert_eq!(named, own);

    in_file("noise.onnx", &[7; 5000]);
    in_file("library.so", &[7; 5000]);
    for (command, weights, says) in [
        ("transcribe", "noise.onnx", "--onnx-runtime"),
        ("live", "noise.onnx", "--onnx-runtime"),
        ("transcribe", "live.safetensors", "windowed"),
        ("live", "windowed.safetensors", "causal"),
        ("transcribe", "noise.safetensors", "weights"),
        ("live", "none.safetensors", "read"),
    ] {
        let words = [command, SONG, "--weights", weights];
        let message = run(&words).refused(1);
        assert!(
            message.contains(weights) && message.contains(says),
            "{message}"
        );
        assert_eq!(message.lines().count(), 1, "{message}");
    }

    let words = ["transcribe", SONG, "--weights", "noise.onnx"];
    let message = run(&[&words[..], &["--onnx-runtime", "library.so"]].concat()).refused(1);
    assert!(
        message.contains("cannot load ONNX Runtime from library.so"),
        "{message}"
    );
}
