//! Errors as Python's exceptions.

use std::io;
use std::path::Path;

use harmony::export::SaveError;
use harmony::export::atomic::WriteError;
use pyo3::create_exception;
use pyo3::exceptions::{PyOSError, PyRuntimeError, PyValueError};
use pyo3::prelude::*;
use recognizer::TranscribeError;
use recognizer::audio;
use recognizer::song::TrackError;

create_exception!(
    changes,
    AudioError,
    PyValueError,
    "A file that cannot be read as audio: no audio, an unknown codec, damaged, or too long."
);

/// Why a call failed.
#[derive(Debug)]
pub enum Failure {
    /// The system's error about a file.
    System(String, io::Error),
    /// The file is not readable audio.
    Audio(String),
    /// An invalid value.
    Value(String),
    /// A failure of this program or the machine.
    Internal(String),
}

impl Failure {
    fn system(path: &Path, error: io::Error) -> Self {
        Self::System(path.display().to_string(), error)
    }
}

impl From<Failure> for PyErr {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::System(path, error) => match error.raw_os_error() {
                // With these arguments Python makes it FileNotFoundError and the like.
                Some(number) => {
                    let whole = error.to_string();
                    let text = whole.split(" (os error").next().unwrap_or_default();
                    PyOSError::new_err((number, text.to_owned(), path))
                }
                None => PyOSError::new_err(format!("{path}: {error}")),
            },
            Failure::Audio(text) => AudioError::new_err(text),
            Failure::Value(text) => PyValueError::new_err(text),
            Failure::Internal(text) => PyRuntimeError::new_err(text),
        }
    }
}

impl From<audio::AudioError> for Failure {
    fn from(error: audio::AudioError) -> Self {
        match error {
            audio::AudioError::Unreadable { path, source } => Self::system(&path, source),
            audio::AudioError::Folder { path } => {
                Self::system(&path, io::Error::from_raw_os_error(IS_A_FOLDER))
            }
            other => Self::Audio(other.to_string()),
        }
    }
}

/// `EISDIR`, the same number on Linux, macOS and in Windows' C library.
const IS_A_FOLDER: i32 = 21;

impl From<TranscribeError> for Failure {
    fn from(error: TranscribeError) -> Self {
        match error {
            TranscribeError::Rate(error) => Self::Value(error.to_string()),
            other => Self::Internal(other.to_string()),
        }
    }
}

impl From<TrackError> for Failure {
    fn from(error: TrackError) -> Self {
        Self::Value(error.to_string())
    }
}

impl From<WriteError> for Failure {
    fn from(error: WriteError) -> Self {
        Self::system(&error.path, error.source)
    }
}

impl From<SaveError> for Failure {
    fn from(error: SaveError) -> Self {
        match error {
            SaveError::Write(error) => error.into(),
            other => Self::Value(other.to_string()),
        }
    }
}

/// A `ValueError` with the message of an error.
pub fn refused(error: impl std::fmt::Display) -> PyErr {
    PyValueError::new_err(error.to_string())
}
