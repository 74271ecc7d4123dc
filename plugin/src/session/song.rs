//! Writing the track: what was heard is placed where the host's song was.

use harmony::edit::{Command, EditError, Editor, Heard, MIN_SEGMENT_S};
use harmony::time::{Meter, MeterChange, MeterMap, TempoMap, TempoPoint, Thinning};
use harmony::timeline::{Segment, TimelineError};
use harmony::track::{Keep, Track};

use super::Clock;
use crate::snapshot::SongPosition;
use changes_realtime::transport::{HostPosition, Span};

/// The host's seconds and the track's may differ by this much before the tempo map counts as
/// wrong: hosts report whole samples, or single precision.
const SAME_S: f64 = 3e-3;

/// Boundaries closer than this, in seconds, are one.
const HAIR_S: f64 = 2.0 * SAME_S;

/// Times this close to the edge of a stretch, in seconds, are on it.
const EDGE_S: f64 = 1e-6;

/// How far what was heard may differ from the bounds of a locked chord and still mean the
/// same, in seconds.
const LEFTOVER_S: f64 = 0.15;

/// Beats closer than this, in quarter notes, are the same.
const SAME_BEATS: f64 = 1e-3;

/// Tempos that differ by less than this share are equal.
const SAME_TEMPO: f64 = 1e-4;

/// Where a tempo glides or jitters, the tempo map keeps the beats to within this many seconds,
/// so that no beat differs from the reported length by more than a millisecond.
const THINNED_S: f64 = 5e-4;

/// A tempo map with more points than this is thinned out further: no song needs them, and they
/// are saved with the host's project.
const MOST_POINTS: usize = 4096;

/// Where an edited tempo differs from the map, the point where it begins is searched for so
/// many beats back.
const BEND_BEATS: f64 = 8.0;

/// How a part of the stream lies in the song.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Place {
    /// The host reports only seconds, or there is no host: the two clocks run alike.
    Seconds {
        /// Start of the part, in seconds of the stream.
        stream_s: f64,
        /// The second of the track there.
        time_s: f64,
    },
    /// The host reports beats, which take precedence over its seconds: they stay when it
    /// changes its tempo.
    Beats {
        /// Start of the part, in seconds of the stream.
        stream_s: f64,
        /// The beat there.
        beat: f64,
        /// Quarter notes a minute.
        bpm: f64,
    },
}

/// The place of a song from a file in a track that goes by the stream: what is heard from then on
/// comes after it.
#[derive(Clone, Copy)]
struct Room {
    /// The second of the stream at that time.
    stream_s: f64,
    /// By how many seconds of the track everything heard since is later.
    by_s: f64,
}

/// The track of a session with its edits, and its clock.
#[derive(Default)]
pub(crate) struct Song {
    editor: Editor,
    clock: Clock,
    /// The pass over the song being written; see [`Editor::hear`].
    pass: u64,
    /// The first pass of the current writer, whose passes count from 0, and the latest pass of
    /// all.
    first_pass: u64,
    latest_pass: u64,
    /// Second of the stream at which a track that goes by it was taken up; what is heard since
    /// comes after what it had. `None` until that is known.
    taken_up_s: Option<f64>,
    /// The end of the track at that time.
    end_s: f64,
    /// Songs from files put in since, in order.
    rooms: Vec<Room>,
    /// Something was written up to this second of the stream.
    heard_to_s: f64,
    /// Whether the chords of a track that goes by the stream come from a file: its seconds then
    /// count like those of the host's song.
    is_of_file: bool,
    /// Whether anything was written since [`Self::take_written`].
    written: bool,
    /// Whether chords were set aside when the host's song began, since
    /// [`Self::take_set_aside`].
    set_aside: bool,
    /// Whether anything was left out because the track is full.
    full: bool,
    /// Whether [`Self::take_full`] has reported that.
    full_told: bool,
    /// What is known of the end of the tempo map, where it follows the host.
    thinning: Thinning,
}

