//! `cargo xtask test`: everything that must hold before a change lands.

mod steps;
mod supply;
mod workflows;

use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use clap::ValueEnum;
use comfy_table::presets::ASCII_MARKDOWN;
use comfy_table::{CellAlignment, Table};

use crate::workspace::say;
pub use steps::Step;

#[derive(clap::Args)]
pub struct Options {
    /// Run only this step; may be given more than once
    #[arg(long = "step", value_enum)]
    steps: Vec<Step>,
    /// Also run the steps for releases: fuzzing, the soak, the standalone program and the
    /// other systems
    #[arg(long, conflicts_with = "steps")]
    full: bool,
}

/// The result of a step.
struct Outcome {
    step: Step,
    took: Duration,
    passed: bool,
}

/// Runs the steps of every change, all of them, or the chosen ones, and fails if any of them
/// did.
pub fn test(options: &Options) -> Result<()> {
    let mut steps = Step::value_variants().to_vec();
    if !options.steps.is_empty() {
        steps.retain(|step| options.steps.contains(step));
    } else if !options.full {
        steps.retain(|step| !step.is_for_releases());
    }
    run(&steps)
}

/// Runs the quick steps.
pub fn check() -> Result<()> {
    run(&[Step::Format, Step::Lints, Step::Build, Step::Units])
}

fn run(steps: &[Step]) -> Result<()> {
    let mut outcomes = Vec::new();
    for &step in steps {
        say(step.title());
        let start = Instant::now();
        let result = step.run();
        if let Err(error) = &result {
            eprintln!("{} failed: {error:#}", step.name());
        }
        outcomes.push(Outcome {
            step,
            took: start.elapsed(),
            passed: result.is_ok(),
        });
        // Without setup nothing else can be expected to work.
        if step == Step::Setup && result.is_err() {
            break;
        }
    }
    report(&outcomes)
}

fn report(outcomes: &[Outcome]) -> Result<()> {
    let mut table = Table::new();
    table
        .load_preset(ASCII_MARKDOWN)
        .set_header(["step", "result", "time"]);
    for Outcome { step, took, passed } in outcomes {
        let result = if *passed { "passed" } else { "FAILED" };
        let seconds = format!("{:.1} s", took.as_secs_f64());
        table.add_row([step.name(), result.to_owned(), seconds]);
    }
    if let Some(column) = table.column_mut(2) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    println!("\n{table}");
    let total: Duration = outcomes.iter().map(|outcome| outcome.took).sum();
    println!(
        "{} steps in {:.1} minutes",
        outcomes.len(),
        total.as_secs_f64() / 60.0
    );
    // Causes are printed where the steps run; they may be whole command lines, which would
    // widen every row of the table.
    let failed: Vec<String> = outcomes
        .iter()
        .filter(|outcome| !outcome.passed)
        .map(|outcome| outcome.step.name())
        .collect();
    println!(
        "{} passed, {} failed",
        outcomes.len() - failed.len(),
        failed.len()
    );
    if !failed.is_empty() {
        bail!("failed: {}", failed.join(", "));
    }
    Ok(())
}
