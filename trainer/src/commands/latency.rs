//! `trainer eval-latency`: how soon the live display is right, and the accuracy lost by making
//! it faster.

use std::path::PathBuf;

use crate::beats::song::Song;
use crate::evaluate::engines::{live_tracks_with, offline_track};
use crate::evaluate::latency::{FLICKER_S, KEPT_S, Latency};
use crate::evaluate::overlap::intervals;
use crate::parallel;
use crate::plot::{self, lines};
use anyhow::Result;
use harmony::score::{Evaluation, Metric, evaluate};
use harmony::timeline::Segment;
use recognizer::live::LiveSettings;
use serde::Serialize;

use super::songs::SongArguments;

/// Metrics by which two chords count as the same, from loose to strict.
const METRICS: [Metric; 3] = [Metric::Root, Metric::MajMin, Metric::Tetrads];

/// The arguments of `trainer eval-latency`.
#[derive(clap::Args)]
pub(super) struct LatencyArguments {
    #[command(flatten)]
    songs: SongArguments,
    /// Length of an excerpt in seconds.
    #[arg(short, long, default_value_t = 45.0)]
    length: f64,
    /// Causal weights [default: the built-in ones].
    #[arg(long)]
    live: Option<PathBuf>,
    /// Sensitivities of the live engine, 0 to 1; the others are compared with the first.
    #[arg(long, value_delimiter = ',', default_values_t = [0.5, 0.0, 0.25, 0.75, 1.0])]
    sensitivity: Vec<f32>,
    /// Give the engine the songs' beats, like a host with a running transport.
    #[arg(long)]
    beats: bool,
    /// Threads.
    #[arg(short, long, default_value_t = 2)]
    threads: usize,
    /// All figures as JSON.
    #[arg(long)]
    json: Option<PathBuf>,
    /// Folder for the curve of accuracy against latency, as PNG and SVG.
    #[arg(long)]
    plots: Option<PathBuf>,
}

/// The results for a sensitivity.
#[derive(Debug, Serialize)]
struct Row {
    sensitivity: f32,
    metric: &'static str,
    median_s: Option<f64>,
    p90_s: Option<f64>,
    missed_share: f64,
    wrong_per_chord: f64,
    flickers_per_minute: f64,
    display_majmin: f64,
    live_majmin: f64,
}

#[derive(Debug, Serialize)]
struct Report {
    songs: usize,
    minutes: f64,
    offline_majmin: f64,
    rows: Vec<Row>,
}

/// The results of one song with one sensitivity.
struct Done {
    latencies: [Latency; METRICS.len()],
    display: Evaluation,
    live: Evaluation,
}

/// Evaluates and prints.
pub(super) fn run(arguments: &LatencyArguments) -> Result<()> {
    let interrupted = super::interruption()?;
    let songs = arguments.songs.open(arguments.length)?;
    let (live, windowed) = super::eval::networks(arguments.live.as_deref(), None)?;
    let done = parallel::map(
        "latency",
        songs.count(),
        arguments.threads,
        &interrupted,
        |index| {
            let song = Song::new(songs.get(index)?);
            let reference: Vec<Segment> = song
                .chords
                .iter()
                .map(|chord| Segment::new(chord.start_s, chord.end_s, chord.label.clone()))
                .collect();
            let grid = arguments.beats.then(|| song.grid());
            let audio = &song.audio;
            let truth = intervals(&reference);
            let offline = evaluate(
                &truth,
                &intervals(&offline_track(audio, windowed.as_ref(), &live)?),
            )?;
            let each = arguments.sensitivity.iter().map(|&sensitivity| {
                let settings = LiveSettings {
                    sensitivity,
                    ..LiveSettings::default()
                };
                let (live, display) = live_tracks_with(audio, &live, settings, grid.as_ref())?;
                Ok(Done {
                    latencies: METRICS.map(|metric| Latency::new(&reference, &display, metric)),
                    display: evaluate(&truth, &intervals(&display))?,
                    live: evaluate(&truth, &intervals(&live))?,
                })
            });
            Ok((offline, each.collect::<Result<Vec<Done>>>()?))
        },
    )?;
    let report = pooled(arguments, &done);
    print(&report);
    if let Some(path) = &arguments.json {
        harmony::export::atomic::write(path, &serde_json::to_vec_pretty(&report)?)?;
    }
    if let Some(folder) = &arguments.plots {
        let picture = plot::save(&curve(&report), folder, "latency")?;
        println!("drawn: {}", picture.display());
    }
    Ok(())
}

