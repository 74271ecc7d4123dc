//! Reading of manifests.

use std::path::Path;

use trainer::corpus::{Corpus, CorpusError, MAX_ID_BYTES, MAX_LINE_BYTES, Split};

const HEADER: &str = "{\"corpus\":\"test\",\"version\":1}\n";

fn track(id: &str, duration_s: &str, sha256: &str) -> String {
    format!(
        "{{\"id\":\"{id}\",\"path\":\"music/song.ogg\",\"duration_s\":{duration_s},\
         \"sha256\":\"{sha256}\",\"licence\":\"CC-BY-SA-3.0\",\"source\":\"music\",\
         \"split\":\"valid\",\"labels\":\"music/song.lab\"}}\n"
    )
}

fn good(id: &str) -> String {
    track(id, "61.5", &"0f".repeat(32))
}

fn open(text: &str) -> Result<Corpus, CorpusError> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("corpus.jsonl");
    std::fs::write(&path, text).unwrap();
    Corpus::open(&path)
}

#[test]
fn a_manifest_is_read_from_its_folder() {
    let folder = tempfile::tempdir().unwrap();
    let text = format!("{HEADER}{}\n{}", good("a"), good("b"));
    std::fs::write(folder.path().join("corpus.jsonl"), text).unwrap();
    let corpus = Corpus::open(folder.path()).unwrap();
    assert_eq!(corpus.name(), "test");
    assert_eq!(corpus.tracks().len(), 2);
    assert_eq!(corpus.tracks_of(Split::Valid).count(), 2);
    assert_eq!(corpus.tracks_of(Split::Train).count(), 0);
    let first = &corpus.tracks()[0];
    assert_eq!((first.id.as_str(), first.duration_s), ("a", 61.5));
    assert_eq!(first.path, Path::new("music/song.ogg"));
    assert_eq!(first.audio_path(), folder.path().join("music/song.ogg"));
    let labels = folder.path().join("music/song.lab");
    assert_eq!(first.labels_path(), Some(labels));
}

#[test]
fn every_fault_is_named_with_its_line() {
    let said = |text: &str| open(text).unwrap_err().to_string();
    assert!(said("").contains("empty"));
    assert!(said("[]\n").contains("not a manifest"));
    assert!(said("{\"corpus\":\"x\",\"version\":2}\n").contains("version 2"));
    let after_one = |line: &str| said(&format!("{HEADER}{}{line}", good("a")));
    assert!(after_one("{}\n").contains("line 3"));
    assert!(after_one("\u{0}\n").contains("line 3"));
    assert!(after_one(&good("a")).contains("line 3: a second track a"));
    let long = "x".repeat(MAX_ID_BYTES + 1);
    for id in ["", "../up", "a/b", "a.b", "é", &long] {
        assert!(
            after_one(&good(id)).contains("is not an identifier"),
            "{id}"
        );
    }
    let hash = "0f".repeat(32);
    assert!(after_one(&track("b", "-1", &hash)).contains("duration"));
    assert!(after_one(&track("b", "1", &hash.to_uppercase())).contains("sha256"));
    assert!(after_one(&track("b", "1", "0f")).contains("sha256"));
    let long = "x".repeat(MAX_LINE_BYTES as usize + 10);
    assert!(after_one(&long).contains("64 KiB"));
    let missing = Corpus::open(Path::new("nowhere/corpus.jsonl")).unwrap_err();
    assert!(missing.to_string().contains("nowhere"));
}

#[test]
fn the_split_follows_the_content() {
    let of = |last: u8| {
        let mut hash = [0; 32];
        hash[7] = last;
        Split::from_sha256(&hash)
    };
    assert_eq!(of(7), Split::Train);
    assert_eq!(of(8), Split::Valid);
    assert_eq!(of(19), Split::Test);
    assert_eq!(of(20), Split::Train);
}
