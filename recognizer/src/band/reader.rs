//! The display of a band: fused posteriors in, changes of the display out.

use std::collections::VecDeque;

use super::MAX_WAIT_S;
use crate::beat::BeatSource;
use crate::decode::Posterior;
use crate::live::{
    Event, FRAME_S, FrameClock, Heard, LOOK_AHEAD_S, LiveSettings, Reader, Shown,
    certainly_no_chord,
};

/// Reads a band's chords as they sound, by the decoders of the
/// [live engine](crate::live::LiveEngine).
pub struct BandReader {
    reader: Reader,
    events: VecDeque<Event>,
    clock: FrameClock,
    frames: u64,
}

impl BandReader {
    /// A reader that has heard nothing.
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

    /// New settings, from the next frame on. Their tuning means nothing here.
    pub fn set(&mut self, settings: LiveSettings) {
        self.reader.set(settings);
    }

    /// What follows begins afresh, at `origin_s` of the caller's clock.
    pub fn begin(&mut self, origin_s: f64) {
        self.reader.start();
        self.reader.begin_track(origin_s);
        self.clock.origin_s = origin_s;
        self.frames = 0;
    }

    /// Takes the next frame, [`FRAME_S`] after the one before; `None` where no part has a say.
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
        // The track is the refining pass's.
        self.events.retain(|event| matches!(event, Event::Shown(_)));
    }

    /// The next change of the display, if there is one.
    pub fn poll(&mut self) -> Option<Shown> {
        loop {
            if let Event::Shown(shown) = self.events.pop_front()? {
                return Some(shown);
            }
        }
    }

    /// Seconds up to which all has been heard.
    #[must_use]
    pub fn now_s(&self) -> f64 {
        self.clock.origin_s + self.frames as f64 * FRAME_S
    }

    /// Seconds by which a part that is missing may hold the display up.
    #[must_use]
    pub const fn longest_wait_s() -> f64 {
        MAX_WAIT_S
    }
}
