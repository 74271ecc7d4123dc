//! Growing a trained network: wider blocks and more of them that compute the same at first.
//!
//! This is what Chen et al. call function-preserving ("Net2Net", ICLR 2016), with zeros
//! instead of copies: the new channels of a block start with random weights, and the weights
//! of their outputs with zeros, so that they have no effect before training changes them. A
//! new block starts with random weights and a last layer of zeros, so that it adds nothing to
//! the residual stream.

use burn::module::Param;
use burn::nn::Linear;
use burn::tensor::{Device, Tensor};
use recognizer::networks::{PITCH_CLASSES, PitchClassNetConfig};

use super::{Block, PitchClassNet};
use crate::Init;

/// Logit with which a network rejects the extensions that it has not learned.
const DENIED: f32 = 2.0;

impl PitchClassNet {
    /// The network in shape `to`, with random weights in its new channels and blocks; its output
    /// stays the same up to rounding. `from` is its own shape. `None` unless
    /// [`PitchClassNetConfig::grows_to`].
    #[must_use]
    pub fn grown(
        self,
        from: &PitchClassNetConfig,
        to: &PitchClassNetConfig,
        device: &Device,
    ) -> Option<Self> {
        if !from.grows_to(to) {
            return None;
        }
        let fresh = to.init(device);
        let mut known = self.blocks.into_iter();
        let places = from.blocks_in(to)?;
        let blocks = places.into_iter().zip(fresh.blocks).map(|(place, fresh)| {
            let Some(mut block) = place.and_then(|_| known.next()) else {
                return silent(fresh);
            };
            let (old_r, old_m) = (from.bottleneck, from.mixed);
            for (tap, fresh) in block.taps.iter_mut().zip(fresh.taps) {
                let more = beyond(fresh.weight.val(), 1, old_r);
                tap.weight = Param::from_tensor(joined(tap.weight.val(), more, 1));
                if let (Some(bias), Some(fresh)) = (&mut tap.bias, fresh.bias) {
                    let more = beyond(fresh.val(), 0, old_r);
                    *bias = Param::from_tensor(joined(bias.val(), more, 0));
                }
            }
            // [12, in, out]: the old weights, beside them those from old inputs to new
            // outputs, and below both those of the new inputs, which are zero for old outputs.
            let mixed = fresh.mix.weight.val();
            let beside = beyond(mixed.clone().narrow(1, 0, old_r), 2, old_m);
            let above = joined(block.mix.weight.val(), beside, 2);
            let below = beyond(mixed, 1, old_r).map(|new| {
                let [_, inputs, _] = new.dims();
                let nothing = Tensor::zeros([PITCH_CLASSES, inputs, old_m], device);
                joined(nothing, beyond(new, 2, old_m), 2)
            });
            block.mix.weight = Param::from_tensor(joined(above, below, 1));
            let more = beyond(fresh.mix.bias.val(), 0, old_m);
            block.mix.bias = Param::from_tensor(joined(block.mix.bias.val(), more, 0));
            let nothing = beyond(fresh.out.weight.val(), 0, old_m).map(|new| new.zeros_like());
            block.out.weight = Param::from_tensor(joined(block.out.weight.val(), nothing, 0));
            block.dropout = fresh.dropout;
            block
        });
        let blocks = blocks.collect();
        let new = to.extension_values() - from.extension_values();
        let colour = self.colour.map(|head| denying(head, new, device));
        Some(Self {
            blocks,
            colour,
            ..self
        })
    }
}

/// The head with `new` more values, which it rejects whatever it hears: the first value of each pair
/// is "none".
pub(super) fn denying(mut head: Linear, new: usize, device: &Device) -> Linear {
    if new == 0 {
        return head;
    }
    let weight = head.weight.val();
    let nothing = Tensor::zeros([weight.dims()[0], new], device);
    head.weight = Param::from_tensor(joined(weight, Some(nothing), 1));
    let denied: Vec<f32> = (0..new)
        .map(|i| if i % 2 == 0 { DENIED } else { -DENIED })
        .collect();
    let denied = Tensor::from_floats(denied.as_slice(), device);
    head.bias = head
        .bias
        .map(|bias| Param::from_tensor(joined(bias.val(), Some(denied), 0)));
    head
}

/// The block with a last layer of zeros.
fn silent(mut block: Block) -> Block {
    block.out.weight = block.out.weight.map(|weight| weight.zeros_like());
    block.out.bias = block.out.bias.map(|bias| bias.map(|it| it.zeros_like()));
    block
}

