//! The chord scores of mir_eval 0.8.2, duration-weighted.
//!
//! [`evaluate`] follows `mir_eval.chord.evaluate` step by step, its oddities included, and agrees
//! with it to 1e-9 (`tests/goldens`). Where mir_eval raises an exception although a score is
//! meaningful, this returns one: `maj11` and `aug7`, which mir_eval reads but cannot compare, are
//! compared by their notes like every other quality, and an estimate that merely touches the start
//! or the end of the reference is cropped to nothing there.

mod boundaries;
mod folded;
mod intervals;
mod key;
mod metric;
mod segmentation;

pub use boundaries::{Boundaries, BoundaryCounts};
pub use folded::{FOLDED_FRAME_S, evaluate_folded};
pub use intervals::{Interval, ScoreError};
pub use key::weighted_key_score;
pub use metric::Metric;

use serde::{Deserialize, Serialize};

use crate::timeline::Timeline;
use intervals::{adjusted, checked, merged_chords, shared_spans};

/// One number for each of mir_eval's chord metrics, 0 … 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Scores {
    /// Equal roots.
    pub root: f64,
    /// Equal roots and thirds.
    pub thirds: f64,
    /// The same with equal basses.
    pub thirds_inv: f64,
    /// Equal notes from the root to the fifth.
    pub triads: f64,
    /// The same with equal basses.
    pub triads_inv: f64,
    /// Equal notes, for references in {maj, min, maj7, min7, 7, N}.
    pub sevenths: f64,
    /// The same with equal basses.
    pub sevenths_inv: f64,
    /// Equal notes within the octave.
    pub tetrads: f64,
    /// The same with equal basses.
    pub tetrads_inv: f64,
    /// Equal triads, for major and minor references and `N`.
    pub majmin: f64,
    /// The same with equal basses.
    pub majmin_inv: f64,
    /// At least three notes in common.
    pub mirex: f64,
    /// 1 − the directional Hamming distance from reference to estimate.
    pub overseg: f64,
    /// 1 − the directional Hamming distance from estimate to reference.
    pub underseg: f64,
    /// The smaller of the two.
    pub seg: f64,
}

impl Scores {
    /// The score of a label metric.
    #[must_use]
    pub const fn get(&self, metric: Metric) -> f64 {
        match metric {
            Metric::Root => self.root,
            Metric::Thirds => self.thirds,
            Metric::ThirdsInv => self.thirds_inv,
            Metric::Triads => self.triads,
            Metric::TriadsInv => self.triads_inv,
            Metric::Sevenths => self.sevenths,
            Metric::SeventhsInv => self.sevenths_inv,
            Metric::Tetrads => self.tetrads,
            Metric::TetradsInv => self.tetrads_inv,
            Metric::MajMin => self.majmin,
            Metric::MajMinInv => self.majmin_inv,
            Metric::Mirex => self.mirex,
        }
    }

    const fn slot(&mut self, metric: Metric) -> &mut f64 {
        match metric {
            Metric::Root => &mut self.root,
            Metric::Thirds => &mut self.thirds,
            Metric::ThirdsInv => &mut self.thirds_inv,
            Metric::Triads => &mut self.triads,
            Metric::TriadsInv => &mut self.triads_inv,
            Metric::Sevenths => &mut self.sevenths,
            Metric::SeventhsInv => &mut self.sevenths_inv,
            Metric::Tetrads => &mut self.tetrads,
            Metric::TetradsInv => &mut self.tetrads_inv,
            Metric::MajMin => &mut self.majmin,
            Metric::MajMinInv => &mut self.majmin_inv,
            Metric::Mirex => &mut self.mirex,
        }
    }
}

/// The scores of one piece, with the durations they rest on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Evaluation {
    /// The scores.
    pub scores: Scores,
    /// For each of [`Metric::ALL`], the seconds of reference it could compare. Where this is 0 the
    /// score is undefined and given as 0.
    pub comparable_s: [f64; Metric::ALL.len()],
    /// The span of the reference, in seconds.
    pub duration_s: f64,
}

