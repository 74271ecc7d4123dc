//! The whole-file engine: audio to a chord track.

mod causal;

use std::ops::ControlFlow;
use std::sync::Arc;

use harmony::label::Label;
use harmony::timeline::{Segment, Status, Timeline, TimelineError};
use harmony::vocabulary::large;

use crate::audio::Audio;
use crate::averages::Averages;
use crate::beat::BeatGrid;
use crate::calibration::Calibration;
use crate::decode::Posterior;
use crate::decode::changes::{Boundaries, ChangeCosts};
use crate::decode::path::{Chord, join_silent_end, other_classes, stretches};
use crate::decode::viterbi::viterbi;
use crate::features::centred_cqt::{CentredCqt, FILE_HOP_S, FILE_HOP_SAMPLES};
use crate::features::{BINS, HopError, SAMPLE_RATE, log_compress};
use crate::inference::{CausalModel, InferenceError, WindowModel, views};
use crate::networks::WINDOW_FRAMES;
use crate::resample::RateError;
use crate::signal::Signal;
use crate::tuning::{Tuning, TuningEstimator, TuningSetting};

/// Frames from one window to the next: each frame is in two.
const STRIDE: usize = WINDOW_FRAMES / 2;
/// Windows run together.
const BATCH: usize = 8;
/// How many samples from the beginning of a file its tuning is estimated from: ten minutes.
const TUNING_SAMPLES: usize = 600 * SAMPLE_RATE as usize;

