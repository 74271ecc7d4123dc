//! What a teacher said about one track, frame by frame.
//!
//! One safetensors file a track, `<track id>.posteriors`, on a grid of 1024 samples at
//! 22 050 Hz (frame `i` at `i · 1024 / 22050` s), probabilities as f16:
//!
//! | tensor | shape | |
//! |---|---|---|
//! | `chord` | `[frames, 170]` | large vocabulary |
//! | `bass` | `[frames, 13]` | pitch classes, then none; may be absent |
//! | `ninth` | `[frames, 4]` | none, 9, #9, b9; may be absent |
//! | `eleventh` | `[frames, 3]` | none, 11, #11; may be absent |
//! | `thirteenth` | `[frames, 3]` | none, 13, b13; may be absent |

use std::path::Path;

use anyhow::{Context, Result, ensure};
use half::f16;
use recognizer::networks::CHORD_CLASSES;
use safetensors::SafeTensors;
use safetensors::tensor::Dtype;

/// The probabilities of one track; see the module's text.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Posteriors {
    /// `[frames, 170]`.
    pub chord: Vec<f16>,
    /// `[frames, 13]`.
    pub bass: Option<Vec<f16>>,
    /// `[frames, 4]`.
    pub ninth: Option<Vec<f16>>,
    /// `[frames, 3]`.
    pub eleventh: Option<Vec<f16>>,
    /// `[frames, 3]`.
    pub thirteenth: Option<Vec<f16>>,
}

impl Posteriors {
    /// Number of frames.
    pub fn len(&self) -> usize {
        self.chord.len() / CHORD_CLASSES
    }

    /// Whether there are no frames.
    pub fn is_empty(&self) -> bool {
        self.chord.is_empty()
    }

    /// Reads a file of posteriors.
    ///
    /// # Errors
    /// A file that cannot be read, or is not one, by name.
    pub fn load(path: &Path) -> Result<Self> {
        let bytes = std::fs::read(path).with_context(|| format!("reading {}", path.display()))?;
        Self::read(&bytes)
            .with_context(|| format!("{} is not a file of posteriors", path.display()))
    }

    fn read(bytes: &[u8]) -> Result<Self> {
        let tensors = SafeTensors::deserialize(bytes)?;
        let frames = tensors
            .tensor("chord")?
            .shape()
            .first()
            .copied()
            .unwrap_or(0);
        let read = |name: &str, width: usize| -> Result<Vec<f16>> {
            let tensor = tensors.tensor(name)?;
            ensure!(
                tensor.dtype() == Dtype::F16 && tensor.shape() == [frames, width],
                "`{name}` is not [{frames}, {width}] of f16"
            );
            Ok(tensor
                .data()
                .chunks_exact(2)
                .map(|b| f16::from_le_bytes([b[0], b[1]]))
                .collect())
        };
        let optional = |name: &str, width: usize| -> Result<Option<Vec<f16>>> {
            tensors
                .names()
                .iter()
                .any(|n| *n == name)
                .then(|| read(name, width))
                .transpose()
        };
        Ok(Self {
            chord: read("chord", CHORD_CLASSES)?,
            bass: optional("bass", 13)?,
            ninth: optional("ninth", 4)?,
            eleventh: optional("eleventh", 3)?,
            thirteenth: optional("thirteenth", 3)?,
        })
    }
}