impl Song {
    pub(super) fn new(clock: Clock, mut track: Track) -> Self {
        // Before version 0.1.0 a gliding tempo left a point for each block of the host.
        if track.tempo().points().len() > MOST_POINTS {
            let thinned = track.tempo().thinned(MOST_POINTS, THINNED_S);
            // Refused only if something would move before second 0: then the map stays as it
            // is.
            let _ = track.set_tempo(thinned, Keep::Beats);
        }
        Self {
            end_s: track.timeline().end_s().unwrap_or(0.0),
            editor: Editor::new(track),
            clock,
            written: true,
            ..Self::default()
        }
    }

    /// What is heard from `stream_s` of the stream on goes into this track. One that goes by
    /// the stream keeps its past: new material comes after its end.
    pub(super) fn take_up(&mut self, stream_s: f64) {
        self.taken_up_s = Some(stream_s);
    }

    /// The second of a track that goes by the stream.
    fn of_stream(&self, stream_s: f64) -> f64 {
        let time_s = match self.taken_up_s {
            _ if self.end_s <= 0.0 => stream_s,
            Some(taken_up_s) => self.end_s + (stream_s - taken_up_s).max(0.0),
            // Nothing was heard for it yet.
            None => self.end_s,
        };
        let before = self.rooms.iter().filter(|it| it.stream_s <= stream_s);
        time_s + before.map(|it| it.by_s).sum::<f64>()
    }

    /// Carries out an edit that adds chords from a file.
    pub(super) fn put_in(&mut self, command: &Command) -> Result<(), EditError> {
        let was_empty = !self.has_chords();
        self.editor.apply(command)?;
        if self.clock == Clock::Stream {
            self.is_of_file |= was_empty;
            self.make_room();
        }
        Ok(())
    }

    /// What is heard from now on comes after the end of a track that goes by the stream.
    pub(super) fn make_room(&mut self) {
        let now_s = self.of_stream(self.heard_to_s);
        let end_s = self.track().timeline().end_s().unwrap_or(0.0);
        if self.clock == Clock::Stream && end_s - now_s > SAME_S {
            self.rooms.push(Room {
                stream_s: self.heard_to_s,
                by_s: end_s - now_s,
            });
        }
    }

    /// Removes the room of songs that were undone, where nothing was heard after them yet.
    pub(super) fn close_rooms(&mut self) {
        let end_s = self.track().timeline().end_s().unwrap_or(0.0);
        while let Some(room) = self.rooms.pop() {
            if end_s > self.of_stream(room.stream_s) + SAME_S {
                self.rooms.push(room);
                return;
            }
        }
    }

    /// The parts of a part of the stream between the places where songs from files were put
    /// in.
    pub(crate) fn unbroken(&self, span: &Span) -> Vec<Span> {
        let mut parts = vec![*span];
        if self.clock == Clock::Host {
            return parts;
        }
        for room in &self.rooms {
            let Some(last) = parts.last_mut() else { break };
            if last.start_s < room.stream_s && room.stream_s < last.end_s {
                let after = Span {
                    start_s: room.stream_s,
                    ..*last
                };
                last.end_s = room.stream_s;
                parts.push(after);
            }
        }
        parts
    }

    /// Starts anew on the clock of a host that stands still, at its tempo.
    pub(super) fn begin_at(&mut self, bpm: f64) {
        if self.clock == Clock::Stream {
            self.start(&HostPosition {
                tempo_bpm: Some(bpm),
                seconds: Some(0.0),
                beats: Some(0.0),
                ..HostPosition::default()
            });
        }
    }

    fn has_chords(&self) -> bool {
        let mut segments = self.track().timeline().segments().iter();
        segments.any(|it| it.label.chord().is_some())
    }

    /// Sets the pass over the song in which everything from now on was heard. Later passes
    /// have greater numbers.
    pub(crate) fn set_pass(&mut self, pass: u64) {
        self.pass = self.first_pass + pass;
        self.latest_pass = self.latest_pass.max(self.pass);
    }

    /// Changes the writer: the new one's passes are later than all so far.
    pub(crate) fn change_writer(&mut self) {
        self.first_pass = self.latest_pass + 1;
    }

    /// Whether anything was written since the last call.
    pub(super) fn take_written(&mut self) -> bool {
        std::mem::take(&mut self.written)
    }

    /// Whether chords were set aside since the last call.
    pub(super) fn take_set_aside(&mut self) -> bool {
        std::mem::take(&mut self.set_aside)
    }

