//! `trainer eval-beats`: chords on beats, and the beat finder, on held-out songs.

use std::path::PathBuf;
use std::time::Instant;

use crate::beats::measure::{
    Miss, OnBeat, changes, f_measure, key_score, median, median_bpm, misses, tempo_right,
};
use crate::beats::song::{Answers, Song};
use crate::parallel;
use anyhow::{Context, Result};
use harmony::label::Label;
use harmony::score::{Boundaries, BoundaryCounts, Evaluation, evaluate};
use harmony::timeline::Segment;
use recognizer::audio::Audio;
use recognizer::beat::NoBeats;
use recognizer::inference::WindowModel;
use recognizer::live::{LiveEngine, LiveSettings};
use recognizer::models;
use recognizer::refine::RefiningEngine;
use serde::Serialize;

use super::songs::SongArguments;

/// Boundaries within this distance are hits, in seconds.
const WINDOW_S: f64 = 0.15;

/// The arguments of `trainer eval-beats`.
#[derive(clap::Args)]
pub(super) struct BeatsArguments {
    #[command(flatten)]
    songs: SongArguments,
    /// Length of an excerpt in seconds.
    #[arg(short, long, default_value_t = 60.0)]
    length: f64,
    /// Threads.
    #[arg(short, long, default_value_t = 2)]
    threads: usize,
    /// All figures as JSON.
    #[arg(long)]
    json: Option<PathBuf>,
    /// File for the changes that are not on the beat of a true one, as a tab-separated table:
    /// track, song, second, chords before and after, true chord, beats to the nearest true
    /// change.
    #[arg(long, value_name = "FILE")]
    misses: Option<PathBuf>,
    /// Also measure the cost of the refining engine beside the live one.
    #[arg(long)]
    cost: bool,
    /// Measure the beat finder by tempo and meter instead, over `-n` rounds of three songs at
    /// their own tempo, two songs and two generated progressions at tempi from 60 to 200, a
    /// piece in each of six meters and one in free time.
    #[arg(long)]
    tempi: bool,
    /// Cache what `--tempi` renders and its network output in this folder.
    #[arg(long, value_name = "FOLDER", requires = "tempi")]
    cache: Option<PathBuf>,
}

/// The scores of a method of making chord tracks.
#[derive(Debug, Serialize)]
struct TrackScores {
    name: &'static str,
    /// Median distance of a change from the true one within a beat, seconds.
    median_distance_s: Option<f64>,
    /// The share on the true change's beat, of the changes within a beat of one.
    right_beat: f64,
    /// The share of all changes that are on the beat of a true one.
    right_beat_of_all: f64,
    /// F-measure of boundaries within 0.15 s.
    boundary_f: f64,
    precision: f64,
    recall: f64,
    majmin: f64,
    /// Mean MIREX score of the keys found from the chords.
    key: f64,
}

/// The scores of the beat finder.
#[derive(Debug, Serialize)]
struct BeatScores {
    /// Mean F-measure within 70 ms.
    f_measure: f64,
    /// The same for downbeats.
    downbeat_f_measure: f64,
    /// Share of songs whose tempo is right within 4 %.
    tempo_right: f64,
    /// The same up to a factor of two or three.
    tempo_right_but_octave: f64,
    /// Median delay of found beats, among those within 70 ms, in seconds.
    offset_s: Option<f64>,
}

#[derive(Debug, Serialize)]
struct Report {
    songs: usize,
    /// Mean MIREX score of the keys found from the true chords.
    key_of_true_chords: f64,
    tracks: Vec<TrackScores>,
    beats: BeatScores,
}

struct Done {
    tracks: Vec<Measured>,
    key_of_true_chords: Option<f64>,
    beat_f: f64,
    downbeat_f: f64,
    tempo: (bool, bool),
    offsets_s: Vec<f64>,
}

/// The measures of one track of a song.
struct Measured {
    name: &'static str,
    on_beat: OnBeat,
    boundaries: BoundaryCounts,
    chords: Evaluation,
    key: Option<f64>,
    misses: Vec<Miss>,
}

