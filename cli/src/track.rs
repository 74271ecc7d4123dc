//! The chord track of a song.

use std::path::Path;

use harmony::export;
use harmony::timeline::Timeline;
use harmony::track::{Keep, Track};
use recognizer::beat::Beats;

use crate::error::{Error, in_file};

/// The track of `chords`, with tempo and meters from `beats`, else from `about`, and with the keys
/// found from `heard`, unless `about` names one.
///
/// # Errors
/// A track that breaks a rule of [`Track`]; the message names `file`.
pub fn build(
    file: &Path,
    chords: &Timeline,
    heard: &Timeline,
    beats: Option<&Beats>,
    about: &export::Options,
) -> Result<Track, Error> {
    let in_file = in_file(file);
    let mut track = about.track(chords).map_err(|cause| in_file(&cause))?;
    if let Some(beats) = beats
        && let Some(tempo) = beats.tempo_map()
    {
        let set = track.set_tempo(tempo, Keep::Seconds);
        set.map_err(|cause| in_file(&cause))?;
        track.set_meters(beats.meter_map());
    }
    if about.key.is_none() {
        let found = track.estimate_keys_of(heard);
        found.map_err(|cause| in_file(&cause))?;
    }
    Ok(track)
}
