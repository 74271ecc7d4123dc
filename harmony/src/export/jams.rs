//! `.jams`: JSON Annotated Music Specification 0.3, one annotation of the
//! namespace `chord`, and one of `key_mode` when the key is known.

use std::io;

use serde::Serialize;

use super::{ExportError, Options};
use crate::key::{Key, Mode};
use crate::style::{Style, format};
use crate::timeline::Timeline;

/// The version of the schema that the files follow.
const JAMS_VERSION: &str = "0.3.5";

#[derive(Serialize)]
struct File<'a> {
    annotations: Vec<Annotation>,
    file_metadata: FileMetadata<'a>,
    sandbox: Empty,
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

/// Writes the file. The duration of the piece is the end of the timeline.
///
/// # Errors
/// The writer's.
pub fn write(
    mut writer: impl io::Write,
    timeline: &Timeline,
    options: &Options,
) -> Result<(), ExportError> {
    let key = options.key.as_ref();
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
        value: format(&segment.label, Style::Harte, key),
        confidence: Some(segment.confidence),
    });
    let mut annotations = vec![annotation("chord", chords.collect())];
    if let Some(value) = key.copied().and_then(key_mode) {
        let whole = Observation {
            time: start_s,
            duration: end_s - start_s,
            value,
            confidence: None,
        };
        annotations.push(annotation("key_mode", vec![whole]));
    }
    let file = File {
        annotations,
        file_metadata: FileMetadata {
            title: options.title.as_deref().unwrap_or_default(),
            artist: options.artist.as_deref().unwrap_or_default(),
            release: "",
            duration: end_s,
            identifiers: Empty {},
            jams_version: JAMS_VERSION,
        },
        sandbox: Empty {},
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
