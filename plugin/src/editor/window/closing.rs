//! The end of a window's thread.
//!
//! On Linux baseview 0.4.2 gives each window a thread. Dropping the window stops it, but waits
//! for its end only if it has not stopped yet when the library asks it to show the window once
//! more; mostly it has. The thread then takes down what belongs to OpenGL and X11 while the
//! host goes on: it may unload the plugin whose code that thread runs, or open the next window.

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::editor::pinned;

/// How long a thread may take to end; the host's main thread waits as long.
const LONGEST: Duration = Duration::from_secs(5);

/// How often it is looked whether a thread is still there.
const POLL: Duration = Duration::from_millis(1);

/// The thread of one window, known once it runs.
#[derive(Clone, Default)]
pub struct WindowThread(Arc<OnceLock<PathBuf>>);

impl WindowThread {
    /// The calling thread is the one. Where a window has no thread of its own this does nothing.
    pub fn is_this(&self) {
        // `/proc` is Linux's; elsewhere the window runs on the host's main thread.
        if let Ok(thread) = std::fs::read_link("/proc/thread-self") {
            // A window is built once.
            let _ = self.0.set(Path::new("/proc").join(thread));
        }
    }

    /// Waits until the system knows the thread no more. From another thread, and after the
    /// window was dropped.
    pub fn wait_for_end(&self) {
        let Some(thread) = self.0.get() else { return };
        let started = Instant::now();
        while thread.exists() && started.elapsed() < LONGEST {
            sleep(POLL);
        }
        if thread.exists() {
            // It goes on without anybody.
            pinned::pin();
        }
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_a_thread_is_waited_for() {
        let thread = WindowThread::default();
        thread.wait_for_end();
        let window = thread.clone();
        let running = std::thread::spawn(move || {
            window.is_this();
            sleep(Duration::from_millis(100));
        });
        while thread.0.get().is_none() {
            sleep(POLL);
        }
        let started = Instant::now();
        thread.wait_for_end();
        assert!(started.elapsed() < LONGEST);
        assert!(running.is_finished() || !thread.0.get().unwrap().exists());
    }
}
