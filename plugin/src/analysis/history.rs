//! The recent past of one instance: chords, and the host's time to place them.

use std::collections::VecDeque;

use harmony::edit::Heard;
use harmony::label::Label;
use harmony::time::Metre;
use harmony::timeline::{Alternative, MAX_ALTERNATIVES, Segment, Status};

use recognizer::beat::{BeatGrid, GridSpan};
use recognizer::refine::Refined;

use crate::recognition::Shown;
use crate::session::{Clock, Place, Session, Song};
use crate::snapshot::{LineKind, SongPosition, Strip, StripLine, StripSegment};
use changes_realtime::transport::{Anchor, HostPosition, Span, TransportMap};

/// How many bars the strip shows.
const STRIP_BARS: f64 = 8.0;

/// What the strip shows where the host tells no bars, in seconds, and the distance
/// of its lines.
const STRIP_S: f64 = 16.0;
const LINE_EVERY_S: f64 = 2.0;

/// Bounds of the strip, in seconds: very slow or very fast bars are still legible.
const STRIP_MIN_S: f64 = 4.0;
const STRIP_MAX_S: f64 = 60.0;

/// More lines than this on one strip are no help to anybody.
const LINES_MAX: usize = 64;

/// How long chords are kept, in seconds.
const KEEP_S: f64 = 2.0 * STRIP_MAX_S;

/// How far past its end a stretch of the song still has a beat, in seconds.
const BEAT_HAIR_S: f64 = 1e-3;

/// Times closer than this, in seconds, are the same.
const SAME_S: f64 = 1e-6;

/// Silence of this length counts for nothing against a chord that is in the track: shorter
/// ones lie between the notes of any song.
const SILENCE_S: f64 = 1.0;

/// A chord of the live analysis.
struct Shows {
    chord: StripSegment,
    alternatives: Vec<Alternative>,
}

/// From here on, up to the next one, the stream belongs to one pass over the song and is
/// written into the track or not.
#[derive(Clone, Copy, Debug)]
struct Stretch {
    start_s: f64,
    pass: u64,
    write: bool,
}

