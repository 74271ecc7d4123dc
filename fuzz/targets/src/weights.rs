//! Weights files. Built for fuzzing the reader lets a wrong digest of the tensors pass:
//! behind it lies what is worth the time.

use burn::tensor::Device;
use networks::Weights;
use recognizer::features::BINS;
use recognizer::inference::{CausalModel, PitchClassModel};
use recognizer::weights::WeightsFile;

/// Reads `data` as weights.
///
/// # Panics
/// Where a promise of the reader does not hold.
pub fn run(data: &[u8]) {
    let Ok(file) = WeightsFile::read(data) else {
        return;
    };
    if let Ok(model) = PitchClassModel::causal(&file) {
        let _ = model.start().step(&[0.5; BINS]);
    }
    // The same loops, but 108 frames of them would be most of what is fuzzed.
    let _ = PitchClassModel::windowed(&file);
    // The other architectures, and what the trainer reads.
    let _ = Weights::from_bytes(data, &Device::flex());
}
