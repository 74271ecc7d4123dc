//! Dropout whose masks follow from a seed that the training loop sets at each step.
//!
//! burn draws its masks from one stream of the process: they depend on what was drawn before
//! and on which thread came first, so a run could neither be repeated nor resumed. Here each
//! thread has a stream of its own, restarted by [`seed`], and the masks are the same on every
//! device.

use std::cell::Cell;

use burn::nn::Dropout;
use burn::nn::attention::{MhaInput, MultiHeadAttention};
use burn::tensor::activation::softmax;
use burn::tensor::{Bool, Tensor, TensorData};

thread_local! {
    static STREAM: Cell<u64> = const { Cell::new(0) };
}

/// Restarts this thread's stream of masks: what the forward passes on this thread drop from
/// here on depends only on `parts` (seed of the run, step, window …).
pub fn seed(parts: &[u64]) {
    let state = parts.iter().fold(0, |state, part| mix(state ^ part));
    STREAM.set(state);
}

/// Increment of SplitMix64.
const GAMMA: u64 = 0x9E37_79B9_7F4A_7C15;

/// One step of SplitMix64 (Steele, Lea and Flood 2014), as a hash.
const fn mix(state: u64) -> u64 {
    let z = state.wrapping_add(GAMMA);
    let z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// `len` factors of this thread's stream: 0 with probability `share`, else `1 / (1 - share)`.
fn mask(len: usize, share: f64) -> Vec<f32> {
    let kept = (1.0 / (1.0 - share)) as f32;
    // Draws are of 32 bits, two from each step of the generator.
    let below = (share * 2_f64.powi(32)) as u64;
    let mut state = STREAM.get();
    let mut factors = Vec::with_capacity(len + 1);
    while factors.len() < len {
        let drawn = mix(state);
        state = state.wrapping_add(GAMMA);
        for half in [drawn & 0xFFFF_FFFF, drawn >> 32] {
            factors.push(if half < below { 0.0 } else { kept });
        }
    }
    factors.truncate(len);
    STREAM.set(state);
    factors
}

/// Whether `layer` drops anything of `x`: only while training, as in burn.
fn drops<const D: usize>(layer: &Dropout, x: &Tensor<D>) -> bool {
    layer.training.is_enabled() && x.device().is_autodiff() && layer.prob > 0.0
}

/// Like `layer.forward(x)`, with a mask from this thread's stream.
pub(super) fn drop_out<const D: usize>(layer: &Dropout, x: Tensor<D>) -> Tensor<D> {
    if !drops(layer, &x) {
        return x;
    }
    let shape = x.dims();
    let factors = mask(shape.iter().product(), layer.prob);
    let mask = Tensor::<D>::from_data(TensorData::new(factors, shape), &x.device());
    let mask = mask.cast(x.dtype());
    x * mask
}

/// The context of `attention`, with dropout of the weights by this thread's stream. `query` is
/// `[batch, n, width]`, `memory` (keys and values) `[batch, m, width]`, and the result `[batch,
/// n, width]`; where `mask`, `[batch, n, m]`, is true nothing is attended to.
pub(super) fn attend(
    attention: &MultiHeadAttention,
    query: Tensor<3>,
    memory: Tensor<3>,
    mask: Option<Tensor<3, Bool>>,
) -> Tensor<3> {
    if !drops(&attention.dropout, &query) {
        let input = MhaInput::new(query, memory.clone(), memory);
        let input = match mask {
            Some(mask) => input.mask_attn(mask),
            None => input,
        };
        return attention.forward(input).context;
    }
    let [batch, n, width] = query.dims();
    let heads = |x: Tensor<3>| {
        let [batch, length, _] = x.dims();
        x.reshape([batch, length, attention.n_heads, attention.d_k])
            .swap_dims(1, 2)
    };
    let query = heads(attention.query.forward(query));
    let key = heads(attention.key.forward(memory.clone()));
    let value = heads(attention.value.forward(memory));
    let mut scores = query
        .matmul(key.transpose())
        .div_scalar((attention.d_k as f32).sqrt());
    if let Some(mask) = mask {
        scores = scores.mask_fill(mask.unsqueeze_dim(1), attention.min_float);
    }
    let weights = drop_out(&attention.dropout, softmax(scores, 3));
    let context = weights.matmul(value).swap_dims(1, 2);
    attention.output.forward(context.reshape([batch, n, width]))
}

#[cfg(test)]
mod tests {
    use burn::nn::DropoutConfig;
    use burn::nn::attention::MultiHeadAttentionConfig;
    use burn::tensor::{Device, Distribution};

    use super::*;

    fn floats<const D: usize>(x: Tensor<D>) -> Vec<f32> {
        x.into_data().iter::<f32>().collect()
    }

    #[test]
    fn masks_follow_from_the_seed_whatever_was_drawn_before() {
        seed(&[1, 2]);
        let first = mask(1001, 0.2);
        let second = mask(1001, 0.2);
        assert_ne!(first, second);
        seed(&[1, 3]);
        assert_ne!(mask(1001, 0.2), first);
        seed(&[1, 2]);
        assert_eq!(mask(1001, 0.2), first);
        let other_thread = std::thread::spawn(|| {
            seed(&[1, 2]);
            mask(1001, 0.2)
        });
        assert_eq!(other_thread.join().unwrap(), first);
    }

    #[test]
    fn the_share_is_dropped_and_the_mean_kept() {
        for share in [0.1, 0.5, 0.9] {
            seed(&[7]);
            let factors = mask(200_000, share);
            let dropped = factors.iter().filter(|&&f| f == 0.0).count() as f64 / 200_000.0;
            assert!((dropped - share).abs() < 0.01, "{share}: {dropped}");
            let mean = factors.iter().map(|&f| f64::from(f)).sum::<f64>() / 200_000.0;
            assert!((mean - 1.0).abs() < 0.05, "{share}: {mean}");
        }
    }

    #[test]
    fn only_training_drops() {
        let layer = DropoutConfig::new(0.5).init();
        let ones = |device: &Device| Tensor::<2>::ones([8, 8], device);
        let plain = Device::flex();
        assert_eq!(floats(drop_out(&layer, ones(&plain))), [1.0; 64]);
        let dropped = floats(drop_out(&layer, ones(&plain.autodiff())));
        assert!(dropped.contains(&0.0) && dropped.contains(&2.0));
    }

    /// With almost no dropout it equals burn's attention.
    #[test]
    fn attention_is_burns() {
        let device = Device::flex().autodiff();
        device.seed(5);
        let random = |frames| Tensor::<3>::random([2, frames, 8], Distribution::Default, &device);
        let (query, memory) = (random(5), random(7));
        let attention = MultiHeadAttentionConfig::new(8, 2)
            .with_dropout(1e-12)
            .init(&device);
        let mask = Tensor::<2>::ones([5, 7], &device).triu(3).bool();
        let mask = mask.unsqueeze_dim::<3>(0).expand([2, 5, 7]);
        let input = MhaInput::new(query.clone(), memory.clone(), memory.clone());
        let expected = floats(attention.forward(input.mask_attn(mask.clone())).context);
        let ours = floats(attend(&attention, query, memory, Some(mask)));
        let apart = expected.iter().zip(&ours).map(|(a, b)| (a - b).abs());
        assert!(apart.fold(0.0, f32::max) < 1e-6, "{expected:?} {ours:?}");
    }
}
