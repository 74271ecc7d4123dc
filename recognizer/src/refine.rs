//! The refining pass: a stream's chords once more, by the windowed network, some seconds
//! behind it and on its beats.
//!
//! [`RefiningEngine`] takes the samples that the live engine takes. Every [`RUN_FRAMES`]
//! frames (the frame's number alone decides, not the size of a block or the speed of the
//! machine) the windowed network hears the last [`WINDOW_FRAMES`] frames, ten seconds. The
//! best path through what all windows said begins at the state that the track has already
//! and ends at the newest frame; all of it but the last [`LAG_FRAMES`] frames is confirmed,
//! given out once and never changed. So every confirmed frame was seen by at least two
//! windows and near the middle of one, and successive outputs join.
//!
//! ```no_run
//! # use std::sync::Arc;
//! # use recognizer::{models, refine::{BeatGrid, RefiningEngine}};
//! # fn host_grid(from_s: f64, to_s: f64) -> Option<BeatGrid> { None }
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let mut engine = RefiningEngine::new(models::windowed()?, 48_000.0)?;
//! engine.push(&[0.0; 512]);
//! while let Some(refined) = engine.poll(&mut host_grid) {
//!     // Replace what the track has in refined.from_s … refined.to_s by refined.segments.
//! }
//! # Ok(())
//! # }
//! ```
//!
//! Times are seconds of the stream, as in [`crate::live`]: since the first sample, lost ones
//! counted.

use std::collections::VecDeque;
use std::sync::Arc;

use harmony::label::Label;
use harmony::timeline::{Segment, Status};
use harmony::vocabulary::large;

pub use crate::beat::{BeatGrid, GridPosition, GridSpan, Place};
use crate::decode::Posterior;
use crate::decode::changes::{Boundaries, ChangeCosts};
use crate::decode::path::{Chord, join_silent_end, stretches};
use crate::decode::viterbi::viterbi;
use crate::features::cqt::StreamingCqt;
use crate::features::{BINS, SAMPLE_RATE, log_compress, window_length_samples};
use crate::inference::WindowModel;
use crate::networks::WINDOW_FRAMES;
use crate::resample::{RateError, StreamResampler};
use crate::transcribe::{HOP, HOP_S};
use crate::tuning::{TuningFollower, TuningSetting};
use crate::windows::Averages;

/// Frames from one run of the network to the next: 2.5 s.
pub const RUN_FRAMES: u64 = 27;
/// Frames that stay open behind the newest one of a run: 2.5 s.
pub const LAG_FRAMES: u64 = 27;

/// A stretch of the track that is final.
#[derive(Debug, Clone, PartialEq)]
pub struct Refined {
    /// Where it begins: where the one before ended, or behind a gap.
    pub from_s: f64,
    /// Where it ends.
    pub to_s: f64,
    /// What sounds in it, in order and without gaps from `from_s` to `to_s`.
    pub segments: Vec<RefinedSegment>,
}

/// A chord of the confirmed track, or a part of it.
#[derive(Debug, Clone, PartialEq)]
pub struct RefinedSegment {
    /// The chord, its status [`Status::Confirmed`], its confidence the mean posterior. Its
    /// start is where the chord begins unless `continues`; its end where the chord ends
    /// unless it is the last of its [`Refined`].
    pub segment: Segment,
    /// The next best classes with their mean posteriors, best first, four of them.
    pub alternatives: Vec<(Label, f32)>,
    /// The chord has begun before: the label is that of the last segment of the
    /// [`Refined`] before, and the two are one.
    pub continues: bool,
}

/// Counters of what was not clean.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RefiningCounters {
    /// Samples reported lost through [`RefiningEngine::mark_gap`].
    pub lost_samples: u64,
    /// Runs for which the network's engine failed. A frame that no run has heard is "no
    /// chord".
    pub failed_runs: u64,
}

