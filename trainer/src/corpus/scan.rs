//! Makes the manifest of a folder of audio.
//!
//! Every file is decoded once, which gives its length and finds broken ones, and hashed. The
//! results are kept in a journal beside the manifest (`corpus.scan` beside `corpus.jsonl`);
//! files with unchanged size and modification time are not read again. Files that were left
//! out are listed in `corpus.skipped.jsonl`.
//!
//! JAMS files that name audio elsewhere ([`example`](super::example)) are included with it.

use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::io::Read;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use anyhow::{Context, Result, ensure};
use serde::{Deserialize, Serialize};
use walkdir::WalkDir;

use super::audio::decode;
use super::example::{Example, examples};
use super::journal::{Finding, Journal, Stamp};
use super::listed::Listed;
use super::{MAX_TRACKS, Split, Track, manifest};
use crate::parallel;
use teachers::sha256;

/// Extensions of the files that are examined.
pub const EXTENSIONS: [&str; 8] = ["aac", "flac", "m4a", "mp3", "oga", "ogg", "opus", "wav"];

/// The largest file of sources that is read, in bytes.
const MAX_SOURCES_BYTES: u64 = 4 << 20;

/// Description of one folder of a corpus.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// Licence of its music, as an SPDX expression where it has one.
    pub licence: String,
    /// The split of all of its tracks; `None` for a split by content.
    pub split: Option<Split>,
    /// The kind of music, if an evaluation should distinguish it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
}

/// The folders directly below a corpus, by name.
pub type Sources = BTreeMap<String, Source>;

/// Reads sources: one JSON object, from the name of a folder to `{"licence", "split",
/// "kind"}`.
///
/// # Errors
/// If the file cannot be read, is too large or is not such an object; the error names it.
pub fn read_sources(path: &Path) -> Result<Sources> {
    let text = bounded_text(path, MAX_SOURCES_BYTES)?;
    serde_json::from_str(&text).with_context(|| format!("{} does not list sources", path.display()))
}

/// The text of a file of at most `most` bytes.
///
/// # Errors
/// If the file cannot be read or is larger; the error names it.
pub(super) fn bounded_text(path: &Path, most: u64) -> Result<String> {
    let mut text = String::new();
    File::open(path)
        .and_then(|file| file.take(most + 1).read_to_string(&mut text))
        .with_context(|| format!("reading {}", path.display()))?;
    ensure!(
        text.len() as u64 <= most,
        "{}: larger than {} MiB",
        path.display(),
        most >> 20
    );
    Ok(text)
}

/// Settings of a scan.
#[derive(Debug, Clone)]
pub struct ScanSettings {
    /// The folder with the audio, searched to any depth; hidden folders are left out.
    pub folder: PathBuf,
    /// The manifest.
    pub out: PathBuf,
    /// Name of the corpus.
    pub name: String,
    /// Licence where no source states one.
    pub licence: String,
    /// Source of everything; `None` for the first folder below `folder`.
    pub source: Option<String>,
    /// Descriptions of single folders.
    pub sources: Sources,
    /// Descriptions of single files, by their path below the folder.
    pub listed: Listed,
    /// Split where no source states one; `None` for a split by content.
    pub split: Option<Split>,
    /// Folder with labels in the same layout as the audio; `None` for labels beside the audio.
    pub labels: Option<PathBuf>,
    /// Shorter files, in seconds, are left out as sound effects.
    pub min_length_s: f64,
    /// Files read in parallel.
    pub threads: usize,
}

/// Why a file is not in the manifest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum SkippedAs {
    /// It cannot be read or decoded, or its labels cannot.
    Broken,
    /// Shorter than [`ScanSettings::min_length_s`].
    Short,
    /// Another file has the same content.
    Duplicate,
}

/// A file that is not in the manifest.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Skipped {
    /// Relative to the scanned folder.
    pub path: PathBuf,
    /// The kind of reason.
    pub skipped_as: SkippedAs,
    /// The reason in words.
    pub reason: String,
}

