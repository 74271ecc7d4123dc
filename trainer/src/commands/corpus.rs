//! `trainer corpus`: manifests of folders of audio.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use crate::corpus::frames::{FrameSettings, make};
use crate::corpus::listed::{self, Listed};
use crate::corpus::scan::{ScanSettings, SkippedAs, Sources, read_sources, scan};
use crate::corpus::{Corpus, Split};
use anyhow::{Context, Result};
use clap::{Args, Subcommand};

/// Number of broken files that are printed; all are in the list beside the manifest.
const NAMED: usize = 20;

#[derive(Debug, Subcommand)]
pub(super) enum CorpusCommand {
    /// Write the manifest of a folder of audio, with or without .lab or .jams files.
    Scan(ScanArguments),
    /// Show the contents of a corpus.
    Show {
        /// The manifest, or its folder.
        corpus: PathBuf,
    },
}

#[derive(Debug, Args)]
pub(super) struct ScanArguments {
    /// Folder with the audio, searched to any depth.
    folder: PathBuf,
    /// The manifest [default: corpus.jsonl in the folder].
    #[arg(short, long)]
    out: Option<PathBuf>,
    /// Name of the corpus [default: the folder's name].
    #[arg(long)]
    name: Option<String>,
    /// Licence of the audio, as an SPDX expression where it has one.
    #[arg(long, default_value = "unknown")]
    licence: String,
    /// Where the audio comes from [default: the first folder in each file's path].
    #[arg(long)]
    source: Option<String>,
    /// JSON object from the names of first folders to {"licence", "split"}.
    #[arg(long)]
    sources: Option<PathBuf>,
    /// Table of the recordings (manifest.tsv): file, artist, licence, kind and seconds, separated
    /// by tabs.
    #[arg(long)]
    list: Option<PathBuf>,
    /// Split of every track [default: by content, 8 : 1 : 1].
    #[arg(long, value_enum)]
    split: Option<Split>,
    /// Folder with .lab or .jams files in the same layout as the audio [default: beside the
    /// audio].
    #[arg(long)]
    labels: Option<PathBuf>,
    /// Leave out shorter files, in seconds.
    #[arg(long, default_value_t = 10.0)]
    min_length: f64,
    /// Threads.
    #[arg(short, long, default_value_t = 2)]
    threads: usize,
}

/// Runs one of the commands.
pub(super) fn run(command: &CorpusCommand, interrupted: &AtomicBool) -> Result<()> {
    match command {
        CorpusCommand::Scan(arguments) => scan_folder(arguments, interrupted),
        CorpusCommand::Show { corpus } => {
            print!("{}", summary(&Corpus::open(corpus)?));
            Ok(())
        }
    }
}

fn scan_folder(arguments: &ScanArguments, interrupted: &AtomicBool) -> Result<()> {
    let name = match &arguments.name {
        Some(name) => name.clone(),
        None => {
            let folder = arguments.folder.canonicalize();
            let folder =
                folder.with_context(|| format!("finding {}", arguments.folder.display()))?;
            let name = folder.file_name().unwrap_or_default();
            name.to_string_lossy().into_owned()
        }
    };
    let out = arguments.out.clone();
    let out = out.unwrap_or_else(|| arguments.folder.join("corpus.jsonl"));
    let settings = ScanSettings {
        folder: arguments.folder.clone(),
        out: out.clone(),
        name,
        licence: arguments.licence.clone(),
        source: arguments.source.clone(),
        sources: match &arguments.sources {
            Some(path) => read_sources(path)?,
            None => Sources::new(),
        },
        listed: match &arguments.list {
            Some(path) => listed::read(path)?,
            None => Listed::new(),
        },
        split: arguments.split,
        labels: arguments.labels.clone(),
        min_length_s: arguments.min_length,
        threads: arguments.threads,
    };
    let report = scan(&settings, interrupted)?;
    let broken = report.skipped_as(SkippedAs::Broken);
    let of_kind = |s: &&crate::corpus::scan::Skipped| s.skipped_as == SkippedAs::Broken;
    for file in report.skipped.iter().filter(of_kind).take(NAMED) {
        eprintln!("left out {}: {}", file.path.display(), file.reason);
    }
    if broken > NAMED {
        eprintln!("left out {} more, see the list", broken - NAMED);
    }
    println!(
        "{}: {} tracks, {:.2} h, {} with labels; {} files read; left out: {broken} broken, {} \
         shorter than {} s, {} duplicates (listed in {})",
        out.display(),
        report.tracks,
        report.hours,
        report.labelled,
        report.read,
        report.skipped_as(SkippedAs::Short),
        arguments.min_length,
        report.skipped_as(SkippedAs::Duplicate),
        out.with_extension("skipped.jsonl").display(),
    );
    Ok(())
}

/// Tables of a corpus by split and by source.
fn summary(corpus: &Corpus) -> String {
    let mut text = format!("{}\n\n", corpus.name());
    text.push_str("| split | sources | tracks | hours | with labels |\n|---|---|---|---|---|\n");
    for split in Split::ALL {
        let tracks: Vec<_> = corpus.tracks_of(split).collect();
        let mut sources: Vec<&str> = tracks.iter().map(|t| t.source.as_str()).collect();
        sources.sort_unstable();
        sources.dedup();
        let hours = tracks.iter().map(|t| t.duration_s).sum::<f64>() / 3600.0;
        let labelled = tracks.iter().filter(|t| t.labels.is_some()).count();
        text.push_str(&format!(
            "| {} | {} | {} | {hours:.2} | {labelled} |\n",
            split.name(),
            sources.len(),
            tracks.len()
        ));
    }
    text.push_str("\n| source | split | tracks | minutes | licence |\n|---|---|---|---|---|\n");
    // Also by split: the tracks of a source may be divided.
    let mut sources: BTreeMap<(&str, Split), (usize, f64, &str)> = BTreeMap::new();
    for track in corpus.tracks() {
        let entry = sources.entry((&track.source, track.split));
        let entry = entry.or_insert((0, 0.0, &track.licence));
        entry.0 += 1;
        entry.1 += track.duration_s / 60.0;
    }
    for ((source, split), (tracks, minutes, licence)) in sources {
        text.push_str(&format!(
            "| {source} | {} | {tracks} | {minutes:.1} | {licence} |\n",
            split.name()
        ));
    }
    text
}

/// `trainer frames --corpus`: makes the frames of every track.
pub(super) fn frames(
    corpus: &Path,
    out: &Path,
    max_length_s: f64,
    threads: usize,
    interrupted: &AtomicBool,
) -> Result<()> {
    let settings = FrameSettings {
        split: None,
        max_length_s,
        threads,
    };
    let report = make(&Corpus::open(corpus)?, out, &settings, interrupted)?;
    for (id, reason) in &report.skipped {
        eprintln!("left out {id}: {reason}");
    }
    println!(
        "{}: frames of {} tracks made, of {} already there, {} tracks left out",
        out.display(),
        report.made,
        report.present,
        report.skipped.len()
    );
    Ok(())
}
