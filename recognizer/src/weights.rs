//! The weights file: a safetensors file whose header says what it is.
//!
//! Header entries (all strings): `format` (`changes-weights/1`), `architecture` (JSON of
//! [`Architecture`]), `mean` and `deviation` (of the log-compressed frames), `sha256` (of
//! the tensor data, hexadecimal) and `card` (JSON of [`ModelCard`]). A file that does not
//! say so, or whose tensors do not fit, is refused with the reason.

use std::collections::{BTreeMap, HashMap};

use burn::store::{ModuleStore, SafetensorsStore};
use burn::tensor::Device;
use safetensors::tensor::TensorView;
use safetensors::{Dtype, SafeTensors};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::networks::network::{Architecture, Network};

/// What this version writes and reads.
pub const FORMAT: &str = "changes-weights/1";
/// The largest file that is read.
pub const MAX_BYTES: usize = 64 << 20;

/// Why weights were refused.
#[derive(Debug, thiserror::Error)]
pub enum WeightsError {
    /// The file is larger than [`MAX_BYTES`].
    #[error("weights of {0} bytes are larger than the limit of {MAX_BYTES} bytes")]
    TooLarge(usize),
    /// Not a safetensors file, or a damaged one.
    #[error("not a weights file: {0}")]
    NotSafetensors(String),
    /// A header entry is absent.
    #[error("weights header lacks `{0}`")]
    MissingEntry(&'static str),
    /// Another format or version.
    #[error("weights format `{found}` is not `{FORMAT}`")]
    WrongFormat {
        /// What the header says.
        found: String,
    },
    /// A header entry does not read as what it should be.
    #[error("weights header entry `{entry}`: {reason}")]
    BadEntry {
        /// The entry.
        entry: &'static str,
        /// What is wrong with it.
        reason: String,
    },
    /// The tensor data is not what was written.
    #[error("weights are damaged: SHA-256 of the tensors is {found}, the header says {expected}")]
    Damaged {
        /// From the header.
        expected: String,
        /// Of the data.
        found: String,
    },
    /// The tensors are not those of the architecture.
    #[error("weights do not fit their architecture: {0}")]
    DoNotFit(String),
}

/// Where weights come from, in short; the long form lies beside them as a text.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct ModelCard {
    /// Name, for example `live`.
    pub name: String,
    /// What it was trained on.
    pub data: String,
    /// What taught it: `labels`, or a teacher's name and hash.
    pub teacher: String,
    /// Command that made it.
    pub command: String,
    /// Seed of that command.
    pub seed: u64,
    /// Scores on held-out songs, by name.
    pub metrics: BTreeMap<String, f64>,
}

/// A weights file that was read and found whole; its tensors are not built into anything
/// yet.
pub struct WeightsFile<'a> {
    /// What the tensors are of.
    pub architecture: Architecture,
    /// Mean of the log-compressed frames it was trained on.
    pub mean: f32,
    /// Their standard deviation.
    pub deviation: f32,
    /// Where it comes from.
    pub card: ModelCard,
    tensors: SafeTensors<'a>,
}

impl<'a> WeightsFile<'a> {
    /// Reads header and tensors.
    ///
    /// # Errors
    /// See [`WeightsError`]; nothing about the bytes can make it panic or allocate more
    /// than a small multiple of their length.
    pub fn read(bytes: &'a [u8]) -> Result<Self, WeightsError> {
        if bytes.len() > MAX_BYTES {
            return Err(WeightsError::TooLarge(bytes.len()));
        }
        let damaged = |e: safetensors::SafeTensorError| WeightsError::NotSafetensors(e.to_string());
        let (_, metadata) = SafeTensors::read_metadata(bytes).map_err(damaged)?;
        let tensors = SafeTensors::deserialize(bytes).map_err(damaged)?;
        let header = metadata.metadata().clone().unwrap_or_default();
        let entry = |name: &'static str| {
            header
                .get(name)
                .cloned()
                .ok_or(WeightsError::MissingEntry(name))
        };

