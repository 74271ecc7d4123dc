//! The engine for any architecture: burn's module on the backend burn-flex.

use std::sync::Arc;

use burn::tensor::{Device, Tensor, TensorData};
use recognizer::calibration::{Calibration, Calibrations};
use recognizer::decode::Posterior;
use recognizer::features::BINS;
use recognizer::inference::views::TRANSPOSITIONS;
use recognizer::inference::{
    CausalModel, CausalStream, InferenceError, ModelError, PitchClassModel, WindowModel, posteriors,
};
use recognizer::networks::{Architecture, WINDOW_FRAMES};
use recognizer::weights::WeightsFile;

use crate::pitch_class::State;
use crate::{Logits, Weights};

/// The engine for a windowed network of any architecture, from its weights file.
///
/// # Errors
/// If the weights are invalid, or those of a causal network.
pub fn windowed(bytes: &[u8]) -> Result<Arc<dyn WindowModel>, ModelError> {
    let file = WeightsFile::read(bytes)?;
    Ok(match &file.architecture {
        Architecture::PitchClass(_) => Arc::new(PitchClassModel::windowed(&file)?),
        _ => Arc::new(BurnModel::windowed(Weights::from_bytes(
            bytes,
            &Device::flex(),
        )?)?),
    })
}

/// A network as a burn module on burn-flex: pure Rust, one thread.
#[derive(Debug, Clone)]
pub struct BurnModel {
    weights: Weights,
    device: Device,
}

impl BurnModel {
    /// A causal network from its weights.
    ///
    /// # Errors
    /// [`InferenceError::WrongKind`] for a windowed network.
    pub fn causal(weights: Weights) -> Result<Self, InferenceError> {
        Self::of_kind(weights, true)
    }

    /// A windowed network from its weights.
    ///
    /// # Errors
    /// [`InferenceError::WrongKind`] for a causal network.
    pub fn windowed(weights: Weights) -> Result<Self, InferenceError> {
        Self::of_kind(weights, false)
    }

    fn of_kind(weights: Weights, causal: bool) -> Result<Self, InferenceError> {
        let word = |causal| if causal { "causal" } else { "windowed" };
        let is = weights.architecture.is_causal();
        if is != causal {
            return Err(InferenceError::WrongKind {
                name: weights.card.name,
                is: word(is),
                wanted: word(causal),
            });
        }
        Ok(Self {
            weights,
            device: Device::flex(),
        })
    }

    /// The weights.
    pub fn weights(&self) -> &Weights {
        &self.weights
    }

    /// `[batch, frames, 144]`, standardized.
    fn input(&self, frames: &[f32], batch: usize, length: usize) -> Tensor<3> {
        let (mean, deviation) = (self.weights.mean, self.weights.deviation);
        let data: Vec<f32> = frames.iter().map(|x| (x - mean) / deviation).collect();
        Tensor::from_data(TensorData::new(data, [batch, length, BINS]), &self.device)
    }
}

/// Posteriors of all frames of `logits`, batch after batch.
fn posteriors_of(logits: Logits) -> Result<Vec<Posterior>, InferenceError> {
    let numbers = |tensor: Tensor<3>| {
        tensor
            .into_data()
            .try_to_vec::<f32>()
            .map_err(|e| InferenceError::Engine(format!("{e:?}")))
    };
    let chord = numbers(logits.chord)?;
    let bass = logits.bass.map(numbers).transpose()?;
    let extensions = logits.extensions.map(numbers).transpose()?;
    Ok(posteriors(&chord, bass.as_deref(), extensions.as_deref()))
}

impl CausalModel for BurnModel {
    fn start(&self) -> Box<dyn CausalStream> {
        Box::new(BurnStream {
            model: self.clone(),
            state: State::default(),
        })
    }

    fn calibrations(&self) -> Calibrations {
        self.weights.calibrations
    }
}

/// A stream through a [`BurnModel`]; clones of the model share its tensors.
struct BurnStream {
    model: BurnModel,
    state: State,
}

impl CausalStream for BurnStream {
    fn step(&mut self, frame: &[f32; BINS]) -> Result<Posterior, InferenceError> {
        let x = self.model.input(frame, 1, 1);
        let logits = self.model.weights.network.forward(x, &mut self.state);
        posteriors_of(logits)?
            .pop()
            .ok_or_else(|| InferenceError::Engine("no output".into()))
    }

    fn reset(&mut self) {
        self.state = State::default();
    }
}

impl WindowModel for BurnModel {
    fn windows(&self, frames: &[f32]) -> Result<Vec<Posterior>, InferenceError> {
        let windows = frames.len() / (WINDOW_FRAMES * BINS);
        let x = self.input(frames, windows, WINDOW_FRAMES);
        posteriors_of(self.weights.network.forward(x, &mut State::default()))
    }

    fn calibration(&self) -> Calibration {
        self.weights.calibrations.track
    }

    fn transpositions(&self) -> &[i32] {
        match self.weights.architecture {
            Architecture::PitchClass(_) => &TRANSPOSITIONS,
            _ => &[0],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Init;
    use recognizer::networks::PitchClassNetConfig;
    use recognizer::weights::ModelCard;

    pub(crate) fn random_weights(config: PitchClassNetConfig, seed: u64) -> Weights {
        let device = Device::flex();
        device.seed(seed);
        let architecture = Architecture::PitchClass(config);
        Weights {
            network: architecture.init(&device),
            architecture,
            mean: -6.0,
            deviation: 2.0,
            calibrations: Calibrations::default(),
            card: ModelCard::default(),
        }
    }

    #[test]
    fn a_stream_can_be_reset_and_streams_do_not_share_state() {
        let model = BurnModel::causal(random_weights(PitchClassNetConfig::live(), 1)).unwrap();
        let (mut a, mut b) = (model.start(), model.start());
        let frame = [-3.0; BINS];
        let first = a.step(&frame).unwrap();
        let second = a.step(&[-9.0; BINS]).unwrap();
        assert_ne!(first, second);
        assert_eq!(first, b.step(&frame).unwrap());
        a.reset();
        assert_eq!(first, a.step(&frame).unwrap());
    }

    #[test]
    fn the_kind_is_checked() {
        let weights = random_weights(PitchClassNetConfig::live(), 1);
        assert!(BurnModel::windowed(weights).is_err());
    }
}
