//! A seed always gives the same song: another song would be another training set.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fmt::Write as _;
use std::path::Path;

use renderer::example::Example;
use renderer::pop909::Pop909;
use renderer::progressions::ProgressionSettings;
use renderer::song::{Harmony, Song};
use sha2::{Digest, Sha256};

/// SHA-256 of the labels of the first 60 songs of two settings.
const PROGRESSIONS: &str = "aa8f60ade7740c4f49a40e923cbe77542ae81d41b2a2b327281d577a6b36c606";

/// The hash of the labels of POP909, each song in a key of its own.
const SONGS: &str = "25316397d1cea11ce62dbfa04cf15de34d7c02f67cfcb8451e9d1fe63479549b";

fn labels(text: &mut String, song: &Song, flats: bool) {
    for span in &song.spans {
        let label = match span.harmony {
            Harmony::Chord(chord) => chord.label(flats).to_string(),
            Harmony::None => "N".to_owned(),
            Harmony::Unknown => "X".to_owned(),
        };
        writeln!(text, "{} {} {label}", span.start, span.end).unwrap();
    }
}

fn hash(text: &str) -> String {
    let hash = Sha256::digest(text);
    hash.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn progressions() {
    let mut text = String::new();
    for settings in [ProgressionSettings::default(), ProgressionSettings::even()] {
        for seed in 0..60 {
            let example = Example::progression(seed, &settings);
            labels(&mut text, &example.song, example.flats);
        }
    }
    assert_eq!(hash(&text), PROGRESSIONS);
}

#[test]
fn songs() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/pop909");
    let Ok(corpus) = Pop909::open(&folder) else {
        println!("SKIPPED: no POP909");
        return;
    };
    let mut text = String::new();
    for (id, seed) in corpus.ids().iter().zip(0..) {
        let example = Example::pop909(&corpus, id, seed).unwrap();
        labels(&mut text, &example.song, example.flats);
    }
    assert_eq!(hash(&text), SONGS);
}
