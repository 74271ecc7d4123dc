//! Tempo maps between beats and seconds.

use serde::{Deserialize, Serialize};

use super::{MAX_BEAT, TimeError};
use crate::timeline::{Segment, Timeline};

/// The slowest tempo, in quarter notes a minute: the limit of a MIDI file.
pub const MIN_BPM: f64 = 4.0;

/// The fastest tempo, in quarter notes a minute.
pub const MAX_BPM: f64 = 1000.0;

/// The most points a tempo map may have.
pub const MAX_TEMPO_POINTS: usize = 200_000;

/// Beats of neighbouring segments that differ by less count as equal.
const BEAT_TOLERANCE: f64 = 1e-6;

/// A beat whose second is known.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct TempoPoint {
    /// Seconds.
    pub time_s: f64,
    /// Quarter-note beats.
    pub beat: f64,
}

/// A map between beats and seconds: linear between points, at the last tempo after them and at the
/// first before them.
///
/// Invariants: at least one point; points are finite and strictly increase in both
/// directions; every tempo lies in [`MIN_BPM`] … [`MAX_BPM`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Parts", into = "Parts")]
pub struct TempoMap {
    points: Vec<TempoPoint>,
    /// From the last point on.
    last_bpm: f64,
}

/// The stored form, which has yet to be checked.
#[derive(Serialize, Deserialize)]
struct Parts {
    points: Vec<TempoPoint>,
    last_bpm: f64,
}

impl Default for TempoMap {
    /// 120 beats a minute, beat 0 at second 0.
    fn default() -> Self {
        Self {
            points: vec![TempoPoint {
                time_s: 0.0,
                beat: 0.0,
            }],
            last_bpm: 120.0,
        }
    }
}

impl TempoMap {
    /// A map of points and the tempo after the last of them.
    ///
    /// # Errors
    /// No point, too many, points that do not increase, or a tempo out of bounds.
    pub fn new(points: Vec<TempoPoint>, last_bpm: f64) -> Result<Self, TimeError> {
        if points.is_empty() {
            return Err(TimeError::NoPoint);
        }
        if points.len() > MAX_TEMPO_POINTS {
            return Err(TimeError::TooMany {
                count: points.len(),
                most: MAX_TEMPO_POINTS,
            });
        }
        for (index, point) in points.iter().enumerate() {
            let before = index.checked_sub(1).map(|before| points[before]);
            let follows = before
                .is_none_or(|before| point.time_s > before.time_s && point.beat > before.beat);
            let bounds = -MAX_BEAT..=MAX_BEAT;
            if !(bounds.contains(&point.time_s) && bounds.contains(&point.beat) && follows) {
                return Err(TimeError::Point {
                    index,
                    time_s: point.time_s,
                    beat: point.beat,
                });
            }
        }
        let map = Self { points, last_bpm };
        let tempos = map.points.windows(2).map(|pair| slope(pair[0], pair[1]));
        for bpm in tempos.chain([last_bpm]) {
            if !usable(bpm) {
                return Err(TimeError::Tempo(bpm));
            }
        }
        Ok(map)
    }

    /// One tempo, with `beat` at `time_s`.
    ///
    /// # Errors
    /// A tempo out of bounds, a place that is not finite.
    pub fn constant(bpm: f64, time_s: f64, beat: f64) -> Result<Self, TimeError> {
        Self::new(vec![TempoPoint { time_s, beat }], bpm)
    }

    /// The map of beats heard at these times (seconds, ascending), the first of which
    /// is `first_beat`; each is one quarter note after the one before.
    ///
    /// # Errors
    /// Fewer than two beats, or beats too close together or too far apart.
    pub fn from_beats(times_s: &[f64], first_beat: f64) -> Result<Self, TimeError> {
        let points: Vec<TempoPoint> = times_s
            .iter()
            .enumerate()
            .map(|(index, &time_s)| TempoPoint {
                time_s,
                beat: first_beat + index as f64,
            })
            .collect();
        let [.., before, last] = points.as_slice() else {
            return Err(TimeError::NoPoint);
        };
        let last_bpm = slope(*before, *last);
        Self::new(points, last_bpm)
    }

    /// The map through the beats of a timeline's segments; `None` unless every segment has its
    /// beats, they are continuous, and the tempos are possible.
    ///
    /// Second 0 is the host's beat 0 where that gives a possible tempo; else the first chord's
    /// tempo is continued back to it.
    #[must_use]
    pub fn from_timeline(timeline: &Timeline) -> Option<Self> {
        let segments = timeline.segments();
        let ends = |segment: &Segment| Some((segment.start_beat?, segment.end_beat?));
        let first = segments.first()?;
        let (first_beat, _) = ends(first)?;
        let mut points = Vec::with_capacity(segments.len() + 1);
        let lead_in = 60.0 * first_beat / first.start_s;
        if usable(lead_in) {
            points.push(TempoPoint {
                time_s: 0.0,
                beat: 0.0,
            });
        }
        let mut reached = first_beat;
        for segment in segments {
            let (start, end) = ends(segment)?;
            if (start - reached).abs() >= BEAT_TOLERANCE {
                return None;
            }
            points.push(TempoPoint {
                time_s: segment.start_s,
                beat: start,
            });
            reached = end;
        }
        let last = segments.last()?;
        let end = TempoPoint {
            time_s: last.end_s,
            beat: reached,
        };
        let last_bpm = slope(*points.last()?, end);
        points.push(end);
        Self::new(points, last_bpm).ok()
    }

