//! The analysis of one instance: from its tap to its snapshot and its track.
//!
//! Everything here runs on the worker thread, or on the audio thread of a host that renders
//! offline. The result depends only on the samples and their marks, never on how they were cut
//! into blocks or how fast they came: the track is written at fixed places of the stream,
//! always in the same order ([`refining`] has the details). The clock is used only for what is
//! shown of the machine (lag, load, idleness), and for what is put into the track when a host
//! stops sending audio without saying so, which is taken back when audio comes again.

pub(crate) mod band;
mod history;
mod level;
mod player;
mod refining;

use std::sync::Arc;
use std::time::{Duration, Instant};

use self::band::{Bands, Seat};
use self::history::History;
use self::level::Level;
use self::player::Player;
use self::refining::{Heard, Refining, SETTLED_AFTER_S};
use crate::error::RecognizerError;
use crate::instance::Instance;
use crate::networks::NetworkChoice;
use crate::params::ChangesParams;
use crate::recognition::{Recognizer, Recognizers, SPECTRUM_BINS, Settings};
use crate::snapshot::{SPECTRUM_FLOOR, SURE, Snapshot, Status};
use changes_realtime::midi_out::Notes;
use changes_realtime::readout::Readout;
use changes_realtime::tap::{Mark, TapOutput, Tapped};
use changes_realtime::transport::Anchor;
use harmony::label::Label;
use harmony::played::NoteChange;
use recognizer::band::{BandConfirmer, Lane, MidiNotes, Said};
use recognizer::live::Shown;

/// Samples taken from the tap at once: what one instance may analyse before it is the next
/// one's turn.
const TURN_SAMPLES: usize = 4096;

/// The live part of the track is written this often, in seconds of the stream. At fixed
/// places, so that the track is the same however the audio was cut into blocks.
const RECORD_EVERY_S: f64 = 0.1;

/// Fifty snapshots a second are enough for the eye.
const PUBLISH_EVERY: Duration = Duration::from_millis(20);

/// An open window is taken to be watching for so long after it last read the snapshot. With no
/// window, spectrum, level and playhead are published only along with something else.
const WATCHED_FOR: Duration = Duration::from_secs(1);

/// With no audio for this long the host is not processing.
const IDLE_AFTER: Duration = Duration::from_millis(500);

/// With no audio for this long the music has ended or paused, though the host has not said so:
/// the refining pass's result for the rest goes into the track provisionally.
const ENDED_AFTER: Duration = Duration::from_secs(5);

/// The load is averaged over this long.
const LOAD_WINDOW: Duration = Duration::from_secs(1);

/// A loss of audio is reported for this many seconds of the stream.
const GAP_SHOWN_S: f64 = 2.0;

/// A tap and the recognizer of its audio.
struct Stream {
    tap: TapOutput,
    recognizer: Box<dyn Recognizer>,
    /// The networks it was made with.
    networks: NetworkChoice,
    /// Second of the stream at which the recognizer's time began.
    recognizer_start_s: f64,
    /// Samples of the tap's stream analysed so far.
    analysed: u64,
    /// [`RECORD_EVERY_S`] in samples of the stream.
    record_every: u64,
    refining: Refining,
    /// Whether all that was heard is final, and nothing has come since.
    ended: bool,
    /// What was done about missing audio.
    silence: Silence,
}

/// What the refining pass needs of a stream, and the engine that runs it.
fn heard<'a>(
    stream: &'a mut Stream,
    history: &'a mut History,
    seat: Option<&'a Seat>,
    notes: &'a MidiNotes,
) -> (&'a mut Refining, Heard<'a>) {
    let heard = Heard {
        recognizer: stream.recognizer.as_mut(),
        start_s: stream.recognizer_start_s,
        history,
        seat: seat.filter(|seat| seat.is_together()),
        notes,
    };
    (&mut stream.refining, heard)
}

/// What was done about a host that sends no audio without saying so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Silence {
    None,
    Recorded,
    Refined,
}

