//! The networks that turn constant-Q frames into chord posteriors.
//!
//! | module | network | look-ahead | parameters |
//! |---|---|---|---|
//! | [`pitch_class`] | ours, filters shared over the twelve pitch classes; causal (`live`) or over a window (`windowed`) | none / the window | 0.2 M |
//! | [`btc`] | BTC, the paper's first student | 108 frames | 2.94 M |
//! | [`two_e_one_d`] | 2E1D, the paper's second student | 108 frames | 3.0 M |
//!
//! All of them read log-compressed frames (see [`crate::features::log_compress`])
//! standardised with one scalar mean and deviation, and write logits over the
//! 170 classes of [`harmony::vocabulary::large`]. Ours also write the bass and the colours.

pub mod btc;
pub mod colour;
pub mod network;
pub mod pitch_class;
pub mod two_e_one_d;

use burn::tensor::Tensor;

/// Frames in a window of the windowed networks (10.03 s at hop 2048).
pub const WINDOW_FRAMES: usize = 108;
/// Classes of the chord head: [`harmony::vocabulary::large`].
pub const CHORD_CLASSES: usize = 170;
/// Classes of the bass head: the twelve pitch classes, then "no bass".
pub const BASS_CLASSES: usize = 13;
/// Index of "no bass" in the bass head.
pub const NO_BASS: usize = 12;

/// What a network writes: unnormalised log-probabilities.
#[derive(Debug, Clone)]
pub struct Logits {
    /// `[batch, frames, 170]`.
    pub chord: Tensor<3>,
    /// `[batch, frames, 13]`; absent in the paper's students, which have no such head.
    pub bass: Option<Tensor<3>>,
    /// `[batch, frames, 12 · 10]`, for every root the values of [`colour`]; absent without
    /// such a head.
    pub colour: Option<Tensor<3>>,
}
