//! Errors of the command: one line each, with the file or the value.

use std::io;
use std::path::{Path, PathBuf};

use crate::tags::TagError;
use harmony::export::atomic::WriteError;
use harmony::export::{ExportError, UnknownFormat};
use harmony::import::chart::LoadChartError;
use harmony::time::{MAX_BPM, MIN_BPM, NoteValue};
use recognizer::audio::AudioError;
use recognizer::inference::ort::OrtError;
use recognizer::models::{EmbeddedError, LoadError};

/// An error of the command. Messages about a file name it.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file cannot be read as audio.
    #[error(transparent)]
    Audio(#[from] AudioError),
    /// The audio cannot be analysed, or its chords do not form a track.
    #[error("{}: {cause}", path.display())]
    Recognition {
        /// The audio file.
        path: PathBuf,
        /// The recognizer's message.
        cause: String,
    },
    /// The chart cannot be read.
    #[error(transparent)]
    Chart(#[from] LoadChartError),
    /// The built-in networks cannot be used.
    #[error(transparent)]
    Model(#[from] EmbeddedError),
    /// The weights that were named cannot be used.
    #[error(transparent)]
    Weights(#[from] LoadError),
    /// An ONNX file without ONNX Runtime.
    #[error(
        "{}: an ONNX file needs ONNX Runtime 1.24 or newer; name its library with --onnx-runtime",
        _0.display()
    )]
    NoOnnxRuntime(PathBuf),
    /// ONNX Runtime, or the file for it, cannot be used.
    #[error(transparent)]
    Onnx(#[from] OrtError),
    /// A file was not written.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// A format cannot express the chord track.
    #[error("{}: {source}", path.display())]
    Export {
        /// The file that was to be written, or the audio file.
        path: PathBuf,
        /// Why it was not.
        source: ExportError,
    },
    /// The folder for the chord tracks cannot be created.
    #[error("{}: cannot create this folder: {source}", path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// The system's error.
        source: io::Error,
    },
    /// A folder of songs, or something in one, that cannot be read.
    #[error("{}: cannot be read: {source}", path.display())]
    ReadFolder {
        /// The folder.
        path: PathBuf,
        /// The system's error.
        source: io::Error,
    },
    /// A file that cannot be read.
    #[error("{}: cannot be read: {source}", path.display())]
    ReadFile {
        /// The file.
        path: PathBuf,
        /// The system's error.
        source: io::Error,
    },
    /// Tags that could not be read or written.
    #[error("{}: {source}", path.display())]
    Tag {
        /// The audio file.
        path: PathBuf,
        /// Why not.
        source: TagError,
    },
    /// Tags of audio from a pipe.
    #[error("{}: only files have tags", .0.display())]
    NoTags(PathBuf),
    /// A training example in another format than JAMS.
    #[error("--example: a training example is a JAMS file; add -o NAME.jams or -f jams")]
    ExampleFormat,
    /// A training example of audio from a pipe.
    #[error("--example: a training example needs an audio file, not a pipe")]
    ExampleOfPipe,
    /// A word that is neither a file nor a command.
    #[error("{}: no such file, folder or command (see changes --help)", .0.display())]
    NoSuchThing(PathBuf),
    /// A folder without audio files.
    #[error("{}: no audio files in this folder{}", path.display(), held(kinds))]
    NoSongs {
        /// The folder.
        path: PathBuf,
        /// The other kinds of files in it; may be empty.
        kinds: String,
    },
    /// Several songs and one output file.
    #[error(
        "{}: several songs cannot go into one file; use -o {} -f {} for a folder with a file for each",
        path.display(), folder.display(), format.unwrap_or("FORMAT")
    )]
    NotAFolder {
        /// The output file.
        path: PathBuf,
        /// A folder that could be meant.
        folder: PathBuf,
        /// The intended format, if known.
        format: Option<&'static str>,
    },
    /// Several songs in a format that cannot separate them.
    #[error(
        "several songs cannot be printed as {0}; use -o FOLDER -f {0} for a folder with a file for each"
    )]
    OneStream(&'static str),
    /// A binary format on a terminal.
    #[error(
        "--format {format} cannot be shown on a terminal; write it to a file (-o NAME.{extension}) or into a pipe (… -f {format} | PROGRAM)"
    )]
    BinaryToTerminal {
        /// The format.
        format: &'static str,
        /// Its usual extension.
        extension: &'static str,
    },
    /// The name of the output file has no known extension and there is no `--format`.
    #[error("{0}; or name the format with --format")]
    NoFormat(#[source] UnknownFormat),
    /// The output file and the format contradict each other.
    #[error(
        "{}: the name does not fit --format {format}; end it in .{extension} or omit --format",
        path.display()
    )]
    FormatMismatch {
        /// The output file.
        path: PathBuf,
        /// The format.
        format: &'static str,
        /// Its usual extension.
        extension: &'static str,
    },
    /// An output that already exists.
    #[error("{}: this file already exists; --force replaces it", .0.display())]
    Taken(PathBuf),
    /// An output that the user chose to keep.
    #[error("{}: not replaced", .0.display())]
    Kept(PathBuf),
    /// An output that is one of the inputs.
    #[error("{}: this is the song itself, which is never overwritten", .0.display())]
    OverInput(PathBuf),
    /// Two outputs to the same file.
    #[error("{}: --events and --output cannot both go there", .0.display())]
    SameOutput(PathBuf),
    /// A tempo that is in bounds as typed, but not in quarter notes.
    #[error(
        "--bpm {typed} counts {beat}s: that is {quarters} quarter notes a minute, but only {MIN_BPM} to {MAX_BPM} are possible"
    )]
    Tempo {
        /// As typed.
        typed: f64,
        /// The note that it counts.
        beat: NoteValue,
        /// In quarter notes.
        quarters: f64,
    },
    /// A style that needs a key.
    #[error("--style {0} needs a --key, for instance --key C:maj")]
    NeedsKey(harmony::style::Style),
    /// Some of several files failed; the cause of each was printed.
    #[error("{failed} of {all} files failed")]
    Several {
        /// How many failed.
        failed: usize,
        /// How many there were.
        all: usize,
    },
    /// Ctrl-C, after the results so far were written.
    #[error("stopped")]
    Stopped,
    /// Printing failed.
    #[error("cannot print: {0}")]
    Stdout(#[source] io::Error),
}

/// The rest of [`Error::NoSongs`]: what the folder contains instead.
fn held(kinds: &str) -> String {
    if kinds.is_empty() {
        String::new()
    } else {
        format!(" that can be read, but {kinds}")
    }
}

/// Returns a function that makes errors of one audio file: its name, then the cause.
pub fn in_file(file: &Path) -> impl Fn(&dyn std::error::Error) -> Error {
    |cause| Error::Recognition {
        path: file.to_owned(),
        cause: cause.to_string(),
    }
}
