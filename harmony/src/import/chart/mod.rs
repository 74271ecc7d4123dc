//! Charts written by people: bars with chords, from ChordPro, links for iReal Pro, MusicXML, MIDI
//! markers, `.lab`, JAMS and plain text.
//!
//! A [`WrittenChart`] has its bars in the order in which they are played: repeats are written out.
//! It has no times in seconds; from a file with times it keeps the proportions. Files are
//! untrusted: their size, their bars and their chords are bounded, and errors name the place.

mod cells;
mod chordpro;
mod ireal;
mod midi;
mod musicxml;
mod plain;
mod timed;
mod unfold;

use std::path::{Path, PathBuf};

use super::ImportError;
use crate::key::Key;
use crate::label::Label;
use crate::time::Meter;

/// The largest file that is read as a chart, in bytes.
pub const MAX_CHART_BYTES: u64 = 8 << 20;

/// The most bars of a chart, repeats written out.
pub const MAX_CHART_BARS: usize = 4000;

/// The most chords in one bar; what follows is left out.
pub const MAX_BAR_CHORDS: usize = 64;

/// The longest bar, quarter notes.
pub const MAX_BAR_BEATS: f64 = 256.0;

/// A chart.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct WrittenChart {
    /// The title; empty where unknown.
    pub title: String,
    /// Who wrote it; empty where unknown.
    pub composer: String,
    /// The key that the chart names.
    pub key: Option<Key>,
    /// The tempo that the chart names, quarter notes a minute.
    pub tempo_bpm: Option<f64>,
    /// The bars in the order in which they are played: one to [`MAX_CHART_BARS`].
    pub bars: Vec<WrittenBar>,
    /// Whether the bars are bars of music. From a track with times, each is a chord with a
    /// proportional length; from chords above lyrics, each is a chord of unknown length.
    pub in_bars: bool,
}

/// A bar of a chart.
#[derive(Clone, Debug, PartialEq)]
pub struct WrittenBar {
    /// The section that starts here.
    pub section: Option<String>,
    /// Its meter.
    pub meter: Meter,
    /// Its chords, in order; at least one.
    pub chords: Vec<WrittenChord>,
    /// False for chords without bars, as above lyrics: each chord is a bar then, and its length a
    /// guess.
    pub measured: bool,
}

impl WrittenBar {
    /// Its length in quarter notes.
    #[must_use]
    pub fn beats(&self) -> f64 {
        self.chords.iter().map(|chord| chord.beats).sum()
    }
}

/// A chord of a bar.
#[derive(Clone, Debug, PartialEq)]
pub struct WrittenChord {
    /// The chord as it is written.
    pub label: Label,
    /// Its length in quarter notes; positive, and at most [`MAX_BAR_BEATS`].
    pub beats: f64,
}