impl Stream {
    /// Samples up to the next place where the track is written.
    fn until_record(&self) -> usize {
        (self.record_every - self.analysed % self.record_every) as usize
    }
}

/// One instance, as the worker sees it.
pub(crate) struct Analysis {
    stream: Option<Stream>,
    settings: Settings,
    history: History,
    level: Level,
    /// The chord that is shown: the instance's own, or that of its band.
    current: Option<Shown>,
    /// The instance's own.
    own: Option<Shown>,
    /// What each part of the band contributed to it.
    said: Vec<Said>,
    /// The instance's place in a band, once a worker looks after the instance.
    seat: Option<Seat>,
    player: Player,
    /// The incoming MIDI notes, in seconds since the instance was made.
    notes: MidiNotes,
    /// Why the built-in networks stand in for those that were chosen.
    refused: Vec<String>,
    spectrum: [f32; SPECTRUM_BINS],
    /// A loss of audio is reported until this second of the stream.
    gap_until_s: f64,
    frozen: Option<Snapshot>,
    buffer: Vec<f32>,
    changed: bool,
    failed: bool,
    last_audio: Instant,
    last_published: Instant,
    /// When a window last read the snapshot.
    last_looked_at: Instant,
    load_since: Instant,
    busy: Duration,
    load: f32,
    /// For tests: how many more times reporting an error fails itself.
    #[cfg(test)]
    pub(crate) planted_errors: u32,
}

impl Analysis {
    pub(crate) fn new(params: &ChangesParams) -> Self {
        let now = Instant::now();
        let settings = params.settings();
        let mut history = History::new(0.0, 48_000.0);
        history.set_write(settings.write);
        Self {
            stream: None,
            settings,
            history,
            level: Level::new(48_000.0),
            current: None,
            own: None,
            said: Vec::new(),
            seat: None,
            player: Player::default(),
            notes: MidiNotes::default(),
            refused: Vec::new(),
            spectrum: [SPECTRUM_FLOOR; SPECTRUM_BINS],
            gap_until_s: f64::NEG_INFINITY,
            frozen: None,
            buffer: vec![0.0; TURN_SAMPLES],
            changed: true,
            failed: false,
            last_audio: now,
            last_published: now,
            last_looked_at: now,
            load_since: now,
            busy: Duration::ZERO,
            load: 0.0,
            #[cfg(test)]
            planted_errors: 0,
        }
    }

    /// Takes a place in the bands of a worker.
    pub(crate) fn take_seat(&mut self, bands: &Arc<Bands>, instance: &Instance) {
        self.seat = Some(Seat::new(bands));
        self.follow_band(instance);
    }

    /// Follows the part and band in the parameters. The band waits for the instance as soon as
    /// it has audio.
    pub(crate) fn follow_band(&mut self, instance: &Instance) {
        let stream = self.stream.as_ref().filter(|_| !self.failed);
        let bypassed = instance.params.bypass.value();
        let hears =
            |stream: &Stream| stream.tap.waiting() > 0 || !(bypassed || stream.tap.is_finished());
        let active = instance.has_feeds() || stream.is_some_and(hears);
        let Some(seat) = &mut self.seat else { return };
        let was_heard = seat.is_heard();
        if !seat.follow(&instance.params, instance.session(), active) {
            if let Some(stream) = &mut self.stream
                && seat.is_heard() != was_heard
            {
                stream.recognizer.share(seat.is_heard());
            }
            return;
        }
        if let Some(stream) = &mut self.stream {
            stream.recognizer.share(seat.is_heard());
        }
        if !seat.is_together() {
            self.said.clear();
            self.current.clone_from(&self.own);
        }
        self.changed = true;
    }

    /// Shows what the band shows.
    fn follow_picture(&mut self) {
        let Some((picture, new)) = self.seat.as_mut().and_then(Seat::look) else {
            return;
        };
        if new {
            if picture.current.is_some() {
                self.player.show();
            }
            self.current.clone_from(&picture.current);
            self.changed = true;
        }
        if self.said != picture.said {
            self.said.clone_from(&picture.said);
            self.changed = true;
        }
    }

