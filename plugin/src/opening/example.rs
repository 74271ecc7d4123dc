//! A song with its chords as a training example: the part of the track over its audio.

use harmony::time::TimeError;
use harmony::timeline::{Segment, Timeline, TimelineError};
use harmony::track::{Keep, Track};

use super::OpenedSong;

/// Why a track gives no example.
#[derive(Debug, thiserror::Error)]
pub enum ExampleError {
    /// The track has no chords there.
    #[error("the track has no chords where the audio is")]
    NoChords,
    /// The segments do not make a valid timeline.
    #[error(transparent)]
    Timeline(#[from] TimelineError),
    /// A tempo out of bounds.
    #[error(transparent)]
    Time(#[from] TimeError),
}

/// The chords and keys of the track where the song's audio lies; second 0 is that of the
/// audio.
///
/// # Errors
/// If the track has no chords there.
pub fn example(track: &Track, song: &OpenedSong) -> Result<Track, ExampleError> {
    let (from_s, to_s) = (song.place_s, song.place_s + song.length_s);
    let within = track.timeline().range(from_s, to_s).iter();
    let moved = within.map(|segment| Segment {
        start_s: segment.start_s.max(from_s) - from_s,
        end_s: segment.end_s.min(to_s) - from_s,
        start_beat: None,
        end_beat: None,
        ..segment.clone()
    });
    let timeline = Timeline::from_segments(moved.filter(|it| it.end_s > it.start_s))?;
    if !timeline
        .segments()
        .iter()
        .any(|it| it.label.chord().is_some())
    {
        return Err(ExampleError::NoChords);
    }
    let tempo = track.tempo().moved(-from_s)?;
    let mut example = Track::from_timeline(timeline, tempo.clone());
    example.set_tempo(tempo, Keep::Seconds)?;
    example.set_keys(track.keys().to_vec())?;
    example.set_info(track.info().clone());
    Ok(example)
}
