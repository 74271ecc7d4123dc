//! `trainer render`: labelled examples for listening.

use std::path::PathBuf;

use anyhow::Context;
use indicatif::{ProgressBar, ProgressStyle};
use renderer::example::Example;
use renderer::pop909::SongSplit;
use renderer::progressions::ProgressionSettings;
use renderer::render::{RenderSettings, render};
use renderer::soundfont::Split;

use super::sources::Sources;
use crate::labelled_audio;

#[derive(clap::Args)]
pub(crate) struct RenderArguments {
    /// Folder for the files; created if missing.
    #[arg(short, long)]
    out: PathBuf,
    /// Number of examples, alternately progressions and POP909 songs.
    #[arg(short = 'n', long, default_value_t = 8)]
    count: u64,
    /// First seed; example i has seed + i.
    #[arg(short, long, default_value_t = 0)]
    seed: u64,
    /// Length of an example in seconds.
    #[arg(short, long, default_value_t = 30.0)]
    length: f64,
    /// Use the held-out SoundFont, which is never trained on.
    #[arg(long)]
    held_out: bool,
    /// Without effects and detuning.
    #[arg(long)]
    dry: bool,
    #[command(flatten)]
    sources: Sources,
}

/// Renders.
pub(crate) fn run(arguments: &RenderArguments) -> anyhow::Result<()> {
    let split = if arguments.held_out {
        Split::HeldOut
    } else {
        Split::Train
    };
    let fonts = arguments.sources.fonts(split)?;
    let settings = if arguments.dry {
        RenderSettings::dry()
    } else {
        RenderSettings::default()
    };
    let songs = match arguments.sources.songs() {
        Ok(corpus) => {
            let ids = corpus.ids_of(SongSplit::Train);
            Some((corpus, ids))
        }
        Err(error) => {
            eprintln!("progressions only: {error}");
            None
        }
    };
    std::fs::create_dir_all(&arguments.out)
        .with_context(|| format!("cannot make {}", arguments.out.display()))?;
    let style = ProgressStyle::with_template("{bar:40} {pos}/{len} {msg}")?;
    let bar = ProgressBar::new(arguments.count).with_style(style);
    for index in 0..arguments.count {
        let seed = arguments.seed + index;
        let (name, example) = match &songs {
            Some((corpus, ids)) if index % 2 == 1 => {
                let id = &ids[(seed as usize * 7) % ids.len()];
                let example = Example::pop909(corpus, id, seed)?;
                (
                    format!("pop909-{id}"),
                    example.random_excerpt(arguments.length, seed),
                )
            }
            _ => {
                let progression = ProgressionSettings {
                    duration_s: arguments.length,
                    ..ProgressionSettings::default()
                };
                (
                    "progression".to_owned(),
                    Example::progression(seed, &progression),
                )
            }
        };
        let rendered = render(&example, &fonts, &settings, seed)?;
        let stem = format!("{seed:05}-{name}-{}", rendered.soundfont);
        bar.set_message(stem.clone());
        let labels = rendered.labels.iter();
        labelled_audio::write(
            &arguments.out,
            &stem,
            &rendered.samples,
            rendered.sample_rate,
            labels.map(|(start_s, end_s, label)| (*start_s, *end_s, label)),
        )?;
        bar.inc(1);
    }
    bar.finish_and_clear();
    println!(
        "{} examples in {}",
        arguments.count,
        arguments.out.display()
    );
    Ok(())
}
