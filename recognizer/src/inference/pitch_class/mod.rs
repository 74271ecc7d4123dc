//! The engine of our own networks: hand-written loops.
//!
//! burn-flex spends more than half of a live frame on overhead around the products: creating
//! tensors of a few kilobytes, copying them, dispatching. Here nothing is allocated from frame to
//! frame, the weights have the layout that [`crate::simd::product`] reads, and
//!
//! - gain and offset of each norm are folded into the weights that follow it,
//! - the three taps in time are one product,
//! - the circular mix over pitch classes is computed in the frequency domain (`spectrum`).
//!
//! Sums have another order than in burn: log-posteriors agree to 1e-4 (tested against the trainer's
//! modules, for the built-in weights and for random ones).

mod buffers;
mod forward;
mod layer;
mod net;
mod spectrum;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use self::buffers::{Buffers, Past};
use self::forward::forward;
use self::net::Net;
use super::views::TRANSPOSITIONS;
use super::{CausalModel, CausalStream, InferenceError, WindowModel};
use crate::calibration::{Calibration, Calibrations};
use crate::decode::Posterior;
use crate::features::BINS;
use crate::networks::{Architecture, WINDOW_FRAMES};
use crate::weights::{ModelCard, WeightsError, WeightsFile};

/// A pitch-class network, ready to run.
#[derive(Clone)]
pub struct PitchClassModel {
    shared: Arc<Shared>,
}

struct Shared {
    net: Net,
    mean: f32,
    deviation: f32,
    calibrations: Calibrations,
    card: ModelCard,
}

impl PitchClassModel {
    /// A causal network from its weights.
    ///
    /// # Errors
    /// Weights of another architecture, or that do not fit it.
    pub fn causal(file: &WeightsFile<'_>) -> Result<Self, ModelError> {
        Self::of_kind(file, true)
    }

    /// A windowed network from its weights.
    ///
    /// # Errors
    /// As [`Self::causal`].
    pub fn windowed(file: &WeightsFile<'_>) -> Result<Self, ModelError> {
        Self::of_kind(file, false)
    }

    fn of_kind(file: &WeightsFile<'_>, causal: bool) -> Result<Self, ModelError> {
        let Architecture::PitchClass(config) = &file.architecture else {
            return Err(ModelError::NotOurs(file.card.name.clone()));
        };
        if config.causal != causal {
            let word = |causal| if causal { "causal" } else { "windowed" };
            return Err(InferenceError::WrongKind {
                name: file.card.name.clone(),
                is: word(config.causal),
                wanted: word(causal),
            }
            .into());
        }
        Ok(Self {
            shared: Arc::new(Shared {
                net: Net::new(config, file)?,
                mean: file.mean,
                deviation: file.deviation,
                calibrations: file.calibrations,
                card: file.card.clone(),
            }),
        })
    }

    /// Where the weights come from.
    #[must_use]
    pub fn card(&self) -> &ModelCard {
        &self.shared.card
    }
}

/// Why a [`PitchClassModel`] could not be created.
#[derive(Debug, thiserror::Error)]
pub enum ModelError {
    /// The tensors do not fit.
    #[error(transparent)]
    Weights(#[from] WeightsError),
    /// A causal network where a windowed one is needed, or the reverse.
    #[error(transparent)]
    Kind(#[from] InferenceError),
    /// Another architecture, which these loops are not written for.
    #[error("the network `{0}` is not a pitch-class network")]
    NotOurs(String),
}

impl CausalModel for PitchClassModel {
    fn start(&self) -> Box<dyn CausalStream> {
        Box::new(Stream {
            buffers: Buffers::new(&self.shared.net, 1),
            shared: Arc::clone(&self.shared),
            past: Past::silent(&self.shared.net),
        })
    }

    fn calibrations(&self) -> Calibrations {
        self.shared.calibrations
    }
}

/// A stream through a causal network.
struct Stream {
    shared: Arc<Shared>,
    buffers: Buffers,
    past: Past,
}

impl CausalStream for Stream {
    fn step(&mut self, frame: &[f32; BINS]) -> Result<Posterior, InferenceError> {
        self.shared
            .forward(frame, &mut self.buffers, Some(&mut self.past));
        self.buffers
            .posteriors(&self.shared.net, 1)
            .pop()
            .ok_or_else(|| InferenceError::Engine("no output".into()))
    }

    fn reset(&mut self) {
        self.past.forget();
    }

    fn memory(&self) -> Option<usize> {
        Some(self.past.reach)
    }
}

impl WindowModel for PitchClassModel {
    fn windows(&self, frames: &[f32]) -> Result<Vec<Posterior>, InferenceError> {
        let mut buffers = Buffers::new(&self.shared.net, WINDOW_FRAMES);
        let windows = frames.chunks_exact(WINDOW_FRAMES * BINS);
        let mut result = Vec::with_capacity(windows.len() * WINDOW_FRAMES);
        for window in windows {
            self.shared.forward(window, &mut buffers, None);
            result.extend(buffers.posteriors(&self.shared.net, WINDOW_FRAMES));
        }
        Ok(result)
    }

    fn calibration(&self) -> Calibration {
        self.shared.calibrations.track
    }

    fn transpositions(&self) -> &[i32] {
        &TRANSPOSITIONS
    }
}

impl Shared {
    /// Logits of `frames`, `[n, 144]` log-compressed in row order, into the buffers' heads.
    fn forward(&self, frames: &[f32], buffers: &mut Buffers, past: Option<&mut Past>) {
        let (mean, deviation) = (self.mean, self.deviation);
        let count = frames.len() / BINS;
        let before = self.net.padding_before;
        let padded = buffers.frames.chunks_exact_mut(self.net.padded_bins);
        for (padded, frame) in padded.zip(frames.chunks_exact(BINS)) {
            for (out, x) in padded[before..before + BINS].iter_mut().zip(frame) {
                *out = (x - mean) / deviation;
            }
        }
        forward(&self.net, buffers, past, count);
    }
}