    /// Whether anything was left out because the track is full; true once.
    pub(super) fn take_full(&mut self) -> bool {
        self.full && !std::mem::replace(&mut self.full_told, self.full)
    }

    /// Starts anew on the host's clock, if this part is the first of its song.
    pub(crate) fn begin(&mut self, span: &Span) {
        if self.clock == Clock::Stream && span.host.is_in_song() {
            self.start(&span.host);
        }
    }

    /// Whether a part of the host's song may be taken into the track: only music sets aside
    /// chords that were heard before the song began.
    pub(crate) fn takes_in(&self, span: &Span, heard_music: bool) -> bool {
        let begins = self.clock == Clock::Stream && span.host.is_in_song();
        !begins || heard_music || !self.has_chords()
    }

    pub(crate) fn clock(&self) -> Clock {
        self.clock
    }

    pub(crate) fn track(&self) -> &Track {
        self.editor.track()
    }

    pub(super) fn editor(&self) -> &Editor {
        &self.editor
    }

    pub(super) fn editor_mut(&mut self) -> &mut Editor {
        &mut self.editor
    }

    /// Starts anew on the host's clock. What was heard before has no place among the bars of the
    /// song, so it goes; an undo puts it back at its seconds. The chords of a file stay at their
    /// seconds, which are the song's.
    fn start(&mut self, host: &HostPosition) {
        self.clock = Clock::Host;
        self.written = true;
        self.set_aside |= !self.is_of_file && self.has_chords();
        if let (Some(beat), Some(bpm)) = (host.beats, host.tempo_bpm) {
            let time_s = host.seconds.unwrap_or(beat * 60.0 / bpm);
            let thinning = &mut Thinning::default();
            let map = observed(
                self.editor.track().tempo(),
                beat,
                time_s,
                bpm,
                false,
                thinning,
            );
            if let Some(map) = map {
                // Now, so that what an undo brings back keeps its seconds. This cannot be
                // refused.
                let _ = self.editor.set_tempo(map, Keep::Seconds);
            }
        }
        self.editor.track_mut().set_meters(MeterMap::default());
        if !self.is_of_file {
            // This cannot be refused.
            let _ = self.editor.apply(&Command::Clear);
        }
    }

    /// Takes over the host's tempo and meter over a part of the stream, and starts anew if its
    /// transport rolls for the first time.
    pub(crate) fn follow(&mut self, span: &Span) {
        self.heard_to_s = self.heard_to_s.max(span.end_s);
        let host = &span.host;
        if !host.is_in_song() {
            return;
        }
        // From now on the song's own time counts.
        self.begin(span);
        let duration_s = span.end_s - span.start_s;
        self.follow_tempo(host, duration_s);
        self.follow_meter(host, duration_s);
    }

    /// Ends all passes before this one: nothing more will be written of them.
    pub(crate) fn settle(&mut self, pass: u64) {
        self.editor.settle(self.first_pass + pass);
    }

    /// The place in the track for the part of the stream that begins at `stream_s` of the
    /// stream's own clock. `None` if there is none: the song stands still.
    pub(crate) fn place(&self, span: &Span, stream_s: f64) -> Option<Place> {
        let host = &span.host;
        match (self.clock, host.is_in_song()) {
            (Clock::Stream, false) => Some(Place::Seconds {
                stream_s,
                time_s: self.of_stream(stream_s),
            }),
            (Clock::Host, true) => match (host.beats, host.tempo_bpm, host.seconds) {
                (Some(beat), Some(bpm), _) => Some(Place::Beats {
                    stream_s,
                    beat,
                    bpm,
                }),
                (_, _, Some(time_s)) => Some(Place::Seconds { stream_s, time_s }),
                (Some(beat), None, None) => Some(Place::Seconds {
                    stream_s,
                    time_s: self.track().tempo().time_at(beat),
                }),
                (None, _, None) => None,
            },
            _ => None,
        }
    }

    /// The second of the track at `stream_s` of the stream.
    pub(crate) fn second(&self, place: &Place, stream_s: f64) -> f64 {
        match *place {
            Place::Seconds {
                stream_s: from_s,
                time_s,
            } => time_s + stream_s - from_s,
            Place::Beats {
                stream_s: from_s,
                beat,
                bpm,
            } => {
                let beat = beat + (stream_s - from_s) * bpm / 60.0;
                self.track().tempo().time_at(beat)
            }
        }
    }