/// The engine; see the module's text. It lives on a worker thread: calls allocate, and
/// [`RefiningEngine::poll`] takes milliseconds.
pub struct RefiningEngine {
    model: Arc<dyn WindowModel>,
    resampler: StreamResampler,
    tuning: TuningFollower,
    transform: StreamingCqt,
    resampled: Vec<f32>,
    /// Samples of the last take that are not transformed yet. Frames are made when the network
    /// is to hear them, by what is known of the tuning then: of a song's first chord that is
    /// nothing while it sounds.
    waiting: Vec<f32>,
    /// Stretches without gaps, oldest first; the last one grows. Never empty.
    takes: VecDeque<Take>,
    /// Host samples taken or reported lost before the last take.
    origin_samples: u64,
    /// Host samples taken since.
    taken_samples: u64,
    counters: RefiningCounters,
}

impl RefiningEngine {
    /// An engine for mono samples at `sample_rate` Hz (8 kHz to 384 kHz).
    ///
    /// # Errors
    /// [`RateError`] for a rate out of range.
    pub fn new(model: Arc<dyn WindowModel>, sample_rate: f64) -> Result<Self, RateError> {
        let transform = match StreamingCqt::new(HOP) {
            Ok(transform) => transform,
            Err(error) => unreachable!("the hop is a constant: {error}"),
        };
        Ok(Self {
            model,
            resampler: StreamResampler::new(sample_rate)?,
            tuning: TuningFollower::new(TuningSetting::Estimated),
            transform,
            resampled: Vec::new(),
            waiting: Vec::new(),
            takes: VecDeque::from([Take::at(0.0)]),
            origin_samples: 0,
            taken_samples: 0,
            counters: RefiningCounters::default(),
        })
    }

    /// Another setting of the tuning, from the next samples on.
    pub fn set_tuning(&mut self, setting: TuningSetting) {
        self.tuning.set(setting);
    }

    /// Takes mono samples at the host's rate, any number of them. Frames are kept until
    /// [`Self::poll`] has run the network over them: 6 kB a second.
    pub fn push(&mut self, samples: &[f32]) {
        self.taken_samples += samples.len() as u64;
        self.resampled.clear();
        self.resampler.push(samples, &mut self.resampled);
        self.transform_resampled();
    }

    /// The next confirmed stretch, if there is one; call it until there is none. Runs the
    /// network once, if it is due.
    ///
    /// `grid` is asked for the beats of a stretch of the stream, in its seconds. It may know
    /// them all, some or none: changes are put on beats where it does. What it knows of a
    /// stretch should not depend on when it is asked, or the result will.
    pub fn poll(&mut self, grid: &mut dyn FnMut(f64, f64) -> Option<BeatGrid>) -> Option<Refined> {
        loop {
            let take = self.takes.front_mut()?;
            if take.frames.count >= take.next_run() {
                let end = take.next_run();
                take.runs += 1;
                take.listen(self.model.as_ref(), end, &mut self.counters);
                if end > LAG_FRAMES {
                    return Some(take.confirm(end - LAG_FRAMES, end, grid));
                }
                continue;
            }
            let end_s = take.ended_s?;
            let open = take.confirmed < take.frames.count;
            let refined =
                open.then(|| take.last_words(end_s, self.model.as_ref(), &mut self.counters, grid));
            // A later take exists: `end_take` has made one.
            self.takes.pop_front();
            if refined.is_some() {
                return refined;
            }
        }
    }

    /// Whether [`Self::poll`] has something to do. It depends on the samples alone.
    #[must_use]
    pub fn is_due(&self) -> bool {
        let due = |take: &Take| take.ended_s.is_some() || take.frames.count >= take.next_run();
        self.takes.front().is_some_and(due)
    }

    /// What is open as it would be confirmed if the input ended here, as far as there are
    /// frames of it; the chord of the last frame holds to the end. Nothing is changed: the
    /// input may go on, and what [`Self::poll`] gives out is the same whether this was asked
    /// or not. `None` if nothing is open, or while [`Self::is_due`]. Runs the network twice.
    #[must_use]
    pub fn preview(&self, grid: &mut dyn FnMut(f64, f64) -> Option<BeatGrid>) -> Option<Refined> {
        let take = self.takes.back()?;
        if self.is_due() {
            return None;
        }
        let (mut take, mut counters) = (take.clone(), self.counters);
        let mut transform = self.transform.clone();
        transform.retune(self.tuning.tuning());
        transform.push(&self.waiting, |_, magnitudes| take.frames.push(magnitudes));
        let open = take.confirmed < take.frames.count;
        open.then(|| take.last_words(self.now_s(), self.model.as_ref(), &mut counters, grid))
    }

