//! `cargo xtask bench`: what the release build costs.

mod compare;
pub mod files;
mod instances;
mod interruptions;
mod latency;
pub mod machine;
mod plugin;

use std::path::PathBuf;

use anyhow::Result;
use comfy_table::Table;
use comfy_table::presets::ASCII_MARKDOWN;
use serde::Serialize;

use crate::bundle::{self, Bundle};
use crate::clip::Clip;
use crate::workspace::{release_binary, say, shell, target};

/// What is measured instead of the costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum What {
    /// From the start of a chord to when the live display shows it
    Latency,
}

#[derive(clap::Args)]
pub struct Options {
    /// Something else than the costs
    what: Option<What>,
    /// Accuracy and speed beside what else reads chords from files
    #[arg(long)]
    compare: bool,
    /// Write the JSON here instead of target/bench/bench.json
    #[arg(long, value_name = "PATH")]
    json: Option<PathBuf>,
    /// Measure what was built last instead of building
    #[arg(long)]
    built: bool,
}

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

/// Measures, prints a table and writes the JSON.
pub fn run(options: &Options) -> Result<()> {
    if options.compare {
        return compare::compare(options);
    }
    match options.what {
        Some(What::Latency) => latency::run(options),
        None => costs(options),
    }
}

fn costs(options: &Options) -> Result<()> {
    let sh = shell()?;
    let bundle = if options.built {
        Bundle::location()?
    } else {
        xshell::cmd!(sh, "cargo build --release --package changes-cli").run()?;
        bundle::bundle()?
    };
    let folder = target()?.join("bench");
    sh.create_dir(&folder)?;
    let clip = Clip::load(crate::demo::CLIP.as_ref())?;

    let machine = machine::Machine::here()?;
    say("Whole files through `changes transcribe` and `changes live --fast`, on one core");
    let file = files::transcribe(&clip, &folder)?;
    let live = files::live(&clip, &folder)?;
    say("The plugin in a headless host");
    let plugin = plugin::measure(&bundle.clap, &clip)?;
    say("Many instances in one host");
    let instances = instances::measure(&bundle.clap, &clip)?;
    let bundle = Sizes {
        clap_bytes: bundle::size(&bundle.clap)?,
        vst3_bytes: bundle::size(&bundle.vst3)?,
        command_bytes: bundle::size(&release_binary("changes")?)?,
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
    save(options, "bench.json", &report)
}

/// Writes a report where the user wants it, or into the target directory.
fn save(options: &Options, name: &str, report: &impl Serialize) -> Result<()> {
    let sh = shell()?;
    let folder = target()?.join("bench");
    sh.create_dir(&folder)?;
    let path = options.json.clone().unwrap_or_else(|| folder.join(name));
    let json = serde_json::to_string_pretty(report)? + "\n";
    sh.write_file(&path, json)?;
    say(format!("Wrote {}", path.display()));
    Ok(())
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
