//! Transcription of a song: audio to chords on its beats, and to a chord track with tempo, meters
//! and keys. Shared by `changes transcribe` and all other programs that transcribe files.
//!
//! ```
//! use harmony::export::{Format, Options};
//! use recognizer::beat::Known;
//! use recognizer::transcribe::Networks;
//! use recognizer::{Signal, TuningSetting, models, song};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../assets/demo/town-theme.ogg");
//! # /*
//! let path = "song.mp3";
//! # */
//! let (signal, _) = Signal::read(path, &mut |_| {})?;
//! let (known, tuning) = (Some(Known::default()), TuningSetting::Estimated);
//! let windowed = models::windowed()?;
//! let networks = Networks::both(&*windowed, models::live()?);
//! let heard = song::hear(&signal, &networks, known, tuning, |_| true)?;
//! let options = Options::default();
//! let track = song::track(&heard.chords, &heard.chords, heard.beats.as_ref(), &options)?;
//! let mut chart = Vec::new();
//! Format::MusicXml.write_track(&mut chart, &track, &options)?;
//! # assert!(!track.keys().is_empty());
//! # Ok(())
//! # }
//! ```

use harmony::export::{ExportError, Options};
use harmony::time::TimeError;
use harmony::timeline::{Timeline, TimelineError};
use harmony::track::{Keep, Track};

use crate::beat::{self, Beats, Known};
use crate::signal::Signal;
use crate::transcribe::{Analysis, Networks, TranscribeError};
use crate::tuning::{Tuning, TuningSetting};

/// The analysis of a song.
#[derive(Debug, Clone)]
pub struct Heard {
    /// Its chords, in the finest vocabulary.
    pub chords: Timeline,
    /// Its beats, where it has any.
    pub beats: Option<Beats>,
    /// Its deviation from A = 440 Hz.
    pub tuning: Tuning,
}

/// Why chords do not form a track.
#[derive(Debug, thiserror::Error)]
pub enum TrackError {
    /// A tempo out of bounds.
    #[error(transparent)]
    Tempo(#[from] ExportError),
    /// Beats that do not fit the chords.
    #[error(transparent)]
    Timeline(#[from] TimelineError),
    /// Keys out of bounds.
    #[error(transparent)]
    Keys(#[from] TimeError),
}

/// Recognizes the chords of a song. Chords change on its beats, if it has
/// any; if `known` is `None`, beats are not searched for.
///
/// `progress` gets the share done, 0 … 1, and returns whether to continue.
///
/// # Errors
/// As [`Analysis::with_tuning`].
pub fn hear(
    signal: &Signal,
    networks: &Networks<'_>,
    known: Option<Known>,
    tuning: TuningSetting,
    progress: impl FnMut(f32) -> bool,
) -> Result<Heard, TranscribeError> {
    Ok(listen(signal, networks, known, tuning, progress)?.1)
}

/// As [`hear`], also returning the network's posteriors, for [`align`](crate::align::align()).
///
/// # Errors
/// As [`hear`].
pub fn listen(
    signal: &Signal,
    networks: &Networks<'_>,
    known: Option<Known>,
    tuning: TuningSetting,
    progress: impl FnMut(f32) -> bool,
) -> Result<(Analysis, Heard), TranscribeError> {
    let analysis = Analysis::with_tuning(signal, networks, tuning, progress)?;
    let chords = analysis.timeline(None)?;
    let beats = known.and_then(|known| beat::find(signal, &chords, known));
    let heard = Heard {
        chords: match &beats {
            Some(beats) => analysis.timeline(Some(&beats.grid()))?,
            None => chords,
        },
        beats,
        tuning: analysis.tuning,
    };
    Ok((analysis, heard))
}

/// The track of `chords`, with tempo and meters from `beats`, else from `about`, and with the keys
/// found from `heard`, unless `about` names one.
///
/// # Errors
/// A track that breaks a rule of [`Track`].
pub fn track(
    chords: &Timeline,
    heard: &Timeline,
    beats: Option<&Beats>,
    about: &Options,
) -> Result<Track, TrackError> {
    let mut track = about.track(chords)?;
    if let Some(beats) = beats
        && let Some(tempo) = beats.tempo_map()
    {
        track.set_tempo(tempo, Keep::Seconds)?;
        track.set_meters(beats.meter_map());
    }
    if about.key.is_none() {
        track.estimate_keys_of(heard)?;
    }
    Ok(track)
}
