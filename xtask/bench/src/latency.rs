//! Latency from the start of a chord in the audio to its name on the display.
//!
//! It has two parts. `trainer eval-latency` measures how much audio the recognizer needs, on
//! songs with known chords. What the plugin adds (waiting for a block to fill and for the
//! worker to poll, and computing) is measured here on the release CLAP in real time, at its
//! MIDI output, which follows the display: when a note begins, compared with the moment in the
//! audio at which `changes live --fast` shows the chord.

use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use comfy_table::Table;
use comfy_table::presets::ASCII_MARKDOWN;
use serde::Serialize;
use serde_json::Value;
use xshell::{Shell, cmd};

use testhost::clip::Clip;
use testhost::player::Plugin;

use crate::paths::{self, release_binary};
use crate::{machine, music, say};

/// Samples of a block.
const BLOCK: usize = 512;
/// A note that begins later than this after a change of the display, in seconds, belongs to
/// another chord.
const LATEST_S: f64 = 0.5;
/// One frame of a window at 60 a second: the most that painting adds.
const PAINT_S: f64 = 1.0 / 60.0;

/// The result of `bench latency`.
#[derive(Serialize)]
struct Report {
    machine: machine::Machine,
    /// The result of `trainer eval-latency`.
    audio: Value,
    /// Changes of the display for which a note was found.
    changes: usize,
    /// Median of what the plugin adds, in seconds, including the block of the note.
    added_median_s: f64,
    /// The 90th percentile of what the plugin adds, in seconds.
    added_p90_s: f64,
}

/// Measures, prints and writes the JSON.
pub fn run(json: Option<&Path>) -> Result<()> {
    let sh = Shell::new()?;
    let folder = paths::target("bench")?;
    sh.create_dir(&folder)?;
    let machine = machine::Machine::here()?;
    say("Measuring how much audio the display needs, on held-out songs");
    let found = folder.join("eval-latency.json");
    let trainer = release_binary("trainer")?;
    cmd!(sh, "{trainer} eval-latency --json {found} --plots {folder}").run()?;
    let audio: Value = serde_json::from_str(&sh.read_file(&found)?)?;

    say("Measuring what the plugin adds, in real time in a headless host");
    let clip = music::clip()?;
    let shown = shown(&folder)?;
    let notes = notes(&paths::clap()?, &clip)?;
    let mut added: Vec<f64> = shown
        .iter()
        .filter_map(|shown| {
            let next = notes.partition_point(|note| note < shown);
            let late = notes.get(next)? - shown;
            (late < LATEST_S).then_some(late)
        })
        .collect();
    ensure!(
        !added.is_empty(),
        "no note followed a change of the display"
    );
    added.sort_by(f64::total_cmp);
    let quantile = |share: f64| added[((added.len() - 1) as f64 * share).round() as usize];
    let report = Report {
        machine,
        audio,
        changes: added.len(),
        added_median_s: quantile(0.5),
        added_p90_s: quantile(0.9),
    };
    print(&report);
    paths::save(json, "latency.json", &report)
}

/// When the display of the live engine changes to another chord, in seconds of audio.
fn shown(folder: &Path) -> Result<Vec<f64>> {
    let sh = Shell::new()?;
    let changes = release_binary("changes")?;
    let events = folder.join("events.jsonl");
    let clip = music::FILE;
    cmd!(sh, "{changes} live --fast --events {events} {clip}")
        .quiet()
        .ignore_stdout()
        .run()?;
    let mut times = Vec::new();
    let mut label = Value::Null;
    for line in sh.read_file(&events)?.lines() {
        let event: Value = serde_json::from_str(line)?;
        if event["label"] != label {
            label = event["label"].clone();
            times.push(
                event["shown_at_s"]
                    .as_f64()
                    .context("an event without a time")?,
            );
        }
    }
    Ok(times)
}

/// When notes begin at the plugin's output while it hears the clip in real time, in seconds
/// since the first sample sounded.
fn notes(clap: &Path, clip: &Clip) -> Result<Vec<f64>> {
    let mut plugin = Plugin::load(clap)?;
    let midi_out = plugin.parameter("MIDI out")?;
    let mut stream = plugin.activate(clip.sample_rate, BLOCK)?;
    stream.set(midi_out, 1.0);
    let mut notes = Vec::new();
    let block_s = BLOCK as f64 / clip.sample_rate;
    let start = Instant::now();
    let mut from = 0;
    while from + BLOCK <= clip.frames() {
        // A block can be delivered once its last sample has sounded.
        let due = Duration::from_secs_f64(from as f64 / clip.sample_rate + block_s);
        thread::sleep(due.saturating_sub(start.elapsed()));
        stream.play(clip, from, BLOCK, None)?;
        if stream.note_began() {
            notes.push(start.elapsed().as_secs_f64());
        }
        from += BLOCK;
    }
    plugin.deactivate(stream);
    Ok(notes)
}

fn print(report: &Report) {
    let mut table = Table::new();
    table
        .load_preset(ASCII_MARKDOWN)
        .set_header(["part", "median", "p90"]);
    let milliseconds = |s: f64| format!("{:.0} ms", s * 1e3);
    let rows = report.audio["rows"].as_array().into_iter().flatten();
    let first = report.audio["rows"][0]["sensitivity"].clone();
    for row in rows.filter(|row| row["sensitivity"] == first) {
        let of = |name: &str| row[name].as_f64().map_or("–".into(), milliseconds);
        let metric = row["metric"].as_str().unwrap_or_default();
        table.add_row([
            format!("audio until the chord is right ({metric})"),
            of("median_s"),
            of("p90_s"),
        ]);
    }
    table.add_row([
        format!(
            "block of {BLOCK}, worker, computing ({} changes)",
            report.changes
        ),
        milliseconds(report.added_median_s),
        milliseconds(report.added_p90_s),
    ]);
    table.add_row([
        "painting at 60 frames a second, at most".into(),
        milliseconds(PAINT_S / 2.0),
        milliseconds(PAINT_S),
    ]);
    println!("\n{}\n{table}", report.machine);
}
