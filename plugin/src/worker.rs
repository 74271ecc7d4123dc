//! The background analysis thread, one per process.
//!
//! All instances of the plugin share it, and one set of weights. It holds them by weak
//! handles, so that an instance ends when the host releases it, and the thread ends with the
//! last [`Worker`] handle. It polls for audio every few milliseconds: waking it would cost the
//! audio threads a system call.
//!
//! An error in the analysis of one instance ends only that analysis, until the host switches
//! the plugin off and on ([`crate::Changes::prepare`]). The thread itself survives errors; if
//! it ends all the same, the next instance that is prepared starts it again, with all existing
//! instances.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};
use std::thread::JoinHandle;
use std::time::Duration;

use parking_lot::Mutex;

use crate::analysis::Analysis;
use crate::analysis::band::Bands;
use crate::error::PrepareError;
use crate::hearing::Hearing;
use crate::recognition::Recognizers;

/// How long the thread sleeps when no instance has audio. Short compared with the hop of the
/// live analysis, so that it adds no noticeable delay.
const NAP: Duration = Duration::from_millis(4);

/// How long it sleeps when no instance has had audio for [`RESTLESS_NAPS`] naps.
const LONG_NAP: Duration = Duration::from_millis(25);
const RESTLESS_NAPS: u32 = 500;

/// In each round the refining pass runs in at most one instance, and one more for each this
/// many instances.
const INSTANCES_A_REFINING: usize = 16;

struct Shared {
    stop: AtomicBool,
    newcomers: Mutex<Vec<Weak<Hearing>>>,
    /// The instances of the thread. It holds the lock while it works.
    residents: Mutex<Vec<Weak<Hearing>>>,
    recognizers: Box<dyn Recognizers>,
    /// The bands of the process.
    bands: Arc<Bands>,
    /// For tests: causes a panic on the thread.
    #[cfg(test)]
    planted: AtomicBool,
}

/// Keeps the thread alive.
pub struct Worker {
    shared: Arc<Shared>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

/// The worker of the process, while it is in use.
static WORKER: Mutex<Weak<Worker>> = Mutex::new(Weak::new());

impl Worker {
    /// The worker of this process. Starts it if there is none, with what `recognizers` makes.
    /// Once this returns, the weights are loaded and warmed up.
    ///
    /// # Errors
    ///
    /// If `recognizers` fails, or no thread can be started.
    pub fn of_process(
        recognizers: impl FnOnce() -> Result<Box<dyn Recognizers>, PrepareError>,
    ) -> Result<Arc<Self>, PrepareError> {
        let mut slot = WORKER.lock();
        if let Some(worker) = slot.upgrade() {
            worker.revive()?;
            return Ok(worker);
        }
        let worker = Arc::new(Self::start(recognizers()?)?);
        *slot = Arc::downgrade(&worker);
        Ok(worker)
    }

    /// A new worker.
    fn start(recognizers: Box<dyn Recognizers>) -> Result<Self, PrepareError> {
        let worker = Self {
            shared: Arc::new(Shared {
                stop: AtomicBool::new(false),
                newcomers: Mutex::default(),
                residents: Mutex::default(),
                recognizers,
                bands: Arc::default(),
                #[cfg(test)]
                planted: AtomicBool::new(false),
            }),
            thread: Mutex::new(None),
        };
        worker.revive()?;
        Ok(worker)
    }

    /// Starts the thread if it is not running. Not for the audio thread.
    ///
    /// # Errors
    ///
    /// If no thread can be started.
    pub fn revive(&self) -> Result<(), PrepareError> {
        let mut thread = self.thread.lock();
        if thread.as_ref().is_some_and(|thread| !thread.is_finished()) {
            return Ok(());
        }
        let of_thread = Arc::clone(&self.shared);
        let started = std::thread::Builder::new()
            .name("changes-worker".into())
            .spawn(move || live(&of_thread))
            .map_err(PrepareError::Thread)?;
        *thread = Some(started);
        Ok(())
    }

    /// Makes the worker look for audio at once. This makes a system call: it is only for an
    /// audio thread that waits for the worker.
    pub fn wake(&self) {
        // If the lock is taken, the thread is being started.
        let thread = self.thread.try_lock();
        if let Some(thread) = thread.as_ref().and_then(|thread| thread.as_ref()) {
            thread.thread().unpark();
        }
    }

    /// Makes the worker serve `instance` for as long as it exists.
    pub fn adopt(&self, instance: &Arc<Hearing>) {
        let bands = &self.shared.bands;
        instance.analysis.lock().take_seat(bands, instance);
        self.shared.newcomers.lock().push(Arc::downgrade(instance));
        self.wake();
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::Release);
        if let Some(thread) = self.thread.get_mut().take() {
            thread.thread().unpark();
            // The host may unload the library next: the thread must be gone. It
            // catches panics itself, so there is nothing to learn from the result.
            let _ = thread.join();
        }
    }
}

/// The thread's loop, which survives panics.
fn live(shared: &Shared) {
    while !shared.stop.load(Ordering::Acquire) {
        if catch_unwind(AssertUnwindSafe(|| run(shared))).is_err() {
            std::thread::park_timeout(LONG_NAP);
        }
    }
}

fn run(shared: &Shared) {
    let mut naps = 0;
    let mut next_refined = 0;
    while !shared.stop.load(Ordering::Acquire) {
        let mut residents = shared.residents.lock();
        #[cfg(test)]
        assert!(
            !shared.planted.swap(false, Ordering::AcqRel),
            "planted error"
        );
        residents.append(&mut shared.newcomers.lock());
        let mut busy = false;
        residents.retain(|handle| {
            let Some(instance) = handle.upgrade() else {
                return false;
            };
            busy |= instance.in_turn(|analysis| {
                let busy = analysis.turn(&instance, shared.recognizers.as_ref());
                instance.tell_heard();
                busy
            });
            true
        });
        // The live display comes first: only a few instances run their refining pass, which
        // takes longer, before everybody's audio is served again.
        let mut turns = 1 + residents.len() / INSTANCES_A_REFINING;
        for _ in 0..residents.len() {
            next_refined = (next_refined + 1) % residents.len();
            let refined = residents[next_refined]
                .upgrade()
                .is_some_and(|instance| instance.in_turn(Analysis::refine));
            busy |= refined;
            turns -= usize::from(refined);
            if turns == 0 {
                break;
            }
        }
        drop(residents);
        if busy {
            naps = 0;
        } else {
            naps += 1;
            let nap = if naps > RESTLESS_NAPS { LONG_NAP } else { NAP };
            std::thread::park_timeout(nap);
        }
    }
}

#[cfg(test)]
mod tests;
