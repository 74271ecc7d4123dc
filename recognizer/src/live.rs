//! The live engine: push samples as they come, take events as they happen.
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
//! counted. A frame for time τ needs the audio up to τ plus the look-ahead of the transform and
//! the delay of the resampler; [`Shown::shown_at_s`] is that later time. Both follow from sample
//! counts alone, so events do not depend on block size or speed.
//!
//! Two decoders hear every frame: one for the track, whose segments are final after
//! [`LAG_FRAMES`], and one for the display, which changes its mind more readily.

mod clock;
mod display;
mod event;
mod recent;
mod settings;
mod track;

use std::collections::VecDeque;
use std::sync::Arc;

use harmony::label::Label;
use harmony::timeline::Segment;
use harmony::vocabulary::large;

pub use event::{Event, Shown, ShownState};
pub use settings::LiveSettings;

use crate::beat::{BeatSource, NoBeats};
use crate::calibration::Calibration;
use crate::decode::Posterior;
use crate::decode::fixed_lag::FixedLag;
use crate::decode::states::emissions;
use crate::features::causal_vqt::{CausalVqt, LIVE_HOP_SAMPLES, LOOKAHEAD_SAMPLES};
use crate::features::{BINS, SAMPLE_RATE, log_compress};
use crate::inference::{CausalModel, CausalStream};
use crate::networks::{BASS_CLASSES, CHORD_CLASSES};
use crate::resample::{RateError, StreamResampler};
use crate::tuning::{Tuning, TuningFollower, TuningSteps};
use clock::FrameClock;
use display::{Decoded, Display, cost_share_on};
use recent::RecentPosteriors;
use track::TrackBuilder;

/// Frames after which a label is final: 1.02 s.
pub const LAG_FRAMES: usize = 22;
/// Seconds from one frame to the next.
pub const FRAME_S: f64 = LIVE_HOP_SAMPLES as f64 / SAMPLE_RATE as f64;

/// A frame may be the first to hear what sounded so long before it, seconds.
const BEAT_REACH_S: f64 = 3.25 * FRAME_S;
/// A frame all of whose bins are below this is silence (about −80 dB of full scale).
const SILENCE_MAGNITUDE: f32 = 1e-4;

