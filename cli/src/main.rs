//! The command `changes`: chord tracks from audio files.

mod align;
mod arguments;
mod capo;
mod error;
mod interrupt;
mod live;
mod model;
mod output;
mod progress;
mod say;
mod shell;
mod songs;
mod table;
mod tag;
mod tags;
mod transcribe;

use std::process::ExitCode;

use arguments::Command;
use error::Error;
use say::say;

fn main() -> ExitCode {
    let result = match arguments::parse().command {
        Command::Transcribe(options) => transcribe::run(&options),
        Command::Live(options) => live::run(&options),
        Command::Align(options) => align::run(&options),
        Command::Tag(options) => tag::run(&options),
        Command::Weights => model::run(),
        Command::Completions(options) => shell::completions(&options),
        Command::Man(options) => shell::man(&options),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        // The reader of the output has closed it, as `head` does.
        Err(Error::Stdout(error)) if error.kind() == std::io::ErrorKind::BrokenPipe => {
            ExitCode::SUCCESS
        }
        Err(Error::Stopped) => ExitCode::from(interrupt::EXIT_CODE),
        Err(error) => {
            say(&error);
            ExitCode::FAILURE
        }
    }
}
