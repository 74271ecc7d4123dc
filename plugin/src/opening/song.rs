//! A song from a file: analysed as a whole, and put into the track.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use harmony::edit::{Command, Placed};
use harmony::time::{MeterMap, TempoMap};
use harmony::timeline::{Alternative, MAX_ALTERNATIVES, Timeline};
use recognizer::TranscribeError;
use recognizer::beat::{Beats, Known};
use recognizer::inference::{CausalModel, PitchClassModel};
use recognizer::models::{self, EmbeddedError, NetworkFile};
use recognizer::signal::Signal;
use recognizer::song::listen;
use recognizer::transcribe::{Analysis, Networks};
use recognizer::tuning::TuningSetting;

use super::{Job, MAX_SONG_S, OpenError, name_of};
use crate::session::{Clock, Session};
use crate::snapshot::SongPosition;

/// Extensions of audio for file dialogs. The format is found from the content.
pub const AUDIO_EXTENSIONS: [&str; 24] = [
    "wav", "wave", "bwf", "w64", "rf64", "aif", "aiff", "aifc", "caf", "au", "flac", "mp3", "mp2",
    "aac", "m4a", "mp4", "mov", "ogg", "oga", "opus", "mka", "mkv", "webm", "weba",
];

/// The longest song whose network output is kept for later charts, in seconds: 27 MB.
const MOST_KEPT_S: f64 = 1800.0;

/// The share of the progress that reading the file takes.
const READING: f32 = 0.25;

/// Where a song is put into the track.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Place {
    /// At the start of the song.
    #[default]
    Start,
    /// At the playhead; after what is there, where no host has one.
    Here,
}

impl Place {
    /// That place, in seconds of the track.
    pub fn second(self, session: &Session, position: Option<SongPosition>) -> f64 {
        match (self, session.clock()) {
            (Self::Start, _) => 0.0,
            (Self::Here, Clock::Host) => position.map_or(0.0, |it| it.time_s.max(0.0)),
            (Self::Here, Clock::Stream) => session.track().timeline().end_s().unwrap_or(0.0),
        }
    }
}

/// A song that was opened, kept for later charts and training examples.
pub struct OpenedSong {
    /// The file.
    pub path: PathBuf,
    /// Its name.
    pub name: String,
    /// Length, seconds.
    pub length_s: f64,
    /// Its chords, with other readings.
    pub chords: Timeline,
    /// Its beats, if it has any.
    pub beats: Option<Beats>,
    /// The network's output; `None` for a song too long to keep it.
    pub analysis: Option<Analysis>,
    /// Where it begins in the track, in seconds.
    pub place_s: f64,
    /// How many states the session had loaded then.
    pub loads: u32,
    /// Why the built-in network has heard it instead of the one that was chosen.
    pub refused: Option<String>,
}

/// Reads and analyses a song, with the network that was chosen for the track, if one was. This
/// takes long: call it on a thread of its own.
///
/// # Errors
/// See [`OpenError`]; every message names the file. A network that cannot be read is no error:
/// the built-in one replaces it.
pub fn hear_song(
    job: &Job,
    path: &Path,
    network: Option<&NetworkFile>,
    loads: u32,
) -> Result<OpenedSong, OpenError> {
    // A malicious file must not end the host, even through a decoder's bug.
    let heard = catch_unwind(AssertUnwindSafe(|| hear(job, path, network, loads)));
    heard.unwrap_or_else(|_| Err(OpenError::Fault(path.to_owned())))
}

/// The networks for a song.
struct Chosen {
    windowed: Arc<PitchClassModel>,
    causal: Option<Arc<PitchClassModel>>,
    /// Why the chosen one is not used.
    refused: Option<String>,
}

/// The network that was chosen for the track, else the built-in ones.
fn chosen(file: Option<&NetworkFile>) -> Result<Chosen, EmbeddedError> {
    let refused = match file.map(|file| file.load(false)) {
        Some(Ok(windowed)) => {
            return Ok(Chosen {
                windowed,
                causal: None,
                refused: None,
            });
        }
        Some(Err(error)) => Some(error.to_string()),
        None => None,
    };
    Ok(Chosen {
        windowed: models::windowed()?,
        causal: Some(models::live()?),
        refused,
    })
}

