//! The live engine: push samples as they arrive, poll events as they happen.
//!
//! ```
//! use recognizer::live::{Event, LiveEngine, LiveSettings};
//! use recognizer::models;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let mut engine = LiveEngine::new(models::live()?, 48_000.0, LiveSettings::default())?;
//! # let blocks = vec![[0.0_f32; 512]; 10];
//! for block in &blocks {
//!     engine.push(block);
//!     while let Some(event) = engine.poll() {
//!         match event {
//!             Event::Shown(shown) => println!("{:.2} s: {}", shown.shown_at_s, shown.label),
//!             Event::Segment(segment) => println!("final: {}", segment.label),
//!         }
//!     }
//! }
//! # Ok(())
//! # }
//! ```
//!
//! Every time is in seconds of input audio since the start (or the last reset), lost samples
//! counted. A frame for time τ needs the audio up to τ plus the look-ahead of the transform and the
//! delay of the resampler; [`Shown::shown_at_s`] is that later time. Both follow from sample counts
//! alone, so events do not depend on block size or speed.
//!
//! Two decoders read every frame: one for the track, whose segments are final after [`LAG_FRAMES`],
//! and one for the display, which changes more readily.

mod clock;
mod display;
mod event;
mod reader;
mod recent;
mod settings;
mod track;

use std::collections::VecDeque;
use std::sync::Arc;

use harmony::label::Label;
use harmony::timeline::Segment;
use harmony::vocabulary::large;

pub(crate) use clock::FrameClock;
pub(crate) use reader::{Heard, Reader};

pub use event::{Event, Shown, ShownState};
pub use settings::LiveSettings;

use crate::band::{PartFrame, notes_of};
use crate::beat::{BeatSource, NoBeats};
use crate::calibration::Calibrations;
use crate::decode::Posterior;
use crate::features::causal_vqt::{CausalVqt, LIVE_HOP_SAMPLES, LOOKAHEAD_SAMPLES};
use crate::features::{BINS, SAMPLE_RATE, log_compress};
use crate::inference::{CausalModel, CausalStream};
use crate::networks::{BASS_CLASSES, CHORD_CLASSES};
use crate::resample::{RateError, StreamResampler};
use crate::tuning::{Tuning, TuningFollower, TuningSteps};
/// Frames after which a label is final: 1.02 s.
pub const LAG_FRAMES: usize = 22;
/// Seconds from one frame to the next.
pub const FRAME_S: f64 = LIVE_HOP_SAMPLES as f64 / SAMPLE_RATE as f64;

/// The look-ahead of a frame in seconds, without resampling.
pub(crate) const LOOK_AHEAD_S: f64 = LOOKAHEAD_SAMPLES as f64 / SAMPLE_RATE as f64;
/// A frame with all bins below this is silence (about −80 dB of full scale).
pub(crate) const SILENCE_MAGNITUDE: f32 = 1e-4;

/// Why a live engine could not be created.
#[derive(Debug, thiserror::Error)]
pub enum LiveError {
    /// The host's rate is out of range.
    #[error(transparent)]
    Rate(#[from] RateError),
}

/// Counters of faulty input.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LiveCounters {
    /// Samples that were not finite (taken for silence) or far too large (clamped).
    pub invalid_samples: u64,
    /// Samples reported lost through [`LiveEngine::mark_gap`].
    pub lost_samples: u64,
    /// Frames for which the network's engine failed; taken for "no chord".
    pub failed_frames: u64,
}

/// Reads chords from a stream of samples; see the [module](self).
pub struct LiveEngine {
    resampler: StreamResampler,
    resampled: Vec<f32>,
    tuning: TuningFollower,
    transform: CausalVqt,
    stream: Box<dyn CausalStream>,
    calibrations: Calibrations,
    /// From posteriors to events.
    reader: Reader,
    events: VecDeque<Event>,
    /// The frames since the last [`LiveEngine::take_frames`], if they are shared.
    shared: Option<Vec<PartFrame>>,
    spectrum: [f32; BINS],
    /// Consecutive silent frames so far.
    silent_frames: usize,
    /// Host samples taken or reported lost before the transform's time zero.
    origin_host_samples: u64,
    /// Host samples taken since.
    taken_host_samples: u64,
    counters: LiveCounters,
}

impl LiveEngine {
    /// An engine for mono samples at `host_rate` Hz (8 kHz to 384 kHz).
    ///
    /// # Errors
    /// [`LiveError::Rate`] for a rate out of range.
    pub fn new(
        model: Arc<dyn CausalModel>,
        host_rate: f64,
        settings: LiveSettings,
    ) -> Result<Self, LiveError> {
        let resampler = StreamResampler::new(host_rate)?;
        Ok(Self {
            resampler,
            resampled: Vec::with_capacity(8192),
            tuning: TuningFollower::new(settings.tuning),
            transform: CausalVqt::new(),
            stream: model.start(),
            calibrations: model.calibrations(),
            reader: Reader::new(settings),
            events: VecDeque::new(),
            shared: None,
            spectrum: [log_compress(0.0); BINS],
            silent_frames: 0,
            origin_host_samples: 0,
            taken_host_samples: 0,
            counters: LiveCounters::default(),
        })
    }

