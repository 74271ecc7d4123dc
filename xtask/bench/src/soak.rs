//! `cargo xtask soak`: hours of audio through the plugin, as fast as possible.
//!
//! A headless host renders offline and plays one passage of music again and again. Its length
//! is a whole number of frames, of the refining network's runs and of bars, so what the plugin
//! confirms in one round must come out in every other round, at the same places to the
//! microsecond: any drift of any clock would show.

use std::path::Path;
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use comfy_table::Table;
use comfy_table::presets::ASCII_MARKDOWN;
use harmony::label::Label;
use harmony::timeline::Status;
use harmony::track::Track;
use serde::Serialize;

use testhost::clip::Clip;
use testhost::player::{Plugin, Tempo};
use testhost::process::memory;
use testhost::state;

use crate::machine::Machine;
use crate::{music, paths, say};

/// The rate at which a frame is a whole number of samples.
const SAMPLE_RATE: f64 = 44_100.0;

/// Samples of a frame of the windowed network at that rate, and frames from one run of the
/// refining pass to the next.
const FRAME_SAMPLES: usize = 4096;
const RUN_FRAMES: usize = 27;

/// Runs of the refining pass in a round of the passage: 35 s.
const ROUND_RUNS: usize = 14;

/// Quarter notes in a round, and in a bar. With this number no eighth lies halfway between two
/// frames, where rounding would decide which of them it belongs to.
const ROUND_BEATS: f64 = 55.0;
const BAR_BEATS: u16 = 5;

/// Samples before the song begins, so that no beat lies on a frame, for the same reason.
const LEAD_IN: usize = 500;

/// Rounds that are left out at the start, where silence comes before the music, and at the
/// end, where it comes after.
const EDGE_ROUNDS: usize = 1;

/// Places that differ by more, in seconds, are not the same.
const EXACT_S: f64 = 1e-6;

/// The track may end this much earlier than the audio, in seconds; boundaries closer than that
/// are one.
const HAIR_S: f64 = 0.01;

const BLOCK: usize = 512;

/// Memory may grow by this much per hour of audio: a chord of the track has a few hundred
/// bytes, an hour some thousand chords.
const GROWTH_BYTES_PER_HOUR: f64 = 8e6;

/// The number of lines of the table.
const LINES: usize = 20;

/// The state after some of the audio.
#[derive(Serialize)]
struct Line {
    /// Seconds of audio so far.
    played_s: f64,
    /// Seconds of audio per second, since the line before.
    times_real_time: f64,
    /// Resident memory of the whole host.
    memory_bytes: u64,
}

#[derive(Serialize)]
struct Report {
    machine: Machine,
    lines: Vec<Line>,
    /// Chords of the track at the end.
    chords: usize,
    /// Rounds that were compared.
    rounds: usize,
    /// The largest distance of a change of chord from its place in the first of them.
    drift_s: f64,
    /// Growth of memory in the second half, per hour of audio.
    growth_bytes_per_hour: f64,
}

/// Plays, prints a table, writes the JSON, and fails unless all checks hold.
pub fn run(hours: f64, json: Option<&Path>) -> Result<()> {
    let machine = Machine::here()?;
    let passage = passage()?;
    let round_s = passage.duration_s();
    let rounds = (hours * 3600.0 / round_s).ceil() as usize;
    ensure!(
        rounds > 2 * EDGE_ROUNDS + 1,
        "{hours} hours are too short: a round has {round_s:.0} s, and {} rounds are needed",
        2 * EDGE_ROUNDS + 2
    );
    say(format!(
        "Playing {:.2} hours of audio: {rounds} times {round_s:.2} s",
        rounds as f64 * round_s / 3600.0
    ));
    let mut plugin = Plugin::load(&paths::clap()?)?;
    plugin.set_offline()?;
    let tempo = Tempo {
        bpm: ROUND_BEATS * 60.0 / round_s,
        beats_per_bar: BAR_BEATS,
    };
    let mut stream = plugin.activate(SAMPLE_RATE, BLOCK)?;
    stream.process(LEAD_IN, None)?;
    stream.start_song();
    let mut lines: Vec<Line> = Vec::new();
    let mut since = Instant::now();
    let mut told = 0;
    for round in 1..=rounds {
        let mut from = 0;
        while from < passage.frames() {
            let len = BLOCK.min(passage.frames() - from);
            stream.play(&passage, from, len, Some(tempo))?;
            from += len;
        }
        if round * LINES / rounds > (round - 1) * LINES / rounds {
            let audio_s = (round - told) as f64 * round_s;
            let times_real_time = audio_s / since.elapsed().as_secs_f64();
            let memory_bytes = memory("self", "VmRSS:").context("no VmRSS in /proc/self/status")?;
            // The state is not asked for: the host's own copies of it would make memory grow.
            let line = Line {
                played_s: round as f64 * round_s,
                times_real_time,
                memory_bytes,
            };
            say(line.text());
            lines.push(line);
            (told, since) = (round, Instant::now());
        }
    }
    plugin.deactivate(stream);
    let track = finished(&mut plugin, rounds as f64 * round_s)?;
    let report = Report {
        machine,
        chords: track.timeline().segments().len(),
        rounds: rounds - 2 * EDGE_ROUNDS,
        drift_s: drift(&track, round_s, rounds)?,
        growth_bytes_per_hour: growth(&lines),
        lines,
    };
    print(&report);
    paths::save(json, "soak.json", &report)?;
    ensure!(
        report.growth_bytes_per_hour < GROWTH_BYTES_PER_HOUR || report.lines.len() < LINES,
        "memory grows by {:.1} MB an hour",
        report.growth_bytes_per_hour / 1e6
    );
    Ok(())
}

