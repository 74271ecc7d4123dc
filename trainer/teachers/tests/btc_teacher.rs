//! The BTC teacher on a small checkpoint with the original's layout, compared with PyTorch
//! (goldens/make_btc.py).

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::{Path, PathBuf};

use teachers::btc::{Btc, scalar};
use teachers::{HOP_SAMPLES, Teacher};

/// Largest difference of a probability.
const TOLERANCE: f32 = 1e-4;

fn golden(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/goldens")
        .join(name)
}

/// The script's `features`.
fn features() -> Vec<f32> {
    let at = |t: usize, b: usize| ((t * 37 + b * 101 + (t * b) % 23) % 64) as f32 / 8.0 - 7.0;
    (0..108)
        .flat_map(|t| (0..144).map(move |b| at(t, b)))
        .collect()
}

#[test]
fn probabilities_equal_pytorchs() {
    let teacher = Btc::from_checkpoint(&golden("btc_small.pt")).unwrap();
    let ours = teacher.probabilities(&features()).unwrap();
    let bytes = std::fs::read(golden("btc_small.f32")).unwrap();
    let theirs: Vec<f32> = bytes
        .as_chunks::<4>()
        .0
        .iter()
        .map(|b| f32::from_le_bytes(*b))
        .collect();
    assert_eq!((ours.len(), theirs.len()), (108 * 170, 20 * 170));
    let differences = ours.iter().zip(&theirs).map(|(a, b)| (a - b).abs());
    let largest = differences.fold(0.0, f32::max);
    assert!(largest < TOLERANCE, "{largest}");
    // Uniform outputs would agree by chance: the largest is many times the average.
    assert!(theirs.iter().copied().fold(0.0, f32::max) > 10.0 / 170.0);
}

#[test]
fn numbers_beside_the_tensors_are_read() {
    let path = golden("btc_small.pt");
    assert_eq!(scalar(&path, "mean").unwrap(), -3.2142);
    assert_eq!(scalar(&path, "std").unwrap(), 1.5687);
    assert!(scalar(&path, "median").is_err());
}

#[test]
fn frames_lie_on_the_teachers_grid() {
    let teacher = Btc::from_checkpoint(&golden("btc_small.pt")).unwrap();
    let tone: Vec<f32> = (0..50_000).map(|n| (n as f32 * 0.05).sin() * 0.3).collect();
    for length in [0, 1, 1023, 1024, 2048, 50_000] {
        let heard = teacher.predict(&tone[..length]).unwrap();
        assert_eq!(heard.chord.len(), (1 + length / HOP_SAMPLES) * 170);
        for row in heard.chord.chunks_exact(170) {
            assert!((row.iter().sum::<f32>() - 1.0).abs() < 1e-4);
        }
        assert!(!heard.timeline.is_empty());
    }
}

#[test]
fn damaged_and_foreign_checkpoints_are_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("other.pt");
    let whole = std::fs::read(golden("btc_small.pt")).unwrap();
    for length in [0, 100, whole.len() / 2] {
        std::fs::write(&path, &whole[..length]).unwrap();
        let error = Btc::from_checkpoint(&path).err().unwrap();
        assert!(format!("{error:#}").contains("other.pt"), "{error:#}");
    }
    // Only the original by its hash, not any file of its layout.
    std::fs::create_dir(folder.path().join("btc")).unwrap();
    std::fs::write(folder.path().join(teachers::btc::FILE), &whole).unwrap();
    let error = Btc::open(folder.path()).err().unwrap();
    assert!(error.to_string().contains("SHA-256"), "{error:#}");
}
