//! Pseudo-labels: runs a teacher on the tracks of a corpus.
//!
//! Two files per track ([`teachers::posteriors`]), each written to a temporary file and
//! renamed, the posteriors last: a run killed at any moment can continue. The same teacher
//! gives the same bytes for the same track, so several machines can share the work ([`Shard`])
//! and [`merge`] gives the result of a single machine. Machines without a common file system
//! keep audio and results in an object store ([`Stores`]).

mod combine;
mod merge;
mod queue;

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use anyhow::{Context, Result, anyhow, ensure};
use harmony::export::atomic;
use harmony::timeline::{Segment, Timeline};

use crate::corpus::frames::samples;
use crate::corpus::{Corpus, Split, Track};
use crate::parallel;
use crate::store::Store;
use teachers::Teacher;
use teachers::posteriors::{FORMAT, Origin, Posteriors, lab_path_of, path_of};
use teachers::sha256;

pub use combine::{Combination, Combined, Witness, combine};
pub use merge::{INDEX, Merged, index, merge};
pub use queue::{Shard, queue};

/// Which tracks to process, and how.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Tracks of these splits; all if empty.
    pub splits: Vec<Split>,
    /// The part of the work to do.
    pub shard: Shard,
    /// Seconds to process of each track.
    pub max_length_s: u32,
    /// Tracks processed in parallel.
    pub threads: usize,
    /// The object stores, if files are not local.
    pub stores: Stores,
}

/// Object stores instead of folders.
#[derive(Debug, Clone, Default)]
pub struct Stores {
    /// Has the audio, under the paths of the manifest: each track is fetched when it is
    /// processed, and deleted afterwards.
    pub corpus: Option<Arc<Store>>,
    /// Receives the results, and is checked for them first. All shards write into the same
    /// one; the local folder has copies.
    pub results: Option<Arc<Store>>,
}

/// The results for the tracks.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Report {
    /// Tracks that were processed.
    pub made: usize,
    /// Tracks with existing results.
    pub present: usize,
    /// Seconds of audio that were processed.
    pub heard_s: f64,
    /// Tracks without posteriors, by identifier, and why.
    pub skipped: Vec<(String, String)>,
}

/// Runs `teacher` on the tracks that have no posteriors from it in `folder` yet.
///
/// A track that cannot be decoded is skipped.
///
/// # Errors
/// If a file cannot be written, or a store does not answer.
pub fn pseudo_label(
    teacher: &dyn Teacher,
    corpus: &Corpus,
    folder: &Path,
    settings: &Settings,
    interrupted: &AtomicBool,
) -> Result<Report> {
    fs::create_dir_all(folder).with_context(|| format!("making {}", folder.display()))?;
    let tracks = queue(corpus, &settings.splits, settings.shard);
    let length_s = |track: &Track| track.duration_s.min(f64::from(settings.max_length_s));
    let total_s: f64 = tracks.iter().map(|track| length_s(track)).sum();
    // Progress in seconds of audio: tracks differ too much in length.
    let bar = parallel::bar(
        total_s as u64,
        "{bar:30} {pos}/{len} s of audio {elapsed}<{eta} {msg}",
    )?;
    let outcomes = parallel::map_until(tracks.len(), settings.threads, interrupted, |index| {
        let track = tracks[index];
        let origin = origin(teacher, track, settings.max_length_s);
        let outcome = if is_made(folder, &origin, settings.stores.results.as_deref())? {
            Outcome::Present
        } else {
            bar.set_message(track.id.clone());
            match listen(teacher, track, &origin, folder, &settings.stores)? {
                Ok((posteriors, labels)) => {
                    // The posteriors last: they mark the track as done.
                    let (lab, path) = (lab_path_of(folder, &track.id), path_of(folder, &track.id));
                    atomic::write(&lab, &labels)?;
                    posteriors.save(&path)?;
                    if let Some(store) = &settings.stores.results {
                        store.put(&lab, &name_of(&lab))?;
                        store.put(&path, &name_of(&path))?;
                    }
                    Outcome::Made
                }
                Err(error) => Outcome::Skipped(format!("{error:#}")),
            }
        };
        bar.inc(length_s(track) as u64);
        Ok((track, outcome))
    })?;
    bar.finish_and_clear();
    let mut report = Report::default();
    for (track, outcome) in outcomes {
        match outcome {
            Outcome::Present => report.present += 1,
            Outcome::Made => {
                report.made += 1;
                report.heard_s += length_s(track);
            }
            Outcome::Skipped(reason) => report.skipped.push((track.id.clone(), reason)),
        }
    }
    report.skipped.sort();
    Ok(report)
}

