//! Manifests of corpora.

use std::cell::LazyCell;

use crate::Folder;
use trainer::corpus::Corpus;

thread_local! {
    static FOLDER: LazyCell<Folder> = LazyCell::new(Folder::new);
}

/// Reads `data` as the manifest of a corpus.
///
/// # Panics
/// Where a promise of the reader does not hold.
pub fn run(data: &[u8]) {
    FOLDER.with(|folder| {
        let path = folder.write("corpus.jsonl", data);
        if let Ok(corpus) = Corpus::open(&path) {
            for track in corpus.tracks() {
                assert!(track.duration_s >= 0.0);
                let _ = (track.audio_path(), track.labels_path());
            }
        }
    });
}
