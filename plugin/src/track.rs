//! The chords of the session, saved with the host's project.
//!
//! The JSON that a host keeps in the plugin's state under `fields.track`:
//!
//! ```json
//! {"version": 1, "clock": "host", "segments": [
//!   {"start_s": 0.0, "end_s": 1.86, "start_beat": 0.0, "end_beat": 4.0,
//!    "label": "C:maj", "confidence": 0.93, "confirmed": true}]}
//! ```
//!
//! Segments are ordered and do not overlap; what the plugin has not heard is not
//! covered by any.

use harmony::label::Label;
use serde::{Deserialize, Serialize};

/// The oldest segments go when a track grows past this many, hours of music.
pub const SEGMENTS_MAX: usize = 20_000;

/// Shorter leftovers of a cut, in seconds, are dropped.
const SLIVER_S: f64 = 1e-6;

/// What the times of a track count from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Clock {
    /// From the first sample that the plugin heard: the host has shown no
    /// running transport yet.
    #[default]
    Stream,
    /// From the start of the host's song.
    Host,
}

/// One chord of a track.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TrackSegment {
    /// Start in seconds.
    pub start_s: f64,
    /// End in seconds.
    pub end_s: f64,
    /// Start in quarter notes, where the host tells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start_beat: Option<f64>,
    /// End in quarter notes, where the host tells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end_beat: Option<f64>,
    /// The chord.
    pub label: Label,
    /// 0…1.
    pub confidence: f32,
    /// Whether the decoder will not take it back.
    pub confirmed: bool,
}

impl TrackSegment {
    /// The beat at `time_s`, by straight line between start and end.
    fn beat_at(&self, time_s: f64) -> Option<f64> {
        let (start, end) = (self.start_beat?, self.end_beat?);
        let length_s = self.end_s - self.start_s;
        Some(start + (end - start) * (time_s - self.start_s) / length_s)
    }

    /// The part of the segment within `start_s..end_s`, if any is left.
    fn part(&self, start_s: f64, end_s: f64) -> Option<Self> {
        let (from_s, to_s) = (self.start_s.max(start_s), self.end_s.min(end_s));
        (to_s - from_s > SLIVER_S).then(|| Self {
            start_s: from_s,
            end_s: to_s,
            start_beat: self.beat_at(from_s),
            end_beat: self.beat_at(to_s),
            ..self.clone()
        })
    }
}

/// The chords heard so far, in the order of their clock.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "StoredTrack", into = "StoredTrack")]
pub struct ChordTrack {
    clock: Clock,
    segments: Vec<TrackSegment>,
}

#[derive(Serialize, Deserialize)]
struct StoredTrack {
    version: u32,
    clock: Clock,
    segments: Vec<TrackSegment>,
}

/// The version of the saved form.
const VERSION: u32 = 1;

impl ChordTrack {
    /// What the times count from.
    pub fn clock(&self) -> Clock {
        self.clock
    }

    /// The segments, ordered, without overlap.
    pub fn segments(&self) -> &[TrackSegment] {
        &self.segments
    }

    /// Starts a new track on `clock`.
    pub fn restart(&mut self, clock: Clock) {
        self.clock = clock;
        self.segments.clear();
    }

    /// Puts `new` segments (ordered, without overlap, inside the range) in the
    /// place of whatever lay in `start_s..end_s`.
    pub fn replace(&mut self, start_s: f64, end_s: f64, new: Vec<TrackSegment>) {
        let first = self
            .segments
            .partition_point(|segment| segment.end_s <= start_s);
        let last = self
            .segments
            .partition_point(|segment| segment.start_s < end_s);
        let last = last.max(first);
        let before = self
            .segments
            .get(first)
            .and_then(|it| it.part(f64::NEG_INFINITY, start_s));
        let after = last
            .checked_sub(1)
            .filter(|index| *index >= first)
            .and_then(|index| self.segments.get(index))
            .and_then(|it| it.part(end_s, f64::INFINITY));
        let pieces = before.into_iter().chain(new).chain(after);
        self.segments.splice(first..last, pieces);
        self.join_around(first);
        if self.segments.len() > SEGMENTS_MAX {
            self.segments.drain(..self.segments.len() - SEGMENTS_MAX);
        }
    }

    /// Joins equal neighbours that touch, near index `around`.
    fn join_around(&mut self, around: usize) {
        let mut index = around.saturating_sub(1);
        while index + 1 < self.segments.len() && index < around + 64 {
            let (left, right) = (&self.segments[index], &self.segments[index + 1]);
            let joins = left.label == right.label
                && (right.start_s - left.end_s).abs() <= SLIVER_S
                && match (left.end_beat, right.start_beat) {
                    (Some(end), Some(start)) => (start - end).abs() < 1e-3,
                    (end, start) => end.is_none() && start.is_none(),
                };
            if joins {
                let right = self.segments.remove(index + 1);
                let left = &mut self.segments[index];
                // The longer part speaks for both.
                if right.end_s - right.start_s > left.end_s - left.start_s {
                    left.confidence = right.confidence;
                }
                left.confirmed &= right.confirmed;
                left.end_s = right.end_s;
                left.end_beat = right.end_beat;
            } else {
                index += 1;
            }
        }
    }
}

impl TryFrom<StoredTrack> for ChordTrack {
    type Error = String;

