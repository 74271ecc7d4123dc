//! BTC, the bi-directional transformer for chord recognition (Park et al., ISMIR 2019),
//! the paper's first student and the architecture of its teacher.
//!
//! Linear 144→128 without bias plus sinusoidal positions; eight layers, each a causal
//! and an anti-causal masked block side by side, joined 256→128; final norm; linear
//! 128→170. 2.94 M parameters.

use burn::module::{Module, Param};
use burn::nn::attention::{MultiHeadAttention, MultiHeadAttentionConfig};
use burn::nn::conv::{Conv1d, Conv1dConfig};
use burn::nn::{Dropout, DropoutConfig, Initializer, Linear, LinearConfig, PaddingConfig1d};
use burn::tensor::activation::relu;
use burn::tensor::{Bool, Device, Tensor, TensorData};
use recognizer::features::BINS;
use recognizer::networks::{BtcConfig, CHORD_CLASSES};

use crate::dropout::{attend, drop_out};
use crate::{Init, Logits};

impl Init for BtcConfig {
    type Network = Btc;

    fn init(&self, device: &Device) -> Btc {
        Btc {
            embedding: LinearConfig::new(BINS, self.hidden)
                .with_bias(false)
                .init(device),
            layers: (0..self.layers)
                .map(|_| BiDirectional {
                    forward: Block::new(self, device),
                    backward: Block::new(self, device),
                    join: mean_of_both(self.hidden, device),
                })
                .collect(),
            norm: StdNorm::new(self.hidden, device),
            chord: LinearConfig::new(self.hidden, CHORD_CLASSES).init(device),
        }
    }
}

/// The network; see the module's documentation. Input `[batch, frames, 144]`.
#[derive(Module, Debug)]
pub struct Btc {
    embedding: Linear,
    layers: Vec<BiDirectional>,
    norm: StdNorm,
    chord: Linear,
}

impl Btc {
    /// Logits for every frame of `x`, `[batch, frames, 144]`.
    pub fn forward(&self, x: Tensor<3>) -> Logits {
        let [_, frames, _] = x.dims();
        let device = x.device();
        let mut h = self.embedding.forward(x);
        let hidden = h.dims()[2];
        let positions = TensorData::new(sinusoids(frames, hidden), [1, frames, hidden]);
        h = h + Tensor::from_data(positions, &device);
        let past = triangle(frames, &device, |query, key| key > query);
        let future = triangle(frames, &device, |query, key| key < query);
        for layer in &self.layers {
            let f = layer.forward.forward(h.clone(), past.clone());
            let b = layer.backward.forward(h, future.clone());
            h = layer.join.forward(Tensor::cat(vec![f, b], 2));
        }
        Logits {
            chord: self.chord.forward(self.norm.forward(h)),
            bass: None,
            extensions: None,
        }
    }
}

#[derive(Module, Debug)]
struct BiDirectional {
    forward: Block,
    backward: Block,
    join: Linear,
}

/// A linear layer initialized as the mean of its input's two halves, so that the input of a
/// fresh network reaches its output: with PyTorch's default each of the eight joins leaves a
/// third of the variance, in random directions, and it takes a thousand steps until a chord is
/// learned (docs/training.md).
fn mean_of_both(hidden: usize, device: &Device) -> Linear {
    let mut join = LinearConfig::new(2 * hidden, hidden)
        .with_initializer(Initializer::Zeros)
        .init(device);
    let half = Tensor::<2>::eye(hidden, device) * 0.5;
    join.weight = Param::from_tensor(Tensor::cat(vec![half.clone(), half], 0));
    join
}

/// Pre-norm attention, then a pre-norm feed-forward of two kernel-3 convolutions.
#[derive(Module, Debug)]
struct Block {
    attention_norm: StdNorm,
    attention: MultiHeadAttention,
    feed_forward_norm: StdNorm,
    conv_in: Conv1d,
    conv_out: Conv1d,
    dropout: Dropout,
}

