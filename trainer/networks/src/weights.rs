//! Converts weights files to networks and back; the format is [`recognizer::weights`]'s.

use burn::store::{ModuleStore, SafetensorsStore};
use burn::tensor::Device;
use recognizer::calibration::Calibrations;
use recognizer::networks::Architecture;
use recognizer::weights::{self, ModelCard, WeightsError, WeightsFile};
use safetensors::tensor::TensorView;
use safetensors::{Dtype, SafeTensors};

use crate::Init;
use crate::network::Network;

/// What the names of the tensors of a network's blocks have before the block's number.
const BLOCKS: &str = "blocks.";

/// A network ready to run, with its normalization and calibration.
#[derive(Debug, Clone)]
pub struct Weights {
    /// Its architecture.
    pub architecture: Architecture,
    /// The network.
    pub network: Network,
    /// Mean of the log-compressed frames in training.
    pub mean: f32,
    /// Standard deviation of the log-compressed frames in training.
    pub deviation: f32,
    /// The calibrations of its posteriors.
    pub calibrations: Calibrations,
    /// Its model card.
    pub card: ModelCard,
}

impl Weights {
    /// Reads a weights file from memory onto `device`.
    ///
    /// See [`WeightsError`]. No input can make it panic or allocate more than a small multiple
    /// of its length.
    pub fn from_bytes(bytes: &[u8], device: &Device) -> Result<Self, WeightsError> {
        let WeightsFile {
            architecture,
            mean,
            deviation,
            calibrations,
            card,
            ..
        } = WeightsFile::read(bytes)?;
        let mut network = architecture.init(device);
        let mut store = SafetensorsStore::from_bytes(Some(bytes.to_vec()));
        let result = store
            .apply_to(&mut network)
            .map_err(|e| WeightsError::DoNotFit(e.to_string()))?;
        if let Some(error) = result.errors.first() {
            return Err(WeightsError::DoNotFit(error.to_string()));
        }
        if let Some((missing, _)) = result.missing.first() {
            return Err(WeightsError::DoNotFit(format!("`{missing}` is missing")));
        }
        if let Some(unused) = result.unused.first() {
            return Err(WeightsError::DoNotFit(format!("`{unused}` has no place")));
        }
        Ok(Self {
            architecture,
            network,
            mean,
            deviation,
            calibrations,
            card,
        })
    }

    /// The network with the mean of all weights (Wortsman et al., "Model soups", ICML 2022);
    /// calibrations and card are those of the first.
    ///
    /// [`WeightsError::DoNotFit`] for an empty list, for different architectures, and for
    /// networks trained on frames with different mean and deviation.
    pub fn mean(all: &[Self]) -> Result<Self, WeightsError> {
        let refused = |reason: String| WeightsError::DoNotFit(reason);
        let first = all
            .first()
            .ok_or_else(|| refused("no networks to average".into()))?;
        let of = |w: &Self| (w.architecture.clone(), w.mean, w.deviation);
        if let Some(other) = all.iter().find(|other| of(other) != of(first)) {
            return Err(refused(format!(
                "`{}` differs in architecture or frames from `{}`",
                other.card.name, first.card.name
            )));
        }
        let files = all
            .iter()
            .map(Self::plain_tensors)
            .collect::<Result<Vec<_>, _>>()?;
        let files = files
            .iter()
            .map(|bytes| SafeTensors::deserialize(bytes).map_err(|e| refused(e.to_string())))
            .collect::<Result<Vec<_>, _>>()?;
        let mut means = Vec::new();
        for (name, view) in files[0].tensors() {
            let mut sums = vec![0.0_f64; view.shape().iter().product()];
            for file in &files {
                let view = file.tensor(&name).map_err(|e| refused(e.to_string()))?;
                for (sum, number) in sums.iter_mut().zip(numbers(&view)) {
                    *sum += f64::from(number);
                }
            }
            let bytes: Vec<u8> = sums
                .iter()
                .flat_map(|sum| ((sum / files.len() as f64) as f32).to_le_bytes())
                .collect();
            means.push((name, view.shape().to_vec(), bytes));
        }
        first.clone().with_tensors(&means)
    }