/// Why a file could not be transcribed.
#[derive(Debug, thiserror::Error)]
pub enum TranscribeError {
    /// The audio's rate is out of range.
    #[error(transparent)]
    Rate(#[from] RateError),
    /// The network's engine failed.
    #[error(transparent)]
    Inference(#[from] InferenceError),
    /// The transform refused its hop.
    #[error(transparent)]
    Hop(#[from] HopError),
    /// The segments do not form a timeline.
    #[error(transparent)]
    Timeline(#[from] TimelineError),
    /// The temporary file of a long signal cannot be read back.
    #[error("the temporary file with the audio cannot be read: {0}")]
    Temporary(#[from] std::io::Error),
    /// The caller asked to stop.
    #[error("stopped")]
    Stopped,
}

/// Transcribes `audio` with a windowed network.
///
/// `progress` gets the share done, 0 … 1, and returns whether to continue. Audio shorter than a
/// frame gives one segment of no chord; no audio gives an empty timeline.
///
/// # Errors
/// See [`TranscribeError`].
pub fn transcribe(
    audio: &Audio,
    model: &dyn WindowModel,
    progress: impl FnMut(f32) -> bool,
) -> Result<Timeline, TranscribeError> {
    Analysis::new(&Signal::from_audio(audio)?, model, progress)?.timeline(None)
}

/// The networks that hear a whole file.
#[derive(Clone)]
pub struct Networks<'a> {
    /// The network for whole files.
    pub windowed: &'a dyn WindowModel,
    /// A network for live engines whose answers are mixed in, if there is one.
    pub causal: Option<Arc<dyn CausalModel>>,
}

impl<'a> Networks<'a> {
    /// One network alone.
    #[must_use]
    pub fn alone(windowed: &'a dyn WindowModel) -> Self {
        Self {
            windowed,
            causal: None,
        }
    }

    /// Both.
    #[must_use]
    pub fn both(windowed: &'a dyn WindowModel, causal: Arc<dyn CausalModel>) -> Self {
        Self {
            windowed,
            causal: Some(causal),
        }
    }
}

/// The network's posteriors for a whole file: slow to compute, but quick to decode with different
/// beat grids.
#[derive(Debug, Clone)]
pub struct Analysis {
    /// The posterior of every frame, hop 2048.
    pub posteriors: Vec<Posterior>,
    /// Length of the audio, seconds.
    pub length_s: f64,
    /// The tuning of the transform's bins.
    pub tuning: Tuning,
    /// The calibration of the posteriors.
    pub calibration: Calibration,
}

impl Analysis {
    /// Runs one network over `signal`, at the tuning of its music; `progress` as in [`transcribe`].
    ///
    /// # Errors
    /// An engine that fails, or [`TranscribeError::Stopped`].
    pub fn new(
        signal: &Signal,
        model: &dyn WindowModel,
        progress: impl FnMut(f32) -> bool,
    ) -> Result<Self, TranscribeError> {
        let networks = Networks::alone(model);
        Self::with_tuning(signal, &networks, TuningSetting::Estimated, progress)
    }

    /// As [`Self::new`], with one or both networks and a given or an estimated tuning.
    ///
    /// # Errors
    /// As [`Self::new`].
    pub fn with_tuning(
        signal: &Signal,
        networks: &Networks<'_>,
        tuning: TuningSetting,
        mut progress: impl FnMut(f32) -> bool,
    ) -> Result<Self, TranscribeError> {
        let tuning = match tuning {
            TuningSetting::Estimated => tuning_of(signal)?,
            TuningSetting::Fixed(tuning) => tuning,
        };
        // About how long each step takes.
        let alone = if networks.causal.is_some() { 0.6 } else { 1.0 };
        let model = networks.windowed;
        let frames = log_frames(signal, tuning, |share| progress(alone * share * 0.4))?;
        let mut posteriors = posteriors(&frames, model, |share| {
            progress(alone * (0.4 + share * 0.6))
        })?;
        if let Some(causal) = &networks.causal {
            let rest = |share| progress(alone + share * (1.0 - alone));
            causal::mix_in(&mut posteriors, signal, causal, tuning, rest)?;
        }
        Ok(Self {
            posteriors,
            length_s: signal.length_s(),
            tuning,
            calibration: model.calibration(),
        })
    }

    /// The chords, with changes on the beats of `grid`, if given.
    ///
    /// # Errors
    /// As [`decode`].
    pub fn timeline(&self, grid: Option<&BeatGrid>) -> Result<Timeline, TranscribeError> {
        let costs = ChangeCosts::default();
        let timeline = decode(&self.posteriors, self.length_s, grid, costs)?;
        Ok(timeline.map_confidences(|sure| self.calibration.confidence(sure)))
    }

    /// Alternatives for the chord of a segment of [`Self::timeline`]: the other classes with the
    /// largest mean posteriors over its frames, calibrated, largest first.
    #[must_use]
    pub fn alternatives(&self, segment: &Segment) -> Vec<(Label, f32)> {
        let frame = |time_s: f64| (time_s / FILE_HOP_S).round() as usize;
        let end = frame(segment.end_s).min(self.posteriors.len());
        let start = frame(segment.start_s).min(end);
        let class = large::index_of(&segment.label);
        let heard = &self.posteriors[start..end];
        let mut others = other_classes(class, heard);
        let sum: f32 = heard.iter().map(|it| it.chord[class].exp()).sum();
        let mut posterior = sum / heard.len().max(1) as f32;
        self.calibration.apply(&mut posterior, &mut others);
        others
    }
}

/// The tuning of `signal`: that of its first ten minutes.
fn tuning_of(signal: &Signal) -> Result<Tuning, TranscribeError> {
    let mut estimator = TuningEstimator::default();
    let mut left = TUNING_SAMPLES;
    signal.blocks(|block| {
        let now = block.len().min(left);
        estimator.push(&block[..now]);
        left -= now;
        if left == 0 {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    })?;
    Ok(estimator.tuning())
}

/// Log-compressed constant-Q frames of `signal` at hop 2048, `[frames, 144]` in row order, its
/// bins at `tuning`.
///
/// # Errors
/// [`TranscribeError::Stopped`].
pub fn log_frames(
    signal: &Signal,
    tuning: Tuning,
    progress: impl FnMut(f32) -> bool,
) -> Result<Vec<f32>, TranscribeError> {
    let mut transform = CentredCqt::new(FILE_HOP_SAMPLES)?;
    transform.retune(tuning);
    let total = signal.len() as usize;
    let mut frames: Vec<f32> = Vec::with_capacity((total / FILE_HOP_SAMPLES + 2) * BINS);
    let mut take = |_: u64, magnitudes: &[f32; BINS]| {
        frames.extend(magnitudes.iter().map(|&m| log_compress(m)));
    };
    each_block(signal, |block| transform.push(block, &mut take), progress)?;
    transform.finish(&mut take);
    Ok(frames)
}

/// Gives `signal` to `take`, block by block; `progress` as in [`transcribe`].
///
/// # Errors
/// [`TranscribeError::Stopped`], and a signal that cannot be read.
fn each_block(
    signal: &Signal,
    mut take: impl FnMut(&[f32]),
    mut progress: impl FnMut(f32) -> bool,
) -> Result<(), TranscribeError> {
    let (mut done, mut stopped) = (0, false);
    signal.blocks(|block| {
        take(block);
        done += block.len();
        stopped = !progress(done as f32 / signal.len() as f32);
        if stopped {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    })?;
    if stopped {
        return Err(TranscribeError::Stopped);
    }
    Ok(())
}

/// Posteriors of every frame: overlapping windows, each frame's log-posteriors averaged with more
/// weight the nearer it is to a window's middle.
///
/// # Errors
/// An engine that fails, or [`TranscribeError::Stopped`].
pub fn posteriors(
    frames: &[f32],
    model: &dyn WindowModel,
    mut progress: impl FnMut(f32) -> bool,
) -> Result<Vec<Posterior>, TranscribeError> {
    let count = frames.len() / BINS;
    if count == 0 {
        return Ok(Vec::new());
    }
    // Windows start half a window early and end half a window late, in silence.
    let lead = STRIDE;
    let windows = (count + lead).div_ceil(STRIDE);
    let silence = [log_compress(0.0); BINS];
    let row = |t: isize| -> &[f32] {
        match usize::try_from(t) {
            Ok(t) if t < count => &frames[t * BINS..(t + 1) * BINS],
            _ => &silence,
        }
    };
    let mut averages = Averages::default();
    let mut means = Vec::with_capacity(count);
    for first in (0..windows).step_by(BATCH) {
        let batch = first..windows.min(first + BATCH);
        let mut input = Vec::with_capacity(batch.len() * WINDOW_FRAMES * BINS);
        for window in batch.clone() {
            let start = (window * STRIDE) as isize - lead as isize;
            for t in start..start + WINDOW_FRAMES as isize {
                input.extend_from_slice(row(t));
            }
        }
        let outputs = views::windows(model, &input)?;
        for (window, outputs) in batch.clone().zip(outputs.chunks_exact(WINDOW_FRAMES)) {
            let start = (window * STRIDE) as i64 - lead as i64;
            averages.add(start, outputs, count as u64);
        }
        // Later windows begin after these frames.
        let done = if batch.end == windows {
            count
        } else {
            (batch.end * STRIDE).saturating_sub(lead).min(count)
        };
        for frame in means.len()..done {
            let mean = averages.mean(frame as u64);
            let not_numbers = || {
                InferenceError::Engine(
                    "the network's output has values that are not numbers".into(),
                )
            };
            means.push(mean.ok_or_else(not_numbers)?);
        }
        averages.forget_before(done as u64);
        if !progress(batch.end as f32 / windows as f32) {
            return Err(TranscribeError::Stopped);
        }
    }
    Ok(means)
}

/// The timeline of the best path through `posteriors` (hop 2048, frame `n` centred on sample
/// `2048 n`), `length_s` long. Changes are on the beats of `grid`, if given, else where the two
/// chords are equally likely: see [`crate::decode::changes`].
///
/// # Errors
/// Segments that do not form a timeline, which would be a bug in this function.
pub fn decode(
    posteriors: &[Posterior],
    length_s: f64,
    grid: Option<&BeatGrid>,
    costs: ChangeCosts,
) -> Result<Timeline, TranscribeError> {
    if length_s <= 0.0 || posteriors.is_empty() {
        return Ok(Timeline::new());
    }
    let boundaries = Boundaries {
        origin_s: 0.0,
        hop_s: FILE_HOP_S,
        costs,
        grid,
    };
    let cost = |frame: usize| boundaries.cost(frame as u64);
    let path = viterbi(posteriors, None, cost, &costs);
    let mut segments: Vec<Segment> = Vec::new();
    let mut start_s = 0.0;
    for stretch in stretches(&path) {
        let end = stretch.frames.end;
        let end_s = match path.get(end) {
            Some(&next) => {
                let heard = [&posteriors[end - 1], &posteriors[end]];
                let change_s = boundaries.place_s(end as u64, (stretch.state, next), heard);
                change_s.clamp(0.0, length_s)
            }
            None => length_s,
        };
        if end_s > start_s {
            let chord = Chord::heard(stretch.state, &posteriors[stretch.frames]);
            let mut segment = Segment::new(start_s, end_s, chord.label);
            segment.confidence = chord.confidence;
            segment.status = Status::Confirmed;
            segments.push(segment);
            start_s = end_s;
        }
    }
    join_silent_end(&mut segments, |segment| segment);
    Ok(Timeline::from_segments(segments)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::networks::{CHORD_CLASSES, NO_BASS};

    /// A model that takes its posterior from the frame: bin 0 has the class.
    struct Readable;

    impl WindowModel for Readable {
        fn windows(&self, frames: &[f32]) -> Result<Vec<Posterior>, InferenceError> {
            Ok(frames
                .chunks_exact(BINS)
                .map(|frame| {
                    let mut chord = [-9.0_f32; CHORD_CLASSES];
                    let class = if frame[0] < 0.0 {
                        large::NO_CHORD
                    } else {
                        frame[0] as usize
                    };
                    chord[class] = -0.01;
                    let mut bass = [-9.0; 13];
                    bass[if class == 1 { 4 } else { NO_BASS }] = -0.01;
                    Posterior {
                        chord,
                        bass: Some(bass),
                        extensions: None,
                    }
                })
                .collect())
        }
    }

    #[test]
    fn alternatives_are_what_else_was_heard_in_the_segment() {
        let frame = |class: usize, other: usize| {
            let mut chord = [-9.0_f32; CHORD_CLASSES];
            chord[class] = 0.7_f32.ln();
            chord[other] = 0.2_f32.ln();
            Posterior {
                chord,
                bass: None,
                extensions: None,
            }
        };
        let (c, f) = (large::class_of(0, 0), large::class_of(5, 0));
        let mut posteriors = vec![frame(c, f); 40];
        posteriors.extend(vec![frame(f, c); 40]);
        let mut analysis = Analysis {
            posteriors,
            length_s: 80.0 * FILE_HOP_S,
            tuning: Tuning::CONCERT,
            calibration: Calibration::default(),
        };
        let timeline = analysis.timeline(None).unwrap();
        let [first, second] = timeline.segments() else {
            panic!("{timeline:?}");
        };
        let (other, probability) = &analysis.alternatives(second)[0];
        assert_eq!(*other, first.label);
        assert!((probability - 0.2).abs() < 0.02, "{probability}");
        // More confidence in the chord means less in the others.
        analysis.calibration.offset = 1.0;
        assert!(analysis.alternatives(second)[0].1 < 0.15);
    }

    #[test]
    fn every_frame_is_covered_once_and_in_place() {
        for count in [1, 53, 54, 55, 108, 109, 1000] {
            let mut frames = vec![0.0; count * BINS];
            for t in 0..count {
                frames[t * BINS] = (t / 60 % large::CHORDS) as f32;
            }
            let posteriors = posteriors(&frames, &Readable, |_| true).unwrap();
            assert_eq!(posteriors.len(), count);
            for (t, posterior) in posteriors.iter().enumerate() {
                assert!(
                    (posterior.chord[t / 60 % large::CHORDS] + 0.01).abs() < 1e-4,
                    "frame {t} of {count}"
                );
            }
        }
    }

    #[test]
    fn the_timeline_spans_the_audio_and_names_the_bass() {
        let mut frames = vec![0.0; 100 * BINS];
        for t in 0..100 {
            frames[t * BINS] = if t < 50 { 1.0 } else { 14.0 };
        }
        let posteriors = posteriors(&frames, &Readable, |_| true).unwrap();
        let timeline = decode(&posteriors, 9.2, None, ChangeCosts::default()).unwrap();
        let labels: Vec<String> = timeline
            .segments()
            .iter()
            .map(|s| s.label.to_string())
            .collect();
        assert_eq!(labels, ["C:maj/3", "C#:min"]);
        assert_eq!(timeline.start_s(), Some(0.0));
        assert_eq!(timeline.end_s(), Some(9.2));
        // Between the last frame of the one and the first of the other.
        assert!((49.0 * FILE_HOP_S..=50.0 * FILE_HOP_S).contains(&timeline.segments()[0].end_s));
    }

    #[test]
    fn nothing_in_nothing_out_and_stop_means_stop() {
        assert!(posteriors(&[], &Readable, |_| true).unwrap().is_empty());
        assert!(
            decode(&[], 0.0, None, ChangeCosts::default())
                .unwrap()
                .is_empty()
        );
        let audio = Audio::new(vec![0.1; 300_000], 44_100);
        let error = transcribe(&audio, &Readable, |_| false).unwrap_err();
        assert!(matches!(error, TranscribeError::Stopped));
    }
}
