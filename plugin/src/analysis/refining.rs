//! When the refining pass runs, and when what it says goes into the track.
//!
//! The pass takes tens of milliseconds, and many instances share one worker: so it runs when
//! the worker finds time, within a second of the stream from when it is due. What it says
//! goes into the track when that second is over, neither earlier nor later. So the track is
//! written in the same order, and comes out the same, on a slow machine as on a fast one, in
//! a rendering host as in one that plays.

use recognizer::refine::Refined;

use super::{Analysis, Stream};
use crate::instance::Instance;

/// From when the refining pass is due to when its result goes into the track, in seconds of
/// the stream.
pub(super) const SETTLED_AFTER_S: f64 = 1.0;

/// The most results that go into the track at once.
const SETTLED_AT_ONCE: usize = 4;

/// A run of the refining pass that is due.
pub(super) struct Pending {
    /// Sample of the stream at which its result goes into the track.
    settles_at: u64,
    /// The result, once it is there; the pass may have nothing to say.
    refined: Option<Option<Refined>>,
}

impl Analysis {
    /// Runs the refining pass if it is due and has not run; whether it has.
    pub(crate) fn refine(&mut self) -> bool {
        let Some(mut stream) = self.stream.take() else {
            return false;
        };
        let ran = self.refine_pending(&mut stream);
        self.stream = Some(stream);
        ran
    }

    fn refine_pending(&mut self, stream: &mut Stream) -> bool {
        if !matches!(&stream.pending, Some(pending) if pending.refined.is_none()) {
            return false;
        }
        let refined = self.run(stream);
        if let Some(pending) = &mut stream.pending {
            pending.refined = Some(refined);
        }
        true
    }

    fn run(&self, stream: &mut Stream) -> Option<Refined> {
        let start_s = stream.recognizer_start_s;
        let recognizer = &mut stream.recognizer;
        recognizer.refine(&mut self.history.grid_since(start_s))
    }

    fn confirm(&mut self, stream: &Stream, refined: &Refined, instance: &Instance) {
        let start_s = stream.recognizer_start_s;
        self.history.confirm(refined, start_s, instance.session());
        self.changed = true;
    }

    /// At a place of the stream where the track is written: puts in what is due, and looks
    /// whether the refining pass is.
    pub(super) fn settle(&mut self, stream: &mut Stream, instance: &Instance) {
        let now = stream.analysed;
        if matches!(&stream.pending, Some(pending) if now >= pending.settles_at) {
            self.refine_pending(stream);
            let pending = stream.pending.take().and_then(|pending| pending.refined);
            let mut refined = pending.flatten();
            // There is more only where audio was lost, and each gap leaves one more.
            for settled in 1.. {
                if let Some(refined) = refined.take() {
                    self.confirm(stream, &refined, instance);
                }
                if settled == SETTLED_AT_ONCE || !stream.recognizer.is_refining_due() {
                    break;
                }
                refined = self.run(stream);
            }
        }
        if stream.pending.is_none() && stream.recognizer.is_refining_due() {
            let delay = SETTLED_AFTER_S * stream.tap.sample_rate();
            stream.pending = Some(Pending {
                settles_at: now + delay as u64,
                refined: None,
            });
        }
    }

    /// Puts in all that the refining pass has to say: the stream has ended.
    pub(super) fn settle_all(&mut self, stream: &mut Stream, instance: &Instance) {
        let pending = stream.pending.take().and_then(|pending| pending.refined);
        if let Some(refined) = pending.flatten() {
            self.confirm(stream, &refined, instance);
        }
        while let Some(refined) = self.run(stream) {
            self.confirm(stream, &refined, instance);
        }
    }

    /// Puts in what the refining pass would say if the stream ended here. The stream may go
    /// on: the live analysis then has its place back.
    pub(super) fn confirm_for_now(&mut self, stream: &mut Stream, instance: &Instance) {
        self.refine_pending(stream);
        let start_s = stream.recognizer_start_s;
        let open = stream
            .recognizer
            .preview(&mut self.history.grid_since(start_s));
        let pending = stream.pending.iter();
        let pending = pending.filter_map(|it| it.refined.as_ref()?.as_ref());
        for refined in pending.chain(&open) {
            self.history
                .confirm_for_now(refined, start_s, instance.session());
            self.changed = true;
        }
    }
}
