//! Held-out real music with a teacher's labels as reference.
//!
//! A corpus has a manifest ([`crate::corpus`]) and a folder of posteriors with the teacher's
//! own decoded labels beside them (`<id>.posteriors`, `<id>.lab`). The scores measure only
//! agreement with the teacher.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use harmony::import;
use harmony::timeline::Segment;
use recognizer::audio::Audio;
use recognizer::features::SAMPLE_RATE;
use recognizer::features::causal_vqt::LIVE_HOP_SAMPLES;
use recognizer::networks::CHORD_CLASSES;

use super::piece::{Piece, Pieces};
use crate::corpus::audio::decode;
use crate::corpus::{Corpus, Split, Track};
use teachers::posteriors::Posteriors;

/// A teacher is confident of a frame if the largest of its 170 probabilities is above this.
pub(crate) const SURE: f32 = 0.8;

/// Seconds between frames of posteriors.
pub(crate) const POSTERIOR_FRAME_S: f64 = LIVE_HOP_SAMPLES as f64 / SAMPLE_RATE as f64;

/// Seconds of audio that the engines get after the end of the reference.
const AFTER_S: f64 = 2.0;

/// The tracks of a corpus for which a teacher has posteriors.
#[derive(Debug, Clone)]
pub(crate) struct RealSet {
    tracks: Vec<(Track, PathBuf)>,
    /// The number of tracks of the split without posteriors.
    missing: usize,
}

impl RealSet {
    /// The tracks of `split` with posteriors in `folder`.
    ///
    /// # Errors
    /// If there is no such track.
    pub(crate) fn open(corpus: &Corpus, split: Split, folder: &Path) -> Result<Self> {
        let mut tracks: Vec<(Track, PathBuf)> = Vec::new();
        let mut missing = 0;
        for track in corpus.tracks_of(split) {
            let posteriors = folder.join(format!("{}.posteriors", track.id));
            if posteriors.exists() && posteriors.with_extension("lab").exists() {
                tracks.push((track.clone(), posteriors));
            } else {
                missing += 1;
            }
        }
        ensure!(
            !tracks.is_empty(),
            "no track of the split `{}` of {} has posteriors and labels in {}",
            split.name(),
            corpus.name(),
            folder.display()
        );
        Ok(Self { tracks, missing })
    }

    /// The number of tracks of the split without posteriors.
    #[must_use]
    pub(crate) fn missing(&self) -> usize {
        self.missing
    }

    /// The track at `index`, and its file of posteriors.
    #[must_use]
    pub(crate) fn track(&self, index: usize) -> Option<(&Track, &Path)> {
        let (track, posteriors) = self.tracks.get(index)?;
        Some((track, posteriors))
    }
}

impl Pieces for RealSet {
    fn count(&self) -> usize {
        self.tracks.len()
    }

    fn piece(&self, index: usize) -> Result<Piece> {
        let (track, posteriors) = self.track(index).context("no such track")?;
        let heard = Heard::load(posteriors)?;
        let mut audio = audio(&track.audio_path())?;
        // The teacher may have processed only the beginning.
        let heard_s = heard.segments.last().map_or(0.0, |last| last.end_s);
        let heard_samples = (heard_s + AFTER_S) * f64::from(audio.sample_rate);
        audio.samples.truncate(heard_samples as usize);
        Ok(Piece {
            name: track.id.clone(),
            group: Some(track.source.clone()),
            audio,
            reference: heard.segments,
            confident: Some(sure_spans(&heard.confidence, SURE)),
        })
    }
}

/// A whole file as mono samples.
///
/// # Errors
/// If the file cannot be decoded; the error names it.
pub(crate) fn audio(path: &Path) -> Result<Audio> {
    let mut samples = Vec::new();
    let decoded = decode(path, &mut |_, block| samples.extend_from_slice(block))?;
    Ok(Audio::new(samples, decoded.sample_rate))
}

/// A teacher's output for one track.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Heard {
    /// Its decoded labels, each with the mean of `confidence` over it.
    pub segments: Vec<Segment>,
    /// For each frame of [`POSTERIOR_FRAME_S`], the largest of the 170 probabilities.
    pub confidence: Vec<f32>,
}

impl Heard {
    /// Reads a file of posteriors and the labels beside it.
    ///
    /// # Errors
    /// If a file is missing or damaged; the error names it.
    pub(crate) fn load(posteriors: &Path) -> Result<Self> {
        let confidence: Vec<f32> = Posteriors::load(posteriors)?
            .chord
            .chunks_exact(CHORD_CLASSES)
            .map(|frame| frame.iter().map(|p| p.to_f32()).fold(0.0, f32::max))
            .collect();
        let timeline = import::load(&posteriors.with_extension("lab"))?;
        let segments = timeline
            .segments()
            .iter()
            .map(|segment| Segment {
                confidence: mean_within(&confidence, segment.start_s, segment.end_s),
                ..segment.clone()
            })
            .collect();
        Ok(Self {
            segments,
            confidence,
        })
    }
}

/// Mean over the frames whose time lies in a range; 0 if there are none.
pub(crate) fn mean_within(confidence: &[f32], start_s: f64, end_s: f64) -> f32 {
    let frame = |time_s: f64| (time_s / POSTERIOR_FRAME_S).ceil().max(0.0) as usize;
    let end = frame(end_s).min(confidence.len());
    let inside = confidence.get(frame(start_s)..end).unwrap_or_default();
    let mean = inside.iter().sum::<f32>() / inside.len().max(1) as f32;
    if mean.is_finite() {
        mean.clamp(0.0, 1.0)
    } else {
        0.0
    }
}

/// Runs of frames above `least`, each frame from half a frame before its time to half a
/// frame after it, in seconds.
pub(crate) fn sure_spans(confidence: &[f32], least: f32) -> Vec<(f64, f64)> {
    let edge_s = |frame: usize| ((frame as f64 - 0.5) * POSTERIOR_FRAME_S).max(0.0);
    let mut spans = Vec::new();
    let mut start = 0;
    for run in confidence.chunk_by(|a, b| (*a > least) == (*b > least)) {
        let end = start + run.len();
        if run[0] > least {
            spans.push((edge_s(start), edge_s(end)));
        }
        start = end;
    }
    spans
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sure_spans_are_runs_of_frames() {
        let spans = sure_spans(&[0.9, 0.85, 0.5, 0.8, 0.81], SURE);
        let edge = |frames: f64| frames * POSTERIOR_FRAME_S;
        assert_eq!(spans, [(0.0, edge(1.5)), (edge(3.5), edge(4.5))]);
        assert!(sure_spans(&[], SURE).is_empty());
        assert!(sure_spans(&[f32::NAN, 0.1], SURE).is_empty());
    }

    #[test]
    fn means_are_over_the_frames_inside() {
        let confidence = [0.2, 0.4, 0.9];
        let end = 2.0 * POSTERIOR_FRAME_S;
        assert!((mean_within(&confidence, 0.0, end) - 0.3).abs() < 1e-6);
        assert_eq!(mean_within(&confidence, 10.0, 20.0), 0.0);
        assert_eq!(mean_within(&[f32::NAN], 0.0, 1.0), 0.0);
    }
}
