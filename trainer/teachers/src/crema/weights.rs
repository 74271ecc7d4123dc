//! The weights from Keras' file: HDF5.
//!
//! The bytes are checked against their hash before they are read, but the reader does not rely
//! on that: sizes are bounded, shapes must be those of the network, numbers must be finite.

use anyhow::{Context, Result, ensure};
use hdf5_reader::{Hdf5File, OpenOptions};

/// The largest file that is read, in bytes.
pub const MAX_BYTES: usize = 16 << 20;
/// The largest allocation for any part of it, in bytes: the largest tensor has 400 kB.
const MAX_PART_BYTES: usize = 1 << 20;

/// The tensors of a file.
pub struct Weights {
    file: Hdf5File,
}

impl Weights {
    /// Reads the structure of a file.
    ///
    /// # Errors
    /// If the file is too large, or not HDF5.
    pub fn read(bytes: Vec<u8>) -> Result<Self> {
        ensure!(
            bytes.len() <= MAX_BYTES,
            "{} bytes are more than such a file has",
            bytes.len()
        );
        let options = OpenOptions::default()
            .with_max_read_bytes(MAX_PART_BYTES)
            .with_max_chunk_bytes(MAX_PART_BYTES)
            .with_max_object_header_bytes(MAX_PART_BYTES)
            .with_chunk_cache_bytes(MAX_PART_BYTES);
        let file = Hdf5File::from_vec_with_options(bytes, options).context("not an HDF5 file")?;
        Ok(Self { file })
    }

    /// The finite float32 tensor `name` of `layer`, which must have this shape, in row order.
    ///
    /// # Errors
    /// If the tensor is missing or another one; the error names it.
    pub fn tensor(&self, layer: &str, name: &str, shape: &[usize]) -> Result<Vec<f32>> {
        let path = format!("model_weights/{layer}/{layer}/{name}:0");
        let named = || format!("tensor `{path}`");
        let dataset = self.file.dataset(&path).with_context(named)?;
        let found = dataset.shape();
        ensure!(
            found.len() == shape.len() && found.iter().zip(shape).all(|(a, b)| *a == *b as u64),
            "tensor `{path}`: shape {found:?}, not {shape:?}"
        );
        let array = dataset.read_array::<f32>().with_context(named)?;
        let numbers: Vec<f32> = array.iter().copied().collect();
        ensure!(
            numbers.len() == shape.iter().product::<usize>(),
            "tensor `{path}`: {} numbers",
            numbers.len()
        );
        ensure!(
            numbers.iter().all(|x| x.is_finite()),
            "tensor `{path}`: not finite"
        );
        Ok(numbers)
    }
}
