//! The index of a folder of pseudo-labels, and merging of shards.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use harmony::export::atomic;
use serde::{Deserialize, Serialize};

use super::queue::{Shard, queue};
use crate::corpus::{Corpus, Split};
use teachers::posteriors::{Posteriors, lab_path_of, path_of};
use teachers::sha256;

/// Name of the index: JSON lines, one entry per track, sorted by identifier.
pub const INDEX: &str = "index.jsonl";

/// A track in the index.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Entry {
    track: String,
    split: Split,
    teacher: String,
    teacher_sha256: String,
    frames: usize,
    posteriors_sha256: String,
    lab_sha256: String,
}

/// The result of a merge.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Merged {
    /// Tracks in the folder and its index.
    pub tracks: usize,
    /// Tracks of the corpus that no shard has.
    pub missing: Vec<String>,
}

/// Puts the files of `shards` into `folder` and writes its index.
///
/// # Errors
/// If two shards disagree about a track, posteriors are from two teachers, or files are
/// damaged or cannot be written.
pub fn merge(
    shards: &[PathBuf],
    corpus: &Corpus,
    splits: &[Split],
    folder: &Path,
) -> Result<Merged> {
    fs::create_dir_all(folder).with_context(|| format!("making {}", folder.display()))?;
    for track in queue(corpus, splits, Shard::default()) {
        for shard in shards {
            // The posteriors last, as when they are made.
            let from = path_of(shard, &track.id);
            if !from.is_file() {
                continue;
            }
            take(
                &lab_path_of(shard, &track.id),
                &lab_path_of(folder, &track.id),
            )?;
            take(&from, &path_of(folder, &track.id))?;
        }
    }
    index(corpus, splits, folder)
}

/// Copies a file, unless an identical one exists.
fn take(from: &Path, to: &Path) -> Result<()> {
    let bytes = fs::read(from).with_context(|| format!("reading {}", from.display()))?;
    match fs::read(to) {
        Ok(present) if present == bytes => Ok(()),
        Ok(_) => bail!("{} and {} differ", from.display(), to.display()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            Ok(atomic::write(to, &bytes)?)
        }
        Err(error) => Err(error).with_context(|| format!("reading {}", to.display())),
    }
}

/// Writes the index of `folder` for the existing tracks of the corpus; each file is read and
/// checked.
///
/// # Errors
/// If files are damaged, from two teachers or about other audio than the corpus's.
pub fn index(corpus: &Corpus, splits: &[Split], folder: &Path) -> Result<Merged> {
    let mut tracks = queue(corpus, splits, Shard::default());
    tracks.sort_by(|a, b| a.id.cmp(&b.id));
    let mut merged = Merged::default();
    let mut text = String::new();
    let mut teacher: Option<(String, String)> = None;
    for track in tracks {
        let path = path_of(folder, &track.id);
        if !path.is_file() {
            merged.missing.push(track.id.clone());
            continue;
        }
        let posteriors = Posteriors::load(&path)?;
        let origin = &posteriors.origin;
        ensure!(
            origin.track == track.id && origin.track_sha256 == track.sha256,
            "{} is about other audio than the corpus has",
            path.display()
        );
        let found = (origin.teacher.clone(), origin.teacher_sha256.clone());
        match &teacher {
            Some(known) if *known != found => {
                bail!("{} is by another teacher than the others", path.display())
            }
            _ => teacher = Some(found),
        }
        let hash = |path: &Path| {
            sha256::of_file(path).with_context(|| format!("reading {}", path.display()))
        };
        let entry = Entry {
            track: track.id.clone(),
            split: track.split,
            teacher: origin.teacher.clone(),
            teacher_sha256: origin.teacher_sha256.clone(),
            frames: posteriors.len(),
            posteriors_sha256: hash(&path)?,
            lab_sha256: hash(&lab_path_of(folder, &track.id))?,
        };
        text.push_str(&serde_json::to_string(&entry)?);
        text.push('\n');
        merged.tracks += 1;
    }
    atomic::write(&folder.join(INDEX), text.as_bytes())?;
    Ok(merged)
}
