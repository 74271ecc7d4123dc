//! `cargo xtask bench` and `cargo xtask soak`: the release build, measured by `xtask/bench`.

use std::ffi::OsString;
use std::path::PathBuf;

use anyhow::Result;
use xshell::cmd;

use crate::workspace::shell;
use crate::{bundle, python};

/// What to measure instead of the costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum What {
    /// From the start of a chord to when the live display shows it
    Latency,
}

#[derive(clap::Args)]
pub struct Options {
    /// Measure this instead of the costs
    what: Option<What>,
    /// Compare accuracy and speed with other chord recognizers for files
    #[arg(long, conflicts_with = "what")]
    compare: bool,
    /// With --compare: accuracy on these recordings with known chords instead of on held-out songs,
    /// a folder of folders with audio and .lab files
    #[arg(long, value_name = "FOLDER", requires = "compare")]
    recordings: Option<PathBuf>,
    /// Take a minute instead of many, and fail where a cost is far out of proportion
    #[arg(long, conflicts_with_all = ["what", "compare"])]
    short: bool,
    #[command(flatten)]
    output: Output,
}

#[derive(clap::Args)]
pub struct Soak {
    /// How much audio, in hours
    #[arg(long, default_value_t = 10.0)]
    hours: f64,
    #[command(flatten)]
    output: Output,
}

#[derive(clap::Args)]
struct Output {
    /// Write the JSON here instead of into target/bench
    #[arg(long, value_name = "PATH")]
    json: Option<PathBuf>,
    /// Measure what was built last instead of building
    #[arg(long)]
    built: bool,
}

/// Measures, prints a table and writes the JSON.
pub fn run(options: &Options) -> Result<()> {
    let needs_the_trainer = options.compare || options.what.is_some();
    if !options.output.built {
        // What ships is built alone: the features of the other crates are not in it.
        let sh = shell()?;
        if needs_the_trainer {
            cmd!(sh, "cargo build --release --workspace").run()?;
        }
        cmd!(sh, "cargo build --release --package changes-cli").run()?;
        bundle::bundle()?;
    }
    let mut words: Vec<OsString> = match options.what {
        Some(What::Latency) => vec!["latency".into()],
        None if options.compare => {
            python::system()?;
            let mut words: Vec<OsString> = vec!["compare".into()];
            if let Some(folder) = &options.recordings {
                words.extend(["--recordings".into(), folder.into()]);
            }
            words
        }
        None => vec!["costs".into()],
    };
    if options.short {
        words.push("--short".into());
    }
    start(words, &options.output)
}

/// Plays hours of audio, as fast as possible.
pub fn soak(options: &Soak) -> Result<()> {
    if !options.output.built {
        bundle::bundle()?;
    }
    let hours = options.hours.to_string();
    start(
        vec!["soak".into(), "--hours".into(), hours.into()],
        &options.output,
    )
}

/// The short measurement of the costs, of what was built last.
pub fn check() -> Result<()> {
    start(
        vec!["costs".into(), "--short".into()],
        &Output::of_what_was_built(),
    )
}

/// Four minutes of audio through what was built last.
pub fn check_soak() -> Result<()> {
    start(
        ["soak", "--hours", "0.06"].map(Into::into).to_vec(),
        &Output::of_what_was_built(),
    )
}

impl Output {
    fn of_what_was_built() -> Self {
        Self {
            json: None,
            built: true,
        }
    }
}

fn start(mut words: Vec<OsString>, output: &Output) -> Result<()> {
    let sh = shell()?;
    if let Some(json) = &output.json {
        words.extend(["--json".into(), json.into()]);
    }
    let bench = bundle::program("bench")?;
    cmd!(sh, "{bench} {words...}").quiet().run()?;
    Ok(())
}
