//! The trainer's command line.

mod commands;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use anyhow::Context;
use burn::module::Module as _;
use burn::tensor::Device;
use clap::{Parser, Subcommand};
use commands::sources::Sources;
use indicatif::{ProgressBar, ProgressStyle};
use networks::Weights;
use recognizer::weights::ModelCard;
use renderer::example::Example;
use renderer::pop909::SongSplit;
use renderer::progressions::ProgressionSettings;
use renderer::render::{RenderSettings, render};
use renderer::soundfont::Split;
use trainer::labelled_audio;
use trainer::prepare::{SetSettings, prepare};
use trainer::provenance::Provenance;
use trainer::train::weights;

/// Corpora, rendering, training and evaluation for the networks of Changes.
#[derive(Parser)]
#[command(version, about)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Corpora: folders of audio with a manifest.
    #[command(subcommand)]
    Corpus(commands::corpus::CorpusCommand),
    /// Teachers: networks to learn from.
    #[command(subcommand)]
    Teacher(commands::teacher::TeacherCommand),
    /// Let a teacher listen to a corpus.
    PseudoLabel(commands::pseudo_label::PseudoLabelArguments),
    /// Make pseudo-labels out of those of several teachers.
    Combine(commands::combine::CombineArguments),
    /// Render labelled examples as WAV and .lab, to be listened to; progressions only where
    /// POP909 is missing.
    Render(RenderArguments),
    /// Render examples, or take the tracks of a corpus, and keep their frames, for training.
    Frames(FramesArguments),
    /// Train a network on frames.
    Train(Box<commands::train::TrainArguments>),
    /// Run a pipeline from corpus to model card, leaving out what has not changed.
    Run(commands::run::RunArguments),
    /// Write the weights of a run, as the plugin and the command embed them.
    Export(ExportArguments),
    /// Make the confidences of weights as sure as they are right.
    Calibrate(commands::calibrate::CalibrateArguments),
    /// Score weights on held-out songs in a SoundFont that was not trained on.
    Eval(Box<commands::eval::EvalArguments>),
    /// Score chords on beats, and the beat finder, on held-out songs.
    EvalBeats(commands::beats::BeatsArguments),
    /// Fit the weights by which the beat finder compares its guesses.
    FitBeats(commands::fit_beats::FitBeatsArguments),
    /// How soon the live display is right, on held-out songs.
    EvalLatency(commands::latency::LatencyArguments),
    /// Compare costs of the decoder on music for choosing.
    Tune(commands::tune::TuneArguments),
    /// Draw pictures of training runs and evaluations.
    Plot(commands::plot::PlotArguments),
    /// Draw some seconds of music and what is heard in them.
    Inspect(commands::inspect::InspectArguments),
    /// List where student and teacher hear different chords.
    Disagreements(commands::disagreements::DisagreementsArguments),
    /// Write weights as an ONNX file.
    ExportOnnx {
        /// The weights file.
        #[arg(long)]
        weights: PathBuf,
        /// The ONNX file.
        #[arg(short, long)]
        out: PathBuf,
    },
}

#[derive(clap::Args)]
struct ExportArguments {
    /// Folder of the run.
    #[arg(long)]
    run: PathBuf,
    /// Name for the model card.
    #[arg(long)]
    name: String,
    /// The weights file.
    #[arg(short, long)]
    out: PathBuf,
    /// The network of the best validation instead of the last step.
    #[arg(long)]
    best: bool,
    /// Folder of another run of the same network: what is written is the mean of the
    /// networks of all runs. May be given more than once.
    #[arg(long)]
    average: Vec<PathBuf>,
    /// Weights, those that the run started from for instance, some of which is kept: what is
    /// written lies between.
    #[arg(long)]
    keep: Option<PathBuf>,
    /// How much of the numbers of --keep.
    #[arg(long, value_parser = share, default_value = "0.5", requires = "keep")]
    keep_share: f64,
    /// What `trainer eval --json` wrote for these weights, for the model card.
    #[arg(long)]
    metrics: Option<PathBuf>,
}

