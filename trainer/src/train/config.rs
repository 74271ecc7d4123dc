//! How a run goes.

use burn::tensor::FloatDType;
use recognizer::networks::Architecture;
use serde::{Deserialize, Serialize};

use crate::objective::Objective;
use crate::schedule::Schedule;

/// Everything that decides the outcome of a run, beside the data.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct TrainConfig {
    /// The network.
    pub architecture: Architecture,
    /// What it is taught.
    pub objective: Objective,
    /// SHA-256 of the weights the run starts from; random ones without.
    pub start: Option<String>,
    /// Optimizer steps in all.
    pub steps: u64,
    /// Windows in a batch.
    pub batch: usize,
    /// Share of a batch that comes from audio without labels.
    pub unlabelled_share: f64,
    /// Frames in a window.
    pub window_frames: usize,
    /// How the learning rate goes.
    pub schedule: Schedule,
    /// AdamW weight decay.
    pub weight_decay: f32,
    /// Lowest and highest transposition drawn, semitones.
    pub transpose: (i32, i32),
    /// Largest level change drawn, nepers.
    pub level: f32,
    /// Share of the windows that hang over an end of their example, see [`crate::sampler::Sampler::overhang`].
    #[serde(default)]
    pub overhang: f64,
    /// Steps from one validation (and checkpoint) to the next.
    pub validate_every: u64,
    /// Validations without gain after which the run ends; none: never.
    pub patience: Option<u64>,
    /// Seed of initial weights and of all draws.
    pub seed: u64,
    /// Threads a batch is divided among; part of the outcome, since sums are ordered by it.
    pub threads: usize,
    /// Windows that a thread computes at once; part of the outcome as well. A few of them stay
    /// in the processor's own memory from one layer to the next.
    #[serde(default = "whole_part", alias = "at_once")]
    pub micro_batch: usize,
    /// The type in which products are taken.
    #[serde(default, alias = "products")]
    pub precision: Precision,
}

/// The type in which a network's products are taken while it is trained. Weights, sums, norms
/// and the loss are in single precision with either.
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

/// What runs did that were begun before there was a choice.
fn whole_part() -> usize {
    usize::MAX
}
