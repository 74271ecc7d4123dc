//! `cargo xtask fuzz`: every reader of untrusted bytes under libFuzzer, with bounded memory.
//!
//! The targets are a package of their own (`fuzz/`), laid out for cargo-fuzz. Here they are
//! built with the installed compiler, stable or not, and only the code under test is
//! instrumented, in a third of the time.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};
use comfy_table::Table;
use comfy_table::presets::ASCII_MARKDOWN;
use xshell::cmd;

use crate::workspace::{root, say, shell, target};

/// The crates instrumented for coverage and memory faults: our own, and the libraries that
/// read the bytes first.
const INSTRUMENTED: [&str; 29] = [
    "changes-fuzz",
    "changes-fuzz-targets",
    "changes-plugin",
    "changes-realtime",
    "harmony",
    "midly",
    "networks",
    "nice-plug",
    "nice-plug-core",
    "pytorch-reader",
    "recognizer",
    "recognizer-mono",
    "renderer",
    "safetensors",
    "serde_json",
    "symphonia-bundle-flac",
    "symphonia-bundle-mp3",
    "symphonia-codec-aac",
    "symphonia-codec-pcm",
    "symphonia-codec-vorbis",
    "symphonia-common",
    "symphonia-core",
    "symphonia-format-isomp4",
    "symphonia-format-ogg",
    "symphonia-format-riff",
    "symphonia-metadata",
    "teachers",
    "trainer",
    "zip",
];

/// The flags that cargo-fuzz passes to the compiler.
const FLAGS: [&str; 8] = [
    "--cfg=fuzzing",
    "-Cpasses=sancov-module",
    "-Cllvm-args=-sanitizer-coverage-level=4",
    "-Cllvm-args=-sanitizer-coverage-inline-8bit-counters",
    "-Cllvm-args=-sanitizer-coverage-pc-table",
    "-Cllvm-args=-sanitizer-coverage-trace-compares",
    "-Cllvm-args=-simplifycfg-branch-fold-threshold=0",
    "-Zsanitizer=address",
];

const TRIPLE: &str = "x86_64-unknown-linux-gnu";

/// Memory of a target in MiB, including the sanitizer's.
const RSS_LIMIT_MB: u32 = 512;

/// The largest single allocation of a target, in MiB: what the readers of files allow, and
/// their inputs here are a thousandth of that.
const MALLOC_LIMIT_MB: u32 = 64;

/// Seconds after which an input counts as endless. They are wall-clock seconds, so there are
/// many: a busy machine must not cause findings.
const TIMEOUT_S: u32 = 300;

#[derive(clap::Args)]
pub struct Options {
    /// Fuzz only this target; may be given more than once
    #[arg(value_name = "TARGET")]
    targets: Vec<String>,
    /// Seconds of fuzzing for each target
    #[arg(long, default_value_t = 60)]
    seconds: u32,
    /// Fuzz what was built last instead of building
    #[arg(long)]
    built: bool,
}

/// The result of a target.
struct Outcome {
    target: String,
    executions: String,
    peak_mb: String,
    /// The path of a failing input, if one was found.
    finding: Option<String>,
}

/// Builds all targets and runs each over its seeds for some seconds.
pub fn check() -> Result<()> {
    run(&Options {
        targets: Vec::new(),
        seconds: 8,
        built: false,
    })
}

/// Fuzzes the chosen targets.
pub fn run(options: &Options) -> Result<()> {
    if !cfg!(all(target_os = "linux", target_arch = "x86_64")) {
        say("The fuzz targets are built on x86_64 Linux only: nothing to run here");
        return Ok(());
    }
    let all = targets()?;
    for wanted in &options.targets {
        ensure!(
            all.contains(wanted),
            "no target {wanted}; there are {all:?}"
        );
    }
    let folder = target()?.join("fuzz");
    if !options.built {
        build(&folder)?;
    }
    let mut outcomes = Vec::new();
    for name in all {
        if options.targets.is_empty() || options.targets.contains(&name) {
            outcomes.push(fuzz(&folder, name, options.seconds)?);
        }
    }
    report(&outcomes)
}

