//! The training loss: a hard term (focal loss) and a soft term (Kullback-Leibler divergence
//! from a teacher) for each head, weighted frame by frame.

use burn::tensor::activation::log_softmax;
use burn::tensor::{Int, Tensor};
use networks::Logits;
use recognizer::networks::extensions::GROUPS;
use recognizer::networks::{BASS_CLASSES, CHORD_CLASSES};

/// Share of the bass head in the loss.
const BASS_WEIGHT: f32 = 0.6;
/// Share of the extension head in the loss.
const EXTENSION_WEIGHT: f32 = 0.2;
/// Pitch classes in an octave.
const ROOTS: usize = 12;

/// Targets of a batch; `rows` are `batch · frames`.
#[derive(Debug, Clone)]
pub(crate) struct Targets {
    /// Targets of the chord head.
    pub chord: HeadTargets,
    /// Targets of the bass head.
    pub bass: HeadTargets,
    /// Targets of the extension head; absent when no frame has one.
    pub extensions: Option<ExtensionTargets>,
    /// γ of the focal loss.
    pub focal_gamma: f32,
}

/// Targets of one head.
#[derive(Debug, Clone)]
pub(crate) struct HeadTargets {
    /// Class of each row.
    pub class: Tensor<1, Int>,
    /// Weight of the hard term of each row; zero where there is no target.
    pub weight: Tensor<1>,
    /// The soft term, if any row has one.
    pub soft: Option<SoftTargets>,
}

/// The soft term of one head.
#[derive(Debug, Clone)]
pub(crate) struct SoftTargets {
    /// `[rows, classes]`: the teacher's probabilities at the temperature of the row.
    pub probabilities: Tensor<2>,
    /// `[rows, 1]`: 1 / T.
    pub inverse_temperature: Tensor<2>,
    /// `[rows]`: weight of the term, including T².
    pub weight: Tensor<1>,
    /// Σ over rows of weight · Σ p ln p: turns cross-entropy into a divergence.
    pub negative_entropy: f32,
}

/// Targets of the extension head.
#[derive(Debug, Clone)]
pub(crate) struct ExtensionTargets {
    /// Root at which the head is read, of each row.
    pub root: Tensor<1, Int>,
    /// `[rows, 14]`: probabilities, group by group, times the weight of the row.
    pub weighted: Tensor<2>,
}

/// Weighted sum over rows of all terms, divided by `denominator` (the weight of the whole
/// batch, so that parts of a batch add up).
pub(crate) fn loss(logits: Logits, targets: &Targets, denominator: f32) -> Tensor<1> {
    let gamma = targets.focal_gamma;
    let mut sum = head::<CHORD_CLASSES>(logits.chord, &targets.chord, gamma);
    if let Some(bass) = logits.bass {
        sum = sum + head::<BASS_CLASSES>(bass, &targets.bass, gamma) * BASS_WEIGHT;
    }
    if let (Some(extensions), Some(targets)) = (logits.extensions, &targets.extensions) {
        sum = sum + extension_loss(extensions, targets) * EXTENSION_WEIGHT;
    }
    sum / denominator
}

/// Lin et al., *Focal Loss for Dense Object Detection* (2017): −(1 − p)^γ ln p; and
/// Hinton et al., *Distilling the Knowledge in a Neural Network* (2015): T²·KL(p‖q).
fn head<const CLASSES: usize>(logits: Tensor<3>, targets: &HeadTargets, gamma: f32) -> Tensor<1> {
    let [batch, frames, _] = logits.dims();
    let rows = batch * frames;
    let logits = logits.reshape([rows, CLASSES]);
    let picked = log_softmax(logits.clone(), 1)
        .gather(1, targets.class.clone().reshape([rows, 1]))
        .reshape([rows]);
    let hard = if gamma > 0.0 {
        let wrong = -picked.clone().exp() + 1.0;
        picked * wrong.clamp_min(0.0).powf_scalar(gamma)
    } else {
        picked
    };
    let mut sum = -(hard * targets.weight.clone()).sum();
    if let Some(soft) = &targets.soft {
        let log_q = log_softmax(logits * soft.inverse_temperature.clone(), 1);
        let cross = (log_q * soft.probabilities.clone())
            .sum_dim(1)
            .reshape([rows]);
        sum = sum - (cross * soft.weight.clone()).sum() + soft.negative_entropy;
    }
    sum
}

