//! Training targets of a frame, in the two stages of arXiv 2602.19778.
//!
//! A frame may have a label, a teacher's probabilities, both, or neither. [`Objective`] turns
//! them into one hard target and one soft target, each with a weight; the loss
//! ([`crate::loss`]) is independent of stages.
//!
//! - Stage 1, pseudo-labels only: the hard target is the teacher's arg-max.
//! - Stage 2, labels with selective distillation: `(1 − α)·L_task + α·L_KD`, the soft term
//!   weighted by the teacher's confidence ([`Gate`]).
//! - Unlabelled audio is used in stage 2 with only its teacher, so that the knowledge from
//!   real recordings is not forgotten; the paper has no such term.

use serde::{Deserialize, Serialize};

/// The stage of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Stage {
    /// The baseline: only labels.
    Labels,
    /// Stage 1: only pseudo-labels, even where there are labels.
    PseudoLabels,
    /// Stage 2: labels, with a teacher where there is one.
    Distillation,
}

/// The weight of a frame's soft term, by the teacher's confidence `c` (its largest
/// probability): 0 below `low`, 1 up to `high`, then falling linearly to `at_one` at 1.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(crate) struct Gate {
    /// Below this confidence the teacher is ignored.
    pub low: f32,
    /// Up to this confidence it has full weight.
    pub high: f32,
    /// Weight at confidence 1, where the teacher adds nothing to the label.
    pub at_one: f32,
    /// Whether the confidence is measured at temperature T, as in the paper, or at temperature
    /// 1.
    pub softened: bool,
}

impl Gate {
    /// The paper's gate: 0.1, 0.9, 0.2, at temperature T.
    pub(crate) const PAPER: Gate = Gate {
        low: 0.1,
        high: 0.9,
        at_one: 0.2,
        softened: true,
    };

    /// Weight at confidence `c`.
    pub(crate) fn weight(&self, c: f32) -> f32 {
        if c < self.low {
            0.0
        } else if c <= self.high {
            1.0
        } else {
            1.0 - (1.0 - self.at_one) * (c - self.high) / (1.0 - self.high).max(1e-6)
        }
    }
}

/// The settings for targets and their weights.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Objective {
    /// The stage.
    pub stage: Stage,
    /// α: share of the soft term where there are both a label and a teacher.
    pub distillation: f32,
    /// α where there is only a teacher: 0 uses only its arg-max, as in the paper's stage 1; 1
    /// only its probabilities.
    pub pseudo_distillation: f32,
    /// T of the soft term.
    pub temperature: f32,
    /// T where there is only a teacher.
    pub pseudo_temperature: f32,
    /// Gate of the soft term.
    pub gate: Gate,
    /// Pseudo-labels of frames where the teacher's confidence (at temperature 1) is below
    /// this are left out; 0 keeps all, as the paper does.
    pub confidence_filter: f32,
    /// γ of the focal loss; 0 is cross-entropy.
    pub focal_gamma: f32,
    /// p of the class weights, (mean share of a quality / its share)^p; 0 is none.
    pub class_weighting: f32,
    /// Whether to exclude frames past the end of a track; otherwise their target is `N`, as in
    /// the paper's code.
    pub mask_padding: bool,
    /// Weight in the bass term of frames whose bass is not the root.
    pub inversion_weight: f32,
    /// Weight of the frames in which a labelled chord begins.
    #[serde(default = "as_any_other")]
    pub onset_weight: f32,
    /// Number of those frames, from the chord's first one on.
    #[serde(default)]
    pub onset_frames: usize,
}

/// The value for runs from before there was an onset weight.
fn as_any_other() -> f32 {
    1.0
}

impl Objective {
    /// The paper's recipe for a stage.
    pub(crate) fn paper(stage: Stage) -> Self {
        Self {
            stage,
            distillation: 0.3,
            pseudo_distillation: 0.0,
            temperature: 3.0,
            pseudo_temperature: 3.0,
            gate: Gate::PAPER,
            confidence_filter: 0.0,
            focal_gamma: 2.0,
            class_weighting: 0.0,
            mask_padding: false,
            inversion_weight: 1.0,
            onset_weight: 1.0,
            onset_frames: 0,
        }
    }

    /// Our recipe for a stage: soft pseudo-labels, padding masked, plain cross-entropy,
    /// inversions weighted.
    pub(crate) fn ours(stage: Stage) -> Self {
        Self {
            pseudo_distillation: 0.7,
            temperature: 1.5,
            pseudo_temperature: 1.0,
            focal_gamma: 0.0,
            mask_padding: true,
            inversion_weight: 2.0,
            gate: Gate {
                softened: false,
                ..Gate::PAPER
            },
            ..Self::paper(stage)
        }
    }

