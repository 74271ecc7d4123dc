//! The live engine: push samples as they come, take events as they happen.
//!
//! Time: every time is in seconds of input audio since the start (or the last reset),
//! lost samples counted. A frame for time τ needs the audio up to τ plus the look-ahead
//! of the transform and the delay of the resampler; `shown_at_s` is that later time. Both
//! follow from sample counts alone, so events do not depend on block size or speed.

use std::collections::VecDeque;
use std::sync::Arc;

use harmony::label::Label;
use harmony::timeline::{Segment, Status};
use harmony::vocabulary::large;
use serde::Serialize;

use crate::beat::{BeatGrid, Place};
use crate::decode::fixed_lag::{FixedLag, FixedLagSettings, Run};
use crate::decode::states::{class_of, emissions, label_of};
use crate::decode::{Posterior, SegmentEvidence};
use crate::features::live::{LIVE_HOP_SAMPLES, LOOKAHEAD_SAMPLES, LiveFrames};
use crate::features::{BINS, SAMPLE_RATE, log_compress};
use crate::inference::{CausalModel, CausalStream};
use crate::networks::{BASS_CLASSES, CHORD_CLASSES};
use crate::resample::{RateError, StreamResampler};
use crate::tuning::{Tuning, TuningFollower, TuningSetting};

/// Frames after which a label is final: 1.02 s.
pub const LAG_FRAMES: usize = 22;
/// Frames for which a label stays shown at least, 0.23 s: nobody reads anything shorter.
const SHOWN_FRAMES: u64 = 5;
/// Of the cost of a change, what the display asks: it may be wrong for a moment, and is the
/// sooner right; what is written down may not. Chosen on the valid split: 28 ms of median
/// latency and one point of majmin on the display.
const DISPLAY_COST_SHARE: f32 = 0.5;
/// A frame may be the first to hear what sounded so long before it, seconds.
const BEAT_REACH_S: f64 = 3.25 * FRAME_S;
/// A frame all of whose bins are below this is silence (about −80 dB of full scale).
const SILENCE_MAGNITUDE: f32 = 1e-4;
/// Most alternatives an event carries.
const ALTERNATIVES: usize = 4;

/// Seconds from one frame to the next.
pub const FRAME_S: f64 = LIVE_HOP_SAMPLES as f64 / SAMPLE_RATE as f64;

/// What a user may set.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LiveSettings {
    /// 0 … 1: how little evidence a change of chord needs.
    pub sensitivity: f32,
    /// Seconds for which a new chord must lead before it replaces the shown one.
    pub hold_s: f32,
    /// Where the bins lie.
    pub tuning: TuningSetting,
}

impl Default for LiveSettings {
    fn default() -> Self {
        Self {
            sensitivity: 0.5,
            hold_s: 0.0,
            tuning: TuningSetting::Estimated,
        }
    }
}

impl LiveSettings {
    /// Cost of a change of class in nats: 12 at sensitivity 0, 6 in the middle, 3 at 1.
    fn change_cost(self) -> f32 {
        12.0 * 0.25_f32.powf(self.sensitivity.clamp(0.0, 1.0))
    }

    fn hold_frames(self) -> u64 {
        (f64::from(self.hold_s.clamp(0.0, 10.0)) / FRAME_S).round() as u64
    }
}

/// Whether the shown label can still change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ShownState {
    /// Shown at once; later audio may overrule it.
    Provisional,
    /// Final.
    Confirmed,
}

/// A change of what is to be shown.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Shown {
    /// Audio time at which the display changes.
    pub shown_at_s: f64,
    /// Where the chord is placed.
    pub starts_at_s: f64,
    /// The chord, in the vocabulary with inversions.
    pub label: Label,
    /// Whether it is final.
    pub state: ShownState,
    /// Mean posterior of the chord since it began, 0 … 1.
    pub confidence: f32,
    /// The next best classes of the latest frame with their probabilities, best first.
    #[serde(skip)]
    pub alternatives: Vec<(Label, f32)>,
}

/// What the engine has to tell.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// The display changes.
    Shown(Shown),
    /// A stretch of the track is final (status [`Status::Confirmed`]). Segments come in
    /// order and without gaps.
    Segment(Segment),
}

