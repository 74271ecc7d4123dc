//! Examples that somebody has exported: a JAMS file with chords that names its audio by path and
//! hash, in its sandbox ([`AudioReference`]).

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use harmony::export::AudioReference;
use serde::Deserialize;
use walkdir::WalkDir;

use super::scan::bounded_text;

/// The largest JAMS file that is looked into, in bytes.
const MAX_BYTES: u64 = 64 << 20;

/// An example.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Example {
    /// The JAMS file.
    pub labels: PathBuf,
    /// The audio, where it is found: at its path, else under its name beside the JAMS file.
    pub audio: PathBuf,
    /// The hash that the audio must have.
    pub sha256: String,
}

/// Of a JAMS file, what names the audio.
#[derive(Deserialize)]
struct File {
    #[serde(default)]
    sandbox: Sandbox,
}

#[derive(Default, Deserialize)]
struct Sandbox {
    audio: Option<AudioReference>,
}

/// The examples of a folder, in the order of their names; other JAMS files are none.
///
/// # Errors
/// A folder that cannot be listed, or a file that cannot be read.
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
        // What is no JAMS file is said where it is taken for labels.
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
