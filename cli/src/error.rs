//! What ends the program: one line with its cause.

use std::io;
use std::path::{Path, PathBuf};

use harmony::export::atomic::WriteError;
use harmony::export::{ExportError, UnknownFormat};
use harmony::time::{MAX_BPM, MIN_BPM, NoteValue};
use recognizer::audio::AudioError;
use recognizer::models::EmbeddedError;

/// Why there is no result. Messages about a file name it.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file cannot be read as audio.
    #[error(transparent)]
    Audio(#[from] AudioError),
    /// The audio cannot be analysed, or its chords make no track.
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
    /// The folder for the chord tracks is not one.
    #[error("{}: cannot make this folder: {source}", path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A folder of songs, or something in one, that cannot be read.
    #[error("{}: cannot be read: {source}", path.display())]
    ReadFolder {
        /// The folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A word that is nothing.
    #[error("{}: no such file or folder, and no command (see changes --help)", .0.display())]
    NoSuchThing(PathBuf),
    /// A folder without audio files.
    #[error("{}: this folder holds no audio files{}", path.display(), held(kinds))]
    NoSongs {
        /// The folder.
        path: PathBuf,
        /// What it holds of other kinds; may be empty.
        kinds: String,
    },
    /// Several songs and one output file.
    #[error(
        "{}: several songs do not go into one file; write -o {} -f {} for a folder with a file for each",
        path.display(), folder.display(), format.unwrap_or("FORMAT")
    )]
    NotAFolder {
        /// The output file.
        path: PathBuf,
        /// A folder that could be meant.
        folder: PathBuf,
        /// The format that was meant, if that is known.
        format: Option<&'static str>,
    },
    /// Several songs in a format that does not say where the next begins.
    #[error(
        "several songs do not go into one stream as {0}; write -o FOLDER -f {0} for a folder with a file for each"
    )]
    OneStream(&'static str),
    /// Bytes that would upset a terminal.
    #[error(
        "--format {format} is not for a terminal; write it to a file (-o NAME.{extension}) or send it on (… -f {format} | PROGRAM)"
    )]
    BinaryToTerminal {
        /// The format.
        format: &'static str,
        /// Its usual extension.
        extension: &'static str,
    },
    /// The name of the output file says no format, and nothing else does.
    #[error("{0}; or say the format with --format")]
    NoFormat(#[source] UnknownFormat),
    /// The output file and the format contradict each other.
    #[error(
        "{}: the name does not fit --format {format}; end it in .{extension}, or leave --format away",
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
    /// An output that is there already.
    #[error("{}: there is a file of that name already; --force replaces it", .0.display())]
    Taken(PathBuf),
    /// An output that somebody wanted to stay.
    #[error("{}: stays as it was", .0.display())]
    Kept(PathBuf),
    /// An output that is one of the inputs.
    #[error("{}: this is the song itself, which is not written over", .0.display())]
    OverInput(PathBuf),
    /// Two outputs that are one.
    #[error("{}: --events and --output cannot both go there", .0.display())]
    SameOutput(PathBuf),
    /// A tempo that is in bounds as typed only.
    #[error(
        "--bpm {typed} counts {beat}s: that is {quarters} quarter notes a minute, which must be from {MIN_BPM} to {MAX_BPM}"
    )]
    Tempo {
        /// As typed.
        typed: f64,
        /// The note that it counts.
        beat: NoteValue,
        /// In quarter notes.
        quarters: f64,
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
    /// Ctrl-C, after what was heard has been written.
    #[error("stopped")]
    Stopped,
    /// Printing failed.
    #[error("cannot print: {0}")]
    Stdout(#[source] io::Error),
}

/// What a folder holds instead of songs.
fn held(kinds: &str) -> String {
    if kinds.is_empty() {
        String::new()
    } else {
        format!(" that can be read, but {kinds}")
    }
}

/// A fault that lies in the audio of one file, or in what was made of it.
pub fn in_file(file: &Path) -> impl Fn(&dyn std::error::Error) -> Error {
    |cause| Error::Recognition {
        path: file.to_owned(),
        cause: cause.to_string(),
    }
}
