//! The track as it is written: what was heard, placed where the host's song was.

use harmony::edit::Editor;
use harmony::time::{Metre, MetreChange, MetreMap, TempoMap, TempoPoint};
use harmony::timeline::{Segment, Status, Timeline};
use harmony::track::{Info, Keep, Track};

use super::Clock;
use crate::snapshot::SongPosition;
use crate::transport::{HostPosition, Span};

/// The host's seconds and the track's may differ by this much before the tempo map is
/// taken to be wrong: hosts report whole samples, or single precision.
const SAME_S: f64 = 3e-3;

/// Beats closer than this are the same.
const SAME_BEATS: f64 = 1e-3;

/// Tempos that differ by less than this share are the same.
const SAME_TEMPO: f64 = 1e-4;

/// The track of a session with its edits, and its clock.
#[derive(Default)]
pub(crate) struct Song {
    editor: Editor,
    clock: Clock,
}

impl Song {
    pub(super) fn new(clock: Clock, track: Track) -> Self {
        Self {
            editor: Editor::new(track),
            clock,
        }
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

    /// Forgets the chords and what stands on them.
    pub(super) fn clear(&mut self) {
        let mut track = Track::new();
        track.set_info(self.track().info().clone());
        track.set_metres(self.track().metres().clone());
        // There is no chord that could come to lie before second 0.
        let _ = track.set_tempo(self.track().tempo().clone(), Keep::Seconds);
        self.editor = Editor::new(track);
    }

    /// Starts anew on the host's clock.
    fn restart(&mut self) {
        let mut track = Track::new();
        let Info {
            title, composer, ..
        } = self.track().info().clone();
        track.set_info(Info {
            title,
            composer,
            bars_per_line: self.track().info().bars_per_line,
        });
        *self = Self::new(Clock::Host, track);
    }

    /// Where in the track a stretch of the stream belongs: the second of the track at its
    /// start. `stream_s` is the stream's own second there. The host's tempo and metre are
    /// taken over. `None` if it belongs nowhere: the song stands still.
    pub(crate) fn place(&mut self, span: &Span, stream_s: f64) -> Option<f64> {
        let host = &span.host;
        let told = host.seconds.is_some() || host.beats.is_some();
        if !(host.playing && told) {
            return (self.clock == Clock::Stream).then_some(stream_s);
        }
        if self.clock == Clock::Stream {
            // From now on the song's own time counts.
            self.restart();
        }
        let duration_s = span.end_s - span.start_s;
        self.follow_tempo(host, duration_s);
        self.follow_metre(host, duration_s);
        match host.beats {
            Some(beat) => Some(self.track().tempo().time_at(beat)),
            None => host.seconds,
        }
    }

    /// Where in the song the host is; see [`SongPosition`].
    pub(super) fn position(
        &self,
        host: &HostPosition,
        stream_s: f64,
        moving: bool,
    ) -> SongPosition {
        if self.clock == Clock::Stream {
            return SongPosition {
                time_s: stream_s,
                beat: None,
                playing: moving,
                bar_number: None,
                tempo_bpm: host.tempo_bpm,
                metre: None,
            };
        }
        let track = self.track();
        let of_beat = host.beats.map(|beat| track.tempo().time_at(beat));
        let bar = |beat| track.metres().bar_at(beat);
        SongPosition {
            time_s: of_beat.or(host.seconds).unwrap_or(stream_s),
            beat: host.beats,
            playing: host.playing && moving,
            bar_number: match host.bar_number {
                Some(number) => Some(i64::from(number) + 1),
                None => host.beats.map(|beat| bar(beat).number),
            },
            tempo_bpm: host.tempo_bpm,
            metre: host.beats.map(|beat| bar(beat).metre),
        }
    }

    /// Puts what was heard in `from_s` … `to_s` of the track in the place of what was
    /// there; the song begins at second 0, what lies before is left out.
    pub(crate) fn write(&mut self, from_s: f64, to_s: f64, segments: Vec<Segment>) {
        let from_s = from_s.max(0.0);
        let within = segments.into_iter().filter_map(|mut segment| {
            segment.start_s = segment.start_s.clamp(from_s, to_s);
            segment.end_s = segment.end_s.clamp(from_s, to_s);
            (segment.end_s > segment.start_s).then_some(segment)
        });
        // Refused are only ranges without duration, which there may be: nothing to write.
        let _ = self.editor.replace_range(from_s, to_s, within);
    }

    /// Finds the keys anew from the chords that are final.
    pub(crate) fn find_keys(&mut self) {
        let chords = self.track().timeline().segments().iter();
        let last = chords
            .filter(|segment| segment.status == Status::Confirmed)
            .cloned();
        let Ok(timeline) = Timeline::from_segments(last) else {
            return;
        };
        // Refused are more modulations than anybody hears; the keys then stay.
        let _ = self.editor.track_mut().estimate_keys_of(&timeline);
    }

    /// Makes the tempo map say what the host says over the next `duration_s`. Chords stay
    /// on their beats: the host plays the same bars at another tempo.
    fn follow_tempo(&mut self, host: &HostPosition, duration_s: f64) {
        let (Some(beat), Some(bpm)) = (host.beats, host.tempo_bpm) else {
            return;
        };
        let map = self.track().tempo();
        let time_s = host.seconds.unwrap_or_else(|| map.time_at(beat));
        let end = beat + duration_s * bpm / 60.0;
        let near = |beat: f64, time_s: f64| (map.time_at(beat) - time_s).abs() <= SAME_S;
        let on_place = near(beat, time_s);
        let same_tempo = |at: f64| (map.bpm_at(at) / bpm - 1.0).abs() <= SAME_TEMPO;
        let follows = on_place
            && same_tempo(beat + SAME_BEATS)
            && same_tempo(end - SAME_BEATS)
            && near(end, time_s + duration_s);
        if follows {
            return;
        }
        let Some(map) = observed(map, beat, time_s, bpm, on_place) else {
            return;
        };
        if self.editor.set_tempo(map.clone(), Keep::Beats).is_err() {
            // Chords would come before second 0: the song was moved on the host's time
            // line, and what was heard at those beats stays where it was heard.
            let _ = self.editor.set_tempo(map, Keep::Seconds);
        }
    }

    /// Makes the metre map say what the host says from the bar that sounds to the end of
    /// the next `duration_s`.
    fn follow_metre(&mut self, host: &HostPosition, duration_s: f64) {
        let (Some(beat), Some((numerator, denominator))) = (host.beats, host.signature) else {
            return;
        };
        let narrow = |number: u16| u8::try_from(number).unwrap_or(u8::MAX);
        let Ok(metre) = Metre::new(narrow(numerator), narrow(denominator)) else {
            return;
        };
        let length = metre.bar_beats();
        let bar = host
            .bar_start_beats
            .unwrap_or_else(|| (beat / length).floor() * length);
        let end = beat + duration_s * host.tempo_bpm.unwrap_or(0.0) / 60.0;
        let map = self.track().metres();
        let agrees = |at: f64| {
            let found = map.bar_at(at + SAME_BEATS);
            let bars = (found.start - bar) / length;
            found.metre == metre && (bars - bars.round()).abs() * length <= SAME_BEATS
        };
        let changes = map.changes();
        let steady = !changes
            .iter()
            .any(|it| it.beat > bar + SAME_BEATS && it.beat < end - SAME_BEATS);
        if agrees(beat) && steady {
            return;
        }
        // The first metre that a host tells holds from the start of the song.
        let first = changes.len() == 1 && self.track().timeline().is_empty();
        let mut kept: Vec<MetreChange> = if first {
            Vec::new()
        } else {
            let outside = |it: &&MetreChange| it.beat < bar - SAME_BEATS || it.beat >= end;
            changes.iter().filter(outside).copied().collect()
        };
        let start = if first {
            let bars = (bar / length).floor().max(0.0);
            bar - bars * length
        } else {
            bar
        };
        let at = kept.partition_point(|it| it.beat < start);
        kept.insert(at, MetreChange { beat: start, metre });
        // A change to what holds already says nothing, unless it cuts a bar short.
        kept.dedup_by(|next, before| {
            let bars = (next.beat - before.beat) / before.metre.bar_beats();
            next.metre == before.metre && (bars - bars.round()).abs() <= SAME_BEATS
        });
        if let Ok(map) = MetreMap::new(kept) {
            self.editor.track_mut().set_metres(map);
        }
    }
}

/// The map after the host has said that `beat` is at `time_s` and that the tempo is `bpm`.
///
/// Nobody but the host knows the rest of its map. Taken to be most likely: a steady tempo
/// from the start of the song, if that explains what it says; else what was observed
/// before this beat, and the new tempo from it on.
fn observed(map: &TempoMap, beat: f64, time_s: f64, bpm: f64, on_place: bool) -> Option<TempoMap> {
    let steady = (time_s - beat * 60.0 / bpm).abs() <= SAME_S;
    if steady && (!on_place || beat.abs() <= SAME_BEATS) {
        return TempoMap::constant(bpm, 0.0, 0.0).ok();
    }
    let mut points: Vec<TempoPoint> = map.points().to_vec();
    points.retain(|it| it.beat < beat - SAME_BEATS && it.time_s < time_s - SAME_S);
    let now = TempoPoint { time_s, beat };
    while !points.is_empty() {
        let mut with_now = points.clone();
        with_now.push(now);
        if let Ok(map) = TempoMap::new(with_now, bpm) {
            return Some(map);
        }
        points.pop();
    }
    TempoMap::new(vec![now], bpm).ok()
}
