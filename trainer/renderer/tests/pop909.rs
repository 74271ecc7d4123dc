//! POP909: every song can be read, and errors name damaged files.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::path::Path;

use proptest::prelude::*;
use renderer::example::Example;
use renderer::pop909::{Pop909, Pop909Error, SongSplit};
use renderer::song::Harmony;

fn corpus() -> Option<Pop909> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/pop909");
    folder
        .is_dir()
        .then(|| Pop909::open(&folder).expect("the corpus lists its songs"))
}

#[test]
fn every_song_reads_and_its_chords_sound() {
    let Some(corpus) = corpus() else {
        eprintln!("../shared/pop909 is not there");
        return;
    };
    let mut unknown = 0;
    let mut chords = 0;
    for id in corpus.ids() {
        let performance = corpus.song(id).unwrap();
        let notes: Vec<_> = performance
            .tracks
            .iter()
            .flat_map(|(_, notes)| notes)
            .collect();
        assert!(notes.len() > 100, "{id}");
        let song = &performance.song;
        let (mut inside, mut total) = (0.0, 0.0);
        for note in notes {
            let middle = 0.5 * (note.start + note.end);
            if let Some(chord) = song.chord_at(song.beat_at(middle)) {
                let length = note.end - note.start;
                total += length;
                if chord.contains(i32::from(note.key)) {
                    inside += length;
                }
            }
        }
        // Labels come from these notes: if the times of one file were read wrongly, only about
        // half of the notes would fit, by chance.
        assert!(inside / total > 0.6, "{id}: {}", inside / total);
        for span in &song.spans {
            match span.harmony {
                Harmony::Chord(_) => chords += 1,
                Harmony::Unknown => unknown += 1,
                Harmony::None => {}
            }
        }
    }
    assert!(chords > 50_000, "{chords} chords");
    assert_eq!(unknown, 0, "labels the table does not know");
}

#[test]
fn the_split_is_fixed_and_about_eight_one_one() {
    let mut counts = [0; 3];
    for number in 1..=909 {
        match SongSplit::from_id(&format!("{number:03}")) {
            SongSplit::Train => counts[0] += 1,
            SongSplit::Valid => counts[1] += 1,
            SongSplit::Test => counts[2] += 1,
        }
    }
    assert!(
        (690..770).contains(&counts[0]) && counts[1] > 65 && counts[2] > 65,
        "{counts:?}"
    );
}

#[test]
fn transposed_songs_keep_chords_and_notes_together() {
    let Some(corpus) = corpus() else {
        eprintln!("../shared/pop909 is not there");
        return;
    };
    let id = &corpus.ids()[0];
    let performance = corpus.song(id).unwrap();
    let mut shifts = std::collections::BTreeSet::new();
    let mut kept = 0;
    for seed in 0..24 {
        let example = Example::pop909(&corpus, id, seed).unwrap();
        let first = |spans: &[renderer::song::Span]| {
            spans.iter().find_map(|span| match span.harmony {
                Harmony::Chord(chord) => Some(i32::from(chord.root)),
                Harmony::None | Harmony::Unknown => None,
            })
        };
        let shift = first(&example.song.spans).unwrap() - first(&performance.song.spans).unwrap();
        let shift = shift.rem_euclid(12);
        shifts.insert(shift);
        // The song's own piano is among the tracks, transposed by the same interval, unless a
        // band plays the chords instead of it.
        let piano = &performance.tracks.last().unwrap().1;
        let moved = example.tracks.iter().any(|track| {
            track.notes.len() == piano.len()
                && track.notes.iter().zip(piano).all(|(moved, note)| {
                    (i32::from(moved.key) - i32::from(note.key) - shift).rem_euclid(12) == 0
                        && moved.start == note.start
                })
        });
        kept += u32::from(moved);
    }
    assert!(shifts.len() > 5, "{shifts:?}");
    assert!(
        kept >= 12,
        "the piano is there in {kept} of 24 arrangements"
    );
}

