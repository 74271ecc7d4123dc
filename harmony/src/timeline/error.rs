//! Errors of segments and of operations on the timeline.

use super::MAX_TIME_S;

/// A segment or an edit that would break the timeline.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[expect(missing_docs, reason = "each field is named in the message above it")]
pub enum TimelineError {
    /// A time that is negative, beyond [`MAX_TIME_S`], or not a number.
    #[error("the span {start_s} s to {end_s} s is not made of times from 0 to {MAX_TIME_S:e} s")]
    BadTime { start_s: f64, end_s: f64 },
    /// A segment that does not end after it starts.
    #[error("the span {start_s} s to {end_s} s has no duration")]
    NoDuration { start_s: f64, end_s: f64 },
    /// Beats that are not finite or run backwards.
    #[error("the segment at {start_s} s has beats that are not finite or run backwards")]
    BadBeats { start_s: f64 },
    /// A confidence outside 0 … 1.
    #[error("the segment at {start_s} s has confidence {confidence}, outside 0 to 1")]
    BadConfidence { start_s: f64, confidence: f32 },
    /// Too many alternatives, or one whose probability is outside 0 … 1.
    #[error("the segment at {start_s} s has more than 16 alternatives, or one outside 0 to 1")]
    BadAlternatives { start_s: f64 },
    /// A segment that starts before the previous one ends.
    #[error("the segment at {start_s} s starts before the previous one ends at {previous_end_s} s")]
    Overlap { start_s: f64, previous_end_s: f64 },
    /// A replacement that reaches beyond the range it replaces.
    #[error(
        "the segment {start_s} s to {end_s} s reaches outside the range {from_s} s to {to_s} s"
    )]
    OutsideRange {
        start_s: f64,
        end_s: f64,
        from_s: f64,
        to_s: f64,
    },
    /// More segments than a track may grow to.
    #[error("the track is full: it has {most} chords")]
    Full { most: usize },
}
