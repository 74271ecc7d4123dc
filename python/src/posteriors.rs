//! The network's posteriors, frame by frame.

use std::path::PathBuf;

use harmony::label::Note;
use harmony::vocabulary::large;
use pyo3::prelude::*;
use pyo3::types::PyBytes;
use recognizer::Analysis;
use recognizer::features::centred_cqt::FILE_HOP_S;
use recognizer::models::{self, EmbeddedError};
use recognizer::networks::BASS_CLASSES;
use recognizer::transcribe::Networks;

use crate::audio::Source;
use crate::errors::Failure;
use crate::track::{READING, tuning_setting};
use crate::work::watched;

/// Bytes of native-endian 32-bit floats: log-probabilities of chords, `frames × 170`; of basses,
/// `frames × 13`, or empty; seconds between frames; A4 in Hz; a warning if part of the file is
/// missing.
type Answers<'py> = (
    Bound<'py, PyBytes>,
    Bound<'py, PyBytes>,
    f64,
    f64,
    Option<String>,
);

/// The classes of chords, in their order.
pub fn chord_names() -> Vec<String> {
    let all = 0..large::LEN;
    all.map(|class| large::label_of(class).to_string())
        .collect()
}

/// The classes of basses, in their order.
pub fn bass_names() -> Vec<String> {
    let notes = 0..BASS_CLASSES as u8 - 1;
    let mut names: Vec<String> = notes
        .map(|pitch_class| Note::common(pitch_class, false).to_string())
        .collect();
    names.push("N".into());
    names
}

/// The log-posteriors of every frame.
#[pyfunction]
#[pyo3(signature = (path, samples, rate, tuning_hz=None, progress=None))]
pub fn posteriors<'py>(
    py: Python<'py>,
    path: Option<PathBuf>,
    samples: Option<Vec<Bound<'py, PyBytes>>>,
    rate: Option<u32>,
    tuning_hz: Option<f64>,
    progress: Option<Bound<'py, PyAny>>,
) -> PyResult<Answers<'py>> {
    let source = Source::new(path, samples, rate)?;
    let tuning = tuning_setting(tuning_hz)?;
    let (chords, basses, a4_hz, warning) = watched(py, progress.as_ref(), move |go_on| {
        let internal = |error: EmbeddedError| Failure::Internal(error.to_string());
        let windowed = models::windowed().map_err(internal)?;
        let networks = Networks::both(&*windowed, models::live().map_err(internal)?);
        let (signal, warning) = source.read(&mut |share| {
            go_on(share * READING);
        })?;
        let listening = |share: f32| go_on(READING + share * (1.0 - READING));
        let heard = Analysis::with_tuning(&signal, &networks, tuning, listening)?;
        let (mut chords, mut basses) = (Vec::new(), Vec::new());
        for posterior in &heard.posteriors {
            chords.extend(posterior.chord.iter().flat_map(|it| it.to_ne_bytes()));
            let bass = posterior.bass.iter().flatten();
            basses.extend(bass.flat_map(|it| it.to_ne_bytes()));
        }
        Ok((chords, basses, heard.tuning.a4_hz(), warning))
    })?;
    Ok((
        PyBytes::new(py, &chords),
        PyBytes::new(py, &basses),
        FILE_HOP_S,
        a4_hz,
        warning,
    ))
}
