//! Key and tempo in the tags of audio files: which tags are written, and which stay.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::fs;
use std::path::{Path, PathBuf};

use lofty::config::WriteOptions;
use lofty::file::TaggedFileExt;
use lofty::tag::{Accessor, ItemKey, Tag, TagExt};
use support::{SONG, changes_in, chords};

/// The short files of the recognizer's tests.
const AUDIO: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../recognizer/tests/audio");

fn copied(folder: &Path, name: &str) -> PathBuf {
    let to = folder.join(name);
    fs::copy(Path::new(AUDIO).join(name), &to).unwrap();
    to
}

/// All samples of a file.
fn samples(path: &Path) -> Vec<u32> {
    let mut samples = Vec::new();
    recognizer::audio::decode_with(path, &mut |_| {}, &mut |_, block| {
        samples.extend(block.iter().map(|sample| sample.to_bits()));
    })
    .unwrap();
    samples
}

/// The tags as lofty reads them.
fn tag(path: &Path) -> Tag {
    let read = lofty::read_from_path(path).unwrap();
    read.primary_tag()
        .cloned()
        .unwrap_or_else(|| Tag::new(read.primary_tag_type()))
}

/// Puts a title into the tags of a file, as an existing tag.
fn entitle(path: &Path) {
    let mut tag = tag(path);
    tag.set_title("Lights".to_owned());
    tag.save_to_path(path, WriteOptions::default()).unwrap();
}

/// The length of the common end of both.
fn common_end(a: &[u8], b: &[u8]) -> usize {
    a.iter()
        .rev()
        .zip(b.iter().rev())
        .take_while(|(a, b)| a == b)
        .count()
}

#[test]
fn every_kind_gets_key_and_tempo_and_its_audio_stays() {
    let folder = tempfile::tempdir().unwrap();
    let known = ["--key", "F#:min", "--bpm", "96", "--write"];
    for (name, in_place) in [
        ("click.mp3", true),
        ("small.vbr.mp3", true),
        ("click.flac", true),
        ("click.ogg", false),
        ("small.opus", false),
        ("click.m4a", false),
        ("small.alac.m4a", false),
        ("click.aac", true),
        ("made.wav", false),
    ] {
        let path = if name == "made.wav" {
            let path = folder.path().join(name);
            chords(&path, &[0, 5, 7, 0], &[0.5; 4]);
            path
        } else {
            copied(folder.path(), name)
        };
        entitle(&path);
        let (before, bytes) = (samples(&path), fs::read(&path).unwrap());
        let ran = changes_in(folder.path(), &[&["tag", name], &known[..]].concat());
        assert_eq!(ran.code, Some(0), "{name}: {}", ran.err);
        assert!(ran.text().contains("F#m"), "{name}: {}", ran.text());
        assert_eq!(samples(&path), before, "{name}");
        let after = fs::read(&path).unwrap();
        assert_ne!(after, bytes, "{name}");
        if in_place {
            // Everything after the tags is the same, byte for byte.
            let same = common_end(&bytes, &after);
            assert!(
                same * 10 > bytes.len() * 3,
                "{name}: {same} of {}",
                bytes.len()
            );
        }
        let tag = tag(&path);
        assert_eq!(tag.title().as_deref(), Some("Lights"), "{name}");
        assert_eq!(tag.get_string(ItemKey::InitialKey), Some("F#m"), "{name}");
        // Again: there is nothing to do.
        let ran = changes_in(folder.path(), &[&["tag", name], &known[..]].concat());
        assert!(ran.text().contains("as it was"), "{name}: {}", ran.text());
        assert_eq!(fs::read(&path).unwrap(), after, "{name}");
    }
}

#[test]
fn without_write_nothing_is_written_and_what_is_set_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("song.ogg");
    fs::copy(SONG, &path).unwrap();
    let bytes = fs::read(&path).unwrap();
    let ran = changes_in(folder.path(), &["tag", "song.ogg"]);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    assert!(
        ran.err.contains("nothing was written; --write tags 1 file"),
        "{}",
        ran.err
    );
    assert_eq!(fs::read(&path).unwrap(), bytes);
    let mut set = tag(&path);
    set.insert_text(ItemKey::InitialKey, "Bbm".to_owned());
    set.save_to_path(&path, WriteOptions::default()).unwrap();
    let ran = changes_in(folder.path(), &["tag", "song.ogg", "--write"]);
    assert!(ran.text().contains("Bbm, kept (heard "), "{}", ran.text());
    assert!(ran.err.contains("--force replaces it"), "{}", ran.err);
    let tempo = |path: &Path| {
        tag(path)
            .get_string(ItemKey::Bpm)
            .unwrap()
            .parse::<u32>()
            .unwrap()
    };
    assert!((40..250).contains(&tempo(&path)));
    assert_eq!(tag(&path).get_string(ItemKey::InitialKey), Some("Bbm"));
    let ran = changes_in(folder.path(), &["tag", "song.ogg", "--write", "--force"]);
    assert!(ran.text().contains(", was Bbm"), "{}", ran.text());
    assert_ne!(tag(&path).get_string(ItemKey::InitialKey), Some("Bbm"));
}

#[test]
fn what_has_no_tags_is_refused_by_its_name() {
    let folder = tempfile::tempdir().unwrap();
    let said = changes_in(folder.path(), &["tag", "-"]).refused(1);
    assert!(said.contains("only files have tags"), "{said}");
    // A folder continues after a file that fails.
    chords(&folder.path().join("a.wav"), &[0, 5, 7, 0], &[1.0; 4]);
    fs::write(folder.path().join("b.wav"), "no audio").unwrap();
    let ran = changes_in(folder.path(), &["tag", "."]);
    assert_eq!(ran.code, Some(1));
    assert!(
        ran.text().contains("a.wav") && ran.err.contains("b.wav"),
        "{}",
        ran.err
    );
}