    /// Says that the input ends here, or pauses: the next [`Self::poll`]s give out what is
    /// still open. Samples that are pushed afterwards are heard afresh; time goes on.
    pub fn finish(&mut self) {
        self.end_take(0);
    }

    /// Says that `lost` host samples are missing at this point. What came before is given
    /// out to its end by the next [`Self::poll`]s; behind the gap, which no output covers,
    /// the music is heard afresh.
    pub fn mark_gap(&mut self, lost: u64) {
        if lost > 0 {
            self.counters.lost_samples += lost;
            self.end_take(lost);
        }
    }

    /// Forgets everything that was heard; time begins at zero.
    pub fn reset(&mut self) {
        self.resampler.reset();
        self.tuning.reset();
        self.transform.reset();
        self.waiting.clear();
        self.takes = VecDeque::from([Take::at(0.0)]);
        self.origin_samples = 0;
        self.taken_samples = 0;
        self.counters = RefiningCounters::default();
    }

    /// Input time taken so far, seconds, lost samples counted.
    #[must_use]
    pub fn now_s(&self) -> f64 {
        (self.origin_samples + self.taken_samples) as f64 / self.resampler.host_rate()
    }

    /// From when something sounds to when its confirmed chord is given out at the latest,
    /// seconds: the lag, the wait for a run, the transform's look-ahead and the
    /// resampler's delay.
    #[must_use]
    pub fn latency_s(&self) -> f64 {
        let frames = (LAG_FRAMES + RUN_FRAMES + 1) as f64 * HOP_S;
        let look_ahead = (window_length_samples(0, 0.0) / 2.0).ceil() / f64::from(SAMPLE_RATE);
        frames + look_ahead + self.resampler.delay_s()
    }

    /// What was not clean so far.
    #[must_use]
    pub fn counters(&self) -> RefiningCounters {
        self.counters
    }

    /// Takes over what was resampled, and makes frames of all that waits whenever the last
    /// frame of a run is complete.
    fn transform_resampled(&mut self) {
        let resampled = std::mem::take(&mut self.resampled);
        let mut rest = resampled.as_slice();
        while !rest.is_empty() {
            let until = self.until_run().min(rest.len());
            let (now, later) = rest.split_at(until);
            rest = later;
            self.tuning.push(now);
            self.waiting.extend_from_slice(now);
            if self.until_run() == 0 {
                self.transform_waiting();
            }
        }
        self.resampled = resampled;
    }

    /// Samples that are missing for the last frame of the next run.
    fn until_run(&self) -> usize {
        let Some(take) = self.takes.back() else {
            return usize::MAX;
        };
        // All frames up to those that wait are there when a run ends.
        let later = RUN_FRAMES - 1 - take.frames.count % RUN_FRAMES;
        self.transform.until_frame() + later as usize * HOP - self.waiting.len()
    }

    fn transform_waiting(&mut self) {
        if let Some(take) = self.takes.back_mut() {
            self.transform.retune(self.tuning.tuning());
            self.transform
                .push(&self.waiting, |_, magnitudes| take.frames.push(magnitudes));
        }
        self.waiting.clear();
    }

    /// Ends the growing take and begins the next, `lost` samples later.
    fn end_take(&mut self, lost: u64) {
        if self.taken_samples > 0 {
            self.resampled.clear();
            self.resampler.flush(&mut self.resampled);
            self.transform_resampled();
            self.transform_waiting();
            self.tuning.skip();
            let end_s = self.now_s();
            if let Some(take) = self.takes.back_mut() {
                self.transform
                    .finish(|_, magnitudes| take.frames.push(magnitudes));
                take.ended_s = Some(end_s);
            }
        } else {
            // Nothing was heard: the take begins later.
            self.takes.pop_back();
        }
        self.origin_samples += self.taken_samples + lost;
        self.taken_samples = 0;
        self.takes.push_back(Take::at(self.now_s()));
    }
}

