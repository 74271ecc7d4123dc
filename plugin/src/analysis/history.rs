//! The recent past of one stream: its chords, and the host's song positions to place them by.

mod grid;
mod passes;
mod placing;
mod recording;
mod silence;
#[cfg(test)]
mod tests;

use std::collections::VecDeque;

use harmony::label::Label;
use harmony::timeline::{Segment, Status};
use recognizer::live::Shown;

use self::passes::Passes;
use self::recording::alternatives;
use self::silence::Silences;
use crate::session::Session;
use crate::snapshot::SongPosition;
use changes_realtime::transport::{Anchor, HostPosition, Span, TransportMap};

/// How long chords are kept, in seconds.
const KEEP_S: f64 = 120.0;

/// Times closer than this, in seconds, are the same.
const SAME_S: f64 = 1e-6;

/// A moment of the stream.
#[derive(Clone, Copy, Debug)]
pub(super) struct Moment {
    /// The position in the host's song.
    pub(super) host: HostPosition,
    /// Which pass over the song it belongs to.
    pub(super) pass: u64,
    /// Whether what is heard there is to be written.
    pub(super) write: bool,
}

/// Chords in the order of the stream, in seconds since the instance was made.
pub(super) struct History {
    /// Second at which the current tap's stream began.
    origin_s: f64,
    sample_rate: f64,
    now_s: f64,
    map: TransportMap,
    /// What the live analysis has shown. The refining pass may overrule all of it except
    /// losses.
    segments: VecDeque<Segment>,
    /// Whether the last segment still grows.
    open: bool,
    /// No chord may begin before this: the analysis started afresh here.
    floor_s: f64,
    /// From here on the segments are not in the track yet.
    unrecorded_s: f64,
    /// Up to here the refining pass's result counts, and the live one is out of date.
    confirmed_s: f64,
    /// How many saved states the host had loaded when this was heard.
    loads: u32,
    passes: Passes,
    silences: Silences,
}

impl History {
    pub(super) fn new(origin_s: f64, sample_rate: f64) -> Self {
        Self {
            origin_s,
            sample_rate,
            now_s: origin_s,
            map: TransportMap::new(sample_rate),
            segments: VecDeque::new(),
            open: false,
            floor_s: origin_s,
            unrecorded_s: origin_s,
            confirmed_s: origin_s,
            loads: 0,
            passes: Passes::from(origin_s),
            silences: Silences::from(origin_s),
        }
    }

    pub(super) fn now_s(&self) -> f64 {
        self.now_s
    }

    /// Continues with another stream, whose sample 0 lies at `origin_s`.
    pub(super) fn rebase(&mut self, origin_s: f64, sample_rate: f64) {
        self.cut();
        self.origin_s = origin_s;
        self.sample_rate = sample_rate;
        self.now_s = origin_s;
        self.unrecorded_s = origin_s;
        self.confirmed_s = origin_s;
        self.map = TransportMap::new(sample_rate);
        self.passes.begin_pass(origin_s);
        self.silences.forget(origin_s);
    }

    /// Advances to `sample` of the stream.
    pub(super) fn advance_to(&mut self, sample: u64) {
        self.now_s = self.origin_s + sample as f64 / self.sample_rate;
        if self.open
            && let Some(last) = self.segments.back_mut()
        {
            last.end_s = self.now_s;
        }
        let oldest_s = self.now_s - KEEP_S;
        while self.segments.front().is_some_and(|it| it.end_s < oldest_s) {
            self.segments.pop_front();
        }
        self.silences.forget_before(oldest_s);
        self.passes.forget_before(oldest_s);
    }

    /// Advances to `sample` of the stream; the `lost` samples before it were not heard.
    pub(super) fn lose_to(&mut self, sample: u64, lost: u64) {
        self.advance_to(sample.saturating_sub(lost));
        let start_s = self.now_s;
        self.cut();
        self.advance_to(sample);
        self.segments.push_back(Segment::lost(start_s, self.now_s));
        self.floor_s = self.now_s;
        self.silences.forget(self.now_s);
    }

    /// What follows belongs to the session after so many loaded states.
    pub(super) fn write_after(&mut self, loads: u32, session: &Session) {
        if loads != self.loads {
            self.loads = loads;
            session.take_up(loads, self.now_s);
        }
    }