    /// The interpolation between this network and `other`, whose weights count `share`, so that
    /// what was known before fine-tuning is partly kept (Wortsman et al., "Robust fine-tuning
    /// of zero-shot models", CVPR 2022). Columns that a tensor of `other` lacks, and blocks,
    /// are taken from this network; what such a block adds counts for the rest of `share`.
    ///
    /// # Errors
    /// [`WeightsError::DoNotFit`] for another architecture, and for frames with different mean
    /// and deviation.
    pub fn keeping(self, other: &Self, share: f32) -> Result<Self, WeightsError> {
        let refused = |reason: String| WeightsError::DoNotFit(reason);
        if (self.mean, self.deviation) != (other.mean, other.deviation) {
            return Err(refused("they were trained on other frames".into()));
        }
        let (own, others) = (self.plain_tensors()?, other.plain_tensors()?);
        let own = SafeTensors::deserialize(&own).map_err(|e| refused(e.to_string()))?;
        let others = SafeTensors::deserialize(&others).map_err(|e| refused(e.to_string()))?;
        let places = match (&other.architecture, &self.architecture) {
            (Architecture::PitchClass(from), Architecture::PitchClass(to)) => {
                let places = from.blocks_in(to);
                Some(places.ok_or_else(|| refused("they have other blocks".into()))?)
            }
            _ => None,
        };
        let mut mixed = Vec::new();
        for (name, view) in own.tensors() {
            let Some(counterpart) = counterpart(&name, places.as_deref()) else {
                // A block that the others lack: what it adds to theirs is nothing.
                let share = if is_last_of_block(&name) { share } else { 0.0 };
                let own = numbers(&view).map(|own| (1.0 - share) * own);
                let bytes: Vec<u8> = own.flat_map(f32::to_le_bytes).collect();
                mixed.push((name, view.shape().to_vec(), bytes));
                continue;
            };
            let kept = others
                .tensor(&counterpart)
                .map_err(|e| refused(e.to_string()))?;
            let (columns, known) = (
                view.shape().last().copied().unwrap_or(1),
                kept.shape().last().copied().unwrap_or(1),
            );
            let rows =
                |view: &TensorView<'_>, columns: usize| view.data().len() / (4 * columns.max(1));
            if known > columns || rows(&view, columns) != rows(&kept, known) {
                return Err(refused(format!("`{name}` has another shape")));
            }
            let mut mean: Vec<f32> = numbers(&view).collect();
            let kept: Vec<f32> = numbers(&kept).collect();
            let pairs = mean
                .chunks_exact_mut(columns.max(1))
                .zip(kept.chunks_exact(known.max(1)));
            for (own, kept) in pairs {
                for (own, kept) in own.iter_mut().zip(kept) {
                    *own = (1.0 - share) * *own + share * kept;
                }
            }
            let bytes: Vec<u8> = mean.iter().flat_map(|x| x.to_le_bytes()).collect();
            mixed.push((name, view.shape().to_vec(), bytes));
        }
        self.with_tensors(&mixed)
    }

    /// The same network with other weights: name, shape and bytes of each tensor.
    fn with_tensors(
        mut self,
        tensors: &[(String, Vec<usize>, Vec<u8>)],
    ) -> Result<Self, WeightsError> {
        let refused = |reason: String| WeightsError::DoNotFit(reason);
        let views = tensors
            .iter()
            .map(|(name, shape, bytes)| {
                let view = TensorView::new(Dtype::F32, shape.clone(), bytes)
                    .map_err(|e| refused(e.to_string()))?;
                Ok((name.as_str(), view))
            })
            .collect::<Result<Vec<_>, WeightsError>>()?;
        let bytes = safetensors::serialize(views, None).map_err(|e| refused(e.to_string()))?;
        SafetensorsStore::from_bytes(Some(bytes))
            .apply_to(&mut self.network)
            .map_err(|e| refused(e.to_string()))?;
        Ok(self)
    }

    /// The weights in another shape, with wider or more blocks; see [`PitchClassNet::grown`].
    ///
    /// # Errors
    /// [`WeightsError::DoNotFit`] unless blocks become wider or are added, and nothing else changes.
    ///
    /// [`PitchClassNet::grown`]: crate::pitch_class::PitchClassNet::grown
    pub fn grown(self, to: &Architecture, device: &Device) -> Result<Self, WeightsError> {
        if self.architecture.clone().with_dropout(0.0) == to.clone().with_dropout(0.0) {
            return Ok(self);
        }
        let grown = match (self.network, &self.architecture, to) {
            (
                Network::PitchClass(net),
                Architecture::PitchClass(from),
                Architecture::PitchClass(to),
            ) => net.grown(from, to, device),
            _ => None,
        };
        let refused =
            || WeightsError::DoNotFit("the architecture cannot be grown to the wanted one".into());
        Ok(Self {
            network: Network::PitchClass(grown.ok_or_else(refused)?),
            architecture: to.clone(),
            ..self
        })
    }

