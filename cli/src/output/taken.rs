//! Existing outputs, and the question whether to replace them.

use std::collections::HashSet;
use std::io::{self, BufRead, IsTerminal, Write};
use std::path::{Path, PathBuf};

use crate::error::Error;
use crate::say::on_one_line;

/// The outputs that already exist, and the number of all outputs.
pub(super) struct Taken {
    paths: HashSet<PathBuf>,
    all: usize,
}

impl Taken {
    /// Finds the existing ones among `outputs`.
    ///
    /// # Errors
    /// An output that is one of the inputs.
    pub(super) fn among(outputs: &[PathBuf], inputs: &[&Path]) -> Result<Self, Error> {
        let songs: HashSet<PathBuf> = inputs
            .iter()
            .filter_map(|it| it.canonicalize().ok())
            .collect();
        let mut paths = HashSet::new();
        for path in outputs {
            // A broken link also counts as existing.
            let Ok(metadata) = path.symlink_metadata() else {
                continue;
            };
            if path.canonicalize().is_ok_and(|it| songs.contains(&it)) {
                return Err(Error::OverInput(path.clone()));
            }
            // A device or a pipe is written into, not replaced.
            let is_device = path
                .metadata()
                .is_ok_and(|it| !it.is_file() && !it.is_dir());
            if !is_device && !metadata.is_dir() {
                paths.insert(path.clone());
            }
        }
        let all = outputs.len();
        Ok(Self { paths, all })
    }

    pub(super) fn is_empty(&self) -> bool {
        self.paths.is_empty()
    }

    pub(super) fn len(&self) -> usize {
        self.paths.len()
    }

    pub(super) fn holds(&self, path: &Path) -> bool {
        self.paths.contains(path)
    }

    /// Asks whether to replace them; without a terminal the answer is no.
    pub(super) fn ask_for_all(&self) -> bool {
        let question = format!(
            "{} of {} chord tracks already exist. Replace them?",
            self.len(),
            self.all
        );
        ask(&question).unwrap_or(false)
    }

    /// Asks whether to replace the one file.
    ///
    /// # Errors
    /// [`Error::Kept`] if the answer is no.
    pub(super) fn ask_for_one(&self, path: &Path) -> Result<bool, Error> {
        let name = on_one_line(&path.display().to_string());
        match ask(&format!("{name} already exists. Replace it?")) {
            Some(false) => Err(Error::Kept(path.to_owned())),
            answer => Ok(answer.is_some()),
        }
    }
}

/// Asks on the terminal; `None` if there is none, or if standard input is not one.
fn ask(question: &str) -> Option<bool> {
    let (input, mut error) = (io::stdin(), io::stderr());
    if !(input.is_terminal() && error.is_terminal()) {
        return None;
    }
    write!(error, "{question} [y/N] ").ok()?;
    error.flush().ok()?;
    let mut answer = String::new();
    input.lock().read_line(&mut answer).ok()?;
    Some(["y", "yes"].contains(&answer.trim().to_lowercase().as_str()))
}
