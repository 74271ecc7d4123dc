//! Inference: the traits of networks that can be run, and their engines.
//!
//! | engine | needs | use |
//! |---|---|---|
//! | [`pitch_class`] | nothing | the default: our networks, computed by loops written for them, one thread |
//! | `ort` (feature `ort`) | the ONNX Runtime library and an ONNX file | a machine's accelerator, other networks |
//!
//! The trainer has another one, for any architecture: its own modules. What an ONNX file must look like is in [`onnx`].

pub mod onnx;
#[cfg(feature = "ort")]
pub mod ort;
pub mod pitch_class;

pub use self::pitch_class::{ModelError, PitchClassModel};

use crate::calibration::Calibration;
use crate::decode::Posterior;
use crate::features::BINS;
use crate::networks::{BASS_CLASSES, CHORD_CLASSES};

/// Why an engine could not be made or did not answer.
#[derive(Debug, thiserror::Error)]
pub enum InferenceError {
    /// A causal network was asked for and this one is not, or the reverse.
    #[error("the network `{name}` is {is}, and a {wanted} one is needed")]
    WrongKind {
        /// Name in the model card.
        name: String,
        /// `causal` or `windowed`.
        is: &'static str,
        /// `causal` or `windowed`.
        wanted: &'static str,
    },
    /// The engine itself failed.
    #[error("the engine failed: {0}")]
    Engine(String),
}

/// A causal network and its weights, shared by any number of streams.
pub trait CausalModel: Send + Sync {
    /// A stream that has heard nothing.
    fn start(&self) -> Box<dyn CausalStream>;
    /// What its posteriors are worth.
    fn calibration(&self) -> Calibration {
        Calibration::default()
    }
}

/// A causal network in the middle of a stream.
pub trait CausalStream: Send {
    /// The posterior of the next frame, log-compressed.
    ///
    /// # Errors
    /// [`InferenceError::Engine`] when the engine fails.
    fn step(&mut self, frame: &[f32; BINS]) -> Result<Posterior, InferenceError>;
    /// Forgets what was heard.
    fn reset(&mut self);
    /// Frames after which nothing is left of what was heard, whatever it was: so many equal
    /// frames later, one more of them changes neither the stream nor its answer, bit for
    /// bit. `None` where that is not known.
    fn memory(&self) -> Option<usize> {
        None
    }
}

/// A network over windows of 108 frames.
pub trait WindowModel: Send + Sync {
    /// Posteriors of the frames of some windows, `[windows, 108, 144]` log-compressed in
    /// row order, in the same order.
    ///
    /// # Errors
    /// [`InferenceError::Engine`] when the engine fails.
    fn windows(&self, frames: &[f32]) -> Result<Vec<Posterior>, InferenceError>;
    /// What its posteriors are worth.
    fn calibration(&self) -> Calibration {
        Calibration::default()
    }
}

/// Posteriors of frames from the logits of all of them, `[frames, 170]`, `[frames, 13]`
/// and `[frames, 12 × extensions]` in row order.
#[must_use]
pub fn posteriors(
    chord: &[f32],
    bass: Option<&[f32]>,
    extensions: Option<&[f32]>,
) -> Vec<Posterior> {
    let frames = (chord.len() / CHORD_CLASSES).max(1);
    let width = extensions.map_or(0, |all| all.len() / frames);
    chord
        .chunks_exact(CHORD_CLASSES)
        .enumerate()
        .map(|(i, chord)| {
            let bass = bass.and_then(|all| all.get(i * BASS_CLASSES..(i + 1) * BASS_CLASSES));
            let extensions = extensions.and_then(|all| all.get(i * width..(i + 1) * width));
            Posterior::from_logits(chord, bass, extensions)
        })
        .collect()
}
