//! Export of chord tracks as files, one module per format.
//!
//! [`Format`] chooses by extension and [`save_track`] puts the file in place whole or not
//! at all. Formats that keep the times of the recording are written from the
//! [`Track`]'s segments, notation from its [`Chart`]. What each file
//! contains, and which program reads it back, is in `docs/formats.md`.

pub mod atomic;
pub mod audacity;
mod audio_reference;
pub mod chordpro;
pub mod csv;
mod diagrams;
mod format;
pub mod ireal;
pub mod jams;
pub mod lab;
pub mod midi;
pub mod musicxml;
pub mod name;
pub mod reaper;
pub mod sheet;
pub mod text;

pub use audio_reference::AudioReference;
pub use format::{Format, UnknownFormat};
pub use sheet::FontSearch;

use std::io;
use std::path::{Path, PathBuf};

use crate::chart::{Chart, ChartOptions};
use crate::key::Key;
use crate::label::Label;
use crate::note_names::NoteNames;
use crate::style::{self, Style};
use crate::time::{Meter, MeterMap, TempoMap};
use crate::timeline::{Segment, Timeline};
use crate::track::{Info, KeyRegion, Track};
use crate::voicing::{Instrument, Voicing};

/// Options of an export, besides the track.
#[derive(Clone, Debug, PartialEq)]
pub struct Options {
    /// The style of chords in the display column of a CSV file and in charts.
    pub style: Style,
    /// The names of notes in formats for people: text, ChordPro, SVG and PDF.
    pub names: NoteNames,
    /// The key, for spelling and for styles that need one, where the track has none.
    pub key: Option<Key>,
    /// The tempo in quarter notes a minute of a timeline without a tempo map, used
    /// unless every segment knows its beats.
    pub tempo_bpm: f64,
    /// The meter of a timeline without a meter map.
    pub meter: Meter,
    /// The title of the piece, for formats that have one.
    pub title: Option<String>,
    /// The artist, for formats that have one.
    pub artist: Option<String>,
    /// How chords become notes.
    pub voicing: Voicing,
    /// Whether MIDI files have Yamaha's XF chord events beside the markers.
    pub xf: bool,
    /// How charts are made.
    pub chart: ChartOptions,
    /// The instrument whose chord diagrams ChordPro, SVG and PDF have, if any.
    pub diagrams: Option<Instrument>,
    /// Where drawn charts find letters that the program's own fonts lack.
    pub fonts: FontSearch,
    /// The audio of the chords, for JAMS files that are training examples.
    pub audio: Option<AudioReference>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            style: Style::Jazz,
            names: NoteNames::English,
            key: None,
            tempo_bpm: 120.0,
            meter: Meter::COMMON,
            title: None,
            artist: None,
            voicing: Voicing::Close,
            xf: false,
            chart: ChartOptions::default(),
            diagrams: None,
            fonts: FontSearch::System,
            audio: None,
        }
    }
}

/// How chords are written for people.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Notation {
    /// The style.
    pub style: Style,
    /// The names of notes, where the style has them.
    pub names: NoteNames,
}

impl Notation {
    /// A label, spelled by the key if there is one.
    #[must_use]
    pub fn format(self, label: &Label, key: Option<Key>) -> String {
        self.names.format(label, self.style, key.as_ref())
    }
}

impl Options {
    /// How chords are written for people.
    #[must_use]
    pub const fn notation(&self) -> Notation {
        Notation {
            style: self.style,
            names: self.names,
        }
    }

    /// The track of a bare timeline, with tempo, meter and key from these options.
    ///
    /// # Errors
    /// A tempo outside 4 to 1000 a minute.
    pub fn track(&self, timeline: &Timeline) -> Result<Track, ExportError> {
        let tempo = TempoMap::constant(self.tempo_bpm, 0.0, 0.0)
            .map_err(|_| ExportError::Tempo(self.tempo_bpm))?;
        let mut track = Track::from_timeline(timeline.clone(), tempo);
        track.set_info(Info {
            title: self.title.clone().unwrap_or_default(),
            composer: self.artist.clone().unwrap_or_default(),
            ..Info::default()
        });
        track.set_meters(MeterMap::constant(self.meter));
        if let Some(key) = self.key {
            let region = KeyRegion {
                beat: 0.0,
                key,
                by_hand: true,
            };
            // A single region at beat 0 is always accepted.
            let _ = track.set_keys(vec![region]);
        }
        Ok(track)
    }
}

