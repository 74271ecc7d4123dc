//! The shapes of the networks, from frames to chord posteriors.
//!
//! | network | look-ahead | parameters |
//! |---|---|---|
//! | [`PitchClassNetConfig`], causal: the shipped `live` | none | 0.51 M |
//! | [`PitchClassNetConfig`], over a window: the shipped `windowed` | the window | 0.78 M |
//! | [`BtcConfig`], a student of arXiv 2602.19778 | the window | 2.94 M |
//! | [`TwoEOneDConfig`], the other student | the window | 3.0 M |
//!
//! All of them read log-compressed frames (see [`crate::features::log_compress`]) standardized with
//! one scalar mean and deviation, and write logits over the 170 classes of
//! [`harmony::vocabulary::large`]. Pitch-class networks also write the bass and the extensions
//! ([`extensions`]), and are computed by [`crate::inference::pitch_class`]. The trainable burn
//! modules of all of them are in the workspace's `networks` crate; this crate does not depend on
//! burn. Other networks run in [`crate::inference::ort`] (cargo feature `ort`).

pub mod extensions;

mod architecture;
mod configuration;

pub use architecture::{Architecture, FrontEnd};
pub use configuration::{BtcConfig, PitchClassNetConfig, TwoEOneDConfig};

use harmony::vocabulary::large;

use crate::features::{BINS, BINS_PER_OCTAVE};

/// Frames in a window of the windowed networks (10.03 s at hop 2048).
pub const WINDOW_FRAMES: usize = 108;
/// Classes of the chord head: [`harmony::vocabulary::large`].
pub const CHORD_CLASSES: usize = large::LEN;
/// Classes of the bass head: the twelve pitch classes, then "no bass".
pub const BASS_CLASSES: usize = 13;
/// Index of "no bass" in the bass head.
pub const NO_BASS: usize = 12;
/// Pitch classes in an octave.
pub const PITCH_CLASSES: usize = 12;
/// Octaves in a frame.
pub const OCTAVES: usize = BINS / BINS_PER_OCTAVE;
/// Qualities per root in the large vocabulary.
pub const QUALITIES: usize = large::QUALITIES.len();
/// Taps in time of a block of our network.
pub const TAPS: usize = 3;
