//! A journal of the files in a folder, so that unchanged files are not read again.
//!
//! JSON lines, one per file, appended as soon as the file was read: an interrupted scan
//! continues where it stopped.

use std::collections::HashMap;
use std::fs::{File, OpenOptions};
use std::io::{BufReader, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::UNIX_EPOCH;

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

use super::{Lines, MAX_TRACKS};

/// Distinguishes states of a file without reading it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Stamp {
    bytes: u64,
    /// Time of the last change, nanoseconds since 1970.
    modified_ns: u64,
}

impl Stamp {
    /// The stamp of a file.
    pub(super) fn new(path: &Path) -> Result<Self> {
        let metadata = path
            .metadata()
            .with_context(|| format!("reading {}", path.display()))?;
        let modified = metadata.modified().ok();
        let since = modified.and_then(|time| time.duration_since(UNIX_EPOCH).ok());
        Ok(Self {
            bytes: metadata.len(),
            modified_ns: since.map_or(0, |d| u64::try_from(d.as_nanos()).unwrap_or(u64::MAX)),
        })
    }
}

/// The result of examining a file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Finding {
    /// Audio that decodes.
    Audio {
        /// Length in seconds.
        duration_s: f64,
        /// SHA-256 of the file, hexadecimal.
        sha256: String,
    },
    /// Not usable, with the reason.
    Broken(String),
}

#[derive(Serialize, Deserialize)]
struct Entry {
    /// Relative to the scanned folder.
    path: PathBuf,
    #[serde(flatten)]
    stamp: Stamp,
    finding: Finding,
}

/// The findings on disk.
pub(super) struct Journal {
    path: PathBuf,
    known: HashMap<PathBuf, (Stamp, Finding)>,
    file: Mutex<File>,
}

impl Journal {
    /// Opens a journal, empty if there is none. Lines that do not parse are ignored: the last
    /// one is cut off when the program was killed.
    pub(super) fn open(path: &Path) -> Result<Self> {
        let mut known = HashMap::new();
        match File::open(path) {
            Ok(file) => {
                let mut lines = Lines {
                    reader: BufReader::new(file),
                };
                while known.len() < MAX_TRACKS
                    && let Ok(Some(line)) = lines.next()
                {
                    if let Ok(entry) = serde_json::from_str::<Entry>(&line) {
                        known.insert(entry.path, (entry.stamp, entry.finding));
                    }
                }
            }
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => return Err(error).with_context(|| format!("reading {}", path.display())),
        }
        let mut file = OpenOptions::new()
            .create(true)
            .append(true)
            .open(path)
            .with_context(|| format!("writing {}", path.display()))?;
        // Ends a line that was cut off.
        file.write_all(b"\n")
            .with_context(|| format!("writing {}", path.display()))?;
        Ok(Self {
            path: path.to_owned(),
            known,
            file: Mutex::new(file),
        })
    }

    /// The finding for a file in the state `stamp`.
    pub(super) fn get(&self, path: &Path, stamp: Stamp) -> Option<&Finding> {
        let (known, finding) = self.known.get(path)?;
        (*known == stamp).then_some(finding)
    }

    /// Appends a finding.
    pub(super) fn append(&self, path: &Path, stamp: Stamp, finding: &Finding) -> Result<()> {
        let mut line = serde_json::to_string(&Entry {
            path: path.to_owned(),
            stamp,
            finding: finding.clone(),
        })?;
        line.push('\n');
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        file.write_all(line.as_bytes())
            .with_context(|| format!("writing {}", self.path.display()))
    }
}
