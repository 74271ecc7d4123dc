//! `trainer eval-beats --tempi`: scores the beat finder by tempo and meter.

use std::path::PathBuf;

use crate::beats::measure::{OnBeat, changes, f_measure, median, tempo_right};
use crate::beats::tempi::{Item, Kind, METERS, Tempi};
use crate::evaluate::overlap::intervals;
use crate::parallel;
use anyhow::Result;
use harmony::export::atomic;
use harmony::time::Meter;
use recognizer::beat::{self, Beats, Known};
use recognizer::inference::WindowModel;
use recognizer::models;
use recognizer::signal::Signal;
use renderer::song::Beat;
use serde::Serialize;

/// Upper ends of the tempo bands, in quarter notes a minute.
const BANDS_BPM: [f64; 4] = [90.0, 126.0, 160.0, 1e9];

/// The finder's result for one item.
#[derive(Debug, Clone, Serialize)]
struct Found {
    /// The tempo, quarter notes a minute, if a grid was found.
    bpm: Option<f64>,
    /// Right within 4 %.
    tempo_right: bool,
    /// Off by a factor of two or three.
    octave_off: bool,
    meter: Option<String>,
    meter_right: bool,
    /// F-measures within 70 ms.
    beats_f: f64,
    downbeats_f: f64,
    /// Median delay of beats, among those within 70 ms, in seconds.
    late_s: Option<f64>,
}

/// Changes of chord: all, those on the right beat, and the distances of those near one, in
/// seconds.
type Changes = (usize, usize, Vec<f64>);

/// One item: its ground truth, and the result of each way of asking.
#[derive(Debug, Clone, Serialize)]
struct Done {
    item: usize,
    kind: Kind,
    meter: Option<String>,
    bpm: Option<f64>,
    found: Found,
    /// With the meter given.
    named: Found,
    /// With tempo and meter given.
    told: Found,
    /// Changes on the found grid, and without one: all, on the right beat, and median distance
    /// of those near one.
    on_found: Changes,
    without: Changes,
}

/// Evaluates and prints.
pub(super) fn run(set: &Tempi, threads: usize, json: Option<&PathBuf>) -> Result<()> {
    let interrupted = super::interruption()?;
    let model: std::sync::Arc<dyn WindowModel> = models::windowed()?;
    let done = parallel::map("tempi", set.count(), threads, &interrupted, |index| {
        measured(index, &set.get(index, model.as_ref())?)
    })?;
    print(&done);
    if let Some(path) = json {
        atomic::write(path, &serde_json::to_vec_pretty(&done)?)?;
    }
    Ok(())
}

fn measured(index: usize, item: &Item) -> Result<Done> {
    let truth = &item.truth;
    let signal = Signal::from_audio(&item.audio)?;
    let plain = item.listened.timeline(None)?;
    let ask = |known: Known| beat::find(&signal, &plain, known);
    let beats = ask(Known::default());
    let grid = beats.as_ref().map(Beats::grid);
    let on_found = item.listened.timeline(grid.as_ref())?;
    let meter = truth.meter();
    let score = |beats: Option<&Beats>| scored(beats, item, meter);
    let named = ask(Known {
        meter,
        ..Known::default()
    });
    let told = ask(Known {
        bpm: truth.bpm,
        meter,
        ..Known::default()
    });
    let intervals_of = truth.intervals()?;
    let true_changes = changes(&intervals_of);
    let truth_beats = truth.song_beats();
    let moved = |track: &harmony::timeline::Timeline| {
        let on = OnBeat::new(
            &changes(&intervals(track.segments())),
            &true_changes,
            &truth_beats,
        );
        (on.all, on.right, on.distances_s)
    };
    Ok(Done {
        item: index,
        kind: truth.kind,
        meter: truth.meter.clone(),
        bpm: truth.bpm,
        found: score(beats.as_ref()),
        named: score(named.as_ref()),
        told: score(told.as_ref()),
        on_found: moved(&on_found),
        without: moved(&plain),
    })
}

