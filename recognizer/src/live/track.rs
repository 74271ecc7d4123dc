//! Track assembly: builds final segments from confirmed states.

use harmony::label::Label;
use harmony::timeline::{Segment, Status};

use super::LAG_FRAMES;
use super::clock::FrameClock;
use super::recent::{RecentPosteriors, evidence};
use crate::decode::states::{class_of, label_of};
use crate::decode::{Posterior, SegmentEvidence};

/// Joins confirmed frames to segments.
#[derive(Debug, Default)]
pub(super) struct TrackBuilder {
    /// Start of the first segment, whatever its first frame, in seconds.
    start_s: f64,
    open: Option<OpenSegment>,
}

/// The segment that the last confirmed frame belongs to.
#[derive(Debug)]
pub(super) struct OpenSegment {
    /// State of [`crate::decode::states`].
    pub(super) state: usize,
    pub(super) start_frame: u64,
    pub(super) start_s: f64,
    pub(super) label: Label,
    frames: u32,
    /// Sum of the posteriors of its class.
    probability: f64,
}

impl OpenSegment {
    fn add(&mut self, probability: f64) {
        self.frames += 1;
        self.probability += probability;
    }
}

impl TrackBuilder {
    /// A track whose first segment begins at `start_s` seconds.
    pub(super) fn starting_at(start_s: f64) -> Self {
        Self {
            start_s,
            open: None,
        }
    }

    /// The open segment.
    pub(super) fn open(&self) -> Option<&OpenSegment> {
        self.open.as_ref()
    }

    /// Takes the confirmed state of the next frame, and returns the segment that ended before it.
    /// `path` returns the decoder's best path from that frame to the newest one.
    pub(super) fn confirm(
        &mut self,
        (frame, state): (u64, usize),
        path: impl FnOnce() -> Vec<usize>,
        recent: &RecentPosteriors,
        clock: FrameClock,
    ) -> Option<Segment> {
        let mut ended = None;
        if self.open.as_ref().is_none_or(|open| open.state != state) {
            // The path from here to now gives the frames that belong to this segment.
            let path = path();
            let same = path.iter().take_while(|s| **s == state).count();
            let of_segment = recent.last(path.len()).take(same);
            ended = self.begin(frame, state, &evidence(of_segment, class_of(state)), clock);
        }
        let oldest = recent.oldest();
        let probability = oldest.map_or(0.0, |it| f64::from(it.chord[class_of(state)].exp()));
        if let Some(open) = &mut self.open {
            open.add(probability);
        }
        ended
    }

    /// The input ends at `end_s`: all frames that are not confirmed get their states from `path`,
    /// which ends with frame `frames - 1`.
    pub(super) fn close(
        &mut self,
        path: &[usize],
        frames: u64,
        end_s: f64,
        recent: &RecentPosteriors,
        clock: FrameClock,
    ) -> Vec<Segment> {
        let mut ended = Vec::new();
        let first = frames - path.len() as u64;
        // Once the lag is full, the oldest frame of the path is already confirmed.
        let skip = usize::from(path.len() > LAG_FRAMES);
        let posteriors: Vec<&Posterior> = recent.last(path.len()).collect();
        for (i, &state) in path.iter().enumerate().skip(skip) {
            if self.open.as_ref().is_none_or(|open| open.state != state) {
                let same = path[i..].iter().take_while(|s| **s == state).count();
                let of_segment = posteriors[i..i + same].iter().copied();
                let evidence = evidence(of_segment, class_of(state));
                ended.extend(self.begin(first + i as u64, state, &evidence, clock));
            }
            if let Some(open) = &mut self.open {
                open.add(f64::from(posteriors[i].chord[class_of(state)].exp()));
            }
        }
        ended.extend(self.end(end_s));
        self.start_s = end_s;
        ended
    }

    /// Ends the open segment at frame `frame`, and opens one of `state` there.
    fn begin(
        &mut self,
        frame: u64,
        state: usize,
        evidence: &SegmentEvidence,
        clock: FrameClock,
    ) -> Option<Segment> {
        let start_s = if frame == 0 {
            self.start_s
        } else {
            clock.frame_s(frame)
        };
        let ended = self.end(start_s);
        self.open = Some(OpenSegment {
            state,
            start_frame: frame,
            start_s,
            label: evidence.with_extensions(label_of(state)),
            frames: 0,
            probability: 0.0,
        });
        ended
    }

    /// Ends the open segment at `end_s`.
    fn end(&mut self, end_s: f64) -> Option<Segment> {
        let open = self.open.take().filter(|open| end_s > open.start_s)?;
        let mut segment = Segment::new(open.start_s, end_s, open.label);
        segment.confidence = (open.probability / f64::from(open.frames.max(1))) as f32;
        segment.status = Status::Confirmed;
        Some(segment)
    }
}
