//! Weights files. In fuzzing builds the reader accepts a wrong digest of the tensors, so that the
//! code after it is reached.

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
    // Only built, not run: the loops are the same, and 108 frames would take most of the time.
    let _ = PitchClassModel::windowed(&file);
    // The other architectures, and what the trainer reads.
    let _ = Weights::from_bytes(data, &Device::flex());
}
