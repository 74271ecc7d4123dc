//! One type for the networks of all architectures.

use burn::module::Module;
use burn::tensor::{Device, FloatDType, Tensor};
use recognizer::networks::Architecture;

use crate::btc::Btc;
use crate::pitch_class::{PitchClassNet, State};
use crate::two_e_one_d::TwoEOneD;
use crate::{Init, Logits};

impl Init for Architecture {
    type Network = Network;

    fn init(&self, device: &Device) -> Network {
        match self {
            Architecture::PitchClass(c) => Network::PitchClass(c.init(device)),
            Architecture::Btc(c) => Network::Btc(c.init(device)),
            Architecture::TwoEOneD(c) => Network::TwoEOneD(c.init(device)),
        }
    }
}

/// A network of any architecture.
#[derive(Module, Debug)]
#[allow(
    clippy::large_enum_variant,
    reason = "a few hundred bytes, once a model; boxed modules cannot be derived"
)]
pub enum Network {
    /// Our own.
    PitchClass(PitchClassNet),
    /// BTC.
    Btc(Btc),
    /// 2E1D.
    TwoEOneD(TwoEOneD),
}

impl Network {
    /// Logits for `x`, `[batch, frames, 144]` standardized frames; `state` as in
    /// [`PitchClassNet::forward`], ignored by the other architectures. Only our own network
    /// computes products in the type of `x`.
    pub fn forward(&self, x: Tensor<3>, state: &mut State) -> Logits {
        match self {
            Network::PitchClass(net) => net.forward(x, state),
            Network::Btc(net) => net.forward(x.cast(FloatDType::F32)),
            Network::TwoEOneD(net) => net.forward(x.cast(FloatDType::F32)),
        }
    }
}
