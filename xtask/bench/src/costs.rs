//! The cost of the release build: speed, memory, size.

use std::path::Path;

use anyhow::{Result, ensure};
use comfy_table::Table;
use comfy_table::presets::ASCII_MARKDOWN;
use serde::Serialize;

use crate::{files, instances, machine, music, paths, plugin, say};

/// How much is measured.
#[derive(Clone, Copy)]
pub struct Extent {
    /// Length of the long file, in seconds.
    pub file_s: f64,
    /// Calls for a block size.
    pub calls: usize,
    /// How long the worker and many instances are measured, in seconds.
    pub watched_s: f64,
    /// Instances in one host.
    pub instances: usize,
}

/// The extent for the figures in the documents. Two of the calls are above the 99.99th
/// percentile.
const FULL: Extent = Extent {
    file_s: 300.0,
    calls: 20_000,
    watched_s: 20.0,
    instances: 32,
};

/// Enough to see whether a cost has multiplied.
const SHORT: Extent = Extent {
    file_s: 60.0,
    calls: 2_000,
    watched_s: 4.0,
    instances: 8,
};

/// Limits that hold on any machine fit for music: several times what is measured on two shared
/// cores.
const TIMES_REAL_TIME: f64 = 20.0;
const MEDIAN_CALL_US: f64 = 100.0;
const WORKER_S_PER_AUDIO_S: f64 = 0.3;
const INSTANCE_BYTES: u64 = 100 << 20;
const FILE_BYTES: u64 = 40 << 20;

/// Everything that was measured.
#[derive(Serialize)]
struct Report {
    machine: machine::Machine,
    file: files::FileSpeed,
    live: files::FileSpeed,
    plugin: plugin::Cost,
    instances: instances::Many,
    bundle: Sizes,
}

/// Bytes on disk.
#[derive(Serialize)]
struct Sizes {
    clap_bytes: u64,
    vst3_bytes: u64,
    command_bytes: u64,
}

/// Measures, prints a table and writes the JSON. A short run fails where a cost is far out of
/// proportion.
pub fn run(short: bool, json: Option<&Path>) -> Result<()> {
    let extent = if short { SHORT } else { FULL };
    let folder = paths::target("bench")?;
    std::fs::create_dir_all(&folder)?;
    let clip = music::clip()?;
    let clap = paths::clap()?;

    let machine = machine::Machine::here()?;
    say(
        "Measuring whole files through `changes transcribe` and `changes live --fast`, on one core",
    );
    let file = files::transcribe(&clip, &folder, extent)?;
    let live = files::live(&clip, &folder, extent)?;
    say("Measuring the plugin in a headless host");
    let plugin = plugin::measure(&clap, &clip, extent)?;
    say("Measuring many instances in one host");
    let instances = instances::measure(&clap, &clip, extent)?;
    let bundle = Sizes {
        clap_bytes: paths::size(&clap)?,
        vst3_bytes: paths::size(&paths::vst3()?)?,
        command_bytes: paths::size(&paths::release_binary("changes")?)?,
    };
    let report = Report {
        machine,
        file,
        live,
        plugin,
        instances,
        bundle,
    };
    print(&report);
    let name = if short { "short.json" } else { "bench.json" };
    paths::save(json, name, &report)?;
    if short {
        report.in_proportion()
    } else {
        Ok(())
    }
}

impl Report {
    /// Fails where a cost is many times the usual one.
    fn in_proportion(&self) -> Result<()> {
        for (name, speed) in [("transcribe", &self.file), ("live", &self.live)] {
            let times = speed.audio_s / speed.processor_s;
            ensure!(
                times > TIMES_REAL_TIME,
                "{name}: only {times:.0} × real time"
            );
        }
        for block in &self.plugin.process {
            ensure!(
                block.p50_us < MEDIAN_CALL_US,
                "half of the calls for {} samples take {:.0} µs or more",
                block.samples,
                block.p50_us
            );
        }
        let worker = self.plugin.worker_s_per_audio_s;
        ensure!(
            worker < WORKER_S_PER_AUDIO_S,
            "the worker takes {worker:.2} s for a second of audio"
        );
        let more = [
            (
                "an instance's memory",
                self.plugin.memory_bytes,
                INSTANCE_BYTES,
            ),
            ("Changes.clap", self.bundle.clap_bytes, FILE_BYTES),
            ("Changes.vst3", self.bundle.vst3_bytes, FILE_BYTES),
            ("changes", self.bundle.command_bytes, FILE_BYTES),
        ];
        for (name, bytes, most) in more {
            ensure!(bytes < most, "{name}: {}", megabytes(bytes));
        }
        Ok(())
    }
}