    /// Takes mono samples at the host's rate, any number of them.
    pub fn push(&mut self, samples: &[f32]) {
        self.push_on_beats(samples, &mut NoBeats);
    }

    /// As [`Self::push`], with known beats: a chord change on a beat is shown sooner. The confirmed
    /// track stays the same.
    ///
    /// `beats` is asked for stretches of the input at least the look-ahead ago.
    pub fn push_on_beats(&mut self, samples: &[f32], beats: &mut dyn BeatSource) {
        self.tuning.forget_steps();
        self.taken_host_samples += samples.len() as u64;
        // The resampler may start over at a gap: count differences.
        let invalid_before = self.resampler.invalid_samples();
        let mut resampled = std::mem::take(&mut self.resampled);
        resampled.clear();
        self.resampler.push(samples, &mut resampled);
        self.counters.invalid_samples += self.resampler.invalid_samples() - invalid_before;
        self.analyse(&resampled, beats);
        self.resampled = resampled;
    }

    /// Ends the input: the buffered audio is analysed and the last segments become events. The
    /// engine then starts over, as after [`LiveEngine::reset`], but keeps the tuning it has found.
    pub fn finish(&mut self) {
        self.tuning.forget_steps();
        self.drain();
        self.close_track();
        let events = std::mem::take(&mut self.events);
        self.start_over();
        self.events = events;
    }

    /// Marks `lost` host samples as missing at this point. The audio before is analysed to its end,
    /// the gap becomes a lost segment, and the analysis starts over after it.
    pub fn mark_gap(&mut self, lost: u64) {
        self.tuning.forget_steps();
        if lost == 0 {
            return;
        }
        self.drain();
        self.close_track();
        let start_s = self.now_s();
        self.origin_host_samples += self.taken_host_samples + lost;
        self.taken_host_samples = 0;
        let end_s = self.now_s();
        self.counters.lost_samples += lost;
        self.start_analysis();
        self.reader.begin_track(end_s);
        self.events
            .push_back(Event::Segment(Segment::lost(start_s, end_s)));
        self.events.push_back(Event::Shown(Shown {
            shown_at_s: end_s,
            starts_at_s: start_s,
            label: Label::Unknown,
            state: ShownState::Confirmed,
            confidence: 0.0,
            alternatives: Vec::new(),
        }));
    }

    /// The next event, if there is one.
    pub fn poll(&mut self) -> Option<Event> {
        let mut event = self.events.pop_front()?;
        match &mut event {
            Event::Segment(segment) => {
                segment.confidence = self.calibrations.track.confidence(segment.confidence);
            }
            Event::Shown(shown) => {
                let others = &mut shown.alternatives;
                self.calibrations
                    .on_display()
                    .apply(&mut shown.confidence, others);
            }
        }
        Some(event)
    }

    /// Forgets the input so far; time begins at zero.
    pub fn reset(&mut self) {
        self.tuning.forget_steps();
        self.tuning.reset();
        self.start_over();
    }

    /// As [`Self::reset`], but keeps the tuning: the following music is likely the same.
    fn start_over(&mut self) {
        self.start_analysis();
        self.events.clear();
        self.origin_host_samples = 0;
        self.taken_host_samples = 0;
        self.counters = LiveCounters::default();
    }

    /// New settings, from the next frame on.
    pub fn set(&mut self, settings: LiveSettings) {
        self.tuning.forget_steps();
        self.tuning.set(settings.tuning);
        self.reader.set(settings);
    }

    /// Whether frames are kept for [`Self::take_frames`], from the next one on.
    pub fn share_frames(&mut self, share: bool) {
        self.shared = share.then(|| self.shared.take().unwrap_or_default());
    }

    /// The frames since the last call, oldest first, times in seconds of the input; empty unless
    /// [`Self::share_frames`] is on.
    pub fn take_frames(&mut self) -> Vec<PartFrame> {
        self.shared.as_mut().map(std::mem::take).unwrap_or_default()
    }

    /// The tuning, once it is set or found in the music.
    pub fn tuning(&self) -> Option<Tuning> {
        self.tuning.is_sure().then(|| self.tuning.tuning())
    }

    /// The changes of tuning in the last call of this engine, for a
    /// [`RefiningEngine`](crate::refine::RefiningEngine) of the same samples.
    pub fn tuning_steps(&self) -> &TuningSteps {
        self.tuning.steps()
    }

    /// The latest frame, log-compressed magnitudes (see [`log_compress`]).
    pub fn spectrum(&self) -> &[f32; BINS] {
        &self.spectrum
    }

    /// Whether the latest frame was silence.
    pub fn is_silent(&self) -> bool {
        self.silent_frames > 0
    }

    /// Input time taken so far, seconds, lost samples counted.
    pub fn now_s(&self) -> f64 {
        (self.origin_host_samples + self.taken_host_samples) as f64 / self.resampler.host_rate()
    }

