//! Exported training examples: a JAMS file with chords whose sandbox names its audio by path and
//! hash ([`AudioReference`]).

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use harmony::export::AudioReference;
use serde::Deserialize;
use walkdir::WalkDir;

use super::scan::bounded_text;

/// The largest JAMS file that is read, in bytes.
const MAX_BYTES: u64 = 64 << 20;

/// An example.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Example {
    /// The JAMS file.
    pub labels: PathBuf,
    /// The audio: at its path, or else under its name beside the JAMS file.
    pub audio: PathBuf,
    /// The hash that the audio must have.
    pub sha256: String,
}

/// The part of a JAMS file that names the audio.
#[derive(Deserialize)]
struct File {
    #[serde(default)]
    sandbox: Sandbox,
}

#[derive(Default, Deserialize)]
struct Sandbox {
    audio: Option<AudioReference>,
}

/// The examples of a folder, sorted by name; other JAMS files are ignored.
///
/// # Errors
/// If the folder cannot be listed, or a file cannot be read.
pub fn examples(folder: &Path) -> Result<Vec<Example>> {
    let mut found = Vec::new();
    for entry in WalkDir::new(folder).sort_by_file_name() {
        let entry = entry.with_context(|| format!("listing {}", folder.display()))?;
        let path = entry.path();
        let is_jams = path
            .extension()
            .is_some_and(|it| it.eq_ignore_ascii_case("jams"));
        if !is_jams || !entry.file_type().is_file() {
            continue;
        }
        let text = bounded_text(path, MAX_BYTES)?;
        // Invalid JAMS files are reported where they are read as labels.
        let file: Option<File> = serde_json::from_str(&text).ok();
        if let Some(audio) = file.and_then(|file| file.sandbox.audio) {
            found.push(Example::of(path, audio));
        }
    }
    Ok(found)
}

impl Example {
    fn of(labels: &Path, audio: AudioReference) -> Self {
        let beside = (audio.path.file_name())
            .map(|name| labels.with_file_name(name))
            .filter(|beside| !audio.path.is_file() && beside.is_file());
        Self {
            labels: labels.to_owned(),
            audio: beside.unwrap_or(audio.path),
            sha256: audio.sha256,
        }
    }
}