/// Chords in the order of the stream, in seconds since the instance was made.
pub(super) struct History {
    /// Where the present tap's stream began.
    origin_s: f64,
    sample_rate: f64,
    now_s: f64,
    map: TransportMap,
    segments: VecDeque<Shows>,
    /// Whether the last segment still grows.
    open: bool,
    /// No chord may begin before this: the analysis started afresh here.
    floor_s: f64,
    /// From here on the track does not yet say what the segments say.
    unrecorded_s: f64,
    /// Up to here the refining pass has had its say, and the live one is out of date.
    confirmed_s: f64,
    /// How many saved states the host had loaded when this was heard.
    loads: u32,
    /// In order, never empty.
    stretches: VecDeque<Stretch>,
    /// Counts breaks of the song, as the audio thread has told last.
    epoch: u8,
    /// Stretches of silence of [`SILENCE_S`] and more: start and end, in order.
    silences: VecDeque<(f64, f64)>,
    /// Where the silence began that lasts, if there is one.
    silent_since_s: Option<f64>,
    /// Up to here it is known whether there was silence.
    level_known_s: f64,
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
            stretches: VecDeque::from([Stretch {
                start_s: origin_s,
                pass: 0,
                write: true,
            }]),
            epoch: 0,
            silences: VecDeque::new(),
            silent_since_s: None,
            level_known_s: origin_s,
        }
    }

    pub(super) fn now_s(&self) -> f64 {
        self.now_s
    }

    /// Goes on with another stream, whose sample 0 lies at `origin_s`.
    pub(super) fn rebase(&mut self, origin_s: f64, sample_rate: f64) {
        self.cut();
        self.origin_s = origin_s;
        self.sample_rate = sample_rate;
        self.now_s = origin_s;
        self.unrecorded_s = origin_s;
        self.confirmed_s = origin_s;
        self.map = TransportMap::new(sample_rate);
        self.begin_pass();
        self.forget_silence();
    }

    /// Time has come to `sample` of the stream.
    pub(super) fn advance_to(&mut self, sample: u64) {
        self.now_s = self.origin_s + sample as f64 / self.sample_rate;
        if self.open
            && let Some(last) = self.segments.back_mut()
        {
            last.chord.end_s = self.now_s;
        }
        let oldest_s = self.now_s - KEEP_S;
        while self
            .segments
            .front()
            .is_some_and(|heard| heard.chord.end_s < oldest_s)
        {
            self.segments.pop_front();
        }
        while self.silences.front().is_some_and(|it| it.1 < oldest_s) {
            self.silences.pop_front();
        }
        // The first one holds up to where the next one begins.
        while self
            .stretches
            .get(1)
            .is_some_and(|it| it.start_s < oldest_s)
        {
            self.stretches.pop_front();
        }
    }

    /// Time has come to `sample` of the stream, and the `lost` samples before it were not
    /// heard.
    pub(super) fn lose_to(&mut self, sample: u64, lost: u64) {
        self.advance_to(sample.saturating_sub(lost));
        let start_s = self.now_s;
        self.cut();
        self.advance_to(sample);
        self.segments.push_back(Shows {
            chord: StripSegment {
                start_s,
                end_s: self.now_s,
                label: Label::Unknown,
                confidence: 0.0,
                confirmed: true,
            },
            alternatives: Vec::new(),
        });
        self.floor_s = self.now_s;
        self.forget_silence();
    }

    /// What is heard from now on is part of the session that `loads` loaded states have left.
    pub(super) fn write_after(&mut self, loads: u32, session: &Session) {
        if loads != self.loads {
            self.loads = loads;
            session.take_up(loads, self.now_s);
        }
    }

    /// Whether what is heard from now on is written into the track.
    pub(super) fn set_write(&mut self, write: bool) {
        let now = self.stretch();
        if write != now.write {
            self.begin(Stretch { write, ..now });
        }
    }

    /// The song broke off, or was taken up again, if `epoch` counts another break: what is
    /// heard from now on is another pass.
    pub(super) fn break_off(&mut self, epoch: u8) {
        if epoch != self.epoch {
            self.epoch = epoch;
            self.begin_pass();
        }
    }

    /// The pass that the stream belongs to there.
    fn pass_at(&self, at_s: f64) -> u64 {
        let mut there = self.stretches.iter().rev();
        let found = there.find(|it| it.start_s <= at_s + SAME_S);
        found.map_or(0, |it| it.pass)
    }

    fn begin_pass(&mut self) {
        let now = self.stretch();
        self.begin(Stretch {
            pass: now.pass + 1,
            ..now
        });
    }

    fn begin(&mut self, stretch: Stretch) {
        let start_s = self.now_s;
        let stretch = Stretch { start_s, ..stretch };
        match self.stretches.back_mut() {
            Some(last) if last.start_s >= start_s - SAME_S => *last = stretch,
            _ => self.stretches.push_back(stretch),
        }
    }

    fn stretch(&self) -> Stretch {
        self.stretches.back().copied().unwrap_or(Stretch {
            start_s: self.now_s,
            pass: 0,
            write: true,
        })
    }

    /// Says whether all was silent since this was last said.
    pub(super) fn hear_silence(&mut self, silent: bool) {
        let from_s = std::mem::replace(&mut self.level_known_s, self.now_s);
        if !silent {
            self.silent_since_s = None;
            return;
        }
        let since_s = *self.silent_since_s.get_or_insert(from_s);
        if self.now_s - since_s < SILENCE_S - SAME_S {
            return;
        }
        match self.silences.back_mut() {
            Some(last) if last.0 == since_s => last.1 = self.now_s,
            _ => {
                self.silences.push_back((since_s, self.now_s));
                // The live analysis may have taken it for a chord that goes on.
                self.unrecorded_s = self.unrecorded_s.min(since_s);
            }
        }
    }

    fn forget_silence(&mut self) {
        self.silent_since_s = None;
        self.level_known_s = self.now_s;
    }

    pub(super) fn anchor(&mut self, anchor: Anchor) {
        self.map.insert(anchor);
    }

    /// Ends the chord that is sounding; what follows starts afresh.
    pub(super) fn cut(&mut self) {
        self.open = false;
        self.floor_s = self.now_s;
    }

    /// A chord is shown from `starts_at_s` on, in the place of whatever was there.
    pub(super) fn show(&mut self, starts_at_s: f64, shown: &Shown) {
        let start_s = starts_at_s.clamp(self.floor_s, self.now_s);
        while self.segments.back().is_some_and(|last| {
            last.chord.start_s >= start_s - SAME_S && last.chord.start_s >= self.floor_s - SAME_S
        }) {
            self.segments.pop_back();
        }
        if let Some(last) = self.segments.back_mut()
            && last.chord.end_s >= start_s - SAME_S
            && last.chord.end_s > self.floor_s
        {
            last.chord.end_s = start_s;
            if last.chord.label == shown.label {
                // The same chord goes on; what is newer about it counts for all of it.
                last.chord.confidence = shown.confidence;
                last.chord.confirmed |= shown.confirmed;
                last.chord.end_s = self.now_s;
                last.alternatives = alternatives(&shown.alternatives);
                self.open = true;
                self.unrecorded_s = self.unrecorded_s.min(last.chord.start_s);
                return;
            }
        }
        self.segments.push_back(Shows {
            chord: StripSegment {
                start_s,
                end_s: self.now_s,
                label: shown.label.clone(),
                confidence: shown.confidence,
                confirmed: shown.confirmed,
            },
            alternatives: alternatives(&shown.alternatives),
        });
        self.open = true;
        self.unrecorded_s = self.unrecorded_s.min(start_s);
    }

    /// Brings the live part of the track up to now.
    pub(super) fn record(&mut self, session: &Session) {
        if self.now_s - self.unrecorded_s <= SAME_S {
            return;
        }
        let from_s = self.unrecorded_s.max(self.confirmed_s);
        self.unrecorded_s = self.now_s;
        let parts = self.parts(from_s, self.now_s);
        if !parts.is_empty() {
            session.record(self.loads, |song| {
                for (span, pass) in parts {
                    if song.takes_in(&span, self.heard_music(&span)) {
                        song.set_pass(pass);
                        song.follow(&span);
                        self.record_span(&span, song);
                    }
                }
            });
        }
    }

    /// Whether the live analysis has heard a chord there.
    fn heard_music(&self, span: &Span) -> bool {
        !self.music(span).is_empty()
    }

    /// Where in a span it has, in seconds.
    fn music(&self, span: &Span) -> Vec<(f64, f64)> {
        let within = self.segments.iter().filter_map(|heard| {
            let chord = &heard.chord;
            let from_s = chord.start_s.max(span.start_s);
            let to_s = chord.end_s.min(span.end_s);
            (chord.label.chord().is_some() && to_s - from_s > SAME_S).then_some((from_s, to_s))
        });
        let loud = |(from_s, to_s)| self.by_level(from_s, to_s);
        let parts = within.flat_map(loud);
        let loud = parts.filter(|(_, _, faint)| !faint);
        loud.map(|(from_s, to_s, _)| (from_s, to_s)).collect()
    }

    /// A stretch cut where silence begins and ends, and whether each part is silent.
    fn by_level(&self, from_s: f64, to_s: f64) -> Vec<(f64, f64, bool)> {
        let mut parts = Vec::new();
        let (mut at_s, to_s) = (from_s, to_s.max(from_s));
        for &(start_s, end_s) in &self.silences {
            let (start_s, end_s) = (start_s.clamp(at_s, to_s), end_s.clamp(at_s, to_s));
            if end_s - start_s <= SAME_S {
                continue;
            }
            if start_s - at_s > SAME_S {
                parts.push((at_s, start_s, false));
            }
            parts.push((start_s, end_s, true));
            at_s = end_s;
        }
        if to_s - at_s > SAME_S {
            parts.push((at_s, to_s, false));
        }
        parts
    }

    /// A segment of the stream with what its level says of it.
    fn with_level(&self, segment: &Segment) -> Vec<Heard> {
        let parts = self.by_level(segment.start_s, segment.end_s);
        let part = |(start_s, end_s, faint)| Heard {
            segment: Segment {
                start_s,
                end_s,
                ..segment.clone()
            },
            faint,
        };
        parts.into_iter().map(part).collect()
    }

    /// As [`Self::record`], for the time being: what is recorded later is the same whether
    /// this was called or not.
    pub(super) fn record_for_now(&mut self, session: &Session) {
        let unrecorded_s = self.unrecorded_s;
        self.record(session);
        self.unrecorded_s = unrecorded_s;
    }

    /// The host's time over a stretch of the stream, in seconds since the instance was
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

    /// The same where what was heard is written into the track, each with the pass over the
    /// song that it belongs to.
    fn parts(&self, from_s: f64, to_s: f64) -> Vec<(Span, u64)> {
        let next = self.stretches.iter().skip(1).map(|it| it.start_s);
        let ends = next.chain([f64::INFINITY]);
        let within = self
            .stretches
            .iter()
            .zip(ends)
            .flat_map(|(stretch, end_s)| {
                let spans = if stretch.write {
                    self.spans(from_s.max(stretch.start_s), to_s.min(end_s))
                } else {
                    Vec::new()
                };
                spans.into_iter().map(|span| (span, stretch.pass))
            });
        within.collect()
    }

    fn record_span(&self, span: &Span, song: &mut Song) {
        let Some(place) = song.place(span, span.start_s) else {
            return;
        };
        let segment = |heard: &Shows| {
            let chord = &heard.chord;
            let mut segment = Segment::new(chord.start_s, chord.end_s, chord.label.clone());
            segment.confidence = chord.confidence.clamp(0.0, 1.0);
            // Lost is lost; all else the refining pass may still overrule.
            if chord.label != Label::Unknown {
                segment.status = Status::Provisional;
            }
            segment.alternatives.clone_from(&heard.alternatives);
            segment
        };
        let new = self.segments.iter().map(segment);
        let new = new.filter(|it| it.end_s > span.start_s && it.start_s < span.end_s);
        let new = new.flat_map(|segment| self.with_level(&segment));
        let new: Vec<Heard> = new
            .filter_map(|heard| placed(song, &place, span, heard))
            .collect();
        let from_s = song.second(&place, span.start_s);
        let to_s = song.second(&place, span.end_s);
        song.write(from_s, to_s, new);
    }

    /// Puts what the refining pass has found into the track, except where the song has
    /// been since: what sounded last at a place of the song is what counts. Times of
    /// `refined` begin at `start_s`.
    pub(super) fn confirm(&mut self, refined: &Refined, start_s: f64, session: &Session) {
        self.confirmed_s = self.confirmed_s.max(start_s + refined.to_s);
        self.write_refined(refined, Status::Confirmed, start_s, session);
    }

    /// Puts what the refining pass would say if the stream ended here into the track, for the
    /// time being: as provisional, so that nothing confirmed is joined with it. The next
    /// [`Self::record`] writes over it what the live analysis has to say, and what is
    /// confirmed later is the same whether this was called or not.
    pub(super) fn confirm_for_now(&mut self, refined: &Refined, start_s: f64, session: &Session) {
        self.write_refined(refined, Status::Provisional, start_s, session);
        self.unrecorded_s = self.unrecorded_s.min(start_s + refined.from_s);
    }

    fn write_refined(&self, refined: &Refined, status: Status, start_s: f64, session: &Session) {
        let (from_s, to_s) = (start_s + refined.from_s, start_s + refined.to_s);
        let segments = refined.segments.iter().map(|it| {
            let mut segment = it.segment.clone();
            segment.start_s += start_s;
            segment.end_s += start_s;
            segment.confidence = segment.confidence.clamp(0.0, 1.0);
            segment.alternatives = alternatives(&it.alternatives);
            segment.status = status;
            segment
        });
        let segments: Vec<Heard> = segments.flat_map(|it| self.with_level(&it)).collect();
        let since = self.parts(to_s, self.unrecorded_s);
        let settled = self.pass_at(self.confirmed_s);
        let now = self.parts(from_s, to_s);
        session.record(self.loads, |song| {
            // Where nothing was heard since, what was heard before still counts.
            let mut covered = Covered::default();
            for (span, _) in since.iter().rev() {
                if let Some(place) = song.place(span, span.start_s) {
                    for (from_s, to_s) in self.music(span) {
                        covered.add(song.second(&place, from_s), song.second(&place, to_s));
                    }
                }
            }
            let mut written = false;
            for (span, pass) in now.iter().rev() {
                let within = |it: &&Heard| {
                    it.segment.start_s < span.end_s && it.segment.end_s > span.start_s
                };
                let music = |it: &Heard| !it.faint && it.segment.label.chord().is_some();
                if !song.takes_in(span, segments.iter().filter(within).any(music)) {
                    continue;
                }
                song.begin(span);
                song.set_pass(*pass);
                let Some(place) = song.place(span, span.start_s) else {
                    continue;
                };
                let within = segments.iter().filter(within).cloned();
                let within: Vec<Heard> = within
                    .filter_map(|heard| placed(song, &place, span, heard))
                    .collect();
                let from_s = song.second(&place, span.start_s);
                let to_s = song.second(&place, span.end_s);
                for (from_s, to_s) in covered.left_open(from_s, to_s) {
                    let inside =
                        |it: &&Heard| it.segment.start_s < to_s && it.segment.end_s > from_s;
                    written |= song.write(from_s, to_s, within.iter().filter(inside).cloned());
                }
                for heard in within.iter().filter(|it| music(it)) {
                    covered.add(heard.segment.start_s, heard.segment.end_s);
                }
            }
            if written && status == Status::Confirmed {
                song.find_keys();
            }
            song.settle(settled);
        });
    }

    /// What tells a recogniser that began at `start_s` the beats of the host's song between
    /// two of its seconds.
    pub(super) fn grid_since(&self, start_s: f64) -> impl FnMut(f64, f64) -> Option<BeatGrid> {
        move |from_s, to_s| self.grid(start_s, from_s, to_s)
    }

    fn grid(&self, start_s: f64, from_s: f64, to_s: f64) -> Option<BeatGrid> {
        let spans = self.spans(start_s + from_s, start_s + to_s);
        let spans: Vec<GridSpan> = spans
            .iter()
            .filter_map(|span| {
                let host = &span.host;
                let (numerator, denominator) = host.signature?;
                let numerator = u8::try_from(numerator).ok()?;
                let metre = Metre::new(numerator, u8::try_from(denominator).ok()?).ok()?;
                host.playing.then_some(GridSpan {
                    from_s: span.start_s - start_s,
                    // The beat on which the song stops or jumps is a beat.
                    to_s: span.end_s - start_s + BEAT_HAIR_S,
                    beat: host.beats?,
                    bpm: host.tempo_bpm?,
                    metre,
                    bar_beat: host.bar_start().unwrap_or(0.0),
                })
            })
            .collect();
        (!spans.is_empty()).then(|| BeatGrid::from_spans(&spans))
    }

    /// The second of the track up to which the present pass is confirmed.
    pub(super) fn confirmed_to_s(&self, session: &Session) -> Option<f64> {
        let at_s = self.confirmed_s - self.origin_s;
        let steady = self.map.is_steady(at_s, self.now_s - self.origin_s);
        if at_s <= 0.0 || !steady {
            return None;
        }
        let host = self.map.at(at_s)?;
        Some(session.position(&host, self.confirmed_s, true).time_s)
    }

    /// Where in the song the analysis is; `moving` says whether audio arrives.
    pub(super) fn position(&self, session: &Session, moving: bool) -> SongPosition {
        let host = self.map.at(self.now_s - self.origin_s).unwrap_or_default();
        session.position(&host, self.now_s, moving)
    }

    /// The picture of the last bars.
    pub(super) fn strip(&self, session: &Session) -> Strip {
        let host = self.map.at(self.now_s - self.origin_s).unwrap_or_default();
        let bar_s = match (
            host.playing,
            host.bar_length_beats(),
            host.tempo_bpm,
            host.beats,
        ) {
            (true, Some(length), Some(tempo), Some(_)) => Some(length * 60.0 / tempo),
            _ => None,
        };
        let window_s = match bar_s {
            Some(bar_s) => (STRIP_BARS * bar_s).clamp(STRIP_MIN_S, STRIP_MAX_S),
            None => STRIP_S,
        };
        let start_s = self.now_s - window_s;
        let segments = self
            .segments
            .iter()
            .map(|heard| &heard.chord)
            .filter(|chord| chord.end_s > start_s)
            .cloned()
            .collect();
        let lines = match bar_s {
            Some(_) => self.bar_lines(start_s),
            None => self.second_lines(start_s, session),
        };
        Strip {
            now_s: self.now_s,
            window_s,
            segments,
            lines,
        }
    }

    fn bar_lines(&self, start_s: f64) -> Vec<StripLine> {
        let from_s = (start_s - self.origin_s).max(0.0);
        let spans = self.map.spans(from_s, self.now_s - self.origin_s);
        let lines = spans.iter().flat_map(|span| bars_of(span).into_iter());
        lines
            .map(|(at_s, bar)| StripLine {
                at_s: self.origin_s + at_s,
                kind: LineKind::Bar(bar),
            })
            .take(LINES_MAX)
            .collect()
    }

    fn second_lines(&self, start_s: f64, session: &Session) -> Vec<StripLine> {
        // A track that was taken up again counts on from where it ended.
        let shift_s = match session.clock() {
            Clock::Stream => self.position(session, true).time_s - self.now_s,
            Clock::Host => 0.0,
        };
        let (start_s, now_s) = (start_s + shift_s, self.now_s + shift_s);
        let first = (start_s.max(0.0) / LINE_EVERY_S).ceil() as u32;
        let last = (now_s.max(0.0) / LINE_EVERY_S).floor() as u32;
        (first..=last)
            .map(|index| {
                let at_s = f64::from(index) * LINE_EVERY_S;
                StripLine {
                    at_s: at_s - shift_s,
                    kind: LineKind::Seconds(at_s as u32),
                }
            })
            .take(LINES_MAX)
            .collect()
    }
}

