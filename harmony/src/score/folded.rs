//! The protocol of arXiv 2602.19778: labels folded to the 170 classes, frame by frame.
//!
//! Its numbers are not those of plain mir_eval on the raw references: parts of a chord beyond the
//! vocabulary (bass, ninths, omissions) are dropped before the comparison, and boundaries are on a
//! grid of 92.9 ms.

use super::{Evaluation, Interval, ScoreError, evaluate};
use crate::vocabulary::Vocabulary;

/// Seconds from one frame of the protocol to the next: 2048 samples at 22 050 Hz.
pub const FOLDED_FRAME_S: f64 = 2048.0 / 22_050.0;

/// [`evaluate`] after the paper's folding: both sides take the label that sounds at
/// n·[`FOLDED_FRAME_S`] for the whole of frame n, folded to [`Vocabulary::Large`]. As in
/// [`evaluate`], the label before a gap continues, and an estimate has `N` outside its ends.
///
/// # Errors
/// Those of [`evaluate`]; a reference in which no frame begins is empty.
pub fn evaluate_folded(
    reference: &[Interval],
    estimate: &[Interval],
) -> Result<Evaluation, ScoreError> {
    // `evaluate` checks that both are well-formed.
    evaluate(reference, estimate)?;
    let (Some(first), Some(last)) = (reference.first(), reference.last()) else {
        return Err(ScoreError::EmptyReference);
    };
    let grid = Grid {
        first: (first.start_s / FOLDED_FRAME_S).ceil() as usize,
        end: (last.end_s / FOLDED_FRAME_S).ceil() as usize,
    };
    evaluate(&grid.folded(reference), &grid.folded(estimate))
}

/// The frames whose beginning lies in the reference.
struct Grid {
    first: usize,
    end: usize,
}

impl Grid {
    /// The intervals on the grid. Frames before the first interval or after the last get none;
    /// `evaluate` treats them as `N`.
    fn folded(&self, intervals: &[Interval]) -> Vec<Interval> {
        let mut folded: Vec<Interval> = Vec::new();
        let mut current = None;
        let ends_s = intervals.last().map_or(0.0, |last| last.end_s);
        for frame in self.first..self.end {
            let start_s = frame as f64 * FOLDED_FRAME_S;
            let end_s = (frame + 1) as f64 * FOLDED_FRAME_S;
            let after = intervals.partition_point(|interval| interval.start_s <= start_s);
            let Some(at) = after.checked_sub(1).filter(|_| start_s < ends_s) else {
                continue;
            };
            match folded.last_mut() {
                Some(run) if current == Some(at) => run.end_s = end_s,
                _ => folded.push(Interval {
                    start_s,
                    end_s,
                    label: Vocabulary::Large.simplify(&intervals[at].label),
                }),
            }
            current = Some(at);
        }
        folded
    }
}
