//! `trainer eval-align`: alignment of charts with mistakes to songs played in another order.

use std::path::PathBuf;

use crate::beats::song::Song;
use crate::evaluate::align::{Counts, Exercise};
use crate::parallel;
use anyhow::{Context, Result};
use recognizer::align::align;
use recognizer::beat::{self, Known};
use recognizer::models;
use recognizer::signal::Signal;
use recognizer::transcribe::Analysis;
use serde::Serialize;

use super::songs::SongArguments;

/// The arguments of `trainer eval-align`.
#[derive(clap::Args)]
pub(super) struct AlignArguments {
    #[command(flatten)]
    songs: SongArguments,
    /// Length of a song in seconds.
    #[arg(short, long, default_value_t = 120.0)]
    length: f64,
    /// Threads.
    #[arg(short, long, default_value_t = 2)]
    threads: usize,
    /// Align without finding beats
    #[arg(long)]
    no_beats: bool,
    /// Print a line for each song.
    #[arg(long)]
    each: bool,
    /// All figures as JSON.
    #[arg(long)]
    json: Option<PathBuf>,
}

#[derive(Serialize)]
struct Report {
    all: Counts,
    songs: Vec<Option<Counts>>,
}

/// Evaluates and prints.
pub(super) fn run(arguments: &AlignArguments) -> Result<()> {
    let interrupted = super::interruption()?;
    let songs = arguments.songs.open(arguments.length)?;
    let model = models::windowed()?;
    let songs = parallel::map(
        "align",
        songs.count(),
        arguments.threads,
        &interrupted,
        |index| {
            let song = Song::new(songs.get(index)?);
            let Some(exercise) = Exercise::new(&song, index as u64) else {
                return Ok(None);
            };
            let signal = Signal::from_audio(&exercise.audio)?;
            let analysis = Analysis::new(&signal, &*model, |_| true)?;
            let plain = analysis.timeline(None)?;
            let beats = if arguments.no_beats {
                None
            } else {
                beat::find(&signal, &plain, Known::default())
            };
            let found = align(&exercise.chart, &analysis, beats.as_ref(), |_| true)
                .with_context(|| format!("song {index}"))?;
            Ok(Some(exercise.counts(&found)))
        },
    )?;
    let all = songs
        .iter()
        .flatten()
        .fold(Counts::default(), |sum, it| sum.and(*it));
    if arguments.each {
        for (index, counts) in songs.iter().enumerate() {
            match counts {
                Some(counts) => println!("{index:>3} {}", line(counts)),
                None => println!("{index:>3} too short"),
            }
        }
    }
    println!("{}", line(&all));
    if let Some(path) = &arguments.json {
        let report = Report { all, songs };
        harmony::export::atomic::write(path, &serde_json::to_vec_pretty(&report)?)?;
    }
    Ok(())
}

fn line(counts: &Counts) -> String {
    let share = |part: usize, of: usize| part as f64 / of.max(1) as f64;
    format!(
        "{} charts, transposition right {:.3}; {} right bars within 0.15 s {:.3}, flagged {:.3}; {} wrong bars flagged {:.3}; {} bars astray",
        counts.charts,
        share(counts.transposed, counts.charts),
        counts.right,
        share(counts.right_near, counts.right),
        share(counts.right_flagged, counts.right),
        counts.wrong,
        share(counts.wrong_flagged, counts.wrong),
        counts.astray,
    )
}