/// The result for a track.
enum Outcome {
    Present,
    Made,
    Skipped(String),
}

/// The origin of the posteriors to be made.
fn origin(teacher: &dyn Teacher, track: &Track, max_length_s: u32) -> Origin {
    Origin {
        format: FORMAT.to_owned(),
        teacher: teacher.name().to_owned(),
        teacher_sha256: teacher.sha256().to_owned(),
        track: track.id.clone(),
        track_sha256: track.sha256.clone(),
        max_length_s,
    }
}

/// Whether both files of a track exist, complete, from this teacher and about this audio.
/// Files in the store are copied here.
fn is_made(folder: &Path, origin: &Origin, store: Option<&Store>) -> Result<bool> {
    let (lab, path) = (
        lab_path_of(folder, &origin.track),
        path_of(folder, &origin.track),
    );
    if let Some(store) = store {
        store.fetch(&name_of(&lab), &lab)?;
        store.fetch(&name_of(&path), &path)?;
    }
    Ok(lab.is_file() && Origin::load(&path).is_ok_and(|found| found == *origin))
}

/// The name of a file in a store.
fn name_of(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default();
    name.to_string_lossy().into_owned()
}

/// The result for a track, or why there is none.
type Listened = Result<(Posteriors, Vec<u8>)>;

/// Fetches a track if necessary, and runs the teacher on it.
///
/// # Errors
/// If the store does not answer, which is not the track's fault.
fn listen(
    teacher: &dyn Teacher,
    track: &Track,
    origin: &Origin,
    folder: &Path,
    stores: &Stores,
) -> Result<Listened> {
    let Some(store) = &stores.corpus else {
        return Ok(hear(teacher, track.audio_path(), origin));
    };
    let Some(name) = track.path.to_str() else {
        return Ok(Err(anyhow!("{} is not valid UTF-8", track.path.display())));
    };
    // Under a name of our own: the one in the manifest could lead anywhere. Its extension is
    // kept for the decoder.
    let mut here = PathBuf::from(&track.id);
    if let Some(extension) = track.path.extension() {
        here.add_extension(extension);
    }
    let loan = store.lend(name, folder.join(here))?;
    Ok(match &loan {
        Some(loan) => hear(teacher, loan.path().to_owned(), origin),
        None => Err(anyhow!("there is no {name} in the store")),
    })
}

/// The posteriors of a track and the bytes of its `.lab` file.
fn hear(teacher: &dyn Teacher, path: PathBuf, origin: &Origin) -> Listened {
    let named = || path.display().to_string();
    let found = sha256::of_file(&path).with_context(named)?;
    ensure!(
        found == origin.track_sha256,
        "{} is not the file of the manifest: its SHA-256 is {found}",
        path.display()
    );
    // A malicious file must not end hours of work, even through a decoder's bug.
    let length_s = f64::from(origin.max_length_s);
    let samples = catch_unwind(AssertUnwindSafe(|| samples(&path, length_s)))
        .unwrap_or_else(|_| Err(anyhow!("{}: the decoder panicked", path.display())))?;
    ensure!(!samples.is_empty(), "{} holds no samples", path.display());
    let heard = teacher.predict(&samples).with_context(named)?;
    let labels = lab(&heard.timeline).into_bytes();
    Ok((Posteriors::new(origin.clone(), &heard), labels))
}

/// A chord track as `.lab`: names as the teacher writes them, without a key.
fn lab(timeline: &Timeline) -> String {
    let line = |segment: &Segment| {
        let (start, end) = (segment.start_s, segment.end_s);
        format!("{start:.6}\t{end:.6}\t{}\n", segment.label)
    };
    timeline.segments().iter().map(line).collect()
}
