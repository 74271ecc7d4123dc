//! Counts the profiles of `harmony::key::estimate` in POP909's training songs and prints
//! `harmony/src/key/profile.rs`:
//!
//! ```sh
//! cargo run -p harmony --example key_profiles -- ../shared/pop909 | rustfmt > harmony/src/key/profile.rs
//! ```

use std::error::Error;
use std::path::{Path, PathBuf};

use harmony::import::lab;
use harmony::key::{KINDS, Key, Mode, kind};
use harmony::label::Label;
use sha2::{Digest, Sha256};

/// The count of a chord or a change that never occurs.
const CHORD_FLOOR: f64 = 0.5;
const CHANGE_FLOOR: f64 = 3.0;

fn main() -> Result<(), Box<dyn Error>> {
    let folder = std::env::args_os().nth(1).map(PathBuf::from);
    let folder = folder.ok_or("usage: key_profiles POP909_FOLDER")?;
    // Seconds of chords, and changes of root, relative to the tonic.
    let mut chords = [[[CHORD_FLOOR; KINDS]; 12]; 2];
    let mut changes = [[[CHANGE_FLOOR; 12]; 12]; 2];
    let mut songs: Vec<PathBuf> = std::fs::read_dir(folder)?
        .map(|entry| Ok(entry?.path()))
        .collect::<Result<_, std::io::Error>>()?;
    songs.sort();
    for song in songs.iter().filter(|song| is_training_song(song)) {
        count(song, &mut chords, &mut changes)?;
    }
    println!(
        "//! Key profiles: how frequent chords and changes of root are in major and minor keys, as natural logarithms."
    );
    println!("//! Counted in POP909's training songs by `examples/key_profiles.rs`.");
    println!(
        "\n/// How many kinds of chords are distinguished.\npub const KINDS: usize = {KINDS};"
    );
    let rounded = |value: f64| format!("{value:.2}");
    println!(
        "\n/// By mode, root above the tonic in semitones, and kind: the share of the time.\n\
         pub(super) const CHORD: [[[f32; KINDS]; 12]; 2] = ["
    );
    for mode in &chords {
        let all: f64 = mode.iter().flatten().sum();
        println!("[");
        for root in mode {
            let row: Vec<String> = root.iter().map(|time| rounded((time / all).ln())).collect();
            println!("[{}],", row.join(", "));
        }
        println!("],");
    }
    println!(
        "];\n\n/// By mode and the roots before and after: how much more frequent the second is after the\n\
         /// first than in general.\n\
         #[allow(clippy::approx_constant, reason = \"a count may happen to look like a constant\")]\n\
         pub(super) const CHANGE: [[[f32; 12]; 12]; 2] = ["
    );
    for mode in &changes {
        let all: f64 = mode.iter().flatten().sum();
        println!("[");
        for from in mode {
            let given: f64 = from.iter().sum();
            let row = from.iter().enumerate().map(|(to, count)| {
                let general: f64 = mode.iter().map(|other| other[to]).sum::<f64>() / all;
                rounded((count / given / general).ln())
            });
            println!("[{}],", row.collect::<Vec<_>>().join(", "));
        }
        println!("],");
    }
    println!("];");
    Ok(())
}

/// The split of the trainer: SHA-256 of `pop909/ID`, its first eight bytes modulo ten.
fn is_training_song(song: &Path) -> bool {
    let Some(id) = song.file_name().and_then(|name| name.to_str()) else {
        return false;
    };
    let digest = Sha256::digest(format!("pop909/{id}"));
    let number = digest[..8]
        .iter()
        .fold(0_u64, |sum, &byte| sum << 8 | u64::from(byte));
    number % 10 < 8 && song.join("chord_midi.txt").is_file()
}

fn count(
    song: &Path,
    chords: &mut [[[f64; KINDS]; 12]; 2],
    changes: &mut [[[f64; 12]; 12]; 2],
) -> Result<(), Box<dyn Error>> {
    let timeline = lab::parse(&std::fs::read_to_string(song.join("chord_midi.txt"))?)?;
    let keys = std::fs::read_to_string(song.join("key_audio.txt"))?;
    for line in keys.lines() {
        let columns: Vec<&str> = line.split_whitespace().collect();
        let [start, end, name] = columns.as_slice() else {
            continue;
        };
        let (start_s, end_s): (f64, f64) = (start.parse()?, end.parse()?);
        let key: Key = name.parse()?;
        let mode = usize::from(key.mode() == Mode::Minor);
        let above = |root: u8| usize::from((root + 12 - key.tonic().pitch_class()) % 12);
        let mut before: Option<u8> = None;
        for segment in timeline.range(start_s, end_s) {
            let Label::Chord(chord) = &segment.label else {
                before = None;
                continue;
            };
            let root = chord.root().pitch_class();
            let seconds = segment.end_s.min(end_s) - segment.start_s.max(start_s);
            chords[mode][above(root)][kind(chord)] += seconds;
            if let Some(from) = before.filter(|from| *from != root) {
                changes[mode][above(from)][above(root)] += 1.0;
            }
            before = Some(root);
        }
    }
    Ok(())
}
