//! Which pass over the song the stream belongs to, and whether it is written into the track.

use std::collections::VecDeque;

use super::{History, SAME_S};
use changes_realtime::transport::Span;

/// A part of the stream, from here to the next stretch, that belongs to one pass over the song
/// and is written into the track or not.
#[derive(Clone, Copy, Debug)]
struct Stretch {
    start_s: f64,
    pass: u64,
    write: bool,
}

/// The stretches of the stream.
pub(super) struct Passes {
    /// In order, never empty.
    stretches: VecDeque<Stretch>,
    /// The latest count of breaks of the song from the audio thread.
    epoch: u8,
}

impl Passes {
    /// One pass, which is written.
    pub(super) fn from(start_s: f64) -> Self {
        Self {
            stretches: VecDeque::from([Stretch {
                start_s,
                pass: 0,
                write: true,
            }]),
            epoch: 0,
        }
    }

    pub(super) fn forget_before(&mut self, oldest_s: f64) {
        // The first one reaches up to where the next one begins.
        while self
            .stretches
            .get(1)
            .is_some_and(|it| it.start_s < oldest_s)
        {
            self.stretches.pop_front();
        }
    }

    /// See [`History::set_write`].
    pub(super) fn set_write(&mut self, write: bool, now_s: f64) {
        let now = self.now(now_s);
        if write != now.write {
            self.begin(Stretch { write, ..now }, now_s);
        }
    }

    /// See [`History::break_off`].
    pub(super) fn break_off(&mut self, epoch: u8, now_s: f64) {
        if epoch != self.epoch {
            self.epoch = epoch;
            self.begin_pass(now_s);
        }
    }

    /// Begins another pass.
    pub(super) fn begin_pass(&mut self, now_s: f64) {
        let now = self.now(now_s);
        let pass = now.pass + 1;
        self.begin(Stretch { pass, ..now }, now_s);
    }

    /// The pass at a second of the stream.
    pub(super) fn at(&self, at_s: f64) -> u64 {
        let mut there = self.stretches.iter().rev();
        let found = there.find(|it| it.start_s <= at_s + SAME_S);
        found.map_or(0, |it| it.pass)
    }

    /// The pass at a second of the stream, and whether it is written there.
    pub(super) fn stretch_at(&self, at_s: f64) -> (u64, bool) {
        let mut there = self.stretches.iter().rev();
        let found = there.find(|it| it.start_s <= at_s + SAME_S);
        found
            .or(self.stretches.front())
            .map_or((0, true), |it| (it.pass, it.write))
    }

    fn begin(&mut self, stretch: Stretch, start_s: f64) {
        let stretch = Stretch { start_s, ..stretch };
        match self.stretches.back_mut() {
            Some(last) if last.start_s >= start_s - SAME_S => *last = stretch,
            _ => self.stretches.push_back(stretch),
        }
    }

    fn now(&self, now_s: f64) -> Stretch {
        self.stretches.back().copied().unwrap_or(Stretch {
            start_s: now_s,
            pass: 0,
            write: true,
        })
    }
}

impl History {
    /// The host's song positions over a part of the stream where what was heard is written
    /// into the track, each with its pass over the song.
    pub(super) fn parts(&self, from_s: f64, to_s: f64) -> Vec<(Span, u64)> {
        let stretches = &self.passes.stretches;
        let next = stretches.iter().skip(1).map(|it| it.start_s);
        let ends = next.chain([f64::INFINITY]);
        let within = stretches.iter().zip(ends).flat_map(|(stretch, end_s)| {
            let spans = if stretch.write {
                self.spans(from_s.max(stretch.start_s), to_s.min(end_s))
            } else {
                Vec::new()
            };
            spans.into_iter().map(|span| (span, stretch.pass))
        });
        within.collect()
    }
}
