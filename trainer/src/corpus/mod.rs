//! A corpus: a folder of audio with a manifest.
//!
//! The manifest is JSON lines. The first line is a header, `{"corpus": NAME, "version": 1}`;
//! every other line is a [`Track`]. Paths are relative to the manifest's folder.
//! [`scan`] makes the manifest of any folder; [`frames`] makes the frames of its tracks.

pub mod audio;
pub mod example;
pub mod frames;
mod journal;
pub mod listed;
pub mod scan;

use std::collections::HashSet;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

/// Version of the manifest that is written and read.
pub const VERSION: u32 = 1;

/// The most tracks of a manifest.
pub const MAX_TRACKS: usize = 1_000_000;

/// The longest line of a manifest, in bytes.
pub const MAX_LINE_BYTES: u64 = 64 << 10;

/// The longest identifier, in bytes: it becomes a file name with an extension.
pub const MAX_ID_BYTES: usize = 160;

/// The use of a track.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Hash,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    clap::ValueEnum,
)]
#[serde(rename_all = "lowercase")]
pub enum Split {
    /// Training.
    Train,
    /// Selection: early stopping, settings.
    Valid,
    /// Only the figures in the documentation.
    Test,
}

impl Split {
    /// All splits.
    pub const ALL: [Self; 3] = [Self::Train, Self::Valid, Self::Test];

    /// Its name in a manifest.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Train => "train",
            Self::Valid => "valid",
            Self::Test => "test",
        }
    }

    /// The split of a song by its content, if none is given: the first eight bytes of its
    /// SHA-256 as a big-endian number modulo ten; 8 is valid, 9 is test. It does not change
    /// when tracks are added, missing or renamed.
    #[must_use]
    pub fn from_sha256(sha256: &[u8; 32]) -> Self {
        let mut head = [0; 8];
        head.copy_from_slice(&sha256[..8]);
        match u64::from_be_bytes(head) % 10 {
            8 => Self::Valid,
            9 => Self::Test,
            _ => Self::Train,
        }
    }
}

/// One track of a corpus.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Track {
    /// Name of the track in everything derived from it (frames, posteriors): ASCII letters,
    /// digits, `-` and `_`; unique in the corpus.
    pub id: String,
    /// The audio file, relative to the manifest.
    pub path: PathBuf,
    /// Length in seconds.
    pub duration_s: f64,
    /// SHA-256 of the file, hexadecimal.
    pub sha256: String,
    /// Licence as an SPDX expression where it has one.
    pub licence: String,
    /// Debian package or folder it comes from.
    pub source: String,
    /// Its split.
    pub split: Split,
    /// The kind of music (`sung`, `piano` …), where it is given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// `.lab` or `.jams` file with its chords, relative to the manifest.
    pub labels: Option<PathBuf>,
    /// Folder of the manifest.
    #[serde(skip)]
    folder: PathBuf,
}

impl Track {
    /// The audio file.
    #[must_use]
    pub fn audio_path(&self) -> PathBuf {
        self.folder.join(&self.path)
    }

    /// The file with its chords, where there is one.
    #[must_use]
    pub fn labels_path(&self) -> Option<PathBuf> {
        self.labels.as_ref().map(|path| self.folder.join(path))
    }

    /// Why a track of a manifest cannot be used, if it cannot.
    fn fault(&self) -> Option<String> {
        let of_name = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
        let of_hash = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
        if self.id.is_empty() || self.id.len() > MAX_ID_BYTES || !self.id.bytes().all(of_name) {
            // Shortened: it may be long.
            let start: String = self.id.chars().take(40).collect();
            return Some(format!("{start:?} is not an identifier of a track"));
        }
        if !(self.duration_s.is_finite() && self.duration_s >= 0.0) {
            return Some(format!("a duration of {} s", self.duration_s));
        }
        if self.sha256.len() != 64 || !self.sha256.bytes().all(of_hash) {
            return Some("sha256 is not 64 hexadecimal digits".into());
        }
        None
    }
}

/// The first line of a manifest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Header {
    /// Name of the corpus.
    corpus: String,
    /// [`VERSION`].
    version: u32,
}