    /// Takes one turn: some audio, if there is any, and a new snapshot, if one is due. Returns
    /// whether there may be more audio.
    pub(crate) fn turn(&mut self, instance: &Instance, recognizers: &dyn Recognizers) -> bool {
        self.follow_feeds(instance, recognizers);
        self.follow_networks(instance, recognizers);
        self.follow_band(instance);
        let busy = self.listen(instance);
        self.publish_if_due(instance);
        busy
    }

    /// Takes a turn outside the worker: some audio of the tap that the worker has taken over.
    pub(crate) fn hear(&mut self, instance: &Instance) -> bool {
        self.follow_band(instance);
        let heard = self.listen(instance);
        self.publish_if_due(instance);
        heard
    }

    /// Runs the refining pass if it is due and has not run. Returns whether it ran.
    pub(crate) fn refine(&mut self) -> bool {
        let Some(stream) = &mut self.stream else {
            return false;
        };
        let (refining, heard) = heard(stream, &mut self.history, self.seat.as_ref(), &self.notes);
        refining.run(heard)
    }

    /// Adds processor time that the worker spent on this instance.
    pub(crate) fn add_load(&mut self, busy: Duration) {
        self.busy += busy;
        let window = self.load_since.elapsed();
        if window >= LOAD_WINDOW {
            self.load = self.busy.as_secs_f32() / window.as_secs_f32();
            self.busy = Duration::ZERO;
            self.load_since = Instant::now();
        }
    }

    /// Reports that the analysis has stopped because of an error, until there is another tap.
    /// Only the position in the stream is kept: the rest may be what is broken.
    pub(crate) fn fail(&mut self, instance: &Instance) {
        #[cfg(test)]
        if let Some(left) = self.planted_errors.checked_sub(1) {
            self.planted_errors = left;
            panic!("planted error");
        }
        self.failed = true;
        // The band goes on without this instance until it is switched off and on.
        if let Some(seat) = &mut self.seat {
            seat.leave();
        }
        self.current = None;
        self.own = None;
        self.frozen = None;
        self.player = Player::default();
        self.history = History::new(self.history.now_s(), 48_000.0);
        instance.live_notes.set(Notes::default());
        self.stream = None;
        self.publish(instance);
    }

    /// Goes on to the next tap once the current one is finished.
    fn follow_feeds(&mut self, instance: &Instance, recognizers: &dyn Recognizers) {
        if self
            .stream
            .as_ref()
            .is_some_and(|stream| !stream.tap.is_finished())
        {
            return;
        }
        // If a host switches back and forth, most taps have never carried a sample.
        let mut waiting = std::iter::from_fn(|| instance.next_feed());
        let Some(tap) = waiting.find(|tap| !tap.is_finished()) else {
            return;
        };
        if let Some(mut stream) = self.stream.take() {
            self.end(&mut stream, instance);
        }
        let sample_rate = tap.sample_rate();
        let networks = instance.params.networks.read().clone();
        match self.recognizer(recognizers, sample_rate, &networks) {
            Ok(recognizer) => {
                let start_s = self.history.now_s();
                self.history.rebase(start_s, sample_rate);
                self.level = Level::new(sample_rate);
                self.current = None;
                self.own = None;
                self.failed = false;
                self.stream = Some(Stream {
                    tap,
                    recognizer,
                    networks,
                    recognizer_start_s: start_s,
                    analysed: 0,
                    record_every: (RECORD_EVERY_S * sample_rate).max(1.0) as u64,
                    refining: Refining::default(),
                    ended: true,
                    silence: Silence::None,
                });
            }
            Err(_) => self.fail(instance),
        }
        self.changed = true;
    }