    /// Only the tensors, as safetensors.
    fn plain_tensors(&self) -> Result<Vec<u8>, WeightsError> {
        let unwritable = |e: String| WeightsError::DoNotFit(e);
        let mut store = SafetensorsStore::from_bytes(None);
        store
            .collect_from(&self.network)
            .map_err(|e| unwritable(e.to_string()))?;
        store.get_bytes().map_err(|e| unwritable(e.to_string()))
    }

    /// Writes a weights file to memory.
    ///
    /// # Errors
    /// [`WeightsError::DoNotFit`] if the tensors cannot be collected or written.
    pub fn to_bytes(&self) -> Result<Vec<u8>, WeightsError> {
        let unwritable = |e: String| WeightsError::DoNotFit(e);
        let plain = self.plain_tensors()?;
        let tensors = SafeTensors::deserialize(&plain).map_err(|e| unwritable(e.to_string()))?;
        let scale = (self.mean, self.deviation);
        weights::write(
            &self.architecture,
            scale,
            self.calibrations,
            &self.card,
            &tensors,
        )
    }
}

/// The name in the other network of the tensor called `name`, where `places` says which of its
/// blocks each block comes from; `None` in a block that it lacks.
fn counterpart(name: &str, places: Option<&[Option<usize>]>) -> Option<String> {
    let block = name.split_once(BLOCKS).and_then(|(before, after)| {
        let (index, rest) = after.split_once('.')?;
        Some((before, index.parse::<usize>().ok()?, rest))
    });
    let (Some(places), Some((before, index, rest))) = (places, block) else {
        return Some(name.to_owned());
    };
    let place = places.get(index).copied().flatten()?;
    Some(format!("{before}{BLOCKS}{place}.{rest}"))
}

/// Whether a tensor belongs to the layer by which a block adds to the residual stream.
fn is_last_of_block(name: &str) -> bool {
    name.contains(BLOCKS) && name.contains(".out.")
}

