//! An instance with its analysis, shared by the worker and the audio thread of a host that
//! renders.

use std::ops::Deref;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use cpu_time::ThreadTime;
use parking_lot::Mutex;

use crate::analysis::Analysis;
use crate::instance::Instance;

/// An instance and the analysis of its audio. The worker and the plugin have it; the window
/// needs only the instance.
pub struct Hearing {
    instance: Arc<Instance>,
    pub(crate) analysis: Mutex<Analysis>,
}

impl Hearing {
    /// The analysis of an instance, before any audio.
    pub fn new(instance: Arc<Instance>) -> Self {
        Self {
            analysis: Mutex::new(Analysis::new(&instance.params)),
            instance,
        }
    }

    /// The instance.
    pub fn instance(&self) -> &Arc<Instance> {
        &self.instance
    }

    /// Announces that audio comes from now on, so that the rest of the band waits for it. Not
    /// for the audio thread.
    pub fn take_place(&self) {
        self.analysis.lock().follow_band(&self.instance);
    }

    /// Analyses the audio waiting in the tap that the worker has taken over, on this thread.
    /// Returns whether there was any. This takes long: it is for the audio threads of hosts
    /// that render offline. So instances rendered in parallel are analysed in parallel, and no
    /// thread has to be woken.
    pub fn hear(&self) -> bool {
        let mut analysis = self.analysis.lock();
        let instance = self.instance.as_ref();
        guarded(instance, &mut analysis, |analysis| analysis.hear(instance))
    }

    /// On the worker: runs `run` on the analysis, unless another thread has it. Returns what
    /// `run` returns.
    pub(crate) fn in_turn(&self, run: impl FnOnce(&mut Analysis) -> bool) -> bool {
        let analysis = self.analysis.try_lock();
        analysis.is_some_and(|mut analysis| guarded(&self.instance, &mut analysis, run))
    }
}

/// An instance to everything but the worker.
impl Deref for Hearing {
    type Target = Instance;

    fn deref(&self) -> &Instance {
        &self.instance
    }
}

/// Runs the analysis of one instance so that its panic ends neither the others nor the host.
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
        // Twice: the first call drops what the analysis had in hand, which may be broken.
        let fail = |analysis: &mut Analysis| {
            catch_unwind(AssertUnwindSafe(|| analysis.fail(instance))).is_ok()
        };
        let _ = fail(analysis) || fail(analysis);
        false
    })
}
