//! The tensors of a network by the paths of their modules.

use std::collections::{BTreeMap, BTreeSet};

use networks::Weights;
use recognizer::networks::Architecture;
use safetensors::{Dtype, SafeTensors};

use super::OnnxError;

/// A tensor in row order.
pub(super) struct Array {
    /// Its shape.
    pub shape: Vec<usize>,
    /// Its values.
    pub data: Vec<f32>,
}

/// The tensors of a network, and which of them a graph has used.
pub(super) struct Tensors {
    arrays: BTreeMap<String, Array>,
    used: BTreeSet<String>,
}

impl Tensors {
    /// The tensors of `weights`.
    pub(super) fn from_weights(weights: &Weights) -> Result<Self, OnnxError> {
        let bytes = weights.to_bytes()?;
        let file =
            SafeTensors::deserialize(&bytes).map_err(|e| OnnxError::Tensors(e.to_string()))?;
        // The network is an enum whose variant is the first part of every path.
        let variant = match weights.architecture {
            Architecture::PitchClass(_) => "PitchClass.",
            Architecture::Btc(_) => "Btc.",
            Architecture::TwoEOneD(_) => "TwoEOneD.",
        };
        let mut arrays = BTreeMap::new();
        for (path, view) in file.tensors() {
            if view.dtype() != Dtype::F32 {
                return Err(OnnxError::Tensors(format!(
                    "`{path}` holds {:?}, not float32",
                    view.dtype()
                )));
            }
            let (numbers, _) = view.data().as_chunks::<4>();
            let array = Array {
                shape: view.shape().to_vec(),
                data: numbers.iter().map(|&b| f32::from_le_bytes(b)).collect(),
            };
            let path = path.strip_prefix(variant).unwrap_or(&path);
            arrays.insert(path.to_owned(), array);
        }
        Ok(Self {
            arrays,
            used: BTreeSet::new(),
        })
    }

    /// Whether there is a tensor at `path`.
    pub(super) fn contains(&self, path: &str) -> bool {
        self.arrays.contains_key(path)
    }

    /// The tensor at `path`, marked as used.
    pub(super) fn take(&mut self, path: &str) -> Result<&Array, OnnxError> {
        let array = self
            .arrays
            .get(path)
            .ok_or_else(|| OnnxError::Missing(path.to_owned()))?;
        self.used.insert(path.to_owned());
        Ok(array)
    }

    /// A tensor that no part of the graph has used.
    pub(super) fn unused(&self) -> Option<&str> {
        self.arrays
            .keys()
            .map(String::as_str)
            .find(|path| !self.used.contains(*path))
    }
}
