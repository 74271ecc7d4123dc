//! The live engine.

use std::sync::{Mutex, PoisonError};

use harmony::timeline::Segment;
use pyo3::prelude::*;
use pyo3::types::PyBytes;
use recognizer::live::{Event, LiveEngine, LiveSettings, Shown, ShownState};
use recognizer::models;

use crate::audio::{Mixer, channels};
use crate::errors::{Failure, refused};
use crate::track::tuning_setting;

/// Label and probability.
type Reading = (String, f32);

/// `("shown", shown at s, starts at s, label, state, confidence, alternatives)` or
/// `("segment", start s, end s, label, "", confidence, alternatives)`.
type Row = (
    &'static str,
    f64,
    f64,
    String,
    &'static str,
    f32,
    Vec<Reading>,
);

struct Engine {
    live: LiveEngine,
    mixer: Mixer,
    /// The number of channels, from the first block.
    channels: Option<usize>,
}

/// Recognizes chords from samples live.
#[pyclass(module = "changes._native", frozen)]
pub struct Live {
    engine: Mutex<Engine>,
}

#[pymethods]
impl Live {
    #[new]
    #[pyo3(signature = (rate, sensitivity, tuning_hz=None))]
    fn new(rate: f64, sensitivity: f32, tuning_hz: Option<f64>) -> PyResult<Self> {
        let settings = LiveSettings {
            sensitivity,
            tuning: tuning_setting(tuning_hz)?,
            ..LiveSettings::default()
        };
        let model = models::live().map_err(|error| Failure::Internal(error.to_string()))?;
        let live = LiveEngine::new(model, rate, settings).map_err(refused)?;
        Ok(Self {
            engine: Mutex::new(Engine {
                live,
                mixer: Mixer::new(rate),
                channels: None,
            }),
        })
    }

    /// Takes the next samples and returns the resulting events.
    fn push(&self, py: Python<'_>, samples: Vec<Bound<'_, PyBytes>>) -> PyResult<Vec<Row>> {
        let channels = channels(&samples)?;
        py.detach(|| {
            let mut engine = self.lock();
            let count = channels.len();
            let first = *engine.channels.get_or_insert(count);
            if first != count {
                return Err(refused(format!(
                    "{count} channels after a block of {first}: pass the same number each time"
                )));
            }
            let Engine { live, mixer, .. } = &mut *engine;
            let block: Vec<&[f32]> = channels.iter().map(Vec::as_slice).collect();
            live.push(mixer.mix(&block));
            Ok(events(live))
        })
    }

    /// Ends the input and returns the events of the buffered samples; time begins again.
    fn finish(&self, py: Python<'_>) -> Vec<Row> {
        py.detach(|| {
            let mut engine = self.lock();
            engine.live.finish();
            engine.start_over();
            events(&mut engine.live)
        })
    }

    /// Forgets everything.
    fn reset(&self, py: Python<'_>) {
        py.detach(|| {
            let mut engine = self.lock();
            engine.live.reset();
            engine.start_over();
        });
    }

    /// Seconds of audio pushed so far.
    #[getter]
    fn now_s(&self, py: Python<'_>) -> f64 {
        py.detach(|| self.lock().live.now_s())
    }

    /// Seconds of audio after a moment that are needed to analyse it.
    #[getter]
    fn latency_s(&self, py: Python<'_>) -> f64 {
        py.detach(|| self.lock().live.latency_s())
    }

    /// Frequency of A4 in Hz, once it is known.
    #[getter]
    fn tuning_hz(&self, py: Python<'_>) -> Option<f64> {
        py.detach(|| self.lock().live.tuning().map(|it| it.a4_hz()))
    }
}

impl Live {
    fn lock(&self) -> std::sync::MutexGuard<'_, Engine> {
        self.engine.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Engine {
    fn start_over(&mut self) {
        self.channels = None;
        // The polarity of the old signal does not apply to the next.
        self.mixer.start_over();
    }
}

fn events(engine: &mut LiveEngine) -> Vec<Row> {
    let mut rows = Vec::new();
    while let Some(event) = engine.poll() {
        rows.push(match event {
            Event::Shown(shown) => shown_row(shown),
            Event::Segment(segment) => segment_row(segment),
        });
    }
    rows
}

fn shown_row(shown: Shown) -> Row {
    let state = match shown.state {
        ShownState::Provisional => "provisional",
        ShownState::Confirmed => "confirmed",
    };
    let alternatives = shown.alternatives.into_iter();
    (
        "shown",
        shown.shown_at_s,
        shown.starts_at_s,
        shown.label.to_string(),
        state,
        shown.confidence,
        alternatives.map(|(it, p)| (it.to_string(), p)).collect(),
    )
}

fn segment_row(segment: Segment) -> Row {
    let alternatives = segment.alternatives.into_iter();
    (
        "segment",
        segment.start_s,
        segment.end_s,
        segment.label.to_string(),
        "",
        segment.confidence,
        alternatives
            .map(|it| (it.label.to_string(), it.probability))
            .collect(),
    )
}