#[derive(clap::Args)]
struct FramesArguments {
    /// Folder for the frames; made when missing.
    #[arg(short, long)]
    out: PathBuf,
    /// Manifest of a corpus whose tracks are taken; examples are rendered without.
    #[arg(long)]
    corpus: Option<PathBuf>,
    /// Of a track of a corpus, the seconds that are taken.
    #[arg(long, default_value_t = 600.0, requires = "corpus")]
    max_length: f64,
    /// Number of examples.
    #[arg(short = 'n', long, default_value_t = 600)]
    count: u64,
    /// Length of an example in seconds.
    #[arg(short, long, default_value_t = 60.0)]
    length: f64,
    /// Songs (train or valid) to draw from.
    #[arg(long, default_value = "train")]
    split: String,
    /// Of three examples, how many are songs; the others are written progressions.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u64).range(0..=3))]
    songs_of_three: u64,
    /// Share of the sections of written progressions whose qualities are drawn evenly over the
    /// vocabulary [default: 0.3; the rare-quality set of `eval` has 1].
    #[arg(long, value_parser = share)]
    rare_share: Option<f64>,
    /// Share of the examples that are one instrument alone, its chords apart.
    #[arg(long, value_parser = share, default_value = "0")]
    solo_share: f64,
    /// Share of the written songs that are on power chords.
    #[arg(long, value_parser = share, default_value = "0")]
    power_share: f64,
    /// Share of the written chords with names that the fourteen qualities lack (add9, 6/9 …).
    #[arg(long, value_parser = share, default_value = "0")]
    added_share: f64,
    /// Share of the chords of written progressions with another bass than the root [default:
    /// 0.44 in even sections, 0.25 in the others; some qualities have no inversions].
    #[arg(long, value_parser = share)]
    inversion_share: Option<f64>,
    /// Share of the sections of written progressions preceded by a stretch without a chord
    /// [default: 0.25].
    #[arg(long, value_parser = share)]
    no_chord_share: Option<f64>,
    /// Share of the parts played by the synthesizer instead of a SoundFont [default: 0.4].
    #[arg(long, value_parser = share)]
    synthesizer_share: Option<f64>,
    /// Seed of the set.
    #[arg(short, long, default_value_t = 1)]
    seed: u64,
    /// Threads.
    #[arg(short, long, default_value_t = 2)]
    threads: usize,
    #[command(flatten)]
    sources: Sources,
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
    #[command(flatten)]
    sources: Sources,
}

fn main() -> anyhow::Result<()> {
    match Arguments::parse().command {
        Command::Corpus(command) => commands::corpus::run(&command, interruption()?.as_ref()),
        Command::Teacher(command) => commands::teacher::run(&command),
        Command::PseudoLabel(arguments) => {
            commands::pseudo_label::run(&arguments, interruption()?.as_ref())
        }
        Command::Combine(arguments) => commands::combine::run(&arguments, interruption()?.as_ref()),
        Command::Render(arguments) => render_examples(&arguments),
        Command::Frames(arguments) => make_frames(&arguments),
        Command::Train(arguments) => commands::train::run(&arguments, interruption()?.as_ref()),
        Command::Run(arguments) => commands::run::run(&arguments, interruption()?.as_ref()),
        Command::Export(arguments) => export(&arguments),
        Command::Calibrate(arguments) => commands::calibrate::run(&arguments),
        Command::Eval(arguments) => commands::eval::run(&arguments),
        Command::EvalLatency(arguments) => commands::latency::run(&arguments),
        Command::EvalBeats(arguments) => commands::beats::run(&arguments),
        Command::FitBeats(arguments) => commands::fit_beats::run(&arguments),
        Command::Tune(arguments) => commands::tune::run(&arguments),
        Command::Plot(arguments) => commands::plot::run(&arguments),
        Command::Inspect(arguments) => commands::inspect::run(&arguments),
        Command::Disagreements(arguments) => commands::disagreements::run(&arguments),
        Command::ExportOnnx { weights, out } => Ok(trainer::onnx::export(&weights, &out)?),
    }
}

/// Set by Ctrl-C; long work ends at its next safe point.
fn interruption() -> anyhow::Result<Arc<AtomicBool>> {
    let flag = Arc::new(AtomicBool::new(false));
    signal_hook::flag::register(signal_hook::consts::SIGINT, Arc::clone(&flag))?;
    Ok(flag)
}

fn share(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(value) if (0.0..=1.0).contains(&value) => Ok(value),
        _ => Err("a share is a number from 0 to 1".to_owned()),
    }
}

