//! The live display of a band: its frames go through the decoders of the display, and into the
//! track.
//!
//! The band has a stream of its own, as an instance has: a sample of it is a frame, and the
//! runs of the song follow each other in it. So what is heard goes through a [`History`], as
//! always.

use std::collections::VecDeque;

use recognizer::band::{BandReader, Cell, Heard, Part, Said, what_was_said};
use recognizer::live::{FRAME_S, LiveSettings, Shown};

use super::super::history::History;
use super::Tag;
use super::ensemble::fused;
use crate::session::Session;
use changes_realtime::transport::{Anchor, HostPosition};

/// How often the track is written, in frames: about as often as that of one instance.
const RECORD_EVERY: u64 = 2;

/// The contributions of the parts are kept for so many frames.
const WORDS: usize = 64;

/// Where a run of the song lies in the band's stream.
#[derive(Clone, Copy, Debug)]
pub(super) struct RunPlace {
    pub(super) run: u64,
    /// The first place of its grid.
    first: i64,
    /// The sample of the stream at that place.
    base: u64,
    /// One past its last sample.
    end: u64,
}

impl RunPlace {
    /// The second of the band's stream at a second of the song.
    pub(super) fn stream_s(&self, song_s: f64) -> f64 {
        self.base as f64 * FRAME_S + (song_s - self.first as f64 * FRAME_S)
    }

    /// Where the run begins, in seconds of the band's stream.
    pub(super) fn start_s(&self) -> f64 {
        self.base as f64 * FRAME_S
    }

    /// Where the run ends, in seconds of the band's stream.
    pub(super) fn end_s(&self) -> f64 {
        self.end as f64 * FRAME_S
    }
}

/// The display of a band.
pub(super) struct Live {
    reader: BandReader,
    pub(super) history: History,
    /// Samples of the stream so far.
    now: u64,
    /// The current run.
    run: Option<RunPlace>,
    /// Runs of which something may yet become final.
    places: Vec<RunPlace>,
    anchor: Option<Anchor>,
    epoch: u8,
    /// Whether no part has contributed since the track was last written.
    silent: bool,
    current: Option<Shown>,
    /// The latest contributions of the parts, with their samples of the stream.
    words: VecDeque<(u64, Vec<Heard<Tag>>)>,
}

impl Default for Live {
    fn default() -> Self {
        Self {
            reader: BandReader::new(LiveSettings::default()),
            history: History::new(0.0, 1.0 / FRAME_S),
            now: 0,
            run: None,
            places: Vec::new(),
            anchor: None,
            epoch: 0,
            silent: true,
            current: None,
            words: VecDeque::new(),
        }
    }
}

impl Live {
    pub(super) fn set(&mut self, settings: LiveSettings) {
        self.reader.set(settings);
    }

    pub(super) fn current(&self) -> Option<&Shown> {
        self.current.as_ref()
    }

    /// Where a run lies, as long as some of it may become final.
    pub(super) fn place(&self, run: u64) -> Option<RunPlace> {
        self.places.iter().find(|it| it.run == run).copied()
    }

    /// Forgets a run, of which nothing more becomes final.
    pub(super) fn forget(&mut self, run: u64) {
        self.places.retain(|it| it.run != run);
    }

    pub(super) fn confirmed_to_s(&self, session: &Session) -> Option<f64> {
        self.history.confirmed_to_s(session)
    }

    /// Takes the next frame. `speaks` says whether a part that can recognize chords takes
    /// part: without one nothing is written. Returns whether the display has changed.
    pub(super) fn hear(&mut self, cell: Cell<Tag>, speaks: bool, session: &Session) -> bool {
        let sample = self.sample_of(&cell, session);
        let write = speaks && cell.heard.iter().all(|it| it.tag.write);
        if let Some(host) = host_at(&cell) {
            self.anchor_at(sample, host);
        }
        self.history.set_write(write);
        let posterior = fused(&cell);
        self.silent &= posterior.is_none();
        self.reader
            .hear(posterior, &mut self.history.grid_since(0.0));
        self.now = sample + 1;
        self.history.advance_to(self.now);
        if let Some(run) = &mut self.run {
            run.end = self.now;
            let id = run.run;
            let end = run.end;
            for place in self.places.iter_mut().filter(|it| it.run == id) {
                place.end = end;
            }
        }
        if self.words.len() == WORDS {
            self.words.pop_front();
        }
        self.words.push_back((sample, cell.heard));
        let mut changed = false;
        while let Some(shown) = self.reader.poll() {
            self.history.show(shown.starts_at_s, &shown);
            self.current = Some(shown);
            changed = true;
        }
        if self.now.is_multiple_of(RECORD_EVERY) {
            self.record(session);
        }
        changed
    }