impl Block {
    fn new(config: &BtcConfig, device: &Device) -> Self {
        let hidden = config.hidden;
        let conv = || {
            Conv1dConfig::new(hidden, hidden, 3)
                .with_padding(PaddingConfig1d::Explicit(1, 1))
                .init(device)
        };
        Self {
            attention_norm: StdNorm::new(hidden, device),
            attention: MultiHeadAttentionConfig::new(hidden, config.heads)
                .with_dropout(config.dropout)
                .with_query_bias(false)
                .with_key_bias(false)
                .with_value_bias(false)
                .with_output_bias(false)
                .init(device),
            feed_forward_norm: StdNorm::new(hidden, device),
            conv_in: conv(),
            conv_out: conv(),
            dropout: DropoutConfig::new(config.dropout).init(),
        }
    }

    fn forward(&self, x: Tensor<3>, mask: Tensor<3, Bool>) -> Tensor<3> {
        let [batch, frames, _] = x.dims();
        let h = self.attention_norm.forward(x.clone());
        let mask = mask.expand([batch, frames, frames]);
        let attended = attend(&self.attention, h.clone(), h, Some(mask));
        let x = drop_out(&self.dropout, x + attended);
        let h = self.feed_forward_norm.forward(x.clone()).swap_dims(1, 2);
        // The original applies ReLU and dropout after the second convolution too.
        let h = drop_out(&self.dropout, relu(self.conv_in.forward(h)));
        let h = drop_out(&self.dropout, relu(self.conv_out.forward(h)));
        drop_out(&self.dropout, x + h.swap_dims(1, 2))
    }
}

/// The original's layer norm: unbiased standard deviation, with 1e-6 added to it (not to the
/// variance).
#[derive(Module, Debug)]
struct StdNorm {
    gain: Param<Tensor<1>>,
    offset: Param<Tensor<1>>,
}

impl StdNorm {
    fn new(width: usize, device: &Device) -> Self {
        Self {
            gain: Initializer::Ones.init([width], device),
            offset: Initializer::Zeros.init([width], device),
        }
    }

    fn forward(&self, x: Tensor<3>) -> Tensor<3> {
        let width = x.dims()[2];
        let (variance, mean) = x.clone().var_mean(2);
        (x - mean) / (variance.sqrt() + 1e-6) * self.gain.val().reshape([1, 1, width])
            + self.offset.val().reshape([1, 1, width])
    }
}

/// Positions as in Tensor2Tensor: sines then cosines, wavelengths from 2π to 10⁴·2π.
/// Shape `[frames, width]` in row order; the ONNX writer uses the same numbers.
pub fn sinusoids(frames: usize, width: usize) -> Vec<f32> {
    let scales = width / 2;
    let step = 1e4_f64.ln() / (scales.max(2) - 1) as f64;
    let mut data = Vec::with_capacity(frames * width);
    for position in 0..frames {
        let angle = |i: usize| position as f64 * (-(i as f64) * step).exp();
        data.extend((0..scales).map(|i| angle(i).sin() as f32));
        data.extend((0..width - scales).map(|i| angle(i).cos() as f32));
    }
    data
}

/// `[1, frames, frames]`, true where a query must not attend to a key.
fn triangle(
    frames: usize,
    device: &Device,
    hidden: impl Fn(usize, usize) -> bool,
) -> Tensor<3, Bool> {
    let data: Vec<bool> = (0..frames)
        .flat_map(|query| (0..frames).map(move |key| (query, key)))
        .map(|(query, key)| hidden(query, key))
        .collect();
    Tensor::from_data(TensorData::new(data, [1, frames, frames]), device)
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::tensor::Distribution;

    #[test]
    fn has_the_papers_size_and_shape() {
        let device = Device::flex();
        let net = BtcConfig::new().init(&device);
        assert_eq!(net.num_params(), 2_937_514);
        let x = Tensor::random([2, 108, BINS], Distribution::Normal(0.0, 1.0), &device);
        let y = net.forward(x).chord;
        assert_eq!(y.dims(), [2, 108, CHORD_CLASSES]);
        assert!(!y.is_nan().any().into_scalar::<bool>());
    }

    #[test]
    fn joins_begin_as_the_mean_of_both_directions() {
        let device = Device::flex();
        let normal = || Tensor::<3>::random([1, 3, 8], Distribution::Normal(0.0, 1.0), &device);
        let (past, future) = (normal(), normal());
        let both = Tensor::cat(vec![past.clone(), future.clone()], 2);
        let joined = mean_of_both(8, &device).forward(both);
        let mean = (past + future) * 0.5;
        let far = (joined - mean).abs().max().into_scalar::<f32>();
        assert!(far < 1e-6, "{far}");
    }
}
