//! What the networks are trained to lower.

use burn::tensor::activation::log_softmax;
use burn::tensor::{Int, Tensor};
use recognizer::networks::Logits;

/// Share of the bass head in the loss.
const BASS_WEIGHT: f32 = 0.5;

/// Targets of a batch, flattened to `[batch · frames]`.
#[derive(Debug, Clone)]
pub struct Targets {
    /// Large-vocabulary class.
    pub chord: Tensor<1, Int>,
    /// Bass class, 12 for none.
    pub bass: Tensor<1, Int>,
    /// Weight of the frame, zero where its label says nothing.
    pub weight: Tensor<1>,
}

/// Weighted sum over frames of the cross-entropy of both heads, divided by `denominator`
/// (the weight of the whole batch, so that parts of a batch add up).
pub fn cross_entropy(logits: Logits, targets: &Targets, denominator: f32) -> Tensor<1> {
    let mut loss = head(logits.chord, &targets.chord, &targets.weight);
    if let Some(bass) = logits.bass {
        loss = loss + head(bass, &targets.bass, &targets.weight) * BASS_WEIGHT;
    }
    loss / denominator
}

fn head(logits: Tensor<3>, target: &Tensor<1, Int>, weight: &Tensor<1>) -> Tensor<1> {
    let [batch, frames, classes] = logits.dims();
    let rows = batch * frames;
    let log_p = log_softmax(logits.reshape([rows, classes]), 1);
    let picked = log_p
        .gather(1, target.clone().reshape([rows, 1]))
        .reshape([rows]);
    -(picked * weight.clone()).sum()
}
