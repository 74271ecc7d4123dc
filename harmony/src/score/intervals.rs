//! Labelled intervals, brought to a common span as `mir_eval.util` does it.

use crate::label::{Encoded, Label};
use crate::timeline::Segment;

/// A labelled span of time. Unlike the segments of a timeline, intervals may
/// leave gaps.
#[derive(Clone, Debug, PartialEq)]
pub struct Interval {
    /// Start in seconds.
    pub start_s: f64,
    /// End in seconds.
    pub end_s: f64,
    /// The label.
    pub label: Label,
}

impl From<&Segment> for Interval {
    fn from(segment: &Segment) -> Self {
        Self {
            start_s: segment.start_s,
            end_s: segment.end_s,
            label: segment.label.clone(),
        }
    }
}

/// Intervals that cannot be scored.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[expect(missing_docs, reason = "each field is named in the message above it")]
pub enum ScoreError {
    /// No reference interval.
    #[error("the reference is empty")]
    EmptyReference,
    /// A negative or infinite time, or not a number.
    #[error(
        "{which} interval {index}, {start_s} s to {end_s} s, is not made of finite times from 0 on"
    )]
    BadTime {
        which: &'static str,
        index: usize,
        start_s: f64,
        end_s: f64,
    },
    /// An interval that does not end after it starts.
    #[error("{which} interval {index}, {start_s} s to {end_s} s, has no duration")]
    NoDuration {
        which: &'static str,
        index: usize,
        start_s: f64,
        end_s: f64,
    },
    /// An interval that starts before the previous one ends.
    #[error("{which} interval {index} at {start_s} s starts before the previous one ends")]
    Overlap {
        which: &'static str,
        index: usize,
        start_s: f64,
    },
}

/// An interval with its label as numbers, plain and folded into the octave.
#[derive(Clone, Copy)]
pub(super) struct Span {
    pub(super) start_s: f64,
    pub(super) end_s: f64,
    plain: Encoded,
    folded: Encoded,
}

impl Span {
    fn new(start_s: f64, end_s: f64, label: &Label) -> Self {
        Self {
            start_s,
            end_s,
            plain: Encoded::new(label, false),
            folded: Encoded::new(label, true),
        }
    }
}

/// The intervals as spans, if they are well-formed and in order.
pub(super) fn checked(
    intervals: &[Interval],
    which: &'static str,
) -> Result<Vec<Span>, ScoreError> {
    let mut spans: Vec<Span> = Vec::with_capacity(intervals.len());
    for (index, interval) in intervals.iter().enumerate() {
        let &Interval {
            start_s,
            end_s,
            ref label,
        } = interval;
        if !(start_s.is_finite() && end_s.is_finite() && start_s >= 0.0) {
            return Err(ScoreError::BadTime {
                which,
                index,
                start_s,
                end_s,
            });
        }
        if end_s <= start_s {
            return Err(ScoreError::NoDuration {
                which,
                index,
                start_s,
                end_s,
            });
        }
        if spans.last().is_some_and(|last| last.end_s > start_s) {
            return Err(ScoreError::Overlap {
                which,
                index,
                start_s,
            });
        }
        spans.push(Span::new(start_s, end_s, label));
    }
    Ok(spans)
}

/// `mir_eval.util.adjust_intervals` with `N` at both ends: crops the spans to `start_s` … `end_s`
/// and pads them to it.
pub(super) fn adjusted(spans: &[Span], start_s: f64, end_s: f64) -> Vec<Span> {
    let mut inside: Vec<Span> = spans
        .iter()
        .map(|span| Span {
            start_s: span.start_s.clamp(start_s, end_s),
            end_s: span.end_s.clamp(start_s, end_s),
            ..*span
        })
        .filter(|span| span.end_s > span.start_s)
        .collect();
    let no_chord = |from_s: f64, to_s: f64| Span::new(from_s, to_s, &Label::NoChord);
    let reached = inside.first().map_or(end_s, |first| first.start_s);
    if reached > start_s {
        inside.insert(0, no_chord(start_s, reached));
    }
    let reached = inside.last().map_or(start_s, |last| last.end_s);
    if reached < end_s {
        inside.push(no_chord(reached, end_s));
    }
    inside
}

/// `mir_eval.chord.merge_chord_intervals`: the spans of unbroken chords.
/// A gap between equal chords is bridged.
pub(super) fn merged_chords(spans: &[Span]) -> Vec<(f64, f64)> {
    let mut merged: Vec<(f64, f64)> = Vec::new();
    let mut previous = None;
    for span in spans {
        match merged.last_mut() {
            Some(last) if previous == Some(span.folded) => last.1 = span.end_s,
            _ => merged.push((span.start_s, span.end_s)),
        }
        previous = Some(span.folded);
    }
    merged
}

/// `mir_eval.util.merge_labeled_intervals`: cuts both sequences at all their boundaries. For each
/// piece, its duration in seconds and both labels; in a gap the label before it continues. Both
/// sequences span the same time.
pub(super) fn shared_spans(reference: &[Span], estimate: &[Span]) -> Vec<(f64, Encoded, Encoded)> {
    let mut edges: Vec<f64> = reference
        .iter()
        .chain(estimate)
        .flat_map(|span| [span.start_s, span.end_s])
        .collect();
    edges.sort_unstable_by(f64::total_cmp);
    edges.dedup();
    let label_at = |spans: &[Span], time_s: f64| {
        let after = spans.partition_point(|span| span.start_s <= time_s);
        Some(spans.get(after.checked_sub(1)?)?.plain)
    };
    edges
        .windows(2)
        .filter_map(|edge| {
            let labels = (label_at(reference, edge[0])?, label_at(estimate, edge[0])?);
            Some((edge[1] - edge[0], labels.0, labels.1))
        })
        .collect()
}
