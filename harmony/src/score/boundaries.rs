//! Boundary scores: whether chords change at the right times.
//!
//! A boundary is a time at which the chord changes: equal neighbours are joined first
//! (`mir_eval.chord.merge_chord_intervals`), and the first and the last boundary, where
//! the piece begins and ends, do not count. Hits are those of
//! `mir_eval.segment.detection(…, trim=True)`: a largest matching of reference and
//! estimated boundaries that lie at most a window apart, each used once.

use serde::{Deserialize, Serialize};

use super::intervals::{Interval, ScoreError, Span, adjusted, checked, merged_chords};

/// Boundaries of one piece or several, counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BoundaryCounts {
    /// Boundaries of the reference.
    pub reference: usize,
    /// Boundaries of the estimate.
    pub estimate: usize,
    /// Pairs of both within the window.
    pub hits: usize,
}

impl BoundaryCounts {
    /// Share of the estimate's boundaries that are hits; 0 where there are none.
    #[must_use]
    pub fn precision(&self) -> f64 {
        ratio(self.hits, self.estimate)
    }

    /// Share of the reference's boundaries that are hits; 0 where there are none.
    #[must_use]
    pub fn recall(&self) -> f64 {
        ratio(self.hits, self.reference)
    }

    /// Harmonic mean of precision and recall; 0 without hits.
    #[must_use]
    pub fn f_measure(&self) -> f64 {
        // 2PR / (P + R) with the common factor cancelled.
        ratio(2 * self.hits, self.estimate + self.reference)
    }

    /// The counts of several pieces, added up.
    #[must_use]
    pub fn pooled<'a>(pieces: impl IntoIterator<Item = &'a Self>) -> Self {
        pieces.into_iter().fold(Self::default(), |sum, piece| Self {
            reference: sum.reference + piece.reference,
            estimate: sum.estimate + piece.estimate,
            hits: sum.hits + piece.hits,
        })
    }
}

fn ratio(part: usize, of: usize) -> f64 {
    if of == 0 {
        0.0
    } else {
        part as f64 / of as f64
    }
}

/// The times in seconds at which the chords of a reference and of an estimate change.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Boundaries {
    /// Of the reference, ascending.
    pub reference_s: Vec<f64>,
    /// Of the estimate within the span of the reference, ascending.
    pub estimate_s: Vec<f64>,
}

impl Boundaries {
    /// The boundaries of both. The estimate is cropped to the span of the reference and
    /// filled up with `N`, as [`evaluate`](super::evaluate) does.
    ///
    /// # Errors
    /// Those of [`evaluate`](super::evaluate).
    pub fn new(reference: &[Interval], estimate: &[Interval]) -> Result<Self, ScoreError> {
        let reference = checked(reference, "reference")?;
        let estimate = checked(estimate, "estimate")?;
        let (Some(first), Some(last)) = (reference.first(), reference.last()) else {
            return Err(ScoreError::EmptyReference);
        };
        let estimate = adjusted(&estimate, first.start_s, last.end_s);
        Ok(Self {
            reference_s: changes(&reference),
            estimate_s: changes(&estimate),
        })
    }

    /// The hits within ± `window_s` seconds, the ends included.
    #[must_use]
    pub fn hits(&self, window_s: f64) -> BoundaryCounts {
        // All windows are equally wide, so taking the earliest partner for each
        // boundary in order is a largest matching.
        let mut hits = 0;
        let mut at = 0;
        for &estimate in &self.estimate_s {
            let (from, to) = (estimate - window_s, estimate + window_s);
            while self.reference_s.get(at).is_some_and(|&time| time < from) {
                at += 1;
            }
            if self.reference_s.get(at).is_some_and(|&time| time <= to) {
                hits += 1;
                at += 1;
            }
        }
        BoundaryCounts {
            reference: self.reference_s.len(),
            estimate: self.estimate_s.len(),
            hits,
        }
    }

    /// For each reference boundary that has an estimated one within ± `window_s`
    /// seconds: how much later the nearest is, in seconds, negative when it is early.
    #[must_use]
    pub fn offsets_s(&self, window_s: f64) -> Vec<f64> {
        self.reference_s
            .iter()
            .filter_map(|&time| {
                let after = self.estimate_s.partition_point(|&other| other < time);
                [after.checked_sub(1), Some(after)]
                    .into_iter()
                    .flatten()
                    .filter_map(|at| Some(self.estimate_s.get(at)? - time))
                    .min_by(|a, b| a.abs().total_cmp(&b.abs()))
                    .filter(|offset| offset.abs() <= window_s)
            })
            .collect()
    }
}

/// `mir_eval.util.intervals_to_boundaries` of the joined chords, without both ends.
fn changes(spans: &[Span]) -> Vec<f64> {
    let mut times: Vec<f64> = merged_chords(spans)
        .into_iter()
        .flat_map(|(start_s, end_s)| [start_s, end_s])
        // mir_eval's five decimals.
        .map(|time_s| (time_s * 1e5).round_ties_even() / 1e5)
        .collect();
    times.sort_unstable_by(f64::total_cmp);
    times.dedup();
    let inside = times.len().saturating_sub(1).max(1);
    times.get(1..inside).unwrap_or_default().to_vec()
}