fn print(report: &Report) {
    let Report {
        machine,
        file,
        live,
        plugin,
        instances,
        bundle,
    } = report;
    let mut table = Table::new();
    table
        .load_preset(ASCII_MARKDOWN)
        .set_header(["what", "measured"]);
    let mut row = |what: &str, measured: String| {
        table.add_row([what.to_owned(), measured]);
    };
    for (name, speed) in [("transcribe", file), ("live --fast", live)] {
        row(
            &format!("{name}: {:.0} s of audio, one core", speed.audio_s),
            format!(
                "{:.0} × real time ({:.2} s, of which processor {:.2} s)",
                speed.audio_s / speed.wall_s,
                speed.wall_s,
                speed.processor_s
            ),
        );
        row(
            &format!("{name}: most memory"),
            megabytes(speed.peak_memory_bytes),
        );
    }
    row(
        "transcribe: one second of audio, start to end",
        milliseconds(file.start_s),
    );
    for block in &plugin.process {
        row(
            &format!(
                "process, {} samples: p50 / p99 / p99.99 / max",
                block.samples
            ),
            format!(
                "{:.2} / {:.2} / {:.2} / {:.2} µs",
                block.p50_us, block.p99_us, block.p9999_us, block.max_us
            ),
        );
        row(
            "… without as many as an empty loop is interrupted: p99.99",
            format!("{:.2} µs", block.undisturbed_p9999_us),
        );
        row(
            "… calls above 10 µs in a second of them; interruptions that make one so",
            format!(
                "{:.0}; {:.0} (of {:.0}, half longer than {:.1} µs)",
                block.above_limit_per_s,
                block.interruptions_above_limit_per_s,
                block.interruptions_per_s,
                block.interruption_p50_us
            ),
        );
    }
    let of = |what: fn(&plugin::Block) -> bool| {
        let yes = plugin.process.iter().all(what);
        if yes { "yes" } else { "no" }.to_owned()
    };
    row(
        "… on a thread with audio priority; with the window open",
        format!(
            "{}; {}",
            of(|block| block.realtime_priority),
            of(|block| block.editor_open)
        ),
    );
    row("plugin: load and start", milliseconds(plugin.load_s));
    row("plugin: activate", milliseconds(plugin.activate_s));
    row(
        "worker: processor time for a second of audio",
        milliseconds(plugin.worker_s_per_audio_s),
    );
    row(
        "plugin: memory it adds to its host",
        megabytes(plugin.memory_bytes),
    );
    row(
        "the second instance: load and activate / memory",
        format!(
            "{} / {}",
            milliseconds(instances.second_s),
            megabytes(instances.second_bytes)
        ),
    );
    row(
        &format!(
            "{} instances playing: cores, audio threads included",
            instances.count
        ),
        format!("{:.2}", instances.cores_playing),
    );
    row(
        &format!("{} instances in silence: cores", instances.count),
        format!("{:.3}", instances.cores_silent),
    );
    row(
        &format!(
            "{} instances: memory they add to their host",
            instances.count
        ),
        megabytes(instances.all_bytes),
    );
    row("Changes.clap", megabytes(bundle.clap_bytes));
    row("Changes.vst3", megabytes(bundle.vst3_bytes));
    row("changes", megabytes(bundle.command_bytes));
    println!("\n{machine}\n{table}");
}

fn megabytes(bytes: u64) -> String {
    format!("{:.1} MB", bytes as f64 / 1e6)
}

fn milliseconds(seconds: f64) -> String {
    format!("{:.1} ms", seconds * 1e3)
}