fn scored(beats: Option<&Beats>, item: &Item, meter: Option<Meter>) -> Found {
    let truth = &item.truth;
    let bpm = beats.map(Beats::bpm);
    let (tempo_right, right_but_octave) = match (truth.bpm, bpm) {
        (Some(truth), Some(found)) => tempo_right(truth, found),
        _ => (false, false),
    };
    let truth_beats = truth.song_beats();
    let (from_s, to_s) = match truth_beats.as_slice() {
        [first, .., last] => (first.time_s - 0.07, last.time_s + 0.07),
        _ => (0.0, 0.0),
    };
    let times = |beats: &[Beat], downs: bool| -> Vec<f64> {
        let beats = beats.iter().filter(|b| b.downbeat || !downs);
        beats.map(|b| b.time_s).collect()
    };
    let found: Vec<Beat> = beats.map_or(Vec::new(), |beats| {
        beats
            .times_s
            .iter()
            .zip(&beats.in_bar)
            .map(|(&time_s, &number)| Beat {
                time_s,
                downbeat: number == 0,
            })
            .filter(|beat| (from_s..=to_s).contains(&beat.time_s))
            .collect()
    });
    let all = times(&truth_beats, false);
    let mut late: Vec<f64> = found
        .iter()
        .filter_map(|beat| {
            let offsets = all.iter().map(|t| beat.time_s - t);
            offsets.min_by(|a, b| a.abs().total_cmp(&b.abs()))
        })
        .filter(|offset| offset.abs() <= 0.07)
        .collect();
    Found {
        bpm,
        tempo_right,
        octave_off: right_but_octave && !tempo_right,
        meter: beats.map(|beats| beats.meter.to_string()),
        meter_right: meter.is_some() && beats.map(|b| b.meter) == meter,
        beats_f: f_measure(&all, &times(&found, false)),
        downbeats_f: f_measure(&times(&truth_beats, true), &times(&found, true)),
        late_s: median(&mut late),
    }
}

fn print(done: &[Done]) {
    println!(
        "{:<22} {:>4} | {:>6} {:>6} {:>6} {:>6} {:>6} {:>5} | {:>6} {:>6} | {:>6} {:>6} | {:>6} {:>6} {:>6} {:>6}",
        "",
        "n",
        "tempo",
        "octave",
        "meter",
        "beatsF",
        "downsF",
        "none",
        "named",
        "downsF",
        "told F",
        "late",
        "right",
        "ms",
        "no grd",
        "ms"
    );
    let band = |bpm: Option<f64>| bpm.and_then(|bpm| BANDS_BPM.iter().position(|end| bpm < *end));
    let row = |name: String, of: &dyn Fn(&Done) -> bool| {
        let rows: Vec<&Done> = done.iter().filter(|d| of(d)).collect();
        if rows.is_empty() {
            return;
        }
        let count = rows.len() as f64;
        let share =
            |of: &dyn Fn(&Done) -> bool| rows.iter().filter(|d| of(d)).count() as f64 / count;
        let mean = |of: &dyn Fn(&Done) -> f64| rows.iter().map(|d| of(d)).sum::<f64>() / count;
        let pooled = |of: &dyn Fn(&Done) -> &Changes| {
            let all: usize = rows.iter().map(|d| of(d).0).sum();
            let right: usize = rows.iter().map(|d| of(d).1).sum();
            let mut distances: Vec<f64> = rows.iter().flat_map(|d| of(d).2.clone()).collect();
            (
                right as f64 / all.max(1) as f64,
                median(&mut distances).unwrap_or(f64::NAN) * 1e3,
            )
        };
        let mut late: Vec<f64> = rows.iter().filter_map(|d| d.told.late_s).collect();
        let (on, without) = (pooled(&|d| &d.on_found), pooled(&|d| &d.without));
        println!(
            "{name:<22} {:>4} | {:>6.3} {:>6.3} {:>6.3} {:>6.3} {:>6.3} {:>5.2} | {:>6.3} {:>6.3} | {:>6.3} {:>6.1} | {:>6.3} {:>6.1} {:>6.3} {:>6.1}",
            rows.len(),
            share(&|d| d.found.tempo_right),
            share(&|d| d.found.octave_off),
            share(&|d| d.found.meter_right),
            mean(&|d| d.found.beats_f),
            mean(&|d| d.found.downbeats_f),
            share(&|d| d.found.bpm.is_none()),
            share(&|d| d.named.tempo_right),
            mean(&|d| d.named.downbeats_f),
            mean(&|d| d.told.beats_f),
            median(&mut late).unwrap_or(f64::NAN) * 1e3,
            on.0,
            on.1,
            without.0,
            without.1,
        );
    };
    let names = ["60-90", "90-126", "126-160", "160-200"];
    for (title, kind) in [
        ("songs", Kind::Song),
        ("retimed", Kind::Retimed),
        ("progressions", Kind::Progression),
    ] {
        row(title.to_owned(), &|d| d.kind == kind);
        for (index, name) in names.iter().enumerate() {
            row(format!("  {title} {name}"), &|d| {
                d.kind == kind && band(d.bpm) == Some(index)
            });
        }
    }
    for (index, meter) in METERS.iter().enumerate() {
        row(format!("pieces {meter}"), &|d| d.kind == Kind::Piece(index));
    }
    for (index, name) in names.iter().enumerate() {
        row(format!("pieces {name}"), &|d| {
            matches!(d.kind, Kind::Piece(_)) && band(d.bpm) == Some(index)
        });
    }
    row("free time".to_owned(), &|d| d.kind == Kind::Free);
    row("all with a tempo".to_owned(), &|d| d.bpm.is_some());
}
