//! 2E1D, the paper's second student (ChordMini's ChordNet): two encoders and a decoder.
//!
//! The frequency encoder attends over twelve tokens of twelve bins inside each frame,
//! the time encoder over the frames, and the decoder takes the sum of both, attends to
//! itself, then to the time encoder. Every residual is gated by a scalar that starts at
//! zero (ReZero, Bachlechner et al. 2020).

use burn::module::{Module, Param};
use burn::nn::attention::{MultiHeadAttention, MultiHeadAttentionConfig};
use burn::nn::{
    Dropout, DropoutConfig, Initializer, LayerNorm, LayerNormConfig, Linear, LinearConfig,
};
use burn::tensor::activation::relu;
use burn::tensor::{Device, Tensor, TensorData};
use recognizer::features::BINS;
use recognizer::networks::{CHORD_CLASSES, TwoEOneDConfig};

use crate::dropout::{attend, drop_out};
use crate::{Init, Logits};

impl Init for TwoEOneDConfig {
    type Network = TwoEOneD;

    fn init(&self, device: &Device) -> TwoEOneD {
        let stack = |width: usize, heads: usize, cross: bool| -> Vec<Layer> {
            (0..self.layers)
                .map(|_| Layer::new(width, heads, cross, self.dropout, device))
                .collect()
        };
        TwoEOneD {
            frequency: stack(BINS / self.tokens, self.frequency_heads, false),
            time: stack(BINS, self.time_heads, false),
            decoder: stack(BINS, self.time_heads, true),
            frequency_out: LinearConfig::new(BINS, BINS).init(device),
            time_out: LinearConfig::new(BINS, BINS).init(device),
            norm: LayerNormConfig::new(BINS).init(device),
            chord: LinearConfig::new(BINS, CHORD_CLASSES).init(device),
            dropout: DropoutConfig::new(self.dropout).init(),
            tokens: self.tokens,
        }
    }
}

/// The network; see the module's documentation. Input `[batch, frames, 144]`.
#[derive(Module, Debug)]
pub struct TwoEOneD {
    frequency: Vec<Layer>,
    time: Vec<Layer>,
    decoder: Vec<Layer>,
    frequency_out: Linear,
    time_out: Linear,
    norm: LayerNorm,
    chord: Linear,
    dropout: Dropout,
    tokens: usize,
}

impl TwoEOneD {
    /// Logits for every frame of `x`, `[batch, frames, 144]`.
    pub fn forward(&self, x: Tensor<3>) -> Logits {
        let [batch, frames, _] = x.dims();
        let device = x.device();
        let token_bins = BINS / self.tokens;

        let mut f = x.clone().reshape([batch * frames, self.tokens, token_bins])
            + positions(self.tokens, token_bins, &device);
        for layer in &self.frequency {
            f = layer.forward(f, None);
        }
        let f = self.frequency_out.forward(f.reshape([batch, frames, BINS]));

        let mut t = x + positions(frames, BINS, &device);
        for layer in &self.time {
            t = layer.forward(t, None);
        }
        let t = self.time_out.forward(t);

        let mut h = f + t.clone();
        for layer in &self.decoder {
            h = layer.forward(h, Some(t.clone()));
        }
        Logits {
            chord: self
                .chord
                .forward(drop_out(&self.dropout, self.norm.forward(h))),
            bass: None,
            extensions: None,
        }
    }
}

/// Self-attention, optional cross-attention, feed-forward ×4; each residual gated.
#[derive(Module, Debug)]
struct Layer {
    self_attention: MultiHeadAttention,
    cross_attention: Option<MultiHeadAttention>,
    expand: Linear,
    contract: Linear,
    /// One gate for each residual branch, `[3]`: self, cross, feed-forward.
    gates: Param<Tensor<1>>,
    dropout: Dropout,
}

impl Layer {
    fn new(width: usize, heads: usize, cross: bool, dropout: f64, device: &Device) -> Self {
        let attention = || {
            MultiHeadAttentionConfig::new(width, heads)
                .with_dropout(dropout)
                .init(device)
        };
        Self {
            self_attention: attention(),
            cross_attention: cross.then(attention),
            expand: LinearConfig::new(width, 4 * width).init(device),
            contract: LinearConfig::new(4 * width, width).init(device),
            gates: Initializer::Zeros.init([3], device),
            dropout: DropoutConfig::new(dropout).init(),
        }
    }

    fn gate(&self, branch: usize) -> Tensor<3> {
        self.gates.val().narrow(0, branch, 1).reshape([1, 1, 1])
    }

    fn forward(&self, x: Tensor<3>, memory: Option<Tensor<3>>) -> Tensor<3> {
        let attended = attend(&self.self_attention, x.clone(), x.clone(), None);
        let mut x = x + drop_out(&self.dropout, attended) * self.gate(0);
        if let (Some(cross), Some(memory)) = (&self.cross_attention, memory) {
            let attended = attend(cross, x.clone(), memory, None);
            x = x + drop_out(&self.dropout, attended) * self.gate(1);
        }
        let h = relu(self.expand.forward(x.clone()));
        let h = self.contract.forward(drop_out(&self.dropout, h));
        x + drop_out(&self.dropout, h) * self.gate(2)
    }
}

fn positions(length: usize, width: usize, device: &Device) -> Tensor<3> {
    let table = TensorData::new(position_table(length, width), [1, length, width]);
    Tensor::from_data(table, device)
}

/// Sinusoidal positions (Vaswani et al. 2017), sine and cosine interleaved, `[length, width]`
/// in row order; the ONNX writer uses the same numbers.
pub fn position_table(length: usize, width: usize) -> Vec<f32> {
    (0..length)
        .flat_map(|position| (0..width).map(move |i| (position, i)))
        .map(|(position, i)| {
            let angle = position as f64 / 1e4_f64.powf((i - i % 2) as f64 / width as f64);
            if i % 2 == 0 {
                angle.sin() as f32
            } else {
                angle.cos() as f32
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::tensor::Distribution;

    #[test]
    fn has_about_the_papers_size_and_its_shape() {
        let device = Device::flex();
        let net = TwoEOneDConfig::new().init(&device);
        let millions = net.num_params() as f64 / 1e6;
        assert!((2.8..3.2).contains(&millions), "{millions} M");
        let x = Tensor::random([2, 108, BINS], Distribution::Normal(0.0, 1.0), &device);
        let y = net.forward(x).chord;
        assert_eq!(y.dims(), [2, 108, CHORD_CLASSES]);
        assert!(!y.is_nan().any().into_scalar::<bool>());
    }
}
