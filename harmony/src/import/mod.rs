//! Import of chord tracks from `.lab` and `.jams`, and of charts written by people ([`chart`]).
//!
//! Files are untrusted: their size and their number of segments are bounded, and
//! every error names the place.

pub mod chart;
pub mod jams;
pub mod lab;
mod rows;

pub use rows::RowError;

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use crate::timeline::{Timeline, TimelineError};

/// The largest file that is read, in bytes.
pub const MAX_FILE_BYTES: u64 = 32 << 20;

/// The most segments that are read from one file.
pub const MAX_SEGMENTS: usize = 200_000;

/// Neighbours that leave a gap, or overlap, by no more than this are joined: files
/// round their times.
pub const JOIN_S: f64 = 1e-3;

/// A text that is not a chord track.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// A line of a `.lab` file.
    #[error("line {line}: {source}")]
    Line {
        /// Its number, from 1.
        line: usize,
        /// What is wrong with it.
        source: RowError,
    },
    /// An observation of a `.jams` file.
    #[error("chord observation {number}: {source}")]
    Observation {
        /// Its number, from 1.
        number: usize,
        /// What is wrong with it.
        source: RowError,
    },
    /// A `.jams` file that is not JSON, or not JAMS; the message has line and column.
    #[error("not a JAMS file: {0}")]
    Json(#[from] serde_json::Error),
    /// A chord annotation whose data are not a list of chord observations.
    #[error("the data of the chord annotation: {0}, counted from the start of the data")]
    Data(serde_json::Error),
    /// A `.jams` file without an annotation of `chord` or `chord_harte`.
    #[error("no chord annotation in the file")]
    NoChordAnnotation,
    /// Segments that do not form a timeline.
    #[error(transparent)]
    Timeline(#[from] TimelineError),
    /// No segment at all.
    #[error("no chords in the file")]
    Empty,
    /// More segments than [`MAX_SEGMENTS`].
    #[error("more than {MAX_SEGMENTS} segments")]
    TooManySegments,
}

/// Why a file could not be loaded. Every message names the file.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "path is the file, source the cause")]
pub enum LoadError {
    /// The extension is neither `.lab` nor `.jams`.
    #[error("{}: the name must end in .lab or .jams", path.display())]
    UnknownFormat { path: PathBuf },
    /// The file system refused.
    #[error("{}: cannot read: {source}", path.display())]
    Read { path: PathBuf, source: io::Error },
    /// More than [`MAX_FILE_BYTES`].
    #[error("{}: larger than {} MiB", path.display(), MAX_FILE_BYTES >> 20)]
    TooLarge { path: PathBuf },
    /// Not UTF-8.
    #[error("{}: not a text file", path.display())]
    NotText { path: PathBuf },
    /// Not a chord track.
    #[error("{}: {source}", path.display())]
    Import { path: PathBuf, source: ImportError },
}

/// Loads a chord track in the format named by the extension.
///
/// # Errors
/// See [`LoadError`].
pub fn load(path: &Path) -> Result<Timeline, LoadError> {
    let owned = || path.to_owned();
    let extension = path.extension().and_then(|extension| extension.to_str());
    let parse = match extension.map(str::to_ascii_lowercase).as_deref() {
        Some("lab") => lab::parse,
        Some("jams") => jams::parse,
        _ => return Err(LoadError::UnknownFormat { path: owned() }),
    };
    let bytes = bytes_of(path, MAX_FILE_BYTES)
        .map_err(|source| LoadError::Read {
            path: owned(),
            source,
        })?
        .ok_or_else(|| LoadError::TooLarge { path: owned() })?;
    let text = String::from_utf8(bytes).map_err(|_| LoadError::NotText { path: owned() })?;
    parse(&text).map_err(|source| LoadError::Import {
        path: owned(),
        source,
    })
}

/// The bytes of a file; `None` where it has more than `most`.
fn bytes_of(path: &Path, most: u64) -> io::Result<Option<Vec<u8>>> {
    let mut bytes = Vec::new();
    // One byte more than allowed, to detect files that are too large.
    File::open(path)?.take(most + 1).read_to_end(&mut bytes)?;
    Ok((bytes.len() as u64 <= most).then_some(bytes))
}
