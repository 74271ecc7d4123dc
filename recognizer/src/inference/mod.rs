//! Inference: the traits of networks that can be run, and their engines.
//!
//! | engine | needs | use |
//! |---|---|---|
//! | [`pitch_class`] | nothing | the default: our networks, computed by hand-written loops, one thread |
//! | `ort` (feature `ort`) | the ONNX Runtime library and an ONNX file | a machine's accelerator, other networks |
//!
//! The trainer has another one, for any architecture: its burn modules. The required form of an
//! ONNX file is in [`onnx`].

pub mod onnx;
#[cfg(feature = "ort")]
pub mod ort;
pub mod pitch_class;
pub mod views;

pub use self::pitch_class::{ModelError, PitchClassModel};

use crate::calibration::{Calibration, Calibrations};
use crate::decode::Posterior;
use crate::features::BINS;
use crate::networks::{BASS_CLASSES, CHORD_CLASSES};

/// Why an engine could not be created or run.
#[derive(Debug, thiserror::Error)]
pub enum InferenceError {
    /// A causal network is needed and this one is not causal, or the reverse.
    #[error("the network `{name}` is {is}, but a {wanted} one is needed")]
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
    /// A new stream.
    fn start(&self) -> Box<dyn CausalStream>;
    /// The calibrations of its posteriors.
    fn calibrations(&self) -> Calibrations {
        Calibrations::default()
    }
}

/// A causal network in the middle of a stream.
pub trait CausalStream: Send {
    /// The posterior of the next frame, log-compressed.
    ///
    /// # Errors
    /// [`InferenceError::Engine`] when the engine fails.
    fn step(&mut self, frame: &[f32; BINS]) -> Result<Posterior, InferenceError>;
    /// Forgets all frames.
    fn reset(&mut self);
    /// The memory of the stream in frames: after this many equal frames, one more of them changes
    /// neither the state nor the posterior, bit for bit. `None` if unknown.
    fn memory(&self) -> Option<usize> {
        None
    }
}

/// A network over windows of 108 frames.
pub trait WindowModel: Send + Sync {
    /// Posteriors of the frames of some windows, in the same order; `frames` is
    /// `[windows, 108, 144]`, log-compressed, in row order.
    ///
    /// # Errors
    /// [`InferenceError::Engine`] when the engine fails.
    fn windows(&self, frames: &[f32]) -> Result<Vec<Posterior>, InferenceError>;
    /// The calibration of its posteriors.
    fn calibration(&self) -> Calibration {
        Calibration::default()
    }
    /// The transpositions, in semitones, at which engines hear with it; see [`views`].
    fn transpositions(&self) -> &[i32] {
        &[0]
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
