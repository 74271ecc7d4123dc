//! When the refining pass runs, and when its result goes into the track.
//!
//! The pass takes tens of milliseconds, and many instances share one worker, so it runs when
//! the worker has time, within a second of the stream from when it is due. Its result goes
//! into the track when that second is over, neither earlier nor later. So the track is written
//! in the same order, and comes out the same, on a slow machine and a fast one, and in a host
//! that renders and one that plays.

use recognizer::band::{Lane, MidiNotes};
use recognizer::refine::Refined;

use super::band::Seat;
use super::history::History;
use crate::recognition::Recognizer;
use crate::session::Session;

/// From when the refining pass is due to when its result goes into the track, in seconds of
/// the stream.
pub(super) const SETTLED_AFTER_S: f64 = 1.0;

/// The most results that go into the track at once.
const SETTLED_AT_ONCE: usize = 4;

/// A run of the refining pass that is due.
struct Pending {
    /// Sample of the stream at which its result goes into the track.
    settles_at: u64,
    /// The result, once it is there; it may be empty.
    refined: Option<Option<Refined>>,
}

/// What a run needs of the stream.
pub(super) struct Heard<'a> {
    pub recognizer: &'a mut dyn Recognizer,
    /// Second of the stream at which the recognizer's time began.
    pub start_s: f64,
    pub history: &'a mut History,
    /// The instance's place in a band, if the band writes the track.
    pub seat: Option<&'a Seat>,
    /// The incoming MIDI notes.
    pub notes: &'a MidiNotes,
}

impl Heard<'_> {
    fn refined(&mut self) -> Option<Refined> {
        let mut grid = self.history.grid_since(self.start_s);
        self.recognizer.refine(&mut grid)
    }

    fn confirm(&mut self, refined: &mut Refined, session: &Session) {
        match self.seat {
            Some(seat) => {
                let frames = std::mem::take(&mut refined.frames);
                seat.say(
                    Lane::Refined,
                    frames,
                    self.start_s,
                    self.history,
                    self.notes,
                );
                self.history.leave_unconfirmed(self.start_s + refined.to_s);
            }
            None => self.history.confirm(refined, self.start_s, session),
        }
    }
}

/// The refining passes of one stream.
#[derive(Default)]
pub(super) struct Refining {
    /// The next run.
    pending: Option<Pending>,
}

impl Refining {
    /// Runs the pass if it is due and has not run. Returns whether it ran.
    pub(super) fn run(&mut self, mut heard: Heard<'_>) -> bool {
        self.run_pending(&mut heard)
    }

    fn run_pending(&mut self, heard: &mut Heard<'_>) -> bool {
        match &mut self.pending {
            Some(pending) if pending.refined.is_none() => {
                pending.refined = Some(heard.refined());
                true
            }
            _ => false,
        }
    }

    /// Called where the track is written, at sample `now` of the stream, with `sample_rate` in
    /// Hz: puts in a result that is due, and checks whether the next run is. Returns whether the
    /// track has changed.
    pub(super) fn settle(
        &mut self,
        now: u64,
        sample_rate: f64,
        mut heard: Heard<'_>,
        session: &Session,
    ) -> bool {
        let mut changed = false;
        if matches!(&self.pending, Some(pending) if now >= pending.settles_at) {
            self.run_pending(&mut heard);
            let pending = self.pending.take().and_then(|pending| pending.refined);
            let mut refined = pending.flatten();
            // There is more than one only where audio was lost: each gap adds one.
            for settled in 1.. {
                if let Some(mut refined) = refined.take() {
                    heard.confirm(&mut refined, session);
                    changed = true;
                }
                if settled == SETTLED_AT_ONCE || !heard.recognizer.is_refining_due() {
                    break;
                }
                refined = heard.refined();
            }
        }
        if self.pending.is_none() && heard.recognizer.is_refining_due() {
            let delay = SETTLED_AFTER_S * sample_rate;
            self.pending = Some(Pending {
                settles_at: now + delay as u64,
                refined: None,
            });
        }
        changed
    }

    /// Puts in all remaining results: the stream has ended.
    pub(super) fn settle_all(&mut self, mut heard: Heard<'_>, session: &Session) {
        let pending = self.pending.take().and_then(|pending| pending.refined);
        if let Some(mut refined) = pending.flatten() {
            heard.confirm(&mut refined, session);
        }
        while let Some(mut refined) = heard.refined() {
            heard.confirm(&mut refined, session);
        }
    }

    /// Puts in the result as if the stream ended here. If the stream goes on, the live analysis
    /// replaces it. Returns whether the track has changed.
    pub(super) fn confirm_for_now(&mut self, mut heard: Heard<'_>, session: &Session) -> bool {
        self.run_pending(&mut heard);
        let start_s = heard.start_s;
        let open = heard
            .recognizer
            .preview(&mut heard.history.grid_since(start_s));
        let pending = self.pending.iter();
        let pending = pending.filter_map(|it| it.refined.as_ref()?.as_ref());
        let mut changed = false;
        for refined in pending.chain(&open) {
            heard.history.confirm_for_now(refined, start_s, session);
            changed = true;
        }
        changed
    }
}
