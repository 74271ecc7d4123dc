//! Measures the cost of the release build: `cargo xtask bench` and `cargo xtask soak` build it
//! and start this.
//!
//! The plugin is loaded as hosts load it, the command is started as users start it; nothing of
//! either is compiled in.

mod compare;
mod costs;
mod files;
mod instances;
mod interruptions;
mod latency;
mod machine;
mod music;
mod paths;
mod plugin;
mod recordings;
mod soak;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(about = "Measures what was built last; start it by `cargo xtask bench` or `soak`")]
struct Arguments {
    #[command(subcommand)]
    what: What,
    /// Write the JSON here instead of into the target directory
    #[arg(long, global = true, value_name = "PATH")]
    json: Option<PathBuf>,
}

#[derive(Subcommand)]
enum What {
    /// Speed, cost, memory and size
    Costs {
        /// Take a minute instead of many, and fail where a cost is far out of proportion
        #[arg(long)]
        short: bool,
    },
    /// From the start of a chord to when the live display shows it
    Latency,
    /// Accuracy and speed beside other chord recognizers for files
    Compare {
        /// Accuracy on these recordings with known chords instead of on held-out songs: a folder
        /// of folders with audio and .lab files
        #[arg(long, value_name = "FOLDER")]
        recordings: Option<PathBuf>,
    },
    /// Hours of audio through the plugin as fast as possible: memory, and whether times drift
    Soak {
        /// How much audio, in hours
        #[arg(long, default_value_t = 10.0)]
        hours: f64,
    },
}

fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bench: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> Result<()> {
    let json = arguments.json.as_deref();
    match &arguments.what {
        What::Costs { short } => costs::run(*short, json),
        What::Latency => latency::run(json),
        What::Compare { recordings } => match recordings {
            Some(folder) => recordings::run(folder, json),
            None => compare::run(json),
        },
        What::Soak { hours } => soak::run(*hours, json),
    }
}

/// Prints what happens next, in one line.
fn say(line: impl AsRef<str>) {
    println!("==> {}", line.as_ref());
}