/// Why a live engine could not be made.
#[derive(Debug, thiserror::Error)]
pub enum LiveError {
    /// The host's rate is out of range.
    #[error(transparent)]
    Rate(#[from] RateError),
}

/// Counters of what was not clean in the input.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LiveCounters {
    /// Samples that were not finite or absurdly large; heard as silence or clamped.
    pub invalid_samples: u64,
    /// Samples reported lost through [`LiveEngine::mark_gap`].
    pub lost_samples: u64,
    /// Frames for which the network's engine failed; heard as "no chord".
    pub failed_frames: u64,
}

/// The engine; see the module's text.
pub struct LiveEngine {
    resampler: StreamResampler,
    resampled: Vec<f32>,
    tuning: TuningFollower,
    transform: LiveFrames,
    stream: Box<dyn CausalStream>,
    decoder: FixedLag,
    /// The same for the display, which changes its mind more readily.
    display_decoder: FixedLag,
    settings: LiveSettings,
    display: Display,
    track: Track,
    events: VecDeque<Event>,
    spectrum: [f32; BINS],
    /// Silent frames since the last one that was none.
    silent_frames: usize,
    /// What the latest frame says of every state of the decoders.
    heard: Vec<f32>,
    /// Whether that is what silence says.
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
            transform: LiveFrames::new(),
            stream: model.start(),
            decoder: FixedLag::new(decoder_settings(settings)),
            display_decoder: FixedLag::new(display_settings(settings)),
            settings,
            display: Display::default(),
            track: Track::default(),
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
        self.push_on_beats(samples, &mut |_, _| None);
    }

    /// The same where beats are known: a change of chord on one of them is believed sooner,
    /// and the display is right sooner. The track that is confirmed stays the same.
    ///
    /// `grid` is asked for the beats of a stretch of the input that lies at least the
    /// look-ahead back, in its seconds; what it knows of one must not depend on when it is
    /// asked, or the result will.
    pub fn push_on_beats(
        &mut self,
        samples: &[f32],
        grid: &mut dyn FnMut(f64, f64) -> Option<BeatGrid>,
    ) {
        self.taken_host_samples += samples.len() as u64;
        // The resampler may start over at a gap: count differences.
        let invalid_before = self.resampler.invalid_samples();
        let mut resampled = std::mem::take(&mut self.resampled);
        resampled.clear();
        self.resampler.push(samples, &mut resampled);
        self.counters.invalid_samples += self.resampler.invalid_samples() - invalid_before;
        self.analyse(&resampled, grid);
        self.resampled = resampled;
    }

    /// Says the input ends here: what is still inside is analysed and the last segments
    /// are given out. The engine then starts over, as after [`LiveEngine::reset`], but keeps
    /// the tuning that it has found.
    pub fn finish(&mut self) {
        self.drain();
        self.close_track();
        let events = std::mem::take(&mut self.events);
        self.start_over();
        self.events = events;
    }

    /// Says that `lost` host samples are missing at this point. What came before is
    /// analysed to its end, the gap is marked as a lost segment, and the analysis starts
    /// afresh behind it.
    pub fn mark_gap(&mut self, lost: u64) {
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
        self.track.start_s = end_s;
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
        self.events.pop_front()
    }

    /// Forgets everything that was heard; time begins at zero.
    pub fn reset(&mut self) {
        self.tuning.reset();
        self.start_over();
    }

    /// As [`Self::reset`], but for the tuning: the music that follows is likely the same.
    fn start_over(&mut self) {
        self.start_analysis();
        self.track = Track::default();
        self.events.clear();
        self.origin_host_samples = 0;
        self.taken_host_samples = 0;
        self.counters = LiveCounters::default();
    }

    /// New settings, from the next frame on.
    pub fn set(&mut self, settings: LiveSettings) {
        self.settings = settings;
        self.tuning.set(settings.tuning);
        let track = decoder_settings(settings);
        self.decoder.set_costs(track.change_cost, track.hold);
        // That of the display is set frame by frame.
    }

    /// Where the bins lie, if somebody has set it or the music has said it.
    pub fn tuning(&self) -> Option<Tuning> {
        self.tuning.is_sure().then(|| self.tuning.tuning())
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

    /// From when a sound is heard by the transform's frame to when that frame can be
    /// decoded at the latest: look-ahead and resampling delay, seconds.
    pub fn latency_s(&self) -> f64 {
        LOOKAHEAD_SAMPLES as f64 / f64::from(SAMPLE_RATE) + self.resampler.delay_s()
    }

    /// What was not clean so far.
    pub fn counters(&self) -> LiveCounters {
        self.counters
    }

    fn start_analysis(&mut self) {
        self.resampler.reset();
        self.tuning.skip();
        self.transform.reset();
        self.stream.reset();
        self.decoder = FixedLag::new(decoder_settings(self.settings));
        self.display_decoder = FixedLag::new(display_settings(self.settings));
        self.display = Display::default();
        self.track = Track::default();
        self.spectrum = [log_compress(0.0); BINS];
        self.silent_frames = 0;
    }

    /// Input time of frame `index`, seconds.
    fn frame_s(&self, index: u64) -> f64 {
        self.origin_host_samples as f64 / self.resampler.host_rate() + index as f64 * FRAME_S
    }

    /// Audio still inside resampler and transform.
    fn drain(&mut self) {
        let mut rest = std::mem::take(&mut self.resampled);
        rest.clear();
        self.resampler.flush(&mut rest);
        self.analyse(&rest, &mut |_, _| None);
        self.resampled = rest;
        let mut frames = Vec::new();
        self.transform
            .finish(|frame| frames.push((frame.index, *frame.magnitudes)));
        for (index, magnitudes) in frames {
            self.frame(index, &magnitudes, &mut |_, _| None);
        }
    }

    fn analyse(
        &mut self,
        mut resampled: &[f32],
        grid: &mut dyn FnMut(f64, f64) -> Option<BeatGrid>,
    ) {
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
                self.frame(index, &magnitudes, grid);
            }
        }
    }

    fn frame(
        &mut self,
        index: u64,
        magnitudes: &[f32; BINS],
        grid: &mut dyn FnMut(f64, f64) -> Option<BeatGrid>,
    ) {
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
        let display = display_settings(self.settings);
        let time_s = self.frame_s(index);
        let share = grid(time_s - BEAT_REACH_S, time_s)
            .and_then(|grid| grid.strongest(time_s - BEAT_REACH_S, time_s))
            .map_or(1.0, |position| cost_share_on(position.place));
        self.display_decoder
            .set_costs(share * display.change_cost, display.hold);
        let shown = self.display_decoder.show_heard(&self.heard);
        let confirmed = self.decoder.push_heard(&self.heard).confirmed;
        self.track.remember(posterior);
        if let Some((frame, state)) = confirmed {
            self.confirm(frame, state);
        }
        self.show(index, shown);
    }

    /// What the network says of the next frame; starts it over if it fails.
    fn ask_network(&mut self, frame: &[f32; BINS]) -> Option<Posterior> {
        let posterior = self.stream.step(frame).ok();
        let posterior = posterior.filter(|it| it.chord.iter().all(|p| !p.is_nan()));
        if posterior.is_none() {
            self.counters.failed_frames += 1;
            self.stream.reset();
        }
        posterior
    }

    /// Lets the network hear a silent frame, whatever noise is below silence as nothing at
    /// all. Once it has forgotten all but silence another such frame changes nothing, and is
    /// not computed: a host that stands still costs next to nothing.
    fn pass_silence(&mut self) {
        let memory = self.stream.memory();
        if memory.is_none_or(|memory| self.silent_frames <= memory) {
            self.ask_network(&[log_compress(0.0); BINS]);
        }
    }

    /// Follows the confirmed states and gives out segments as they end.
    fn confirm(&mut self, frame: u64, state: usize) {
        match &mut self.track.open {
            Some(open) if open.state == state => {}
            _ => {
                // The path from here to now says which frames speak for this segment.
                let path = self.decoder.path();
                let same = path.iter().take_while(|s| **s == state).count();
                let mut evidence = SegmentEvidence::default();
                for posterior in self.track.recent(path.len()).take(same) {
                    evidence.add(posterior, class_of(state));
                }
                self.begin_segment(frame, state, &evidence);
            }
        }
        let probability = self
            .track
            .recent(LAG_FRAMES + 1)
            .next()
            .map_or(0.0, |oldest| f64::from(oldest.chord[class_of(state)].exp()));
        if let Some(open) = &mut self.track.open {
            open.frames += 1;
            open.probability += probability;
        }
    }

    /// Ends the open segment where frame `frame` lies, and opens one of `state` there.
    fn begin_segment(&mut self, frame: u64, state: usize, evidence: &SegmentEvidence) {
        let start_s = if frame == 0 {
            self.track.start_s
        } else {
            self.frame_s(frame)
        };
        self.end_segment(start_s);
        self.track.open = Some(OpenSegment {
            state,
            start_frame: frame,
            start_s,
            label: evidence.coloured(label_of(state)),
            frames: 0,
            probability: 0.0,
        });
    }

    /// Ends the open segment at `end_s`.
    fn end_segment(&mut self, end_s: f64) {
        if let Some(open) = self.track.open.take()
            && end_s > open.start_s
        {
            let mut segment = Segment::new(open.start_s, end_s, open.label);
            segment.confidence = (open.probability / f64::from(open.frames.max(1))) as f32;
            segment.status = Status::Confirmed;
            self.events.push_back(Event::Segment(segment));
        }
    }

    /// The input ends: everything the path says becomes final.
    fn close_track(&mut self) {
        let path = self.decoder.path();
        let frames = self.decoder.frames();
        // The oldest of the path's frames is confirmed already, once the lag is full.
        let first = frames - path.len() as u64;
        let skip = usize::from(path.len() > LAG_FRAMES);
        let posteriors: Vec<Posterior> = self.track.recent(path.len()).cloned().collect();
        for (i, &state) in path.iter().enumerate().skip(skip) {
            let frame = first + i as u64;
            if self.track.open.as_ref().is_none_or(|o| o.state != state) {
                let mut evidence = SegmentEvidence::default();
                for (posterior, _) in posteriors[i..]
                    .iter()
                    .zip(&path[i..])
                    .take_while(|(_, s)| **s == state)
                {
                    evidence.add(posterior, class_of(state));
                }
                self.begin_segment(frame, state, &evidence);
            }
            if let Some(open) = &mut self.track.open {
                open.frames += 1;
                open.probability += f64::from(posteriors[i].chord[class_of(state)].exp());
            }
        }
        let end_s = self.now_s();
        self.end_segment(end_s);
        self.track.start_s = end_s;
    }

    /// Decides whether the display changes at this frame.
    fn show(&mut self, index: u64, shown: Run) {
        let Run {
            state: chord,
            start,
        } = shown;
        if self.display.chord == Some(chord) {
            self.display.waiting = None;
        } else {
            let waiting = match self.display.waiting {
                Some((waiting, since)) if waiting == chord => since,
                _ => index,
            };
            self.display.waiting = Some((chord, waiting));
            if index - waiting < self.settings.hold_frames() || self.is_label_new(index) {
                return;
            }
            self.display = Display {
                chord: Some(chord),
                start,
                label_since: self.display.label_since,
                ..Display::default()
            };
        }
        // What the frames since the chord began say of it. The start is what the path
        // says now, but never later than what was shown.
        self.display.start = self
            .display
            .start
            .min(start)
            .max(index.saturating_sub(LAG_FRAMES as u64));
        let length = (index - self.display.start.min(index)) as usize + 1;
        let mut evidence = SegmentEvidence::default();
        for posterior in self.track.recent(length) {
            evidence.add(posterior, class_of(chord));
        }
        // While open, the confirmed segment's label is the final word.
        let confirmed = self
            .track
            .open
            .as_ref()
            .filter(|open| open.state == chord && open.start_frame >= self.display.first_start)
            .map(|open| (open.label.clone(), open.start_s));
        let (label, starts_at_s, state) = match confirmed {
            Some((label, start_s)) => (label, start_s, ShownState::Confirmed),
            None => (
                evidence.coloured(label_of(chord)),
                self.frame_s(start),
                ShownState::Provisional,
            ),
        };
        if self.display.label.is_none() {
            self.display.first_start = start.saturating_sub(2);
        }
        let changed_label = self.display.label.as_ref() != Some(&label);
        let changed_state = self.display.state != Some(state);
        if changed_label && self.is_label_new(index) {
            return;
        }
        if changed_label && state == ShownState::Provisional && self.display.label.is_some() {
            // A colour found late is shown once it has stood for three frames.
            self.display.pending += 1;
            if self.display.pending < 3 {
                return;
            }
        }
        self.display.pending = 0;
        if changed_label || changed_state {
            if changed_label {
                self.display.label_since = index;
            }
            self.display.label = Some(label.clone());
            self.display.state = Some(state);
            let shown_at_s = self.frame_s(index) + self.latency_s();
            let alternatives = self.alternatives(class_of(chord));
            self.events.push_back(Event::Shown(Shown {
                shown_at_s,
                starts_at_s,
                label,
                state,
                confidence: evidence.confidence(),
                alternatives,
            }));
        }
    }

    /// Whether what is shown has not been there for long enough to be read.
    fn is_label_new(&self, index: u64) -> bool {
        self.display.label.is_some() && index < self.display.label_since + SHOWN_FRAMES
    }

    /// The most probable other classes of the latest frame.
    fn alternatives(&self, shown: usize) -> Vec<(Label, f32)> {
        let Some(latest) = self.track.recent(1).next() else {
            return Vec::new();
        };
        let mut order: Vec<usize> = (0..CHORD_CLASSES)
            .filter(|&c| c != shown && c != large::UNKNOWN)
            .collect();
        order.sort_by(|&a, &b| latest.chord[b].total_cmp(&latest.chord[a]));
        order
            .into_iter()
            .take(ALTERNATIVES)
            .map(|class| (large::label_of(class), latest.chord[class].exp()))
            .collect()
    }
}

