//! The refining engine: a second, more accurate pass over a stream, some seconds behind it and
//! aligned to its beats.
//!
//! [`RefiningEngine`] takes the same samples as the live engine. Every [`RUN_FRAMES`] frames (by
//! frame number, whatever the size of blocks or the speed of the machine) the windowed network
//! reads the last [`WINDOW_FRAMES`](crate::networks::WINDOW_FRAMES) frames, ten seconds. The best
//! path through the averages of all windows begins at the last confirmed state and ends at the
//! newest frame; all of it but the last [`LAG_FRAMES`] frames is confirmed, returned once and never
//! changed. So every confirmed frame was in at least two windows and near the middle of one, and
//! successive outputs join seamlessly.
//!
//! ```
//! use recognizer::beat::NoBeats;
//! use recognizer::{models, refine::RefiningEngine};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let mut engine = RefiningEngine::new(models::windowed()?, 48_000.0)?;
//! engine.push(&[0.0; 512]);
//! // In a host, its transport is the source of beats.
//! while let Some(refined) = engine.poll(&mut NoBeats) {
//!     // Replace what the track has in refined.from_s … refined.to_s by refined.segments.
//! }
//! # Ok(())
//! # }
//! ```
//!
//! Times are seconds of the stream, as in [`crate::live`]: since the first sample, counting lost
//! samples.

mod causal;
mod confirming;
mod frames;
mod take;

use std::collections::VecDeque;
use std::sync::Arc;

use harmony::label::Label;
use harmony::timeline::Segment;

use crate::band::PartFrame;
use crate::beat::BeatSource;
use crate::calibration::Calibration;
use crate::features::centred_cqt::{CentredCqt, FILE_HOP_S, FILE_HOP_SAMPLES};
use crate::features::{SAMPLE_RATE, window_length_samples};
use crate::inference::WindowModel;
use crate::resample::{RateError, StreamResampler};
use crate::tuning::{TuningSetting, TuningSource, TuningSteps};
pub(crate) use confirming::Confirming;
use take::Take;

/// Frames from one run of the network to the next: 2.5 s.
pub const RUN_FRAMES: u64 = 27;
/// The newest frames of a run, which stay open: 2.5 s.
pub const LAG_FRAMES: u64 = 27;

/// A stretch of the track that is final.
#[derive(Debug, Clone, PartialEq)]
pub struct Refined {
    /// Where it begins: at the end of the one before, or after a gap.
    pub from_s: f64,
    /// Where it ends.
    pub to_s: f64,
    /// Its chords, in order and without gaps from `from_s` to `to_s`.
    pub segments: Vec<RefinedSegment>,
    /// Its frames, for a band; empty unless [`RefiningEngine::share_frames`] is on.
    pub frames: Vec<PartFrame>,
}

impl Refined {
    /// Replaces mean posteriors by calibrated confidences.
    pub(crate) fn calibrate(&mut self, calibration: Calibration) {
        for it in &mut self.segments {
            calibration.apply(&mut it.segment.confidence, &mut it.alternatives);
        }
    }
}

/// A chord of the confirmed track, or a part of it.
#[derive(Debug, Clone, PartialEq)]
pub struct RefinedSegment {
    /// The chord, with the status [`Confirmed`](harmony::timeline::Status::Confirmed) and the
    /// calibrated mean posterior as confidence. Its start is the start of the chord unless
    /// `continues`; its end is the end of the chord unless it is the last of its [`Refined`].
    pub segment: Segment,
    /// The next four classes with their probabilities, best first.
    pub alternatives: Vec<(Label, f32)>,
    /// Whether the chord began earlier: it continues the last segment of the [`Refined`] before,
    /// which has the same label.
    pub continues: bool,
}

/// Counters of faulty input and failures.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RefiningCounters {
    /// Samples reported lost through [`RefiningEngine::mark_gap`].
    pub lost_samples: u64,
    /// Runs for which the network's engine failed. A frame without a successful run is "no chord".
    pub failed_runs: u64,
}

/// Recognizes the chords of a stream again, on its beats; see the [module](self). For a worker
/// thread: calls allocate, and [`RefiningEngine::poll`] takes milliseconds.
pub struct RefiningEngine {
    model: Arc<dyn WindowModel>,
    resampler: StreamResampler,
    tuning: TuningSource,
    transform: CentredCqt,
    resampled: Vec<f32>,
    /// Samples of the last take that are not transformed yet. Frames are computed only when the
    /// network needs them, at the tuning known by then: during a song's first chord it is still
    /// unknown.
    waiting: Vec<f32>,
    /// Stretches without gaps, oldest first; the last one grows. Never empty.
    takes: VecDeque<Take>,
    /// Host samples taken or reported lost before the last take.
    origin_samples: u64,
    /// Host samples taken since.
    taken_samples: u64,
    counters: RefiningCounters,
    share: bool,
}

impl RefiningEngine {
    /// An engine for mono samples at `sample_rate` Hz (8 kHz to 384 kHz).
    ///
    /// # Errors
    /// [`RateError`] for a rate out of range.
    pub fn new(model: Arc<dyn WindowModel>, sample_rate: f64) -> Result<Self, RateError> {
        let transform = match CentredCqt::new(FILE_HOP_SAMPLES) {
            Ok(transform) => transform,
            Err(error) => unreachable!("the hop is a constant: {error}"),
        };
        Ok(Self {
            model,
            resampler: StreamResampler::new(sample_rate)?,
            tuning: TuningSource::following(TuningSetting::Estimated),
            transform,
            resampled: Vec::new(),
            waiting: Vec::new(),
            takes: VecDeque::from([Take::at(0.0)]),
            origin_samples: 0,
            taken_samples: 0,
            counters: RefiningCounters::default(),
            share: false,
        })
    }