/// The results of a scan.
#[derive(Debug, Clone, PartialEq)]
pub struct ScanReport {
    /// Tracks in the manifest.
    pub tracks: usize,
    /// Their length, hours.
    pub hours: f64,
    /// How many of them have labels.
    pub labelled: usize,
    /// Files read in this run; all others were in the journal.
    pub read: usize,
    /// Files that are not in the manifest.
    pub skipped: Vec<Skipped>,
}

impl ScanReport {
    /// The number of files that were left out for one kind of reason.
    #[must_use]
    pub fn skipped_as(&self, kind: SkippedAs) -> usize {
        self.skipped.iter().filter(|s| s.skipped_as == kind).count()
    }
}

/// Scans a folder and writes its manifest.
///
/// # Errors
/// If a folder cannot be listed or written to, there are more files than a manifest may have,
/// or the scan is interrupted. Unusable files are not errors.
pub fn scan(settings: &ScanSettings, interrupted: &AtomicBool) -> Result<ScanReport> {
    // Examples first: their labels also apply to audio inside the folder.
    let examples = examples(&settings.folder)?.into_iter();
    let mut candidates: Vec<Candidate> = examples.map(Candidate::from).collect();
    let audio = audio_files(&settings.folder)?.into_iter();
    candidates.extend(audio.map(Candidate::from));
    let journal = Journal::open(&settings.out.with_extension("scan"))?;
    let paths: Vec<PathBuf> = candidates.iter().map(|it| it.path.clone()).collect();
    let (findings, read) = examine_all(settings, &paths, &journal, interrupted)?;
    let mut skipped = Vec::new();
    let tracks = tracks(settings, candidates, findings, &mut skipped)?;
    write(settings, &tracks, &skipped)?;
    Ok(ScanReport {
        hours: tracks.iter().map(|t| t.duration_s).sum::<f64>() / 3600.0,
        labelled: tracks.iter().filter(|t| t.labels.is_some()).count(),
        tracks: tracks.len(),
        read,
        skipped,
    })
}

/// A file that may become a track: relative to the folder, or elsewhere if an example names
/// it.
struct Candidate {
    path: PathBuf,
    example: Option<Example>,
}

impl From<PathBuf> for Candidate {
    fn from(path: PathBuf) -> Self {
        Self {
            path,
            example: None,
        }
    }
}

impl From<Example> for Candidate {
    fn from(example: Example) -> Self {
        Self {
            path: example.audio.clone(),
            example: Some(example),
        }
    }
}

/// The files with a known extension, relative to `folder`, sorted by name.
fn audio_files(folder: &Path) -> Result<Vec<PathBuf>> {
    let hidden = |name: &std::ffi::OsStr| name.to_string_lossy().starts_with('.');
    let mut paths = Vec::new();
    let walk = WalkDir::new(folder)
        .sort_by_file_name()
        .into_iter()
        .filter_entry(|entry| entry.depth() == 0 || !hidden(entry.file_name()));
    for entry in walk {
        let entry = entry.with_context(|| format!("listing {}", folder.display()))?;
        let extension = entry.path().extension().and_then(|e| e.to_str());
        let known = extension.is_some_and(|e| EXTENSIONS.contains(&&*e.to_ascii_lowercase()));
        if known && entry.file_type().is_file() {
            let below = entry.path().strip_prefix(folder).unwrap_or(entry.path());
            paths.push(below.to_owned());
        }
        ensure!(
            paths.len() <= MAX_TRACKS,
            "{}: more than {MAX_TRACKS} audio files",
            folder.display()
        );
    }
    Ok(paths)
}

