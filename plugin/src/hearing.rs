//! An instance with the analysis of its audio, and whose turn it is at that.

use std::ops::Deref;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use cpu_time::ThreadTime;
use parking_lot::Mutex;

use crate::analysis::Analysis;
use crate::instance::Instance;

/// An instance, and where the analysis has come to in its audio. The worker has it, and the
/// plugin; the window needs the instance alone.
pub struct Hearing {
    instance: Arc<Instance>,
    pub(crate) analysis: Mutex<Analysis>,
}

impl Hearing {
    /// The analysis of an instance, which has heard nothing.
    pub fn of(instance: Arc<Instance>) -> Self {
        Self {
            analysis: Mutex::new(Analysis::new(&instance.params)),
            instance,
        }
    }

    /// The instance.
    pub fn instance(&self) -> &Arc<Instance> {
        &self.instance
    }

    /// There is something to hear from now on: the others of the band wait for it. Not for the
    /// audio thread.
    pub fn take_place(&self) {
        self.analysis.lock().follow_band(&self.instance);
    }

    /// Analyses on this thread what waits in the tap that the worker has taken over; whether
    /// there was something. This takes its time: it is for the audio threads of hosts that
    /// render offline. So instances that are rendered side by side are analysed side by side,
    /// and nobody waits for a thread to be woken.
    pub fn hear(&self) -> bool {
        let mut analysis = self.analysis.lock();
        let instance = self.instance.as_ref();
        guarded(instance, &mut analysis, |analysis| analysis.hear(instance))
    }

    /// On the worker: does something with the analysis, unless somebody else is at it; what
    /// `run` says.
    pub(crate) fn in_turn(&self, run: impl FnOnce(&mut Analysis) -> bool) -> bool {
        let analysis = self.analysis.try_lock();
        analysis.is_some_and(|mut analysis| guarded(&self.instance, &mut analysis, run))
    }
}

/// It is an instance to all but the worker.
impl Deref for Hearing {
    type Target = Instance;

    fn deref(&self) -> &Instance {
        &self.instance
    }
}

/// An error in the analysis of one instance must not end that of the others, nor the host.
fn guarded(
    instance: &Instance,
    analysis: &mut Analysis,
    run: impl FnOnce(&mut Analysis) -> bool,
) -> bool {
    let turn = catch_unwind(AssertUnwindSafe(|| {
        let started = ThreadTime::now();
        let busy = run(analysis);
        analysis.add_load(started.elapsed());
        busy
    }));
    turn.unwrap_or_else(|_| {
        // Twice: the first time lets go of what the analysis had in hand, which may be broken.
        let fail = |analysis: &mut Analysis| {
            catch_unwind(AssertUnwindSafe(|| analysis.fail(instance))).is_ok()
        };
        let _ = fail(analysis) || fail(analysis);
        false
    })
}
