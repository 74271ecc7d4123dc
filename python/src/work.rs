//! Long work without the interpreter lock, stopped by Ctrl-C.

use std::panic::resume_unwind;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

use pyo3::prelude::*;

use crate::errors::Failure;

/// How often the caller's thread checks for Ctrl-C.
const LOOK: Duration = Duration::from_millis(50);

/// The smallest step of progress that is reported.
const STEP: f32 = 1.0 / 256.0;

enum Message<T> {
    Progress(f32),
    Done(Result<T, Failure>),
}

/// Sets the flag when dropped, for instance by an exception in the caller.
struct Stop(Arc<AtomicBool>);

impl Drop for Stop {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Runs `work` on a separate thread and returns its result. `work` gets a function that takes the
/// share done, 0 … 1, and returns whether to continue; the share is passed to `progress`, in the
/// caller's thread.
///
/// An exception there, or from Ctrl-C, is returned at once; the thread ends with its next step.
///
/// # Errors
/// The failure of the work, or an exception of `progress` or a signal handler.
pub fn watched<T: Send + 'static>(
    py: Python<'_>,
    progress: Option<&Bound<'_, PyAny>>,
    work: impl FnOnce(&mut dyn FnMut(f32) -> bool) -> Result<T, Failure> + Send + 'static,
) -> PyResult<T> {
    let (sender, mut receiver) = channel();
    let stop = Stop(Arc::new(AtomicBool::new(false)));
    let stopped = Arc::clone(&stop.0);
    let mut thread = Some(thread::spawn(move || {
        let mut told = f32::NEG_INFINITY;
        let done = work(&mut |share| {
            if share >= told + STEP {
                told = share;
                // The receiver is gone if the caller was stopped.
                let _ = sender.send(Message::Progress(share));
            }
            !stopped.load(Ordering::Relaxed)
        });
        let _ = sender.send(Message::Done(done));
    }));
    loop {
        let message;
        (receiver, message) = py.detach(move || {
            let message = receiver.recv_timeout(LOOK);
            (receiver, message)
        });
        match message {
            Ok(Message::Progress(share)) => {
                if let Some(progress) = progress {
                    progress.call1((share.clamp(0.0, 1.0),))?;
                }
            }
            Ok(Message::Done(done)) => {
                let done = done?;
                if let Some(progress) = progress {
                    progress.call1((1.0,))?;
                }
                return Ok(done);
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => {
                // It ended without a result: it panicked.
                if let Some(Err(panic)) = thread.take().map(thread::JoinHandle::join) {
                    resume_unwind(panic);
                }
                return Err(Failure::Internal("the work ended without a result".into()).into());
            }
        }
        py.check_signals()?;
    }
}
