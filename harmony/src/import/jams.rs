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

/// An annotation. Its data stay text until its namespace is known to be chords: other annotations
/// may be large and of any shape.
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
    /// Any JSON value: tools write various things where they know no confidence.
    #[serde(borrow, default)]
    confidence: Option<&'a RawValue>,
}

/// Reads the first annotation of `chord` or `chord_harte` from the text of a `.jams` file. A
/// confidence is clamped to 0 … 1; one that is missing, `null`, or not a number (`NaN`, as the
/// Python library of JAMS writes it) is 1; neighbours within [`JOIN_S`](super::JOIN_S) are joined,
/// gaps filled with lost time.
///
/// # Errors
/// Not JSON, not JAMS, no chords, or the first bad observation.
pub fn parse(text: &str) -> Result<Timeline, ImportError> {
    let text = text.strip_prefix('\u{FEFF}').unwrap_or(text);
    let text = without_special_numbers(text);
    let file: File<'_> = serde_json::from_str(&text)?;
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
    let confidence = observation.confidence.map(RawValue::get);
    if let Some(confidence) = confidence.and_then(|it| it.parse::<f32>().ok()) {
        segment.confidence = if confidence.is_nan() {
            1.0
        } else {
            confidence.clamp(0.0, 1.0)
        };
    }
    Ok(segment)
}

/// Numbers that Python writes to JSON although JSON lacks them.
const SPECIAL: [&str; 3] = ["-Infinity", "Infinity", "NaN"];

/// The text with `null` in place of those numbers, outside of strings. Line breaks are kept, so
/// that messages name the right line.
fn without_special_numbers(text: &str) -> Cow<'_, str> {
    if !text.contains("NaN") && !text.contains("Infinity") {
        return Cow::Borrowed(text);
    }
    let mut plain = String::with_capacity(text.len() + text.len() / 8);
    let mut kept = 0;
    let (mut in_string, mut escaped) = (false, false);
    let mut at = 0;
    let bytes = text.as_bytes();
    while at < bytes.len() {
        let byte = bytes[at];
        let special = match byte {
            b'N' | b'I' | b'-' if !in_string => SPECIAL
                .iter()
                .find(|it| bytes[at..].starts_with(it.as_bytes())),
            _ => None,
        };
        if let Some(special) = special {
            // Both ends are ASCII, hence character boundaries.
            plain += &text[kept..at];
            plain += "null";
            at += special.len();
            kept = at;
            continue;
        }
        in_string = if byte == b'"' && !escaped {
            !in_string
        } else {
            in_string
        };
        escaped = in_string && byte == b'\\' && !escaped;
        at += 1;
    }
    plain += &text[kept..];
    Cow::Owned(plain)
}
