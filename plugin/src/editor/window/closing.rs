//! The end of a window's thread.
//!
//! On Linux baseview 0.4.2 gives each window a thread. Dropping the window stops it, but waits
//! for its end only if the thread has not stopped by the time the library asks it to show the
//! window once more; usually it has. The thread then releases OpenGL and X11 while the host
//! goes on, which may unload the plugin whose code that thread runs, or open the next window.

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::editor::pinned;

/// How long to wait for a thread to end; the host's main thread waits as long.
const LONGEST: Duration = Duration::from_secs(5);

/// How often to check whether a thread is still there.
const POLL: Duration = Duration::from_millis(1);

/// The thread of one window, known once it runs.
#[derive(Clone, Default)]
pub struct WindowThread(Arc<OnceLock<PathBuf>>);

impl WindowThread {
    /// Marks the calling thread as the window's. Does nothing where a window has no thread of
    /// its own.
    pub fn mark_current(&self) {
        // `/proc` is Linux's; elsewhere the window runs on the host's main thread.
        if let Ok(thread) = std::fs::read_link("/proc/thread-self") {
            // A window is built once.
            let _ = self.0.set(Path::new("/proc").join(thread));
        }
    }

    /// Waits until the system no longer lists the thread. Call it from another thread, after
    /// the window was dropped.
    pub fn wait_for_end(&self) {
        let Some(thread) = self.0.get() else { return };
        let started = Instant::now();
        while thread.exists() && started.elapsed() < LONGEST {
            sleep(POLL);
        }
        if thread.exists() {
            // The thread runs on, so its code must stay loaded.
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
            window.mark_current();
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