        let found = entry("format")?;
        if found != FORMAT {
            return Err(WeightsError::WrongFormat { found });
        }
        let expected = entry("sha256")?;
        let found = digest(&tensors);
        // What is behind this would never be fuzzed.
        if found != expected && !cfg!(fuzzing) {
            return Err(WeightsError::Damaged { expected, found });
        }
        let architecture: Architecture = json("architecture", &entry("architecture")?)?;
        if !architecture.is_plausible() {
            return Err(WeightsError::BadEntry {
                entry: "architecture",
                reason: "sizes out of bounds".into(),
            });
        }
        Ok(Self {
            architecture,
            mean: number("mean", &entry("mean")?)?,
            deviation: number("deviation", &entry("deviation")?)?,
            card: json("card", &entry("card")?)?,
            tensors,
        })
    }

    /// The numbers of the tensor `name`, in row order.
    ///
    /// # Errors
    /// [`WeightsError::DoNotFit`] when there is none of that name, or it has another shape
    /// or is not of 32-bit floats.
    pub fn tensor(&self, name: &str, shape: &[usize]) -> Result<Vec<f32>, WeightsError> {
        let view = self
            .tensors
            .tensor(name)
            .map_err(|_| WeightsError::DoNotFit(format!("`{name}` is missing")))?;
        if view.dtype() != Dtype::F32 || view.shape() != shape {
            return Err(WeightsError::DoNotFit(format!(
                "`{name}` is {:?} of {:?}, not F32 of {shape:?}",
                view.dtype(),
                view.shape()
            )));
        }
        let (numbers, _) = view.data().as_chunks::<4>();
        Ok(numbers.iter().map(|b| f32::from_le_bytes(*b)).collect())
    }

    /// How many tensors there are.
    #[must_use]
    pub fn tensor_count(&self) -> usize {
        self.tensors.len()
    }
}

/// A network ready to run, with what is needed to feed it.
#[derive(Debug, Clone)]
pub struct Weights {
    /// Its architecture.
    pub architecture: Architecture,
    /// The network.
    pub network: Network,
    /// Mean of the log-compressed frames it was trained on.
    pub mean: f32,
    /// Their standard deviation.
    pub deviation: f32,
    /// Where it comes from.
    pub card: ModelCard,
}

