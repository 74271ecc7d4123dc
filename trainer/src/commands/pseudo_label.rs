//! `trainer pseudo-label`: a teacher listens to a corpus.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Result, ensure};
use clap::Args;
use trainer::corpus::{Corpus, Split};
use trainer::pseudo_label::{Settings, Shard, index, merge, pseudo_label};
use trainer::teacher::open;

#[derive(Debug, Args)]
pub struct PseudoLabelArguments {
    /// The teacher: chordnet, btc, mix:A+B (averaged) or vote:A+B.
    #[arg(long, default_value = "chordnet")]
    teacher: String,
    /// Folder of all teachers.
    #[arg(long, default_value = "data/teachers")]
    teachers: PathBuf,
    /// Manifest of the corpus, or its folder.
    #[arg(long)]
    corpus: PathBuf,
    /// Folder for the posteriors and the teacher's own chords; made when missing.
    #[arg(short, long)]
    out: PathBuf,
    /// Only this part of the work, NUMBER/COUNT with the number from 0.
    #[arg(long, default_value_t = Shard::default())]
    shard: Shard,
    /// Only tracks of this split; may be given again.
    #[arg(long, value_enum)]
    split: Vec<Split>,
    /// Of a track, the seconds that are listened to.
    #[arg(long, default_value_t = 600, value_parser = clap::value_parser!(u32).range(1..=3600))]
    max_length: u32,
    /// Tracks at the same time; ten minutes of audio take 0.6 GB each.
    #[arg(short, long, default_value_t = 2)]
    threads: usize,
    /// Folder of a shard, to be made part of the output folder instead of listening; may be
    /// given again.
    #[arg(long, value_name = "FOLDER", conflicts_with = "shard")]
    merge: Vec<PathBuf>,
}

/// Listens, or merges.
pub fn run(arguments: &PseudoLabelArguments, interrupted: &AtomicBool) -> Result<()> {
    let corpus = Corpus::open(&arguments.corpus)?;
    let out = &arguments.out;
    if !arguments.merge.is_empty() {
        let merged = merge(&arguments.merge, &corpus, &arguments.split, out)?;
        println!("{}: {} tracks", out.display(), merged.tracks);
        ensure!(
            merged.missing.is_empty(),
            "{} tracks are in no shard: {}",
            merged.missing.len(),
            merged.missing.join(", ")
        );
        return Ok(());
    }
    let teacher = open(&arguments.teacher, &arguments.teachers)?;
    let settings = Settings {
        splits: arguments.split.clone(),
        shard: arguments.shard,
        max_length_s: arguments.max_length,
        threads: arguments.threads,
    };
    let report = pseudo_label(teacher.as_ref(), &corpus, out, &settings, interrupted)?;
    for (track, reason) in &report.skipped {
        eprintln!("left out {track}: {reason}");
    }
    println!(
        "{}: {} tracks ({:.2} h) listened to, {} there before, {} left out",
        out.display(),
        report.made,
        report.heard_s / 3600.0,
        report.present,
        report.skipped.len()
    );
    // The index of a whole corpus; that of a shard comes with the merge.
    if arguments.shard == Shard::default() && !interrupted.load(Ordering::Relaxed) {
        index(&corpus, &arguments.split, out)?;
    }
    Ok(())
}