    /// The source of a frame's hard target and the weights of both terms, given whether it has
    /// a label and the confidence of its teacher, if it has one (its largest probability at
    /// temperature 1 and at the objective's).
    pub(crate) fn weights(&self, labelled: bool, confidence: Option<Confidence>) -> FrameWeights {
        let labelled = labelled && self.stage != Stage::PseudoLabels;
        let confidence = confidence.filter(|_| self.stage != Stage::Labels);
        match (labelled, confidence) {
            (false, None) => FrameWeights::default(),
            (true, None) => FrameWeights {
                hard: 1.0,
                ..FrameWeights::default()
            },
            (true, Some(confidence)) => {
                let c = if self.gate.softened {
                    confidence.softened
                } else {
                    confidence.plain
                };
                FrameWeights {
                    hard: 1.0 - self.distillation,
                    soft: self.distillation * self.gate.weight(c),
                    temperature: self.temperature,
                    from_teacher: false,
                }
            }
            (false, Some(confidence)) => {
                let kept = f32::from(confidence.plain >= self.confidence_filter);
                FrameWeights {
                    hard: (1.0 - self.pseudo_distillation) * kept,
                    soft: self.pseudo_distillation,
                    temperature: self.pseudo_temperature,
                    from_teacher: true,
                }
            }
        }
    }
}

/// A teacher's confidence in a frame.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Confidence {
    /// Its largest probability.
    pub plain: f32,
    /// The same at the objective's temperature.
    pub softened: f32,
}

/// The weights of a frame's two terms.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct FrameWeights {
    /// Weight of the hard target.
    pub hard: f32,
    /// Weight of the soft target, without T².
    pub soft: f32,
    /// T of the soft target.
    pub temperature: f32,
    /// Whether the hard target is the teacher's arg-max and not the label.
    pub from_teacher: bool,
}

impl Default for FrameWeights {
    fn default() -> Self {
        Self {
            hard: 0.0,
            soft: 0.0,
            temperature: 1.0,
            from_teacher: false,
        }
    }
}

/// `p^(1/T)`, normalized, into `out`.
pub(crate) fn softened(p: impl Iterator<Item = f32>, temperature: f32, out: &mut Vec<f32>) {
    let start = out.len();
    if temperature == 1.0 {
        out.extend(p);
    } else {
        let power = 1.0 / temperature;
        out.extend(p.map(|p| p.max(0.0).powf(power)));
    }
    let sum: f32 = out[start..].iter().sum();
    let scale = if sum > 0.0 { 1.0 / sum } else { 0.0 };
    out[start..].iter_mut().for_each(|p| *p *= scale);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sure(c: f32) -> Option<Confidence> {
        Some(Confidence {
            plain: c,
            softened: c,
        })
    }

    #[test]
    fn the_gate_is_the_papers() {
        let gate = Gate::PAPER;
        assert_eq!(gate.weight(0.05), 0.0);
        assert_eq!(gate.weight(0.1), 1.0);
        assert_eq!(gate.weight(0.9), 1.0);
        assert!((gate.weight(0.95) - 0.6).abs() < 1e-5);
        assert!((gate.weight(1.0) - 0.2).abs() < 1e-5);
    }

    #[test]
    fn stage_one_never_reads_labels_and_the_baseline_never_hears_the_teacher() {
        let one = Objective::paper(Stage::PseudoLabels);
        assert!(one.weights(true, sure(0.7)).from_teacher);
        assert_eq!(one.weights(true, None), FrameWeights::default());
        let labels = Objective::paper(Stage::Labels);
        let weights = labels.weights(true, sure(0.7));
        assert_eq!((weights.hard, weights.soft), (1.0, 0.0));
        assert_eq!(labels.weights(false, sure(0.7)), FrameWeights::default());
    }

    #[test]
    fn stage_two_shares_the_loss_by_alpha() {
        let two = Objective::paper(Stage::Distillation);
        let weights = two.weights(true, sure(0.5));
        assert!((weights.hard - 0.7).abs() < 1e-6 && (weights.soft - 0.3).abs() < 1e-6);
        let unsure = two.weights(true, sure(0.01));
        assert!((unsure.hard - 0.7).abs() < 1e-6 && unsure.soft == 0.0);
    }

    #[test]
    fn softening_keeps_a_distribution() {
        let mut out = Vec::new();
        softened([0.9, 0.1, 0.0].into_iter(), 3.0, &mut out);
        assert!((out.iter().sum::<f32>() - 1.0).abs() < 1e-6);
        assert!(out[0] < 0.9 && out[0] > out[1] && out[2] == 0.0);
    }
}
