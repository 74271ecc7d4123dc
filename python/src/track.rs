//! Whole files: the track of a song, and its export.

use std::path::{Path, PathBuf};

use harmony::export::{self, Format, Options, atomic, spelled};
use harmony::key::Key;
use harmony::style::Style;
use harmony::time::{MAX_BPM, MIN_BPM, Meter};
use harmony::track;
use harmony::vocabulary::Vocabulary;
use harmony::voicing::Voicing;
use pyo3::prelude::*;
use pyo3::types::PyBytes;
use recognizer::beat::{Beats, Known};
use recognizer::models::EmbeddedError;
use recognizer::transcribe::Networks;
use recognizer::tuning::{MAX_CENTS, Tuning, TuningSetting};
use recognizer::{models, song};

use crate::audio::Source;
use crate::errors::{Failure, refused};
use crate::work::watched;

/// The approximate share of reading in the whole work.
pub const READING: f32 = 0.3;

/// Start s, end s, label, confidence, alternatives with their probabilities.
type Row = (f64, f64, String, f32, Vec<(String, f32)>);

/// The chord track of a song.
#[pyclass(module = "changes._native", frozen)]
pub struct Track {
    track: track::Track,
    options: Options,
    beats: Option<Beats>,
    tuning: Tuning,
    length_s: f64,
    warning: Option<String>,
}

/// Transcribes a file, or samples.
#[pyfunction]
#[pyo3(signature = (path, samples, rate, *, vocabulary, beats, bpm, meter, key, tuning_hz, progress))]
#[expect(
    clippy::too_many_arguments,
    reason = "all of them have names in Python"
)]
pub fn transcribe<'py>(
    py: Python<'py>,
    path: Option<PathBuf>,
    samples: Option<Vec<Bound<'py, PyBytes>>>,
    rate: Option<u32>,
    vocabulary: &str,
    beats: bool,
    bpm: Option<f64>,
    meter: Option<&str>,
    key: Option<&str>,
    tuning_hz: Option<f64>,
    progress: Option<Bound<'py, PyAny>>,
) -> PyResult<Track> {
    let source = Source::new(path, samples, rate)?;
    let vocabulary: Vocabulary = vocabulary.parse().map_err(refused)?;
    let meter: Option<Meter> = meter.map(str::parse).transpose().map_err(refused)?;
    let key: Option<Key> = key.map(str::parse).transpose().map_err(refused)?;
    if let Some(bpm) = bpm
        && !(MIN_BPM..=MAX_BPM).contains(&bpm)
    {
        return Err(refused(format!(
            "bpm of {bpm}: it must be between {MIN_BPM} and {MAX_BPM}"
        )));
    }
    let known = beats.then(|| Known {
        bpm,
        meter,
        ..Known::default()
    });
    let tuning = tuning_setting(tuning_hz)?;
    let default = Options::default();
    let options = Options {
        key,
        tempo_bpm: bpm.unwrap_or(default.tempo_bpm),
        meter: meter.unwrap_or(default.meter),
        title: source.title(),
        ..default
    };
    watched(py, progress.as_ref(), move |go_on| {
        let internal = |error: EmbeddedError| Failure::Internal(error.to_string());
        let windowed = models::windowed().map_err(internal)?;
        let networks = Networks::both(&*windowed, models::live().map_err(internal)?);
        let (signal, warning) = source.read(&mut |share| {
            go_on(share * READING);
        })?;
        let listening = |share: f32| go_on(READING + share * (1.0 - READING));
        let heard = song::hear(&signal, &networks, known, tuning, listening)?;
        let chords = heard.chords.map_labels(|label| vocabulary.simplify(label));
        Ok(Track {
            track: song::track(&chords, &chords, heard.beats.as_ref(), &options)?,
            options,
            beats: heard.beats,
            tuning: heard.tuning,
            length_s: signal.length_s(),
            warning,
        })
    })
}

/// Names, extensions and titles of the formats.
pub fn formats() -> Vec<(&'static str, Vec<&'static str>, &'static str)> {
    let all = Format::ALL.into_iter();
    all.map(|it| (it.name(), it.extensions().to_vec(), it.title()))
        .collect()
}

/// The tuning with A4 at `a4_hz`, or the music's own.
///
/// # Errors
/// A tuning out of range.
pub fn tuning_setting(a4_hz: Option<f64>) -> PyResult<TuningSetting> {
    let Some(hz) = a4_hz else {
        return Ok(TuningSetting::Estimated);
    };
    let tuning = Tuning::from_a4_hz(hz).map(TuningSetting::Fixed);
    tuning.ok_or_else(|| {
        let [low, high] = [-MAX_CENTS, MAX_CENTS].map(|it| Tuning::from_cents(it).a4_hz());
        refused(format!(
            "tuning of {hz} Hz: A4 must be between {low:.1} and {high:.1} Hz"
        ))
    })
}

