//! `.jams` files: JSON Annotated Music Specification.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::rows::{Refusal, Rows};
use super::{ImportError, RowError};
use crate::label::Label;
use crate::timeline::{Segment, Timeline};

/// The namespaces whose values are Harte labels.
const NAMESPACES: [&str; 2] = ["chord", "chord_harte"];

#[derive(Deserialize)]
struct File<'a> {
    #[serde(borrow)]
    annotations: Vec<Annotation<'a>>,
}

/// The data stay text until it is known that they are chords: other
/// annotations of the file may be large and of any shape.
#[derive(Deserialize)]
struct Annotation<'a> {
    #[serde(borrow)]
    namespace: Cow<'a, str>,
    #[serde(borrow)]
    data: &'a RawValue,
}

#[derive(Deserialize)]
struct Observation<'a> {
    time: f64,
    duration: f64,
    #[serde(borrow)]
    value: Cow<'a, str>,
    confidence: Option<f32>,
}

/// Reads the first annotation of `chord` or `chord_harte` from the text of a
/// `.jams` file. A confidence outside 0 … 1 is held to it, a missing one is 1;
/// neighbours within [`JOIN_S`](super::JOIN_S) are joined, gaps filled with lost time.
///
/// # Errors
/// Not JSON, not JAMS, no chords, or the first bad observation.
pub fn parse(text: &str) -> Result<Timeline, ImportError> {
    let file: File<'_> = serde_json::from_str(text)?;
    let chords = file
        .annotations
        .iter()
        .find(|annotation| NAMESPACES.contains(&annotation.namespace.as_ref()))
        .ok_or(ImportError::NoChordAnnotation)?;
    let observations: Vec<Observation<'_>> =
        serde_json::from_str(chords.data.get()).map_err(ImportError::Data)?;
    let mut rows = Rows::default();
    for (index, observation) in observations.iter().enumerate() {
        let pushed = segment(observation)
            .map_err(Refusal::from)
            .and_then(|segment| rows.push(segment));
        pushed.map_err(|refusal| match refusal {
            Refusal::Row(source) => ImportError::Observation {
                number: index + 1,
                source,
            },
            Refusal::TooMany => ImportError::TooManySegments,
        })?;
    }
    rows.finish()
}

fn segment(observation: &Observation<'_>) -> Result<Segment, RowError> {
    let label: Label = observation.value.parse().map_err(RowError::Label)?;
    let end_s = observation.time + observation.duration;
    let mut segment = Segment::new(observation.time, end_s, label);
    if let Some(confidence) = observation.confidence {
        segment.confidence = if confidence.is_nan() {
            0.0
        } else {
            confidence.clamp(0.0, 1.0)
        };
    }
    Ok(segment)
}
