//! BTC as trained by its authors (Park et al., ISMIR 2019): the paper's teacher, from the
//! checkpoint `btc_model_large_voca.pt` of their MIT-licensed repository.
//!
//! The network is the student's own, [`networks::btc`]; only names differ. It reads
//! log-compressed constant-Q frames at hop 2048 in windows of 108 that do not overlap, the
//! last one padded with the mean, and its own chords are the likeliest class of each frame.
//! (The original computes its features separately for every ten seconds, which distorts them
//! at the seams; here they are those of the whole file.)

mod scalar;

use std::path::Path;

use anyhow::{Context, Result, ensure};
use burn::store::{ModuleSnapshot as _, PytorchStore};
use burn::tensor::Device;
use harmony::timeline::{Segment, Timeline};
use harmony::vocabulary::large;
use networks::{BurnModel, Init, Network, Weights};
use recognizer::features::centred_cqt::cqt;
use recognizer::features::{BINS, log_compress};
use recognizer::inference::WindowModel;
use recognizer::networks::{Architecture, BtcConfig, WINDOW_FRAMES};
use recognizer::weights::ModelCard;

use super::checkpoint::Checkpoint;
use super::{HOP_SAMPLES, Prediction, Teacher};
use crate::sha256;

pub use scalar::scalar;

/// The checkpoint below the folder of all teachers.
pub const FILE: &str = "btc/btc_model_large_voca.pt";
/// SHA-256 of the original checkpoint.
pub const SHA256: &str = "1673d23f8f9a55ae7f9e8b80a51da616debb22675b8d8b67ea6ce0ef37b0ab51";
/// The original download address.
pub const URL: &str =
    "https://github.com/jayg996/BTC-ISMIR19/raw/master/test/btc_model_large_voca.pt";

/// Samples between frames.
const HOP: usize = 2048;
/// Windows per batch.
const BATCH: usize = 8;
/// The most layers a checkpoint may have.
const MAX_LAYERS: usize = 32;
/// The widest transformer a checkpoint may have.
const MAX_HIDDEN: usize = 1024;

/// Names in the checkpoint (regular expressions) and here, applied in this order.
const NAMES: [(&str, &str); 12] = [
    (r"^self_attn_layers\.embedding_proj\.", "embedding."),
    (
        r"^self_attn_layers\.self_attn_layers\.(\d+)\.attn_block\.",
        "layers.$1.forward.",
    ),
    (
        r"^self_attn_layers\.self_attn_layers\.(\d+)\.backward_attn_block\.",
        "layers.$1.backward.",
    ),
    (
        r"^self_attn_layers\.self_attn_layers\.(\d+)\.linear\.",
        "layers.$1.join.",
    ),
    (r"^self_attn_layers\.layer_norm\.", "norm."),
    (r"^output_layer\.output_projection\.", "chord."),
    (
        r"\.multi_head_attention\.(query|key|value|output)_linear\.",
        ".attention.$1.",
    ),
    (
        r"\.positionwise_convolution\.layers\.0\.conv\.",
        ".conv_in.",
    ),
    (
        r"\.positionwise_convolution\.layers\.1\.conv\.",
        ".conv_out.",
    ),
    (r"\.layer_norm_mha\.", ".attention_norm."),
    (r"\.layer_norm_ffn\.", ".feed_forward_norm."),
    // An LSTM that the original never uses.
    (r"^output_layer\.lstm\.", "unused."),
];

/// The network and its identity.
pub struct Btc {
    model: BurnModel,
    sha256: String,
}

impl Btc {
    /// Opens the original below `folder`, the folder of all teachers.
    ///
    /// # Errors
    /// If the file is missing or not the original.
    pub fn open(folder: &Path) -> Result<Self> {
        let path = folder.join(FILE);
        let teacher = Self::from_checkpoint(&path)?;
        ensure!(
            teacher.sha256 == SHA256,
            "{} has the SHA-256 {}, not {SHA256}",
            path.display(),
            teacher.sha256
        );
        Ok(teacher)
    }

    /// Opens any checkpoint of this layout.
    ///
    /// # Errors
    /// If the file is not one.
    pub fn from_checkpoint(path: &Path) -> Result<Self> {
        let named = || format!("reading {}", path.display());
        Ok(Self {
            sha256: sha256::of_file(path).with_context(named)?,
            model: BurnModel::windowed(weights(path).with_context(named)?)?,
        })
    }