/// The names of all targets, in order.
fn targets() -> Result<Vec<String>> {
    let folder = root().join("fuzz/fuzz_targets");
    let entries = fs::read_dir(&folder)
        .with_context(|| format!("cannot list {}", folder.display()))?
        .collect::<Result<Vec<_>, _>>()?;
    let names = entries.iter().filter_map(|entry| {
        let path = entry.path();
        Some(path.file_stem()?.to_str()?.to_owned())
    });
    let mut names: Vec<String> = names.collect();
    names.sort();
    Ok(names)
}

fn build(folder: &Path) -> Result<()> {
    say("Building the fuzz targets");
    let sh = shell()?;
    let flags = FLAGS.map(|flag| format!("{flag:?}")).join(", ");
    let instrument = INSTRUMENTED.iter().flat_map(|package| {
        let rule = format!("profile.release.package.{package}.rustflags = [{flags}]");
        ["--config".to_owned(), rule]
    });
    let manifest = root().join("fuzz/Cargo.toml");
    cmd!(
        sh,
        "cargo build --manifest-path {manifest} --locked --release --target {TRIPLE}
         --target-dir {folder} -Zprofile-rustflags {instrument...}"
    )
    // Stable compilers have the sanitizer and flags for single packages as well.
    .env("RUSTC_BOOTSTRAP", "1")
    .run()?;
    Ok(())
}

/// Runs a target over its seeds and earlier findings, and on from there.
fn fuzz(folder: &Path, target: String, seconds: u32) -> Result<Outcome> {
    say(format!("{target}, {seconds} s"));
    let program = folder.join(TRIPLE).join("release").join(&target);
    let corpus = folder.join("corpus").join(&target);
    let findings = folder.join("findings").join(&target);
    for folder in [&corpus, &findings] {
        fs::create_dir_all(folder)
            .with_context(|| format!("cannot create {}", folder.display()))?;
    }
    let output = Command::new(&program)
        .arg(format!("-max_total_time={seconds}"))
        .arg(format!("-rss_limit_mb={RSS_LIMIT_MB}"))
        .arg(format!("-malloc_limit_mb={MALLOC_LIMIT_MB}"))
        .arg(format!("-timeout={TIMEOUT_S}"))
        .arg(format!("-artifact_prefix={}/", findings.display()))
        .args(["-print_final_stats=1", "-detect_leaks=0"])
        .arg(&corpus)
        .arg(root().join("fuzz/seeds").join(&target))
        // The freed memory that the sanitizer holds back would count as the target's.
        .env("ASAN_OPTIONS", "quarantine_size_mb=16:detect_leaks=0")
        .output()
        .with_context(|| format!("cannot run {}", program.display()))?;
    let log = String::from_utf8_lossy(&output.stderr);
    let stated = |key: &str| {
        let line = log.lines().find_map(|line| line.strip_prefix(key));
        line.map_or_else(|| "?".to_owned(), |it| it.trim().to_owned())
    };
    let finding = (!output.status.success()).then(|| {
        let tail: Vec<&str> = log.lines().rev().take(40).collect();
        for line in tail.iter().rev() {
            eprintln!("{line}");
        }
        let written = log.lines().find_map(|line| {
            let (_, path) = line.split_once("Test unit written to ")?;
            Some(path.to_owned())
        });
        written.unwrap_or_else(|| output.status.to_string())
    });
    Ok(Outcome {
        executions: stated("stat::number_of_executed_units:"),
        peak_mb: stated("stat::peak_rss_mb:"),
        target,
        finding,
    })
}

fn report(outcomes: &[Outcome]) -> Result<()> {
    let mut table = Table::new();
    table
        .load_preset(ASCII_MARKDOWN)
        .set_header(["target", "executions", "peak MiB", "finding"]);
    for outcome in outcomes {
        table.add_row([
            outcome.target.as_str(),
            &outcome.executions,
            &outcome.peak_mb,
            outcome.finding.as_deref().unwrap_or("none"),
        ]);
    }
    println!("{table}");
    let found: Vec<&str> = outcomes
        .iter()
        .filter(|outcome| outcome.finding.is_some())
        .map(|outcome| outcome.target.as_str())
        .collect();
    if !found.is_empty() {
        bail!("findings in {}", found.join(", "));
    }
    Ok(())
}
