//! The live engine's accuracy by look-ahead.
//!
//! The live decoder follows the best path frame by frame. The label of a frame on that path
//! once `lag` more frames have been heard is the label with that much look-ahead; lag 0 is the
//! first guess, [`LAG_FRAMES`] the confirmed label.

use anyhow::Result;

use harmony::score::{Evaluation, Interval, evaluate};
use harmony::vocabulary::large;
use recognizer::audio::Audio;
use recognizer::decode::Posterior;
use recognizer::decode::fixed_lag::{FixedLag, FixedLagSettings};
use recognizer::decode::states;
use recognizer::features::causal_vqt::{CausalVqt, LOOKAHEAD_SAMPLES};
use recognizer::features::{BINS, SAMPLE_RATE, log_compress};
use recognizer::inference::CausalModel;
use recognizer::live::{FRAME_S, LAG_FRAMES};
use recognizer::resample::StreamResampler;
use serde::{Deserialize, Serialize};

/// Cost of a change in nats at the live engine's default sensitivity.
const CHANGE_COST: f32 = 6.0;
/// The live engine's silence threshold, see `recognizer::live`.
const SILENCE_MAGNITUDE: f32 = 1e-4;

/// One point of the curve.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct LagPoint {
    /// Seconds that the decoder waits after a frame.
    pub lag_s: f64,
    /// Seconds from a sound to its label: the lag and the look-ahead of the frames.
    pub wait_s: f64,
    /// mir_eval's majmin.
    pub majmin: f64,
    /// mir_eval's tetrads.
    pub tetrads: f64,
}

/// The labels of a piece for every lag from 0 to [`LAG_FRAMES`], without extensions.
///
/// # Errors
/// If the rate is out of range, or a network fails.
pub(crate) fn tracks(audio: &Audio, model: &dyn CausalModel) -> Result<Vec<Vec<Interval>>> {
    let mut resampler = StreamResampler::new(f64::from(audio.sample_rate))?;
    let mut samples = Vec::new();
    resampler.push(&audio.samples, &mut samples);
    resampler.flush(&mut samples);

    let mut stream = model.start();
    let mut decoder = FixedLag::new(FixedLagSettings {
        change_cost: CHANGE_COST,
        lag_frames: LAG_FRAMES,
        hold: 0.0,
    });
    // For each lag, the states of the frames from 0 on.
    let mut heard: Vec<Vec<usize>> = vec![Vec::new(); LAG_FRAMES + 1];
    let mut failure = None;
    let mut take = |magnitudes: &[f32; BINS]| {
        let silent = magnitudes.iter().all(|m| *m < SILENCE_MAGNITUDE);
        match stream.step(&magnitudes.map(log_compress)) {
            Ok(posterior) => {
                decoder.push(&if silent { no_chord() } else { posterior });
            }
            Err(error) => {
                failure.get_or_insert(error);
                return;
            }
        }
        let path = decoder.path();
        for (lag, state) in path.iter().rev().enumerate() {
            heard[lag].push(*state);
        }
    };
    let mut transform = CausalVqt::new();
    transform.push(&samples, |frame| take(frame.magnitudes));
    transform.finish(|frame| take(frame.magnitudes));
    if let Some(error) = failure {
        return Err(error.into());
    }
    // The last frames have only as much look-ahead as there is music.
    let last = decoder.path();
    for (lag, states) in heard.iter_mut().enumerate() {
        let missing = lag.min(last.len().saturating_sub(1));
        states.extend(&last[last.len() - missing..]);
    }
    let length_s = audio.length_s();
    Ok(heard.iter().map(|states| track(states, length_s)).collect())
}

/// Runs of equal states as intervals, frame `n` from `n` to `n + 1` frames.
fn track(states: &[usize], length_s: f64) -> Vec<Interval> {
    let mut track: Vec<Interval> = Vec::new();
    let mut current = None;
    for (frame, &state) in states.iter().enumerate() {
        let start_s = frame as f64 * FRAME_S;
        if start_s >= length_s {
            break;
        }
        let end_s = (start_s + FRAME_S).min(length_s);
        match track.last_mut() {
            Some(last) if current == Some(state) => last.end_s = end_s,
            _ => track.push(Interval {
                start_s: track.last().map_or(start_s, |last| last.end_s),
                end_s,
                label: states::label_of(state),
            }),
        }
        current = Some(state);
    }
    track
}

fn no_chord() -> Posterior {
    let mut logits = [0.0; large::LEN];
    logits[large::NO_CHORD] = 10.0;
    Posterior::from_logits(&logits, None, None)
}

/// Scores of one piece for every lag.
///
/// # Errors
/// See [`tracks`], and scoring errors.
pub(crate) fn evaluate_lags(
    reference: &[Interval],
    audio: &Audio,
    model: &dyn CausalModel,
) -> Result<Vec<Evaluation>> {
    tracks(audio, model)?
        .iter()
        .map(|track| Ok(evaluate(reference, track)?))
        .collect()
}

/// The curve of several pieces, each with its scores for every lag.
pub(crate) fn curve(pieces: &[Vec<Evaluation>]) -> Vec<LagPoint> {
    let lookahead_s = LOOKAHEAD_SAMPLES as f64 / f64::from(SAMPLE_RATE);
    (0..=LAG_FRAMES)
        .map(|lag| {
            let pooled = Evaluation::pooled(pieces.iter().filter_map(|lags| lags.get(lag)));
            let lag_s = lag as f64 * FRAME_S;
            LagPoint {
                lag_s,
                wait_s: lag_s + lookahead_s,
                majmin: pooled.majmin,
                tetrads: pooled.tetrads,
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::engines::live_tracks;
    use super::super::overlap::intervals;
    use super::*;
    use harmony::label::Label;
    use std::sync::Arc;

    /// A few seconds of two chords as sums of sines, then silence.
    fn audio() -> Audio {
        let chord = |roots: [f64; 4]| {
            move |n: u32| -> f32 {
                let time = f64::from(n) / f64::from(SAMPLE_RATE);
                let sum: f64 = roots
                    .iter()
                    .map(|hz| (time * hz * std::f64::consts::TAU).sin())
                    .sum();
                (sum * 0.1) as f32
            }
        };
        let c = chord([130.81, 261.63, 329.63, 392.0]);
        let f = chord([87.31, 349.23, 440.0, 523.25]);
        let mut samples: Vec<f32> = (0..4 * SAMPLE_RATE).map(c).collect();
        samples.extend((0..4 * SAMPLE_RATE).map(f));
        samples.extend(vec![0.0; 3 * SAMPLE_RATE as usize]);
        Audio::new(samples, SAMPLE_RATE)
    }

    #[test]
    fn the_longest_lag_is_the_live_engine() {
        let model: Arc<dyn CausalModel> = recognizer::models::live().unwrap();
        let audio = audio();
        let lags = tracks(&audio, model.as_ref()).unwrap();
        assert_eq!(lags.len(), LAG_FRAMES + 1);
        let (live, _) = live_tracks(&audio, &model).unwrap();
        let scores = evaluate(&intervals(&live), &lags[LAG_FRAMES])
            .unwrap()
            .scores;
        assert!(scores.tetrads > 0.995, "{scores:?}");
        assert_eq!(lags[LAG_FRAMES].last().unwrap().label, Label::NoChord);
        for track in &lags {
            assert!((track.last().unwrap().end_s - audio.length_s()).abs() < 1e-9);
        }
    }
}
