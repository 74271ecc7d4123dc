//! The networks of Changes as burn modules: they are trained in this form, and any
//! architecture can run in it ([`BurnModel`]). What ships runs on the loops of
//! [`recognizer::inference::pitch_class`], which are tested against these modules.
//!
//! | module | network |
//! |---|---|
//! | [`pitch_class`] | ours, filters shared over the twelve pitch classes; causal (`live`) or over a window (`windowed`) |
//! | [`btc`] | BTC, the paper's first student |
//! | [`two_e_one_d`] | 2E1D, the paper's second student |

#![warn(unreachable_pub)]

pub mod btc;
pub mod dropout;
pub mod pitch_class;
pub mod two_e_one_d;

mod model;
mod network;
mod weights;

pub use model::{BurnModel, windowed};
pub use network::Network;
pub use weights::Weights;

use burn::tensor::{Device, Tensor};

/// Makes a network of an architecture.
pub trait Init {
    /// The network's type.
    type Network;

    /// A network with random weights on `device`.
    fn init(&self, device: &Device) -> Self::Network;
}

/// The output of a network: unnormalized log-probabilities.
#[derive(Debug, Clone)]
pub struct Logits {
    /// `[batch, frames, 170]`.
    pub chord: Tensor<3>,
    /// `[batch, frames, 13]`; absent in the paper's students, which have no bass head.
    pub bass: Option<Tensor<3>>,
    /// `[batch, frames, 12 · 10]`, for every root the values of
    /// [`extensions`](recognizer::networks::extensions); absent without such a head.
    pub extensions: Option<Tensor<3>>,
}
