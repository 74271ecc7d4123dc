//! `cargo xtask test`: everything that must hold before a change lands.

mod steps;

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
}

/// What became of a step.
struct Outcome {
    step: Step,
    took: Duration,
    error: Option<anyhow::Error>,
}

/// Runs all steps, or the chosen ones, and fails if any of them did.
pub fn test(options: &Options) -> Result<()> {
    let mut steps = Step::value_variants().to_vec();
    if !options.steps.is_empty() {
        steps.retain(|step| options.steps.contains(step));
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
        let error = step.run().err();
        if let Some(error) = &error {
            eprintln!("{} failed: {error:#}", step.name());
        }
        outcomes.push(Outcome {
            step,
            took: start.elapsed(),
            error,
        });
        // Nothing else can be expected to work without what setup brings.
        if step == Step::Setup && outcomes.iter().any(|outcome| outcome.error.is_some()) {
            break;
        }
    }
    report(&outcomes)
}

fn report(outcomes: &[Outcome]) -> Result<()> {
    let mut table = Table::new();
    table
        .load_preset(ASCII_MARKDOWN)
        .set_header(["step", "result", "time", ""]);
    for Outcome { step, took, error } in outcomes {
        let result = if error.is_some() { "FAILED" } else { "passed" };
        let seconds = format!("{:.1} s", took.as_secs_f64());
        let cause = error
            .as_ref()
            .map_or_else(String::new, |error| format!("{error:#}"));
        table.add_row([step.name(), result.to_owned(), seconds, cause]);
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
    let failed = outcomes
        .iter()
        .filter(|outcome| outcome.error.is_some())
        .count();
    println!("{} passed, {failed} failed", outcomes.len() - failed);
    if failed > 0 {
        bail!("{failed} of {} steps failed", outcomes.len());
    }
    Ok(())
}