    /// A recognizer with the networks and settings of the instance.
    fn recognizer(
        &mut self,
        recognizers: &dyn Recognizers,
        sample_rate: f64,
        networks: &NetworkChoice,
    ) -> Result<Box<dyn Recognizer>, RecognizerError> {
        let made = recognizers.make(sample_rate, self.settings, networks)?;
        self.refused = made.refused;
        let mut recognizer = made.recognizer;
        recognizer.share(self.seat.as_ref().is_some_and(Seat::is_heard));
        Ok(recognizer)
    }

    /// Changes to the networks that the instance wants now: what was heard so far becomes
    /// final.
    fn follow_networks(&mut self, instance: &Instance, recognizers: &dyn Recognizers) {
        let wanted = instance.params.networks.read();
        let of_others = |stream: &mut Stream| stream.networks != *wanted;
        let Some(mut stream) = self.stream.take_if(of_others) else {
            return;
        };
        let networks = wanted.clone();
        drop(wanted);
        self.end(&mut stream, instance);
        match self.recognizer(recognizers, stream.tap.sample_rate(), &networks) {
            Ok(recognizer) => {
                stream.recognizer = recognizer;
                stream.recognizer_start_s = self.history.now_s();
                stream.networks = networks;
                self.stream = Some(stream);
            }
            Err(_) => self.fail(instance),
        }
        self.changed = true;
    }

    fn listen(&mut self, instance: &Instance) -> bool {
        let Some(mut stream) = self.stream.take() else {
            return false;
        };
        let room = stream.until_record().min(self.buffer.len());
        let tapped = stream.tap.read(&mut self.buffer[..room]);
        match tapped {
            Some(Tapped::Mark(mark)) => self.pass_mark(&mut stream, mark, instance),
            Some(Tapped::Samples(count)) => self.analyse(&mut stream, count, instance),
            None if stream.tap.is_paused() => self.end(&mut stream, instance),
            None => self.bear_silence(&mut stream, instance),
        }
        self.follow_picture();
        let now_s = self.history.now_s();
        let notes = self
            .player
            .notes(self.current.as_ref(), &instance.params, now_s);
        instance.live_notes.set(notes);
        stream.tap.done();
        self.stream = Some(stream);
        self.tell_host(instance);
        tapped.is_some()
    }

    fn pass_mark(&mut self, stream: &mut Stream, mark: Mark, instance: &Instance) {
        if mark.lost > 0 {
            stream.recognizer.mark_gap(mark.lost);
        }
        if let Some(settings) = mark.settings.filter(|it| *it != self.settings) {
            self.settings = settings;
            stream.recognizer.set(settings);
        }
        stream.analysed = mark.stream;
        if mark.lost > 0 {
            self.history.lose_to(mark.stream, mark.lost);
            self.gap_until_s = self.history.now_s() + GAP_SHOWN_S;
        } else {
            self.history.advance_to(mark.stream);
        }
        if mark.reset {
            self.end(stream, instance);
            self.history.write_after(mark.loads, instance.session());
            stream.recognizer_start_s = self.history.now_s();
            self.level.reset();
            self.notes.change(self.history.now_s(), NoteChange::AllOff);
            self.current = None;
        }
        self.history.set_write(self.settings.write);
        self.history.break_off(mark.epoch);
        self.player.break_off(mark.epoch, self.history.now_s());
        self.history.anchor(Anchor {
            sample: mark.stream,
            host: mark.host,
        });
        self.changed = true;
    }

    fn analyse(&mut self, stream: &mut Stream, count: usize, instance: &Instance) {
        let samples = &mut self.buffer[..count];
        for sample in samples.iter_mut() {
            // Broken samples pass through the plugin untouched, but must not poison filters.
            if !sample.is_finite() {
                *sample = 0.0;
            }
        }
        self.last_audio = Instant::now();
        self.level.push(samples);
        let start_s = stream.recognizer_start_s;
        let recognizer = &mut stream.recognizer;
        recognizer.push(samples, &mut self.history.grid_since(start_s));
        stream.analysed += count as u64;
        stream.ended = false;
        stream.silence = Silence::None;
        self.history.advance_to(stream.analysed);
        self.follow_shown(stream);
        self.follow_notes(stream);
        self.say(stream);
        for (shown, bin) in self.spectrum.iter_mut().zip(stream.recognizer.spectrum()) {
            *shown = *bin;
        }
        if stream.until_record() as u64 == stream.record_every {
            self.history.hear_silence(self.level.end_stretch());
            self.record(instance);
            let (now, rate) = (stream.analysed, stream.tap.sample_rate());
            let (refining, heard) =
                heard(stream, &mut self.history, self.seat.as_ref(), &self.notes);
            self.changed |= refining.settle(now, rate, heard, instance.session());
        }
    }