impl Evaluation {
    /// The pooled scores of several pieces: each metric weighted by the seconds it could compare,
    /// segmentation by the spans.
    #[must_use]
    pub fn pooled<'a>(pieces: impl IntoIterator<Item = &'a Self>) -> Scores {
        let mut sum = Scores::default();
        let mut comparable_s = [0.0; Metric::ALL.len()];
        let mut duration_s = 0.0;
        for piece in pieces {
            for (at, metric) in Metric::ALL.into_iter().enumerate() {
                *sum.slot(metric) += piece.scores.get(metric) * piece.comparable_s[at];
                comparable_s[at] += piece.comparable_s[at];
            }
            sum.overseg += piece.scores.overseg * piece.duration_s;
            sum.underseg += piece.scores.underseg * piece.duration_s;
            sum.seg += piece.scores.seg * piece.duration_s;
            duration_s += piece.duration_s;
        }
        let share = |sum: f64, of: f64| if of > 0.0 { sum / of } else { 0.0 };
        for (at, metric) in Metric::ALL.into_iter().enumerate() {
            let slot = sum.slot(metric);
            *slot = share(*slot, comparable_s[at]);
        }
        sum.overseg = share(sum.overseg, duration_s);
        sum.underseg = share(sum.underseg, duration_s);
        sum.seg = share(sum.seg, duration_s);
        sum
    }
}

/// Scores an estimate against a reference, as `mir_eval.chord.evaluate` does: the estimate is
/// cropped to the span of the reference and filled up with `N` at its ends; inside a gap the label
/// before it continues; labels are weighted by duration; segmentation is scored after joining equal
/// neighbours.
///
/// # Errors
/// An empty reference; times that are negative, not finite, out of order or
/// overlapping; an interval without duration.
pub fn evaluate(reference: &[Interval], estimate: &[Interval]) -> Result<Evaluation, ScoreError> {
    let reference = checked(reference, "reference")?;
    let estimate = checked(estimate, "estimate")?;
    let (Some(first), Some(last)) = (reference.first(), reference.last()) else {
        return Err(ScoreError::EmptyReference);
    };
    let (start_s, end_s) = (first.start_s, last.end_s);
    let estimate = adjusted(&estimate, start_s, end_s);

    let pairs = shared_spans(&reference, &estimate);
    let mut scores = Scores::default();
    let mut comparable_s = [0.0; Metric::ALL.len()];
    for (at, metric) in Metric::ALL.into_iter().enumerate() {
        let mut correct_s = 0.0;
        for (duration_s, reference, estimate) in &pairs {
            if let Some(correct) = metric.compare_encoded(reference, estimate) {
                comparable_s[at] += duration_s;
                correct_s += if correct { *duration_s } else { 0.0 };
            }
        }
        if comparable_s[at] > 0.0 {
            *scores.slot(metric) = correct_s / comparable_s[at];
        }
    }
    let (reference, estimate) = (merged_chords(&reference), merged_chords(&estimate));
    scores.overseg = 1.0 - segmentation::directional_hamming_distance(&reference, &estimate);
    scores.underseg = 1.0 - segmentation::directional_hamming_distance(&estimate, &reference);
    scores.seg = scores.overseg.min(scores.underseg);
    Ok(Evaluation {
        scores,
        comparable_s,
        duration_s: end_s - start_s,
    })
}

/// [`evaluate`] for timelines. A timeline has no gaps: its lost time is `X`,
/// which no metric compares in a reference. In an estimate it is wrong wherever
/// the reference has a chord, except under `mirex`, where mir_eval takes it for a
/// chord of all twelve notes.
///
/// # Errors
/// An empty reference.
pub fn evaluate_timelines(
    reference: &Timeline,
    estimate: &Timeline,
) -> Result<Evaluation, ScoreError> {
    let intervals = |timeline: &Timeline| -> Vec<Interval> {
        timeline.segments().iter().map(Interval::from).collect()
    };
    evaluate(&intervals(reference), &intervals(estimate))
}