/// Why a manifest could not be read. Every message names the file.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "path is the manifest, line counts from 1")]
pub enum CorpusError {
    /// The file system refused.
    #[error("{}: cannot read: {source}", path.display())]
    Read { path: PathBuf, source: io::Error },
    /// The first line is not a header.
    #[error("{}: not a manifest of a corpus: {reason}", path.display())]
    Header { path: PathBuf, reason: String },
    /// A version that this program does not know.
    #[error("{}: version {found} of the manifest; this program reads version {VERSION}", path.display())]
    Version { path: PathBuf, found: u32 },
    /// A line that is not a track.
    #[error("{}, line {line}: {reason}", path.display())]
    Line {
        path: PathBuf,
        line: usize,
        reason: String,
    },
    /// More than [`MAX_TRACKS`].
    #[error("{}: more than {MAX_TRACKS} tracks", path.display())]
    TooManyTracks { path: PathBuf },
}

/// A corpus as its manifest states it.
#[derive(Debug, Clone, PartialEq)]
pub struct Corpus {
    name: String,
    tracks: Vec<Track>,
}

impl Corpus {
    /// Reads a manifest, or that of a folder (`corpus.jsonl` in it).
    ///
    /// # Errors
    /// See [`CorpusError`]; the audio itself is not read.
    pub fn open(path: &Path) -> Result<Self, CorpusError> {
        let path = if path.is_dir() {
            path.join("corpus.jsonl")
        } else {
            path.to_owned()
        };
        let read = |source| CorpusError::Read {
            path: path.clone(),
            source,
        };
        let folder = path.parent().map(Path::to_owned).unwrap_or_default();
        let mut lines = Lines {
            reader: BufReader::new(File::open(&path).map_err(read)?),
        };
        let not_a_manifest = |reason: String| CorpusError::Header {
            path: path.clone(),
            reason,
        };
        let header = lines
            .next()
            .map_err(|error| not_a_manifest(error.to_string()))?
            .ok_or_else(|| not_a_manifest("the file is empty".into()))?;
        let header: Header =
            serde_json::from_str(&header).map_err(|error| not_a_manifest(error.to_string()))?;
        if header.version != VERSION {
            return Err(CorpusError::Version {
                path,
                found: header.version,
            });
        }
        let mut tracks: Vec<Track> = Vec::new();
        let mut ids = HashSet::new();
        for line in 2.. {
            let bad = |reason: String| CorpusError::Line {
                path: path.clone(),
                line,
                reason,
            };
            let Some(text) = lines.next().map_err(|error| bad(error.to_string()))? else {
                break;
            };
            if text.trim().is_empty() {
                continue;
            }
            let mut track: Track =
                serde_json::from_str(&text).map_err(|error| bad(error.to_string()))?;
            if let Some(fault) = track.fault() {
                return Err(bad(fault));
            }
            if !ids.insert(track.id.clone()) {
                return Err(bad(format!("a second track {}", track.id)));
            }
            if tracks.len() == MAX_TRACKS {
                return Err(CorpusError::TooManyTracks { path });
            }
            track.folder.clone_from(&folder);
            tracks.push(track);
        }
        Ok(Self {
            name: header.corpus,
            tracks,
        })
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its tracks, in the order of the manifest.
    #[must_use]
    pub fn tracks(&self) -> &[Track] {
        &self.tracks
    }

    /// The tracks of a split.
    pub fn tracks_of(&self, split: Split) -> impl Iterator<Item = &Track> {
        self.tracks.iter().filter(move |track| track.split == split)
    }
}

/// Lines of at most [`MAX_LINE_BYTES`].
struct Lines<R> {
    reader: R,
}

impl<R: BufRead> Lines<R> {
    /// The next line without its end; `None` at the end of the file.
    fn next(&mut self) -> io::Result<Option<String>> {
        let mut bytes = Vec::new();
        let mut bounded = (&mut self.reader).take(MAX_LINE_BYTES + 1);
        bounded.read_until(b'\n', &mut bytes)?;
        if bytes.len() as u64 > MAX_LINE_BYTES {
            return Err(io::Error::other(format!(
                "a line of more than {} KiB",
                MAX_LINE_BYTES >> 10
            )));
        }
        if bytes.is_empty() {
            return Ok(None);
        }
        let line = String::from_utf8(bytes).map_err(|_| io::Error::other("not UTF-8 text"))?;
        Ok(Some(line.trim_end_matches(['\r', '\n']).to_owned()))
    }
}

/// The text of a manifest.
fn manifest(name: &str, tracks: &[Track]) -> serde_json::Result<String> {
    let mut text = serde_json::to_string(&Header {
        corpus: name.to_owned(),
        version: VERSION,
    })?;
    text.push('\n');
    for track in tracks {
        text.push_str(&serde_json::to_string(track)?);
        text.push('\n');
    }
    Ok(text)
}
