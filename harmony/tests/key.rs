//! Keys found from chords, and their score.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use std::path::Path;

use common::label;
use harmony::import::lab;
use harmony::key::{Key, estimate};
use harmony::score::weighted_key_score;
use harmony::time::TempoMap;
use harmony::timeline::{Segment, Timeline};
use harmony::track::Track;
use sha2::{Digest, Sha256};

/// One chord a bar of two seconds.
fn timeline(names: &str) -> Timeline {
    let segments = names.split_whitespace().enumerate().map(|(bar, name)| {
        let start_s = 2.0 * bar as f64;
        Segment::new(start_s, start_s + 2.0, label(name))
    });
    Timeline::from_segments(segments).unwrap()
}

fn keys(names: &str) -> String {
    let spans = estimate(&timeline(names));
    let parts: Vec<String> = spans
        .iter()
        .map(|span| format!("{} {}-{}", span.key, span.start_s, span.end_s))
        .collect();
    parts.join(", ")
}

#[test]
fn plain_songs() {
    assert_eq!(keys("C A:min F G C A:min F G C"), "C:maj 0-18");
    assert_eq!(keys("A:min F C G A:min D:min E:7 A:min"), "A:min 0-16");
    assert_eq!(
        keys("Eb:maj7 C:min7 F:min7 Bb:7 Eb:maj7 Ab:maj7 F:min7 Bb:7 Eb"),
        "Eb:maj 0-18"
    );
    assert_eq!(keys("N N X"), "");
    assert_eq!(keys("N C F G:7 C"), "C:maj 0-10");
    assert!(estimate(&Timeline::new()).is_empty());
}

#[test]
fn a_last_chorus_a_step_higher() {
    let low = "C A:min F G C A:min F G C F G C";
    let high = "Db Bb:min Gb Ab Db Bb:min Gb Ab Db Gb Ab Db";
    assert_eq!(keys(&format!("{low} {high}")), "C:maj 0-24, Db:maj 24-48");
    // One borrowed chord is no modulation.
    assert_eq!(keys("C F:min C Bb F C Ab G C F C"), "C:maj 0-22");
    let mut track = Track::from_timeline(timeline(&format!("{low} {high}")), TempoMap::default());
    track.estimate_keys().unwrap();
    let regions: Vec<(f64, String)> = track
        .keys()
        .iter()
        .map(|region| (region.beat, region.key.to_string()))
        .collect();
    assert_eq!(regions, [(0.0, "C:maj".into()), (48.0, "Db:maj".into())]);
}

#[test]
fn the_score_is_that_of_mir_eval() {
    let golden: serde_json::Value =
        serde_json::from_str(include_str!("goldens/key_scores.json")).unwrap();
    let names = golden["keys"].as_array().unwrap();
    let key = |name: &serde_json::Value| -> Key { name.as_str().unwrap().parse().unwrap() };
    let mut compared = 0;
    for (reference, row) in names.iter().zip(golden["scores"].as_array().unwrap()) {
        for (estimate, score) in names.iter().zip(row.as_array().unwrap()) {
            let found = weighted_key_score(key(reference), key(estimate));
            assert_eq!(Some(found), score.as_f64(), "{reference} {estimate}");
            compared += 1;
        }
    }
    assert_eq!(compared, 24 * 24);
}

/// The split of the trainer: SHA-256 of `pop909/ID`, its first eight bytes modulo ten.
fn is_test_song(song: &Path) -> bool {
    let id = song.file_name().unwrap().to_str().unwrap();
    let digest = Sha256::digest(format!("pop909/{id}"));
    let head: [u8; 8] = digest[..8].try_into().unwrap();
    u64::from_be_bytes(head) % 10 == 9
}

/// The weighted score over the annotated keys of a song, by duration.
fn score(song: &Path) -> f64 {
    let read = |name: &str| std::fs::read_to_string(song.join(name)).unwrap();
    let estimated = estimate(&lab::parse(&read("chord_midi.txt")).unwrap());
    let (mut sum, mut seconds) = (0.0, 0.0);
    for line in read("key_audio.txt").lines() {
        let columns: Vec<&str> = line.split_whitespace().collect();
        let [start, end, name] = columns.as_slice() else {
            continue;
        };
        let (start_s, end_s): (f64, f64) = (start.parse().unwrap(), end.parse().unwrap());
        let reference: Key = name.parse().unwrap();
        for span in &estimated {
            let common_s = (span.end_s.min(end_s) - span.start_s.max(start_s)).max(0.0);
            sum += common_s * weighted_key_score(reference, span.key);
            seconds += common_s;
        }
    }
    sum / seconds
}

#[test]
fn keys_of_held_out_songs() {
    let Some(songs) = common::pop909() else {
        return;
    };
    let scores: Vec<f64> = songs
        .iter()
        .filter(|song| is_test_song(song))
        .map(|it| score(it))
        .collect();
    let mean = scores.iter().sum::<f64>() / scores.len() as f64;
    println!(
        "{} held-out songs: MIREX weighted key score {mean:.3}",
        scores.len()
    );
    assert!(scores.len() > 50);
    assert!(mean >= 0.85, "{mean}");
}