/// A stretch of the stream without a gap, as far as it is heard.
#[derive(Clone)]
struct Take {
    origin_s: f64,
    /// Where it ends, once it has.
    ended_s: Option<f64>,
    frames: Frames,
    averages: Averages,
    /// What the network says of a window without a sound, once it was asked.
    of_silence: Option<Arc<[Posterior]>>,
    /// Runs of the network so far.
    runs: u64,
    /// Frames whose states are final.
    confirmed: u64,
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
    fn at(origin_s: f64) -> Self {
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
    fn next_run(&self) -> u64 {
        (self.runs + 1) * RUN_FRAMES
    }

    /// Runs the network over the window that ends before frame `end`.
    fn listen(&mut self, model: &dyn WindowModel, end: u64, counters: &mut RefiningCounters) {
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
                    // A host that stands still is not worth asking again.
                    self.of_silence = Some(answers);
                }
            }
            None => counters.failed_runs += 1,
        }
        // No later window begins earlier.
        self.frames.forget_before(start.max(0) as u64);
    }

    /// Confirms the frames before `to` with all before `end` in view.
    fn confirm(
        &mut self,
        to: u64,
        end: u64,
        grid: &mut dyn FnMut(f64, f64) -> Option<BeatGrid>,
    ) -> Refined {
        // The change to frame `to` can lie as early as the middle of the frame before.
        let to_s = self.origin_s + (to - 1) as f64 * HOP_S;
        self.decode(to, end, to_s, grid)
    }

    /// Confirms all that is left, up to `end_s`.
    fn last_words(
        &mut self,
        end_s: f64,
        model: &dyn WindowModel,
        counters: &mut RefiningCounters,
        grid: &mut dyn FnMut(f64, f64) -> Option<BeatGrid>,
    ) -> Refined {
        let count = self.frames.count;
        // Once to the last frame, and once with it in the middle of a window.
        for end in [count, count + WINDOW_FRAMES as u64 / 2] {
            self.listen(model, end, counters);
        }
        let mut refined = self.decode(count, count, end_s, grid);
        join_silent_end(&mut refined.segments, |part| &mut part.segment);
        refined
    }

    fn decode(
        &mut self,
        to: u64,
        end: u64,
        to_s: f64,
        grid: &mut dyn FnMut(f64, f64) -> Option<BeatGrid>,
    ) -> Refined {
        let first = self.confirmed;
        let posteriors: Vec<Posterior> = (first..end)
            .map(|frame| self.averages.mean(frame).unwrap_or_else(no_chord))
            .collect();
        let edge_s = |frame: u64| self.origin_s + frame as f64 * HOP_S;
        let grid = grid(edge_s(first) - HOP_S, edge_s(end) + HOP_S);
        let boundaries = Boundaries {
            origin_s: self.origin_s,
            hop_s: HOP_S,
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
            // It ended with the last confirmed frame; up to the change it sounds still.
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

/// The last log-compressed frames.
#[derive(Clone, Default)]
struct Frames {
    /// Number of the first frame that is kept.
    first: u64,
    rows: VecDeque<[f32; BINS]>,
    /// Frames so far.
    count: u64,
}

impl Frames {
    fn push(&mut self, magnitudes: &[f32; BINS]) {
        self.rows.push_back(magnitudes.map(log_compress));
        self.count += 1;
    }

    /// The rows of a window, silence before the first frame and after the last.
    fn window(&self, start: i64) -> Vec<f32> {
        let silence = [log_compress(0.0); BINS];
        let row = |frame: i64| {
            let index = u64::try_from(frame).ok()?.checked_sub(self.first)?;
            self.rows.get(usize::try_from(index).ok()?)
        };
        (start..start + WINDOW_FRAMES as i64)
            .flat_map(|frame| row(frame).unwrap_or(&silence))
            .copied()
            .collect()
    }

    fn forget_before(&mut self, frame: u64) {
        while self.first < frame {
            self.rows.pop_front();
            self.first += 1;
        }
    }
}

fn no_chord() -> Posterior {
    let mut logits = [0.0; large::LEN];
    logits[large::NO_CHORD] = 10.0;
    Posterior::from_logits(&logits, None, None)
}
