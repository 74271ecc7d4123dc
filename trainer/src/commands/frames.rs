//! `trainer frames`: makes frames for training from rendered examples or a corpus.

use std::path::PathBuf;

use renderer::pop909::SongSplit;
use renderer::progressions::ProgressionSettings;
use renderer::render::RenderSettings;
use renderer::soundfont::Split;

use super::sources::Sources;
use super::{interruption, share};
use crate::prepare::{SetSettings, prepare};

#[derive(clap::Args)]
pub(crate) struct FramesArguments {
    /// Folder for the frames; created if missing.
    #[arg(short, long)]
    out: PathBuf,
    /// Manifest of a corpus whose tracks to use [default: rendered examples].
    #[arg(long)]
    corpus: Option<PathBuf>,
    /// Seconds to use of each track of a corpus.
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
    /// How many of three examples are songs; the others are generated progressions.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u64).range(0..=3))]
    songs_of_three: u64,
    /// Share of the sections of generated progressions whose qualities are drawn evenly over
    /// the vocabulary [default: 0.3; the rare-quality set of `eval` has 1].
    #[arg(long, value_parser = share)]
    rare_share: Option<f64>,
    /// Share of the examples with a solo instrument and separate chords.
    #[arg(long, value_parser = share, default_value = "0")]
    solo_share: f64,
    /// Share of the examples with only one part, the harmony or the bass, as on a single track in a
    /// studio.
    #[arg(long, value_parser = share, default_value = "0")]
    part_share: f64,
    /// Share of the generated songs on power chords.
    #[arg(long, value_parser = share, default_value = "0")]
    power_share: f64,
    /// Share of the generated chords with names outside the fourteen qualities (add9, 6/9 …).
    #[arg(long, value_parser = share, default_value = "0")]
    added_share: f64,
    /// Share of the chords of generated progressions with a bass other than the root [default:
    /// 0.44 in even sections, 0.25 in the others; some qualities have no inversions].
    #[arg(long, value_parser = share)]
    inversion_share: Option<f64>,
    /// Share of the sections of generated progressions preceded by time without a chord
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

/// Makes the frames.
pub(crate) fn run(arguments: &FramesArguments) -> anyhow::Result<()> {
    if let Some(corpus) = &arguments.corpus {
        let (out, threads) = (&arguments.out, arguments.threads);
        let interrupted = interruption()?;
        return super::corpus::frames(corpus, out, arguments.max_length, threads, &interrupted);
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
        arguments.part_share,
        Some(&corpus),
        &fonts,
        &arguments.out,
        arguments.threads,
        interruption()?.as_ref(),
    )
}
