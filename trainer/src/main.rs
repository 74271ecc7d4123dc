//! The trainer's command line.

use std::path::PathBuf;

use anyhow::Context;
use clap::{Parser, Subcommand};
use indicatif::{ProgressBar, ProgressStyle};
use trainer::example::Example;
use trainer::pop909::{Pop909, SongSplit};
use trainer::progression::ProgressionSettings;
use trainer::render::{RenderSettings, render};
use trainer::soundfont::{SoundFonts, Split};

/// Corpora, rendering, training and evaluation for the networks of Changes.
#[derive(Parser)]
#[command(version, about)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Render labelled examples as WAV and .lab, to be listened to.
    Render(RenderArguments),
}

#[derive(clap::Args)]
struct RenderArguments {
    /// Folder for the files; made when missing.
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
    /// Use the SoundFont that is never trained on.
    #[arg(long)]
    held_out: bool,
    /// No effects and no detuning.
    #[arg(long)]
    dry: bool,
    /// Folder with the SoundFonts.
    #[arg(long, default_value = "data/soundfonts")]
    soundfonts: PathBuf,
    /// Folder with POP909; progressions only when missing.
    #[arg(long, default_value = "../shared/pop909")]
    pop909: PathBuf,
}

fn main() -> anyhow::Result<()> {
    match Arguments::parse().command {
        Command::Render(arguments) => render_examples(&arguments),
    }
}

fn render_examples(arguments: &RenderArguments) -> anyhow::Result<()> {
    let split = if arguments.held_out {
        Split::HeldOut
    } else {
        Split::Train
    };
    let fonts = SoundFonts::load(&arguments.soundfonts, split)?;
    let settings = if arguments.dry {
        RenderSettings::dry()
    } else {
        RenderSettings::default()
    };
    let songs = match Pop909::open(&arguments.pop909) {
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
        let wav = arguments.out.join(format!("{stem}.wav"));
        let spec = hound::WavSpec {
            channels: 1,
            sample_rate: rendered.sample_rate,
            bits_per_sample: 32,
            sample_format: hound::SampleFormat::Float,
        };
        let mut writer = hound::WavWriter::create(&wav, spec)
            .with_context(|| format!("cannot write {}", wav.display()))?;
        for sample in &rendered.samples {
            writer.write_sample(*sample)?;
        }
        writer.finalize()?;
        let lab: String = rendered
            .labels
            .iter()
            .map(|(start, end, label)| format!("{start:.6}\t{end:.6}\t{label}\n"))
            .collect();
        let path = arguments.out.join(format!("{stem}.lab"));
        std::fs::write(&path, lab).with_context(|| format!("cannot write {}", path.display()))?;
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
