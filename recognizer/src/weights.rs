//! Weights files: safetensors with a header that describes the network.
//!
//! Header entries (all strings): `format` (`changes-weights/1`), `architecture` (JSON of
//! [`Architecture`]), `mean` and `deviation` (of the log-compressed frames), `sha256` (of the
//! tensor data, hexadecimal), `card` (JSON of [`ModelCard`]) and, for a calibrated network,
//! `calibration` (JSON of [`Calibrations`]). A file without these entries, or whose tensors do not
//! fit, is refused with the reason.

use std::collections::{BTreeMap, HashMap};

use safetensors::{Dtype, SafeTensors};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::calibration::Calibrations;
use crate::hexadecimal::hexadecimal;
use crate::networks::Architecture;

/// What this version writes and reads.
pub const FORMAT: &str = "changes-weights/1";
/// The largest file that is read.
pub const MAX_BYTES: usize = 64 << 20;

/// Why weights were refused.
#[derive(Debug, thiserror::Error)]
pub enum WeightsError {
    /// The file is larger than [`MAX_BYTES`].
    #[error("the weights have {0} bytes, more than the limit of {MAX_BYTES}")]
    TooLarge(usize),
    /// Not a safetensors file, or a damaged one.
    #[error("not a weights file: {0}")]
    NotSafetensors(String),
    /// A header entry is absent.
    #[error("the header of the weights lacks `{0}`")]
    MissingEntry(&'static str),
    /// Another format or version.
    #[error("the weights have the format `{found}`, not `{FORMAT}`")]
    WrongFormat {
        /// The format in the header.
        found: String,
    },
    /// A header entry is invalid.
    #[error("the header entry `{entry}` of the weights: {reason}")]
    BadEntry {
        /// The entry.
        entry: &'static str,
        /// What is wrong with it.
        reason: String,
    },
    /// The tensor data does not match its hash.
    #[error(
        "the weights are damaged: the SHA-256 of the tensors is {found}, but {expected} in the header"
    )]
    Damaged {
        /// From the header.
        expected: String,
        /// Of the data.
        found: String,
    },
    /// The tensors are not those of the architecture.
    #[error("the weights do not fit their architecture: {0}")]
    DoNotFit(String),
}

/// Origin of weights, in short; the long form is a text file beside them.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct ModelCard {
    /// Name, for example `live`.
    pub name: String,
    /// What it was trained on.
    pub data: String,
    /// Source of the targets: `labels`, or a teacher's name and hash.
    pub teacher: String,
    /// Command that made it.
    pub command: String,
    /// Seed of that command.
    pub seed: u64,
    /// Hours of one processor core that its training runs took, validation included; 0 where they
    /// were not counted.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub core_hours: f64,
    /// Scores on held-out songs, by name.
    pub metrics: BTreeMap<String, f64>,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde calls it with a reference"
)]
fn is_zero(hours: &f64) -> bool {
    *hours == 0.0
}

/// A weights file that was read and checked; no network has been built from it yet.
pub struct WeightsFile<'a> {
    /// The architecture of the network.
    pub architecture: Architecture,
    /// Mean of the log-compressed frames it was trained on.
    pub mean: f32,
    /// Their standard deviation.
    pub deviation: f32,
    /// The calibrations of its posteriors.
    pub calibrations: Calibrations,
    /// Where it comes from.
    pub card: ModelCard,
    tensors: SafeTensors<'a>,
}

impl<'a> WeightsFile<'a> {
    /// Reads header and tensors. Never panics, and never allocates more than a small multiple of
    /// the length of `bytes`.
    ///
    /// # Errors
    /// See [`WeightsError`].
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
        // Otherwise the code after this would never be fuzzed.
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
        let calibrations: Calibrations = match header.get("calibration") {
            Some(text) => json("calibration", text)?,
            None => Calibrations::default(),
        };
        if !calibrations.are_plausible() {
            return Err(WeightsError::BadEntry {
                entry: "calibration",
                reason: "numbers out of bounds".into(),
            });
        }
        Ok(Self {
            architecture,
            calibrations,
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

/// Writes a weights file to memory: `tensors` with a header that describes them.
///
/// # Errors
/// [`WeightsError::DoNotFit`] if they cannot be written.
pub fn write(
    architecture: &Architecture,
    (mean, deviation): (f32, f32),
    calibrations: Calibrations,
    card: &ModelCard,
    tensors: &SafeTensors<'_>,
) -> Result<Vec<u8>, WeightsError> {
    let unwritable = |e: String| WeightsError::DoNotFit(e);
    let text = |json: serde_json::Result<String>| json.map_err(|e| unwritable(e.to_string()));
    let mut header = HashMap::from([
        ("format".to_string(), FORMAT.to_string()),
        (
            "architecture".to_string(),
            text(serde_json::to_string(architecture))?,
        ),
        ("mean".to_string(), mean.to_string()),
        ("deviation".to_string(), deviation.to_string()),
        ("sha256".to_string(), digest(tensors)),
        ("card".to_string(), text(serde_json::to_string(card))?),
    ]);
    if calibrations != Calibrations::default() {
        let text = text(serde_json::to_string(&calibrations))?;
        header.insert("calibration".to_string(), text);
    }
    safetensors::serialize(tensors.tensors(), Some(header)).map_err(|e| unwritable(e.to_string()))
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
    hexadecimal(hasher.finalize())
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
    use crate::calibration::Calibration;
    use crate::models;

    #[test]
    fn what_was_read_is_written_again_as_it_was() {
        for bytes in [models::LIVE, models::WINDOWED] {
            let file = WeightsFile::read(bytes).unwrap();
            let scale = (file.mean, file.deviation);
            let calibrations = Calibrations {
                track: Calibration {
                    slope: 1.5,
                    offset: -0.25,
                },
                display: Some(Calibration::default()),
            };
            let again = write(
                &file.architecture,
                scale,
                calibrations,
                &file.card,
                &file.tensors,
            )
            .unwrap();
            let again = WeightsFile::read(&again).unwrap();
            assert_eq!(again.calibrations, calibrations);
            assert_eq!(again.architecture, file.architecture);
            assert_eq!((again.mean, again.deviation), scale);
            assert_eq!(again.card, file.card);
            assert_eq!(digest(&again.tensors), digest(&file.tensors));
        }
    }
}
