//! A corpus: a folder of audio with a manifest.
//!
//! The manifest is JSON lines. The first line is a header, `{"corpus": NAME, "version": 1}`;
//! every other line is a [`Track`]. Paths are relative to the manifest's folder.
//! [`scan`] makes the manifest of any folder; [`frames`] makes the frames of its tracks.

pub mod audio;
pub mod frames;
mod journal;
pub mod opus;
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

/// What a track is used for.
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
    /// Choosing: early stopping, settings.
    Valid,
    /// The figures in the documentation, and nothing else.
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

    /// The split of a song by its content, where none is given: the first eight bytes of
    /// its SHA-256 as a big-endian number modulo ten; 8 is valid, 9 is test. It never
    /// moves when tracks are added, missing or renamed.
    #[must_use]
    pub fn of(sha256: &[u8; 32]) -> Self {
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
    /// Name of the track in everything that is made of it (frames, posteriors): ASCII
    /// letters, digits, `-` and `_`; unique in the corpus.
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
    /// What it is used for.
    pub split: Split,
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

    /// Why a track of a manifest cannot be used, if so.
    fn fault(&self) -> Option<String> {
        let of_name = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
        let of_hash = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
        if self.id.is_empty() || self.id.len() > MAX_ID_BYTES || !self.id.bytes().all(of_name) {
            // Cut: it may be long.
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
    /// The first line is no header.
    #[error("{}: not a manifest of a corpus: {reason}", path.display())]
    Header { path: PathBuf, reason: String },
    /// A version this program does not know.
    #[error("{}: version {found} of the manifest; this program reads version {VERSION}", path.display())]
    Version { path: PathBuf, found: u32 },
    /// A line that is no track.
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
    /// [`CorpusError`]; the audio itself is not looked at.
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

#[cfg(test)]
mod tests {
    use super::*;

    fn track(id: &str) -> Track {
        Track {
            id: id.into(),
            path: "music/song.ogg".into(),
            duration_s: 61.5,
            sha256: "0f".repeat(32),
            licence: "CC-BY-SA-3.0".into(),
            source: "music".into(),
            split: Split::Valid,
            labels: Some("music/song.lab".into()),
            folder: PathBuf::new(),
        }
    }

    fn open(text: &str) -> Result<Corpus, CorpusError> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("corpus.jsonl");
        std::fs::write(&path, text).unwrap();
        Corpus::open(&path)
    }

    #[test]
    fn a_manifest_reads_back() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("corpus.jsonl");
        std::fs::write(&path, manifest("test", &[track("a"), track("b")]).unwrap()).unwrap();
        let corpus = Corpus::open(folder.path()).unwrap();
        assert_eq!(corpus.name(), "test");
        assert_eq!(corpus.tracks().len(), 2);
        assert_eq!(corpus.tracks_of(Split::Valid).count(), 2);
        assert_eq!(corpus.tracks_of(Split::Train).count(), 0);
        let first = &corpus.tracks()[0];
        assert_eq!(first.audio_path(), folder.path().join("music/song.ogg"));
        assert_eq!(
            first.labels_path(),
            Some(folder.path().join("music/song.lab"))
        );
        let mut expected = track("a");
        expected.folder = folder.path().into();
        assert_eq!(*first, expected);
    }

    #[test]
    fn every_fault_is_named_with_its_line() {
        let good = manifest("test", &[track("a")]).unwrap();
        let said = |text: &str| open(text).unwrap_err().to_string();
        assert!(said("").contains("empty"));
        assert!(said("[]\n").contains("not a manifest"));
        assert!(said("{\"corpus\":\"x\",\"version\":2}\n").contains("version 2"));
        assert!(said(&format!("{good}{{}}\n")).contains("line 3"));
        let twice = manifest("test", &[track("a"), track("a")]).unwrap();
        assert!(said(&twice).contains("line 3: a second track a"));
        for id in [
            "",
            "../up",
            "a/b",
            "a.b",
            "é",
            &"x".repeat(MAX_ID_BYTES + 1),
        ] {
            let text = manifest("test", &[track(id)]).unwrap();
            assert!(said(&text).contains("is not an identifier"), "{id}");
        }
        let mut bad = track("a");
        bad.duration_s = -1.0;
        assert!(said(&manifest("test", &[bad]).unwrap()).contains("duration"));
        let mut bad = track("a");
        bad.sha256 = "0F".repeat(32);
        assert!(said(&manifest("test", &[bad]).unwrap()).contains("sha256"));
        let long = format!("{good}{}", "x".repeat(MAX_LINE_BYTES as usize + 10));
        assert!(said(&long).contains("64 KiB"));
    }

    #[test]
    fn the_split_follows_the_content() {
        let of = |last: u8| {
            let mut hash = [0; 32];
            hash[7] = last;
            Split::of(&hash)
        };
        assert_eq!(of(7), Split::Train);
        assert_eq!(of(8), Split::Valid);
        assert_eq!(of(19), Split::Test);
        assert_eq!(of(20), Split::Train);
    }
}