fn hear(
    job: &Job,
    path: &Path,
    network: Option<&NetworkFile>,
    loads: u32,
) -> Result<OpenedSong, OpenError> {
    let name = name_of(path);
    job.says(format!("Reading {name}"));
    let read = Signal::read(path, &mut |share| {
        job.go_on(READING * share);
    });
    let (signal, _) = read?;
    if !job.go_on(READING) {
        return Err(OpenError::Cancelled);
    }
    let length_s = signal.length_s();
    if length_s > MAX_SONG_S {
        let path = path.to_owned();
        return Err(OpenError::TooLong { path, length_s });
    }
    if signal.is_empty() {
        return Err(OpenError::Empty(path.to_owned()));
    }
    let failed = |cause: String| OpenError::Song {
        path: path.to_owned(),
        cause,
    };
    let chosen = chosen(network).map_err(|cause| failed(cause.to_string()))?;
    let networks = Networks {
        windowed: &*chosen.windowed,
        causal: chosen.causal.clone().map(|it| it as Arc<dyn CausalModel>),
    };
    let (known, tuning) = (Some(Known::default()), TuningSetting::Estimated);
    let listened = listen(&signal, &networks, known, tuning, |share| {
        job.go_on(READING + (1.0 - READING) * share)
    });
    let (analysis, heard) = listened.map_err(|cause| match cause {
        TranscribeError::Stopped => OpenError::Cancelled,
        other => failed(other.to_string()),
    })?;
    let segments = heard.chords.segments().iter().map(|segment| {
        let mut segment = segment.clone();
        let others = analysis.alternatives(&segment).into_iter();
        segment.alternatives = others
            .take(MAX_ALTERNATIVES)
            .map(|(label, probability)| Alternative {
                label,
                probability: probability.clamp(0.0, 1.0),
            })
            .collect();
        segment
    });
    let chords = Timeline::from_segments(segments).map_err(|cause| failed(cause.to_string()))?;
    Ok(OpenedSong {
        path: path.to_owned(),
        name,
        length_s,
        chords,
        beats: heard.beats,
        analysis: (length_s <= MOST_KEPT_S).then_some(analysis),
        place_s: 0.0,
        loads,
        refused: chosen.refused,
    })
}

/// Puts a song into the track in one edit. Returns the second at which it begins. `position` is
/// the position in the host's song.
///
/// # Errors
/// If the track refuses it, another project was loaded, or it was cancelled.
pub fn place_song(
    job: &Job,
    mut song: OpenedSong,
    place: Place,
    session: &Session,
    position: Option<SongPosition>,
) -> Result<Arc<OpenedSong>, OpenError> {
    if session.loads() != song.loads {
        return Err(OpenError::OtherSession(song.name));
    }
    // From here on it cannot be cancelled.
    job.keep(|_| {})?;
    // The start of the host's song is known before it rolls; its position is not.
    if session.clock() == Clock::Stream
        && place == Place::Start
        && let Some(bpm) = position.and_then(|it| it.tempo_bpm)
    {
        session.take_hosts_clock(bpm);
    }
    song.place_s = place.second(session, position);
    let stem = song.path.file_stem().unwrap_or_default().to_string_lossy();
    let command = Command::Place {
        at_s: song.place_s,
        song: Box::new(Placed {
            chords: song.chords.clone(),
            time: own_time(session, &song),
            title: stem.into_owned(),
            ..Placed::default()
        }),
    };
    session.place(&command).map_err(|cause| OpenError::Edit {
        title: song.name.clone(),
        cause,
    })?;
    // Where it lies, the track has its chords.
    session.forget_heard();
    let song = Arc::new(song);
    // The song is in the track: cancelling at this moment only keeps a chart from being aligned to
    // it.
    let _ = job.keep(|state| {
        state.song = Some(Arc::clone(&song));
        // The proposal was aligned to other music.
        state.proposal = None;
    });
    Ok(song)
}

/// Tempo and meters of the song, for a track that has none from a host or from another song.
fn own_time(session: &Session, song: &OpenedSong) -> Option<(TempoMap, MeterMap)> {
    let has_bars = session.track().tempo().points().len() > 1;
    if session.clock() == Clock::Host || (has_bars && song.place_s > 0.0) {
        return None;
    }
    let beats = song.beats.as_ref()?;
    Some((beats.tempo_map()?, beats.meter_map()))
}
