//! What is to be known of the networks that turn constant-Q frames into chord posteriors:
//! their shapes, and what they write.
//!
//! | network | look-ahead | parameters |
//! |---|---|---|
//! | `live`, ours, causal | none | 0.51 M |
//! | `windowed`, ours, over a window | the window | 0.78 M |
//! | BTC, the paper's first student | 108 frames | 2.94 M |
//! | 2E1D, the paper's second student | 108 frames | 3.0 M |
//!
//! All of them read log-compressed frames (see [`crate::features::log_compress`])
//! standardised with one scalar mean and deviation, and write logits over the
//! 170 classes of [`harmony::vocabulary::large`]. Ours also write the bass and the colours.
//! Ours are computed by [`crate::inference::pitch_class`]; the trainer has all of them as
//! modules that learn.

pub mod colour;

mod architecture;
mod configuration;

pub use architecture::{Architecture, FrontEnd};
pub use configuration::{BtcConfig, PitchClassNetConfig, TwoEOneDConfig};

use crate::features::BINS;

/// Frames in a window of the windowed networks (10.03 s at hop 2048).
pub const WINDOW_FRAMES: usize = 108;
/// Classes of the chord head: [`harmony::vocabulary::large`].
pub const CHORD_CLASSES: usize = 170;
/// Classes of the bass head: the twelve pitch classes, then "no bass".
pub const BASS_CLASSES: usize = 13;
/// Index of "no bass" in the bass head.
pub const NO_BASS: usize = 12;
/// Pitch classes in an octave.
pub const PITCH_CLASSES: usize = 12;
/// Octaves in a frame.
pub const OCTAVES: usize = BINS / 24;
/// Qualities per root in the large vocabulary.
pub const QUALITIES: usize = 14;
/// Taps in time of a block of our network.
pub const TAPS: usize = 3;
