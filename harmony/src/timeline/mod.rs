//! The chord timeline: segments in order, without overlaps or gaps.
//!
//! A [`Timeline`] is a run of [`Segment`]s in order, each ending exactly where
//! the next begins. Unknown time between two segments is itself a segment: [`Segment::lost`], labelled `X` with confidence 0.

mod error;
mod segment;

pub use error::TimelineError;
pub use segment::{Alternative, MAX_ALTERNATIVES, MAX_TIME_S, Segment, Status};

use std::ops::Range;

use serde::{Deserialize, Serialize};

use crate::label::Label;

/// Ordered, gap-free chord segments.
///
/// Invariants, kept by every operation: each segment has positive duration,
/// times from 0 to [`MAX_TIME_S`], and starts at the very instant the one before it
/// ends; confidences lie in 0 … 1; beats, where known, are finite and do not
/// run backwards within a segment. A failed operation changes nothing.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Vec<Segment>", into = "Vec<Segment>")]
pub struct Timeline {
    segments: Vec<Segment>,
}

impl Timeline {
    /// A timeline without segments.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            segments: Vec::new(),
        }
    }

    /// A timeline of segments given in order; gaps are filled with
    /// [`Segment::lost`].
    ///
    /// # Errors
    /// An invalid segment, or one that starts before the previous one ends.
    pub fn from_segments(
        segments: impl IntoIterator<Item = Segment>,
    ) -> Result<Self, TimelineError> {
        let segments = segments.into_iter();
        let mut filled = Vec::with_capacity(segments.size_hint().0.min(1 << 16));
        for segment in segments {
            push_after(&mut filled, segment)?;
        }
        Ok(Self { segments: filled })
    }

    /// The segments in order of time.
    #[must_use]
    pub fn segments(&self) -> &[Segment] {
        &self.segments
    }

    /// How many segments there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.segments.len()
    }

    /// True without segments.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.segments.is_empty()
    }

    /// Where the first segment starts, in seconds; `None` when empty.
    #[must_use]
    pub fn start_s(&self) -> Option<f64> {
        self.segments.first().map(|segment| segment.start_s)
    }

    /// Where the last segment ends, in seconds; `None` when empty.
    #[must_use]
    pub fn end_s(&self) -> Option<f64> {
        self.segments.last().map(|segment| segment.end_s)
    }

    /// The segment that sounds at `time_s`: a boundary belongs to the later
    /// segment. `None` outside the timeline and for NaN. O(log n).
    #[must_use]
    pub fn at(&self, time_s: f64) -> Option<&Segment> {
        let after = self
            .segments
            .partition_point(|segment| segment.start_s <= time_s);
        let segment = &self.segments[after.checked_sub(1)?];
        (time_s < segment.end_s).then_some(segment)
    }

    /// The segments that sound anywhere in `from_s` … `to_s` (end excluded),
    /// whole, not cut. O(log n).
    #[must_use]
    pub fn range(&self, from_s: f64, to_s: f64) -> &[Segment] {
        let first = self
            .segments
            .partition_point(|segment| segment.end_s <= from_s);
        let end = self
            .segments
            .partition_point(|segment| segment.start_s < to_s);
        self.segments.get(first..end).unwrap_or_default()
    }

    /// Writes a segment over the timeline: neighbours are cut at its edges, segments it covers are
    /// removed, and a gap before or after the timeline is filled with [`Segment::lost`].
    ///
    /// # Errors
    /// An invalid segment.
    pub fn insert(&mut self, segment: Segment) -> Result<(), TimelineError> {
        self.replace_range(segment.start_s, segment.end_s, [segment])
    }

    /// Replaces everything in `from_s` … `to_s` by `segments`, which are in order and within that
    /// range; gaps become [`Segment::lost`]. Neighbours are cut at the edges, their beats at the
    /// cut interpolated.
    ///
    /// # Errors
    /// A range without duration, an invalid segment, segments out of order,
    /// overlapping, or outside the range.
    pub fn replace_range(
        &mut self,
        from_s: f64,
        to_s: f64,
        segments: impl IntoIterator<Item = Segment>,
    ) -> Result<(), TimelineError> {
        Segment::lost(from_s, to_s).check()?;
        let first = self
            .segments
            .partition_point(|segment| segment.end_s <= from_s);
        let end = self
            .segments
            .partition_point(|segment| segment.start_s < to_s)
            .max(first);

        let mut new = Vec::new();
        let touched = &self.segments[first..end];
        if let Some(head) = touched.first().filter(|segment| segment.start_s < from_s) {
            new.push(head.cut(head.start_s, from_s));
        } else if let Some(last) = self
            .segments
            .last()
            .filter(|segment| segment.end_s < from_s)
        {
            new.push(Segment::lost(last.end_s, from_s));
        }
        let kept = new.len();
        for segment in segments {
            if segment.start_s < from_s || segment.end_s > to_s {
                return Err(TimelineError::OutsideRange {
                    start_s: segment.start_s,
                    end_s: segment.end_s,
                    from_s,
                    to_s,
                });
            }
            if new.len() == kept && segment.start_s > from_s {
                new.push(Segment::lost(from_s, segment.start_s));
            }
            push_after(&mut new, segment)?;
        }
        let filled_to_s = if new.len() == kept {
            from_s
        } else {
            new[new.len() - 1].end_s
        };
        if filled_to_s < to_s {
            new.push(Segment::lost(filled_to_s, to_s));
        }
        if let Some(tail) = touched.last().filter(|segment| segment.end_s > to_s) {
            new.push(tail.cut(to_s, tail.end_s));
        } else if let Some(next) = self
            .segments
            .first()
            .filter(|segment| segment.start_s > to_s)
        {
            new.push(Segment::lost(to_s, next.start_s));
        }
        self.segments.splice(first..end, new);
        Ok(())
    }

    /// Removes everything from `time_s` on, cutting the segment that sounds there. NaN changes
    /// nothing.
    pub fn truncate(&mut self, time_s: f64) {
        if time_s.is_nan() {
            return;
        }
        let end = self
            .segments
            .partition_point(|segment| segment.start_s < time_s);
        self.segments.truncate(end);
        if let Some(last) = self.segments.last_mut()
            && last.end_s > time_s
        {
            *last = last.cut(last.start_s, time_s);
        }
    }

    /// Removes everything before `time_s`, cutting the segment that sounds there. NaN changes
    /// nothing.
    pub fn forget_before(&mut self, time_s: f64) {
        let first = self
            .segments
            .partition_point(|segment| segment.end_s <= time_s);
        self.segments.drain(..first);
        if let Some(head) = self.segments.first_mut()
            && head.start_s < time_s
        {
            *head = head.cut(time_s, head.end_s);
        }
    }

    /// Removes all segments.
    pub fn clear(&mut self) {
        self.segments.clear();
    }

    /// Joins neighbours with equal label, status and lock. The joined confidence is the mean
    /// weighted by duration.
    pub fn merge_equal(&mut self) {
        merge(&mut self.segments, equal);
    }

    /// Joins neighbours with equal labels, whatever else differs: to a player they are one chord.
    /// Status and lock are those of the first part.
    pub fn merge_labels(&mut self) {
        merge(&mut self.segments, |a, b| a.label == b.label);
    }

    /// [`merge_equal`](Self::merge_equal) among the segments that sound in `from_s` …
    /// `to_s` and the two beside them.
    pub fn merge_equal_within(&mut self, from_s: f64, to_s: f64) {
        let touching = self.touching(from_s, to_s);
        let mut merged = self.segments[touching.clone()].to_vec();
        merge(&mut merged, equal);
        self.segments.splice(touching, merged);
    }

    /// The indices of the segments that sound in `from_s` … `to_s` or touch it at an edge.
    pub(crate) fn touching(&self, from_s: f64, to_s: f64) -> Range<usize> {
        let first = self
            .segments
            .partition_point(|segment| segment.end_s < from_s);
        let end = self
            .segments
            .partition_point(|segment| segment.start_s <= to_s);
        first..end.max(first)
    }

    /// Gives the time of each sliver to the segment before it, or to the first that is no sliver,
    /// and joins neighbours whose labels are then equal. If all are slivers, nothing changes.
    pub(crate) fn absorb(&mut self, is_sliver: impl Fn(&Segment) -> bool) {
        let mut kept: Vec<Segment> = Vec::with_capacity(self.segments.len());
        let mut lead: Option<&Segment> = None;
        for segment in &self.segments {
            match kept.last_mut() {
                Some(last) if is_sliver(segment) => {
                    last.end_s = segment.end_s;
                    last.end_beat = segment.end_beat;
                }
                None if is_sliver(segment) => {
                    lead = lead.or(Some(segment));
                }
                _ => {
                    let mut segment = segment.clone();
                    if let Some(lead) = lead.take() {
                        segment.start_s = lead.start_s;
                        segment.start_beat = lead.start_beat;
                    }
                    kept.push(segment);
                }
            }
        }
        if !kept.is_empty() {
            self.segments = kept;
            self.merge_labels();
        }
    }

    /// Sets the beats of all segments with `beat_at`, which maps seconds to beats; beats that would
    /// not be finite or would run backwards become unknown.
    pub fn set_beats(&mut self, beat_at: impl Fn(f64) -> f64) {
        for segment in &mut self.segments {
            let (start, end) = (beat_at(segment.start_s), beat_at(segment.end_s));
            let good = start.is_finite() && end.is_finite() && start <= end;
            segment.start_beat = good.then_some(start);
            segment.end_beat = good.then_some(end);
        }
    }

    /// A copy whose labels went through `map`, neighbours that became equal joined.
    #[must_use]
    pub fn map_labels(&self, mut map: impl FnMut(&Label) -> Label) -> Self {
        let segments = self.segments.iter().map(|segment| Segment {
            label: map(&segment.label),
            ..segment.clone()
        });
        let mut mapped = Self {
            segments: segments.collect(),
        };
        mapped.merge_equal();
        mapped
    }

    /// A copy with mapped confidences, clamped to 0 … 1; NaN becomes 0.
    #[must_use]
    pub fn map_confidences(mut self, map: impl Fn(f32) -> f32) -> Self {
        for segment in &mut self.segments {
            let confidence = map(segment.confidence);
            segment.confidence = if confidence.is_nan() {
                0.0
            } else {
                confidence.clamp(0.0, 1.0)
            };
        }
        self
    }
}

