//! A folder of recordings with a table of artists and licences.
//!
//! `manifest.tsv` has a line of headings and then a line for each file, separated by tabs; the
//! columns `file`, `artist`, `licence` and `kind` are used. Each artist is in one split, so
//! that no voice and no room is on both sides: in each kind about a fifth of the time is for
//! validation and an eighth for testing.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde::Deserialize;

use super::Split;
use super::scan::{Source, bounded_text};
use teachers::sha256;

/// The largest table that is read, bytes.
const MAX_BYTES: u64 = 16 << 20;
/// The largest shares of the time of a kind of music for validation and for testing.
const VALID: f64 = 0.2;
const TEST: f64 = 0.15;
/// An artist with a larger share of its kind goes to training.
const LARGEST: f64 = 0.12;

/// A line of the table.
#[derive(Debug, Deserialize)]
struct Row {
    file: PathBuf,
    artist: String,
    licence: String,
    kind: String,
    seconds: f64,
}

impl Row {
    fn is_sung(&self) -> bool {
        self.kind.starts_with("vocal") || self.kind == "choir"
    }

    /// The artist's name: the part of the file name before `__`, where files are named that
    /// way.
    fn artist(&self) -> String {
        let stem = self.file.file_stem().unwrap_or_default().to_string_lossy();
        match stem.split_once("__") {
            Some((artist, _)) => artist.to_owned(),
            None => slug(&self.artist),
        }
    }

    fn kind(&self) -> &'static str {
        if self.is_sung() { "sung" } else { "played" }
    }
}

/// The source of each file: its name, made of kind and artist, and the rest.
pub type Listed = BTreeMap<PathBuf, (String, Source)>;

/// Reads the table at `path`.
///
/// # Errors
/// If the table cannot be read, is too large or lacks a column; the error names it.
pub fn read(path: &Path) -> Result<Listed> {
    let text = bounded_text(path, MAX_BYTES)?;
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(b'\t')
        .quoting(false)
        .from_reader(text.as_bytes());
    let rows = reader
        .deserialize()
        .collect::<Result<Vec<Row>, _>>()
        .with_context(|| format!("{} is not a table of recordings", path.display()))?;
    let splits = splits(&rows);
    let listed = rows.into_iter().map(|row| {
        let source = Source {
            licence: row.licence.clone(),
            split: splits.get(&row.artist()).copied(),
            kind: Some(row.kind().to_owned()),
        };
        let name = format!("{}-{}", row.kind(), row.artist());
        (row.file, (name, source))
    });
    Ok(listed.collect())
}

/// The split of each artist, by a hash of the name: it depends on the other artists, but not on
/// the order of the table.
fn splits(rows: &[Row]) -> BTreeMap<String, Split> {
    let mut artists: BTreeMap<String, (bool, f64)> = BTreeMap::new();
    for row in rows {
        let (sung, seconds) = artists.entry(row.artist()).or_default();
        *sung |= row.is_sung();
        *seconds += row.seconds;
    }
    let mut splits = BTreeMap::new();
    for kind in [true, false] {
        let of_kind = artists.iter().filter(|(_, (sung, _))| *sung == kind);
        let mut of_kind: Vec<(String, &str, f64)> = of_kind
            .map(|(artist, (_, seconds))| {
                let hash = sha256::of_bytes(format!("music/{artist}").as_bytes());
                (hash, artist.as_str(), *seconds)
            })
            .collect();
        of_kind.sort_by(|a, b| a.0.cmp(&b.0));
        let total: f64 = of_kind.iter().map(|artist| artist.2).sum();
        let (mut valid, mut test) = (0.0, 0.0);
        for (_, artist, seconds) in of_kind {
            let small = seconds < LARGEST * total;
            let split = if small && valid + seconds <= VALID * total {
                valid += seconds;
                Split::Valid
            } else if small && test + seconds <= TEST * total {
                test += seconds;
                Split::Test
            } else {
                Split::Train
            };
            splits.insert(artist.to_owned(), split);
        }
    }
    splits
}

/// A name in lower case, its words joined by hyphens.
fn slug(name: &str) -> String {
    let words: Vec<String> = name
        .to_lowercase()
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect();
    words.join("-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_artists_are_in_one_split_and_kinds_are_told_apart() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("manifest.tsv");
        let mut text = "file\tartist\ttitle\tlicence\tkind\tseconds\n".to_owned();
        for artist in 0..40 {
            for song in 0..3 {
                let kind = ["vocal-solo", "piano"][artist % 2];
                text += &format!(
                    "a{artist}_{song}.opus\tArtist \"{artist}\"\tT\tCC0-1.0\t{kind}\t60\n"
                );
            }
        }
        std::fs::write(&path, text).unwrap();
        let listed = read(&path).unwrap();
        assert_eq!(listed.len(), 120);
        let mut minutes: BTreeMap<(String, &str), f64> = BTreeMap::new();
        let mut of_artist: BTreeMap<String, Split> = BTreeMap::new();
        for (name, source) in listed.values() {
            let split = source.split.unwrap();
            assert_eq!(*of_artist.entry(name.clone()).or_insert(split), split);
            let kind = source.kind.clone().unwrap();
            *minutes.entry((kind, split.name())).or_default() += 1.0;
        }
        for kind in ["sung", "played"] {
            let of = |split| minutes[&(kind.to_owned(), split)];
            assert!((9.0..=12.0).contains(&of("valid")) && (6.0..=9.0).contains(&of("test")));
        }
        std::fs::write(&path, "file\tartist\nx\ty\n").unwrap();
        assert!(read(&path).is_err());
    }
}
