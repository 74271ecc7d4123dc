//! A rendered song with its beats, and the engines' results for it.

use std::sync::Arc;

use anyhow::{Context, Result};
use harmony::key::Key;
use harmony::score::Interval;
use harmony::timeline::{Segment, Timeline};
use recognizer::audio::Audio;
use recognizer::beat::{self, BeatGrid, Beats, GridPosition, Known, Place};
use recognizer::inference::WindowModel;
use recognizer::refine::RefiningEngine;
use recognizer::signal::Signal;
use recognizer::transcribe::Analysis;

use crate::evaluate::overlap::intervals;
use renderer::render::Rendered;
use renderer::song::Beat;

/// Samples per block for the refining engine.
const BLOCK: usize = 4096;

/// A song and its ground truth.
#[derive(Debug, Clone)]
pub(crate) struct Song {
    /// The audio.
    pub audio: Audio,
    /// Its chords.
    pub chords: Vec<Interval>,
    /// Its beats.
    pub beats: Vec<Beat>,
    /// Its annotated keys: start and end in seconds.
    pub keys: Vec<(f64, f64, Key)>,
}

impl Song {
    /// A song from a rendered example.
    #[must_use]
    pub(crate) fn new(rendered: Rendered) -> Self {
        Self {
            audio: Audio::new(rendered.samples, rendered.sample_rate),
            chords: rendered
                .labels
                .into_iter()
                .map(|(start_s, end_s, label)| Interval {
                    start_s,
                    end_s,
                    label,
                })
                .collect(),
            beats: rendered.beats,
            keys: rendered.keys,
        }
    }

    /// The grid of its beats: an even number of beats in a bar gives a half bar in the middle,
    /// and eighths lie half-way between beats.
    #[must_use]
    pub(crate) fn grid(&self) -> BeatGrid {
        let downbeats: Vec<usize> = (0..self.beats.len())
            .filter(|&i| self.beats[i].downbeat)
            .collect();
        let place = |index: usize| {
            let after = downbeats.partition_point(|&d| d <= index);
            let start = after.checked_sub(1).map(|i| downbeats[i]);
            match (start, downbeats.get(after)) {
                (Some(start), _) if start == index => Place::Downbeat,
                (Some(start), Some(end)) if (index - start) * 2 == end - start => Place::HalfBar,
                _ => Place::Beat,
            }
        };
        let mut positions = Vec::new();
        for (index, beat) in self.beats.iter().enumerate() {
            positions.push(GridPosition {
                time_s: beat.time_s,
                place: place(index),
            });
            if let Some(next) = self.beats.get(index + 1) {
                positions.push(GridPosition {
                    time_s: (beat.time_s + next.time_s) / 2.0,
                    place: Place::OffBeat,
                });
            }
        }
        BeatGrid::new(positions)
    }
}

/// The chord tracks of a song by each method, and its beats as found.
#[derive(Debug, Clone)]
pub(crate) struct Answers {
    /// The name of each method, and its chords.
    pub tracks: Vec<(&'static str, Vec<Interval>)>,
    /// The beats, if any were found.
    pub beats: Option<Beats>,
}

/// The refining pass with the host's beats.
pub(crate) const REFINED_ON_GRID: &str = "refined, host's beats";
/// The refining pass without beats.
pub(crate) const REFINED: &str = "refined, no beats";
/// The whole file with the host's beats.
pub(crate) const FILE_ON_GRID: &str = "file, host's beats";
/// The whole file with found beats.
pub(crate) const FILE_ON_FOUND: &str = "file, found beats";
/// The whole file without beats.
pub(crate) const FILE: &str = "file, no beats";

impl Answers {
    /// Runs all methods on a song.
    ///
    /// # Errors
    /// If an engine fails.
    pub(crate) fn for_song(song: &Song, model: &Arc<dyn WindowModel>) -> Result<Self> {
        let grid = song.grid();
        let signal = Signal::from_audio(&song.audio)?;
        let analysis = Analysis::new(&signal, model.as_ref(), |_| true)?;
        let plain = analysis.timeline(None)?;
        let beats = beat::find(&signal, &plain, Known::default());
        let found = match &beats {
            Some(beats) => analysis.timeline(Some(&beats.grid()))?,
            None => plain.clone(),
        };
        let tracks = vec![
            (REFINED_ON_GRID, refined(song, model, Some(&grid))?),
            (REFINED, refined(song, model, None)?),
            (
                FILE_ON_GRID,
                intervals(analysis.timeline(Some(&grid))?.segments()),
            ),
            (FILE_ON_FOUND, intervals(found.segments())),
            (FILE, intervals(plain.segments())),
        ];
        Ok(Self { tracks, beats })
    }
}

/// The confirmed track of the refining engine.
fn refined(
    song: &Song,
    model: &Arc<dyn WindowModel>,
    grid: Option<&BeatGrid>,
) -> Result<Vec<Interval>> {
    let rate = f64::from(song.audio.sample_rate);
    let mut engine = RefiningEngine::new(Arc::clone(model), rate)?;
    let mut segments: Vec<Segment> = Vec::new();
    let mut take = |engine: &mut RefiningEngine| -> Result<()> {
        while let Some(refined) = engine.poll(&mut |_: f64, _: f64| grid.cloned()) {
            for part in refined.segments {
                match segments.last_mut() {
                    Some(last) if part.continues => last.end_s = part.segment.end_s,
                    None if part.continues => {
                        return Err(anyhow::anyhow!("a first chord that continues"));
                    }
                    _ => segments.push(part.segment),
                }
            }
        }
        Ok(())
    };
    for block in song.audio.samples.chunks(BLOCK) {
        engine.push(block);
        take(&mut engine)?;
    }
    engine.finish();
    take(&mut engine)?;
    let timeline = Timeline::from_segments(segments).context("the refined track")?;
    Ok(intervals(timeline.segments()))
}