    /// A project file may be damaged or written by somebody else.
    fn try_from(stored: StoredTrack) -> Result<Self, String> {
        if stored.version != VERSION {
            return Err(format!(
                "chord track version {} is not {VERSION}",
                stored.version
            ));
        }
        if stored.segments.len() > SEGMENTS_MAX {
            return Err(format!("chord track of {} segments", stored.segments.len()));
        }
        let mut end_s = f64::NEG_INFINITY;
        for (index, segment) in stored.segments.iter().enumerate() {
            let numbers = [segment.start_s, segment.end_s];
            let beats = [segment.start_beat, segment.end_beat];
            let sound = numbers.iter().all(|number| number.is_finite())
                && beats.iter().flatten().all(|beat| beat.is_finite())
                && (0.0..=1.0).contains(&segment.confidence)
                && segment.start_s < segment.end_s
                && segment.start_s >= end_s - SLIVER_S;
            if !sound {
                return Err(format!(
                    "segment {index} of the chord track is out of order"
                ));
            }
            end_s = segment.end_s;
        }
        Ok(Self {
            clock: stored.clock,
            segments: stored.segments,
        })
    }
}

impl From<ChordTrack> for StoredTrack {
    fn from(track: ChordTrack) -> Self {
        Self {
            version: VERSION,
            clock: track.clock,
            segments: track.segments,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn segment(start_s: f64, end_s: f64, label: &str) -> TrackSegment {
        TrackSegment {
            start_s,
            end_s,
            start_beat: Some(start_s * 2.0),
            end_beat: Some(end_s * 2.0),
            label: label.parse().unwrap(),
            confidence: 0.5,
            confirmed: true,
        }
    }

    fn shape(track: &ChordTrack) -> Vec<(f64, f64, String)> {
        let of = |it: &TrackSegment| (it.start_s, it.end_s, it.label.to_string());
        track.segments().iter().map(of).collect()
    }

    #[test]
    fn a_second_pass_over_a_loop_replaces_the_first() {
        let mut track = ChordTrack::default();
        track.replace(
            0.0,
            4.0,
            vec![segment(0.0, 2.0, "C:maj"), segment(2.0, 4.0, "F:maj")],
        );
        track.replace(1.0, 3.0, vec![segment(1.0, 3.0, "G:7")]);
        assert_eq!(
            shape(&track),
            [
                (0.0, 1.0, "C:maj".into()),
                (1.0, 3.0, "G:7".into()),
                (3.0, 4.0, "F:maj".into())
            ]
        );
        assert_eq!(track.segments()[2].start_beat, Some(6.0));
        assert_eq!(track.segments()[0].end_beat, Some(2.0));
    }

    #[test]
    fn a_cut_inside_one_segment_leaves_both_ends() {
        let mut track = ChordTrack::default();
        track.replace(0.0, 4.0, vec![segment(0.0, 4.0, "C:maj")]);
        track.replace(1.0, 2.0, vec![segment(1.0, 2.0, "D:min")]);
        assert_eq!(track.segments().len(), 3);
        track.replace(1.0, 2.0, vec![segment(1.0, 2.0, "C:maj")]);
        assert_eq!(shape(&track), [(0.0, 4.0, "C:maj".into())]);
    }

    #[test]
    fn what_was_not_heard_stays_empty() {
        let mut track = ChordTrack::default();
        track.replace(5.0, 6.0, vec![segment(5.0, 6.0, "C:maj")]);
        track.replace(1.0, 2.0, vec![segment(1.0, 2.0, "C:maj")]);
        assert_eq!(
            shape(&track),
            [(1.0, 2.0, "C:maj".into()), (5.0, 6.0, "C:maj".into())]
        );
    }

    #[test]
    fn the_saved_form_comes_back() {
        let mut track = ChordTrack::default();
        track.restart(Clock::Host);
        track.replace(0.0, 2.0, vec![segment(0.0, 2.0, "F#:hdim7/b3")]);
        let json = serde_json::to_string(&track).unwrap();
        assert_eq!(serde_json::from_str::<ChordTrack>(&json).unwrap(), track);
    }

    #[test]
    fn damaged_tracks_are_refused() {
        let one = r#"{"start_s":0,"end_s":1,"label":"C:maj","confidence":0.5,"confirmed":true}"#;
        let track = |version: u32, segments: &str| {
            let json = format!(r#"{{"version":{version},"clock":"host","segments":[{segments}]}}"#);
            serde_json::from_str::<ChordTrack>(&json)
        };
        assert!(track(1, one).is_ok());
        assert!(track(2, one).is_err());
        assert!(track(1, &format!("{one},{one}")).is_err());
        assert!(track(1, &one.replace("C:maj", "H:maj")).is_err());
        assert!(track(1, &one.replace("0.5", "7.5")).is_err());
        assert!(track(1, &one.replace(r#""end_s":1"#, r#""end_s":-1"#)).is_err());
    }

    #[test]
    fn a_track_does_not_grow_without_bound() {
        let mut track = ChordTrack::default();
        for index in 0..SEGMENTS_MAX + 10 {
            let label = if index % 2 == 0 { "C:maj" } else { "D:min" };
            let at = index as f64;
            track.replace(at, at + 1.0, vec![segment(at, at + 1.0, label)]);
        }
        assert_eq!(track.segments().len(), SEGMENTS_MAX);
        assert_eq!(track.segments()[0].start_s, 10.0);
    }
}
