//! Hosts that render faster than real time: no audio is lost, and no real-time host waits.
//!
//! The worker analyses tens of seconds of audio a second; a host that bounces may send
//! hundreds. The mode that the host reports does not tell whether it bounces: some render
//! offline and report real time. So there are these cases:
//!
//! * A host that reports *offline*, where that can be relied upon: its audio thread analyses
//!   every block itself. Notes of the live chord then come as they do in real time.
//! * Any other host waits only when the ring is full, and only if since the worker fell behind
//!   more audio has come than time has passed, by two seconds. A host that plays cannot reach
//!   that, however long the worker stalls: its audio is lost instead, and marked as lost.
//! * A host that reports *offline* but sends each block when it is due plays in real time, and
//!   is treated so. A CLAP host may change its mode while the plugin is active; the wrapper
//!   then asks to be restarted, and reports the new mode after that, but a host may ignore the
//!   request. Where it goes from real time to offline without a restart it is any other host.
//!
//! In real time with a worker that keeps up, nothing here does more than compare numbers: the
//! clock is read only while more than a second of audio waits in the ring.

use std::thread;
use std::time::{Duration, Instant};

use crate::tap::TapInput;

/// With this much audio in the ring, in seconds, the worker counts as behind.
const BEHIND_S: f64 = 1.0;

/// A host that is ahead of the clock by this many seconds of audio does not play in real time.
/// Hosts that work ahead of the playhead do so by fractions of a second.
const LEAD_S: f64 = 2.0;

/// A worker that has not moved for this long is not waited for.
const PATIENCE: Duration = Duration::from_secs(10);

/// How long a host that does not play may sleep between two checks of the worker.
const LOOK_EVERY: Duration = Duration::from_micros(100);

/// Checks before the first sleep, in case the worker is about to finish.
const EAGER_LOOKS: u32 = 64;

/// A host that reports offline but has sent its blocks when they were due for this many
/// seconds plays. No render keeps to the clock that long by chance.
const PLAYS_AFTER_S: f64 = 2.0;

/// When a block is due, in seconds, in addition to the length of two blocks, which hosts may
/// send ahead.
const DUE_WITHIN_S: f64 = 0.02;

/// See the module's documentation. Belongs to the audio thread.
#[derive(Debug, Default)]
pub struct Bounce {
    /// Whether the host reports that it renders offline.
    offline: bool,
    /// Whether it plays nevertheless.
    pace: Pace,
    /// While the worker is behind, how far the host is ahead of the clock.
    lead: Option<Lead>,
    /// How much the worker had analysed when it was given up.
    given_up: Option<u64>,
}

/// How far the host is ahead of the clock since the worker fell behind.
#[derive(Debug)]
struct Lead {
    /// When the last block came.
    at: Instant,
    /// Seconds of audio since, minus the seconds that passed; never below zero.
    seconds: f64,
}

/// The pace of the blocks from a host that reports offline.
#[derive(Debug, Default)]
struct Pace {
    /// When the first block of those that were due came, and the seconds of audio since.
    since: Option<(Instant, f64)>,
    /// The most and the least by which the audio has been ahead of the clock since, in
    /// seconds.
    ahead_s: (f64, f64),
    /// Whether the host plays.
    plays: bool,
}

impl Pace {
    /// Counts a block of `block_s` seconds.
    fn come(&mut self, block_s: f64, now: Instant) {
        let Some((since, audio_s)) = self.since else {
            self.since = Some((now, block_s));
            self.ahead_s = (0.0, 0.0);
            return;
        };
        let passed_s = now.duration_since(since).as_secs_f64();
        let ahead_s = audio_s - passed_s;
        let (most, least) = (self.ahead_s.0.max(ahead_s), self.ahead_s.1.min(ahead_s));
        if most - least > DUE_WITHIN_S + 2.0 * block_s {
            // A host that plays may be late now and then, but never ahead.
            self.plays &= ahead_s <= least;
            self.since = None;
            return;
        }
        self.plays |= passed_s >= PLAYS_AFTER_S;
        self.ahead_s = (most, least);
        self.since = Some((since, audio_s + block_s));
    }
}

impl Bounce {
    /// Sets whether the host reports, reliably, that it renders offline.
    pub fn set_offline(&mut self, offline: bool) {
        self.offline = offline;
        self.pace = Pace::default();
    }

    fn is_offline(&self) -> bool {
        self.offline && !self.pace.plays
    }

    /// Before a block of `frames` is pushed: waits for room, if the host does not play in real
    /// time. `help` advances the analysis: on this thread if its argument is `true`, for a
    /// host that renders offline; otherwise elsewhere. It returns whether there was anything
    /// to do on this thread.
    pub fn before(&mut self, tap: &TapInput, frames: usize, help: impl Fn(bool) -> bool) {
        self.watch(tap, frames, Instant::now);
        if self.offline {
            let block_s = frames as f64 / tap.sample_rate();
            self.pace.come(block_s, Instant::now());
        }
        if !tap.has_room(frames) && self.may_wait() {
            self.wait(tap, help, |tap| tap.has_room(frames));
        }
    }

    /// After a block is pushed: waits until it is analysed, if the host renders offline.
    pub fn after(&mut self, tap: &TapInput, help: impl Fn(bool) -> bool) {
        if self.is_offline() && !tap.is_heard() {
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
        self.is_offline() || self.lead.as_ref().is_some_and(|lead| lead.seconds > LEAD_S)
    }

    /// Waits until a condition of the tap holds, as long as the analysis advances.
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
            if help(self.is_offline()) {
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
            // The time spent waiting does not count between two blocks of the host.
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
    /// clock that advances by `block_s` per block. Returns whether the host may be kept
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
        // A clock that is slightly off, and a host that plays at a quarter of the speed.
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
            bounce.watch(&tap, BLOCK.len(), || panic!("the clock is read"));
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

    /// Whether a host that reports offline counts as playing after so many blocks of ten
    /// milliseconds, each so many seconds after the one before.
    fn plays(
        pace: &mut Pace,
        clock: &mut Instant,
        blocks: u32,
        every_s: impl Fn(u32) -> f64,
    ) -> bool {
        for block in 0..blocks {
            *clock += Duration::from_secs_f64(every_s(block));
            pace.come(0.01, *clock);
        }
        pace.plays
    }

    #[test]
    fn a_host_that_says_offline_and_plays_is_found_out() {
        let (mut pace, mut clock) = (Pace::default(), Instant::now());
        // Blocks in pairs, as hosts with larger buffers of their own send them.
        let pairs = |block| if block % 2 == 0 { 0.02 } else { 0.0 };
        assert!(!plays(&mut pace, &mut clock, 100, pairs));
        assert!(plays(&mut pace, &mut clock, 200, pairs));
        // A hiccup does not make a render, but audio faster than real time does.
        assert!(plays(&mut pace, &mut clock, 1, |_| 0.3));
        assert!(plays(&mut pace, &mut clock, 100, |_| 0.01));
        assert!(!plays(&mut pace, &mut clock, 100, |_| 0.002));
    }

    #[test]
    fn a_render_does_not_count_as_playing_however_slow() {
        for every_s in [0.0, 0.001, 0.009, 0.011, 0.05] {
            let (mut pace, mut clock) = (Pace::default(), Instant::now());
            assert!(
                !plays(&mut pace, &mut clock, 10_000, |_| every_s),
                "{every_s}"
            );
        }
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