/// Why a live engine could not be made.
#[derive(Debug, thiserror::Error)]
pub enum LiveError {
    /// The host's rate is out of range.
    #[error(transparent)]
    Rate(#[from] RateError),
}

/// Counters of faulty input.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LiveCounters {
    /// Samples that were not finite or absurdly large; taken for silence, or clamped.
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
    calibration: Calibration,
    /// For the confirmed track.
    decoder: FixedLag,
    display_decoder: FixedLag,
    settings: LiveSettings,
    display: Display,
    track: TrackBuilder,
    recent: RecentPosteriors,
    events: VecDeque<Event>,
    spectrum: [f32; BINS],
    /// Silent frames since the last one that was none.
    silent_frames: usize,
    /// Log-probabilities of the decoders' states in the latest frame.
    heard: Vec<f32>,
    /// Whether those are the ones of silence.
    heard_silence: bool,
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
            calibration: model.calibration(),
            decoder: FixedLag::new(settings.track_decoder()),
            display_decoder: FixedLag::new(settings.display_decoder()),
            settings,
            display: Display::default(),
            track: TrackBuilder::default(),
            recent: RecentPosteriors::default(),
            events: VecDeque::new(),
            spectrum: [log_compress(0.0); BINS],
            silent_frames: 0,
            heard: Vec::new(),
            heard_silence: false,
            origin_host_samples: 0,
            taken_host_samples: 0,
            counters: LiveCounters::default(),
        })
    }

    /// Takes mono samples at the host's rate, any number of them.
    pub fn push(&mut self, samples: &[f32]) {
        self.push_on_beats(samples, &mut NoBeats);
    }

    /// The same where beats are known: a change of chord on a beat is shown sooner. The
    /// confirmed track stays the same.
    ///
    /// `beats` is asked for stretches of the input that lie at least the look-ahead back.
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

    /// Ends the input: the audio still inside is analysed and the last segments are given out.
    /// The engine then starts over, as after [`LiveEngine::reset`], but keeps the tuning that it has
    /// found.
    pub fn finish(&mut self) {
        self.tuning.forget_steps();
        self.drain();
        self.close_track();
        let events = std::mem::take(&mut self.events);
        self.start_over();
        self.events = events;
    }

    /// Marks `lost` host samples as missing at this point. What came before is analysed to its end,
    /// the gap becomes a lost segment, and the analysis starts afresh behind it.
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
        self.track = TrackBuilder::starting_at(end_s);
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
                segment.confidence = self.calibration.confidence(segment.confidence);
            }
            Event::Shown(shown) => {
                let others = &mut shown.alternatives;
                self.calibration.apply(&mut shown.confidence, others);
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

    /// As [`Self::reset`], but for the tuning: the music that follows is likely the same.
    fn start_over(&mut self) {
        self.start_analysis();
        self.events.clear();
        self.origin_host_samples = 0;
        self.taken_host_samples = 0;
        self.counters = LiveCounters::default();
    }

    /// New settings, from the next frame on.
    pub fn set(&mut self, settings: LiveSettings) {
        self.settings = settings;
        self.tuning.forget_steps();
        self.tuning.set(settings.tuning);
        let track = settings.track_decoder();
        self.decoder.set_costs(track.change_cost, track.hold);
        // That of the display is set frame by frame.
    }

    /// The tuning, once it is set or found in the music.
    pub fn tuning(&self) -> Option<Tuning> {
        self.tuning.is_sure().then(|| self.tuning.tuning())
    }

    /// How the tuning has changed in the last call of this engine, for a
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
        LOOKAHEAD_SAMPLES as f64 / f64::from(SAMPLE_RATE) + self.resampler.delay_s()
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
        self.decoder = FixedLag::new(self.settings.track_decoder());
        self.display_decoder = FixedLag::new(self.settings.display_decoder());
        self.display = Display::default();
        self.track = TrackBuilder::default();
        self.recent = RecentPosteriors::default();
        self.spectrum = [log_compress(0.0); BINS];
        self.silent_frames = 0;
    }

    fn clock(&self) -> FrameClock {
        FrameClock {
            origin_s: self.origin_host_samples as f64 / self.resampler.host_rate(),
            latency_s: self.latency_s(),
        }
    }

    /// Analyses the audio that is still inside resampler and transform.
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
        // Frame by frame: a frame's tuning is what all samples up to its last one say.
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
        let posterior = self.posterior(magnitudes);
        self.set_display_costs(index, beats);
        let leading = self.display_decoder.show_heard(&self.heard);
        let confirmed = self.decoder.push_heard(&self.heard).confirmed;
        self.recent.push(posterior);
        let clock = self.clock();
        if let Some(confirmed) = confirmed {
            let path = || self.decoder.path();
            let ended = self.track.confirm(confirmed, path, &self.recent, clock);
            self.events.extend(ended.map(Event::Segment));
        }
        let decoded = Decoded {
            index,
            leading,
            track: &self.track,
            recent: &self.recent,
            clock,
        };
        let shown = self.display.update(&decoded, self.settings.hold_frames());
        self.events.extend(shown.map(Event::Shown));
    }

    /// The posterior of the next frame; the probabilities of the decoders' states go into `heard`.
    fn posterior(&mut self, magnitudes: &[f32; BINS]) -> Posterior {
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
        // Silence is the same again and again.
        if !(silent && self.heard_silence) {
            emissions(&posterior, &mut self.heard);
            self.heard_silence = silent;
        }
        posterior
    }

    /// Makes changes of the display cheaper where the frame may hear a beat.
    fn set_display_costs(&mut self, index: u64, beats: &mut dyn BeatSource) {
        let settings = self.settings.display_decoder();
        let to_s = self.clock().frame_s(index);
        let from_s = to_s - BEAT_REACH_S;
        let share = beats
            .beats_between(from_s, to_s)
            .and_then(|grid| grid.strongest(from_s, to_s))
            .map_or(1.0, |position| cost_share_on(position.place));
        self.display_decoder
            .set_costs(share * settings.change_cost, settings.hold);
    }

    /// The network's posterior of the next frame; starts it over if it fails.
    fn ask_network(&mut self, frame: &[f32; BINS]) -> Option<Posterior> {
        let posterior = self.stream.step(frame).ok();
        let posterior = posterior.filter(|it| it.chord.iter().all(|p| !p.is_nan()));
        if posterior.is_none() {
            self.counters.failed_frames += 1;
            self.stream.reset();
        }
        posterior
    }

    /// Feeds a silent frame to the network, noise below the limit as nothing at all. Once the
    /// network has forgotten all but silence another such frame changes nothing, and is not
    /// computed: a host that stands still costs next to nothing.
    fn pass_silence(&mut self) {
        let memory = self.stream.memory();
        if memory.is_none_or(|memory| self.silent_frames <= memory) {
            self.ask_network(&[log_compress(0.0); BINS]);
        }
    }

    /// The input ends: the whole path becomes final.
    fn close_track(&mut self) {
        let (path, frames) = (self.decoder.path(), self.decoder.frames());
        let (end_s, clock) = (self.now_s(), self.clock());
        let ended = self.track.close(&path, frames, end_s, &self.recent, clock);
        self.events.extend(ended.into_iter().map(Event::Segment));
    }
}

fn certainly_no_chord() -> Posterior {
    let mut chord = [(0.01_f32 / (CHORD_CLASSES - 1) as f32).ln(); CHORD_CLASSES];
    chord[large::NO_CHORD] = 0.99_f32.ln();
    Posterior {
        chord,
        bass: Some([(1.0_f32 / BASS_CLASSES as f32).ln(); BASS_CLASSES]),
        colour: None,
    }
}
