//! `trainer calibrate`: confidences that match the share of right answers.

use std::path::PathBuf;

use crate::evaluate::engines::{LIVE, OFFLINE};
use crate::evaluate::report::Report;
use anyhow::{Context, Result, ensure};
use burn::tensor::Device;
use clap::Args;
use networks::Weights;
use recognizer::calibration::Calibration;

#[derive(Debug, Args)]
pub(super) struct CalibrateArguments {
    /// The weights file.
    #[arg(long)]
    weights: PathBuf,
    /// The report of `trainer eval --consensus --json` for these weights, on music for
    /// choosing; given several times, each counts by its minutes.
    #[arg(long, required = true)]
    report: Vec<PathBuf>,
    /// The file for the calibrated weights.
    #[arg(short, long)]
    out: PathBuf,
}

/// Calibrates.
pub(super) fn run(arguments: &CalibrateArguments) -> Result<()> {
    let named = || arguments.weights.display().to_string();
    let bytes = std::fs::read(&arguments.weights).with_context(named)?;
    let mut weights = Weights::from_bytes(&bytes, &Device::flex()).with_context(named)?;
    let engine = if weights.architecture.is_causal() {
        LIVE
    } else {
        OFFLINE
    };
    let (mut slope, mut offset, mut minutes) = (0.0, 0.0, 0.0);
    for path in &arguments.report {
        let named = || path.display().to_string();
        let text = std::fs::read_to_string(path).with_context(named)?;
        let report: Report = serde_json::from_str(&text).with_context(named)?;
        let consensus = report
            .consensus
            .with_context(|| format!("{} is not a report of --consensus", path.display()))?;
        let scores = consensus
            .all
            .engines
            .get(engine)
            .with_context(|| format!("{} has no results for `{engine}`", path.display()))?;
        let weight = consensus.all.minutes as f32;
        slope += weight * scores.mending.slope;
        offset += weight * scores.mending.offset;
        minutes += weight;
    }
    ensure!(minutes > 0.0, "the reports cover no music");
    let mending = Calibration {
        slope: slope / minutes,
        offset: offset / minutes,
    };
    ensure!(
        mending.is_plausible(),
        "in these reports larger probabilities are right less often, which cannot be calibrated"
    );
    weights.calibration = weights.calibration.then(mending);
    let out = weights.to_bytes()?;
    harmony::export::atomic::write(&arguments.out, &out)?;
    println!(
        "{}: slope {:.3}, offset {:.3}",
        arguments.out.display(),
        weights.calibration.slope,
        weights.calibration.offset
    );
    Ok(())
}
