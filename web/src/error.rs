//! Errors, with the messages that the page shows.

use harmony::edit::EditError;
use harmony::export::ExportError;
use harmony::time::TimeError;
use harmony::timeline::TimelineError;
use harmony::track::LoadError;
use recognizer::models::EmbeddedError;
use recognizer::song::TrackError;
use recognizer::{LiveError, RateError, TranscribeError};

/// Why a request of the page failed.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "each is what its message says")]
pub enum Error {
    #[error(transparent)]
    Rate(#[from] RateError),
    #[error("{0} channels, but at most {1} can be mixed")]
    Channels(usize, usize),
    #[error(transparent)]
    Weights(#[from] EmbeddedError),
    #[error(transparent)]
    Live(#[from] LiveError),
    #[error(transparent)]
    Transcribe(#[from] TranscribeError),
    #[error(transparent)]
    Timeline(#[from] TimelineError),
    #[error(transparent)]
    Time(#[from] TimeError),
    #[error(transparent)]
    Song(#[from] TrackError),
    #[error(transparent)]
    Track(#[from] LoadError),
    #[error("invalid JSON: {0}")]
    Json(#[from] serde_json::Error),
    #[error(transparent)]
    Edit(#[from] EditError),
    #[error(transparent)]
    Export(#[from] ExportError),
    #[error("there is no format {0:?}")]
    Format(String),
}
