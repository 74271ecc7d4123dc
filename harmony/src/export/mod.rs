//! Chord tracks as files: `.lab`, `.csv`, `.jams`, `.mid`.
//!
//! One module a format, each with a `write` function; [`Format`] chooses by extension
//! and [`save`] puts the file in place whole or not at all. What each
//! file contains is written down in `docs/formats.md`.

pub mod atomic;
pub mod csv;
pub mod jams;
pub mod lab;
pub mod midi;

use std::io;
use std::path::{Path, PathBuf};

use crate::key::Key;
use crate::style::Style;
use crate::timeline::Timeline;

/// What an exporter may be told beside the timeline.
#[derive(Clone, Debug, PartialEq)]
pub struct Options {
    /// How the display column of a CSV file writes chords.
    pub style: Style,
    /// The key, for spelling and for styles that need one.
    pub key: Option<Key>,
    /// The tempo of a MIDI file in quarter notes a minute, used unless every
    /// segment knows its beats.
    pub tempo_bpm: f64,
    /// The title of the piece, for formats that have one.
    pub title: Option<String>,
    /// The artist, for formats that have one.
    pub artist: Option<String>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            style: Style::Jazz,
            key: None,
            tempo_bpm: 120.0,
            title: None,
            artist: None,
        }
    }
}

/// Why a timeline could not be written.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The writer failed.
    #[error("{0}")]
    Write(#[from] io::Error),
    /// A tempo MIDI cannot express.
    #[error("the tempo {0} is outside 4 to 1000 beats a minute")]
    Tempo(f64),
    /// A timeline too long for a MIDI file.
    #[error("the chord track ends at {end_s} s, which is too long for a MIDI file")]
    TooLong {
        /// Where the timeline ends, in seconds.
        end_s: f64,
    },
}

/// A file format of chord tracks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Format {
    /// Tab-separated start, end, Harte label ([`lab`]).
    Lab,
    /// A table with a header line ([`csv`]).
    Csv,
    /// JSON Annotated Music Specification ([`jams`]).
    Jams,
    /// Standard MIDI file ([`midi`]).
    Midi,
}

/// A path whose extension names no known format.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}: the name must end in .lab, .csv, .jams or .mid", path.display())]
pub struct UnknownFormat {
    /// The path.
    pub path: PathBuf,
}

impl Format {
    /// All formats.
    pub const ALL: [Self; 4] = [Self::Lab, Self::Csv, Self::Jams, Self::Midi];

    /// The format by the extension of a path, in either case.
    ///
    /// # Errors
    /// No extension, or an unknown one.
    pub fn from_path(path: &Path) -> Result<Self, UnknownFormat> {
        let extension = path.extension().and_then(|extension| extension.to_str());
        match extension.map(str::to_ascii_lowercase).as_deref() {
            Some("lab") => Ok(Self::Lab),
            Some("csv") => Ok(Self::Csv),
            Some("jams") => Ok(Self::Jams),
            Some("mid" | "midi") => Ok(Self::Midi),
            _ => Err(UnknownFormat {
                path: path.to_owned(),
            }),
        }
    }

    /// The usual extension, without the dot.
    #[must_use]
    pub const fn extension(self) -> &'static str {
        match self {
            Self::Lab => "lab",
            Self::Csv => "csv",
            Self::Jams => "jams",
            Self::Midi => "mid",
        }
    }

    /// Writes a timeline in this format.
    ///
    /// # Errors
    /// The writer's, and what the format cannot express.
    pub fn write(
        self,
        writer: impl io::Write,
        timeline: &Timeline,
        options: &Options,
    ) -> Result<(), ExportError> {
        match self {
            Self::Lab => lab::write(writer, timeline, options),
            Self::Csv => csv::write(writer, timeline, options),
            Self::Jams => jams::write(writer, timeline, options),
            Self::Midi => midi::write(writer, timeline, options),
        }
    }
}

/// Why a file could not be saved. Every message names the file.
#[derive(Debug, thiserror::Error)]
pub enum SaveError {
    /// The extension names no format.
    #[error(transparent)]
    UnknownFormat(#[from] UnknownFormat),
    /// The format cannot express the timeline.
    #[error("{}: {source}", path.display())]
    Export {
        /// The file that was to be written.
        path: PathBuf,
        /// Why it was not.
        source: ExportError,
    },
    /// The file system refused.
    #[error(transparent)]
    Write(#[from] atomic::WriteError),
}

/// Saves a timeline in the format its extension names. The file appears whole
/// or, on any error, not at all; an older one stays until then.
///
/// # Errors
/// An unknown extension, a timeline the format cannot express, a file system
/// error; each names the file.
pub fn save(path: &Path, timeline: &Timeline, options: &Options) -> Result<(), SaveError> {
    let format = Format::from_path(path)?;
    let mut bytes = Vec::new();
    format
        .write(&mut bytes, timeline, options)
        .map_err(|source| SaveError::Export {
            path: path.to_owned(),
            source,
        })?;
    atomic::write(path, &bytes)?;
    Ok(())
}
