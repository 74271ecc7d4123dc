//! Takes: stretches of a stream without a gap, with the windows over their frames and the final
//! chords.

use std::sync::Arc;

use harmony::vocabulary::large;

use super::causal::CausalFrames;
use super::confirming::Confirming;
use super::frames::Frames;
use super::{RUN_FRAMES, Refined, RefiningCounters};
use crate::averages::Averages;
use crate::band::{PartFrame, notes_of};
use crate::beat::BeatSource;
use crate::decode::Posterior;
use crate::decode::path::join_silent_end;
use crate::features::centred_cqt::FILE_HOP_S;
use crate::features::{BINS, log_compress};
use crate::inference::{WindowModel, views};
use crate::live::SILENCE_MAGNITUDE;
use crate::networks::WINDOW_FRAMES;

/// A stretch of the stream without a gap.
#[derive(Clone)]
pub(super) struct Take {
    origin_s: f64,
    /// Where it ends, once it has.
    pub(super) ended_s: Option<f64>,
    pub(super) frames: Frames,
    averages: Averages,
    /// The live engine's frames that are not used up.
    causal: CausalFrames,
    /// The network's output for a silent window, once computed.
    of_silence: Option<Arc<[Posterior]>>,
    /// Runs of the network so far.
    pub(super) runs: u64,
    /// The final chords.
    confirming: Confirming,
    /// Whether results contain their frames.
    pub(super) share: bool,
}

impl Take {
    pub(super) fn at(origin_s: f64) -> Self {
        Self {
            origin_s,
            ended_s: None,
            frames: Frames::default(),
            averages: Averages::default(),
            causal: CausalFrames::default(),
            of_silence: None,
            runs: 0,
            confirming: Confirming::at(origin_s),
            share: false,
        }
    }

    /// Frames whose states are final.
    pub(super) fn confirmed(&self) -> u64 {
        self.confirming.confirmed()
    }

    pub(super) fn tell_frames(&mut self, frames: &[PartFrame]) {
        for frame in frames {
            self.causal.push(self.origin_s, frame);
        }
    }

    /// The number of frames at which the next run is due.
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
            let answers = views::windows(model, &window).ok()?;
            (answers.len() == WINDOW_FRAMES).then(|| answers.into())
        });
        match answers {
            Some(answers) => {
                self.averages.add(start, &answers, self.frames.count);
                if silent {
                    // A stopped host costs nothing more.
                    self.of_silence = Some(answers);
                }
            }
            None => counters.failed_runs += 1,
        }
        // No later window begins earlier.
        self.frames.forget_before(start.max(0) as u64);
    }

    /// Confirms the frames before `to`, using all frames before `end`.
    pub(super) fn confirm(&mut self, to: u64, end: u64, beats: &mut dyn BeatSource) -> Refined {
        // The change to frame `to` can lie as early as the middle of the frame before.
        let to_s = self.origin_s + (to - 1) as f64 * FILE_HOP_S;
        self.decode(to, end, to_s, beats)
    }

    /// Confirms all remaining frames, up to `end_s`.
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
        let first = self.confirming.confirmed();
        let mut posteriors: Vec<Posterior> = (first..end)
            .map(|frame| self.averages.mean(frame).unwrap_or_else(no_chord))
            .collect();
        // A band mixes all its parts itself: it gets what this network alone says.
        let frames = if self.share {
            let alone = (first..to).zip(&posteriors);
            alone
                .map(|(frame, alone)| self.part(frame, alone))
                .collect()
        } else {
            Vec::new()
        };
        for (frame, posterior) in (first..end).zip(&mut posteriors) {
            self.causal.mix_into(frame, posterior);
        }
        let mut refined = self.confirming.decode(&posteriors, to, to_s, beats);
        refined.frames = frames;
        self.averages.forget_before(to);
        self.causal.forget_before(to);
        refined
    }

    /// A frame as a band takes it.
    fn part(&self, frame: u64, posterior: &Posterior) -> PartFrame {
        let row = self.frames.row(frame);
        PartFrame {
            time_s: self.origin_s + frame as f64 * FILE_HOP_S,
            posterior: posterior.clone(),
            notes: row.map_or([0.0; 12], notes_of),
            silent: row.is_some_and(is_silent),
        }
    }
}

/// Whether all bins of a log-compressed frame are below the limit of silence.
fn is_silent(row: &[f32; BINS]) -> bool {
    let limit = log_compress(SILENCE_MAGNITUDE);
    row.iter().all(|value| *value < limit)
}

fn no_chord() -> Posterior {
    let mut logits = [0.0; large::LEN];
    logits[large::NO_CHORD] = 10.0;
    Posterior::from_logits(&logits, None, None)
}