/// Evaluates and prints.
pub(super) fn run(arguments: &BeatsArguments) -> Result<()> {
    if arguments.tempi {
        let set = arguments
            .songs
            .tempi(arguments.length, arguments.cache.clone())?;
        return super::tempi::run(&set, arguments.threads, arguments.json.as_ref());
    }
    let interrupted = super::interruption()?;
    let songs = arguments.songs.open(arguments.length)?;
    let model: std::sync::Arc<dyn WindowModel> = models::windowed()?;
    let done = parallel::map(
        "beats",
        songs.count(),
        arguments.threads,
        &interrupted,
        |index| {
            let song = Song::new(songs.get(index)?);
            let answers = Answers::for_song(&song, &model)?;
            measured(&song, &answers).with_context(|| format!("song {index}"))
        },
    )?;
    let report = pooled(&done);
    print(&report);
    if let Some(path) = &arguments.json {
        harmony::export::atomic::write(path, &serde_json::to_vec_pretty(&report)?)?;
    }
    if let Some(path) = &arguments.misses {
        harmony::export::atomic::write(path, misses_table(&done).as_bytes())?;
    }
    if arguments.cost {
        let song = Song::new(songs.get(0)?);
        cost(&song.audio)?;
    }
    Ok(())
}

fn measured(song: &Song, answers: &Answers) -> Result<Done> {
    let truth = changes(&song.chords);
    let tracks = answers
        .tracks
        .iter()
        .map(|(name, track)| {
            Ok(Measured {
                name,
                on_beat: OnBeat::new(&changes(track), &truth, &song.beats),
                boundaries: Boundaries::new(&song.chords, track)?.hits(WINDOW_S),
                chords: evaluate(&song.chords, track)?,
                key: key_score(&song.keys, track)?,
                misses: misses(track, &song.chords, &song.beats),
            })
        })
        .collect::<Result<_>>()?;
    let times = |downbeats: bool| -> Vec<f64> {
        let beats = song.beats.iter().filter(|b| b.downbeat || !downbeats);
        beats.map(|b| b.time_s).collect()
    };
    let (beats, downbeats) = (times(false), times(true));
    // Found beats reach to both ends of the audio; the annotation does not.
    let (from_s, to_s) = match beats.as_slice() {
        [first, .., last] => (first - 0.07, last + 0.07),
        _ => (0.0, 0.0),
    };
    let found = answers.beats.as_ref();
    let inside: Vec<(f64, bool)> = found.map_or(Vec::new(), |found| {
        let all = found.times_s.iter().zip(&found.in_bar);
        all.map(|(&t, &number)| (t, number == 0))
            .filter(|(t, _)| (from_s..=to_s).contains(t))
            .collect()
    });
    let found_beats: Vec<f64> = inside.iter().map(|b| b.0).collect();
    let found_downbeats: Vec<f64> = inside.iter().filter(|b| b.1).map(|b| b.0).collect();
    let offsets_s = found_beats
        .iter()
        .filter_map(|t| {
            let offsets = beats.iter().map(|b| t - b);
            offsets.min_by(|a, b| a.abs().total_cmp(&b.abs()))
        })
        .filter(|offset| offset.abs() <= 0.07)
        .collect();
    let tempo = match (median_bpm(&beats), median_bpm(&found_beats)) {
        (Some(truth), Some(found)) => tempo_right(truth, found),
        _ => (false, false),
    };
    Ok(Done {
        tracks,
        key_of_true_chords: key_score(&song.keys, &song.chords)?,
        beat_f: f_measure(&beats, &found_beats),
        downbeat_f: f_measure(&downbeats, &found_downbeats),
        tempo,
        offsets_s,
    })
}

fn pooled(done: &[Done]) -> Report {
    let names = done.first().map_or(Vec::new(), |first| {
        first.tracks.iter().map(|track| track.name).collect()
    });
    let tracks = names
        .into_iter()
        .enumerate()
        .map(|(index, name)| {
            let of = || done.iter().map(|song| &song.tracks[index]);
            let mut distances_s: Vec<f64> =
                of().flat_map(|t| t.on_beat.distances_s.clone()).collect();
            let right: usize = of().map(|t| t.on_beat.right).sum();
            let all: usize = of().map(|t| t.on_beat.all).sum();
            let counts = BoundaryCounts::pooled(of().map(|t| &t.boundaries));
            TrackScores {
                name,
                right_beat: right as f64 / distances_s.len().max(1) as f64,
                right_beat_of_all: right as f64 / all.max(1) as f64,
                median_distance_s: median(&mut distances_s),
                boundary_f: counts.f_measure(),
                precision: counts.precision(),
                recall: counts.recall(),
                majmin: Evaluation::pooled(of().map(|t| &t.chords)).majmin,
                key: mean_of(of().filter_map(|t| t.key)),
            }
        })
        .collect();
    let songs = done.len() as f64;
    let mean = |of: &dyn Fn(&Done) -> f64| done.iter().map(of).sum::<f64>() / songs;
    let mut offsets_s: Vec<f64> = done.iter().flat_map(|d| d.offsets_s.clone()).collect();
    Report {
        songs: done.len(),
        key_of_true_chords: mean_of(done.iter().filter_map(|d| d.key_of_true_chords)),
        tracks,
        beats: BeatScores {
            f_measure: mean(&|d| d.beat_f),
            downbeat_f_measure: mean(&|d| d.downbeat_f),
            tempo_right: mean(&|d| f64::from(u8::from(d.tempo.0))),
            tempo_right_but_octave: mean(&|d| f64::from(u8::from(d.tempo.1))),
            offset_s: median(&mut offsets_s),
        },
    }
}

