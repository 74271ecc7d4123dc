//! What can go wrong, as the page shows it.

use harmony::edit::EditError;
use harmony::export::ExportError;
use harmony::time::TimeError;
use harmony::timeline::TimelineError;
use harmony::track::LoadError;
use recognizer::models::EmbeddedError;
use recognizer::song::TrackError;
use recognizer::{LiveError, RateError, TranscribeError};

/// Why the page did not get what it asked for.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "each is what its message says")]
pub enum Error {
    #[error(transparent)]
    Rate(#[from] RateError),
    #[error("{0} channels, and at most {1} are mixed")]
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
    #[error("not understood: {0}")]
    Json(#[from] serde_json::Error),
    #[error(transparent)]
    Edit(#[from] EditError),
    #[error(transparent)]
    Export(#[from] ExportError),
    #[error("there is no format {0:?}")]
    Format(String),
}
