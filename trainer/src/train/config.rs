//! The configuration of a run.

use burn::tensor::FloatDType;
use recognizer::networks::Architecture;
use serde::{Deserialize, Serialize};

use crate::objective::Objective;
use crate::schedule::Schedule;

/// Everything except the data that determines the outcome of a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct TrainConfig {
    /// The network.
    pub architecture: Architecture,
    /// The objective.
    pub objective: Objective,
    /// SHA-256 of the weights that the run starts from; `None` for random ones.
    pub start: Option<String>,
    /// Optimizer steps in all.
    pub steps: u64,
    /// Windows in a batch.
    pub batch: usize,
    /// Share of a batch from unlabelled audio.
    pub unlabelled_share: f64,
    /// Frames in a window.
    pub window_frames: usize,
    /// The learning-rate schedule.
    pub schedule: Schedule,
    /// AdamW weight decay.
    pub weight_decay: f32,
    /// Lowest and highest transposition drawn, semitones.
    pub transpose: (i32, i32),
    /// Largest level change drawn, in nepers.
    pub level: f32,
    /// Share of the windows that extend beyond an end of their example, see
    /// [`crate::sampler::Sampler::overhang`].
    #[serde(default)]
    pub overhang: f64,
    /// Steps between validations (and checkpoints).
    pub validate_every: u64,
    /// Validations without improvement after which the run ends; `None`: never.
    pub patience: Option<u64>,
    /// Seed of initial weights and of all draws.
    pub seed: u64,
    /// Threads that share a batch; part of the outcome, since they determine the order of
    /// sums.
    pub threads: usize,
    /// Windows that a thread computes at once; part of the outcome as well. A small number
    /// fits in the processor's cache between layers.
    #[serde(default = "whole_part", alias = "at_once")]
    pub micro_batch: usize,
    /// The number type of products.
    #[serde(default, alias = "products")]
    pub precision: Precision,
}

/// The number type of a network's products in training. Weights, sums, norms and the loss are
/// always in single precision.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Precision {
    /// Single precision.
    #[default]
    F32,
    /// bfloat16: mixed precision.
    Bf16,
}

impl Precision {
    pub(super) const fn dtype(self) -> FloatDType {
        match self {
            Self::F32 => FloatDType::F32,
            Self::Bf16 => FloatDType::BF16,
        }
    }
}

/// The value for runs from before there was a choice.
fn whole_part() -> usize {
    usize::MAX
}