fn write_song(folder: &Path, midi: &[u8], beats: &str, chords: &str) {
    let song = folder.join("001");
    fs::create_dir_all(&song).unwrap();
    fs::write(song.join("001.mid"), midi).unwrap();
    fs::write(song.join("beat_midi.txt"), beats).unwrap();
    fs::write(song.join("chord_midi.txt"), chords).unwrap();
    fs::write(song.join("key_audio.txt"), "0 9 C:maj\n").unwrap();
}

const BEATS: &str = "0.0 1.0 1.0\n0.5 0.0 0.0\n1.0 1.0 0.0\n1.5 0 0\n2.0 1 1\n";
const CHORDS: &str = "0.0 1.0 C:maj\n1.0 2.0 G:7/3\n";

/// A track named PIANO with one note of one beat.
fn midi() -> Vec<u8> {
    let track = [
        0x00, 0xFF, 0x03, 5, b'P', b'I', b'A', b'N', b'O', 0x00, 0x90, 60, 100, 0x60, 0x80, 60, 0,
        0x00, 0xFF, 0x2F, 0x00,
    ];
    let mut file = b"MThd\0\0\0\x06\0\0\0\x01\0\x60MTrk".to_vec();
    file.extend((track.len() as u32).to_be_bytes());
    file.extend(track);
    file
}

fn read(
    midi: &[u8],
    beats: &str,
    chords: &str,
) -> Result<renderer::pop909::Performance, Pop909Error> {
    let folder = tempfile::tempdir().unwrap();
    write_song(folder.path(), midi, beats, chords);
    Pop909::open(folder.path())?.song("001")
}

#[test]
fn a_small_song_reads() {
    let performance = read(&midi(), BEATS, CHORDS).unwrap();
    let note = performance.tracks[0].1[0];
    assert_eq!(
        (note.start, note.end, note.key, note.velocity),
        (0.0, 0.5, 60, 100)
    );
    assert_eq!(performance.song.spans.len(), 2);
    assert_eq!(
        performance
            .song
            .chord_at(3.0)
            .unwrap()
            .label(false)
            .to_string(),
        "G:7/3"
    );
}

#[test]
fn damaged_files_are_refused_with_their_names() {
    let whole = midi();
    for length in 0..14 {
        let error = read(&whole[..length], BEATS, CHORDS).unwrap_err();
        assert!(matches!(error, Pop909Error::Midi { .. }), "{error}");
        assert!(error.to_string().contains("001.mid"), "{error}");
    }
    let error = read(&[0xFF; 4096], BEATS, CHORDS).unwrap_err();
    assert!(matches!(error, Pop909Error::Midi { .. }), "{error}");
    let error = read(&vec![0; 5 << 20], BEATS, CHORDS).unwrap_err();
    assert!(matches!(error, Pop909Error::TooLarge { .. }), "{error}");
    for beats in [
        "",
        "0.0 1 1\n",
        "1.0 1 1\n0.5 0 0\n",
        "x 1 1\n0.5 0 0\n",
        "0 1\n1 0\n",
        "nan 1 1\n1 0 0\n",
    ] {
        let error = read(&whole, beats, CHORDS).unwrap_err();
        assert!(
            error.to_string().contains("beat_midi.txt"),
            "{beats:?}: {error}"
        );
    }
    for chords in [
        "",
        "0 1\n",
        "1 0 C:maj\n",
        "0 1 C:maj\n0 1 D:maj\n",
        "-1 0 N\n",
        "0 inf N\n",
    ] {
        let error = read(&whole, BEATS, chords).unwrap_err();
        assert!(
            error.to_string().contains("chord_midi.txt"),
            "{chords:?}: {error}"
        );
    }
}

proptest! {
    #[test]
    fn random_bytes_never_panic(
        midi in proptest::collection::vec(any::<u8>(), 0..400),
        beats in "[0-9. \n\t-]{0,80}",
        chords in "[0-9. \nA-G:majin7/b#-]{0,80}",
        cut in 0_usize..60,
        flips in proptest::collection::vec((0_usize..60, any::<u8>()), 0..6),
    ) {
        let _ = read(&midi, &beats, &chords);
        let mut near = self::midi();
        for (at, value) in flips {
            if let Some(byte) = near.get_mut(at) {
                *byte = value;
            }
        }
        near.truncate(near.len().saturating_sub(cut / 4));
        let _ = read(&near, BEATS, CHORDS);
    }
}
