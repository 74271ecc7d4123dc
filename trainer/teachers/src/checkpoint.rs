//! PyTorch checkpoints: untrusted files with named tensors.

use std::path::{Path, PathBuf};

use pytorch_reader::{DType, PytorchError, PytorchReader};

/// The largest checkpoint that is opened, in bytes; the real ones are 6 MB.
const MAX_BYTES: u64 = 64 << 20;

/// Why a checkpoint was refused.
#[derive(Debug, thiserror::Error)]
pub enum CheckpointError {
    /// It cannot be read.
    #[error("cannot read {}: {source}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: std::io::Error,
    },
    /// It is larger than any such checkpoint.
    #[error("{}: {size} bytes are more than a checkpoint has", path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// Its size.
        size: u64,
    },
    /// It is not a PyTorch checkpoint.
    #[error("{}: not a PyTorch checkpoint: {source}", path.display())]
    NotPytorch {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: Box<PytorchError>,
    },
    /// A tensor is missing or wrong.
    #[error("{}: tensor `{name}`: {reason}", path.display())]
    Tensor {
        /// The file.
        path: PathBuf,
        /// The tensor.
        name: String,
        /// What is wrong.
        reason: String,
    },
}

/// The tensors of a checkpoint.
pub struct Checkpoint {
    path: PathBuf,
    reader: PytorchReader,
}

impl Checkpoint {
    /// Opens the state dictionary under `key` in the checkpoint at `path`.
    ///
    /// # Errors
    /// See [`CheckpointError`]; it names the file.
    pub fn open(path: &Path, key: &str) -> Result<Self, CheckpointError> {
        let unreadable = |source| CheckpointError::Unreadable {
            path: path.to_owned(),
            source,
        };
        let size = std::fs::metadata(path).map_err(unreadable)?.len();
        if size > MAX_BYTES {
            return Err(CheckpointError::TooLarge {
                path: path.to_owned(),
                size,
            });
        }
        let reader = PytorchReader::with_top_level_key(path, key).map_err(|source| {
            CheckpointError::NotPytorch {
                path: path.to_owned(),
                source: Box::new(source),
            }
        })?;
        Ok(Self {
            path: path.to_owned(),
            reader,
        })
    }

    /// The shape of the tensor `name`.
    ///
    /// # Errors
    /// [`CheckpointError::Tensor`] if it is missing.
    pub fn shape(&self, name: &str) -> Result<&[usize], CheckpointError> {
        let tensor = self.reader.get(name);
        tensor
            .map(|tensor| tensor.shape())
            .ok_or_else(|| CheckpointError::Tensor {
                path: self.path.clone(),
                name: name.to_owned(),
                reason: "missing".into(),
            })
    }

    /// The finite float32 tensor `name`, which must have this shape, in row order.
    ///
    /// # Errors
    /// [`CheckpointError::Tensor`].
    pub fn tensor(&self, name: &str, shape: &[usize]) -> Result<Vec<f32>, CheckpointError> {
        let error = |reason: String| CheckpointError::Tensor {
            path: self.path.clone(),
            name: name.to_owned(),
            reason,
        };
        let tensor = self
            .reader
            .get(name)
            .ok_or_else(|| error("missing".into()))?;
        if tensor.dtype() != DType::F32 {
            return Err(error(format!("{:?}, not float32", tensor.dtype())));
        }
        if tensor.shape() != shape {
            return Err(error(format!("shape {:?}, not {shape:?}", tensor.shape())));
        }
        let bytes = tensor.read().map_err(|e| error(e.to_string()))?;
        let (numbers, rest) = bytes.as_chunks::<4>();
        if numbers.len() != shape.iter().product::<usize>() || !rest.is_empty() {
            return Err(error(format!("{} bytes", bytes.len())));
        }
        let numbers: Vec<f32> = numbers.iter().map(|&b| f32::from_le_bytes(b)).collect();
        if numbers.iter().any(|x| !x.is_finite()) {
            return Err(error("not finite".into()));
        }
        Ok(numbers)
    }
}