/// What is on the display.
#[derive(Debug, Default)]
struct Display {
    /// State that is shown, before its colours.
    chord: Option<usize>,
    /// First frame of the chord as far as known.
    start: u64,
    /// Where the chord's confirmed segment may begin at the earliest.
    first_start: u64,
    label: Option<Label>,
    state: Option<ShownState>,
    /// Frames for which another colour has been waiting.
    pending: u32,
    /// A state that leads but has not led for long enough, and since which frame.
    waiting: Option<(usize, u64)>,
    /// Frame at which the label was shown.
    label_since: u64,
}

/// The track as far as it is final, and the frames that are not.
#[derive(Debug, Default)]
struct Track {
    start_s: f64,
    open: Option<OpenSegment>,
    /// Posteriors of the last [`LAG_FRAMES`] + 1 frames, oldest first.
    posteriors: VecDeque<Posterior>,
}

#[derive(Debug)]
struct OpenSegment {
    state: usize,
    start_frame: u64,
    start_s: f64,
    label: Label,
    frames: u32,
    probability: f64,
}

impl Track {
    fn remember(&mut self, posterior: Posterior) {
        if self.posteriors.len() > LAG_FRAMES {
            self.posteriors.pop_front();
        }
        self.posteriors.push_back(posterior);
    }

    /// The last `count` posteriors (or as many as there are), oldest first.
    fn recent(&self, count: usize) -> impl Iterator<Item = &Posterior> {
        let skip = self.posteriors.len().saturating_sub(count);
        self.posteriors.iter().skip(skip)
    }
}

fn decoder_settings(settings: LiveSettings) -> FixedLagSettings {
    FixedLagSettings {
        change_cost: settings.change_cost(),
        lag_frames: LAG_FRAMES,
        hold: 0.0,
    }
}

fn display_settings(settings: LiveSettings) -> FixedLagSettings {
    let track = decoder_settings(settings);
    FixedLagSettings {
        change_cost: track.change_cost * DISPLAY_COST_SHARE,
        ..track
    }
}

/// Of what the display asks for a change, what it asks for one on a beat. Chosen on the valid
/// split (`trainer eval-latency --tune --beats`): 18 ms of median latency and .4 points of
/// majmin, for another wrong label on the way to every twenty-fifth chord.
fn cost_share_on(place: Place) -> f32 {
    match place {
        Place::Downbeat => 0.4,
        Place::HalfBar => 0.5,
        Place::Beat => 0.7,
        Place::OffBeat => 1.0,
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