    /// The position in the host's song; see [`SongPosition`].
    pub(super) fn position(
        &self,
        host: &HostPosition,
        stream_s: f64,
        moving: bool,
    ) -> SongPosition {
        if self.clock == Clock::Stream {
            return SongPosition {
                time_s: self.of_stream(stream_s),
                beat: None,
                playing: moving,
                bar_number: None,
                tempo_bpm: host.tempo_bpm,
                meter: None,
            };
        }
        let track = self.track();
        let of_beat = host.beats.map(|beat| track.tempo().time_at(beat));
        let bar = |beat| track.meters().bar_at(beat);
        SongPosition {
            time_s: of_beat.or(host.seconds).unwrap_or(stream_s),
            beat: host.beats,
            playing: host.playing && moving,
            bar_number: match host.bar_number {
                Some(number) => Some(i64::from(number) + 1),
                None => host.beats.map(|beat| bar(beat).number),
            },
            tempo_bpm: host.tempo_bpm,
            meter: host.beats.map(|beat| bar(beat).meter),
        }
    }

    /// Replaces `from_s` … `to_s` of the track by what was heard; the song begins at second 0,
    /// and anything earlier is left out. Confirmed chords give way only to chords: see
    /// [`Editor::hear`]. Returns whether anything was written.
    pub(crate) fn write<H: Into<Heard>>(
        &mut self,
        from_s: f64,
        to_s: f64,
        heard: impl IntoIterator<Item = H>,
    ) -> bool {
        let asked = (from_s.max(0.0), to_s);
        let (from_s, to_s) = self.widened(asked.0, asked.1);
        // A chord that reaches over the edge of the range, or to it, is moved to where the edge
        // is now; a change slightly further in stays one.
        let ends = |time_s: f64| match time_s {
            _ if time_s <= asked.0 + EDGE_S => from_s,
            _ if time_s >= asked.1 - EDGE_S => to_s,
            _ => time_s.clamp(from_s, to_s.max(from_s)),
        };
        let within = heard.into_iter().filter_map(|heard| {
            let mut heard: Heard = heard.into();
            let segment = &mut heard.segment;
            segment.start_s = ends(segment.start_s);
            segment.end_s = ends(segment.end_s);
            (segment.end_s > segment.start_s).then_some(heard)
        });
        let written = self.put(from_s, to_s, within.collect());
        if written {
            self.tidy_locked(from_s, to_s);
        }
        written
    }

    fn put(&mut self, from_s: f64, to_s: f64, heard: Vec<Heard>) -> bool {
        match self.editor.hear(self.pass, from_s, to_s, heard) {
            Ok(written) => {
                self.written |= written;
                written
            }
            Err(TimelineError::Full { .. }) => {
                self.full = true;
                false
            }
            // Otherwise refused are only empty ranges, which are possible: there is nothing to
            // write.
            Err(_) => false,
        }
    }

    /// Where a locked chord ends slightly before or after what was heard, the lock is right:
    /// the rest of the same chord beside it goes to the other neighbour.
    fn tidy_locked(&mut self, from_s: f64, to_s: f64) {
        let around = self
            .track()
            .timeline()
            .range(from_s - LEFTOVER_S, to_s + LEFTOVER_S)
            .to_vec();
        for three in around.windows(3) {
            let [before, between, after] = three else {
                continue;
            };
            let (locked, other) = match (before.locked, after.locked) {
                (true, false) => (before, after),
                (false, true) => (after, before),
                _ => continue,
            };
            let length_s = between.duration_s();
            let same = between.label == locked.label && length_s < LEFTOVER_S;
            if !between.locked && (same || length_s < MIN_SEGMENT_S) {
                let (start_s, end_s) = (between.start_s, between.end_s);
                let filled = Segment {
                    start_s,
                    end_s,
                    start_beat: None,
                    end_beat: None,
                    ..other.clone()
                };
                self.put(start_s, end_s, vec![filled.into()]);
            }
        }
    }