impl Weights {
    /// Reads a weights file from memory onto `device`.
    ///
    /// # Errors
    /// See [`WeightsError`]; nothing about the bytes can make it panic or allocate more
    /// than a small multiple of their length.
    pub fn from_bytes(bytes: &[u8], device: &Device) -> Result<Self, WeightsError> {
        let WeightsFile {
            architecture,
            mean,
            deviation,
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
            card,
        })
    }

    /// The network whose every number is the mean of those of `all` (Wortsman et al., "Model
    /// soups", ICML 2022); what is said about it is what the first says.
    ///
    /// # Errors
    /// [`WeightsError::DoNotFit`] for none, for different architectures, and for networks that
    /// were trained on frames of another mean and deviation.
    pub fn mean(all: &[Self]) -> Result<Self, WeightsError> {
        let refused = |reason: String| WeightsError::DoNotFit(reason);
        let first = all
            .first()
            .ok_or_else(|| refused("no networks to take the mean of".into()))?;
        let of = |w: &Self| (w.architecture.clone(), w.mean, w.deviation);
        if let Some(other) = all.iter().find(|other| of(other) != of(first)) {
            return Err(refused(format!(
                "`{}` is not of the kind of `{}`",
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
                let (numbers, _) = view.data().as_chunks::<4>();
                for (sum, number) in sums.iter_mut().zip(numbers) {
                    *sum += f64::from(f32::from_le_bytes(*number));
                }
            }
            let bytes: Vec<u8> = sums
                .iter()
                .flat_map(|sum| ((sum / files.len() as f64) as f32).to_le_bytes())
                .collect();
            means.push((name, view.shape().to_vec(), bytes));
        }
        let views = means
            .iter()
            .map(|(name, shape, bytes)| {
                let view = TensorView::new(Dtype::F32, shape.clone(), bytes)
                    .map_err(|e| refused(e.to_string()))?;
                Ok((name.as_str(), view))
            })
            .collect::<Result<Vec<_>, WeightsError>>()?;
        let bytes = safetensors::serialize(views, None).map_err(|e| refused(e.to_string()))?;
        let mut network = first.network.clone();
        SafetensorsStore::from_bytes(Some(bytes))
            .apply_to(&mut network)
            .map_err(|e| refused(e.to_string()))?;
        Ok(Self {
            network,
            ..first.clone()
        })
    }

    /// The weights in another shape, wider blocks among them; see [`PitchClassNet::widened`].
    ///
    /// # Errors
    /// [`WeightsError::DoNotFit`] unless only blocks become wider.
    ///
    /// [`PitchClassNet::widened`]: crate::networks::pitch_class::PitchClassNet::widened
    pub fn widened(self, to: &Architecture, device: &Device) -> Result<Self, WeightsError> {
        if self.architecture.clone().with_dropout(0.0) == to.clone().with_dropout(0.0) {
            return Ok(self);
        }
        let wide = match (self.network, &self.architecture, to) {
            (
                Network::PitchClass(net),
                Architecture::PitchClass(from),
                Architecture::PitchClass(to),
            ) => net.widened(from, to, device),
            _ => None,
        };
        let refused = || WeightsError::DoNotFit("they are of another architecture".into());
        Ok(Self {
            network: Network::PitchClass(wide.ok_or_else(refused)?),
            architecture: to.clone(),
            ..self
        })
    }

    /// The tensors alone, as safetensors.
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
        let header = HashMap::from([
            ("format".to_string(), FORMAT.to_string()),
            (
                "architecture".to_string(),
                serde_json::to_string(&self.architecture).map_err(|e| unwritable(e.to_string()))?,
            ),
            ("mean".to_string(), self.mean.to_string()),
            ("deviation".to_string(), self.deviation.to_string()),
            ("sha256".to_string(), digest(&tensors)),
            (
                "card".to_string(),
                serde_json::to_string(&self.card).map_err(|e| unwritable(e.to_string()))?,
            ),
        ]);
        safetensors::serialize(tensors.tensors(), Some(header))
            .map_err(|e| unwritable(e.to_string()))
    }
}

/// SHA-256 over names, shapes and data of all tensors, in the order of their names.
fn digest(tensors: &SafeTensors<'_>) -> String {
    let mut sorted = tensors.tensors();
    sorted.sort_by(|a, b| a.0.cmp(&b.0));
    let mut hasher = Sha256::new();
    for (name, view) in sorted {
        hasher.update(format!("{name}:{:?}:{:?};", view.dtype(), view.shape()));
        hasher.update(view.data());
    }
    hasher
        .finalize()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

fn json<T: for<'a> Deserialize<'a>>(entry: &'static str, text: &str) -> Result<T, WeightsError> {
    serde_json::from_str(text).map_err(|e| WeightsError::BadEntry {
        entry,
        reason: e.to_string(),
    })
}

fn number(entry: &'static str, text: &str) -> Result<f32, WeightsError> {
    text.parse::<f32>()
        .ok()
        .filter(|x| x.is_finite())
        .ok_or_else(|| WeightsError::BadEntry {
            entry,
            reason: format!("`{text}` is not a finite number"),
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::networks::pitch_class::{PitchClassNetConfig, State};
    use burn::tensor::{Distribution, Tensor};

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
            card: ModelCard {
                name: "small".into(),
                ..ModelCard::default()
            },
        }
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
            "weights format `changes-weights/9` is not `changes-weights/1`"
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