/// The part after the first `count` along `dimension`, if there is any.
fn beyond<const D: usize>(tensor: Tensor<D>, dimension: usize, count: usize) -> Option<Tensor<D>> {
    let more = tensor.dims()[dimension] - count;
    (more > 0).then(|| tensor.narrow(dimension, count, more))
}

/// Concatenates both along `dimension`.
fn joined<const D: usize>(
    first: Tensor<D>,
    second: Option<Tensor<D>>,
    dimension: usize,
) -> Tensor<D> {
    match second {
        Some(second) => Tensor::cat(vec![first, second], dimension),
        None => first,
    }
}

#[cfg(test)]
mod tests {
    use super::super::State;
    use super::*;
    use burn::module::Module as _;
    use burn::tensor::Distribution;
    use recognizer::features::BINS;

    #[test]
    fn a_wider_network_gives_what_the_narrow_one_gave() {
        let device = Device::flex();
        device.seed(11);
        for from in [PitchClassNetConfig::live(), PitchClassNetConfig::windowed()] {
            for (bottleneck, mixed) in [(48, 96), (32, 128), (48, 64), (32, 64)] {
                let from = from.clone().with_bottleneck(32).with_mixed(64);
                let to = from.clone().with_bottleneck(bottleneck).with_mixed(mixed);
                let narrow = from.init(&device);
                let x = Tensor::random([2, 40, BINS], Distribution::Normal(0.0, 1.0), &device);
                let before = narrow.forward(x.clone(), &mut State::default());
                let parameters = narrow.num_params();
                let wide = narrow.grown(&from, &to, &device).unwrap();
                let after = wide.forward(x, &mut State::default());
                let difference = (before.chord - after.chord).abs().max();
                assert!(difference.into_scalar::<f32>() < 1e-4);
                assert_eq!(wide.num_params(), to.init(&device).num_params());
                assert!(wide.num_params() >= parameters);
            }
        }
    }

    #[test]
    fn a_deeper_network_gives_what_the_shallow_one_gave() {
        let device = Device::flex();
        device.seed(13);
        for from in [PitchClassNetConfig::live(), PitchClassNetConfig::windowed()] {
            let mut dilations = from.dilations.clone();
            dilations.insert(5, 32);
            dilations.insert(0, 3);
            let to = from.clone().with_dilations(dilations);
            let shallow = from.init(&device);
            let x = Tensor::random([2, 40, BINS], Distribution::Normal(0.0, 1.0), &device);
            let before = shallow.forward(x.clone(), &mut State::default());
            let deep = shallow.grown(&from, &to, &device).unwrap();
            assert_eq!(deep.num_params(), to.init(&device).num_params());
            let after = deep.forward(x, &mut State::default());
            let difference = (before.chord - after.chord).abs().max();
            assert!(difference.into_scalar::<f32>() < 1e-4);
        }
    }

    #[test]
    fn what_is_new_takes_part_once_it_is_heard() {
        let device = Device::flex();
        device.seed(12);
        let from = PitchClassNetConfig::windowed()
            .with_bottleneck(32)
            .with_mixed(64);
        let to = from.clone().with_bottleneck(48).with_mixed(96);
        let mut wide = from.init(&device).grown(&from, &to, &device).unwrap();
        let x = Tensor::random([1, 40, BINS], Distribution::Normal(0.0, 1.0), &device);
        let before = wide.forward(x.clone(), &mut State::default()).chord;
        let out = &mut wide.blocks[0].out.weight;
        *out = Param::from_tensor(out.val() + 0.1);
        let after = wide.forward(x, &mut State::default()).chord;
        assert!((before - after).abs().max().into_scalar::<f32>() > 1e-3);
    }

    #[test]
    fn nothing_shrinks_and_nothing_else_changes() {
        let shape = PitchClassNetConfig::windowed();
        assert!(shape.grows_to(&shape.clone().with_dropout(0.3)));
        for other in [
            shape.clone().with_bottleneck(shape.bottleneck - 1),
            shape.clone().with_channels(shape.channels + 16),
            shape.clone().with_dilations(vec![1, 2, 4, 8, 4, 2, 1]),
            PitchClassNetConfig::live(),
        ] {
            assert!(!shape.grows_to(&other));
            let device = Device::flex();
            assert!(shape.init(&device).grown(&shape, &other, &device).is_none());
        }
    }
}