fn misses_table(done: &[Done]) -> String {
    let mut table = "track\tsong\tsecond\tbefore\tafter\ttrue chord\tbeats off\n".to_owned();
    for (song, track) in done.iter().enumerate().flat_map(|(song, done)| {
        let tracks = done.tracks.iter();
        tracks.map(move |track| (song, track))
    }) {
        for miss in &track.misses {
            let (before, after) = &miss.change;
            let truth = miss.truth.as_ref().map_or(String::new(), Label::to_string);
            table.push_str(&format!(
                "{}\t{song}\t{:.2}\t{before}\t{after}\t{truth}\t{:.2}\n",
                track.name, miss.time_s, miss.beats_off
            ));
        }
    }
    table
}

/// The mean; 0 for no values.
fn mean_of(values: impl Iterator<Item = f64>) -> f64 {
    let (sum, count) = values.fold((0.0, 0.0), |(sum, count), it| (sum + it, count + 1.0));
    if count > 0.0 { sum / count } else { 0.0 }
}

fn print(report: &Report) {
    println!(
        "{} songs\n\n{:<24} {:>9} {:>7} {:>7} {:>7} {:>7} {:>7} {:>7} {:>7}",
        report.songs, "", "median ms", "beat", "of all", "F .15", "P", "R", "majmin", "key"
    );
    for track in &report.tracks {
        println!(
            "{:<24} {:>9.1} {:>7.3} {:>7.3} {:>7.3} {:>7.3} {:>7.3} {:>7.3} {:>7.3}",
            track.name,
            track.median_distance_s.unwrap_or(f64::NAN) * 1e3,
            track.right_beat,
            track.right_beat_of_all,
            track.boundary_f,
            track.precision,
            track.recall,
            track.majmin,
            track.key
        );
    }
    println!(
        "\nkeys of the true chords: {:.3}",
        report.key_of_true_chords
    );
    let beats = &report.beats;
    println!(
        "\nbeats: F {:.3}, downbeats F {:.3}, tempo right {:.3}, but for octaves {:.3}, late by {:.1} ms",
        beats.f_measure,
        beats.downbeat_f_measure,
        beats.tempo_right,
        beats.tempo_right_but_octave,
        beats.offset_s.unwrap_or(f64::NAN) * 1e3
    );
}

/// Measures one thread's time of the engines for the same audio.
fn cost(audio: &Audio) -> Result<()> {
    let rate = f64::from(audio.sample_rate);
    let mut live = LiveEngine::new(models::live()?, rate, LiveSettings::default())?;
    let start = Instant::now();
    live.push(&audio.samples);
    live.finish();
    let live_s = start.elapsed().as_secs_f64();
    let mut refining = RefiningEngine::new(models::windowed()?, rate)?;
    let start = Instant::now();
    refining.push(&audio.samples);
    refining.finish();
    let mut longest_s = 0.0_f64;
    let mut parts: Vec<Segment> = Vec::new();
    loop {
        let run = Instant::now();
        let Some(refined) = refining.poll(&mut NoBeats) else {
            break;
        };
        longest_s = longest_s.max(run.elapsed().as_secs_f64());
        parts.extend(refined.segments.into_iter().map(|s| s.segment));
    }
    let refining_s = start.elapsed().as_secs_f64();
    let per_second = |s: f64| s * 1e3 / audio.length_s();
    println!(
        "cost of a second of audio: live {:.2} ms, refining {:.2} ms ({:.2} of it), its longest run {:.1} ms, {} parts",
        per_second(live_s),
        per_second(refining_s),
        refining_s / live_s,
        longest_s * 1e3,
        parts.len()
    );
    Ok(())
}
