//! Manifests of corpora.

#![no_main]

use std::cell::LazyCell;

use changes_fuzz::Folder;
use libfuzzer_sys::fuzz_target;
use trainer::corpus::Corpus;

thread_local! {
    static FOLDER: LazyCell<Folder> = LazyCell::new(Folder::new);
}

fuzz_target!(|data: &[u8]| {
    FOLDER.with(|folder| {
        let path = folder.write("corpus.jsonl", data);
        if let Ok(corpus) = Corpus::open(&path) {
            for track in corpus.tracks() {
                assert!(track.duration_s >= 0.0);
                let _ = (track.audio_path(), track.labels_path());
            }
        }
    });
});
