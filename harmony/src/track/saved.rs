//! The saved form of a track: JSON with a version.
//!
//! ```json
//! {"version": 1, "info": {"title": "", "composer": "", "bars_per_line": 4},
//!  "tempo": {"points": [{"time_s": 0.0, "beat": 0.0}], "last_bpm": 120.0},
//!  "metres": [{"beat": 0.0, "metre": "4/4"}],
//!  "keys": [{"beat": 0.0, "key": "A:min"}],
//!  "sections": [{"beat": 0.0, "label": "A"}],
//!  "segments": [{"start_s": 0.0, "end_s": 2.0, "label": "A:min", "confidence": 0.9,
//!    "status": "confirmed", "locked": true,
//!    "alternatives": [{"label": "C:maj6", "probability": 0.06}]}]}
//! ```
//!
//! Beats of segments may be present but are ignored: they follow from the tempo map.

use std::fmt;

use serde::de::{SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{Info, KeyRegion, Section, Track};
use crate::import::MAX_SEGMENTS;
use crate::time::{MeterMap, TempoMap, TimeError};
use crate::timeline::{Segment, Timeline, TimelineError};

/// The version that is written, and the newest that is read.
pub const VERSION: u32 = 1;

/// The longest text that is read as a track.
pub const MAX_SAVED_BYTES: usize = 64 << 20;

/// A saved track that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// More than [`MAX_SAVED_BYTES`].
    #[error("the saved chord track has {0} bytes, more than {MAX_SAVED_BYTES}")]
    TooLarge(usize),
    /// Written by a newer program.
    #[error("the saved chord track is of version {0}; this program reads up to {VERSION}")]
    Version(u32),
    /// Not a track.
    #[error("the saved chord track is broken: {0}")]
    Json(#[from] serde_json::Error),
}

#[derive(Deserialize)]
struct Head {
    version: u32,
}

#[derive(Serialize, Deserialize)]
struct Saved {
    version: u32,
    #[serde(default)]
    info: Info,
    #[serde(default)]
    tempo: TempoMap,
    // The spelling of version 1.
    #[serde(default, rename = "metres")]
    meters: MeterMap,
    #[serde(default)]
    keys: Vec<KeyRegion>,
    #[serde(default)]
    sections: Vec<Section>,
    segments: Segments,
}

/// Segments, of which at most [`MAX_SEGMENTS`] are read.
struct Segments(Vec<Segment>);

impl Serialize for Segments {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(&self.0)
    }
}

impl<'de> Deserialize<'de> for Segments {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Bounded;
        impl<'de> Visitor<'de> for Bounded {
            type Value = Segments;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "at most {MAX_SEGMENTS} segments")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Segments, A::Error> {
                let mut segments = Vec::new();
                while let Some(segment) = list.next_element::<Segment>()? {
                    if segments.len() == MAX_SEGMENTS {
                        return Err(serde::de::Error::invalid_length(segments.len() + 1, &self));
                    }
                    segments.push(segment);
                }
                Ok(Segments(segments))
            }
        }
        deserializer.deserialize_seq(Bounded)
    }
}

impl Track {
    /// The saved form.
    ///
    /// # Errors
    /// None for a valid track; the type is serde's.
    pub fn to_json(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string(self)
    }

    /// Reads the saved form, of this version or an older one.
    ///
    /// # Errors
    /// Too large, of a newer version, or broken; the message says what.
    pub fn from_json(text: &str) -> Result<Self, LoadError> {
        if text.len() > MAX_SAVED_BYTES {
            return Err(LoadError::TooLarge(text.len()));
        }
        let head: Head = serde_json::from_str(text)?;
        if head.version == 0 || head.version > VERSION {
            return Err(LoadError::Version(head.version));
        }
        Ok(serde_json::from_str(text)?)
    }
}

impl Serialize for Track {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let saved = Saved {
            version: VERSION,
            info: self.info.clone(),
            tempo: self.tempo.clone(),
            meters: self.meters.clone(),
            keys: self.keys.clone(),
            sections: self.sections.clone(),
            segments: Segments(self.timeline.segments().to_vec()),
        };
        saved.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Track {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let saved = Saved::deserialize(deserializer)?;
        if saved.version == 0 || saved.version > VERSION {
            let error = LoadError::Version(saved.version);
            return Err(serde::de::Error::custom(error));
        }
        build(saved).map_err(serde::de::Error::custom)
    }
}

#[derive(Debug, thiserror::Error)]
enum BuildError {
    #[error(transparent)]
    Timeline(#[from] TimelineError),
    #[error(transparent)]
    Time(#[from] TimeError),
}

fn build(saved: Saved) -> Result<Track, BuildError> {
    let mut track = Track {
        tempo: saved.tempo,
        meters: saved.meters,
        ..Track::default()
    };
    track.set_info(saved.info);
    track.set_keys(saved.keys)?;
    super::check(&saved.sections, |section| section.beat)?;
    for section in saved.sections {
        track.set_section(section.beat, Some(&section.label))?;
    }
    track.set_timeline(Timeline::from_segments(saved.segments.0)?);
    Ok(track)
}
