//! Confirmation: final posteriors to final chords.

use harmony::label::Label;
use harmony::timeline::{Segment, Status};

use super::{Refined, RefinedSegment};
use crate::beat::BeatSource;
use crate::decode::Posterior;
use crate::decode::changes::{Boundaries, ChangeCosts};
use crate::decode::path::{Chord, stretches};
use crate::decode::viterbi::viterbi;
use crate::features::centred_cqt::FILE_HOP_S;

/// State of confirming a stretch without a gap, with the chord that may continue.
#[derive(Clone)]
pub(crate) struct Confirming {
    /// The time of frame 0, seconds.
    origin_s: f64,
    /// Frames whose states are final.
    confirmed: u64,
    /// The end of the last output, seconds.
    reached_s: f64,
    /// The chord of the last confirmed frame.
    open: Option<Open>,
}

/// A chord that may continue.
#[derive(Clone)]
struct Open {
    state: usize,
    label: Label,
    /// The posterior of the last confirmed frame.
    posterior: Posterior,
}

impl Confirming {
    pub(crate) fn at(origin_s: f64) -> Self {
        Self {
            origin_s,
            confirmed: 0,
            reached_s: origin_s,
            open: None,
        }
    }

    /// A stretch with frame 0 at `origin_s` whose first chord begins at `from_s`.
    pub(crate) fn from(from_s: f64, origin_s: f64) -> Self {
        Self {
            reached_s: from_s.min(origin_s),
            ..Self::at(origin_s)
        }
    }

    /// Frames whose states are final.
    pub(crate) fn confirmed(&self) -> u64 {
        self.confirmed
    }

    /// Confirms the frames before `to`, up to `to_s` seconds. `posteriors` are those of all frames
    /// from the first unconfirmed one on.
    pub(crate) fn decode(
        &mut self,
        posteriors: &[Posterior],
        to: u64,
        to_s: f64,
        beats: &mut dyn BeatSource,
    ) -> Refined {
        let first = self.confirmed;
        let end = first + posteriors.len() as u64;
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
        let path = viterbi(posteriors, before, cost, &costs);

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
            // It ended with the last confirmed frame, but lasts until the change.
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
        Refined {
            from_s,
            to_s: self.reached_s,
            segments,
            frames: Vec::new(),
        }
    }
}