    /// A range extended to the boundaries between chords that lie slightly outside it: parts
    /// that follow each other in the stream follow each other in the song, though the tempo map
    /// places them slightly differently while it is being learned. The range never shrinks,
    /// which would leave remains of the old chords.
    fn widened(&self, from_s: f64, to_s: f64) -> (f64, f64) {
        let boundaries = |from_s: f64, to_s: f64| {
            let around = self.track().timeline().range(from_s, to_s).iter();
            let boundaries = around.flat_map(|it| [it.start_s, it.end_s]);
            boundaries.filter(move |it| (from_s..=to_s).contains(it))
        };
        let before = boundaries(from_s - HAIR_S, from_s);
        let after = boundaries(to_s, to_s + HAIR_S);
        (
            before.max_by(f64::total_cmp).unwrap_or(from_s),
            after.min_by(f64::total_cmp).unwrap_or(to_s),
        )
    }

    /// Estimates the keys again from the final chords.
    pub(crate) fn find_keys(&mut self) {
        self.written = true;
        // Refused only for more modulations than any music has; the keys then stay.
        let _ = self.editor.track_mut().estimate_keys_of_confirmed();
    }

    /// Makes the tempo map agree with the host over the next `duration_s` seconds. Chords stay
    /// on their beats: the host plays the same bars at another tempo.
    fn follow_tempo(&mut self, host: &HostPosition, duration_s: f64) {
        let (Some(beat), Some(bpm)) = (host.beats, host.tempo_bpm) else {
            return;
        };
        let map = self.editor.track().tempo();
        let time_s = host.seconds.unwrap_or_else(|| map.time_at(beat));
        let end = beat + duration_s * bpm / 60.0;
        let near = |beat: f64, time_s: f64| (map.time_at(beat) - time_s).abs() <= SAME_S;
        let on_place = near(beat, time_s);
        let same_tempo = |at: f64| (map.bpm_at(at) / bpm - 1.0).abs() <= SAME_TEMPO;
        // Between points only positions count, and the next part shows whether they agree: the
        // tempo of a thinned curve differs slightly from the reported one.
        let is_known = map.points().last().is_some_and(|last| beat < last.beat);
        let follows = on_place
            && (is_known
                || same_tempo(beat + SAME_BEATS)
                    && same_tempo(end - SAME_BEATS)
                    && near(end, time_s + duration_s));
        if follows {
            return;
        }
        let Some(map) = observed(map, beat, time_s, bpm, on_place, &mut self.thinning) else {
            return;
        };
        self.written = true;
        if self.editor.set_tempo(map.clone(), Keep::Beats).is_err() {
            // Chords would come before second 0: the song was moved on the host's time line,
            // and what was heard at those beats keeps its seconds.
            let _ = self.editor.set_tempo(map, Keep::Seconds);
        }
    }

    /// The start of the bar at a beat, for a host that reports the meter without it. Where the
    /// map already has that meter, its bar; otherwise the current bar of the map, whose meter
    /// ends there, unless bars counted from the start of the song give a later start.
    fn untold_bar_start(&self, beat: f64, meter: Meter) -> f64 {
        let found = self.track().meters().bar_at(beat + SAME_BEATS);
        let length = meter.bar_beats();
        let counted = ((beat + SAME_BEATS) / length).floor() * length;
        let only_default = self.track().timeline().is_empty();
        match () {
            () if found.meter == meter => found.start,
            () if only_default => counted,
            () => counted.max(found.start),
        }
    }