fn extension_loss(logits: Tensor<3>, targets: &ExtensionTargets) -> Tensor<1> {
    let [batch, frames, _] = logits.dims();
    let rows = batch * frames;
    // Networks of version 0.1 have only the first groups.
    let width = logits.dims()[2] / ROOTS;
    let root = targets
        .root
        .clone()
        .reshape([rows, 1, 1])
        .expand([rows, 1, width]);
    let at_root = logits
        .reshape([rows, ROOTS, width])
        .gather(1, root)
        .reshape([rows, width]);
    let log_q = GROUPS
        .iter()
        .filter(|(start, length)| start + length <= width)
        .map(|&(start, length)| log_softmax(at_root.clone().narrow(1, start, length), 1))
        .collect();
    -(Tensor::cat(log_q, 1) * targets.weighted.clone().narrow(1, 0, width)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::tensor::{Device, TensorData};

    fn targets(class: i64, soft: Option<SoftTargets>) -> HeadTargets {
        let device = Device::flex();
        HeadTargets {
            class: Tensor::from_data(TensorData::new(vec![class], [1]), &device),
            weight: Tensor::from_data(TensorData::new(vec![1.0_f32], [1]), &device),
            soft,
        }
    }

    fn logits(values: [f32; 3]) -> Tensor<3> {
        Tensor::from_data(TensorData::new(values.to_vec(), [1, 1, 3]), &Device::flex())
    }

    fn value(tensor: Tensor<1>) -> f32 {
        tensor.into_scalar::<f32>()
    }

    #[test]
    fn focal_loss_is_its_formula() {
        let z = [0.3_f32, 1.2, -0.4];
        let p = z[1].exp() / z.iter().map(|x| x.exp()).sum::<f32>();
        let plain = value(head::<3>(logits(z), &targets(1, None), 0.0));
        assert!((plain + p.ln()).abs() < 1e-5);
        let focal = value(head::<3>(logits(z), &targets(1, None), 2.0));
        assert!((focal + (1.0 - p).powi(2) * p.ln()).abs() < 1e-5);
    }

    #[test]
    fn a_student_that_is_its_teacher_has_no_soft_loss() {
        let device = Device::flex();
        let z = [0.3_f32, 1.2, -0.4];
        let t = 3.0_f32;
        let raised: Vec<f32> = z.iter().map(|x| (x / t).exp()).collect();
        let total: f32 = raised.iter().sum();
        let p: Vec<f32> = raised.iter().map(|x| x / total).collect();
        let entropy: f32 = p.iter().map(|p| p * p.ln()).sum();
        let soft = SoftTargets {
            probabilities: Tensor::from_data(TensorData::new(p, [1, 3]), &device),
            inverse_temperature: Tensor::from_data(TensorData::new(vec![1.0 / t], [1, 1]), &device),
            weight: Tensor::from_data(TensorData::new(vec![t * t], [1]), &device),
            negative_entropy: t * t * entropy,
        };
        let hard = value(head::<3>(logits(z), &targets(0, None), 0.0));
        let same = value(head::<3>(logits(z), &targets(0, Some(soft.clone())), 0.0));
        assert!((same - hard).abs() < 1e-4, "{same} and {hard}");
        let other = value(head::<3>(
            logits([2.0, 0.0, 0.0]),
            &targets(0, Some(soft)),
            0.0,
        ));
        let other_hard = value(head::<3>(logits([2.0, 0.0, 0.0]), &targets(0, None), 0.0));
        assert!(other > other_hard + 0.1);
    }
}
