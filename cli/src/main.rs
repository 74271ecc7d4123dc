//! `changes`: audio file in, chord track out.

mod arguments;
mod error;
mod live;
mod model;
mod progress;
mod songs;
mod table;
mod transcribe;

use std::process::ExitCode;

use clap::Parser;

use arguments::{Arguments, Command};
use error::Error;

fn main() -> ExitCode {
    let result = match Arguments::parse().command {
        Command::Transcribe(options) => transcribe::run(&options),
        Command::Live(options) => live::run(&options),
        Command::Weights => model::run(),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        // Whoever reads the output has seen enough, as `head` does.
        Err(Error::Stdout(error)) if error.kind() == std::io::ErrorKind::BrokenPipe => {
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("changes: {error}");
            ExitCode::FAILURE
        }
    }
}
