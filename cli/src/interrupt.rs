//! Handling of Ctrl-C, which keeps finished work.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::say::say;

/// Exit code after Ctrl-C.
pub const EXIT_CODE: u8 = 130;

/// A flag set by Ctrl-C, so that the work ends in order. The second Ctrl-C ends the program.
pub fn switch() -> Arc<AtomicBool> {
    let switch = Arc::new(AtomicBool::new(false));
    let theirs = Arc::clone(&switch);
    on_stop(move || {
        if theirs.swap(true, Ordering::Relaxed) {
            std::process::exit(EXIT_CODE.into());
        }
    });
    switch
}

/// Progress over several songs.
#[derive(Debug, Default)]
struct State {
    done: usize,
    all: usize,
}

/// Work on songs that Ctrl-C may end at any time, but not while a file is being written.
#[derive(Clone, Debug)]
pub struct Work {
    state: Arc<Mutex<State>>,
    /// While standard input is read, Ctrl-C is meant for the program that writes it, whose output
    /// then ends.
    reads_pipe: Arc<AtomicBool>,
}

impl Work {
    /// Work on `all` songs.
    pub fn on(all: usize) -> Self {
        let state = Arc::new(Mutex::new(State { done: 0, all }));
        let work = Self {
            state,
            reads_pipe: Arc::default(),
        };
        let theirs = work.clone();
        on_stop(move || theirs.stop());
        work
    }

    fn stop(&self) {
        if self.reads_pipe.swap(false, Ordering::Relaxed) {
            return;
        }
        // Held until the program ends, so that nothing more is written.
        let state = self.lock();
        if state.all > 1 {
            say(&format!(
                "stopped: {} of {} songs are done",
                state.done, state.all
            ));
        }
        std::process::exit(EXIT_CODE.into());
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes the file of a song, which Ctrl-C must not interrupt, and counts the song, both under
    /// one lock, so that the count reported after Ctrl-C is right.
    pub fn unbroken<E>(&self, write: impl FnOnce() -> Result<(), E>) -> Result<(), E> {
        let mut state = self.lock();
        write()?;
        state.done += 1;
        Ok(())
    }

    /// Counts a song that was printed.
    pub fn count(&self) {
        self.lock().done += 1;
    }

    /// Whether standard input is being read.
    pub fn reads_pipe(&self, reads: bool) {
        self.reads_pipe.store(reads, Ordering::Relaxed);
    }
}

/// Handles Ctrl-C. If the system does not allow that, Ctrl-C ends the program as usual.
fn on_stop(act: impl FnMut() + Send + 'static) {
    let _ = ctrlc::set_handler(act);
}
