//! Hosts that render faster than real time: no audio is lost, and nobody who listens waits.
//!
//! The worker analyses tens of seconds of audio a second, a host that bounces may send
//! hundreds. Whether it bounces is not to be had from the mode that it claims: some render
//! offline and say real time. So two things count:
//!
//! * A host that says *offline*, where what it says can be relied upon: its audio thread
//!   analyses every block itself. Notes of the live chord then come as they do in real time.
//! * Any other host, when the ring is full: only if more audio has come, since the worker
//!   fell behind, than time has passed: two seconds more. A host that plays cannot do that,
//!   however long the worker stalls: what it sends is lost instead, and marked as lost.
//!
//! In real time with a worker that follows, nothing here does more than compare numbers:
//! the clock is read while more than a second of audio waits in the ring.

use std::thread;
use std::time::{Duration, Instant};

use crate::tap::TapInput;

/// Audio in the ring, in seconds, from which on the worker counts as behind.
const BEHIND_S: f64 = 1.0;

/// So many seconds of audio more than seconds passed, and the host does not play in real
/// time. Hosts that work ahead of the playhead do so by fractions of a second.
const LEAD_S: f64 = 2.0;

/// A worker that has not moved for this long is not waited for.
const PATIENCE: Duration = Duration::from_secs(10);

/// A host that does not play may sleep this long between two looks at the worker.
const LOOK_EVERY: Duration = Duration::from_micros(100);

/// Looks before the first sleep: the worker is about to be done.
const EAGER_LOOKS: u32 = 64;

/// See the module's text. Belongs to the audio thread.
#[derive(Debug, Default)]
pub struct Bounce {
    /// Whether the host has said that it renders offline.
    offline: bool,
    /// While the worker is behind, how far the host is ahead of the clock.
    lead: Option<Lead>,
    /// How much the worker had heard when it was given up.
    given_up: Option<u64>,
}

/// How far the host is ahead of the clock since the worker fell behind.
#[derive(Debug)]
struct Lead {
    /// When the last block came.
    at: Instant,
    /// Seconds of audio that came since, less the seconds that passed; never below zero.
    seconds: f64,
}

impl Bounce {
    /// Whether the host has said, in a way that can be relied upon, that it renders offline.
    pub fn set_offline(&mut self, offline: bool) {
        self.offline = offline;
    }

    /// Before a block of `frames` is pushed: waits for room, if the host does not play in
    /// real time. `help` makes the analysis go on, here if it is told `true` for a host that
    /// renders offline, elsewhere otherwise; it tells whether there was something to do here.
    pub fn before(&mut self, tap: &TapInput, frames: usize, help: impl Fn(bool) -> bool) {
        self.watch(tap, frames, Instant::now);
        if !tap.has_room(frames) && self.may_wait() {
            self.wait(tap, help, |tap| tap.has_room(frames));
        }
    }

    /// After a block was pushed: waits until it is analysed, if the host renders offline.
    pub fn after(&mut self, tap: &TapInput, help: impl Fn(bool) -> bool) {
        if self.offline && !tap.is_heard() {
            self.wait(tap, help, TapInput::is_heard);
        }
    }

    /// Counts a block of `frames` against the clock while the worker is behind.
    fn watch(&mut self, tap: &TapInput, frames: usize, now: impl Fn() -> Instant) {
        if tap.waiting() as f64 <= BEHIND_S * tap.sample_rate() {
            self.lead = None;
            return;
        }
        let at = now();
        let seconds = self.lead.as_ref().map_or(0.0, |lead| {
            let passed_s = at.duration_since(lead.at).as_secs_f64();
            (lead.seconds + frames as f64 / tap.sample_rate() - passed_s).max(0.0)
        });
        self.lead = Some(Lead { at, seconds });
    }

    fn may_wait(&self) -> bool {
        self.offline || self.lead.as_ref().is_some_and(|lead| lead.seconds > LEAD_S)
    }

