//! The command line, a file for each command.

mod align;
mod band;
mod beats;
mod calibrate;
mod combine;
mod corpus;
mod costs;
mod disagreements;
mod eval;
mod expected;
mod export;
mod fit_beats;
mod fit_progressions;
mod frames;
mod inspect;
mod latency;
mod plot;
mod pseudo_label;
mod render;
mod run;
mod songs;
mod sources;
mod teacher;
mod tempi;
mod train;
mod tune;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use clap::{Parser, Subcommand};

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
    Corpus(corpus::CorpusCommand),
    /// Teachers: networks to learn from.
    #[command(subcommand)]
    Teacher(teacher::TeacherCommand),
    /// Label a corpus with a teacher.
    PseudoLabel(pseudo_label::PseudoLabelArguments),
    /// Combine the pseudo-labels of several teachers.
    Combine(combine::CombineArguments),
    /// Render labelled examples as WAV and .lab, for listening; only progressions if POP909 is
    /// missing.
    Render(render::RenderArguments),
    /// Make frames for training, from rendered examples or the tracks of a corpus.
    Frames(frames::FramesArguments),
    /// Train a network on frames.
    Train(Box<train::TrainArguments>),
    /// Run a pipeline from corpus to model card, skipping what has not changed.
    Run(run::RunArguments),
    /// Write the weights of a run, as plugin and command embed them.
    Export(export::ExportArguments),
    /// Calibrate the confidences of weights.
    Calibrate(calibrate::CalibrateArguments),
    /// Score weights on held-out songs in a SoundFont that was not trained on.
    Eval(Box<eval::EvalArguments>),
    /// Align charts with mistakes to rendered songs played in another order.
    EvalAlign(align::AlignArguments),
    /// Measure how often an expected next chord comes, on rendered songs.
    EvalExpected(expected::ExpectedArguments),
    /// Score instances on the tracks of held-out songs as a band, against the mix.
    EvalBand(band::BandArguments),
    /// Score chords on beats, and the beat finder, on held-out songs.
    EvalBeats(beats::BeatsArguments),
    /// Fit the network with which the beat finder compares its guesses.
    FitBeats(fit_beats::FitBeatsArguments),
    /// Count which chord follows which in the songs of POP909, and measure it on other songs.
    FitProgressions(fit_progressions::FitProgressionsArguments),
    /// Measure how soon the live display is right, on held-out songs.
    EvalLatency(latency::LatencyArguments),
    /// Compare costs of the decoder, on music for choosing.
    Tune(tune::TuneArguments),
    /// Draw pictures of training runs and evaluations.
    Plot(plot::PlotArguments),
    /// Draw some seconds of music with the chords of the engines.
    Inspect(inspect::InspectArguments),
    /// List where student and teacher differ.
    Disagreements(disagreements::DisagreementsArguments),
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

/// Runs the program with its command-line arguments.
///
/// # Errors
/// Any failure, as a message for the user.
pub fn run() -> anyhow::Result<()> {
    match Arguments::parse().command {
        Command::Corpus(command) => corpus::run(&command, interruption()?.as_ref()),
        Command::Teacher(command) => teacher::run(&command),
        Command::PseudoLabel(arguments) => pseudo_label::run(&arguments, interruption()?.as_ref()),
        Command::Combine(arguments) => combine::run(&arguments, interruption()?.as_ref()),
        Command::Render(arguments) => render::run(&arguments),
        Command::Frames(arguments) => frames::run(&arguments),
        Command::Train(arguments) => train::run(&arguments, interruption()?.as_ref()),
        Command::Run(arguments) => run::run(&arguments, interruption()?.as_ref()),
        Command::Export(arguments) => export::run(&arguments),
        Command::Calibrate(arguments) => calibrate::run(&arguments),
        Command::Eval(arguments) => eval::run(&arguments),
        Command::EvalBand(arguments) => band::run(&arguments),
        Command::EvalLatency(arguments) => latency::run(&arguments),
        Command::EvalAlign(arguments) => align::run(&arguments),
        Command::EvalExpected(arguments) => expected::run(&arguments),
        Command::EvalBeats(arguments) => beats::run(&arguments),
        Command::FitBeats(arguments) => fit_beats::run(&arguments),
        Command::FitProgressions(arguments) => fit_progressions::run(&arguments),
        Command::Tune(arguments) => tune::run(&arguments),
        Command::Plot(arguments) => plot::run(&arguments),
        Command::Inspect(arguments) => inspect::run(&arguments),
        Command::Disagreements(arguments) => disagreements::run(&arguments),
        Command::ExportOnnx { weights, out } => Ok(crate::onnx::export(&weights, &out)?),
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

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::path::Path;

    use super::*;
    use crate::pipeline::Pipeline;

    #[test]
    fn every_step_of_the_pipeline_is_a_command() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("pipeline.toml");
        for step in Pipeline::open(&path, &BTreeMap::new()).unwrap().step {
            let words = std::iter::once("trainer").chain(step.run.iter().map(String::as_str));
            if let Err(error) = Arguments::try_parse_from(words) {
                panic!("step `{}`: {error}", step.name);
            }
        }
    }

    /// The figures on a model card are those of its weights.
    #[test]
    fn the_pipeline_describes_the_weights_that_it_has_evaluated() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("pipeline.toml");
        let steps = Pipeline::open(&path, &BTreeMap::new()).unwrap().step;
        let export = |name: &str| {
            let step = steps.iter().find(|step| step.name == name).unwrap();
            let options = step.run[1..].chunks_exact(2);
            let same = options.filter(|option| !["--metrics", "--out"].contains(&&*option[0]));
            same.flatten().cloned().collect::<Vec<_>>()
        };
        for name in ["live", "windowed"] {
            let evaluated = export(&format!("{name} as weights"));
            assert!(evaluated.contains(&name.to_owned()), "{evaluated:?}");
            assert_eq!(evaluated, export(&format!("model card of {name}")));
        }
    }
}
