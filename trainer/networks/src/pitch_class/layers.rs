//! The layers of a block: linear in any precision, circular over pitch classes, norm.

use burn::module::{Module, Param};
use burn::nn::{Initializer, Linear};
use burn::tensor::module::linear;
use burn::tensor::{Device, Int, Tensor, TensorData};
use recognizer::networks::PITCH_CLASSES;

use super::FEW_FRAMES;

/// A linear layer in the type of its input.
pub(super) fn linear_like(x: Tensor<4>, layer: &Linear) -> Tensor<4> {
    let dtype = x.dtype();
    let bias = layer.bias.as_ref().map(|bias| bias.val().cast(dtype));
    linear(x, layer.weight.val().cast(dtype), bias)
}

/// Circular convolution over the twelve pitch classes with a filter that spans them all:
/// `out[p] = bias + Σ_i in[(p + i) mod 12] · weight[i]`.
#[derive(Module, Debug)]
pub(super) struct CircularMix {
    /// `[12, in, out]`, by interval above the output's pitch class.
    pub(super) weight: Param<Tensor<3>>,
    pub(super) bias: Param<Tensor<1>>,
}

impl CircularMix {
    pub(super) fn new(inputs: usize, outputs: usize, device: &Device) -> Self {
        let fan_in = PITCH_CLASSES * inputs;
        Self {
            weight: Initializer::KaimingUniform {
                gain: 1.0,
                fan_out_only: false,
            }
            .init_with(
                [PITCH_CLASSES, inputs, outputs],
                Some(fan_in),
                Some(outputs),
                device,
            ),
            bias: Initializer::Zeros.init([outputs], device),
        }
    }

    /// `[batch, frames, 12, in]` to `[batch, frames, 12, out]`.
    pub(super) fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        let [batch, frames, _, inputs] = x.dims();
        let outputs = self.weight.dims()[2];
        let bias = self.bias.val().cast(x.dtype());
        let bias = bias.reshape([1, 1, 1, outputs]);
        let x = x.reshape([batch * frames, PITCH_CLASSES, inputs]);
        let y = if batch * frames <= FEW_FRAMES {
            self.with_rolled_rows(x)
        } else {
            self.in_the_frequency_domain(x)
        };
        y.reshape([batch, frames, PITCH_CLASSES, outputs]) + bias
    }

    /// `x`: `[rows, 12, in]`; result `[rows, 12, out]`.
    pub(super) fn with_rolled_rows(&self, x: Tensor<3>) -> Tensor<3> {
        let [rows, _, inputs] = x.dims();
        let outputs = self.weight.dims()[2];
        let weight = self.weight.val().cast(x.dtype());
        let order = interval_table(&x.device(), |p, i| (p + i) % PITCH_CLASSES);
        let rolled = x
            .select(1, order)
            .reshape([rows * PITCH_CLASSES, PITCH_CLASSES * inputs]);
        rolled
            .matmul(weight.reshape([PITCH_CLASSES * inputs, outputs]))
            .reshape([rows, PITCH_CLASSES, outputs])
    }

    /// Computed by the convolution theorem over the pitch classes: a sixth of the products.
    ///
    /// With `X = A − iB` the discrete Fourier transform of the input and `P + iQ` the
    /// conjugate of the filter's (a correlation), the output is `AP + BQ − i(BP − AQ)`.
    /// Cosines and sines of frequencies 1 … 5 are pairs; the two real frequencies, 0 and 6,
    /// make the first pair. `x`: `[rows, 12, in]`; result `[rows, 12, out]`.
    pub(super) fn in_the_frequency_domain(&self, x: Tensor<3>) -> Tensor<3> {
        const PAIRS: usize = PITCH_CLASSES / 2;
        let [rows, _, inputs] = x.dims();
        let device = x.device();
        let weight = self.weight.val();
        let outputs = weight.dims()[2];
        let analysis = fourier(&device, |_| 1.0);
        let filter = analysis
            .clone()
            .matmul(weight.reshape([PITCH_CLASSES, inputs * outputs]))
            .reshape([PAIRS, 2, inputs, outputs]);
        let even: Tensor<3> = filter.clone().narrow(1, 0, 1).squeeze_dim(1);
        let odd: Tensor<3> = filter.narrow(1, 1, 1).squeeze_dim(1);
        let first = |t: &Tensor<3>| t.clone().narrow(0, 0, 1);
        let others = |t: &Tensor<3>| t.clone().narrow(0, 1, PAIRS - 1);
        let nothing = Tensor::zeros([1, inputs, outputs], &device);
        let from_even = Tensor::cat(
            vec![
                even.clone(),
                Tensor::cat(vec![nothing.clone(), -others(&odd)], 0),
            ],
            2,
        );
        let from_odd = Tensor::cat(
            vec![
                Tensor::cat(vec![nothing, others(&odd)], 0),
                Tensor::cat(vec![first(&odd), others(&even)], 0),
            ],
            2,
        );
        let dtype = x.dtype();
        let filter = Tensor::cat(vec![from_even, from_odd], 1).cast(dtype);
        let pairs = analysis
            .cast(dtype)
            .matmul(x.swap_dims(0, 1).reshape([PITCH_CLASSES, rows * inputs]))
            .reshape([PAIRS, 2, rows, inputs])
            .swap_dims(1, 2)
            .reshape([PAIRS, rows, 2 * inputs]);
        let mixed = pairs
            .matmul(filter)
            .reshape([PAIRS, rows, 2, outputs])
            .swap_dims(1, 2)
            .reshape([PITCH_CLASSES, rows * outputs]);
        // The inverse transform: the transpose, a twelfth of the real frequencies and a
        // sixth of the others.
        let synthesis = fourier(&device, |row| if row < 2 { 1.0 / 12.0 } else { 1.0 / 6.0 });
        synthesis
            .transpose()
            .cast(dtype)
            .matmul(mixed)
            .reshape([PITCH_CLASSES, rows, outputs])
            .swap_dims(0, 1)
    }
}

