//! The saved form of a session: JSON with a version, in the plugin's state under
//! `fields.track`.
//!
//! ```json
//! {"version": 2, "clock": "host", "track": {"version": 1, "segments": […], …}}
//! ```
//!
//! A track that a band has written has `"changed_ms"` beside the clock.
//!
//! The track within is [`Track`]'s own saved form, with a version of its own. Version 1,
//! of the first release, had the chords alone:
//!
//! ```json
//! {"version": 1, "clock": "host", "segments": [
//!   {"start_s": 0.0, "end_s": 1.86, "start_beat": 0.0, "end_beat": 4.0,
//!    "label": "C:maj", "confidence": 0.93, "confirmed": true}]}
//! ```

use harmony::label::Label;
use harmony::time::{TempoMap, TempoPoint};
use harmony::timeline::{Segment, Status, Timeline, TimelineError};
use harmony::track::{MAX_SAVED_BYTES, Track};
use serde::{Deserialize, Serialize};

use super::Clock;

/// The version that is written, and the newest that is read.
const VERSION: u32 = 2;

/// Segments of version 1 could overlap by this much, in seconds.
const SLIVER_S: f64 = 1e-6;

/// A session as it is saved.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SavedSession {
    /// Where the times count from.
    pub clock: Clock,
    /// The track.
    pub track: Track,
    /// When the track was last changed, in milliseconds since 1970, if a band has written it:
    /// all of its instances save the track, and the newest counts. 0 if unknown.
    pub changed_ms: u64,
}

/// Why a saved session cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    /// More than [`MAX_SAVED_BYTES`].
    #[error("it has {0} bytes, more than {MAX_SAVED_BYTES}")]
    TooLarge(usize),
    /// Written by a newer plugin.
    #[error("a newer Changes wrote it (version {0})")]
    Version(u32),
    /// Not a session.
    #[error("it is damaged ({0})")]
    Json(#[from] serde_json::Error),
    /// Chords that do not make a valid track.
    #[error("it is damaged ({0})")]
    Timeline(#[from] TimelineError),
}

#[derive(Deserialize)]
struct Head {
    version: u32,
}

#[derive(Serialize)]
struct Written<'a> {
    version: u32,
    clock: Clock,
    #[serde(skip_serializing_if = "is_zero")]
    changed_ms: u64,
    track: &'a Track,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "as serde calls it")]
fn is_zero(number: &u64) -> bool {
    *number == 0
}

#[derive(Deserialize)]
struct Version2 {
    clock: Clock,
    #[serde(default)]
    changed_ms: u64,
    track: Track,
}

#[derive(Deserialize)]
struct Version1 {
    clock: Clock,
    segments: Vec<Segment1>,
}

#[derive(Deserialize)]
struct Segment1 {
    start_s: f64,
    end_s: f64,
    #[serde(default)]
    start_beat: Option<f64>,
    #[serde(default)]
    end_beat: Option<f64>,
    label: Label,
    confidence: f32,
    confirmed: bool,
}

impl SavedSession {
    /// The saved form.
    ///
    /// # Errors
    /// A track causes none; the type is serde's.
    pub fn to_json(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string(&Written {
            version: VERSION,
            clock: self.clock,
            changed_ms: self.changed_ms,
            track: &self.track,
        })
    }

    /// Reads the saved form, of this version or an older one.
    ///
    /// # Errors
    /// If the form is too large, of a newer version, or damaged; the message says which.
    pub fn from_json(text: &str) -> Result<Self, StateError> {
        if text.len() > MAX_SAVED_BYTES {
            return Err(StateError::TooLarge(text.len()));
        }
        match serde_json::from_str::<Head>(text)?.version {
            1 => from_version_1(serde_json::from_str(text)?),
            VERSION => {
                let Version2 {
                    clock,
                    changed_ms,
                    track,
                } = serde_json::from_str(text)?;
                Ok(Self {
                    clock,
                    track,
                    changed_ms,
                })
            }
            newer => Err(StateError::Version(newer)),
        }
    }
}

fn from_version_1(saved: Version1) -> Result<SavedSession, StateError> {
    let tempo = tempo_of(&saved.segments);
    let mut end_s = 0.0_f64;
    let mut segments = Vec::with_capacity(saved.segments.len());
    for old in saved.segments {
        let mut segment = Segment::new(old.start_s, old.end_s, old.label);
        segment.confidence = old.confidence;
        if !old.confirmed {
            segment.status = Status::Provisional;
        }
        // Pre-roll was kept then, and neighbours could overlap slightly.
        if segment.start_s < end_s && (end_s == 0.0 || end_s - segment.start_s <= SLIVER_S) {
            segment.start_s = end_s;
        }
        if segment.end_s <= segment.start_s && old.end_s > old.start_s {
            continue;
        }
        end_s = segment.end_s;
        segments.push(segment);
    }
    Ok(SavedSession {
        clock: saved.clock,
        track: Track::from_timeline(Timeline::from_segments(segments)?, tempo),
        changed_ms: 0,
    })
}

/// The tempo map through the beats of the old segments; else with the tempo of one of the
/// first; else the default.
fn tempo_of(segments: &[Segment1]) -> TempoMap {
    let ends = segments.iter().flat_map(|it| {
        let start = it.start_beat.map(|beat| (it.start_s, beat));
        let end = it.end_beat.map(|beat| (it.end_s, beat));
        [start, end]
    });
    let mut points = vec![TempoPoint {
        time_s: 0.0,
        beat: 0.0,
    }];
    for (time_s, beat) in ends.flatten() {
        let last = points[points.len() - 1];
        if time_s > last.time_s + SLIVER_S && beat > last.beat + SLIVER_S {
            points.push(TempoPoint { time_s, beat });
        }
    }
    let bpm =
        |from: TempoPoint, to: TempoPoint| 60.0 * (to.beat - from.beat) / (to.time_s - from.time_s);
    let [.., before, last] = points.as_slice() else {
        return TempoMap::default();
    };
    let last_bpm = bpm(*before, *last);
    let first = TempoMap::constant(bpm(points[0], points[1]), 0.0, 0.0);
    TempoMap::new(points, last_bpm)
        .or(first)
        .unwrap_or_default()
}
