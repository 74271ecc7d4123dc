//! Stalls the plugin's worker in the middle of its work, from outside: a signal to its thread,
//! whose handler does not return until the stall ends.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// The worker's thread name.
const NAME: &str = "changes-worker";

static HELD: AtomicBool = AtomicBool::new(false);
static HOLDING: AtomicBool = AtomicBool::new(false);

extern "C" fn hold(_: libc::c_int) {
    HOLDING.store(true, Ordering::Release);
    while HELD.load(Ordering::Acquire) {
        // SAFETY: may be called in a signal handler.
        unsafe { libc::usleep(500) };
    }
    HOLDING.store(false, Ordering::Release);
}

/// While this lives, the worker stands still. One at a time.
pub struct Stall;

impl Stall {
    /// Stalls the worker of this process, which must exist and be idle.
    ///
    /// # Panics
    /// If there is no worker.
    pub fn of_worker() -> Self {
        let worker = threads().find(|(_, name)| name.trim_end() == NAME);
        let (worker, _) = worker.expect("there is a worker");
        HELD.store(true, Ordering::Release);
        let handler: extern "C" fn(libc::c_int) = hold;
        // SAFETY: the handler makes only calls that are allowed in one; the thread exists.
        unsafe {
            libc::signal(libc::SIGUSR2, handler as libc::sighandler_t);
            libc::syscall(libc::SYS_tgkill, libc::getpid(), worker, libc::SIGUSR2);
        }
        let stall = Self;
        stall.await_handler(true);
        stall
    }

    fn await_handler(&self, holding: bool) {
        let started = Instant::now();
        while HOLDING.load(Ordering::Acquire) != holding {
            assert!(started.elapsed() < Duration::from_secs(60));
            std::thread::sleep(Duration::from_millis(1));
        }
    }
}

impl Drop for Stall {
    fn drop(&mut self) {
        HELD.store(false, Ordering::Release);
        self.await_handler(false);
    }
}

/// The threads of this process with their names.
fn threads() -> impl Iterator<Item = (libc::pid_t, String)> {
    let tasks = std::fs::read_dir("/proc/self/task").unwrap();
    tasks.filter_map(|task| {
        let task = task.ok()?;
        let name = std::fs::read_to_string(task.path().join("comm")).ok()?;
        Some((task.file_name().to_str()?.parse().ok()?, name))
    })
}
