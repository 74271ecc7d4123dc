//! Our network: the same filters for all twelve roots.
//!
//! A chord moved up a semitone has the same quality. The network knows this by construction:
//! after a small convolution over log-frequency the six octaves are folded into channels,
//! which leaves twelve positions, one for each pitch class, and every later layer treats those
//! positions alike. Layers that look across pitch classes are circular convolutions over all
//! twelve. All keys are equally accurate, and a twelfth of the data is enough.
//!
//! Time is handled by dilated three-tap convolutions. In the causal form the taps reach only
//! into the past, which a [`State`] carries, so a stream fed frame by frame gives the same as
//! a whole sequence. In the windowed form they reach both ways.

use burn::module::{Module, Param};
use burn::nn::conv::{Conv1d, Conv1dConfig};
use burn::nn::{Dropout, DropoutConfig, Linear, LinearConfig, PaddingConfig1d};
use burn::tensor::activation::relu;
use burn::tensor::module::linear;
use burn::tensor::{DType, Device, FloatDType, Tensor};
use recognizer::features::BINS;
use recognizer::networks::extensions::TENSION_VALUES;
use recognizer::networks::{OCTAVES, PITCH_CLASSES, PitchClassNetConfig, QUALITIES, TAPS};

use crate::dropout::drop_out;
use crate::{Init, Logits};

mod grow;
mod layers;

use layers::{CircularMix, FrameNorm, linear_like};

/// Up to this many frames at once, fetching or preparing weights costs more than computing
/// with them.
const FEW_FRAMES: usize = 24;

impl Init for PitchClassNetConfig {
    type Network = PitchClassNet;

    fn init(&self, device: &Device) -> PitchClassNet {
        let c = self.channels;
        PitchClassNet {
            front: Conv1dConfig::new(1, self.front_channels, self.front_kernel)
                .with_stride(2)
                .with_padding({
                    let [before, after] = self.front_padding();
                    PaddingConfig1d::Explicit(before, after)
                })
                .init(device),
            fold: LinearConfig::new(self.front_channels * OCTAVES, c).init(device),
            blocks: self
                .dilations
                .iter()
                .map(|&d| Block::new(self, d, device))
                .collect(),
            norm: FrameNorm::new(c, device),
            quality: LinearConfig::new(c, QUALITIES).init(device),
            absent: LinearConfig::new(2 * c, 2).init(device),
            bass: LinearConfig::new(c, 1).init(device),
            no_bass: LinearConfig::new(2 * c, 1).init(device),
            // No teacher tells of the values beyond these: without labels they remain at "none".
            colour: self.extensions.then(|| {
                let values = self.extension_values();
                let head = LinearConfig::new(c, values.min(TENSION_VALUES)).init(device);
                grow::denying(head, values.saturating_sub(TENSION_VALUES), device)
            }),
        }
    }
}

/// The network; see the module's documentation. Input `[batch, frames, 144]`.
#[derive(Module, Debug)]
pub struct PitchClassNet {
    front: Conv1d,
    fold: Linear,
    blocks: Vec<Block>,
    norm: FrameNorm,
    quality: Linear,
    absent: Linear,
    bass: Linear,
    no_bass: Linear,
    /// The extensions of each root. The field is called as its tensors are in weights files.
    colour: Option<Linear>,
}

/// The state of the causal form between calls: for each block and each delayed tap, the last
/// frames that the tap still needs, `[batch, delay, 12, bottleneck]`.
#[derive(Debug, Clone, Default)]
pub struct State {
    taps: Vec<Vec<Tensor<4>>>,
}

