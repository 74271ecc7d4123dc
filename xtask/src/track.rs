//! The chord track that the plugin keeps in its state.

use anyhow::{Context, Result, bail};
use harmony::timeline::{Segment, Status, Timeline};
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

/// The track in a state that a CLAP host saved: as the JSON that the plugin wrote,
/// and read.
///
/// The state is JSON after its length in eight bytes; the track is JSON again, as
/// text, in `fields.track`.
pub fn from_state(state: &[u8]) -> Result<(Value, Vec<TrackSegment>)> {
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
    let value: Value = match field {
        Value::String(text) => {
            serde_json::from_str(text).context("the chord track in the state is not JSON")?
        }
        other => other.clone(),
    };
    let track: Track = serde_json::from_value(value.clone())
        .context("the chord track in the state is not readable")?;
    if track.version != 1 {
        bail!(
            "the chord track is of version {}, this program reads 1",
            track.version
        );
    }
    Ok((value, track.segments))
}

/// The track as a timeline without gaps; what the plugin has not heard is `X` there.
pub fn timeline(segments: &[TrackSegment]) -> Result<Timeline> {
    let mut timeline = Timeline::default();
    for segment in segments {
        let from_s = timeline.end_s().unwrap_or(0.0);
        if segment.start_s > from_s {
            timeline.insert(Segment::lost(from_s, segment.start_s))?;
        }
        timeline.insert(Segment {
            start_beat: segment.start_beat,
            end_beat: segment.end_beat,
            confidence: segment.confidence,
            status: if segment.confirmed {
                Status::Confirmed
            } else {
                Status::Provisional
            },
            ..Segment::new(
                segment.start_s.max(from_s),
                segment.end_s,
                segment.label.clone(),
            )
        })?;
    }
    Ok(timeline)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state(track: &str) -> Vec<u8> {
        let json = serde_json::json!({
            "version": "0.1.0", "params": {}, "fields": { "track": track }
        });
        let json = serde_json::to_vec(&json).unwrap();
        let mut state = (json.len() as u64).to_le_bytes().to_vec();
        state.extend(json);
        state
    }

    #[test]
    fn what_was_not_heard_is_unknown_in_the_timeline() {
        let state = state(
            r#"{"version": 1, "clock": "host", "segments": [
                {"start_s": 1.0, "end_s": 2.0, "start_beat": 2.0, "end_beat": 4.0,
                 "label": "C:maj7/3", "confidence": 0.75, "confirmed": true},
                {"start_s": 2.0, "end_s": 3.5, "label": "N", "confidence": 0.5,
                 "confirmed": false}]}"#,
        );
        let (_, segments) = from_state(&state).unwrap();
        let timeline = timeline(&segments).unwrap();
        let shape: Vec<_> = timeline
            .segments()
            .iter()
            .map(|it| (it.start_s, it.label.to_string()))
            .collect();
        let expected = [(0.0, "X"), (1.0, "C:maj7/3"), (2.0, "N")];
        assert_eq!(
            shape,
            expected.map(|(start_s, label)| (start_s, label.to_owned()))
        );
        assert_eq!(timeline.segments()[1].start_beat, Some(2.0));
        assert_eq!(timeline.segments()[2].status, Status::Provisional);
    }

    #[test]
    fn a_state_that_is_not_ours_is_refused() {
        for (bytes, cause) in [
            (b"short".to_vec(), "too short"),
            (b"12345678{".to_vec(), "not JSON"),
            (b"12345678{}".to_vec(), "no chord track"),
            (state("{"), "not JSON"),
            (state(r#"{"version": 2, "segments": []}"#), "version 2"),
        ] {
            let error = from_state(&bytes).unwrap_err().to_string();
            assert!(error.contains(cause), "{error}");
        }
    }
}