/// Examines `paths`. Returns the findings in order, and how many files had to be read.
fn examine_all(
    settings: &ScanSettings,
    paths: &[PathBuf],
    journal: &Journal,
    interrupted: &AtomicBool,
) -> Result<(Vec<Finding>, usize)> {
    let bar = parallel::bar(
        paths.len() as u64,
        "{bar:30} {pos}/{len} files {elapsed}<{eta}",
    )?;
    let read = AtomicUsize::new(0);
    let findings = parallel::map_until(paths.len(), settings.threads, interrupted, |index| {
        let path = &paths[index];
        let full = settings.folder.join(path);
        let stamp = match Stamp::new(&full) {
            Ok(stamp) => stamp,
            // The file named by an example does not exist.
            Err(error) => return Ok(Finding::Broken(format!("{error:#}"))),
        };
        let finding = match journal.get(path, stamp) {
            Some(known) => known.clone(),
            None => {
                let finding = examine(&full);
                journal.append(path, stamp, &finding)?;
                read.fetch_add(1, Ordering::Relaxed);
                finding
            }
        };
        bar.inc(1);
        Ok(finding)
    })?;
    bar.finish();
    ensure!(
        findings.len() == paths.len(),
        "stopped; run the same command to continue"
    );
    Ok((findings, read.into_inner()))
}

/// Reads a file twice: for its hash, and for its decoded length.
fn examine(path: &Path) -> Finding {
    let sha256 = match sha256::of_file(path) {
        Ok(sha256) => sha256,
        Err(error) => return Finding::Broken(error.to_string()),
    };
    // A malicious file must not end a scan of thousands, even through a decoder's bug.
    let decoded = catch_unwind(AssertUnwindSafe(|| decode(path, &mut |_, _| {})));
    match decoded {
        Ok(Ok(decoded)) => match decoded.warning {
            None => Finding::Audio {
                duration_s: decoded.samples as f64 / f64::from(decoded.sample_rate),
                sha256,
            },
            Some(warning) => Finding::Broken(warning.to_string()),
        },
        Ok(Err(error)) => {
            // The message begins with the path, which is in the journal already.
            let message = error.to_string();
            let own = format!("{}: ", path.display());
            Finding::Broken(message.strip_prefix(&own).unwrap_or(&message).to_owned())
        }
        Err(_) => Finding::Broken("the decoder panicked".into()),
    }
}

/// The tracks of the manifest; files that do not become tracks are added to `skipped`.
fn tracks(
    settings: &ScanSettings,
    candidates: Vec<Candidate>,
    findings: Vec<Finding>,
    skipped: &mut Vec<Skipped>,
) -> Result<Vec<Track>> {
    let base = settings.out.parent().map(Path::to_owned);
    let base = absolute(base.as_deref().unwrap_or(Path::new("")))?;
    let folder = absolute(&settings.folder)?;
    let mut tracks = Vec::new();
    let mut first_of: HashMap<String, PathBuf> = HashMap::new();
    for (Candidate { path, example }, finding) in candidates.into_iter().zip(findings) {
        let mut skip = |skipped_as, reason: String| {
            skipped.push(Skipped {
                path: path.clone(),
                skipped_as,
                reason,
            });
        };
        let (duration_s, sha256) = match finding {
            Finding::Audio { duration_s, sha256 } => (duration_s, sha256),
            Finding::Broken(reason) => {
                skip(SkippedAs::Broken, reason);
                continue;
            }
        };
        if let Some(example) = &example
            && example.sha256 != sha256
        {
            let of = example.labels.display();
            let reason = format!("it has changed since {of} was written");
            skip(SkippedAs::Broken, reason);
            continue;
        }
        if duration_s < settings.min_length_s {
            skip(SkippedAs::Short, format!("{duration_s:.1} s"));
            continue;
        }
        if let Some(first) = first_of.get(&sha256) {
            skip(SkippedAs::Duplicate, first.display().to_string());
            continue;
        }
        let labels = match labels(settings, &path, example.as_ref()) {
            Ok(labels) => labels,
            Err(error) => {
                skip(SkippedAs::Broken, format!("{error:#}"));
                continue;
            }
        };
        let mut digest = [0; 32];
        for (i, byte) in digest.iter_mut().enumerate() {
            *byte = sha256
                .get(2 * i..2 * i + 2)
                .and_then(|pair| u8::from_str_radix(pair, 16).ok())
                .with_context(|| format!("the journal's hash of {}", path.display()))?;
        }
        let top = path
            .components()
            .next()
            .filter(|_| example.is_none() && path.parent() != Some(Path::new("")));
        let top = top.map(|c| c.as_os_str().to_string_lossy().into_owned());
        let (named, stated) = match settings.listed.get(&path) {
            Some((name, source)) => (Some(name.clone()), Some(source)),
            None => (None, top.as_ref().and_then(|top| settings.sources.get(top))),
        };
        let source = settings.source.clone().or(named).or(top);
        let source = source.unwrap_or_else(|| settings.name.clone());
        tracks.push(Track {
            id: id(&source, &path, &sha256),
            path: relative(&folder.join(&path), &base),
            duration_s,
            licence: stated.map_or_else(|| settings.licence.clone(), |s| s.licence.clone()),
            split: stated
                .and_then(|s| s.split)
                .or(settings.split)
                .unwrap_or_else(|| Split::from_sha256(&digest)),
            source,
            kind: stated.and_then(|s| s.kind.clone()),
            labels: labels.map(|labels| relative(&labels, &base)),
            folder: base.clone(),
            sha256: sha256.clone(),
        });
        first_of.insert(sha256, path);
    }
    Ok(tracks)
}