    /// Probabilities `[frames, 170]` for log-compressed frames `[frames, 144]` at hop 2048.
    ///
    /// # Errors
    /// If the engine fails.
    pub fn probabilities(&self, frames: &[f32]) -> Result<Vec<f32>> {
        let window = WINDOW_FRAMES * BINS;
        let mut padded = frames.to_vec();
        padded.resize(
            frames.len().next_multiple_of(window),
            self.model.weights().mean,
        );
        let mut probabilities = Vec::with_capacity(frames.len() / BINS * large::LEN);
        for windows in padded.chunks(BATCH * window) {
            for posterior in self.model.windows(windows)? {
                probabilities.extend(posterior.chord.map(f32::exp));
            }
        }
        probabilities.truncate(frames.len() / BINS * large::LEN);
        Ok(probabilities)
    }
}

/// Network, mean and deviation of a checkpoint.
fn weights(path: &Path) -> Result<Weights> {
    let checkpoint = Checkpoint::open(path, "model")?;
    let embedding = checkpoint.shape("self_attn_layers.embedding_proj.weight")?;
    ensure!(
        matches!(embedding, [hidden, BINS] if *hidden <= MAX_HIDDEN && hidden % 4 == 0),
        "an embedding of shape {embedding:?}"
    );
    let layer = |i: usize| format!("self_attn_layers.self_attn_layers.{i}.linear.weight");
    let layers = (0..=MAX_LAYERS)
        .take_while(|&i| checkpoint.shape(&layer(i)).is_ok())
        .count();
    ensure!((1..=MAX_LAYERS).contains(&layers), "{layers} layers");
    let config = BtcConfig::new()
        .with_hidden(embedding[0])
        .with_layers(layers);

    let mut store = PytorchStore::from_file(path).with_top_level_key("model");
    for (theirs, ours) in NAMES {
        store = store.with_key_remapping(theirs, ours);
    }
    // burn renames only its own modules, and these norms are not.
    store = store
        .with_key_remapping(r"norm\.gamma$", "norm.gain")
        .with_key_remapping(r"norm\.beta$", "norm.offset");
    let mut network = config.init(&Device::flex());
    let loaded = network
        .load_from(&mut store)
        .map_err(|e| anyhow::anyhow!("{e}"))?;
    ensure!(
        loaded.missing.is_empty() && loaded.errors.is_empty(),
        "tensors missing: {:?}; wrong: {:?}",
        loaded.missing,
        loaded.errors
    );
    let mean = scalar(path, "mean")?;
    let deviation = scalar(path, "std")?;
    ensure!(
        mean.abs() < 1e3 && (1e-3..1e3).contains(&deviation),
        "features of mean {mean} and deviation {deviation}"
    );
    Ok(Weights {
        architecture: Architecture::Btc(config),
        network: Network::Btc(network),
        mean: mean as f32,
        deviation: deviation as f32,
        calibrations: recognizer::calibration::Calibrations::default(),
        card: ModelCard {
            name: "btc".to_owned(),
            ..ModelCard::default()
        },
    })
}

impl Teacher for Btc {
    fn name(&self) -> &str {
        "btc"
    }

    fn sha256(&self) -> &str {
        &self.sha256
    }

    fn predict(&self, samples: &[f32]) -> Result<Prediction> {
        let mut frames = cqt(samples, HOP)?.data;
        frames.iter_mut().for_each(|x| *x = log_compress(*x));
        let coarse = self.probabilities(&frames)?;
        let rows: Vec<&[f32]> = coarse.chunks_exact(large::LEN).collect();
        let mut chord = Vec::with_capacity(2 * coarse.len());
        for i in 0..=samples.len() / HOP_SAMPLES {
            // Between two of its frames, their mean is used.
            let (before, after) = (rows[i / 2], rows[i.div_ceil(2).min(rows.len() - 1)]);
            chord.extend(before.iter().zip(after).map(|(a, b)| (a + b) / 2.0));
        }
        Ok(Prediction {
            chord,
            timeline: timeline(&rows)?,
            ..Prediction::default()
        })
    }
}

/// The likeliest class of each frame, as in the original's output.
fn timeline(rows: &[&[f32]]) -> Result<Timeline> {
    let likeliest = |row: &&[f32]| {
        let mut place = 0;
        for (i, p) in row.iter().enumerate() {
            if *p > row[place] {
                place = i;
            }
        }
        place
    };
    let classes: Vec<usize> = rows.iter().map(likeliest).collect();
    let mut segments = Vec::new();
    let mut first = 0;
    for run in classes.chunk_by(|a, b| a == b) {
        let seconds = |frame: usize| (frame * HOP) as f64 / 22_050.0;
        let end = first + run.len();
        segments.push(Segment::new(
            seconds(first),
            seconds(end),
            large::label_of(run[0]),
        ));
        first = end;
    }
    Ok(Timeline::from_segments(segments)?)
}
