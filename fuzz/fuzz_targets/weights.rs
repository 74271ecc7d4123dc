//! Weights files. Built for fuzzing the reader lets a wrong digest of the tensors pass:
//! behind it lies what is worth the time.

#![no_main]

use burn::tensor::Device;
use libfuzzer_sys::fuzz_target;
use recognizer::features::BINS;
use recognizer::inference::{CausalModel, PitchClassModel, WindowModel};
use recognizer::networks::WINDOW_FRAMES;
use recognizer::weights::{Weights, WeightsFile};

fuzz_target!(|data: &[u8]| {
    let Ok(file) = WeightsFile::read(data) else {
        return;
    };
    if let Ok(model) = PitchClassModel::causal(&file) {
        let mut stream = model.start();
        for _ in 0..3 {
            let _ = stream.step(&[0.5; BINS]);
        }
    }
    if let Ok(model) = PitchClassModel::windowed(&file) {
        let _ = model.windows(&[0.5; WINDOW_FRAMES * BINS]);
    }
    // The other architectures, and what the trainer reads.
    let _ = Weights::from_bytes(data, &Device::flex());
});