    /// Waits until the tap is as wished, as long as the analysis moves.
    fn wait(
        &mut self,
        tap: &TapInput,
        help: impl Fn(bool) -> bool,
        is_ready: impl Fn(&TapInput) -> bool,
    ) {
        let (mut heard, mut since, mut looks) = (tap.heard(), Instant::now(), 0);
        if self.given_up.take() == Some(heard) {
            self.given_up = Some(heard);
            return;
        }
        while !is_ready(tap) && !tap.is_abandoned() {
            if help(self.offline) {
                continue;
            }
            let now_heard = tap.heard();
            if now_heard != heard {
                (heard, since) = (now_heard, Instant::now());
            } else if since.elapsed() >= PATIENCE {
                self.given_up = Some(heard);
                break;
            }
            looks += 1;
            if looks < EAGER_LOOKS {
                thread::yield_now();
            } else {
                thread::sleep(LOOK_EVERY);
            }
        }
        if let Some(lead) = &mut self.lead {
            // Time that was waited is not time that passed between two blocks of the host.
            lead.at = Instant::now();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;
    use crate::tap::{Tap, TapOutput};
    use crate::transport::HostPosition;

    const RATE: f64 = 1000.0;
    const BLOCK: [f32; 100] = [0.0; 100];

    fn push(tap: &mut TapInput) {
        tap.push(&[BLOCK], BLOCK.len(), HostPosition::default());
    }

    fn read(tap: &mut TapOutput) {
        let mut buffer = [0.0; 100];
        tap.read(&mut buffer);
        tap.done();
    }

    /// Pushes blocks of a tenth of a second until the ring of ten seconds is full, with a
    /// clock that moves by so many seconds a block; tells whether the host may be kept
    /// waiting then.
    fn may_wait_when_full(block_s: f64) -> bool {
        let (mut tap, _output) = Tap::new(10_000, RATE);
        let mut bounce = Bounce::default();
        let clock = Cell::new(Instant::now());
        while tap.has_room(BLOCK.len()) {
            bounce.watch(&tap, BLOCK.len(), || clock.get());
            push(&mut tap);
            clock.set(clock.get() + Duration::from_secs_f64(block_s));
        }
        bounce.may_wait()
    }

    #[test]
    fn a_host_that_plays_is_never_kept_waiting() {
        assert!(!may_wait_when_full(0.1));
        // A clock that is a little off, and a host that plays at a quarter of the speed.
        assert!(!may_wait_when_full(0.0999));
        assert!(!may_wait_when_full(0.4));
    }

    #[test]
    fn a_host_that_renders_is() {
        assert!(may_wait_when_full(0.0));
        assert!(may_wait_when_full(0.07));
    }

    #[test]
    fn the_clock_is_not_asked_while_the_worker_follows() {
        let (mut tap, mut output) = Tap::new(10_000, RATE);
        let mut bounce = Bounce::default();
        for _ in 0..1000 {
            bounce.watch(&tap, BLOCK.len(), || panic!("the clock is asked"));
            push(&mut tap);
            read(&mut output);
            read(&mut output);
        }
    }

    #[test]
    fn a_host_that_says_offline_waits_until_its_block_is_heard() {
        let (mut tap, mut output) = Tap::new(10_000, RATE);
        let mut bounce = Bounce::default();
        bounce.set_offline(true);
        let worker = thread::spawn(move || {
            while !output.is_finished() {
                read(&mut output);
            }
        });
        for _ in 0..100 {
            bounce.before(&tap, BLOCK.len(), |_| false);
            push(&mut tap);
            bounce.after(&tap, |_| false);
            assert!(tap.is_heard());
        }
        drop(tap);
        assert!(worker.join().is_ok());
    }

    #[test]
    fn a_worker_that_is_gone_is_not_waited_for() {
        let (mut tap, output) = Tap::new(10_000, RATE);
        let mut bounce = Bounce::default();
        bounce.set_offline(true);
        drop(output);
        for _ in 0..200 {
            bounce.before(&tap, BLOCK.len(), |_| false);
            push(&mut tap);
            bounce.after(&tap, |_| false);
        }
    }
}
