//! Errors that keep an instance from analysing audio.

use std::io;

use recognizer::live::LiveError;
use recognizer::models::EmbeddedError;
use recognizer::resample::RateError;

/// Why an instance cannot listen.
#[derive(Debug, thiserror::Error)]
pub enum PrepareError {
    /// The embedded weights are damaged.
    #[error(transparent)]
    Weights(#[from] EmbeddedError),
    /// No recognizer can be made for this audio.
    #[error(transparent)]
    Recognizer(#[from] RecognizerError),
    /// No thread could be started.
    #[error("the analysis thread did not start: {0}")]
    Thread(#[source] io::Error),
}

/// Why there is no recognizer for a stream.
#[derive(Debug, thiserror::Error)]
pub enum RecognizerError {
    /// The live engine refuses it.
    #[error(transparent)]
    Live(#[from] LiveError),
    /// The rate is out of range.
    #[error(transparent)]
    Rate(#[from] RateError),
}
