//! What ends the program: one line with its cause.

use std::io;
use std::path::{Path, PathBuf};

use harmony::export::atomic::WriteError;
use harmony::export::{ExportError, SaveError};
use harmony::time::TimeError;
use harmony::timeline::TimelineError;
use recognizer::audio::{AudioError, Warning};
use recognizer::models::EmbeddedError;

/// Why there is no result. Messages about a file name it.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file cannot be read as audio.
    #[error(transparent)]
    Audio(#[from] AudioError),
    /// The audio cannot be analysed.
    #[error("{}: {cause}", path.display())]
    Recognition {
        /// The audio file.
        path: PathBuf,
        /// What the recognizer said.
        cause: String,
    },
    /// The built-in networks cannot be used.
    #[error(transparent)]
    Model(#[from] EmbeddedError),
    /// The chord track was not written.
    #[error(transparent)]
    Save(#[from] SaveError),
    /// The events were not written.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// A format cannot express the chord track.
    #[error(transparent)]
    Export(#[from] ExportError),
    /// The folder for the chord tracks is not one.
    #[error("{}: cannot make this folder: {source}", path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A folder of songs that cannot be read.
    #[error("{}: cannot read this folder: {source}", path.display())]
    ReadFolder {
        /// The folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A folder without audio files.
    #[error("{}: this folder holds no audio files", .0.display())]
    NoSongs(PathBuf),
    /// More keys than a track holds.
    #[error("the chord track: {0}")]
    Time(#[from] TimeError),
    /// Several files and one output file.
    #[error("{}: several songs need a folder to be written to", .0.display())]
    NotAFolder(PathBuf),
    /// The output file and the format contradict each other.
    #[error("{}: the name does not fit --format {format}", path.display())]
    FormatMismatch {
        /// The output file.
        path: PathBuf,
        /// The format's usual extension.
        format: &'static str,
    },
    /// A numeral needs a key to count from.
    #[error("--style {0} needs a --key, for instance --key C:maj")]
    NeedsKey(harmony::style::Style),
    /// Some of several files failed; each has told its cause already.
    #[error("{failed} of {all} files failed")]
    Several {
        /// How many failed.
        failed: usize,
        /// How many there were.
        all: usize,
    },
    /// The engine's segments make no timeline.
    #[error("the chord track: {0}")]
    Timeline(#[from] TimelineError),
    /// Printing failed.
    #[error("cannot print: {0}")]
    Stdout(#[source] io::Error),
}

/// Says in one line if not all of a file could be read.
pub fn warn(file: &Path, warning: Option<&Warning>) {
    if let Some(warning) = warning {
        eprintln!("changes: {}: {warning}", file.display());
    }
}