/// The labels of an audio file, if there are any: those of the example that names it, or else
/// those beside it.
fn labels(
    settings: &ScanSettings,
    path: &Path,
    example: Option<&Example>,
) -> Result<Option<PathBuf>> {
    if let Some(example) = example {
        harmony::import::load(&example.labels)?;
        return Ok(Some(absolute(&example.labels)?));
    }
    let folder = settings.labels.as_deref().unwrap_or(&settings.folder);
    let stem = folder.join(path.with_extension(""));
    for extension in ["lab", "jams"] {
        let mut name = stem.clone().into_os_string();
        name.push(".");
        name.push(extension);
        let labels = PathBuf::from(name);
        if labels.is_file() {
            harmony::import::load(&labels)?;
            return Ok(Some(absolute(&labels)?));
        }
    }
    Ok(None)
}

fn absolute(path: &Path) -> Result<PathBuf> {
    let path = if path.as_os_str().is_empty() {
        Path::new(".")
    } else {
        path
    };
    path.canonicalize()
        .with_context(|| format!("finding {}", path.display()))
}

/// `path` as seen from `base` when it lies below it.
fn relative(path: &Path, base: &Path) -> PathBuf {
    path.strip_prefix(base).unwrap_or(path).to_owned()
}

/// `SOURCE-STEM-HASH`, in the characters allowed in an identifier: unique, and independent of
/// the corpus's location.
fn id(source: &str, path: &Path, sha256: &str) -> String {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let slug = |text: &str| -> String {
        let of_name = |c: char| {
            if c.is_ascii_alphanumeric() || c == '-' {
                c
            } else {
                '_'
            }
        };
        text.chars().take(60).map(of_name).collect()
    };
    format!("{}-{}-{}", slug(source), slug(&stem), &sha256[..12])
}

fn write(settings: &ScanSettings, tracks: &[Track], skipped: &[Skipped]) -> Result<()> {
    let text = manifest(&settings.name, tracks).context("a path that is not UTF-8")?;
    let mut lines = String::new();
    for file in skipped {
        lines.push_str(&serde_json::to_string(file).context("a path that is not UTF-8")?);
        lines.push('\n');
    }
    let list = settings.out.with_extension("skipped.jsonl");
    harmony::export::atomic::write(&list, lines.as_bytes())?;
    harmony::export::atomic::write(&settings.out, text.as_bytes())?;
    Ok(())
}