    /// An engine that does not estimate the tuning, but [gets](Self::tell_tuning) it from a live
    /// engine of the same samples.
    ///
    /// # Errors
    /// As [`Self::new`].
    pub fn told_tuning(model: Arc<dyn WindowModel>, sample_rate: f64) -> Result<Self, RateError> {
        let mut engine = Self::new(model, sample_rate)?;
        engine.tuning = TuningSource::told();
        Ok(engine)
    }

    /// Takes the tuning that the live engine has found in its last call
    /// ([`LiveEngine::tuning_steps`](crate::live::LiveEngine::tuning_steps)), before the
    /// corresponding call of this engine.
    pub fn tell_tuning(&mut self, steps: &TuningSteps) {
        self.tuning.tell(steps);
    }

    /// Takes the frames of the live engine's last call
    /// ([`LiveEngine::take_frames`](crate::live::LiveEngine::take_frames)), for the same samples,
    /// before the corresponding call of this engine: its answers are mixed in. Without them the
    /// windowed network decides alone. The [frames](Refined::frames) that results contain are
    /// always the windowed network's.
    pub fn tell_frames(&mut self, frames: &[PartFrame]) {
        if let Some(take) = self.takes.back_mut() {
            take.tell_frames(frames);
        }
    }

    /// Sets the tuning from the next samples on, for an engine that estimates it itself.
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

    /// Whether results contain their [frames](Refined::frames), from now on.
    pub fn share_frames(&mut self, share: bool) {
        self.share = share;
    }

    /// The next confirmed stretch, if there is one; call it until there is none. Runs the network
    /// once, if it is due.
    ///
    /// `beats` may know all beats of the stream, some or none: changes are placed on known beats.
    pub fn poll(&mut self, beats: &mut dyn BeatSource) -> Option<Refined> {
        let refined = self.next(beats)?;
        Some(self.calibrated(refined))
    }

    fn calibrated(&self, mut refined: Refined) -> Refined {
        refined.calibrate(self.model.calibration());
        refined
    }

    fn next(&mut self, beats: &mut dyn BeatSource) -> Option<Refined> {
        loop {
            let take = self.takes.front_mut()?;
            take.share = self.share;
            if take.frames.count >= take.next_run() {
                let end = take.next_run();
                take.runs += 1;
                take.listen(self.model.as_ref(), end, &mut self.counters);
                if end > LAG_FRAMES {
                    return Some(take.confirm(end - LAG_FRAMES, end, beats));
                }
                continue;
            }
            let end_s = take.ended_s?;
            let open = take.confirmed() < take.frames.count;
            let refined = open
                .then(|| take.last_words(end_s, self.model.as_ref(), &mut self.counters, beats));
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

    /// The open stretch as it would be confirmed if the input ended here, as far as there are
    /// frames of it; the chord of the last frame lasts to the end. Changes nothing: the input may
    /// continue, and [`Self::poll`] returns the same as without this call. `None` if nothing is
    /// open, or while [`Self::is_due`]. Runs the network twice.
    #[must_use]
    pub fn preview(&self, beats: &mut dyn BeatSource) -> Option<Refined> {
        let take = self.takes.back()?;
        if self.is_due() {
            return None;
        }
        let (mut take, mut counters) = (take.clone(), self.counters);
        let mut transform = self.transform.clone();
        transform.retune(self.tuning.tuning());
        transform.push(&self.waiting, |_, magnitudes| take.frames.push(magnitudes));
        let open = take.confirmed() < take.frames.count;
        let model = self.model.as_ref();
        let refined = open.then(|| take.last_words(self.now_s(), model, &mut counters, beats));
        refined.map(|refined| self.calibrated(refined))
    }

    /// Ends the input here, finally or for a pause: the next [`Self::poll`]s return everything
    /// still open. Later samples start a new analysis; time continues.
    pub fn finish(&mut self) {
        self.end_take(0);
    }

    /// Marks `lost` host samples as missing at this point. The next [`Self::poll`]s return the
    /// audio before it to its end; no output covers the gap, and the analysis starts over after it.
    pub fn mark_gap(&mut self, lost: u64) {
        if lost > 0 {
            self.counters.lost_samples += lost;
            self.end_take(lost);
        }
    }

    /// Forgets the input so far; time begins at zero.
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

    /// The longest time from a sound to its confirmed chord, seconds: the lag, the wait for a run,
    /// the transform's look-ahead and the resampler's delay.
    #[must_use]
    pub fn latency_s(&self) -> f64 {
        let frames = (LAG_FRAMES + RUN_FRAMES + 1) as f64 * FILE_HOP_S;
        let look_ahead = (window_length_samples(0, 0.0) / 2.0).ceil() / f64::from(SAMPLE_RATE);
        frames + look_ahead + self.resampler.delay_s()
    }

    /// Counters of faulty input and failures so far.
    #[must_use]
    pub fn counters(&self) -> RefiningCounters {
        self.counters
    }

    /// Takes the resampled audio, and computes all waiting frames whenever the last frame of a run
    /// is complete.
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
        // When a run ends, all frames up to the waiting ones are computed.
        let later = RUN_FRAMES - 1 - take.frames.count % RUN_FRAMES;
        self.transform.until_frame() + later as usize * FILE_HOP_SAMPLES - self.waiting.len()
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
            // The take is empty: it begins later.
            self.takes.pop_back();
        }
        self.origin_samples += self.taken_samples + lost;
        self.taken_samples = 0;
        self.takes.push_back(Take::at(self.now_s()));
    }
}