impl PitchClassNet {
    /// Logits for every frame of `x`, `[batch, frames, 144]`.
    ///
    /// Only the causal form uses `state`: the past for the first frames of `x`, replaced by
    /// the past for the next call. A fresh state is silence.
    ///
    /// Products are computed in the type of `x`, sums and norms in single precision: a
    /// bfloat16 `x` speeds up training where the device has such products.
    pub fn forward(&self, x: Tensor<3>, state: &mut State) -> Logits {
        let [batch, frames, _] = x.dims();
        let products = x.dtype();
        let x = x.cast(FloatDType::F32);
        let folded = {
            let y = relu(self.front.forward(x.reshape([batch * frames, 1, BINS])));
            let channels = y.dims()[1];
            let y = y
                .cast(products)
                .reshape([batch * frames, channels, OCTAVES, PITCH_CLASSES])
                .permute([0, 3, 1, 2])
                .reshape([batch, frames, PITCH_CLASSES, channels * OCTAVES]);
            linear_like(y, &self.fold).cast(FloatDType::F32)
        };
        if state.taps.len() != self.blocks.len() {
            state.taps = vec![Vec::new(); self.blocks.len()];
        }
        let mut h = folded;
        for (block, past) in self.blocks.iter().zip(&mut state.taps) {
            h = block.forward(h, past, products);
        }
        self.heads(relu(self.norm.forward(h)))
    }

    /// Heads over `[batch, frames, 12, channels]`.
    fn heads(&self, h: Tensor<4>) -> Logits {
        let [batch, frames, _, channels] = h.dims();
        let pooled = Tensor::cat(vec![h.clone().mean_dim(2), h.clone().max_dim(2)], 3).reshape([
            batch,
            frames,
            2 * channels,
        ]);
        let quality =
            self.quality
                .forward(h.clone())
                .reshape([batch, frames, PITCH_CLASSES * QUALITIES]);
        let extensions = self.colour.as_ref().map(|head| {
            let values = head.weight.dims()[1];
            head.forward(h.clone())
                .reshape([batch, frames, PITCH_CLASSES * values])
        });
        let bass = self.bass.forward(h).reshape([batch, frames, PITCH_CLASSES]);
        Logits {
            chord: Tensor::cat(vec![quality, self.absent.forward(pooled.clone())], 2),
            bass: Some(Tensor::cat(vec![bass, self.no_bass.forward(pooled)], 2)),
            extensions,
        }
    }
}

/// Residual block: normalize, three taps in time down to the bottleneck, circular mix over
/// pitch classes, back to the residual stream.
#[derive(Module, Debug)]
struct Block {
    norm: FrameNorm,
    taps: Vec<Linear>,
    mix: CircularMix,
    out: Linear,
    dropout: Dropout,
    dilation: usize,
    causal: bool,
}

impl Block {
    fn new(config: &PitchClassNetConfig, dilation: usize, device: &Device) -> Self {
        let (c, r) = (config.channels, config.bottleneck);
        Self {
            norm: FrameNorm::new(c, device),
            // One bias is enough: the taps are added.
            taps: (0..TAPS)
                .map(|k| LinearConfig::new(c, r).with_bias(k == 0).init(device))
                .collect(),
            mix: CircularMix::new(r, config.mixed, device),
            out: LinearConfig::new(config.mixed, c).init(device),
            dropout: DropoutConfig::new(config.dropout).init(),
            dilation,
            causal: config.causal,
        }
    }

    /// `x` and result `[batch, frames, 12, channels]`; everything between them in the type
    /// `products`.
    fn forward(&self, x: Tensor<4>, past: &mut Vec<Tensor<4>>, products: DType) -> Tensor<4> {
        let [batch, frames, _, _] = x.dims();
        let (h, taps) = if batch * frames <= FEW_FRAMES {
            (self.norm.forward(x.clone()), self.taps_as_they_are())
        } else {
            (
                self.norm.standardised(x.clone()),
                self.taps_of_standardised(),
            )
        };
        let h = h.cast(products);
        let v = if self.causal {
            self.taps_causal(&taps, h, past)
        } else {
            self.taps_centred(&taps, h)
        };
        let v = drop_out(&self.dropout, relu(v));
        x + linear_like(relu(self.mix.forward(v)), &self.out).cast(FloatDType::F32)
    }

    fn taps_as_they_are(&self) -> Vec<Tap> {
        let tap = |tap: &Linear| Tap {
            weight: tap.weight.val(),
            bias: tap.bias.as_ref().map(Param::val),
        };
        self.taps.iter().map(tap).collect()
    }

