//! Shared by the tests of the teachers: the files written by their scripts, and the numbers
//! that the scripts draw.

use std::path::{Path, PathBuf};

/// A file written by a script in the folder of goldens.
pub fn golden(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/goldens")
        .join(name)
}

/// The numbers in such a file.
pub fn numbers(name: &str) -> Vec<f32> {
    let bytes = std::fs::read(golden(name)).unwrap();
    let numbers = bytes.as_chunks::<4>().0.iter();
    numbers.map(|b| f32::from_le_bytes(*b)).collect()
}

/// The first seconds of the recognizer's clip.
pub fn clip(seconds: usize) -> Vec<f32> {
    let path = golden("../../../../recognizer/tests/goldens/clip.wav");
    let reader = hound::WavReader::open(path).unwrap();
    let samples = reader.into_samples::<i16>();
    samples
        .take(seconds * 22_050)
        .map(|s| f32::from(s.unwrap()) / 32_768.0)
        .collect()
}

/// The numbers of the script's `formula`.
pub fn formula(name: &str, count: usize, reach: f32) -> Vec<f32> {
    let mut state = 0xCBF2_9CE4_8422_2325_u64;
    for byte in name.bytes() {
        state = (state ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01B3);
    }
    let next = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        ((state >> 40) as f32 / 8_388_608.0 - 1.0) * reach
    };
    std::iter::repeat_with(next).take(count).collect()
}

/// The largest difference between numbers in the same places.
pub fn largest_difference(a: &[f32], b: &[f32]) -> f32 {
    assert_eq!(a.len(), b.len());
    let differences = a.iter().zip(b).map(|(a, b)| (a - b).abs());
    differences.fold(0.0, f32::max)
}