/// Rows of the real discrete Fourier transform over the pitch classes, each times a factor:
/// frequencies 0 and 6, then cosine and sine of frequencies 1 … 5.
pub(super) fn fourier(device: &Device, factor: impl Fn(usize) -> f32) -> Tensor<2> {
    let value = |row: usize, pitch_class: usize| {
        let frequency = match row {
            0 => 0,
            1 => PITCH_CLASSES / 2,
            row => row / 2,
        };
        let turn = (frequency * pitch_class % PITCH_CLASSES) as f32 / PITCH_CLASSES as f32;
        let angle = std::f32::consts::TAU * turn;
        let is_sine = row > 2 && row % 2 == 1;
        factor(row) * if is_sine { angle.sin() } else { angle.cos() }
    };
    let values: Vec<f32> = (0..PITCH_CLASSES * PITCH_CLASSES)
        .map(|index| value(index / PITCH_CLASSES, index % PITCH_CLASSES))
        .collect();
    Tensor::from_data(
        TensorData::new(values, [PITCH_CLASSES, PITCH_CLASSES]),
        device,
    )
}

/// The 144 indices `f(row, column)` in row order.
pub(super) fn interval_table(device: &Device, f: impl Fn(usize, usize) -> usize) -> Tensor<1, Int> {
    let indices: Vec<i64> = (0..PITCH_CLASSES)
        .flat_map(|row| (0..PITCH_CLASSES).map(move |column| (row, column)))
        .map(|(row, column)| f(row, column) as i64)
        .collect();
    Tensor::from_data(
        TensorData::new(indices, [PITCH_CLASSES * PITCH_CLASSES]),
        device,
    )
}

/// Layer norm over all pitch classes and channels of a frame (so that one pitch class
/// can stay louder than another), with a gain and offset per channel.
#[derive(Module, Debug)]
pub(super) struct FrameNorm {
    pub(super) gain: Param<Tensor<1>>,
    pub(super) offset: Param<Tensor<1>>,
}

impl FrameNorm {
    pub(super) fn new(channels: usize, device: &Device) -> Self {
        Self {
            gain: Initializer::Ones.init([channels], device),
            offset: Initializer::Zeros.init([channels], device),
        }
    }

    /// Mean 0 and variance 1 in each frame, without gain and offset. It is written for few
    /// passes over the whole tensor, which dominate its cost: the variance is computed from
    /// the mean square.
    pub(super) fn standardised(&self, x: Tensor<4>) -> Tensor<4> {
        let [batch, frames, pitch_classes, channels] = x.dims();
        let flat = x.reshape([batch, frames, pitch_classes * channels]);
        let mean = flat.clone().mean_dim(2);
        let square = flat.clone().square().mean_dim(2);
        let variance = (square - mean.clone().square()).clamp_min(0.0);
        let scale = (variance + 1e-5).sqrt().recip();
        (flat * scale.clone() - mean * scale).reshape([batch, frames, pitch_classes, channels])
    }

    pub(super) fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        let channels = x.dims()[3];
        self.standardised(x) * self.gain.val().reshape([1, 1, 1, channels])
            + self.offset.val().reshape([1, 1, 1, channels])
    }
}
