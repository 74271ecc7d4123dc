//! `trainer run`: runs a pipeline.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use crate::pipeline::{Memory, Pipeline};
use anyhow::{Context, Result, bail, ensure};

#[derive(clap::Args)]
pub(super) struct RunArguments {
    /// The pipeline; see `crate::pipeline` and pipeline.toml in the trainer's folder.
    pipeline: PathBuf,
    /// A variable of the pipeline, as NAME=VALUE.
    #[arg(long = "set", value_name = "NAME=VALUE")]
    set: Vec<String>,
    /// Only print what would run.
    #[arg(long)]
    dry_run: bool,
    /// Folder where finished steps are recorded.
    #[arg(long, default_value = "data/pipelines")]
    memory: PathBuf,
}

/// Runs the command.
pub(super) fn run(arguments: &RunArguments, interrupted: &AtomicBool) -> Result<()> {
    let mut over = BTreeMap::new();
    for text in &arguments.set {
        let Some((name, value)) = text.split_once('=') else {
            bail!("`{text}` is not NAME=VALUE");
        };
        over.insert(name.to_owned(), value.to_owned());
    }
    let pipeline = Pipeline::open(&arguments.pipeline, &over)?;
    let path = arguments.memory.join(format!("{}.json", pipeline.name));
    let mut memory = Memory::load(&path)?;
    let program = std::env::current_exe().context("the path of this program")?;
    let count = pipeline.step.len();
    // Later fingerprints depend on what a step writes.
    for (index, step) in pipeline.step.iter().enumerate() {
        let place = format!("[{}/{count}] {}", index + 1, step.name);
        let known = memory.done.get(&step.name);
        let fingerprint = step.fingerprint();
        let unchanged = matches!((&fingerprint, known), (Ok(now), Some(then)) if now == then);
        if unchanged && step.has_outputs() {
            println!("{place}: nothing has changed");
            continue;
        }
        println!("{place}: trainer {}", step.run.join(" "));
        if arguments.dry_run {
            continue;
        }
        let fingerprint = fingerprint.with_context(|| format!("step {}", step.name))?;
        for folder in step.outputs.iter().filter_map(|output| output.parent()) {
            std::fs::create_dir_all(folder)
                .with_context(|| format!("step {}: {}", step.name, folder.display()))?;
        }
        let begun = Instant::now();
        let status = Command::new(&program)
            .args(&step.run)
            .status()
            .with_context(|| format!("starting step {}", step.name))?;
        memory.took(&step.name, begun.elapsed());
        memory.save(&path)?;
        if interrupted.load(Ordering::Relaxed) {
            bail!(
                "stopped during step {}; run the same command to go on",
                step.name
            );
        }
        ensure!(status.success(), "step {} ended with {status}", step.name);
        for output in &step.outputs {
            ensure!(
                output.exists(),
                "step {} has finished, but {} is missing",
                step.name,
                output.display()
            );
        }
        memory.done.insert(step.name.clone(), fingerprint);
        memory.save(&path)?;
    }
    print!("{}", memory.times(&pipeline.step));
    Ok(())
}