    /// The taps with the gain and offset of the preceding norm folded into their weights,
    /// which saves two passes over all channels, and more in the backward pass.
    fn taps_of_standardised(&self) -> Vec<Tap> {
        let gain = self.norm.gain.val().unsqueeze_dim::<2>(1);
        let offset = self.norm.offset.val().unsqueeze_dim::<2>(0);
        let tap = |tap: &Linear| {
            let weight = tap.weight.val();
            let of_offset = offset.clone().matmul(weight.clone()).squeeze_dim::<1>(0);
            Tap {
                weight: weight * gain.clone(),
                bias: Some(match &tap.bias {
                    Some(bias) => bias.val() + of_offset,
                    None => of_offset,
                }),
            }
        };
        self.taps.iter().map(tap).collect()
    }

    fn taps_causal(&self, taps: &[Tap], h: Tensor<4>, past: &mut Vec<Tensor<4>>) -> Tensor<4> {
        let [batch, frames, pitch_classes, _] = h.dims();
        let mut sum = taps[0].forward(h.clone());
        let width = sum.dims()[3];
        if past.len() != taps.len() - 1 {
            *past = (1..taps.len())
                .map(|k| {
                    let shape = [batch, k * self.dilation, pitch_classes, width];
                    Tensor::zeros(shape, (&h.device(), h.dtype()))
                })
                .collect();
        }
        for (k, (tap, past)) in taps[1..].iter().zip(past).enumerate() {
            let delay = (k + 1) * self.dilation;
            let line = Tensor::cat(vec![past.clone(), tap.forward(h.clone())], 1);
            sum = sum + line.clone().narrow(1, 0, frames);
            *past = line.narrow(1, frames, delay);
        }
        sum
    }

    fn taps_centred(&self, taps: &[Tap], h: Tensor<4>) -> Tensor<4> {
        let [batch, frames, pitch_classes, _] = h.dims();
        let centre = taps[0].forward(h.clone());
        // Both neighbours lie in the silence around a window this short.
        if self.dilation >= frames {
            return centre;
        }
        let d = self.dilation;
        let width = centre.dims()[3];
        let shape = [batch, d, pitch_classes, width];
        let silence = Tensor::zeros(shape, (&h.device(), h.dtype()));
        let before = Tensor::cat(
            vec![
                silence.clone(),
                taps[1].forward(h.clone()).narrow(1, 0, frames - d),
            ],
            1,
        );
        let after = Tensor::cat(
            vec![taps[2].forward(h).narrow(1, d, frames - d), silence],
            1,
        );
        centre + before + after
    }
}

/// A tap in time as it is computed.
struct Tap {
    /// `[channels, bottleneck]`.
    weight: Tensor<2>,
    bias: Option<Tensor<1>>,
}

impl Tap {
    fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        let dtype = x.dtype();
        let bias = self.bias.clone().map(|bias| bias.cast(dtype));
        linear(x, self.weight.clone().cast(dtype), bias)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::tensor::{Distribution, TensorData};
    use recognizer::networks::extensions::EXTENSION_VALUES;

    fn input(frames: usize) -> Tensor<3> {
        let device = Device::flex();
        device.seed(7);
        Tensor::random([1, frames, BINS], Distribution::Normal(0.0, 1.0), &device)
    }

    fn largest_difference(a: Tensor<3>, b: Tensor<3>) -> f32 {
        (a - b).abs().max().into_scalar::<f32>()
    }

    #[test]
    fn live_fits_the_budget() {
        let net = PitchClassNetConfig::live().init(&Device::flex());
        assert!(net.num_params() <= 1_500_000, "{}", net.num_params());
    }

    #[test]
    fn what_was_never_taught_is_rejected() {
        let device = Device::flex();
        device.seed(3);
        let net = PitchClassNetConfig::windowed().init(&device);
        let heard = net.forward(input(20), &mut State::default()).extensions;
        let heard = heard.unwrap().into_data();
        let heard: Vec<f32> = heard.iter().collect();
        for root in heard.chunks_exact(EXTENSION_VALUES) {
            for [none, is] in root[TENSION_VALUES..].as_chunks().0 {
                assert!(none - is > 3.0, "{none} {is}");
            }
        }
    }

