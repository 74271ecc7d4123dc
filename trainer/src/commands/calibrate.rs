//! `trainer calibrate`: confidences that match the share of right answers.

use std::path::{Path, PathBuf};

use crate::evaluate::consensus::Consensus;
use crate::evaluate::engines::{DISPLAY, LIVE, OFFLINE};
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
    let reports = arguments
        .report
        .iter()
        .map(|path| Ok((path.as_path(), consensus(path)?)))
        .collect::<Result<Vec<_>>>()?;
    let mended = &mut weights.calibrations;
    if weights.architecture.is_causal() {
        let on_display = mended.on_display().then(mending(&reports, DISPLAY)?);
        mended.track = mended.track.then(mending(&reports, LIVE)?);
        mended.display = Some(on_display);
    } else {
        mended.track = mended.track.then(mending(&reports, OFFLINE)?);
    }
    let calibrations = *mended;
    let out = weights.to_bytes()?;
    harmony::export::atomic::write(&arguments.out, &out)?;
    let named = arguments.out.display();
    let told = |Calibration { slope, offset }| format!("slope {slope:.3}, offset {offset:.3}");
    println!("{named}: {}", told(calibrations.track));
    if let Some(display) = calibrations.display {
        println!("{named}, display: {}", told(display));
    }
    Ok(())
}

/// The part of a report by consensus.
fn consensus(path: &Path) -> Result<Consensus> {
    let named = || path.display().to_string();
    let text = std::fs::read_to_string(path).with_context(named)?;
    let report: Report = serde_json::from_str(&text).with_context(named)?;
    report
        .consensus
        .with_context(|| format!("{} is not a report of --consensus", path.display()))
}

/// What an engine's confidences lack, the mean of the reports by their minutes.
fn mending(reports: &[(&Path, Consensus)], engine: &str) -> Result<Calibration> {
    let (mut slope, mut offset, mut minutes) = (0.0, 0.0, 0.0);
    for (path, consensus) in reports {
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
        "in these reports larger probabilities of `{engine}` are right less often, which cannot be calibrated"
    );
    Ok(mending)
}
