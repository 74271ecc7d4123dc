//! `trainer tune`: compares costs of the decoder, on music for choosing.

use std::path::PathBuf;

use crate::beats::measure::{OnBeat, changes};
use crate::beats::song::Song;
use crate::corpus::{Corpus, Split as CorpusSplit};
use crate::evaluate::measure::{EngineScores, Measures};
use crate::evaluate::overlap::intervals;
use crate::evaluate::piece::{Piece, Pieces};
use crate::evaluate::real::RealSet;
use crate::parallel;
use crate::prepare::{SetSettings, example};
use anyhow::{Result, bail};
use harmony::timeline::Segment;
use recognizer::audio::Audio;
use recognizer::beat::BeatGrid;
use recognizer::decode::changes::ChangeCosts;
use recognizer::inference::WindowModel;
use recognizer::signal::Signal;
use recognizer::transcribe::{Analysis, decode};
use renderer::pop909::SongSplit;
use renderer::progressions::ProgressionSettings;
use renderer::render::RenderSettings;
use renderer::soundfont::Split;

use super::costs::CostChanges;
use super::sources::Sources;

/// The arguments of `trainer tune`.
#[derive(clap::Args)]
pub(super) struct TuneArguments {
    /// Costs to try beside the built-in ones, as `free=9,downbeat=5`; the names are those of
    /// the decoder's settings: free, downbeat, half_bar, beat, off_beat, off_grid, same_root.
    settings: Vec<CostChanges>,
    /// Windowed weights [default: the built-in ones].
    #[arg(long)]
    windowed: Option<PathBuf>,
    /// Number of excerpts from songs of the valid split, and of generated progressions, both
    /// with the training SoundFonts.
    #[arg(short = 'n', long, default_value_t = 30)]
    count: u64,
    /// Length of an excerpt in seconds.
    #[arg(short, long, default_value_t = 45.0)]
    length: f64,
    /// Seed of the excerpts.
    #[arg(short, long, default_value_t = 4242)]
    seed: u64,
    /// Manifest of a corpus whose valid split is used too.
    #[arg(long, requires = "posteriors")]
    corpus: Option<PathBuf>,
    /// Folder with a teacher's posteriors and labels for that corpus.
    #[arg(long)]
    posteriors: Option<PathBuf>,
    /// Threads.
    #[arg(short, long, default_value_t = 2)]
    threads: usize,
    #[command(flatten)]
    sources: Sources,
}

/// A piece with the network's output; the audio is not kept.
struct Heard {
    piece: Piece,
    grid: Option<(Song, BeatGrid)>,
    listened: Analysis,
}

impl Heard {
    fn song(name: String, mut song: Song, model: &dyn WindowModel) -> Result<Self> {
        let chords = song.chords.iter();
        let piece = Piece {
            name,
            group: None,
            audio: std::mem::take(&mut song.audio),
            reference: chords
                .map(|it| Segment::new(it.start_s, it.end_s, it.label.clone()))
                .collect(),
            confident: None,
        };
        let grid = song.grid();
        Ok(Self {
            grid: Some((song, grid)),
            ..Self::piece(piece, model)?
        })
    }

    fn piece(mut piece: Piece, model: &dyn WindowModel) -> Result<Self> {
        let listened = Analysis::new(&Signal::from_audio(&piece.audio)?, model, |_| true)?;
        piece.audio = Audio::default();
        Ok(Self {
            piece,
            grid: None,
            listened,
        })
    }
}

/// Pieces of one kind.
struct Set {
    name: &'static str,
    pieces: Vec<Heard>,
}

/// Runs the network once, then decodes with each setting and prints a table.
pub(super) fn run(arguments: &TuneArguments) -> Result<()> {
    let interrupted = super::interruption()?;
    let (_, model) = super::eval::networks(None, arguments.windowed.as_deref())?;
    let corpus = arguments.sources.songs()?;
    let fonts = arguments.sources.fonts(Split::Train)?;
    let mut sets = Vec::new();
    for (name, settings) in [
        ("songs", rendered_settings(arguments, false)),
        ("rare", rendered_settings(arguments, true)),
    ] {
        let count = usize::try_from(arguments.count)?;
        let pieces = parallel::map(name, count, arguments.threads, &interrupted, |index| {
            let song = Song::new(example(&settings, index as u64, Some(&corpus), &fonts)?);
            Heard::song(format!("{index:04}"), song, model.as_ref())
        })?;
        sets.push(Set { name, pieces });
    }
    if let (Some(corpus), Some(posteriors)) = (&arguments.corpus, &arguments.posteriors) {
        let real = RealSet::open(&Corpus::open(corpus)?, CorpusSplit::Valid, posteriors)?;
        let pieces = parallel::map(
            "real",
            real.count(),
            arguments.threads,
            &interrupted,
            |index| Heard::piece(real.piece(index)?, model.as_ref()),
        )?;
        let name = "real";
        sets.push(Set { name, pieces });
    }

    let built_in = CostChanges {
        text: "built in".into(),
        costs: ChangeCosts::default(),
    };
    for changes in std::iter::once(&built_in).chain(&arguments.settings) {
        println!("{}", changes.text);
        for set in &sets {
            print_row(set, false, changes.costs)?;
            if set.pieces.iter().any(|heard| heard.grid.is_some()) {
                print_row(set, true, changes.costs)?;
            }
        }
        if interrupted.load(std::sync::atomic::Ordering::Relaxed) {
            bail!("interrupted");
        }
    }
    Ok(())
}

fn rendered_settings(arguments: &TuneArguments, rare: bool) -> SetSettings {
    SetSettings {
        count: arguments.count,
        songs_of_three: if rare { 0 } else { 3 },
        solo_share: 0.0,
        length_s: arguments.length,
        split: SongSplit::Valid,
        seed: arguments.seed,
        render: RenderSettings::default(),
        progression: if rare {
            ProgressionSettings::even()
        } else {
            ProgressionSettings::default()
        },
    }
}

/// Scores a set decoded with `costs`, with the beats of its songs or without.
fn print_row(set: &Set, on_grid: bool, costs: ChangeCosts) -> Result<()> {
    let mut measures = Vec::new();
    let mut on_beat = OnBeat::default();
    for heard in &set.pieces {
        let grid = heard.grid.as_ref().filter(|_| on_grid).map(|it| &it.1);
        let listened = &heard.listened;
        let track = decode(&listened.posteriors, listened.length_s, grid, costs)?;
        measures.push(Measures::new(&heard.piece, track.segments())?);
        if let Some((song, _)) = &heard.grid {
            let chords = intervals(track.segments());
            let found = OnBeat::new(&changes(&chords), &changes(&song.chords), &song.beats);
            on_beat.right += found.right;
            on_beat.all += found.all;
        }
    }
    let pooled: Vec<_> = measures.iter().map(|it| (None, it)).collect();
    let scores = EngineScores::pooled(&pooled);
    let name = format!("{}{}", set.name, if on_grid { ", beats" } else { "" });
    print!(
        "  {name:<13} majmin {:.4}  average {:.4}  qualities {:.3}  inversions {:.3}",
        scores.metrics["majmin"],
        scores.average,
        scores.mean_quality_recall,
        scores.inversions.unwrap_or(f64::NAN)
    );
    let [narrow, ..] = scores.boundaries.as_slice() else {
        bail!("no boundaries were scored");
    };
    print!("  F ±{} s {:.3}", narrow.window_s, narrow.f_measure);
    if on_beat.all > 0 {
        let right = on_beat.right as f64 / on_beat.all as f64;
        print!("  on the beat, of all {right:.3}");
    }
    println!();
    Ok(())
}
