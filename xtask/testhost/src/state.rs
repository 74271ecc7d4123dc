//! The state that the plugin has its host save, and the chord track in it.

use anyhow::{Context, Result, bail};
use harmony::track::Track;
use serde_json::Value;

/// The version of the plugin's state that is read.
const VERSION: u64 = 2;

/// The JSON of a state that a CLAP host saved, which begins with its length in eight bytes.
///
/// # Errors
/// If it is not JSON.
pub fn json(state: &[u8]) -> Result<Value> {
    let json = state.get(8..).context("the plugin's state is too short")?;
    serde_json::from_slice(json).context("the plugin's state is not JSON")
}

/// The session in a state that a CLAP host saved, as the plugin wrote it, and its chord track.
///
/// The session is itself JSON text, in `fields.track`, and contains the track.
///
/// # Errors
/// If there is none, or it has another version.
pub fn session(state: &[u8]) -> Result<(Value, Track)> {
    session_in(&json(state)?)
}

/// The same for the JSON alone, which is what a VST3 host saves.
///
/// # Errors
/// See [`session`].
pub fn session_in(state: &Value) -> Result<(Value, Track)> {
    let field = state
        .pointer("/fields/track")
        .and_then(Value::as_str)
        .context("the state has no chord track")?;
    let session: Value =
        serde_json::from_str(field).context("the chord track in the state is not JSON")?;
    match session["version"].as_u64() {
        Some(VERSION) => {}
        other => bail!("the chord track is of version {other:?}, this program reads {VERSION}"),
    }
    let track = serde_json::from_value(session["track"].clone())
        .context("the chord track in the state is not readable")?;
    Ok((session, track))
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
    fn the_track_is_read() {
        let state = state(
            r#"{"version": 2, "clock": "host", "track": {"version": 1, "segments": [
                {"start_s": 1.0, "end_s": 2.0, "label": "C:maj7/3", "confidence": 0.75,
                 "status": "confirmed"}]}}"#,
        );
        let (session, track) = session(&state).unwrap();
        assert_eq!(session["clock"], "host");
        assert_eq!(track.timeline().segments()[0].label.to_string(), "C:maj7/3");
        assert_eq!(track.timeline().segments()[0].start_beat, Some(2.0));
    }

    #[test]
    fn a_state_that_is_not_ours_is_refused() {
        for (bytes, cause) in [
            (b"short".to_vec(), "too short"),
            (b"12345678{".to_vec(), "not JSON"),
            (b"12345678{}".to_vec(), "no chord track"),
            (state("{"), "not JSON"),
            (state(r#"{"version": 3}"#), "version Some(3)"),
            (state(r#"{"version": 2}"#), "not readable"),
        ] {
            let error = session(&bytes).unwrap_err().to_string();
            assert!(error.contains(cause), "{error}");
        }
    }
}