fn pooled(arguments: &LatencyArguments, done: &[(Evaluation, Vec<Done>)]) -> Report {
    let mut rows = Vec::new();
    let mut minutes = 0.0;
    for (i, &sensitivity) in arguments.sensitivity.iter().enumerate() {
        let songs = || done.iter().map(|(_, each)| &each[i]);
        let display_majmin = Evaluation::pooled(songs().map(|song| &song.display)).majmin;
        let live_majmin = Evaluation::pooled(songs().map(|song| &song.live)).majmin;
        for (m, metric) in METRICS.into_iter().enumerate() {
            let latency = Latency::pooled(songs().map(|song| song.latencies[m].clone()));
            minutes = latency.length_s / 60.0;
            rows.push(Row {
                sensitivity,
                metric: metric.name(),
                median_s: latency.quantile_s(0.5),
                p90_s: latency.quantile_s(0.9),
                missed_share: latency.missed_share(),
                wrong_per_chord: latency.wrong_per_chord(),
                flickers_per_minute: latency.flickers_per_minute(),
                display_majmin,
                live_majmin,
            });
        }
    }
    Report {
        songs: done.len(),
        minutes,
        offline_majmin: Evaluation::pooled(done.iter().map(|(offline, _)| offline)).majmin,
        rows,
    }
}

fn print(report: &Report) {
    println!(
        "{} songs, {:.1} minutes. From a chord's start to when the display is right and stays \
         right for {KEPT_S} s or to its end; flicker is a label of less than {FLICKER_S} s.\n\n\
         | sensitivity | chords alike by | median | p90 | never | wrong on the way | flickers a \
         minute | display majmin | live majmin | offline majmin |\n\
         |---|---|---|---|---|---|---|---|---|---|",
        report.songs, report.minutes
    );
    let milliseconds = |s: Option<f64>| s.map_or("–".into(), |s| format!("{:.0} ms", 1e3 * s));
    for row in &report.rows {
        println!(
            "| {} | {} | {} | {} | {:.1} % | {:.2} | {:.1} | {:.3} | {:.3} | {:.3} |",
            row.sensitivity,
            row.metric,
            milliseconds(row.median_s),
            milliseconds(row.p90_s),
            100.0 * row.missed_share,
            row.wrong_per_chord,
            row.flickers_per_minute,
            row.display_majmin,
            row.live_majmin,
            report.offline_majmin
        );
    }
}

/// Accuracy of the display by median latency, over the sensitivities.
fn curve(report: &Report) -> lines::Lines {
    let mut rows: Vec<&Row> = report
        .rows
        .iter()
        .filter(|r| r.metric == "majmin")
        .collect();
    rows.sort_by(|a, b| a.sensitivity.total_cmp(&b.sensitivity));
    let points = |value: fn(&Row) -> (Option<f64>, f64)| -> Vec<(f64, f64)> {
        rows.iter()
            .filter_map(|row| {
                let (x, y) = value(row);
                Some((1e3 * x?, y))
            })
            .collect()
    };
    lines::latency(
        report.offline_majmin,
        points(|row| (row.median_s, row.display_majmin)),
        points(|row| (row.median_s, row.live_majmin)),
        points(|row| (row.median_s, row.wrong_per_chord)),
    )
}
