//! The chord track that the plugin keeps in its state.

use anyhow::{Context, Result, bail};
use serde::Deserialize;
use serde_json::Value;

/// One chord of the track.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct TrackSegment {
    /// Start in seconds.
    pub start_s: f64,
    /// End in seconds.
    pub end_s: f64,
    /// Start in quarter notes of the song.
    pub start_beat: Option<f64>,
    /// End in quarter notes of the song.
    pub end_beat: Option<f64>,
    /// The chord.
    pub label: harmony::label::Label,
    /// 0…1.
    pub confidence: f32,
    /// Whether the plugin will not take it back.
    pub confirmed: bool,
}

/// The segments in a state that a CLAP host saved.
///
/// The state is JSON after its length in eight bytes; the track is JSON again, as
/// text, in `fields.track`.
pub fn from_state(state: &[u8]) -> Result<Vec<TrackSegment>> {
    #[derive(Deserialize)]
    struct Track {
        version: u32,
        segments: Vec<TrackSegment>,
    }
    let json = state.get(8..).context("the plugin's state is too short")?;
    let state: Value = serde_json::from_slice(json).context("the plugin's state is not JSON")?;
    let field = state
        .pointer("/fields/track")
        .context("the state has no chord track")?;
    let track: Track = match field {
        Value::String(text) => serde_json::from_str(text),
        other => serde_json::from_value(other.clone()),
    }
    .context("the chord track in the state is not readable")?;
    if track.version != 1 {
        bail!(
            "the chord track is of version {}, this program reads 1",
            track.version
        );
    }
    Ok(track.segments)
}
