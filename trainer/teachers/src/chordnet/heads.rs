//! The output of the ensemble: the softmax of each head, averaged over the folds.

use super::network::{HEADS, OUTPUTS};
use crate::mixture::Rule;
use crate::views::View;

/// Probabilities `[frames, 100]`: triad (no chord, then 12 roots each of maj, min, sus4,
/// sus2, dim, aug), bass (none, 12 pitch classes), seventh (none, 7, b7, bb7), ninth
/// (none, 9, #9, b9), eleventh (none, 11, #11), thirteenth (none, 13, b13).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Heads {
    probabilities: Vec<f32>,
}

/// The heads of one frame.
#[derive(Clone, Copy, Debug)]
pub struct Frame<'a> {
    /// 73 triads.
    pub triad: &'a [f32],
    /// 13 basses.
    pub bass: &'a [f32],
    /// 4 sevenths.
    pub seventh: &'a [f32],
    /// 4 ninths.
    pub ninth: &'a [f32],
    /// 3 elevenths.
    pub eleventh: &'a [f32],
    /// 3 thirteenths.
    pub thirteenth: &'a [f32],
}

impl Heads {
    /// The mean softmax over `folds`, each logits `[frames, 100]`.
    #[must_use]
    pub fn average(folds: &[Vec<f32>]) -> Self {
        let len = folds.first().map_or(0, Vec::len);
        let mut probabilities = vec![0.0_f32; len];
        for logits in folds {
            for (sum, logits) in probabilities
                .chunks_exact_mut(OUTPUTS)
                .zip(logits.chunks_exact(OUTPUTS))
            {
                let mut first = 0;
                for outputs in HEADS {
                    let span = first..first + outputs;
                    add_softmax(&logits[span.clone()], &mut sum[span]);
                    first += outputs;
                }
            }
        }
        let share = 1.0 / folds.len().max(1) as f32;
        probabilities.iter_mut().for_each(|p| *p *= share);
        Self { probabilities }
    }

    /// The mean of several of the same length.
    pub(super) fn mean(all: &[Self]) -> Self {
        let probabilities = all.iter().map(|heads| &heads.probabilities);
        Self {
            probabilities: Rule::Average.together(probabilities, OUTPUTS),
        }
    }

    /// The same chords at the original's pitch, of heads that heard it in `view`.
    pub(super) fn turned_back(mut self, view: View) -> Self {
        const ROOTS: usize = 12;
        let mut heard = [0.0; OUTPUTS];
        for row in self.probabilities.chunks_exact_mut(OUTPUTS) {
            heard.copy_from_slice(row);
            // Six kinds of triads, then the basses; both have their none in front.
            let triads = (0..6).map(|kind| 1 + kind * ROOTS);
            for first in triads.chain([HEADS[0] + 1]) {
                for root in 0..ROOTS {
                    row[first + root] = heard[first + view.heard(root)];
                }
            }
        }
        self
    }

    /// Heads from probabilities, `[frames, 100]`; an incomplete last frame is dropped.
    #[must_use]
    pub fn new(mut probabilities: Vec<f32>) -> Self {
        probabilities.truncate(probabilities.len() / OUTPUTS * OUTPUTS);
        Self { probabilities }
    }

    /// Number of frames.
    #[must_use]
    pub fn len(&self) -> usize {
        self.probabilities.len() / OUTPUTS
    }

    /// Whether there are no frames.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.probabilities.is_empty()
    }

    /// All probabilities, `[frames, 100]`.
    #[must_use]
    pub fn as_slice(&self) -> &[f32] {
        &self.probabilities
    }

    /// Each frame in order.
    pub fn frames(&self) -> impl DoubleEndedIterator<Item = Frame<'_>> {
        self.probabilities.chunks_exact(OUTPUTS).map(|row| {
            let (triad, row) = row.split_at(HEADS[0]);
            let (bass, row) = row.split_at(HEADS[1]);
            let (seventh, row) = row.split_at(HEADS[2]);
            let (ninth, row) = row.split_at(HEADS[3]);
            let (eleventh, thirteenth) = row.split_at(HEADS[4]);
            Frame {
                triad,
                bass,
                seventh,
                ninth,
                eleventh,
                thirteenth,
            }
        })
    }
}

fn add_softmax(logits: &[f32], sum: &mut [f32]) {
    let largest = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let total: f32 = logits.iter().map(|x| (x - largest).exp()).sum();
    for (sum, x) in sum.iter_mut().zip(logits) {
        *sum += (x - largest).exp() / total;
    }
}