/// Why a track could not be written.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The writer failed.
    #[error("{0}")]
    Write(#[from] io::Error),
    /// A tempo that MIDI cannot express.
    #[error("the tempo {0} is outside 4 to 1000 beats a minute")]
    Tempo(f64),
    /// A track too long for a MIDI file.
    #[error("the chord track ends at {end_s} s, which is too long for a MIDI file")]
    TooLong {
        /// Where the timeline ends, in seconds.
        end_s: f64,
    },
    /// A font of the drawn charts cannot be used.
    #[error("a font of the charts is broken: {0}")]
    Font(&'static str),
}

/// Segments with the keys that spell them: the input of formats without bars.
#[derive(Clone, Debug)]
pub(crate) struct Keyed<'a> {
    pub(crate) timeline: &'a Timeline,
    /// Seconds from which each key holds, in order.
    pub(crate) keys: Vec<(f64, Key)>,
}

impl<'a> Keyed<'a> {
    pub(crate) fn from_timeline(timeline: &'a Timeline, options: &Options) -> Self {
        let start_s = timeline.start_s().unwrap_or(0.0);
        let keys = options.key.map(|key| (start_s, key));
        Self {
            timeline,
            keys: keys.into_iter().collect(),
        }
    }

    pub(crate) fn from_track(track: &'a Track, options: &Options) -> Self {
        if track.keys().is_empty() {
            return Self::from_timeline(track.timeline(), options);
        }
        let at = |region: &KeyRegion| (track.tempo().time_at(region.beat), region.key);
        Self {
            timeline: track.timeline(),
            keys: track.keys().iter().map(at).collect(),
        }
    }

    /// The key at a segment: the last that has begun, or the first.
    pub(crate) fn key_of(&self, segment: &Segment) -> Option<Key> {
        let after = self
            .keys
            .partition_point(|(from_s, _)| *from_s <= segment.start_s + 1e-3);
        self.keys.get(after.saturating_sub(1)).map(|(_, key)| *key)
    }

    /// The label of a segment in a style, spelled by its key.
    pub(crate) fn text(&self, segment: &Segment, style: Style) -> String {
        style::format(&segment.label, style, self.key_of(segment).as_ref())
    }
}

/// The chords of a track as in a `.lab` file: whole, with their Harte labels spelled by the keys.
/// Unlike there, times are not rounded, and very short segments are included.
#[must_use]
pub fn spelled(track: &Track, options: &Options) -> Vec<(Segment, String)> {
    let track = track.with_whole_chords();
    let keyed = Keyed::from_track(&track, options);
    let segments = track.timeline().segments().iter();
    segments
        .map(|segment| (segment.clone(), keyed.text(segment, Style::Harte)))
        .collect()
}

/// The chart of a track, in the key of the options where the track has none.
fn chart(track: &Track, options: &Options) -> Chart {
    let mut chart = Chart::new(track, options.chart);
    for bar in &mut chart.bars {
        bar.key = bar.key.or(options.key);
    }
    chart
}

/// Why a file could not be saved. Every message names the file.
#[derive(Debug, thiserror::Error)]
pub enum SaveError {
    /// The extension names no format.
    #[error(transparent)]
    UnknownFormat(#[from] UnknownFormat),
    /// The format cannot express the track.
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

impl SaveError {
    /// Whether the reason is that a file of that name exists already.
    #[must_use]
    pub fn is_taken(&self) -> bool {
        matches!(self, Self::Write(error) if error.source.kind() == io::ErrorKind::AlreadyExists)
    }
}

/// Saves a timeline in the format named by the extension. The file appears whole or, on any error,
/// not at all; an older file stays until then.
///
/// # Errors
/// An unknown extension, a timeline the format cannot express, a file system
/// error; each names the file.
pub fn save(path: &Path, timeline: &Timeline, options: &Options) -> Result<(), SaveError> {
    let format = Format::from_path(path)?;
    let mut bytes = Vec::new();
    let written = format.write(&mut bytes, timeline, options);
    written.map_err(|source| in_file(path, source))?;
    Ok(atomic::write(path, &bytes)?)
}

/// Saves a track in the format its extension names, as [`save`] does a timeline.
///
/// # Errors
/// As [`save`].
pub fn save_track(path: &Path, track: &Track, options: &Options) -> Result<(), SaveError> {
    Ok(atomic::write(path, &track_bytes(path, track, options)?)?)
}

/// Saves a track as [`save_track`] does, but only where no file of that name exists.
///
/// # Errors
/// A file of that name ([`SaveError::is_taken`]), and as [`save`].
pub fn save_new_track(path: &Path, track: &Track, options: &Options) -> Result<(), SaveError> {
    Ok(atomic::create(path, &track_bytes(path, track, options)?)?)
}

fn track_bytes(path: &Path, track: &Track, options: &Options) -> Result<Vec<u8>, SaveError> {
    let format = Format::from_path(path)?;
    let mut bytes = Vec::new();
    let written = format.write_track(&mut bytes, track, options);
    written.map_err(|source| in_file(path, source))?;
    Ok(bytes)
}

fn in_file(path: &Path, source: ExportError) -> SaveError {
    SaveError::Export {
        path: path.to_owned(),
        source,
    }
}
