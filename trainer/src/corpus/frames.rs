//! Frames of the tracks of a corpus, in both front ends.
//!
//! One file per track, `<id>.frames` as in [`crate::frames`]. Targets come from the track's
//! labels; without labels every frame is excluded from the loss on labels.

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use anyhow::{Context, Result, anyhow};
use harmony::label::Label;
use recognizer::features::SAMPLE_RATE;
use recognizer::networks::FrontEnd;
use recognizer::signal::BlockResampler;

use super::audio::decode;
use super::{Corpus, Split, Track};
use crate::frames::ExampleFrames;
use crate::parallel;
use crate::prepare::frames;

/// Which frames to make.
#[derive(Debug, Clone)]
pub struct FrameSettings {
    /// Only tracks of this split; `None` for all.
    pub split: Option<Split>,
    /// Seconds used of each track: a few long tracks would outweigh the others.
    pub max_length_s: f64,
    /// Tracks processed in parallel.
    pub threads: usize,
}

/// The results for the tracks.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FrameReport {
    /// Tracks whose frames were made.
    pub made: usize,
    /// Tracks whose frames existed already.
    pub present: usize,
    /// Tracks without frames, by identifier, and why.
    pub skipped: Vec<(String, String)>,
}

/// The frames file of a track in `folder`.
#[must_use]
pub fn frames_path(folder: &Path, track: &Track) -> PathBuf {
    folder.join(format!("{}.frames", track.id))
}

/// Makes the frames that are missing in `folder`.
///
/// Tracks are processed in the order of their hashes, so that an interrupted run leaves a fair
/// sample of the corpus. A track that cannot be decoded is skipped.
///
/// # Errors
/// If a file cannot be written.
pub fn make(
    corpus: &Corpus,
    folder: &Path,
    settings: &FrameSettings,
    interrupted: &AtomicBool,
) -> Result<FrameReport> {
    fs::create_dir_all(folder).with_context(|| format!("creating {}", folder.display()))?;
    let wanted = |track: &&Track| settings.split.is_none_or(|split| track.split == split);
    let mut tracks: Vec<&Track> = corpus.tracks().iter().filter(wanted).collect();
    tracks.sort_by(|a, b| a.sha256.cmp(&b.sha256));
    let length_s = |track: &Track| track.duration_s.min(settings.max_length_s);
    let total_s: f64 = tracks.iter().map(|track| length_s(track)).sum();
    // Progress in seconds of audio: tracks differ too much in length.
    let bar = parallel::bar(
        total_s as u64,
        "{bar:30} {pos}/{len} s of audio {elapsed}<{eta}",
    )?;
    let outcomes = parallel::map_until(tracks.len(), settings.threads, interrupted, |index| {
        let track = tracks[index];
        let path = frames_path(folder, track);
        let outcome = if path.exists() {
            Outcome::Present
        } else {
            match track_frames(track, settings.max_length_s) {
                Ok(example) => {
                    example.save(&path)?;
                    Outcome::Made
                }
                Err(error) => Outcome::Skipped(format!("{error:#}")),
            }
        };
        bar.inc(length_s(track) as u64);
        Ok((track, outcome))
    })?;
    bar.finish();
    let mut report = FrameReport::default();
    for (track, outcome) in outcomes {
        match outcome {
            Outcome::Present => report.present += 1,
            Outcome::Made => report.made += 1,
            Outcome::Skipped(reason) => report.skipped.push((track.id.clone(), reason)),
        }
    }
    Ok(report)
}

/// The result for a track.
enum Outcome {
    Present,
    Made,
    Skipped(String),
}

/// Frames of the first `max_length_s` seconds of a track.
///
/// # Errors
/// If the audio does not decode or the labels do not parse; the error names the file.
pub fn track_frames(track: &Track, max_length_s: f64) -> Result<ExampleFrames> {
    let path = track.audio_path();
    // A malicious file must not end hours of work, even through a decoder's bug.
    let samples = catch_unwind(AssertUnwindSafe(|| samples(&path, max_length_s)))
        .unwrap_or_else(|_| Err(anyhow!("{}: the decoder panicked", path.display())))?;
    let labels = labels(track)?;
    Ok(ExampleFrames {
        live: frames(&samples, &labels, FrontEnd::Live),
        cqt: frames(&samples, &labels, FrontEnd::Cqt),
    })
}

/// The first `max_length_s` seconds of a file, mono at 22 050 Hz.
///
/// # Errors
/// If the audio does not decode; the error names the file.
pub fn samples(path: &Path, max_length_s: f64) -> Result<Vec<f32>> {
    let most = (max_length_s * f64::from(SAMPLE_RATE)) as usize;
    let mut resampler = BlockResampler::default();
    decode(path, &mut |rate, block| {
        // The rest is decoded to detect a broken file, but not kept.
        if resampler.resampled() < most {
            resampler.push(rate, block);
        }
    })?;
    let samples = resampler.finish();
    let mut samples = samples.with_context(|| path.display().to_string())?;
    samples.truncate(most);
    Ok(samples)
}

/// The labels of a track from its beginning to beyond its end, `X` where there are none.
fn labels(track: &Track) -> Result<Vec<(f64, f64, Label)>> {
    let mut labels = Vec::new();
    let mut end_s = 0.0;
    if let Some(path) = track.labels_path() {
        for segment in harmony::import::load(&path)?.segments() {
            if segment.start_s > end_s {
                labels.push((end_s, segment.start_s, Label::Unknown));
            }
            labels.push((segment.start_s, segment.end_s, segment.label.clone()));
            end_s = segment.end_s;
        }
    }
    labels.push((end_s, f64::INFINITY, Label::Unknown));
    Ok(labels)
}