    /// Makes the meter map agree with the host from the current bar to the end of the next
    /// `duration_s` seconds.
    fn follow_meter(&mut self, host: &HostPosition, duration_s: f64) {
        let (Some(beat), Some((numerator, denominator))) = (host.beats, host.signature) else {
            return;
        };
        let narrow = |number: u16| u8::try_from(number).unwrap_or(u8::MAX);
        let Ok(meter) = Meter::new(narrow(numerator), narrow(denominator)) else {
            return;
        };
        let length = meter.bar_beats();
        let bar = host
            .bar_start_beats
            .unwrap_or_else(|| self.untold_bar_start(beat, meter));
        let end = beat + duration_s * host.tempo_bpm.unwrap_or(0.0) / 60.0;
        // Ardour begins to roll a little before the song. No bar is written there: the meter
        // holds from the bar in which the song begins, which is the first.
        let before = (-bar / length + SAME_BEATS).floor().max(0.0);
        let bar = bar + before * length;
        let beat = beat.max(bar);
        let map = self.track().meters();
        let agrees = |at: f64| {
            let found = map.bar_at(at + SAME_BEATS);
            let bars = (found.start - bar) / length;
            found.meter == meter && (bars - bars.round()).abs() * length <= SAME_BEATS
        };
        let changes = map.changes();
        let steady = !changes
            .iter()
            .any(|it| it.beat > bar + SAME_BEATS && it.beat < end - SAME_BEATS);
        if agrees(beat) && steady {
            return;
        }
        // The first meter that a host reports holds from the start of the song.
        let first = changes.len() == 1 && self.track().timeline().is_empty();
        let mut kept: Vec<MeterChange> = if first {
            Vec::new()
        } else {
            let outside = |it: &&MeterChange| it.beat < bar - SAME_BEATS || it.beat >= end;
            changes.iter().filter(outside).copied().collect()
        };
        let start = if first {
            let bars = (bar / length).floor().max(0.0);
            bar - bars * length
        } else {
            bar
        };
        let at = kept.partition_point(|it| it.beat < start);
        kept.insert(at, MeterChange { beat: start, meter });
        // A change to the same meter says nothing, unless it cuts a bar short.
        kept.dedup_by(|next, before| {
            let bars = (next.beat - before.beat) / before.meter.bar_beats();
            next.meter == before.meter && (bars - bars.round()).abs() <= SAME_BEATS
        });
        if let Ok(map) = MeterMap::new(kept) {
            self.written = true;
            self.editor.track_mut().set_meters(map);
        }
    }
}

/// The map after the host has reported `beat` at `time_s` and the tempo `bpm`.
///
/// Only the host knows the rest of its map. The likeliest is a steady tempo from the start of
/// the song, if that agrees with the report; otherwise what was observed before this beat, and
/// from it on the new tempo, or from shortly before, where the new tempo meets the old map.
fn observed(
    map: &TempoMap,
    beat: f64,
    time_s: f64,
    bpm: f64,
    on_place: bool,
    thinning: &mut Thinning,
) -> Option<TempoMap> {
    let steady = (time_s - beat * 60.0 / bpm).abs() <= SAME_S;
    if steady && (!on_place || beat.abs() <= SAME_BEATS) {
        return TempoMap::constant(bpm, 0.0, 0.0).ok();
    }
    let now = TempoPoint { time_s, beat };
    let mut points: Vec<TempoPoint> = map.points().to_vec();
    points.retain(|it| it.beat < beat - SAME_BEATS && it.time_s < time_s - SAME_S);
    let bend = (!on_place).then(|| bend(map, now, bpm)).flatten();
    let fits = |it: &TempoPoint| {
        points
            .last()
            .is_some_and(|last| it.beat > last.beat + SAME_BEATS)
    };
    if let Some(bend) = bend.filter(fits) {
        points.push(bend);
    }
    while !points.is_empty() {
        let mut with_now = points.clone();
        thinning.push(&mut with_now, now, THINNED_S);
        if let Ok(map) = TempoMap::new(with_now, bpm) {
            let many = map.points().len() > MOST_POINTS;
            return Some(if many {
                map.thinned(MOST_POINTS / 2, THINNED_S)
            } else {
                map
            });
        }
        points.pop();
    }
    TempoMap::new(vec![now], bpm).ok()
}

/// Where shortly before `now` the map meets the straight line through `now` at `bpm`: there a
/// song that was known changes its tempo.
fn bend(map: &TempoMap, now: TempoPoint, bpm: f64) -> Option<TempoPoint> {
    let late_s = now.time_s - map.time_at(now.beat);
    let quicker_s = 60.0 / map.bpm_at(now.beat - SAME_BEATS) - 60.0 / bpm;
    let beat = now.beat + late_s / quicker_s;
    let shortly_before = now.beat - BEND_BEATS..now.beat - SAME_BEATS;
    let time_s = map.time_at(beat);
    let earlier = shortly_before.contains(&beat) && time_s < now.time_s - SAME_S;
    earlier.then_some(TempoPoint { time_s, beat })
}
