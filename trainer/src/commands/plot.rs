//! `trainer plot`: pictures of runs and evaluations.

use std::path::{Path, PathBuf};

use crate::evaluate::report::Report;
use crate::plot::confusion::ConfusionMatrix;
use crate::plot::lines;
use crate::plot::recall::Recall;
use crate::plot::reliability::ReliabilityDiagram;
use crate::plot::save;
use crate::plot::training::training;
use anyhow::{Result, ensure};

/// The arguments of `trainer plot`.
#[derive(clap::Args)]
pub(super) struct PlotArguments {
    /// Log of a run (`log.jsonl`), or the folder of the run; may be given several times.
    #[arg(long)]
    run: Vec<PathBuf>,
    /// The output of `trainer eval --json`.
    #[arg(long)]
    eval: Option<PathBuf>,
    /// Folder for the pictures; created if missing.
    #[arg(short, long)]
    out: PathBuf,
}

/// Draws everything in the files.
pub(super) fn run(arguments: &PlotArguments) -> Result<()> {
    ensure!(
        arguments.eval.is_some() || !arguments.run.is_empty(),
        "nothing to draw: give --run or --eval"
    );
    for run in &arguments.run {
        let log = if run.is_dir() {
            run.join("log.jsonl")
        } else {
            run.clone()
        };
        let name = log.parent().and_then(Path::file_name);
        let name = name.map_or("run".into(), |name| name.to_string_lossy());
        let path = save(
            &training(&log)?,
            &arguments.out,
            &format!("training-{name}"),
        )?;
        println!("{}", path.display());
    }
    if let Some(eval) = &arguments.eval {
        draw_report(&Report::load(eval)?, &arguments.out)?;
    }
    Ok(())
}

/// Draws the pictures of an evaluation into `folder`.
pub(super) fn draw_report(report: &Report, folder: &Path) -> Result<()> {
    for (set, scores) in &report.sets {
        let mut paths = vec![
            save(&Recall::new(set, scores), folder, &format!("recall-{set}"))?,
            save(
                &ReliabilityDiagram::new(set, scores),
                folder,
                &format!("reliability-{set}"),
            )?,
        ];
        for (engine, scores) in scores {
            let matrix = ConfusionMatrix {
                set: set.clone(),
                engine: engine.clone(),
                confusion: scores.confusion.clone(),
            };
            let stem = format!("confusion-{set}-{engine}");
            paths.push(save(&matrix, folder, &stem)?);
        }
        if let Some(curve) = report.curves.get(set) {
            let stem = format!("lookahead-{set}");
            paths.push(save(&lines::lookahead(set, curve), folder, &stem)?);
        }
        for path in paths {
            println!("{}", path.display());
        }
    }
    Ok(())
}