    #[test]
    fn frame_by_frame_equals_the_whole_sequence() {
        let device = Device::flex();
        device.seed(1);
        let net = PitchClassNetConfig::live().init(&device);
        let x = input(90);
        let whole = net.forward(x.clone(), &mut State::default());
        let mut state = State::default();
        let pieces: Vec<_> = (0..90)
            .map(|t| net.forward(x.clone().narrow(1, t, 1), &mut state).chord)
            .collect();
        assert!(largest_difference(whole.chord, Tensor::cat(pieces, 1)) < 1e-4);
    }

    #[test]
    fn the_causal_form_does_not_see_the_future() {
        let device = Device::flex();
        device.seed(2);
        let net = PitchClassNetConfig::live().init(&device);
        let x = input(60);
        let changed = Tensor::cat(
            vec![
                x.clone().narrow(1, 0, 40),
                x.clone().narrow(1, 40, 20) * 3.0,
            ],
            1,
        );
        let a = net.forward(x, &mut State::default()).chord;
        let b = net.forward(changed, &mut State::default()).chord;
        assert!(largest_difference(a.clone().narrow(1, 0, 40), b.clone().narrow(1, 0, 40)) < 1e-5);
        assert!(largest_difference(a.narrow(1, 40, 20), b.narrow(1, 40, 20)) > 1e-3);
    }

    #[test]
    fn moving_the_music_up_an_octave_class_moves_the_answer() {
        // A frame with energy only in the middle octaves, so that nothing is lost at the ends.
        let device = Device::flex();
        device.seed(3);
        // Mute octave edges: with the fold, exactness needs the shift and the reach of the
        // filters to stay inside the octave.
        let net = PitchClassNetConfig::windowed()
            .with_front_kernel(7)
            .init(&device);
        let x = input(30);
        let mut data = vec![0.0_f32; 30 * BINS];
        let source = x.into_data().try_to_vec::<f32>().unwrap();
        for t in 0..30 {
            for b in 76..88 {
                data[t * BINS + b] = source[t * BINS + b];
            }
        }
        let mut shifted = vec![0.0_f32; 30 * BINS];
        for t in 0..30 {
            for b in 76..88 {
                shifted[t * BINS + b + 4] = data[t * BINS + b];
            }
        }
        let tensor =
            |d: Vec<f32>| Tensor::<3>::from_data(TensorData::new(d, [1, 30, BINS]), &device);
        let a = net.forward(tensor(data), &mut State::default()).chord;
        let b = net.forward(tensor(shifted), &mut State::default()).chord;
        // Two semitones up: class index + 28.
        let a = a.narrow(2, 0, 140);
        let b = b.narrow(2, 28, 140);
        assert!(largest_difference(a, b) < 1e-3);
    }

    #[test]
    fn both_forms_of_the_mix_agree() {
        let device = Device::flex();
        device.seed(4);
        let mix = CircularMix::new(5, 6, &device);
        let x: Tensor<4> = Tensor::random([1, 30, 12, 5], Distribution::Default, &device);
        let x = x.reshape([30, 12, 5]);
        let rolled = mix.with_rolled_rows(x.clone());
        assert!(largest_difference(rolled, mix.in_the_frequency_domain(x)) < 1e-5);
    }

    #[test]
    fn a_norm_inside_the_taps_is_a_norm_before_them() {
        let device = Device::flex();
        device.seed(5);
        let config = PitchClassNetConfig::windowed();
        let mut block = Block::new(&config, 2, &device);
        let channels = config.channels;
        let random = || Tensor::random([channels], Distribution::Normal(1.0, 0.5), &device);
        block.norm.gain = Param::from_tensor(random());
        block.norm.offset = Param::from_tensor(random());
        let x: Tensor<4> = Tensor::random(
            [1, 30, 12, channels],
            Distribution::Normal(2.0, 1.0),
            &device,
        );
        let before = block.taps_centred(&block.taps_as_they_are(), block.norm.forward(x.clone()));
        let inside = block.taps_centred(&block.taps_of_standardised(), block.norm.standardised(x));
        assert!((before - inside).abs().max().into_scalar::<f32>() < 1e-4);
    }
}
