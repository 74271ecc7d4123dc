//! `trainer fit-beats`: fits the network of the beat finder.

use std::path::PathBuf;

use crate::beats::fit::{Case, fitted};
use crate::beats::sketch::sketch;
use crate::beats::tempi::{KINDS, Kind};
use crate::parallel;
use anyhow::Result;
use harmony::export::atomic;
use recognizer::beat::{Known, Scorer, guesses};
use recognizer::inference::WindowModel;
use recognizer::models;
use recognizer::signal::Signal;

use super::songs::SongArguments;

/// The arguments of `trainer fit-beats`.
#[derive(clap::Args)]
pub(super) struct FitBeatsArguments {
    #[command(flatten)]
    songs: SongArguments,
    /// Length of an excerpt in seconds.
    #[arg(short, long, default_value_t = 40.0)]
    length: f64,
    /// Number of sketches to fit on in addition; of each four rounds of eight, one is left
    /// out.
    #[arg(long, default_value_t = 160)]
    sketches: u64,
    /// Strength of the weight decay.
    #[arg(long, default_value_t = 1e-3)]
    pull: f64,
    /// Seed for initializing the network's units.
    #[arg(long, default_value_t = 1)]
    start: u64,
    /// Write the network here, as Rust source like `recognizer/src/beat/weights.rs`.
    #[arg(short, long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Threads.
    #[arg(short, long, default_value_t = 2)]
    threads: usize,
    /// Cache rendered audio and network output in this folder.
    #[arg(long, value_name = "FOLDER")]
    cache: Option<PathBuf>,
}

/// The beginning of `recognizer/src/beat/weights.rs`.
const HEAD: &str = "//! The network that guesses at the beats are compared by, as `trainer fit-beats --fit` writes it.

use super::score::{Scorer, Unit};

/// Fitted on rendered music; docs/beats.md has the command.
#[rustfmt::skip]
pub(super) static SCORER: Scorer = Scorer {
";

/// Fits and prints.
pub(super) fn run(arguments: &FitBeatsArguments) -> Result<()> {
    let interrupted = super::interruption()?;
    let model: std::sync::Arc<dyn WindowModel> = models::windowed()?;
    let set = arguments
        .songs
        .tempi(arguments.length, arguments.cache.clone())?;
    let mut cases = parallel::map(
        "guesses",
        set.count(),
        arguments.threads,
        &interrupted,
        |index| {
            let item = set.get(index, model.as_ref())?;
            let plain = item.listened.timeline(None)?;
            let guesses = guesses(&Signal::from_audio(&item.audio)?, &plain, Known::default());
            Ok(Case::new(&item.truth, &guesses))
        },
    )?;
    for seed in (0..arguments.sketches).filter(|seed| seed / 8 % 4 != 3) {
        let sketch = sketch(seed)?;
        let signal = Signal::from_audio(&sketch.audio)?;
        let guesses = guesses(&signal, &sketch.chords, Known::default());
        cases.push(Case::new(&sketch.truth, &guesses));
    }
    cases.retain(|case| case.kind != Kind::Free);
    let scorer = fitted(&cases, arguments.pull, arguments.start);
    match &arguments.out {
        Some(path) => atomic::write(path, source(&scorer).as_bytes())?,
        None => print!("{}", source(&scorer)),
    }
    report(&cases, &scorer);
    Ok(())
}

/// The network as Rust source.
fn source(scorer: &Scorer) -> String {
    let mut text = String::from(HEAD);
    text.push_str("    linear: [\n");
    rows(&mut text, "        ", &scorer.linear);
    text.push_str("    ],\n    units: [\n");
    for unit in &scorer.units {
        text.push_str("        Unit {\n            inputs: [\n");
        rows(&mut text, "                ", &unit.inputs);
        text.push_str("            ],\n");
        text.push_str(&format!(
            "            bias: {:.4},\n            output: {:.4},\n        }},\n",
            unit.bias, unit.output
        ));
    }
    text.push_str("    ],\n};\n");
    text
}

/// Writes numbers, several to a line.
fn rows(text: &mut String, indent: &str, numbers: &[f64]) {
    for row in numbers.chunks(8) {
        let row: Vec<String> = row.iter().map(|x| format!("{x:.4}")).collect();
        text.push_str(&format!("{indent}{},\n", row.join(", ")));
    }
}

fn report(cases: &[Case], weights: &Scorer) {
    println!(
        "{} items, mean goodness of the best guess, of the chosen",
        cases.len()
    );
    let mut kinds = KINDS.to_vec();
    kinds.sort_unstable();
    kinds.dedup();
    kinds.retain(|kind| *kind != Kind::Free);
    for kind in kinds {
        let of: Vec<(f64, f64)> = cases
            .iter()
            .filter(|case| case.kind == kind)
            .map(|case| case.best_and_chosen(weights))
            .collect();
        let count = of.len().max(1) as f64;
        let best = of.iter().map(|it| it.0).sum::<f64>() / count;
        let chosen = of.iter().map(|it| it.1).sum::<f64>() / count;
        println!("  {kind:<12?} {best:.3} {chosen:.3}");
    }
}