/// A round of the passage.
fn passage() -> Result<Clip> {
    let mut clip = Clip::load(music::FILE.as_ref())?;
    let len = FRAME_SAMPLES * RUN_FRAMES * ROUND_RUNS;
    ensure!(
        clip.sample_rate == SAMPLE_RATE && clip.frames() >= len,
        "the demo's music is too short or not at {SAMPLE_RATE} Hz"
    );
    for channel in &mut clip.channels {
        channel.truncate(len);
    }
    Ok(clip)
}

/// The track once all of it is confirmed.
fn finished(plugin: &mut Plugin, end_s: f64) -> Result<Track> {
    let started = Instant::now();
    loop {
        let (_, track) = state::session(&plugin.state()?)?;
        let segments = track.timeline().segments();
        let reached = segments.last().is_some_and(|it| it.end_s > end_s - HAIR_S);
        if reached && segments.iter().all(|it| it.status == Status::Confirmed) {
            return Ok(track);
        }
        ensure!(
            started.elapsed().as_secs() < 60,
            "the track ends at {:?} of {end_s} s, or is not confirmed",
            segments.last().map(|it| it.end_s)
        );
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
}

/// The largest distance of changes of chord from their places in the first whole round. Fails
/// if audio was lost or a round has other chords.
fn drift(track: &Track, round_s: f64, rounds: usize) -> Result<f64> {
    let mut found: Vec<Vec<(f64, &Label)>> = vec![Vec::new(); rounds];
    for segment in track.timeline().segments() {
        ensure!(
            segment.label != Label::Unknown || segment.confidence > 0.0,
            "audio was lost at {} s",
            segment.start_s
        );
        let round = ((segment.start_s + EXACT_S) / round_s) as usize;
        if let Some(chords) = found.get_mut(round) {
            chords.push((segment.start_s - round as f64 * round_s, &segment.label));
        }
    }
    let rounds = &found[EDGE_ROUNDS..rounds - EDGE_ROUNDS];
    let mut drift_s = 0.0f64;
    for (number, round) in rounds.iter().enumerate() {
        let chord = |of: Option<&(f64, &Label)>| match of {
            Some((at_s, label)) => format!("{label} at {at_s:.6} s"),
            None => "nothing".to_owned(),
        };
        for index in 0..round.len().max(rounds[0].len()) {
            let (here, first) = (round.get(index), rounds[0].get(index));
            ensure!(
                here.map(|it| it.1) == first.map(|it| it.1),
                "round {number} has {}, the first {}",
                chord(here),
                chord(first)
            );
        }
        for (here, first) in round.iter().zip(&rounds[0]) {
            drift_s = drift_s.max((here.0 - first.0).abs());
        }
    }
    ensure!(!rounds[0].is_empty(), "no chord was found");
    ensure!(drift_s <= EXACT_S, "times are off by {drift_s} s");
    Ok(drift_s)
}

/// Growth of memory from the middle to the end, in bytes per hour of audio.
fn growth(lines: &[Line]) -> f64 {
    let (Some(middle), Some(last)) = (lines.get(lines.len() / 2), lines.last()) else {
        return 0.0;
    };
    let hours = (last.played_s - middle.played_s) / 3600.0;
    if hours > 0.0 {
        (last.memory_bytes as f64 - middle.memory_bytes as f64) / hours
    } else {
        0.0
    }
}

impl Line {
    fn text(&self) -> String {
        format!(
            "{:6.2} h: {:4.0} × real time, {:6.1} MB",
            self.played_s / 3600.0,
            self.times_real_time,
            self.memory_bytes as f64 / 1e6
        )
    }
}

fn print(report: &Report) {
    let mut table = Table::new();
    table
        .load_preset(ASCII_MARKDOWN)
        .set_header(["audio", "× real time", "memory"]);
    for line in &report.lines {
        table.add_row([
            format!("{:.2} h", line.played_s / 3600.0),
            format!("{:.0}", line.times_real_time),
            format!("{:.1} MB", line.memory_bytes as f64 / 1e6),
        ]);
    }
    println!("\n{}\n{table}", report.machine);
    println!(
        "{} chords, {} rounds compared, times off by {:.3} µs at most; memory grows by {:.2} MB an hour",
        report.chords,
        report.rounds,
        report.drift_s * 1e6,
        report.growth_bytes_per_hour / 1e6
    );
}
