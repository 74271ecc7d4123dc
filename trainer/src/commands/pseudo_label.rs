//! `trainer pseudo-label`: labels a corpus with a teacher.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::corpus::{Corpus, Split};
use crate::pseudo_label::{INDEX, Settings, Shard, Stores, index, merge, pseudo_label};
use crate::store::Store;
use anyhow::{Context, Result, ensure};
use clap::Args;
use teachers::open;
use teachers::views::Views;

#[derive(Debug, Args)]
pub(super) struct PseudoLabelArguments {
    /// The teacher: chordnet, crema, btc, mix:A+B (averaged) or vote:A+B.
    #[arg(long, default_value = "chordnet")]
    teacher: String,
    /// Folder of all teachers.
    #[arg(long, default_value = "data/teachers")]
    teachers: PathBuf,
    /// Views of the audio whose answers are averaged: semitones by which the teacher hears it
    /// higher, with an h without percussion, as `-1,0,1` or `0,0h`; for chordnet and crema.
    #[arg(long, default_value_t, allow_hyphen_values = true)]
    views: Views,
    /// Manifest of the corpus, or its folder; a folder in an object store by its URL
    /// (`s3://bucket/folder`), with `corpus.jsonl` in it.
    #[arg(long)]
    corpus: PathBuf,
    /// Folder for the posteriors and the teacher's own chords; created if missing. A URL names
    /// one in an object store, which all shards may share.
    #[arg(short, long)]
    out: PathBuf,
    /// Only this part of the work, NUMBER/COUNT, with the number from 0.
    #[arg(long, default_value_t = Shard::default())]
    shard: Shard,
    /// Only tracks of this split; may be given again.
    #[arg(long, value_enum)]
    split: Vec<Split>,
    /// Seconds to process of each track.
    #[arg(long, default_value_t = 600, value_parser = clap::value_parser!(u32).range(1..=3600))]
    max_length: u32,
    /// Tracks processed in parallel; ten minutes of audio take 0.6 GB each.
    #[arg(short, long, default_value_t = 2)]
    threads: usize,
    /// Folder of a shard to merge into the output folder, instead of labelling; may be given
    /// again.
    #[arg(long, value_name = "FOLDER", conflicts_with = "shard")]
    merge: Vec<PathBuf>,
    /// Folder for temporary copies of what is in an object store [default: the system's].
    #[arg(long)]
    scratch: Option<PathBuf>,
}

/// Temporary folder for work on an object store.
struct Scratch {
    /// Removed at the end; present only with an object store.
    folder: Option<tempfile::TempDir>,
    stores: Stores,
}

impl Scratch {
    fn open(arguments: &PseudoLabelArguments) -> Result<Self> {
        let store = |path: &Path| -> Result<Option<Arc<Store>>> {
            let url = path.to_str().filter(|_| Store::is_url(path));
            url.map(|url| Store::open(url).map(Arc::new)).transpose()
        };
        let stores = Stores {
            corpus: store(&arguments.corpus)?,
            results: store(&arguments.out)?,
        };
        let needed = stores.corpus.is_some() || stores.results.is_some();
        let folder = needed.then(|| {
            let within = arguments.scratch.clone();
            let within = within.unwrap_or_else(std::env::temp_dir);
            let folder = tempfile::Builder::new()
                .prefix("pseudo-label-")
                .tempdir_in(&within);
            folder.with_context(|| format!("making a folder in {}", within.display()))
        });
        Ok(Self {
            folder: folder.transpose()?,
            stores,
        })
    }

    /// The corpus, with its manifest fetched if necessary.
    fn corpus(&self, path: &Path) -> Result<Corpus> {
        let (Some(store), Some(folder)) = (&self.stores.corpus, &self.folder) else {
            return Ok(Corpus::open(path)?);
        };
        let manifest = folder.path().join(MANIFEST);
        let found = store.fetch(MANIFEST, &manifest)?;
        ensure!(found, "there is no {}/{MANIFEST}", path.display());
        Ok(Corpus::open(&manifest)?)
    }

    /// The folder that results are written to.
    fn results(&self, path: &Path) -> PathBuf {
        match (&self.stores.results, &self.folder) {
            (Some(_), Some(folder)) => folder.path().join("results"),
            _ => path.to_owned(),
        }
    }
}

/// The file name of a manifest.
const MANIFEST: &str = "corpus.jsonl";

/// Labels or merges.
pub(super) fn run(arguments: &PseudoLabelArguments, interrupted: &AtomicBool) -> Result<()> {
    let scratch = Scratch::open(arguments)?;
    let corpus = scratch.corpus(&arguments.corpus)?;
    let out = &scratch.results(&arguments.out);
    if !arguments.merge.is_empty() {
        ensure!(
            scratch.stores.results.is_none(),
            "shards in an object store share one folder: run the same command without --shard to \
             check that all is there and write the index"
        );
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
    let teacher = open(&arguments.teacher, &arguments.teachers, &arguments.views)?;
    let settings = Settings {
        splits: arguments.split.clone(),
        shard: arguments.shard,
        max_length_s: arguments.max_length,
        threads: arguments.threads,
        stores: scratch.stores.clone(),
    };
    let report = pseudo_label(teacher.as_ref(), &corpus, out, &settings, interrupted)?;
    for (track, reason) in &report.skipped {
        eprintln!("left out {track}: {reason}");
    }
    println!(
        "{}: {} tracks ({:.2} h) listened to, {} there before, {} left out",
        arguments.out.display(),
        report.made,
        report.heard_s / 3600.0,
        report.present,
        report.skipped.len()
    );
    // The index of a whole corpus; a shard's index is written by the merge.
    if arguments.shard == Shard::default() && !interrupted.load(Ordering::Relaxed) {
        index(&corpus, &arguments.split, out)?;
        if let Some(store) = &scratch.stores.results {
            store.put(&out.join(INDEX), INDEX)?;
        }
    }
    Ok(())
}