    /// Sets whether what follows is written into the track.
    pub(super) fn set_write(&mut self, write: bool) {
        self.passes.set_write(write, self.now_s);
    }

    /// Begins another pass over the song if `epoch` counts a new break: the song stopped,
    /// jumped or started again.
    pub(super) fn break_off(&mut self, epoch: u8) {
        self.passes.break_off(epoch, self.now_s);
    }

    /// Reports whether everything since the last call was silent.
    pub(super) fn hear_silence(&mut self, silent: bool) {
        if let Some(since_s) = self.silences.hear(silent, self.now_s) {
            // The live analysis may have taken the silence for a chord that goes on.
            self.unrecorded_s = self.unrecorded_s.min(since_s);
        }
    }

    pub(super) fn anchor(&mut self, anchor: Anchor) {
        self.map.insert(anchor);
    }

    /// Ends the sounding chord; what follows starts afresh.
    pub(super) fn cut(&mut self) {
        self.open = false;
        self.floor_s = self.now_s;
    }

    /// Shows a chord from `starts_at_s` on, in place of whatever was there.
    pub(super) fn show(&mut self, starts_at_s: f64, shown: &Shown) {
        let start_s = starts_at_s.clamp(self.floor_s, self.now_s);
        while self.segments.back().is_some_and(|last| {
            last.start_s >= start_s - SAME_S && last.start_s >= self.floor_s - SAME_S
        }) {
            self.segments.pop_back();
        }
        let mut segment = Segment::new(start_s, self.now_s, shown.label.clone());
        segment.confidence = shown.confidence.clamp(0.0, 1.0);
        if segment.label != Label::Unknown {
            segment.status = Status::Provisional;
        }
        segment.alternatives = alternatives(&shown.alternatives);
        if let Some(last) = self.segments.back_mut()
            && last.end_s >= start_s - SAME_S
            && last.end_s > self.floor_s
        {
            last.end_s = start_s;
            if last.label == segment.label {
                // The same chord goes on; the newer values apply to all of it.
                segment.start_s = last.start_s;
                self.segments.pop_back();
            }
        }
        self.unrecorded_s = self.unrecorded_s.min(segment.start_s);
        self.segments.push_back(segment);
        self.open = true;
    }

    /// The host's song positions over a part of the stream, in seconds since the instance was
    /// made.
    fn spans(&self, from_s: f64, to_s: f64) -> Vec<Span> {
        let (from_s, to_s) = (from_s - self.origin_s, to_s - self.origin_s);
        if to_s <= from_s {
            return Vec::new();
        }
        let mut spans = self.map.spans(from_s.max(0.0), to_s);
        for span in &mut spans {
            span.start_s += self.origin_s;
            span.end_s += self.origin_s;
        }
        spans
    }

    /// The second of a sample of the current stream.
    pub(super) fn second(&self, sample: u64) -> f64 {
        self.origin_s + sample as f64 / self.sample_rate
    }

    /// What is known of a moment of the stream; `None` before the host has said anything.
    pub(super) fn moment(&self, at_s: f64) -> Option<Moment> {
        let host = self.map.at(at_s - self.origin_s)?;
        let (pass, write) = self.passes.stretch_at(at_s);
        Some(Moment { host, pass, write })
    }

    /// Leaves what was heard so far out of the track: others write it.
    pub(super) fn leave_unwritten(&mut self) {
        self.unrecorded_s = self.now_s;
    }

    /// Leaves the final chords up to `to_s` to others.
    pub(super) fn leave_unconfirmed(&mut self, to_s: f64) {
        self.confirmed_s = self.confirmed_s.max(to_s);
    }

    /// The second of the track up to which the current pass is confirmed.
    pub(super) fn confirmed_to_s(&self, session: &Session) -> Option<f64> {
        let at_s = self.confirmed_s - self.origin_s;
        let steady = self.map.is_steady(at_s, self.now_s - self.origin_s);
        if at_s <= 0.0 || !steady {
            return None;
        }
        let host = self.map.at(at_s)?;
        Some(session.position(&host, self.confirmed_s, true).time_s)
    }

    /// The position of the analysis in the song; `moving` says whether audio arrives.
    pub(super) fn position(&self, session: &Session, moving: bool) -> SongPosition {
        let host = self.map.at(self.now_s - self.origin_s).unwrap_or_default();
        session.position(&host, self.now_s, moving)
    }
}
