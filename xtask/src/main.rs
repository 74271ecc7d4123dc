//! `cargo xtask`: every command a user or a developer of Changes needs.
//!
//! Each command installs what it lacks, prints what it is doing, and can be run again at any
//! time.

mod apt;
mod bench;
mod bundle;
mod checks;
mod corpus;
mod demo;
mod dist;
mod fuzz;
mod install;
mod python;
mod soundfonts;
mod web;
mod workspace;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(
    bin_name = "cargo xtask",
    about = "Builds, shows, tests and measures Changes"
)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Build the plugin, play real music through it in a headless host, print the chords
    Demo(demo::Options),
    /// Set up what is missing, then run every check and test
    Test(checks::Options),
    /// The quick checks only: format, lints, tests
    Check,
    /// Build the release plugin: target/bundled/Changes.clap and Changes.vst3, with licences
    /// and bill of materials
    Bundle(bundle::Options),
    /// Bundle, and copy both plugins into the user's plugin folders
    Install(install::Options),
    /// Build the installable files, in target/dist
    Dist(dist::Options),
    /// Fetch the SoundFonts for rendering training data, into data/soundfonts
    Soundfonts,
    /// Fetch a corpus for training
    #[command(subcommand)]
    Corpus(corpus::Corpus),
    /// Run the readers of untrusted bytes under libFuzzer, with bounded memory
    Fuzz(fuzz::Options),
    /// Measure speed, cost, memory and size of the release build
    Bench(bench::Options),
    /// Play hours of audio through the plugin as fast as possible; check memory and times
    Soak(bench::Soak),
    /// Build the web page with the recognizer, in target/web, and serve it on loopback
    Web(web::Options),
    /// Check the page in a real browser: `test --step web` with a choice of browser
    #[command(hide = true)]
    WebCheck(web::Check),
    /// Set up the Python environment of the checks and print its interpreter
    #[command(hide = true)]
    Python,
}

fn main() -> ExitCode {
    match run(Arguments::parse().command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(command: Command) -> anyhow::Result<()> {
    workspace::enter()?;
    match command {
        Command::Demo(options) => demo::run(&options),
        Command::Test(options) => checks::test(&options),
        Command::Check => checks::check(),
        Command::Bundle(options) => bundle::run(&options),
        Command::Install(options) => install::run(&options),
        Command::Dist(options) => dist::run(&options),
        Command::Soundfonts => soundfonts::fetch(),
        Command::Corpus(corpus) => corpus::run(&corpus),
        Command::Fuzz(options) => fuzz::run(&options),
        Command::Bench(options) => bench::run(&options),
        Command::Soak(options) => bench::soak(&options),
        Command::Web(options) => web::run(&options),
        Command::WebCheck(options) => web::run_check(&options),
        Command::Python => python::environment().map(|python: PathBuf| {
            println!("{}", python.display());
        }),
    }
}
