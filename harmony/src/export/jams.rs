//! `.jams`: JSON Annotated Music Specification 0.3, one annotation of the
//! namespace `chord`, and one of `key_mode` when keys are known.

use std::io;

use serde::Serialize;

use super::{AudioReference, ExportError, Keyed};
use crate::key::{Key, Mode};
use crate::style::Style;

/// The version of the schema that the files follow.
const JAMS_VERSION: &str = "0.3.5";

#[derive(Serialize)]
struct File<'a> {
    annotations: Vec<Annotation>,
    file_metadata: FileMetadata<'a>,
    sandbox: Sandbox<'a>,
}

#[derive(Serialize)]
struct FileMetadata<'a> {
    title: &'a str,
    artist: &'a str,
    release: &'a str,
    duration: f64,
    identifiers: Empty,
    jams_version: &'a str,
}

#[derive(Serialize)]
struct Annotation {
    namespace: &'static str,
    annotation_metadata: AnnotationMetadata,
    data: Vec<Observation>,
    sandbox: Empty,
    time: f64,
    duration: f64,
}

#[derive(Serialize)]
struct AnnotationMetadata {
    annotation_tools: String,
    data_source: &'static str,
}

#[derive(Serialize)]
struct Observation {
    time: f64,
    duration: f64,
    value: String,
    confidence: Option<f32>,
}

#[derive(Serialize)]
struct Empty {}

/// Fields outside the specification, as JAMS provides for in a sandbox.
#[derive(Serialize)]
struct Sandbox<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    audio: Option<&'a AudioReference>,
}

/// Writes the file. The duration of the piece is the end of the timeline.
///
/// # Errors
/// An error of the writer.
pub(crate) fn write(
    mut writer: impl io::Write,
    keyed: &Keyed<'_>,
    title: &str,
    artist: &str,
    audio: Option<&AudioReference>,
) -> Result<(), ExportError> {
    let timeline = keyed.timeline;
    let start_s = timeline.start_s().unwrap_or(0.0);
    let end_s = timeline.end_s().unwrap_or(0.0);
    let annotation = |namespace, data| Annotation {
        namespace,
        annotation_metadata: AnnotationMetadata {
            annotation_tools: concat!("Changes ", env!("CARGO_PKG_VERSION")).to_owned(),
            data_source: "program",
        },
        data,
        sandbox: Empty {},
        time: start_s,
        duration: end_s - start_s,
    };
    let chords = timeline.segments().iter().map(|segment| Observation {
        time: segment.start_s,
        duration: segment.duration_s(),
        value: keyed.text(segment, Style::Harte),
        confidence: Some(segment.confidence),
    });
    let mut annotations = vec![annotation("chord", chords.collect())];
    let ends_s = keyed.keys.iter().skip(1).map(|(from_s, _)| *from_s);
    let regions = keyed.keys.iter().zip(ends_s.chain([end_s]));
    let keys: Vec<Observation> = regions
        .filter_map(|(&(from_s, key), to_s)| {
            let from_s = from_s.clamp(start_s, end_s);
            Some(Observation {
                time: from_s,
                duration: to_s.clamp(from_s, end_s) - from_s,
                value: key_mode(key)?,
                confidence: None,
            })
        })
        .collect();
    if !keys.is_empty() {
        annotations.push(annotation("key_mode", keys));
    }
    let file = File {
        annotations,
        file_metadata: FileMetadata {
            title,
            artist,
            release: "",
            duration: end_s,
            identifiers: Empty {},
            jams_version: JAMS_VERSION,
        },
        sandbox: Sandbox { audio },
    };
    serde_json::to_writer_pretty(&mut writer, &file).map_err(io::Error::from)?;
    writer.write_all(b"\n")?;
    writer.flush()?;
    Ok(())
}

/// The key as the namespace `key_mode` writes it: at most one accidental.
fn key_mode(key: Key) -> Option<String> {
    let mode = match key.mode() {
        Mode::Major => "major",
        Mode::Minor => "minor",
    };
    (key.tonic().alter().abs() < 2).then(|| format!("{}:{mode}", key.tonic()))
}
