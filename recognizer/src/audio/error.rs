//! Errors of audio files: one line each, with the file's name.

use std::path::{Path, PathBuf};

use symphonia::core::errors::Error;

use super::{MAX_CHANNELS, MAX_LENGTH_S};
use crate::resample::{MAX_HOST_RATE, MIN_HOST_RATE};

/// The formats that are read, for a message.
const FORMATS: &str = "WAV, AIFF, CAF, FLAC, MP3, AAC, M4A and MP4, Ogg, Opus, Matroska and WebM";

/// Why no reader was found.
const NONE: &str = "none of these formats is found in it";

/// How to make a file of another format readable.
fn conversion(path: &Path) -> String {
    let wave = path.with_extension("wav");
    format!(
        "convert it, for example with: ffmpeg -i \"{}\" \"{}\"",
        path.display(),
        wave.display()
    )
}

/// Why a file was not decoded.
#[derive(Debug, thiserror::Error)]
pub enum AudioError {
    /// It does not exist, or may not be read.
    #[error("{}: {source}", .path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        source: std::io::Error,
    },
    /// It is a folder.
    #[error("{}: this is a folder, not an audio file", .path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
    },
    /// It has no bytes.
    #[error("{}: the file is empty", .path.display())]
    Empty {
        /// The file.
        path: PathBuf,
    },
    /// No known audio format.
    #[error("{}: not an audio file that can be read ({FORMATS}): {reason}", .path.display())]
    NotAudio {
        /// The file.
        path: PathBuf,
        /// The decoder's reason.
        reason: String,
    },
    /// A recognized format that is not supported.
    #[error("{}: this is {format}, which cannot be read; {}", .path.display(), conversion(.path))]
    Format {
        /// The file.
        path: PathBuf,
        /// The format's name.
        format: &'static str,
    },
    /// A container without an audio track.
    #[error("{}: the file has no audio track", .path.display())]
    NoTrack {
        /// The file.
        path: PathBuf,
    },
    /// A known container with a codec that is not decoded.
    #[error("{}: its audio is {codec}, which cannot be decoded; {}", .path.display(), conversion(.path))]
    Codec {
        /// The file.
        path: PathBuf,
        /// The codec's name.
        codec: String,
    },
    /// An intact file of length zero.
    #[error("{}: the file holds no samples", .path.display())]
    NoSamples {
        /// The file.
        path: PathBuf,
    },
    /// Nothing in it decodes.
    #[error("{}: the file is damaged: {reason}", .path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// The decoder's reason.
        reason: String,
    },
    /// Longer than [`MAX_LENGTH_S`].
    #[error("{}: longer than {} hours", .path.display(), MAX_LENGTH_S / 3600.0)]
    TooLong {
        /// The file.
        path: PathBuf,
    },
    /// A sample rate outside the range of the resampler.
    #[error("{}: sample rate of {rate} Hz, must be between {MIN_HOST_RATE} and {MAX_HOST_RATE} Hz", .path.display())]
    Rate {
        /// The file.
        path: PathBuf,
        /// Its rate in Hz.
        rate: u32,
    },
    /// No or too many channels.
    #[error("{}: {channels} channels, must be 1 to {MAX_CHANNELS}", .path.display())]
    Channels {
        /// The file.
        path: PathBuf,
        /// Its channels.
        channels: usize,
    },
    /// A chained file with different sample rates.
    #[error("{}: its sample rate changes from {from} to {to} Hz", .path.display())]
    RateChanges {
        /// The file.
        path: PathBuf,
        /// The first rate in Hz.
        from: u32,
        /// The other rate in Hz.
        to: u32,
    },
}

impl AudioError {
    pub(super) fn not_audio(path: &Path, error: &Error) -> Self {
        let reason = match error {
            // The probe reads to the end and reports that.
            Error::IoError(e) if e.kind() == std::io::ErrorKind::UnexpectedEof => {
                "it ends before any audio".to_owned()
            }
            // symphonia's message for this is "core (probe): no suitable format reader".
            Error::Unsupported(feature) if feature.contains("probe") => NONE.to_owned(),
            error => error.to_string(),
        };
        Self::NotAudio {
            path: path.into(),
            reason,
        }
    }

    pub(super) fn no_frames(path: &Path) -> Self {
        Self::NotAudio {
            path: path.into(),
            reason: NONE.to_owned(),
        }
    }

    pub(super) fn too_long(path: &Path) -> Self {
        Self::TooLong { path: path.into() }
    }
}

/// What is missing from a partly decoded file.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Warning {
    /// The end is missing.
    Truncated {
        /// Length decoded, in seconds.
        decoded_s: f64,
        /// Length the file states, in seconds, if it does.
        stated_s: Option<f64>,
    },
    /// Damaged packets were replaced by silence.
    DamagedPackets {
        /// How many.
        packets: u64,
    },
}

impl std::fmt::Display for Warning {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Truncated {
                decoded_s,
                stated_s: Some(stated_s),
            } => {
                write!(
                    f,
                    "the file is cut short: {decoded_s:.1} s of {stated_s:.1} s decoded"
                )
            }
            Self::Truncated {
                decoded_s,
                stated_s: None,
            } => {
                write!(f, "the file is damaged after {decoded_s:.1} s")
            }
            Self::DamagedPackets { packets } => {
                write!(f, "{packets} damaged packets were replaced by silence")
            }
        }
    }
}