fn make_frames(arguments: &FramesArguments) -> anyhow::Result<()> {
    if let Some(corpus) = &arguments.corpus {
        let (out, threads) = (&arguments.out, arguments.threads);
        let interrupted = interruption()?;
        return commands::corpus::frames(corpus, out, arguments.max_length, threads, &interrupted);
    }
    let split = match arguments.split.as_str() {
        "train" => SongSplit::Train,
        "valid" => SongSplit::Valid,
        other => anyhow::bail!("no split `{other}` to train on: train or valid"),
    };
    let fonts = arguments.sources.fonts(Split::Train)?;
    let corpus = arguments.sources.songs()?;
    let (render, written) = (RenderSettings::default(), ProgressionSettings::default());
    let settings = SetSettings {
        count: arguments.count,
        songs_of_three: arguments.songs_of_three,
        solo_share: arguments.solo_share,
        length_s: arguments.length,
        split,
        seed: arguments.seed,
        render: RenderSettings {
            synthesizer_share: arguments
                .synthesizer_share
                .unwrap_or(render.synthesizer_share),
            ..render
        },
        progression: ProgressionSettings {
            even_share: arguments.rare_share.unwrap_or(written.even_share),
            inversion_share: arguments.inversion_share.unwrap_or(written.inversion_share),
            even_inversion_share: arguments
                .inversion_share
                .unwrap_or(written.even_inversion_share),
            no_chord_share: arguments.no_chord_share.unwrap_or(written.no_chord_share),
            power_share: arguments.power_share,
            added_share: arguments.added_share,
            ..written
        },
    };
    prepare(
        &settings,
        Some(&corpus),
        &fonts,
        &arguments.out,
        arguments.threads,
        interruption()?.as_ref(),
    )
}

/// Share of each metric of the `songs` set that goes into the model card.
fn card_metrics(path: &Path, causal: bool) -> anyhow::Result<BTreeMap<String, f64>> {
    let text =
        std::fs::read_to_string(path).with_context(|| format!("reading {}", path.display()))?;
    let json: serde_json::Value =
        serde_json::from_str(&text).with_context(|| format!("{} is not JSON", path.display()))?;
    let engine = if causal { "live" } else { "offline" };
    let mut metrics = BTreeMap::new();
    for set in ["songs", "rare"] {
        let scores = &json[set][engine];
        let named = scores["metrics"].as_object().into_iter().flatten();
        for (name, value) in named.map(|(n, v)| (n.as_str(), v)).chain([
            ("mean_quality_recall", &scores["mean_quality_recall"]),
            ("inversions", &scores["inversions"]),
        ]) {
            if let Some(value) = value.as_f64() {
                metrics.insert(format!("{set}/{name}"), (value * 1e4).round() / 1e4);
            }
        }
    }
    Ok(metrics)
}

fn export(arguments: &ExportArguments) -> anyhow::Result<()> {
    let (mut weights, config, step) =
        weights(&arguments.run, arguments.best, ModelCard::default())?;
    let metrics = match &arguments.metrics {
        Some(path) => card_metrics(path, config.architecture.is_causal())?,
        None => BTreeMap::new(),
    };
    let mut provenance = Provenance::load(&arguments.run)?;
    if !arguments.average.is_empty() {
        let mut all = vec![weights];
        for run in &arguments.average {
            all.push(trainer::train::weights(run, arguments.best, ModelCard::default())?.0);
            provenance.average(Provenance::load(run)?);
        }
        weights = Weights::mean(&all)?;
        let runs: Vec<_> = std::iter::once(&arguments.run)
            .chain(&arguments.average)
            .map(|run| run.display().to_string())
            .collect();
        provenance.commands.push(format!(
            "the mean of the networks of {}",
            runs.join(" and ")
        ));
    }
    if let Some(path) = &arguments.keep {
        let named = || path.display().to_string();
        let bytes = std::fs::read(path).with_context(named)?;
        let other = Weights::from_bytes(&bytes, &Device::flex()).with_context(named)?;
        weights = weights
            .keeping(&other, arguments.keep_share as f32)
            .with_context(named)?;
        provenance.commands.push(format!(
            "of all numbers {} are those of {}",
            arguments.keep_share, other.card.name
        ));
    }
    weights.card = provenance.card(&arguments.name, metrics);
    let bytes = weights.to_bytes()?;
    harmony::export::atomic::write(&arguments.out, &bytes)?;
    println!(
        "{} after {step} of {} steps: {} parameters, {} bytes",
        arguments.out.display(),
        config.steps,
        weights.network.num_params(),
        bytes.len()
    );
    Ok(())
}

fn render_examples(arguments: &RenderArguments) -> anyhow::Result<()> {
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