    /// Ends the run: the song stops or jumps.
    pub(super) fn end_run(&mut self, session: &Session) {
        if self.run.take().is_some() {
            self.record(session);
            self.history.cut();
            self.words.clear();
        }
    }

    /// What each part contributed to the chord shown, since it began.
    pub(super) fn said(&self) -> Vec<Said> {
        let from_s = self.current.as_ref().map_or(0.0, |it| it.starts_at_s);
        let since = self
            .words
            .iter()
            .filter(|(sample, _)| (*sample as f64 + 0.5) * FRAME_S >= from_s);
        const NO_NOTES: [f32; 12] = [0.0; 12];
        let words = since.flat_map(|(_, heard)| heard.iter()).flat_map(|it| {
            let audible = (!it.frame.silent).then_some((&it.frame.posterior, &it.frame.notes));
            let midi = it.midi.as_ref().map(|it| (it, &NO_NOTES));
            // A track of MIDI notes need not make a sound.
            let audio = (audible.is_some() || midi.is_none()).then_some((it.part, audible));
            let midi = midi.map(|it| (Part::Midi, Some(it)));
            audio.into_iter().chain(midi)
        });
        what_was_said(words)
    }

    fn record(&mut self, session: &Session) {
        let silent = std::mem::replace(&mut self.silent, true);
        self.history.hear_silence(silent);
        self.history.record(session);
    }

    /// The sample of the stream for a place. Begins a run, or skips what is missing.
    fn sample_of(&mut self, cell: &Cell<Tag>, session: &Session) -> u64 {
        if let Some(run) = self.run.filter(|it| it.run == cell.run) {
            let sample = run.base + (cell.place - run.first).max(0) as u64;
            if sample > self.now {
                self.history.lose_to(sample, sample - self.now);
                self.anchor = None;
                self.begin(sample);
            }
            return sample.max(self.now);
        }
        self.end_run(session);
        let run = RunPlace {
            run: cell.run,
            first: cell.place,
            base: self.now,
            end: self.now,
        };
        self.run = Some(run);
        self.places.push(run);
        self.epoch = self.epoch.wrapping_add(1);
        self.history.break_off(self.epoch);
        self.anchor = None;
        self.begin(self.now);
        self.now
    }

    fn begin(&mut self, sample: u64) {
        self.reader.begin(sample as f64 * FRAME_S);
        self.words.clear();
    }

    /// Anchors the host's position where it is not the expected one.
    fn anchor_at(&mut self, sample: u64, host: HostPosition) {
        let goes_on = self.anchor.is_some_and(|anchor| {
            let later = sample.saturating_sub(anchor.sample);
            host.continues(&anchor.host.advanced(later, 1.0 / FRAME_S))
        });
        if !goes_on {
            let anchor = Anchor { sample, host };
            self.history.anchor(anchor);
            self.anchor = Some(anchor);
        }
    }
}

/// The host's position at a place. All parts have the same but for rounding; the choice among
/// them must not depend on their order.
fn host_at(cell: &Cell<Tag>) -> Option<HostPosition> {
    let at_place = cell.heard.iter().map(|it| {
        let mut host = it.tag.host;
        host.seconds = host.seconds.map(|at| at - it.early_s);
        host.beats = match (host.beats, host.tempo_bpm) {
            (Some(at), Some(bpm)) => Some(at - it.early_s * bpm / 60.0),
            (at, _) => at,
        };
        // The stream's samples are frames.
        host.samples = None;
        host
    });
    let key = |host: &HostPosition| {
        let known = |value: Option<f64>| value.unwrap_or(f64::NEG_INFINITY);
        (
            known(host.beats),
            known(host.seconds),
            known(host.bar_start_beats),
        )
    };
    at_place.min_by(|a, b| {
        let (a, b) = (key(a), key(b));
        a.0.total_cmp(&b.0)
            .then(a.1.total_cmp(&b.1))
            .then(a.2.total_cmp(&b.2))
    })
}
