//! The songs of POP909: a MIDI file and the annotations beside it. The first byte selects which of
//! the files the rest is; the others are valid.

use std::cell::LazyCell;

use crate::Folder;
use renderer::pop909::Pop909;

/// A valid file of each kind.
const GOOD: [(&str, &[u8]); 4] = [
    ("001.mid", include_bytes!("../../good/song.mid")),
    (
        "beat_midi.txt",
        b"0.0 1.0 1.0\n0.5 0.0 0.0\n1.0 1.0 0.0\n1.5 0.0 0.0\n2.0 1.0 1.0\n",
    ),
    (
        "chord_midi.txt",
        b"0.0 1.0 C:maj\n1.0 2.0 G:7/3\n2.0 2.5 N\n",
    ),
    ("key_audio.txt", b"0.0 2.5 C:maj\n"),
];

thread_local! {
    static SONGS: LazyCell<Folder> = LazyCell::new(Folder::new);
}

/// Reads `data` as one of the files of a song.
///
/// # Panics
/// Where a promise of the reader does not hold.
pub fn run(data: &[u8]) {
    let Some((&kind, bytes)) = data.split_first() else {
        return;
    };
    SONGS.with(|folder| {
        for (index, (name, good)) in GOOD.iter().enumerate() {
            let damaged = index == usize::from(kind) % GOOD.len();
            folder.write(&format!("001/{name}"), if damaged { bytes } else { good });
        }
        let songs = Pop909::open(folder.path()).unwrap();
        if let Ok(song) = songs.song("001") {
            for (_, notes) in &song.tracks {
                assert!(
                    notes
                        .iter()
                        .all(|note| note.start.is_finite() && note.end > note.start)
                );
            }
        }
    });
}
