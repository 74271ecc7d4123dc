//! What the machine does to a thread that runs: timer ticks, other interrupts, its hypervisor.
//!
//! A call that takes a microsecond is interrupted once in a thousand times where the timer
//! ticks every millisecond, and takes as long as the interrupt then. No callback can be
//! faster at p99.99 than that, so what belongs to the machine has to be known: an empty loop,
//! on the same thread at the same priority, looks how often and for how long it is away.

use std::time::{Duration, Instant};

/// Shorter gaps between two looks at the clock are the looks themselves, microseconds.
const GAP_US: f64 = 2.0;

/// What an empty loop saw.
#[derive(Debug, Default)]
pub struct Interruptions {
    /// How long it was away, each time, microseconds.
    gaps_us: Vec<f64>,
    /// How long it ran in all, seconds.
    ran_s: f64,
}

impl Interruptions {
    #[cfg(test)]
    pub fn of(gaps_us: Vec<f64>, ran_s: f64) -> Self {
        Self { gaps_us, ran_s }
    }

    /// Watches for `span` more.
    pub fn watch(&mut self, span: Duration) {
        let start = Instant::now();
        let mut last = start;
        while last - start < span {
            let now = Instant::now();
            let gap_us = (now - last).as_secs_f64() * 1e6;
            if gap_us > GAP_US {
                self.gaps_us.push(gap_us);
            }
            last = now;
        }
        self.ran_s += (last - start).as_secs_f64();
    }

    /// Interruptions of more than `us` microseconds, in a second.
    pub fn rate_above(&self, us: f64) -> f64 {
        if self.ran_s == 0.0 {
            return 0.0;
        }
        self.gaps_us.iter().filter(|gap| **gap > us).count() as f64 / self.ran_s
    }

    /// Half of them are no longer than this, microseconds.
    pub fn median_us(&self) -> f64 {
        let mut sorted = self.gaps_us.clone();
        sorted.sort_by(f64::total_cmp);
        sorted.get(sorted.len() / 2).copied().unwrap_or(0.0)
    }

    /// All interruptions, in a second.
    pub fn rate(&self) -> f64 {
        self.rate_above(GAP_US)
    }
}

/// Gives this thread the priority that hosts give to theirs for audio, where that is allowed;
/// says whether it was.
pub fn as_audio_thread() -> bool {
    #[cfg(unix)]
    {
        use thread_priority::unix::{
            RealtimeThreadSchedulePolicy, ThreadSchedulePolicy, set_thread_priority_and_policy,
            thread_native_id,
        };
        let fifo = ThreadSchedulePolicy::Realtime(RealtimeThreadSchedulePolicy::Fifo);
        let Ok(value) = 50_u8.try_into() else {
            return false;
        };
        let priority = thread_priority::ThreadPriority::Crossplatform(value);
        set_thread_priority_and_policy(thread_native_id(), priority, fifo).is_ok()
    }
    #[cfg(not(unix))]
    {
        thread_priority::set_current_thread_priority(thread_priority::ThreadPriority::Max).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_of_the_time_that_was_watched() {
        let seen = Interruptions {
            gaps_us: vec![3.0, 12.0, 20.0, 4.0],
            ran_s: 2.0,
        };
        assert!((seen.rate() - 2.0).abs() < 1e-9);
        assert!((seen.rate_above(10.0) - 1.0).abs() < 1e-9);
        assert!((seen.median_us() - 12.0).abs() < 1e-9);
        let mut none = Interruptions::default();
        assert!(none.rate().abs() < 1e-9);
        none.watch(Duration::from_millis(2));
        assert!(none.ran_s >= 0.002);
    }
}
