//! Renders examples and stores their frames: features are computed once and trained on often.
//!
//! Example `i` of a set depends only on the set's seed and `i`; existing files are kept, so an
//! interrupted run continues where it stopped.

use std::fs;
use std::path::Path;
use std::sync::atomic::AtomicBool;

use anyhow::{Context, Result, anyhow};
use harmony::label::Label;
use recognizer::features::causal_vqt::CausalVqt;
use recognizer::features::centred_cqt::CentredCqt;
use recognizer::features::{BINS, SAMPLE_RATE, log_compress};
use recognizer::networks::FrontEnd;

use crate::frames::{ExampleFrames, Frames};
use crate::parallel;
use crate::parts::{LonePart, part_of};
use renderer::example::Example;
use renderer::pop909::{Pop909, SongSplit};
use renderer::progressions::ProgressionSettings;
use renderer::render::{RenderSettings, Rendered, Stems, render, render_stems};
use renderer::solo::solo;
use renderer::soundfont::SoundFonts;

/// The settings of a set of examples.
#[derive(Debug, Clone)]
pub(crate) struct SetSettings {
    /// Number of examples.
    pub count: u64,
    /// How many of three examples are POP909 songs (the others are generated progressions).
    pub songs_of_three: u64,
    /// Share of the examples that are solo chords with silence between them instead.
    pub solo_share: f64,
    /// Length of an example, seconds.
    pub length_s: f64,
    /// The split of the songs.
    pub split: SongSplit,
    /// Seed of the set.
    pub seed: u64,
    /// How examples are rendered.
    pub render: RenderSettings,
    /// How progressions are written.
    pub progression: ProgressionSettings,
}

impl SetSettings {
    fn seed_of(&self, index: u64) -> u64 {
        self.seed.wrapping_mul(1_000_003).wrapping_add(index)
    }
}

/// The label at `time_s`; times past the end have the last label.
pub(crate) fn label_at(labels: &[(f64, f64, Label)], time_s: f64) -> Label {
    let after = labels.partition_point(|(_, end, _)| *end <= time_s);
    labels
        .get(after.min(labels.len().saturating_sub(1)))
        .map_or(Label::NoChord, |(_, _, label)| label.clone())
}

/// Frames of `samples` (mono, 22 050 Hz) in one front end, with the label of each.
pub(crate) fn frames(samples: &[f32], labels: &[(f64, f64, Label)], front_end: FrontEnd) -> Frames {
    let hop = front_end.hop_samples();
    let mut frames = Frames::new();
    let mut bins = [0.0_f32; BINS];
    let mut take = |index: u64, magnitudes: &[f32; BINS]| {
        for (bin, magnitude) in bins.iter_mut().zip(magnitudes) {
            *bin = log_compress(*magnitude);
        }
        let time_s = (index * hop as u64) as f64 / f64::from(SAMPLE_RATE);
        frames.push(&bins, &label_at(labels, time_s));
    };
    match front_end {
        FrontEnd::Live => {
            let mut transform = CausalVqt::new();
            transform.push(samples, |f| take(f.index, f.magnitudes));
            transform.finish(|f| take(f.index, f.magnitudes));
        }
        FrontEnd::Cqt => {
            // 2048 is a multiple of the base hop: this succeeds.
            if let Ok(mut transform) = CentredCqt::new(hop) {
                transform.push(samples, &mut take);
                transform.finish(&mut take);
            }
        }
    }
    frames
}

/// Example `index` of a set.
///
/// # Errors
/// If a song cannot be read, or a synthesizer or codec fails.
pub(crate) fn example(
    settings: &SetSettings,
    index: u64,
    corpus: Option<&Pop909>,
    fonts: &SoundFonts,
) -> Result<Rendered> {
    let song = written(settings, index, corpus)?;
    render(&song, fonts, &settings.render, settings.seed_of(index))
        .with_context(|| format!("rendering example {index}"))
}

/// The same with the stems of its mix.
///
/// # Errors
/// See [`example`].
pub(crate) fn example_stems(
    settings: &SetSettings,
    index: u64,
    corpus: Option<&Pop909>,
    fonts: &SoundFonts,
) -> Result<(Rendered, Stems)> {
    let song = written(settings, index, corpus)?;
    render_stems(&song, fonts, &settings.render, settings.seed_of(index))
        .with_context(|| format!("rendering example {index}"))
}

/// The same before it is rendered.
///
/// # Errors
/// If a song cannot be read.
pub(crate) fn written(
    settings: &SetSettings,
    index: u64,
    corpus: Option<&Pop909>,
) -> Result<Example> {
    let seed = settings.seed_of(index);
    // At fixed intervals: the share holds in small sets too.
    let turns = |index: u64| (index as f64 * settings.solo_share).floor();
    if turns(index + 1) > turns(index) {
        return Ok(solo(seed, settings.length_s));
    }
    Ok(match corpus {
        Some(corpus) if index % 3 < settings.songs_of_three => {
            let ids = corpus.ids_of(settings.split);
            // All songs are used before one is repeated.
            let turn = index / 3 * settings.songs_of_three + index % 3;
            let id = &ids[(turn as usize * 131) % ids.len()];
            let song = Example::pop909(corpus, id, seed).map_err(|e| anyhow!("song {id}: {e}"))?;
            song.random_excerpt(settings.length_s, seed)
        }
        _ => Example::progression(
            seed,
            &ProgressionSettings {
                duration_s: settings.length_s,
                ..settings.progression.clone()
            },
        ),
    })
}

/// The frames of an example, or of one part of its mix.
fn example_frames(rendered: &Rendered, part: Option<(LonePart, Vec<f32>)>) -> ExampleFrames {
    let [live, cqt] = [FrontEnd::Live, FrontEnd::Cqt].map(|front_end| {
        let Some((part, samples)) = &part else {
            return frames(&rendered.samples, &rendered.labels, front_end);
        };
        let mut frames = frames(samples, &rendered.labels, front_end);
        part.forget(&mut frames, samples, front_end.hop_samples());
        frames
    });
    ExampleFrames { live, cqt }
}

/// Makes the frames of a set in `folder`, with `threads` threads; `part_share` of the examples
/// have only one part of the mix.
///
/// # Errors
/// If an example cannot be made or written.
pub(crate) fn prepare(
    settings: &SetSettings,
    part_share: f64,
    corpus: Option<&Pop909>,
    fonts: &SoundFonts,
    folder: &Path,
    threads: usize,
    interrupted: &AtomicBool,
) -> Result<()> {
    fs::create_dir_all(folder).with_context(|| format!("creating {}", folder.display()))?;
    let bar = parallel::bar(settings.count, "{bar:30} {pos}/{len} {elapsed}<{eta}")?;
    let count = usize::try_from(settings.count)?;
    parallel::map_until(count, threads, interrupted, |index| {
        let path = folder.join(format!("{index:06}.frames"));
        if !path.exists() {
            let (rendered, stems) = example_stems(settings, index as u64, corpus, fonts)?;
            let part = part_of(index as u64, part_share);
            let alone = part.and_then(|part| Some((part, part.of(&stems)?)));
            example_frames(&rendered, alone).save(&path)?;
        }
        bar.inc(1);
        Ok(())
    })?;
    bar.finish();
    Ok(())
}