    /// The points.
    #[must_use]
    pub fn points(&self) -> &[TempoPoint] {
        &self.points
    }

    /// The tempo from the last point on, in quarter notes a minute.
    #[must_use]
    pub const fn last_bpm(&self) -> f64 {
        self.last_bpm
    }

    /// The beat at a time in seconds.
    #[must_use]
    pub fn beat_at(&self, time_s: f64) -> f64 {
        let after = self.points.partition_point(|point| point.time_s <= time_s);
        let (point, bpm) = self.piece(after);
        point.beat + (time_s - point.time_s) * bpm / 60.0
    }

    /// The time of a beat, in seconds. The inverse of [`beat_at`](Self::beat_at).
    #[must_use]
    pub fn time_at(&self, beat: f64) -> f64 {
        let after = self.points.partition_point(|point| point.beat <= beat);
        let (point, bpm) = self.piece(after);
        point.time_s + (beat - point.beat) * 60.0 / bpm
    }

    /// The tempo from a beat on, in quarter notes a minute.
    #[must_use]
    pub fn bpm_at(&self, beat: f64) -> f64 {
        let after = self.points.partition_point(|point| point.beat <= beat);
        self.piece(after).1
    }

    /// The mean tempo of `from_beat` … `to_beat` in quarter notes a minute: its length in beats
    /// over its length in time.
    #[must_use]
    pub fn mean_bpm(&self, from_beat: f64, to_beat: f64) -> f64 {
        let seconds = self.time_at(to_beat) - self.time_at(from_beat);
        if seconds > 0.0 {
            (60.0 * (to_beat - from_beat) / seconds).clamp(MIN_BPM, MAX_BPM)
        } else {
            self.bpm_at(from_beat)
        }
    }

    /// The same map with another tempo from `beat` on; later points are dropped.
    ///
    /// # Errors
    /// A tempo out of bounds, a beat that is not finite.
    pub fn with_tempo_from(&self, beat: f64, bpm: f64) -> Result<Self, TimeError> {
        let time_s = self.time_at(beat);
        let mut points = self.points.clone();
        points.retain(|point| point.beat < beat && point.time_s < time_s);
        if points.is_empty() {
            // The tempo before the first point is that of the piece after it: one point
            // further back keeps what came before as it was.
            let before = beat - 1.0;
            points.push(TempoPoint {
                time_s: self.time_at(before),
                beat: before,
            });
        }
        points.push(TempoPoint { time_s, beat });
        Self::new(points, bpm)
    }

    /// The map with `factor` times as many beats in the same time, counted from beat 0.
    ///
    /// # Errors
    /// A factor that brings a tempo out of bounds, or a beat beyond [`MAX_BEAT`].
    pub fn scaled(&self, factor: f64) -> Result<Self, TimeError> {
        let last_bpm = self.last_bpm * factor;
        if !usable(last_bpm) {
            return Err(TimeError::Tempo(last_bpm));
        }
        let points = self.points.iter().map(|point| TempoPoint {
            beat: point.beat * factor,
            ..*point
        });
        Self::new(points.collect(), last_bpm)
    }

    /// The map with every beat `by_s` seconds later.
    ///
    /// # Errors
    /// Seconds out of bounds.
    pub fn moved(&self, by_s: f64) -> Result<Self, TimeError> {
        let points = self.points.iter().map(|point| TempoPoint {
            time_s: point.time_s + by_s,
            ..*point
        });
        Self::new(points.collect(), self.last_bpm)
    }

    /// The point and the tempo that hold before point number `after`.
    fn piece(&self, after: usize) -> (TempoPoint, f64) {
        let from = after.saturating_sub(1);
        let point = self.points[from];
        let bpm = self
            .points
            .get(from + 1)
            .map_or(self.last_bpm, |&next| slope(point, next));
        (point, bpm)
    }

    /// Each tempo with the beat it starts at, neighbours of one tempo joined.
    #[must_use]
    pub fn tempos(&self) -> Vec<(f64, f64)> {
        let mut tempos: Vec<(f64, f64)> = Vec::new();
        for (index, point) in self.points.iter().enumerate() {
            let (_, bpm) = self.piece(index + 1);
            if tempos
                .last()
                .is_none_or(|&(_, last)| (last - bpm).abs() > 1e-6 * bpm)
            {
                tempos.push((point.beat, bpm));
            }
        }
        tempos
    }
}

fn slope(from: TempoPoint, to: TempoPoint) -> f64 {
    60.0 * (to.beat - from.beat) / (to.time_s - from.time_s)
}

fn usable(bpm: f64) -> bool {
    (MIN_BPM..=MAX_BPM).contains(&bpm)
}

impl TryFrom<Parts> for TempoMap {
    type Error = TimeError;

    fn try_from(parts: Parts) -> Result<Self, Self::Error> {
        Self::new(parts.points, parts.last_bpm)
    }
}

impl From<TempoMap> for Parts {
    fn from(map: TempoMap) -> Self {
        Self {
            points: map.points,
            last_bpm: map.last_bpm,
        }
    }
}
