//! Segments: spans of the timeline with one label.

use serde::{Deserialize, Serialize};

use super::TimelineError;
use crate::label::Label;

/// Whether the label of a segment may still change.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Shown at once; later audio may change it.
    Provisional,
    /// Final.
    #[default]
    Confirmed,
}

/// The most alternatives one segment may carry.
pub const MAX_ALTERNATIVES: usize = 16;

/// The latest time of a segment in seconds, 115 days: even at the fastest tempo its beat is
/// well within [`MAX_BEAT`](crate::time::MAX_BEAT).
pub const MAX_TIME_S: f64 = 1e7;

/// Another reading of a segment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Alternative {
    /// The other label.
    pub label: Label,
    /// How probable the recognizer finds it, 0 … 1.
    pub probability: f32,
}

/// A span of time with one label.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Segment {
    /// Start, in seconds from 0 on, at most [`MAX_TIME_S`].
    pub start_s: f64,
    /// End, in seconds; after the start, at most [`MAX_TIME_S`].
    pub end_s: f64,
    /// Start in quarter-note beats of the host, where known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start_beat: Option<f64>,
    /// End in quarter-note beats of the host, where known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end_beat: Option<f64>,
    /// What sounds.
    pub label: Label,
    /// How sure the recognizer is of the label, 0 … 1.
    pub confidence: f32,
    /// Whether the label may still change.
    pub status: Status,
    /// Set by hand: new analysis does not change it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub locked: bool,
    /// Other readings by the recognizer, most probable first; at most [`MAX_ALTERNATIVES`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub alternatives: Vec<Alternative>,
}

impl Segment {
    /// A confirmed segment of confidence 1 without beats.
    #[must_use]
    pub const fn new(start_s: f64, end_s: f64, label: Label) -> Self {
        Self {
            start_s,
            end_s,
            start_beat: None,
            end_beat: None,
            label,
            confidence: 1.0,
            status: Status::Confirmed,
            locked: false,
            alternatives: Vec::new(),
        }
    }

    /// Unknown time: `X`, confidence 0, confirmed.
    #[must_use]
    pub const fn lost(start_s: f64, end_s: f64) -> Self {
        let mut lost = Self::new(start_s, end_s, Label::Unknown);
        lost.confidence = 0.0;
        lost
    }

    /// The duration in seconds.
    #[must_use]
    pub const fn duration_s(&self) -> f64 {
        self.end_s - self.start_s
    }

    /// Whether a timeline would take this segment.
    ///
    /// # Errors
    /// What is wrong with its times, beats or confidence.
    pub fn check(&self) -> Result<(), TimelineError> {
        let &Self {
            start_s,
            end_s,
            confidence,
            ..
        } = self;
        let ends_in_time = end_s.is_finite() && end_s <= MAX_TIME_S;
        if !(ends_in_time && (0.0..=MAX_TIME_S).contains(&start_s)) {
            return Err(TimelineError::BadTime { start_s, end_s });
        }
        if end_s <= start_s {
            return Err(TimelineError::NoDuration { start_s, end_s });
        }
        let beats = [self.start_beat, self.end_beat];
        let backwards = matches!(beats, [Some(start), Some(end)] if end < start);
        if backwards || beats.iter().flatten().any(|beat| !beat.is_finite()) {
            return Err(TimelineError::BadBeats { start_s });
        }
        if !(0.0..=1.0).contains(&confidence) {
            return Err(TimelineError::BadConfidence {
                start_s,
                confidence,
            });
        }
        let alternatives = self.alternatives.len();
        let mut probabilities = self.alternatives.iter().map(|other| other.probability);
        if alternatives > MAX_ALTERNATIVES
            || probabilities.any(|probability| !(0.0..=1.0).contains(&probability))
        {
            return Err(TimelineError::BadAlternatives { start_s });
        }
        Ok(())
    }

    /// The part within `start_s` … `end_s`, which lie in this segment. Beats
    /// at a cut are interpolated when both ends are known, else unknown.
    pub(crate) fn cut(&self, start_s: f64, end_s: f64) -> Self {
        let beat_at = |time_s: f64| {
            let (start, end) = (self.start_beat?, self.end_beat?);
            let share = (time_s - self.start_s) / self.duration_s();
            Some((start + (end - start) * share).clamp(start, end))
        };
        Self {
            start_s,
            end_s,
            start_beat: if start_s == self.start_s {
                self.start_beat
            } else {
                beat_at(start_s)
            },
            end_beat: if end_s == self.end_s {
                self.end_beat
            } else {
                beat_at(end_s)
            },
            ..self.clone()
        }
    }

    /// Takes in the segment right after this one, which has the same label.
    pub(super) fn extend_over(&mut self, next: &Self) {
        let (own, other) = (self.duration_s(), next.duration_s());
        let mean =
            (f64::from(self.confidence) * own + f64::from(next.confidence) * other) / (own + other);
        self.confidence = (mean as f32).clamp(0.0, 1.0);
        self.end_s = next.end_s;
        self.end_beat = next.end_beat;
        // Two neighbours may come from different takes of a looping host.
        if matches!((self.start_beat, self.end_beat), (Some(start), Some(end)) if end < start) {
            self.end_beat = None;
        }
    }
}