/// Whether neighbours can be joined: equal in everything but what can be averaged.
fn equal(a: &Segment, b: &Segment) -> bool {
    a.label == b.label && a.status == b.status && a.locked == b.locked
}

fn merge(segments: &mut Vec<Segment>, equal: impl Fn(&Segment, &Segment) -> bool) {
    segments.dedup_by(|next, merged| {
        let equal = equal(merged, next);
        if equal {
            merged.extend_over(next);
        }
        equal
    });
}

/// Appends a valid segment, filling the gap before it.
fn push_after(segments: &mut Vec<Segment>, segment: Segment) -> Result<(), TimelineError> {
    segment.check()?;
    if let Some(last) = segments.last() {
        if segment.start_s < last.end_s {
            return Err(TimelineError::Overlap {
                start_s: segment.start_s,
                previous_end_s: last.end_s,
            });
        }
        if segment.start_s > last.end_s {
            let lost = Segment::lost(last.end_s, segment.start_s);
            segments.push(lost);
        }
    }
    segments.push(segment);
    Ok(())
}

impl TryFrom<Vec<Segment>> for Timeline {
    type Error = TimelineError;

    fn try_from(segments: Vec<Segment>) -> Result<Self, Self::Error> {
        Self::from_segments(segments)
    }
}

impl From<Timeline> for Vec<Segment> {
    fn from(timeline: Timeline) -> Self {
        timeline.segments
    }
}

impl<'a> IntoIterator for &'a Timeline {
    type Item = &'a Segment;
    type IntoIter = std::slice::Iter<'a, Segment>;

    fn into_iter(self) -> Self::IntoIter {
        self.segments.iter()
    }
}