    /// Acts when no audio comes and the host has not said why.
    fn bear_silence(&mut self, stream: &mut Stream, instance: &Instance) {
        let silent = self.last_audio.elapsed();
        // What a band writes does not need this.
        if stream.ended || self.is_together() {
            return;
        }
        if silent >= IDLE_AFTER && stream.silence < Silence::Recorded {
            self.history.record_for_now(instance.session());
            stream.silence = Silence::Recorded;
        }
        if silent >= ENDED_AFTER && stream.silence < Silence::Refined {
            let (refining, heard) =
                heard(stream, &mut self.history, self.seat.as_ref(), &self.notes);
            self.changed |= refining.confirm_for_now(heard, instance.session());
            stream.silence = Silence::Refined;
        }
    }

    /// Makes all that was heard final; what follows starts afresh.
    fn end(&mut self, stream: &mut Stream, instance: &Instance) {
        if std::mem::replace(&mut stream.ended, true) {
            return;
        }
        stream.recognizer.finish();
        self.follow_shown(stream);
        self.say(stream);
        self.history.hear_silence(self.level.end_stretch());
        self.record(instance);
        let (refining, heard) = heard(stream, &mut self.history, self.seat.as_ref(), &self.notes);
        refining.settle_all(heard, instance.session());
        if let Some(seat) = &self.seat {
            seat.fall_silent();
        }
        self.history.cut();
        stream.recognizer_start_s = self.history.now_s();
        self.changed = true;
    }

    /// Takes over what the recognizer has found.
    fn follow_shown(&mut self, stream: &mut Stream) {
        while let Some(shown) = stream.recognizer.poll() {
            let starts_at_s = stream.recognizer_start_s + shown.starts_at_s;
            self.history.show(starts_at_s, &shown);
            self.own = Some(shown);
            if !self.is_together() {
                self.player.show();
                self.current.clone_from(&self.own);
                self.changed = true;
            }
        }
    }

    fn is_together(&self) -> bool {
        self.seat.as_ref().is_some_and(Seat::is_together)
    }

    /// Takes over the notes that have come in so far.
    fn follow_notes(&mut self, stream: &mut Stream) {
        // The ring is emptied even where its notes are not used.
        while let Some(note) = stream.tap.next_note(stream.analysed) {
            let at_s = self.history.second(note.stream);
            self.notes.change(at_s, note.change);
        }
    }

    /// Gives the band what was heard.
    fn say(&self, stream: &mut Stream) {
        let Some(seat) = self.seat.as_ref().filter(|seat| seat.is_heard()) else {
            return;
        };
        let frames = stream.recognizer.take_frames();
        let start_s = stream.recognizer_start_s;
        seat.say(Lane::Live, frames, start_s, &self.history, &self.notes);
    }

    /// Brings the live part of the track up to date, where no band does that.
    fn record(&mut self, instance: &Instance) {
        if self.is_together() {
            self.history.leave_unwritten();
        } else {
            self.history.record(instance.session());
        }
    }

    fn status(&self, bypassed: bool) -> Status {
        if bypassed {
            return Status::Bypassed;
        }
        if self.stream.is_none() || self.last_audio.elapsed() >= IDLE_AFTER {
            return Status::Idle;
        }
        if self.history.now_s() < self.gap_until_s {
            return Status::Gap;
        }
        if self.level.is_silent() && !self.is_together() {
            return Status::Silence;
        }
        match &self.current {
            Some(Shown {
                label: Label::Chord(_),
                confidence,
                ..
            }) => {
                if *confidence < SURE {
                    Status::Unsure
                } else {
                    Status::Recognizing
                }
            }
            Some(Shown {
                label: Label::Unknown,
                ..
            }) => Status::Unsure,
            _ => Status::Listening,
        }
    }

