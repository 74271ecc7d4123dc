//! `trainer export`: the weights of a run, as plugin and command embed them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::Context;
use burn::module::Module as _;
use burn::tensor::Device;
use networks::Weights;
use recognizer::weights::ModelCard;

use super::share;
use crate::provenance::Provenance;
use crate::train;

#[derive(clap::Args)]
pub(crate) struct ExportArguments {
    /// Folder of the run.
    #[arg(long)]
    run: PathBuf,
    /// Name for the model card.
    #[arg(long)]
    name: String,
    /// The weights file.
    #[arg(short, long)]
    out: PathBuf,
    /// Use the network of the best validation instead of the last step.
    #[arg(long)]
    best: bool,
    /// Folder of another run of the same network: the weights of all runs are averaged. May be
    /// given more than once.
    #[arg(long)]
    average: Vec<PathBuf>,
    /// Weights to keep partly, for instance those that the run started from: the result is
    /// interpolated.
    #[arg(long)]
    keep: Option<PathBuf>,
    /// The share of --keep in the result.
    #[arg(long, value_parser = share, default_value = "0.5", requires = "keep")]
    keep_share: f64,
    /// The output of `trainer eval --json` for these weights, for the model card.
    #[arg(long)]
    metrics: Option<PathBuf>,
}

/// The metrics of the `songs` sets that go into the model card.
fn card_metrics(path: &Path, causal: bool) -> anyhow::Result<BTreeMap<String, f64>> {
    let text =
        std::fs::read_to_string(path).with_context(|| format!("reading {}", path.display()))?;
    let json: serde_json::Value =
        serde_json::from_str(&text).with_context(|| format!("{} is not JSON", path.display()))?;
    let engine = if causal { "live" } else { "offline" };
    let mut metrics = BTreeMap::new();
    for set in ["songs", "rare"] {
        let scores = &json[set][engine];
        let named = scores["metrics"].as_object().into_iter().flatten();
        for (name, value) in named.map(|(n, v)| (n.as_str(), v)).chain([
            ("mean_quality_recall", &scores["mean_quality_recall"]),
            ("inversions", &scores["inversions"]),
        ]) {
            if let Some(value) = value.as_f64() {
                metrics.insert(format!("{set}/{name}"), (value * 1e4).round() / 1e4);
            }
        }
    }
    Ok(metrics)
}

/// Exports.
pub(crate) fn run(arguments: &ExportArguments) -> anyhow::Result<()> {
    let (mut weights, config, step) =
        train::weights(&arguments.run, arguments.best, ModelCard::default())?;
    let metrics = match &arguments.metrics {
        Some(path) => card_metrics(path, config.architecture.is_causal())?,
        None => BTreeMap::new(),
    };
    let mut provenance = Provenance::load(&arguments.run)?;
    if !arguments.average.is_empty() {
        let mut all = vec![weights];
        for run in &arguments.average {
            all.push(train::weights(run, arguments.best, ModelCard::default())?.0);
            provenance.average(Provenance::load(run)?);
        }
        weights = Weights::mean(&all)?;
        let runs: Vec<_> = std::iter::once(&arguments.run)
            .chain(&arguments.average)
            .map(|run| run.display().to_string())
            .collect();
        provenance.commands.push(format!(
            "the mean of the networks of {}",
            runs.join(" and ")
        ));
    }
    if let Some(path) = &arguments.keep {
        let named = || path.display().to_string();
        let bytes = std::fs::read(path).with_context(named)?;
        let other = Weights::from_bytes(&bytes, &Device::flex()).with_context(named)?;
        weights = weights
            .keeping(&other, arguments.keep_share as f32)
            .with_context(named)?;
        provenance.commands.push(format!(
            "of all numbers {} are those of {}",
            arguments.keep_share, other.card.name
        ));
    }
    weights.card = provenance.card(&arguments.name, metrics);
    let bytes = weights.to_bytes()?;
    harmony::export::atomic::write(&arguments.out, &bytes)?;
    println!(
        "{} after {step} of {} steps: {} parameters, {} bytes",
        arguments.out.display(),
        config.steps,
        weights.network.num_params(),
        bytes.len()
    );
    Ok(())
}
