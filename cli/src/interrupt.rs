//! Ctrl-C: what was done stays.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::say::say;

/// What a program that was stopped by Ctrl-C says to the shell.
pub const EXIT_CODE: u8 = 130;

/// A switch that Ctrl-C turns: what runs ends in order. The second one ends the program.
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

/// How far several songs are.
#[derive(Debug, Default)]
struct State {
    done: usize,
    all: usize,
}

/// Work on songs that Ctrl-C may end at any time, but not while a file is being written.
#[derive(Clone, Debug)]
pub struct Work {
    state: Arc<Mutex<State>>,
    /// Whoever stops a recording that is piped in means the recording; its end comes next.
    reads_pipe: Arc<AtomicBool>,
}

impl Work {
    /// Work on so many songs.
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
        // Held until the end: nothing is written any more.
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

    /// Does what Ctrl-C waits for: writes a file.
    pub fn unbroken<R>(&self, write: impl FnOnce() -> R) -> R {
        let _state = self.lock();
        write()
    }

    /// Counts a song that is done.
    pub fn count(&self) {
        self.lock().done += 1;
    }

    /// Whether standard input is being read.
    pub fn reads_pipe(&self, reads: bool) {
        self.reads_pipe.store(reads, Ordering::Relaxed);
    }
}

/// Acts on Ctrl-C. Where the system does not let us, it ends the program as ever.
fn on_stop(act: impl FnMut() + Send + 'static) {
    let _ = ctrlc::set_handler(act);
}
