//! Interruptions of a running thread by the machine: timer ticks, other interrupts, its
//! hypervisor.
//!
//! Where the timer ticks every millisecond, a call that takes a microsecond is interrupted
//! once in a thousand times, and then takes as long as the interrupt. No callback can be
//! faster than that at p99.99, so the machine's share must be known: an empty loop, on the
//! same thread at the same priority, measures how often and for how long it is interrupted.

use std::time::{Duration, Instant};

/// Shorter gaps between two readings of the clock, in microseconds, are the readings
/// themselves.
const GAP_US: f64 = 2.0;

/// What an empty loop measured.
#[derive(Debug, Default)]
pub struct Interruptions {
    /// The length of each interruption, in microseconds.
    gaps_us: Vec<f64>,
    /// The total time of the loop, in seconds.
    ran_s: f64,
}

impl Interruptions {
    #[cfg(test)]
    pub fn of(gaps_us: Vec<f64>, ran_s: f64) -> Self {
        Self { gaps_us, ran_s }
    }

    /// Measures for `span` more.
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

    /// Interruptions of more than `us` microseconds, per second.
    pub fn rate_above(&self, us: f64) -> f64 {
        if self.ran_s == 0.0 {
            return 0.0;
        }
        self.gaps_us.iter().filter(|gap| **gap > us).count() as f64 / self.ran_s
    }

    /// Median length of an interruption, in microseconds.
    pub fn median_us(&self) -> f64 {
        let mut sorted = self.gaps_us.clone();
        sorted.sort_by(f64::total_cmp);
        sorted.get(sorted.len() / 2).copied().unwrap_or(0.0)
    }

    /// All interruptions, per second.
    pub fn rate(&self) -> f64 {
        self.rate_above(GAP_US)
    }
}

/// Gives this thread the priority that hosts give to their audio threads, where that is
/// allowed. Returns whether it was.
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
