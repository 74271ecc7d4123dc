//! The display of a band, from its fused posteriors.

use std::collections::VecDeque;

use super::{CALIBRATIONS, MAX_WAIT_S};
use crate::beat::BeatSource;
use crate::decode::Posterior;
use crate::live::{
    Event, FRAME_S, FrameClock, Heard, LOOK_AHEAD_S, LiveSettings, Reader, Shown,
    certainly_no_chord,
};

/// Decodes a band's chords live, with the decoders of the [live engine](crate::live::LiveEngine).
pub struct BandReader {
    reader: Reader,
    events: VecDeque<Event>,
    clock: FrameClock,
    frames: u64,
}

impl BandReader {
    /// A reader without frames.
    #[must_use]
    pub fn new(settings: LiveSettings) -> Self {
        Self {
            reader: Reader::new(settings),
            events: VecDeque::new(),
            clock: FrameClock {
                origin_s: 0.0,
                latency_s: LOOK_AHEAD_S,
            },
            frames: 0,
        }
    }

    /// New settings, from the next frame on. Their tuning is ignored.
    pub fn set(&mut self, settings: LiveSettings) {
        self.reader.set(settings);
    }

    /// Starts over with the next frame at `origin_s` of the caller's clock.
    pub fn begin(&mut self, origin_s: f64) {
        self.reader.start();
        self.reader.begin_track(origin_s);
        self.clock.origin_s = origin_s;
        self.frames = 0;
    }

    /// Takes the next frame, [`FRAME_S`] after the one before; `None` if no part has a vote.
    pub fn hear(&mut self, posterior: Option<Posterior>, beats: &mut dyn BeatSource) {
        let silent = posterior.is_none();
        let heard = Heard {
            index: self.frames,
            posterior: posterior.unwrap_or_else(certainly_no_chord),
            silent,
            clock: self.clock,
        };
        self.frames += 1;
        self.reader.hear(heard, beats, &mut self.events);
        // The track comes from the refining pass.
        self.events.retain(|event| matches!(event, Event::Shown(_)));
    }

    /// The next change of the display, if there is one.
    pub fn poll(&mut self) -> Option<Shown> {
        loop {
            if let Event::Shown(mut shown) = self.events.pop_front()? {
                let others = &mut shown.alternatives;
                CALIBRATIONS
                    .on_display()
                    .apply(&mut shown.confidence, others);
                return Some(shown);
            }
        }
    }

    /// Seconds up to which all frames were taken.
    #[must_use]
    pub fn now_s(&self) -> f64 {
        self.clock.origin_s + self.frames as f64 * FRAME_S
    }

    /// The longest delay of the display by a missing part, seconds.
    #[must_use]
    pub const fn longest_wait_s() -> f64 {
        MAX_WAIT_S
    }
}
