//! Takes: stretches of a stream without a gap, with the windows over their frames and the chords
//! that are final.

use std::sync::Arc;

use harmony::label::Label;
use harmony::timeline::{Segment, Status};
use harmony::vocabulary::large;

use super::frames::Frames;
use super::{RUN_FRAMES, Refined, RefinedSegment, RefiningCounters};
use crate::averages::Averages;
use crate::beat::BeatSource;
use crate::decode::Posterior;
use crate::decode::changes::{Boundaries, ChangeCosts};
use crate::decode::path::{Chord, join_silent_end, stretches};
use crate::decode::viterbi::viterbi;
use crate::features::centred_cqt::FILE_HOP_S;
use crate::features::log_compress;
use crate::inference::WindowModel;
use crate::networks::WINDOW_FRAMES;

/// A stretch of the stream without a gap.
#[derive(Clone)]
pub(super) struct Take {
    origin_s: f64,
    /// Where it ends, once it has.
    pub(super) ended_s: Option<f64>,
    pub(super) frames: Frames,
    averages: Averages,
    /// The network's answer for a silent window, once it was asked.
    of_silence: Option<Arc<[Posterior]>>,
    /// Runs of the network so far.
    pub(super) runs: u64,
    /// Frames whose states are final.
    pub(super) confirmed: u64,
    /// Where what was given out ends, seconds.
    reached_s: f64,
    /// The chord of the last confirmed frame.
    open: Option<Open>,
}

/// A chord that may go on.
#[derive(Clone)]
struct Open {
    state: usize,
    label: Label,
    /// Of the last confirmed frame.
    posterior: Posterior,
}

impl Take {
    pub(super) fn at(origin_s: f64) -> Self {
        Self {
            origin_s,
            ended_s: None,
            frames: Frames::default(),
            averages: Averages::default(),
            of_silence: None,
            runs: 0,
            confirmed: 0,
            reached_s: origin_s,
            open: None,
        }
    }

    /// Frames that the next run needs.
    pub(super) fn next_run(&self) -> u64 {
        (self.runs + 1) * RUN_FRAMES
    }

    /// Runs the network over the window that ends before frame `end`.
    pub(super) fn listen(
        &mut self,
        model: &dyn WindowModel,
        end: u64,
        counters: &mut RefiningCounters,
    ) {
        let start = end as i64 - WINDOW_FRAMES as i64;
        let window = self.frames.window(start);
        let silent = window.iter().all(|value| *value == log_compress(0.0));
        let known = self.of_silence.clone().filter(|_| silent);
        let answers = known.or_else(|| {
            let answers = model.windows(&window).ok()?;
            (answers.len() == WINDOW_FRAMES).then(|| answers.into())
        });
        match answers {
            Some(answers) => {
                self.averages.add(start, &answers, self.frames.count);
                if silent {
                    // A host that stands still costs nothing more.
                    self.of_silence = Some(answers);
                }
            }
            None => counters.failed_runs += 1,
        }
        // No later window begins earlier.
        self.frames.forget_before(start.max(0) as u64);
    }

    /// Confirms the frames before `to` with all before `end` in view.
    pub(super) fn confirm(&mut self, to: u64, end: u64, beats: &mut dyn BeatSource) -> Refined {
        // The change to frame `to` can lie as early as the middle of the frame before.
        let to_s = self.origin_s + (to - 1) as f64 * FILE_HOP_S;
        self.decode(to, end, to_s, beats)
    }

    /// Confirms all that is left, up to `end_s`.
    pub(super) fn last_words(
        &mut self,
        end_s: f64,
        model: &dyn WindowModel,
        counters: &mut RefiningCounters,
        beats: &mut dyn BeatSource,
    ) -> Refined {
        let count = self.frames.count;
        // Once to the last frame, and once with it in the middle of a window.
        for end in [count, count + WINDOW_FRAMES as u64 / 2] {
            self.listen(model, end, counters);
        }
        let mut refined = self.decode(count, count, end_s, beats);
        join_silent_end(&mut refined.segments, |part| &mut part.segment);
        refined
    }

    fn decode(&mut self, to: u64, end: u64, to_s: f64, beats: &mut dyn BeatSource) -> Refined {
        let first = self.confirmed;
        let posteriors: Vec<Posterior> = (first..end)
            .map(|frame| self.averages.mean(frame).unwrap_or_else(no_chord))
            .collect();
        let edge_s = |frame: u64| self.origin_s + frame as f64 * FILE_HOP_S;
        let grid = beats.beats_between(edge_s(first) - FILE_HOP_S, edge_s(end) + FILE_HOP_S);
        let boundaries = Boundaries {
            origin_s: self.origin_s,
            hop_s: FILE_HOP_S,
            costs: ChangeCosts::default(),
            grid: grid.as_ref(),
        };
        let before = self.open.as_ref().map(|open| open.state);
        let costs = boundaries.costs;
        let cost = |i: usize| boundaries.cost(first + i as u64);
        let path = viterbi(&posteriors, before, cost, costs.same_root);

        let from_s = self.reached_s;
        let mut segments = Vec::new();
        let mut start_s = from_s;
        let mut put = |end_s: f64, chord: Chord, continues: bool| {
            let end_s = end_s.clamp(start_s, to_s.max(start_s));
            if end_s > start_s {
                let mut segment = Segment::new(start_s, end_s, chord.label);
                segment.confidence = chord.confidence;
                segment.status = Status::Confirmed;
                segments.push(RefinedSegment {
                    segment,
                    alternatives: chord.alternatives,
                    continues,
                });
                start_s = end_s;
            }
        };
        if let (Some(open), Some(&next)) = (&self.open, path.first())
            && open.state != next
        {
            // It ended with the last confirmed frame, but lasts to the change.
            let heard = [&open.posterior, &posteriors[0]];
            let change_s = boundaries.place_s(first, (open.state, next), heard);
            let rest = Chord {
                label: open.label.clone(),
                ..Chord::heard(open.state, std::slice::from_ref(&open.posterior))
            };
            put(change_s, rest, true);
        }
        for stretch in stretches(&path) {
            let (start, stop) = (stretch.frames.start, stretch.frames.end);
            if first + start as u64 >= to {
                break;
            }
            let mut chord = Chord::heard(stretch.state, &posteriors[stretch.frames]);
            let continued = self
                .open
                .as_ref()
                .filter(|open| start == 0 && open.state == stretch.state);
            let continues = continued.is_some();
            if let Some(open) = continued {
                chord.label = open.label.clone();
            }
            let change_s = match path.get(stop) {
                Some(&next) if first + (stop as u64) < to => {
                    let heard = [&posteriors[stop - 1], &posteriors[stop]];
                    let frame = first + stop as u64;
                    boundaries.place_s(frame, (stretch.state, next), heard)
                }
                _ => {
                    self.open = Some(Open {
                        state: stretch.state,
                        label: chord.label.clone(),
                        posterior: posteriors[(to - 1 - first) as usize].clone(),
                    });
                    to_s
                }
            };
            put(change_s, chord, continues);
        }
        self.reached_s = to_s.max(from_s);
        self.confirmed = to;
        self.averages.forget_before(to);
        Refined {
            from_s,
            to_s: self.reached_s,
            segments,
        }
    }
}

fn no_chord() -> Posterior {
    let mut logits = [0.0; large::LEN];
    logits[large::NO_CHORD] = 10.0;
    Posterior::from_logits(&logits, None, None)
}