/// The values of a tensor in single precision.
fn numbers(view: &TensorView<'_>) -> impl Iterator<Item = f32> {
    let (numbers, _) = view.data().as_chunks::<4>();
    numbers.iter().map(|bytes| f32::from_le_bytes(*bytes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pitch_class::State;
    use burn::tensor::{Distribution, Tensor};
    use recognizer::networks::PitchClassNetConfig;

    fn small() -> Weights {
        let architecture = Architecture::PitchClass(
            PitchClassNetConfig::new(true, vec![1, 2])
                .with_channels(8)
                .with_bottleneck(4)
                .with_front_channels(2),
        );
        let device = Device::flex();
        device.seed(11);
        Weights {
            network: architecture.init(&device),
            architecture,
            mean: -5.25,
            deviation: 2.5,
            calibrations: Calibrations::default(),
            card: ModelCard {
                name: "small".into(),
                ..ModelCard::default()
            },
        }
    }

    #[test]
    fn what_was_known_is_kept_in_part() {
        let (old, mut new) = (small(), small());
        let device = Device::flex();
        device.seed(12);
        new.network = new.architecture.init(&device);
        let x = || Tensor::ones([1, 5, recognizer::features::BINS], &device);
        let answer = |w: &Weights| w.network.forward(x(), &mut State::default()).chord;
        let far = |a: Tensor<3>, b: Tensor<3>| (a - b).abs().max().into_scalar::<f32>();
        let (a, b) = (answer(&old), answer(&new));
        assert!(far(a.clone(), b.clone()) > 0.01);
        let none = answer(&new.clone().keeping(&old, 0.0).unwrap());
        assert!(far(none, b) < 1e-6);
        let all = answer(&new.clone().keeping(&old, 1.0).unwrap());
        assert!(far(all, a) < 1e-6);
        let half = answer(&new.clone().keeping(&old, 0.5).unwrap());
        let mean = answer(&Weights::mean(&[new, old]).unwrap());
        assert!(far(half, mean) < 1e-4);
    }

    #[test]
    fn of_a_deeper_network_the_shallow_one_is_kept() {
        let device = Device::flex();
        let old = small();
        let Architecture::PitchClass(shape) = &old.architecture else {
            panic!("{:?}", old.architecture);
        };
        let mut dilations = shape.dilations.clone();
        dilations.insert(1, 5);
        let deeper = Architecture::PitchClass(shape.clone().with_dilations(dilations));
        let mut new = old.clone().grown(&deeper, &device).unwrap();
        new.network = new.architecture.init(&device);
        let x = || Tensor::ones([1, 9, recognizer::features::BINS], &device);
        let answer = |w: &Weights| w.network.forward(x(), &mut State::default()).chord;
        let far = |a: Tensor<3>, b: Tensor<3>| (a - b).abs().max().into_scalar::<f32>();
        assert!(far(answer(&new), answer(&old)) > 0.01);
        let all = answer(&new.clone().keeping(&old, 1.0).unwrap());
        assert!(far(all, answer(&old)) < 1e-4);
        let none = answer(&new.clone().keeping(&old, 0.0).unwrap());
        assert!(far(none, answer(&new)) < 1e-6);
        assert!(old.keeping(&new, 0.5).is_err());
    }

    #[test]
    fn round_trip_gives_the_same_output() {
        let device = Device::flex();
        let weights = small();
        let bytes = weights.to_bytes().unwrap();
        let again = Weights::from_bytes(&bytes, &device).unwrap();
        assert_eq!(again.architecture, weights.architecture);
        assert_eq!((again.mean, again.deviation), (-5.25, 2.5));
        assert_eq!(again.card, weights.card);
        let x: Tensor<3> = Tensor::random([1, 5, 144], Distribution::Default, &device);
        let a = weights.network.forward(x.clone(), &mut State::default());
        let b = again.network.forward(x, &mut State::default());
        assert_eq!(a.chord.into_data(), b.chord.into_data());
    }

    #[test]
    fn the_mean_lies_between_its_networks_and_needs_one_architecture() {
        let (a, mut b) = (small(), small());
        Device::flex().seed(12);
        b.network = b.architecture.init(&Device::flex());
        let mean = Weights::mean(&[a.clone(), b.clone()]).unwrap();
        let numbers = |w: &Weights| {
            let bytes = w.to_bytes().unwrap();
            let file = WeightsFile::read(&bytes).unwrap();
            file.tensor("PitchClass.fold.weight", &[12, 8]).unwrap()
        };
        let (mean, of_a, of_b) = (numbers(&mean), numbers(&a), numbers(&b));
        assert_ne!(of_a, of_b);
        for ((mean, a), b) in mean.iter().zip(of_a).zip(of_b) {
            assert!((mean - (a + b) / 2.0).abs() < 1e-6);
        }
        b.mean += 1.0;
        assert!(Weights::mean(&[a, b]).is_err());
        assert!(Weights::mean(&[]).is_err());
    }

    #[test]
    fn every_truncation_is_refused() {
        let bytes = small().to_bytes().unwrap();
        for length in (0..bytes.len()).step_by(97) {
            assert!(Weights::from_bytes(&bytes[..length], &Device::flex()).is_err());
        }
    }

    #[test]
    fn a_flipped_bit_is_refused_as_damaged() {
        let mut bytes = small().to_bytes().unwrap();
        let last = bytes.len() - 3;
        bytes[last] ^= 4;
        let error = Weights::from_bytes(&bytes, &Device::flex()).unwrap_err();
        assert!(matches!(error, WeightsError::Damaged { .. }), "{error}");
    }

    #[test]
    fn another_version_is_refused_by_name() {
        let text = b"changes-weights/1";
        let mut bytes = small().to_bytes().unwrap();
        let at = bytes.windows(text.len()).position(|w| w == text).unwrap();
        bytes[at + text.len() - 1] = b'9';
        let error = Weights::from_bytes(&bytes, &Device::flex()).unwrap_err();
        assert_eq!(
            error.to_string(),
            "the weights have the format `changes-weights/9`, not `changes-weights/1`"
        );
    }

    #[test]
    fn huge_sizes_are_refused_before_anything_is_built() {
        let mut weights = small();
        weights.architecture = Architecture::PitchClass(
            PitchClassNetConfig::new(true, vec![1]).with_channels(1 << 40),
        );
        let bytes = weights.to_bytes().unwrap();
        let error = Weights::from_bytes(&bytes, &Device::flex()).unwrap_err();
        assert!(error.to_string().contains("out of bounds"), "{error}");
    }
}