/// A text or file that is not a chart.
#[derive(Debug, thiserror::Error)]
pub enum ChartError {
    /// Chords were expected.
    #[error("line {line}: {token:?} is not a chord")]
    NotAChord {
        /// The line, from 1.
        line: usize,
        /// The word, shortened.
        token: String,
    },
    /// No chord at all.
    #[error("no chords in the chart")]
    Empty,
    /// More bars than [`MAX_CHART_BARS`].
    #[error("more than {MAX_CHART_BARS} bars, with repeats written out")]
    TooManyBars,
    /// A link without a song.
    #[error("the link for iReal Pro holds no chart")]
    Link,
    /// XML that cannot be read.
    #[error("not a MusicXML file: {0}")]
    Xml(String),
    /// MIDI that cannot be read.
    #[error("not a MIDI file: {0}")]
    Midi(String),
    /// A timed chord track that cannot be read.
    #[error(transparent)]
    Timed(#[from] ImportError),
}

/// Why a chart could not be loaded. Every message names the file.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "path is the file, source the cause")]
pub enum LoadChartError {
    /// The file system refused.
    #[error("{}: cannot read: {source}", path.display())]
    Read {
        path: PathBuf,
        source: std::io::Error,
    },
    /// More than [`MAX_CHART_BYTES`].
    #[error("{}: larger than {} MiB", path.display(), MAX_CHART_BYTES >> 20)]
    TooLarge { path: PathBuf },
    /// Neither text nor MIDI.
    #[error("{}: not a chart: expected text, MusicXML or MIDI", path.display())]
    NotText { path: PathBuf },
    /// Not a chart.
    #[error("{}: {source}", path.display())]
    Chart { path: PathBuf, source: ChartError },
}

/// Loads a chart. Its content decides the format; without a title it takes the file's name.
///
/// # Errors
/// See [`LoadChartError`].
pub fn load(path: &Path) -> Result<WrittenChart, LoadChartError> {
    let owned = || path.to_owned();
    let bytes = super::bytes_of(path, MAX_CHART_BYTES)
        .map_err(|source| LoadChartError::Read {
            path: owned(),
            source,
        })?
        .ok_or_else(|| LoadChartError::TooLarge { path: owned() })?;
    let in_file = |source| LoadChartError::Chart {
        path: owned(),
        source,
    };
    let mut chart = if bytes.starts_with(b"MThd") {
        parse_midi(&bytes).map_err(in_file)?
    } else {
        let text =
            String::from_utf8(bytes).map_err(|_| LoadChartError::NotText { path: owned() })?;
        parse(&text).map_err(in_file)?
    };
    if chart.title.is_empty()
        && let Some(stem) = path.file_stem()
    {
        chart.title = stem.to_string_lossy().into_owned();
    }
    Ok(chart)
}

/// Reads a chart from text: a link for iReal Pro or a page with one, MusicXML, JAMS, `.lab`,
/// ChordPro, or bars in plain text.
///
/// # Errors
/// A text that has no chords, or is broken; see [`ChartError`].
pub fn parse(text: &str) -> Result<WrittenChart, ChartError> {
    let text = text.strip_prefix('\u{FEFF}').unwrap_or(text);
    let start = text.trim_start();
    let chart = if let Some(link) = ireal::link(text) {
        ireal::parse(link)
    } else if start.starts_with('<') {
        musicxml::parse(text)
    } else if start.starts_with('{') && timed::is_jams(text) {
        timed::jams(text)
    } else if timed::is_lab(text) {
        timed::lab(text)
    } else if chordpro::is_chordpro(text) {
        chordpro::parse(text)
    } else {
        plain::parse(text)
    }?;
    checked(chart)
}

/// Reads a chart from the markers of a standard MIDI file.
///
/// # Errors
/// A broken file, or one without chords.
pub fn parse_midi(bytes: &[u8]) -> Result<WrittenChart, ChartError> {
    checked(midi::parse(bytes)?)
}

/// The chart, if it keeps the bounds of its type.
fn checked(mut chart: WrittenChart) -> Result<WrittenChart, ChartError> {
    if chart.bars.len() > MAX_CHART_BARS {
        return Err(ChartError::TooManyBars);
    }
    for bar in &mut chart.bars {
        bar.chords
            .retain(|chord| chord.beats > 0.0 && chord.beats.is_finite());
        bar.chords.truncate(MAX_BAR_CHORDS);
        for chord in &mut bar.chords {
            chord.beats = chord.beats.clamp(1e-3, MAX_BAR_BEATS);
        }
    }
    chart.bars.retain(|bar| !bar.chords.is_empty());
    let sounding = |bar: &WrittenBar| bar.chords.iter().any(|it| it.label.chord().is_some());
    if !chart.bars.iter().any(sounding) {
        return Err(ChartError::Empty);
    }
    chart.in_bars &= chart.bars.iter().all(|bar| bar.measured);
    chart.tempo_bpm = chart
        .tempo_bpm
        .filter(|bpm| (crate::time::MIN_BPM..=crate::time::MAX_BPM).contains(bpm));
    Ok(chart)
}

/// A text of a chart for printing: one line, not too long.
fn line_of(text: &str) -> String {
    let kept = text.split_whitespace().collect::<Vec<_>>().join(" ");
    kept.chars().take(200).collect()
}
