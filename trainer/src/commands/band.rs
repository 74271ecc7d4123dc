//! `trainer eval-band`: instances on the tracks of a song as a band, compared with one on the
//! mix.

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::beats::song::Song;
use crate::evaluate::band::Band;
use crate::evaluate::engines::{live_tracks_with, offline_track};
use crate::evaluate::measure::{EngineScores, Measures};
use crate::evaluate::piece::Piece;
use crate::parallel;
use anyhow::{Context, Result, bail};
use harmony::timeline::Segment;
use recognizer::audio::Audio;
use recognizer::band::Weights;
use renderer::progressions::ProgressionSettings;

use super::songs::SongArguments;

/// The arguments of `trainer eval-band`.
#[derive(clap::Args)]
pub(super) struct BandArguments {
    #[command(flatten)]
    songs: SongArguments,
    /// Length of an excerpt in seconds.
    #[arg(short, long, default_value_t = 30.0)]
    length: f64,
    /// Generated progressions with evenly drawn qualities, as in the set `rare` of `eval`,
    /// instead of songs.
    #[arg(long)]
    rare: bool,
    /// Give the display the songs' beats, like a host with a running transport.
    #[arg(long)]
    beats: bool,
    /// Causal weights [default: the built-in ones].
    #[arg(long)]
    live: Option<PathBuf>,
    /// Windowed weights [default: the built-in ones].
    #[arg(long)]
    windowed: Option<PathBuf>,
    /// Threads.
    #[arg(short, long, default_value_t = 2)]
    threads: usize,
    /// Further weights to compare, each as `doubt:bass:third`; for choosing, with `--tune`.
    #[arg(long, value_delimiter = ',', value_parser = weights)]
    weights: Vec<Weights>,
    /// All figures as JSON.
    #[arg(long)]
    json: Option<PathBuf>,
}

/// Parses weights.
fn weights(text: &str) -> Result<Weights> {
    let numbers: Vec<f32> = text
        .split(':')
        .map(str::parse)
        .collect::<Result<_, _>>()
        .with_context(|| format!("`{text}` is not `doubt:bass:third`"))?;
    let [doubt, bass, third] = numbers[..] else {
        bail!("`{text}` is not `doubt:bass:third`");
    };
    Ok(Weights { doubt, bass, third })
}

/// A method of making a track, and its result for a song.
type Track = (String, Vec<Segment>);

/// Evaluates and prints.
pub(super) fn run(arguments: &BandArguments) -> Result<()> {
    let interrupted = super::interruption()?;
    let mut songs = arguments.songs.open(arguments.length)?;
    if arguments.rare {
        songs.write(ProgressionSettings::even());
    }
    let (live, windowed) =
        super::eval::networks(arguments.live.as_deref(), arguments.windowed.as_deref())?;
    let work = |index: usize| -> Result<Vec<(String, Measures)>> {
        let (rendered, stems) = songs.stems(index)?;
        let rate = rendered.sample_rate;
        let reference: Vec<Segment> = rendered
            .labels
            .iter()
            .map(|(start_s, end_s, label)| Segment::new(*start_s, *end_s, label.clone()))
            .collect();
        let audio = Audio::new(rendered.samples.clone(), rate);
        let grid = arguments.beats.then(|| Song::new(rendered).grid());
        let piece = Piece {
            name: format!("{index:04}"),
            group: None,
            audio,
            reference,
            confident: None,
        };
        let band = Band::listen(stems, rate, &live, windowed.as_ref())?;
        let settings = recognizer::live::LiveSettings::default();
        let (_, display) = live_tracks_with(&piece.audio, &live, settings, grid.as_ref())?;
        let ours = Weights::default();
        let mut tracks: Vec<Track> = vec![
            (
                "mix, whole file".to_owned(),
                offline_track(&piece.audio, windowed.as_ref(), &live)?,
            ),
            ("band, whole file".to_owned(), band.file(None, ours)?),
            ("mix, display".to_owned(), display),
            (
                "band, display".to_owned(),
                band.display(grid.as_ref(), ours),
            ),
        ];
        for by in &arguments.weights {
            let Weights { doubt, bass, third } = by;
            let name = format!("{doubt}:{bass}:{third}");
            tracks.push((format!("whole file {name}"), band.file(None, *by)?));
            tracks.push((format!("display {name}"), band.display(grid.as_ref(), *by)));
        }
        let measured = tracks
            .iter()
            .map(|(name, track)| Ok((name.clone(), Measures::new(&piece, track)?)));
        measured.collect()
    };
    let done = parallel::map("band", songs.count(), arguments.threads, &interrupted, work)?;
    let names = done.first().into_iter().flatten().map(|(name, _)| name);
    let scores: Vec<(&str, EngineScores)> = names
        .enumerate()
        .map(|(at, name)| {
            let pieces: Vec<(Option<&str>, &Measures)> =
                done.iter().map(|piece| (None, &piece[at].1)).collect();
            (name.as_str(), EngineScores::pooled(&pieces))
        })
        .collect();
    print(&scores);
    if let Some(path) = &arguments.json {
        let scores: BTreeMap<_, _> = scores.iter().map(|(name, it)| (*name, it)).collect();
        harmony::export::atomic::write(path, &serde_json::to_vec_pretty(&scores)?)?;
    }
    Ok(())
}

fn print(scores: &[(&str, EngineScores)]) {
    let metrics = ["root", "majmin", "sevenths", "tetrads", "majmin_inv"];
    print!("| engine |");
    for metric in metrics {
        print!(" {metric} |");
    }
    println!(" qualities | inversions | by notes | ECE | mended by |");
    println!("|---|{}", "---|".repeat(metrics.len() + 5));
    for (name, scores) in scores {
        print!("| {name} |");
        for metric in metrics {
            let value = scores.metrics.get(metric).copied().unwrap_or_default();
            print!(" {value:.3} |");
        }
        let share = |value: Option<f64>| value.map_or_else(|| "–".into(), |it| format!("{it:.3}"));
        println!(
            " {:.3} | {} | {} | {:.3} | {:.2}, {:+.2} |",
            scores.mean_quality_recall,
            share(scores.inversions),
            share(scores.inversions_by_notes),
            scores.calibration.ece,
            scores.mending.slope,
            scores.mending.offset
        );
    }
}