/// A format by its name or one of its extensions, with or without a dot.
fn format_named(name: &str) -> PyResult<Format> {
    let plain = name.trim_start_matches('.').to_ascii_lowercase();
    let named = |it: &Format| it.name() == plain || it.extensions().contains(&plain.as_str());
    Format::ALL.into_iter().find(named).ok_or_else(|| {
        let all: Vec<&str> = Format::ALL.iter().map(|it| it.name()).collect();
        refused(format!(
            "format {name:?}: expected one of {}",
            all.join(", ")
        ))
    })
}

#[pymethods]
impl Track {
    /// The chords as in a label file.
    fn rows(&self) -> Vec<Row> {
        let rows = spelled(&self.track, &self.options).into_iter();
        rows.map(|(segment, label)| {
            let others = segment.alternatives.iter();
            (
                segment.start_s,
                segment.end_s,
                label,
                segment.confidence,
                others
                    .map(|it| (it.label.to_string(), it.probability))
                    .collect(),
            )
        })
        .collect()
    }

    /// Times of the beats, seconds, and the number of each in its bar, from 1.
    fn beats(&self) -> (Vec<f64>, Vec<usize>) {
        let Some(beats) = &self.beats else {
            return Default::default();
        };
        let numbers = beats.in_bar.iter().map(|it| it + 1);
        (beats.times_s.clone(), numbers.collect())
    }

    /// Start in seconds and name of each key.
    fn keys(&self) -> Vec<(f64, String)> {
        let keys = self.track.keys().iter();
        keys.map(|it| {
            let from_s = self.track.tempo().time_at(it.beat);
            (from_s.max(0.0), it.key.to_string())
        })
        .collect()
    }

    /// Median tempo in quarter notes a minute, if beats were found.
    fn tempo(&self) -> Option<f64> {
        self.beats.as_ref().map(Beats::bpm)
    }

    /// The meter, if beats were found.
    fn meter(&self) -> Option<String> {
        self.beats.as_ref().map(|it| it.meter.to_string())
    }

    /// Frequency of A4 in Hz.
    fn tuning_hz(&self) -> f64 {
        self.tuning.a4_hz()
    }

    /// Length of the audio, seconds.
    fn length_s(&self) -> f64 {
        self.length_s
    }

    /// The title that the file's name suggests.
    fn title(&self) -> Option<String> {
        self.options.title.clone()
    }

    /// A warning if part of the file is missing.
    fn warning(&self) -> Option<String> {
        self.warning.clone()
    }

    /// The content of a file in a format, and a warning about characters that it cannot show.
    #[pyo3(signature = (format, title, composer, style, voicing))]
    fn export<'py>(
        &self,
        py: Python<'py>,
        format: &str,
        title: Option<String>,
        composer: Option<String>,
        style: &str,
        voicing: &str,
    ) -> PyResult<(Bound<'py, PyBytes>, Option<String>)> {
        let format = format_named(format)?;
        let (track, options) = self.written(title, composer, style, voicing)?;
        let (bytes, shortfall) = py.detach(|| written(&track, format, &options))?;
        Ok((PyBytes::new(py, &bytes), shortfall))
    }

    /// Writes a file, in the format of its name or of `format`; returns a warning about characters
    /// that it cannot show.
    #[pyo3(signature = (path, format, title, composer, style, voicing))]
    #[expect(
        clippy::too_many_arguments,
        reason = "all of them have names in Python"
    )]
    fn save(
        &self,
        py: Python<'_>,
        path: PathBuf,
        format: Option<&str>,
        title: Option<String>,
        composer: Option<String>,
        style: &str,
        voicing: &str,
    ) -> PyResult<Option<String>> {
        let format = match format {
            Some(name) => format_named(name)?,
            None => Format::from_path(&path).map_err(refused)?,
        };
        let (track, options) = self.written(title, composer, style, voicing)?;
        let save = |path: &Path| -> Result<Option<String>, Failure> {
            let (bytes, shortfall) = written(&track, format, &options)?;
            atomic::write(path, &bytes)?;
            Ok(shortfall)
        };
        Ok(py.detach(|| save(&path))?)
    }
}

impl Track {
    /// The track with title and composer, and the options of its export.
    fn written(
        &self,
        title: Option<String>,
        composer: Option<String>,
        style: &str,
        voicing: &str,
    ) -> PyResult<(track::Track, Options)> {
        let style: Style = style.parse().map_err(refused)?;
        let voicing: Voicing = voicing.parse().map_err(refused)?;
        let options = Options {
            style,
            voicing,
            title: title.or_else(|| self.options.title.clone()),
            artist: composer,
            ..self.options.clone()
        };
        let mut track = self.track.clone();
        track.set_info(track::Info {
            title: options.title.clone().unwrap_or_default(),
            composer: options.artist.clone().unwrap_or_default(),
            ..track.info().clone()
        });
        Ok((track, options))
    }
}

fn written(
    track: &track::Track,
    format: Format,
    options: &export::Options,
) -> Result<(Vec<u8>, Option<String>), Failure> {
    let mut bytes = Vec::new();
    let written = format.write_track(&mut bytes, track, options);
    written.map_err(|error| Failure::Value(error.to_string()))?;
    Ok((bytes, format.shortfall(track, options)))
}