/// The part of a segment of the stream that lies in `span`, at its place in the song.
fn placed(song: &Song, place: &Place, span: &Span, mut heard: Heard) -> Option<Heard> {
    let segment = &mut heard.segment;
    let from_s = segment.start_s.max(span.start_s);
    let to_s = segment.end_s.min(span.end_s);
    if to_s - from_s <= SAME_S {
        return None;
    }
    segment.start_s = song.second(place, from_s);
    segment.end_s = song.second(place, to_s);
    Some(heard)
}

/// Stretches of the song, in seconds.
#[derive(Default)]
struct Covered(Vec<(f64, f64)>);

impl Covered {
    fn add(&mut self, from_s: f64, to_s: f64) {
        // Most stretches lie right before one that is there.
        let touching = self
            .0
            .iter_mut()
            .find(|(start_s, end_s)| to_s >= *start_s - SAME_S && from_s <= *end_s + SAME_S);
        match touching {
            Some((start_s, end_s)) => {
                *start_s = start_s.min(from_s);
                *end_s = end_s.max(to_s);
            }
            None => self.0.push((from_s, to_s)),
        }
    }

    /// What is left of a stretch.
    fn left_open(&self, from_s: f64, to_s: f64) -> Vec<(f64, f64)> {
        let mut open = vec![(from_s, to_s)];
        for &(start_s, end_s) in &self.0 {
            open = open
                .into_iter()
                .flat_map(|(from_s, to_s)| [(from_s, to_s.min(start_s)), (from_s.max(end_s), to_s)])
                .filter(|(from_s, to_s)| to_s - from_s > SAME_S)
                .collect();
        }
        open
    }
}

