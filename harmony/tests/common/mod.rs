//! What several tests need: strategies that make labels, and POP909.

#![allow(dead_code, reason = "every test binary uses a part of this module")]

pub mod bars;

use std::path::PathBuf;

use harmony::label::{Chord, Degree, Extension, Label, Letter, Note, Quality};
use proptest::prelude::*;

pub fn label(text: &str) -> Label {
    text.parse().unwrap_or_else(|error| panic!("{error}"))
}

pub fn note() -> impl Strategy<Value = Note> {
    note_within(15)
}

/// A note with at most this many accidentals.
pub fn note_within(accidentals: i8) -> impl Strategy<Value = Note> {
    let letters = proptest::sample::select(Letter::ALL.to_vec());
    (letters, -accidentals..=accidentals).prop_map(|(letter, alter)| Note::new(letter, alter))
}

pub fn degree() -> impl Strategy<Value = Degree> {
    (1_u8..=13, -3_i8..=3).prop_map(|(number, alter)| Degree::new(number, alter).unwrap())
}

fn extensions() -> impl Strategy<Value = Vec<Extension>> {
    let extension =
        (degree(), any::<bool>()).prop_map(|(degree, omitted)| Extension { degree, omitted });
    proptest::collection::vec(extension, 0..5)
}

pub fn chord() -> impl Strategy<Value = Chord> {
    chord_on(note())
}

/// A chord on a root drawn from a strategy.
pub fn chord_on(root: impl Strategy<Value = Note>) -> impl Strategy<Value = Chord> {
    let mut qualities = Quality::SHORTHANDS.to_vec();
    qualities.push(Quality::Unstated);
    let bass = prop_oneof![Just(Degree::ROOT), degree()];
    (
        root,
        proptest::sample::select(qualities),
        extensions(),
        bass,
    )
        .prop_map(|(root, quality, extensions, bass)| {
            let chord = match quality {
                Quality::Unstated => Chord::from_degrees(root, extensions),
                stated => Chord::new(root, stated).with_extensions(extensions),
            };
            chord.unwrap().with_bass(bass)
        })
}

pub fn any_label() -> impl Strategy<Value = Label> {
    prop_oneof![
        1 => Just(Label::NoChord),
        1 => Just(Label::Unknown),
        10 => chord().prop_map(Label::Chord),
    ]
}

/// POP909's songs, each as its folder: `../shared/pop909` from the repository root, or the folder
/// named by `CHANGES_POP909`. `None`, with a message, if it is missing.
pub fn pop909() -> Option<Vec<PathBuf>> {
    let folder = std::env::var_os("CHANGES_POP909").map_or_else(
        || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/pop909")),
        PathBuf::from,
    );
    if !folder.is_dir() {
        println!(
            "SKIPPED: no POP909 at {} (set CHANGES_POP909 to its folder)",
            folder.display()
        );
        return None;
    }
    let mut songs: Vec<PathBuf> = std::fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.join("chord_midi.txt").is_file())
        .collect();
    songs.sort();
    assert!(!songs.is_empty(), "{} holds no songs", folder.display());
    Some(songs)
}
