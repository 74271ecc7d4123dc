//! Work on several songs, which continues after one that fails.

use std::cell::Cell;

use recognizer::beat::Known;
use recognizer::song::Heard;
use recognizer::tuning::TuningSetting;

use super::{Found, Song};
use crate::error::Error;
use crate::model::WholeFile;
use crate::progress::{self, Progress};

/// Work on the songs that were found.
pub struct Several {
    /// The progress bars.
    pub progress: Progress,
    /// The number of all songs and of files that could not be read.
    all: usize,
    failed: Cell<usize>,
}

impl Several {
    /// Work on `songs` of the `found` songs; reports files that are not songs.
    pub fn over(songs: usize, found: &Found) -> Self {
        let all = found.songs.len() + found.problems.len();
        let progress = if all > 1 {
            Progress::over(songs)
        } else {
            Progress::default()
        };
        if !found.passed_over.is_empty() {
            progress.say(&found.passed_over.report());
        }
        for problem in &found.problems {
            progress.say(problem);
        }
        Self {
            progress,
            all,
            failed: Cell::new(found.problems.len()),
        }
    }

    /// Reads a song and analyses it, with a progress bar.
    pub fn hear(
        &self,
        song: &Song,
        model: &WholeFile,
        known: Option<Known>,
        tuning: TuningSetting,
        reads: impl Fn(bool),
    ) -> Result<Heard, Error> {
        let bar = self.progress.bar(song.path());
        bar.set_prefix("reading");
        reads(true);
        let read = song.read(&mut |share| progress::set(&bar, share));
        reads(false);
        let (signal, warning) = read?;
        if let Some(warning) = warning {
            let name = song.path().display();
            self.progress.say(&format!("{name}: {warning}"));
        }
        bar.set_prefix("listening");
        let listening = |share| progress::set(&bar, share);
        let heard = model.transcribe(song.path(), &signal, known, tuning, listening)?;
        bar.finish_and_clear();
        Ok(heard)
    }

    /// Counts a song as done or failed. A failure ends the run if it is the only song, or if
    /// standard output is closed.
    pub fn done(&self, done: Result<(), Error>) -> Result<(), Error> {
        match done {
            Err(Error::Stdout(error)) => return Err(Error::Stdout(error)),
            Err(error) if self.all == 1 => return Err(error),
            Err(error) => {
                self.failed.set(self.failed.get() + 1);
                self.progress.say(&error);
            }
            Ok(()) => {}
        }
        self.progress.next();
        Ok(())
    }

    /// Ends the work; fails if any song failed.
    pub fn end(self) -> Result<(), Error> {
        let (failed, all) = (self.failed.get(), self.all);
        if failed > 0 {
            Err(Error::Several { failed, all })
        } else {
            Ok(())
        }
    }
}