    /// Publishes the chord shown for the host to read: with the audio, even if no snapshot is
    /// due.
    fn tell_host(&self, instance: &Instance) {
        // A held chord stays shown.
        if instance.params.freeze.value() && !self.failed {
            return;
        }
        let shows = self.status(instance.params.bypass.value()).shows_chord();
        let current = self.current.as_ref().filter(|_| shows && !self.failed);
        let chord = current.and_then(|it| Some((it.label.chord()?, it.confidence)));
        let readout = chord.map(|(chord, confidence)| Readout::from_chord(chord, confidence));
        instance.host.readout.set(readout.unwrap_or_default());
    }

    fn publish_if_due(&mut self, instance: &Instance) {
        let since = self.last_published.elapsed();
        if instance.was_looked_at() {
            self.last_looked_at = Instant::now();
        }
        // A snapshot is also due now and then when no audio comes, to show that state.
        let due = if self.changed {
            since >= PUBLISH_EVERY
        } else {
            since >= IDLE_AFTER / 2
        };
        let listening = self.last_audio.elapsed() < PUBLISH_EVERY
            && self.last_looked_at.elapsed() < WATCHED_FOR;
        if due || (listening && since >= PUBLISH_EVERY) {
            self.publish(instance);
        }
    }

    fn publish(&mut self, instance: &Instance) {
        self.changed = false;
        self.last_published = Instant::now();
        self.tell_host(instance);
        if self.failed {
            instance.publish(Snapshot {
                status: Status::Failed,
                ..Snapshot::default()
            });
            return;
        }
        let (lag_s, confirm_lag_s, lost, sample_rate) = match &self.stream {
            Some(stream) => {
                let rate = stream.tap.sample_rate();
                let waiting_s = stream.tap.waiting() as f64 / rate;
                (
                    waiting_s + stream.recognizer.latency_s(),
                    waiting_s + stream.recognizer.refining_latency_s() + SETTLED_AFTER_S,
                    stream.tap.counters().lost(),
                    rate,
                )
            }
            None => (0.0, 0.0, 0, 0.0),
        };
        let frozen = instance.params.freeze.value();
        let mut snapshot = match (&self.frozen, frozen) {
            (Some(held), true) => held.clone(),
            _ => Snapshot {
                status: self.status(instance.params.bypass.value()),
                frozen,
                current: self.current.clone(),
                said: self.said.clone(),
                now_s: self.history.now_s(),
                spectrum: self.spectrum,
                tuning: self.stream.as_ref().and_then(|it| it.recognizer.tuning()),
                ..Snapshot::default()
            },
        };
        if !frozen {
            self.frozen = None;
        } else if self.frozen.is_none() {
            self.frozen = Some(snapshot.clone());
        }
        let moving = self.stream.is_some() && self.last_audio.elapsed() < IDLE_AFTER;
        let position = self.history.position(instance.session(), moving);
        snapshot.position = self.stream.is_some().then_some(position);
        snapshot.confirmed_to_s = self.history.confirmed_to_s(instance.session());
        if let Some(seat) = &self.seat {
            snapshot.band = seat.standing().clone();
            if let Some(picture) = seat.picture() {
                snapshot.confirmed_to_s = picture.confirmed_to_s;
            }
        }
        snapshot.refused_networks.clone_from(&self.refused);
        snapshot.lag_s = lag_s as f32;
        snapshot.confirm_lag_s = confirm_lag_s as f32;
        if self.is_together() {
            snapshot.confirm_lag_s += BandConfirmer::latency_s() as f32;
        }
        snapshot.lost = lost;
        snapshot.sample_rate = sample_rate;
        snapshot.cpu = self.load;
        instance.publish(snapshot);
    }
}
