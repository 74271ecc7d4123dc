//! Projects of released versions open: `states` has what each version saved, and all of it is
//! restored.
//!
//! `0.1.0-chords.json` is from 0.1.0's first builds, which saved chords alone, `0.1.0.json` from
//! its last, with tempo, meters, keys and sections. Each release adds a file with its version.
#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

use std::fs;
use std::path::{Path, PathBuf};

use harmony::timeline::Status;
use harmony::track::Track;
use serde_json::Value;
use testhost::host;

fn states() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/states")
}

fn state(name: &str) -> Value {
    let text = fs::read_to_string(states().join(name)).unwrap();
    serde_json::from_str(&text).unwrap()
}

/// What the plugin saves after a host has given it `state`: all of it, and the session.
fn reopened(state: &Value) -> (Value, String, Track) {
    let entry = host::load();
    let mut instance = host::instantiate(&entry);
    let json = serde_json::to_vec(state).unwrap();
    let mut saved = (json.len() as u64).to_le_bytes().to_vec();
    saved.extend(json);
    assert!(host::restore(&mut instance, &saved));
    let (clock, track) = host::session(&mut instance);
    (host::state_json(&host::save(&mut instance)), clock, track)
}

/// Fails unless every parameter and field of `old` but the track is in `new`, too.
fn assert_kept(old: &Value, new: &Value) {
    for (id, value) in old["params"].as_object().unwrap() {
        assert_eq!(&new["params"][id], value, "{id}");
    }
    for field in ["editor-size", "window"] {
        let read = |state: &Value| -> Value {
            serde_json::from_str(state["fields"][field].as_str().unwrap()).unwrap()
        };
        let (old, new) = (read(old), read(new));
        for (name, value) in old.as_object().unwrap() {
            assert_eq!(&new[name], value, "{field}: {name}");
        }
    }
}

#[test]
fn the_session_of_0_1_0_is_there_to_the_last_digit() {
    let old = state("0.1.0.json");
    let (new, clock, track) = reopened(&old);
    assert_kept(&old, &new);
    assert_eq!(clock, "host");
    // Saved again it is the same: nothing was left out or rounded.
    let session = |state: &Value| -> Value {
        serde_json::from_str(state["fields"]["track"].as_str().unwrap()).unwrap()
    };
    let (old, new) = (session(&old), session(&new));
    for part in ["info", "tempo", "metres", "keys", "sections", "segments"] {
        assert_eq!(new["track"][part], old["track"][part], "{part}");
    }
    let segments = track.timeline().segments();
    let labels: Vec<String> = segments.iter().map(|it| it.label.to_string()).collect();
    assert_eq!(labels, ["Eb:maj7", "C:min7/b3", "G:7(b9)", "N"]);
    assert!(segments[1].locked && !segments[0].locked);
    assert_eq!(segments[3].status, Status::Provisional);
    assert_eq!(track.key_at(20.0).unwrap().to_string(), "C:min");
    assert_eq!(track.section_at(20.0).unwrap().label, "Bridge");
    assert!((track.tempo().bpm_at(20.0) - 90.0).abs() < 1e-9);
    assert_eq!(track.meters().meter_at(20.0).to_string(), "3/4");
}

#[test]
fn the_chords_of_the_first_0_1_0_are_there() {
    let old = state("0.1.0-chords.json");
    let (new, clock, track) = reopened(&old);
    assert_kept(&old, &new);
    assert_eq!(clock, "stream");
    let chords: Vec<_> = track
        .timeline()
        .into_iter()
        .map(|it| (it.start_s, it.end_s, it.label.to_string(), it.status))
        .collect();
    assert_eq!(
        chords,
        [
            (0.0, 1.86, "C:maj".to_owned(), Status::Confirmed),
            (1.86, 3.72, "A:min/b3".to_owned(), Status::Provisional),
        ]
    );
    // Four beats in 1.86 s.
    assert!((track.tempo().bpm_at(1.0) - 4.0 * 60.0 / 1.86).abs() < 1e-6);
}

#[test]
fn every_released_version_has_a_state() {
    let changelog = Path::new(env!("CARGO_MANIFEST_DIR")).join("../CHANGELOG.md");
    let text = fs::read_to_string(changelog).unwrap();
    let released = text.lines().filter_map(|line| {
        let version = line.strip_prefix("## [")?.split(']').next()?;
        (version != "Unreleased").then_some(version)
    });
    let mut count = 0;
    for version in released {
        let path = states().join(format!("{version}.json"));
        assert!(path.exists(), "{} is missing", path.display());
        count += 1;
    }
    assert!(count > 0);
}