    /// Seconds from the time of a frame to when it is decoded at the latest: look-ahead and
    /// resampling delay.
    pub fn latency_s(&self) -> f64 {
        LOOK_AHEAD_S + self.resampler.delay_s()
    }

    /// Counters of faulty input so far.
    pub fn counters(&self) -> LiveCounters {
        self.counters
    }

    fn start_analysis(&mut self) {
        self.resampler.reset();
        self.tuning.skip();
        self.transform.reset();
        self.stream.reset();
        self.reader.start();
        self.spectrum = [log_compress(0.0); BINS];
        self.silent_frames = 0;
    }

    fn clock(&self) -> FrameClock {
        FrameClock {
            origin_s: self.origin_host_samples as f64 / self.resampler.host_rate(),
            latency_s: self.latency_s(),
        }
    }

    /// Analyses the audio still buffered in resampler and transform.
    fn drain(&mut self) {
        let mut rest = std::mem::take(&mut self.resampled);
        rest.clear();
        self.resampler.flush(&mut rest);
        self.analyse(&rest, &mut NoBeats);
        self.resampled = rest;
        let mut frames = Vec::new();
        self.transform
            .finish(|frame| frames.push((frame.index, *frame.magnitudes)));
        for (index, magnitudes) in frames {
            self.hear(index, &magnitudes, &mut NoBeats);
        }
    }

    fn analyse(&mut self, mut resampled: &[f32], beats: &mut dyn BeatSource) {
        // Frame by frame: a frame's tuning depends on all samples up to its last one.
        while !resampled.is_empty() {
            let until = self.transform.until_frame().min(resampled.len());
            let (now, later) = resampled.split_at(until);
            resampled = later;
            self.tuning.push(now);
            self.transform.retune(self.tuning.tuning());
            let mut frame = None;
            self.transform
                .push(now, |f| frame = Some((f.index, *f.magnitudes)));
            if let Some((index, magnitudes)) = frame {
                self.hear(index, &magnitudes, beats);
            }
        }
    }

    /// Passes the next frame through network and decoders to track and display.
    fn hear(&mut self, index: u64, magnitudes: &[f32; BINS], beats: &mut dyn BeatSource) {
        let (posterior, silent) = self.posterior(magnitudes);
        let clock = self.clock();
        if let Some(shared) = &mut self.shared {
            shared.push(PartFrame {
                time_s: clock.frame_s(index),
                posterior: posterior.clone(),
                notes: notes_of(&self.spectrum),
                silent,
            });
        }
        let heard = Heard {
            index,
            posterior,
            silent,
            clock,
        };
        self.reader.hear(heard, beats, &mut self.events);
    }

    /// The posterior of the next frame, and whether the frame is silent.
    fn posterior(&mut self, magnitudes: &[f32; BINS]) -> (Posterior, bool) {
        for (out, magnitude) in self.spectrum.iter_mut().zip(magnitudes) {
            *out = log_compress(*magnitude);
        }
        let silent = magnitudes.iter().all(|m| *m < SILENCE_MAGNITUDE);
        let posterior = if silent {
            self.silent_frames = self.silent_frames.saturating_add(1);
            self.pass_silence();
            certainly_no_chord()
        } else {
            self.silent_frames = 0;
            self.ask_network(&self.spectrum.clone())
                .unwrap_or_else(certainly_no_chord)
        };
        (posterior, silent)
    }

    /// The network's posterior of the next frame; resets the network if it fails.
    fn ask_network(&mut self, frame: &[f32; BINS]) -> Option<Posterior> {
        let posterior = self.stream.step(frame).ok();
        let posterior = posterior.filter(|it| it.chord.iter().all(|p| !p.is_nan()));
        if posterior.is_none() {
            self.counters.failed_frames += 1;
            self.stream.reset();
        }
        posterior
    }

    /// Feeds a silent frame to the network, with noise below the limit as zeros. Once the network's
    /// memory contains only silence, another such frame changes nothing and is not computed: a
    /// stopped host costs next to nothing.
    fn pass_silence(&mut self) {
        let memory = self.stream.memory();
        if memory.is_none_or(|memory| self.silent_frames <= memory) {
            self.ask_network(&[log_compress(0.0); BINS]);
        }
    }

    /// The input ends: the whole path becomes final.
    fn close_track(&mut self) {
        let (end_s, clock) = (self.now_s(), self.clock());
        self.reader.close(end_s, clock, &mut self.events);
    }
}

/// The posterior of silence.
pub(crate) fn certainly_no_chord() -> Posterior {
    let mut chord = [(0.01_f32 / (CHORD_CLASSES - 1) as f32).ln(); CHORD_CLASSES];
    chord[large::NO_CHORD] = 0.99_f32.ln();
    Posterior {
        chord,
        bass: Some([(1.0_f32 / BASS_CLASSES as f32).ln(); BASS_CLASSES]),
        extensions: None,
    }
}
