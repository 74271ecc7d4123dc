//! Writing what was heard into the track: at once, and again after the refining pass.

use harmony::edit::Heard;
use harmony::label::Label;
use harmony::timeline::{Alternative, MAX_ALTERNATIVES, Segment, Status};
use recognizer::refine::Refined;

use super::placing::{Covered, placed};
use super::{History, SAME_S};
use crate::session::{HeardFrame, Session, Song};
use changes_realtime::transport::Span;

impl History {
    /// Brings the live part of the track up to date.
    pub(in crate::analysis) fn record(&mut self, session: &Session) {
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
                        for part in song.unbroken(&span) {
                            self.record_span(&part, song);
                        }
                    }
                }
            });
        }
    }

    /// Like [`Self::record`], but provisionally: what is recorded later is the same whether
    /// this was called or not.
    pub(in crate::analysis) fn record_for_now(&mut self, session: &Session) {
        let unrecorded_s = self.unrecorded_s;
        self.record(session);
        self.unrecorded_s = unrecorded_s;
    }

    fn record_span(&self, span: &Span, song: &mut Song) {
        let Some(place) = song.place(span, span.start_s) else {
            return;
        };
        let new = self.segments.iter();
        let new = new.filter(|it| it.end_s > span.start_s && it.start_s < span.end_s);
        let new = new.flat_map(|segment| self.with_level(segment));
        let new: Vec<Heard> = new
            .filter_map(|heard| placed(song, &place, span, heard))
            .collect();
        let from_s = song.second(&place, span.start_s);
        let to_s = song.second(&place, span.end_s);
        song.write(from_s, to_s, new);
    }

    /// Whether the live analysis has heard a chord there.
    fn heard_music(&self, span: &Span) -> bool {
        !self.music(span).is_empty()
    }

    /// The parts of a span in which it has, in seconds.
    fn music(&self, span: &Span) -> Vec<(f64, f64)> {
        let within = self.segments.iter().filter_map(|chord| {
            let from_s = chord.start_s.max(span.start_s);
            let to_s = chord.end_s.min(span.end_s);
            (chord.label.chord().is_some() && to_s - from_s > SAME_S).then_some((from_s, to_s))
        });
        let loud = |(from_s, to_s)| self.silences.by_level(from_s, to_s);
        let parts = within.flat_map(loud);
        let loud = parts.filter(|(_, _, faint)| !faint);
        loud.map(|(from_s, to_s, _)| (from_s, to_s)).collect()
    }

    /// A segment of the stream, cut by its level into sound and silence.
    fn with_level(&self, segment: &Segment) -> Vec<Heard> {
        let parts = self.silences.by_level(segment.start_s, segment.end_s);
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

    /// Puts the result of the refining pass into the track, except where the song has been
    /// again since: the latest pass over a place of the song counts. Times of `refined` begin
    /// at `start_s`.
    pub(in crate::analysis) fn confirm(
        &mut self,
        refined: &Refined,
        start_s: f64,
        session: &Session,
    ) {
        self.confirmed_s = self.confirmed_s.max(start_s + refined.to_s);
        let heard = self.write_refined(refined, Status::Confirmed, start_s, session);
        session.keep_heard(self.loads, heard);
    }

    /// Puts the refining pass's result for a stream that ended here into the track, marked
    /// provisional so that nothing confirmed is joined with it. The next [`Self::record`]
    /// replaces it by the live result, and what is confirmed later is the same whether this
    /// was called or not.
    pub(in crate::analysis) fn confirm_for_now(
        &mut self,
        refined: &Refined,
        start_s: f64,
        session: &Session,
    ) {
        // The frames come again when they are final.
        self.write_refined(refined, Status::Provisional, start_s, session);
        self.unrecorded_s = self.unrecorded_s.min(start_s + refined.from_s);
    }

    /// Writes it, and says where its frames lie in the track.
    fn write_refined(
        &self,
        refined: &Refined,
        status: Status,
        start_s: f64,
        session: &Session,
    ) -> Vec<HeardFrame> {
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
        let settled = self.passes.at(self.confirmed_s);
        let now = self.parts(from_s, to_s);
        let heard = session.record(self.loads, |song| {
            // Where nothing was heard since, the earlier result still counts.
            let mut covered = Covered::default();
            let since = since.iter().rev();
            for span in since.flat_map(|(span, _)| song.unbroken(span)) {
                let span = &span;
                if let Some(place) = song.place(span, span.start_s) {
                    for (from_s, to_s) in self.music(span) {
                        covered.add(song.second(&place, from_s), song.second(&place, to_s));
                    }
                }
            }
            let mut written = false;
            let mut frames: Vec<HeardFrame> = Vec::new();
            let now: Vec<(Span, u64)> = now
                .iter()
                .flat_map(|(span, pass)| song.unbroken(span).into_iter().map(|it| (it, *pass)))
                .collect();
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
                for frame in &refined.frames {
                    let stream_s = start_s + frame.time_s;
                    if (span.start_s..span.end_s).contains(&stream_s) {
                        let at_s = song.second(&place, stream_s);
                        frames.push(HeardFrame {
                            at_s,
                            beat: song.track().tempo().beat_at(at_s),
                            posterior: frame.posterior.clone(),
                        });
                    }
                }
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
            frames
        });
        heard.unwrap_or_default()
    }
}

/// Other readings, as the track keeps them.
pub(super) fn alternatives(readings: &[(Label, f32)]) -> Vec<Alternative> {
    let readings = readings.iter().take(MAX_ALTERNATIVES);
    readings
        .map(|(label, probability)| Alternative {
            label: label.clone(),
            probability: probability.clamp(0.0, 1.0),
        })
        .collect()
}