/// Other readings, as the track keeps them.
fn alternatives(readings: &[(Label, f32)]) -> Vec<Alternative> {
    let readings = readings.iter().take(MAX_ALTERNATIVES);
    readings
        .map(|(label, probability)| Alternative {
            label: label.clone(),
            probability: probability.clamp(0.0, 1.0),
        })
        .collect()
}

/// The bars that begin within a span: second of the stream and number from 1.
fn bars_of(span: &Span) -> Vec<(f64, Option<i32>)> {
    let host: &HostPosition = &span.host;
    let (true, Some(beats), Some(bar_start), Some(length), Some(tempo)) = (
        host.playing,
        host.beats,
        host.bar_start(),
        host.bar_length_beats(),
        host.tempo_bpm,
    ) else {
        return Vec::new();
    };
    let end_beats = beats + (span.end_s - span.start_s) * tempo / 60.0;
    // Bars count from the one that is sounding; a hair before its line is on it.
    let first = ((beats - bar_start) / length - 1e-4).ceil() as i64;
    (first..)
        .take(LINES_MAX)
        .map(|bar| (bar, bar_start + bar as f64 * length))
        .take_while(|(_, at)| *at < end_beats)
        .map(|(bar, at)| {
            let at_s = span.start_s + (at - beats) * 60.0 / tempo;
            let number = host
                .bar_number
                .map(|now| now.saturating_add(bar as i32 + 1));
            (at_s, number)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use recognizer::beat::Place;
    use recognizer::refine::RefinedSegment;

    use super::*;

    const RATE: f64 = 1000.0;

    fn rolling(beats: f64) -> HostPosition {
        HostPosition {
            playing: true,
            tempo_bpm: Some(120.0),
            signature: Some((4, 4)),
            samples: None,
            seconds: Some(beats / 2.0),
            beats: Some(beats),
            bar_start_beats: Some((beats / 4.0).floor() * 4.0),
            bar_number: Some((beats / 4.0).floor() as i32),
            loop_beats: None,
        }
    }

    fn shown(label: &str) -> Shown {
        Shown {
            starts_at_s: 0.0,
            label: label.parse().unwrap(),
            confirmed: true,
            confidence: 0.9,
            alternatives: Vec::new(),
        }
    }

    fn labels(session: &Session) -> Vec<(f64, f64, String)> {
        let round = |value: f64| (value * 1000.0).round() / 1000.0;
        let track = session.track();
        let of = |it: &Segment| (round(it.start_s), round(it.end_s), it.label.to_string());
        track.timeline().segments().iter().map(of).collect()
    }

    #[test]
    fn a_correction_rewrites_the_past() {
        let mut history = History::new(0.0, RATE);
        let track = Session::default();
        history.anchor(Anchor {
            sample: 0,
            host: HostPosition::default(),
        });
        history.advance_to(1000);
        history.show(0.0, &shown("N"));
        history.show(0.2, &shown("C:maj"));
        history.record(&track);
        history.advance_to(2000);
        history.record(&track);
        assert_eq!(
            labels(&track),
            [(0.0, 0.2, "N".into()), (0.2, 2.0, "C:maj".into())]
        );
        history.show(1.5, &shown("A:min"));
        history.show(1.2, &shown("F:maj"));
        history.record(&track);
        assert_eq!(
            labels(&track),
            [
                (0.0, 0.2, "N".into()),
                (0.2, 1.2, "C:maj".into()),
                (1.2, 2.0, "F:maj".into())
            ]
        );
    }

    #[test]
    fn the_track_goes_by_the_song_once_it_rolls() {
        let mut history = History::new(0.0, RATE);
        let track = Session::default();
        history.anchor(Anchor {
            sample: 0,
            host: HostPosition::default(),
        });
        history.show(0.0, &shown("C:maj"));
        history.advance_to(1000);
        history.record(&track);
        assert_eq!(track.clock(), Clock::Stream);
        history.anchor(Anchor {
            sample: 1000,
            host: rolling(8.0),
        });
        history.advance_to(2000);
        history.record(&track);
        assert_eq!(track.clock(), Clock::Host);
        assert_eq!(labels(&track), [(4.0, 5.0, "C:maj".into())]);
        assert_eq!(track.track().timeline().segments()[0].end_beat, Some(10.0));
        // The loop comes round with another chord.
        history.anchor(Anchor {
            sample: 2000,
            host: rolling(8.0),
        });
        history.advance_to(2500);
        history.show(2.0, &shown("G:7"));
        history.record(&track);
        assert_eq!(
            labels(&track),
            [(4.0, 4.5, "G:7".into()), (4.5, 5.0, "C:maj".into())]
        );
    }

    fn refined(from_s: f64, to_s: f64, chords: &[(f64, f64, &str)]) -> Refined {
        let segments = chords
            .iter()
            .map(|&(start_s, end_s, label)| RefinedSegment {
                segment: Segment::new(start_s, end_s, label.parse().unwrap()),
                alternatives: vec![("G:7".parse().unwrap(), 0.2)],
                continues: false,
            });
        Refined {
            from_s,
            to_s,
            segments: segments.collect(),
        }
    }

    #[test]
    fn what_is_confirmed_replaces_what_was_shown_and_stays() {
        let mut history = History::new(0.0, RATE);
        let track = Session::default();
        history.anchor(Anchor {
            sample: 0,
            host: rolling(0.0),
        });
        history.show(0.0, &shown("C:maj"));
        history.advance_to(3000);
        history.record(&track);
        assert_eq!(history.confirmed_to_s(&track), None);
        let chords = [(0.0, 1.5, "C:maj7"), (1.5, 2.0, "A:min")];
        history.confirm(&refined(0.0, 2.0, &chords), 0.0, &track);
        assert_eq!(history.confirmed_to_s(&track), Some(2.0));
        // The live analysis changes its mind about all of it, too late.
        history.show(0.5, &shown("F:maj"));
        history.advance_to(4000);
        history.record(&track);
        assert_eq!(
            labels(&track),
            [
                (0.0, 1.5, "C:maj7".into()),
                (1.5, 2.0, "A:min".into()),
                (2.0, 4.0, "F:maj".into())
            ]
        );
        let track = track.track();
        let segments = track.timeline().segments();
        assert_eq!(segments[0].alternatives.len(), 1);
        assert_eq!(segments[1].status, Status::Confirmed);
        assert_eq!(segments[2].status, Status::Provisional);
        assert_eq!(track.keys().len(), 1);
    }

    #[test]
    fn in_a_short_loop_the_latest_pass_counts() {
        let mut history = History::new(0.0, RATE);
        let track = Session::default();
        // Beats 0 to 4 twice, then half of them.
        for (pass, label) in ["C:maj", "F:maj", "G:maj"].into_iter().enumerate() {
            let pass = pass as u64;
            history.anchor(Anchor {
                sample: 2000 * pass,
                host: rolling(0.0),
            });
            history.advance_to(2000 * pass);
            history.show(2.0 * pass as f64, &shown(label));
            history.advance_to(2000 * pass + if pass == 2 { 1000 } else { 2000 });
            history.record(&track);
        }
        // What the refining pass says of the first two comes after that.
        let chords = [(0.0, 2.0, "C:maj"), (2.0, 4.0, "F:min")];
        history.confirm(&refined(0.0, 4.0, &chords), 0.0, &track);
        assert_eq!(
            labels(&track),
            [(0.0, 1.0, "G:maj".into()), (1.0, 2.0, "F:min".into())]
        );
        // Of the third pass nothing is confirmed but its start.
        assert_eq!(history.confirmed_to_s(&track), Some(0.0));
    }

    /// A song of eight beats on C, confirmed, and what listens to it from second 0 on.
    fn over_a_confirmed_track() -> (History, Session) {
        let track = Session::default();
        track.load(
            r#"{"version": 1, "clock": "host", "segments": [{"start_s": 0.0, "end_s": 4.0,
            "start_beat": 0.0, "end_beat": 8.0, "label": "C:maj", "confidence": 0.9,
            "confirmed": true}]}"#,
        );
        let mut history = History::new(0.0, RATE);
        history.write_after(track.loads(), &track);
        history.break_off(1);
        history.anchor(Anchor {
            sample: 0,
            host: rolling(0.0),
        });
        (history, track)
    }

    #[test]
    fn what_is_heard_while_write_is_off_is_shown_and_not_written() {
        let (mut history, track) = over_a_confirmed_track();
        let before = track.track();
        history.set_write(false);
        history.show(0.0, &shown("G:7"));
        for tenth in 1..=20 {
            history.advance_to(100 * tenth);
            history.record(&track);
        }
        // Switched on in the middle of a chord.
        history.set_write(true);
        history.advance_to(3000);
        history.record(&track);
        history.confirm(&refined(0.0, 1.0, &[(0.0, 1.0, "A:min")]), 0.0, &track);
        assert_eq!(
            labels(&track),
            [
                (0.0, 2.0, "C:maj".into()),
                (2.0, 3.0, "G:7".into()),
                (3.0, 4.0, "C:maj".into())
            ]
        );
        // What was heard before stays out of the track when it is refined later, and what was
        // heard since goes in, though the switch is off again.
        history.set_write(false);
        history.advance_to(4000);
        history.record(&track);
        let chords = [(1.0, 2.5, "A:min"), (2.5, 4.0, "B:min")];
        history.confirm(&refined(1.0, 4.0, &chords), 0.0, &track);
        assert_eq!(
            labels(&track),
            [
                (0.0, 2.0, "C:maj".into()),
                (2.0, 2.5, "A:min".into()),
                (2.5, 3.0, "B:min".into()),
                (3.0, 4.0, "C:maj".into())
            ]
        );
        assert_eq!(history.strip(&track).segments.len(), 1);
        assert!(track.undo());
        let after = track.track();
        assert_eq!(after.timeline(), before.timeline());
    }

    #[test]
    fn with_write_off_not_even_the_songs_tempo_is_taken_over() {
        let (mut history, track) = over_a_confirmed_track();
        let before = track.save().unwrap();
        history.set_write(false);
        let mut slower = rolling(0.0);
        slower.tempo_bpm = Some(60.0);
        slower.signature = Some((3, 4));
        history.anchor(Anchor {
            sample: 0,
            host: slower,
        });
        history.show(0.0, &shown("G:7"));
        history.advance_to(3000);
        history.record(&track);
        history.confirm(&refined(0.0, 2.0, &[(0.0, 2.0, "A:min")]), 0.0, &track);
        history.confirm_for_now(&refined(2.0, 3.0, &[(2.0, 3.0, "A:min")]), 0.0, &track);
        assert_eq!(track.save().unwrap(), before);
        // The playhead is where the host is, on the beats of the track.
        assert_eq!(history.position(&track, true).time_s, 1.5);
    }

    #[test]
    fn near_silence_says_nothing_against_a_confirmed_chord() {
        let (mut history, track) = over_a_confirmed_track();
        let before = track.track();
        history.show(0.0, &shown("C:maj"));
        history.advance_to(500);
        history.hear_silence(false);
        history.record(&track);
        // The display takes hum for a chord.
        history.show(0.5, &shown("G:7"));
        for tenth in 6..=30 {
            history.advance_to(100 * tenth);
            history.hear_silence(true);
            history.record(&track);
        }
        assert_eq!(
            labels(&track),
            [(0.0, 0.5, "C:maj".into()), (0.5, 4.0, "C:maj".into())]
        );
        let chords = [(0.0, 0.5, "C:maj"), (0.5, 3.0, "G:7")];
        history.confirm(&refined(0.0, 3.0, &chords), 0.0, &track);
        assert_eq!(labels(&track), [(0.0, 4.0, "C:maj".into())]);
        assert!(!track.can_undo());
        assert_eq!(track.track().timeline().len(), before.timeline().len());
        // A rest of half a second between two notes is no silence.
        let (mut history, track) = over_a_confirmed_track();
        history.show(0.0, &shown("G:7"));
        for tenth in 1..=20 {
            history.advance_to(100 * tenth);
            history.hear_silence((5..10).contains(&tenth));
            history.record(&track);
        }
        assert_eq!(labels(&track)[0], (0.0, 2.0, "G:7".into()));
    }

    #[test]
    fn each_pass_is_taken_back_by_itself() {
        let (mut history, track) = over_a_confirmed_track();
        let before = track.track();
        for (pass, label) in ["F:maj", "G:maj"].into_iter().enumerate() {
            let sample = 4000 * pass as u64;
            history.advance_to(sample);
            history.break_off(2 + pass as u8);
            history.anchor(Anchor {
                sample,
                host: rolling(0.0),
            });
            history.show(4.0 * pass as f64, &shown(label));
            for tenth in 1..=40 {
                history.advance_to(sample + 100 * tenth);
                history.record(&track);
                // The end of the first pass is confirmed in the second.
                if pass == 1 && tenth == 10 {
                    let chords = [(0.0, 4.0, "F:min")];
                    history.confirm(&refined(0.0, 4.0, &chords), 0.0, &track);
                }
            }
        }
        history.confirm(&refined(4.0, 8.0, &[(4.0, 8.0, "G:7")]), 0.0, &track);
        assert_eq!(labels(&track), [(0.0, 4.0, "G:7".into())]);
        assert!(track.undo());
        assert_eq!(
            labels(&track),
            [(0.0, 1.0, "F:maj".into()), (1.0, 4.0, "F:min".into())]
        );
        assert!(track.undo());
        assert_eq!(track.track().timeline(), before.timeline());
        assert!(!track.can_undo());
    }

    #[test]
    fn a_loop_that_falls_silent_leaves_what_it_played() {
        let mut history = History::new(0.0, RATE);
        let track = Session::default();
        for (pass, label) in ["F:maj", "N"].into_iter().enumerate() {
            let sample = 2000 * pass as u64;
            history.advance_to(sample);
            history.break_off(1 + pass as u8);
            history.anchor(Anchor {
                sample,
                host: rolling(0.0),
            });
            history.show(2.0 * pass as f64, &shown(label));
            history.advance_to(sample + 2000);
            history.record(&track);
        }
        let chords = [(0.0, 2.0, "F:maj"), (2.0, 4.0, "N")];
        history.confirm(&refined(0.0, 4.0, &chords), 0.0, &track);
        assert_eq!(labels(&track), [(0.0, 2.0, "F:maj".into())]);
    }

    #[test]
    fn lost_audio_is_marked_where_it_was() {
        let mut history = History::new(0.0, RATE);
        let track = Session::default();
        history.anchor(Anchor {
            sample: 0,
            host: rolling(0.0),
        });
        history.show(0.0, &shown("C:maj"));
        history.advance_to(1000);
        history.lose_to(1600, 500);
        history.advance_to(1700);
        history.show(1.6, &shown("F:maj"));
        history.advance_to(2000);
        history.record(&track);
        assert_eq!(
            labels(&track),
            [
                (0.0, 1.1, "C:maj".into()),
                (1.1, 1.6, "X".into()),
                (1.6, 2.0, "F:maj".into())
            ]
        );
        let track = track.track();
        let lost = &track.timeline().segments()[1];
        assert_eq!((lost.status, lost.confidence), (Status::Confirmed, 0.0));
    }

    #[test]
    fn the_grid_is_the_hosts_in_the_recognisers_seconds() {
        let mut history = History::new(10.0, RATE);
        history.anchor(Anchor {
            sample: 0,
            host: rolling(2.0),
        });
        history.advance_to(4000);
        // The recogniser began a second after the stream.
        let grid = history.grid_since(11.0)(0.0, 2.0).unwrap();
        let downbeats = grid.positions().iter();
        let downbeats = downbeats.filter(|it| it.place == Place::Downbeat);
        let times: Vec<f64> = downbeats.map(|it| it.time_s).collect();
        assert_eq!(times, [0.0, 2.0]);
        history.anchor(Anchor {
            sample: 4000,
            host: HostPosition::default(),
        });
        history.advance_to(8000);
        assert!(history.grid_since(11.0)(4.0, 6.0).is_none());
    }

    #[test]
    fn bar_lines_follow_the_host() {
        let mut history = History::new(0.0, RATE);
        history.anchor(Anchor {
            sample: 0,
            host: rolling(2.0),
        });
        history.advance_to(6000);
        let strip = history.strip(&Session::default());
        assert_eq!(strip.window_s, 16.0);
        let lines: Vec<_> = strip
            .lines
            .iter()
            .map(|line| (line.at_s, line.kind))
            .collect();
        assert_eq!(
            lines,
            [
                (1.0, LineKind::Bar(Some(2))),
                (3.0, LineKind::Bar(Some(3))),
                (5.0, LineKind::Bar(Some(4)))
            ]
        );
    }

    #[test]
    fn seconds_stand_in_where_there_is_no_transport() {
        let mut history = History::new(0.0, RATE);
        history.anchor(Anchor {
            sample: 0,
            host: HostPosition::default(),
        });
        history.advance_to(5000);
        let kinds: Vec<_> = history
            .strip(&Session::default())
            .lines
            .iter()
            .map(|line| line.kind)
            .collect();
        assert_eq!(
            kinds,
            [
                LineKind::Seconds(0),
                LineKind::Seconds(2),
                LineKind::Seconds(4)
            ]
        );
    }

    #[test]
    fn nothing_is_shown_before_a_cut() {
        let mut history = History::new(0.0, RATE);
        history.advance_to(1000);
        history.show(0.0, &shown("C:maj"));
        history.advance_to(2000);
        history.cut();
        history.advance_to(3000);
        history.show(0.5, &shown("D:min"));
        let strip = history.strip(&Session::default());
        let spans: Vec<_> = strip
            .segments
            .iter()
            .map(|it| (it.start_s, it.end_s))
            .collect();
        assert_eq!(spans, [(0.0, 2.0), (2.0, 3.0)]);
    }
}
