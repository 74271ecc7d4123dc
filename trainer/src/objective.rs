//! What a frame is to be taught, in the two stages of arXiv 2602.19778.
//!
//! A frame may have a label, a teacher's probabilities, both, or neither. [`Objective`]
//! turns them into one hard target and one soft target, each with a weight; the loss
//! ([`crate::loss`]) knows nothing of stages.
//!
//! - Stage 1, pseudo-labels only: the hard target is the teacher's arg-max.
//! - Stage 2, labels with selective distillation: `(1 − α)·L_task + α·L_KD`, the soft term
//!   weighted by how sure the teacher is ([`Gate`]).
//! - Audio without labels takes part in stage 2 with its teacher alone, so that what was
//!   learnt from real recordings is not forgotten; the paper has no such term.

use serde::{Deserialize, Serialize};

/// Which stage a run is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Stage {
    /// The baseline: labels alone.
    Labels,
    /// Stage 1: pseudo-labels alone, also where there are labels.
    PseudoLabels,
    /// Stage 2: labels, with a teacher where there is one.
    Distillation,
}

/// How much a frame's soft term counts, by the teacher's confidence `c` (its largest
/// probability): 0 below `low`, 1 up to `high`, then falling linearly to `at_one` at 1.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(crate) struct Gate {
    /// Below this confidence the teacher is not heard.
    pub low: f32,
    /// Up to this confidence it is heard in full.
    pub high: f32,
    /// Weight at confidence 1, where it has nothing to add to the label.
    pub at_one: f32,
    /// Measure the confidence at temperature T, as the paper does, or at temperature 1.
    pub softened: bool,
}

impl Gate {
    /// The paper's: 0.1, 0.9, 0.2, at temperature T.
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

/// Everything that decides targets and their weights.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Objective {
    /// The stage.
    pub stage: Stage,
    /// α: share of the soft term where there are a label and a teacher.
    pub distillation: f32,
    /// α where the teacher stands alone: 0 is its arg-max only, as the paper's stage 1;
    /// 1 its probabilities only.
    pub pseudo_distillation: f32,
    /// T of the soft term.
    pub temperature: f32,
    /// T where the teacher stands alone.
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
    /// Leave out frames past the end of a track; otherwise they are taught as `N`, as the
    /// paper's code does.
    pub mask_padding: bool,
    /// Weight in the bass term of frames whose bass is not the root.
    pub inversion_weight: f32,
    /// Weight of the frames in which a labelled chord begins.
    #[serde(default = "as_any_other")]
    pub onset_weight: f32,
    /// How many frames from its first one on those are.
    #[serde(default)]
    pub onset_frames: usize,
}

/// What runs did that were begun before beginnings had a weight.
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

    /// Ours: soft pseudo-labels, padding masked, plain cross-entropy, inversions weighed.
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

    /// Where the hard target of a frame comes from and what hard and soft term weigh,
    /// given whether it has a label and how sure its teacher is (its largest probability
    /// at temperature 1 and at the objective's own), if it has one.
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

/// How sure a teacher is of a frame.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Confidence {
    /// Its largest probability.
    pub plain: f32,
    /// The same at the objective's temperature.
    pub softened: f32,
}

/// What the two terms of a frame weigh.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct FrameWeights {
    /// Of the hard target.
    pub hard: f32,
    /// Of the soft target, T² not yet included.
    pub soft: f32,
    /// T of the soft target.
    pub temperature: f32,
    /// The hard target is the teacher's arg-max, not the label.
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
