//! Real recordings with known chords: a folder of folders with audio and a `.lab` file of the
//! same name beside it.
//!
//! Everything is weighted by duration within a folder, and the average is over folders: the
//! files of one folder are often near-copies of one another. `X` in a label file excludes
//! time. A file `root_only.txt` at the top lists files (`FOLDER/NAME`, without extension)
//! whose quality is not audible; only their root is scored. The segmentation is not scored:
//! many files have only one chord, others change faster than chord symbols.

use std::collections::{BTreeMap, HashSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use anyhow::{Context, Result, bail, ensure};
use harmony::import;
use harmony::label::Label;
use harmony::score::{Evaluation, Metric, evaluate};
use harmony::timeline::Segment;
use recognizer::audio::Audio;
use serde::{Deserialize, Serialize};
use walkdir::WalkDir;

use super::engines::Engines;
use super::measure::SEVEN;
use super::overlap::{intervals, overlaps};
use super::real::audio;
use crate::corpus::scan::EXTENSIONS;
use crate::parallel;

/// File name of the list of recordings of which only the root is scored.
pub const ROOT_ONLY: &str = "root_only.txt";

/// The largest such list, in bytes.
const MAX_LIST_BYTES: u64 = 1 << 20;

/// One recording.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Recording {
    /// Path of its folder below the set, with `/`.
    folder: String,
    /// `FOLDER/NAME`, without extension.
    name: String,
    audio: PathBuf,
    labels: PathBuf,
    root_only: bool,
}

/// The recordings below a folder that have labels.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TruthSet {
    recordings: Vec<Recording>,
    /// Audio files without labels.
    unlabelled: usize,
}

impl TruthSet {
    /// Searches `folder` to any depth.
    ///
    /// # Errors
    /// If a folder or list cannot be read, or no recording has labels.
    pub fn open(folder: &Path) -> Result<Self> {
        let mut root_only = root_only(&folder.join(ROOT_ONLY))?;
        let (mut recordings, mut unlabelled) = (Vec::new(), 0);
        let walk = WalkDir::new(folder).sort_by_file_name();
        // The name of the root folder itself may begin with a dot.
        let visible = |entry: &walkdir::DirEntry| {
            entry.depth() == 0 || !entry.file_name().to_string_lossy().starts_with('.')
        };
        for entry in walk.into_iter().filter_entry(visible) {
            let path = entry
                .with_context(|| format!("listing {}", folder.display()))?
                .into_path();
            let is_audio = path.extension().is_some_and(|extension| {
                EXTENSIONS.contains(&&*extension.to_string_lossy().to_ascii_lowercase())
            });
            if !is_audio || !path.is_file() {
                continue;
            }
            let labels = path.with_extension("lab");
            if !labels.is_file() {
                unlabelled += 1;
                continue;
            }
            let below = path.strip_prefix(folder).unwrap_or(&path);
            let name = slashed(&below.with_extension(""));
            let parent = below.parent().unwrap_or(Path::new(""));
            recordings.push(Recording {
                folder: match slashed(parent) {
                    top if top.is_empty() => ".".to_owned(),
                    below => below,
                },
                root_only: root_only.remove(&name),
                name,
                audio: path,
                labels,
            });
        }
        ensure!(
            !recordings.is_empty(),
            "{} has no audio with a .lab file of the same name beside it",
            folder.display()
        );
        Ok(Self {
            recordings,
            unlabelled,
        })
    }

    /// The number of recordings.
    #[must_use]
    pub fn count(&self) -> usize {
        self.recordings.len()
    }

    /// The number of audio files left out because they have no labels.
    #[must_use]
    pub fn unlabelled(&self) -> usize {
        self.unlabelled
    }
}

/// The names in a list, one a line; empty if there is no such file.
fn root_only(path: &Path) -> Result<HashSet<String>> {
    if !path.exists() {
        return Ok(HashSet::new());
    }
    let named = || format!("reading {}", path.display());
    let length = fs::metadata(path).with_context(named)?.len();
    ensure!(
        length <= MAX_LIST_BYTES,
        "{}: larger than {} KiB",
        path.display(),
        MAX_LIST_BYTES >> 10
    );
    let text = fs::read_to_string(path).with_context(named)?;
    let names = text.lines().map(|line| line.trim().replace('\\', "/"));
    Ok(names.filter(|name| !name.is_empty()).collect())
}

/// A relative path with `/`.
fn slashed(path: &Path) -> String {
    let parts: Vec<_> = path
        .components()
        .map(|part| part.as_os_str().to_string_lossy())
        .collect();
    parts.join("/")
}

/// An engine's results for one recording.
#[derive(Debug, Clone)]
struct Scored {
    evaluation: Evaluation,
    /// Seconds of the reference with a chord.
    chord_s: f64,
    /// The part of them where the engine has no chord.
    denied_s: f64,
}

impl Scored {
    fn new(reference: &[Segment], track: &[Segment], root_only: bool) -> Result<Self> {
        let mut evaluation = evaluate(&intervals(reference), &intervals(track))?;
        if root_only {
            for (at, metric) in Metric::ALL.into_iter().enumerate() {
                if metric != Metric::Root {
                    evaluation.comparable_s[at] = 0.0;
                }
            }
        }
        let (chord_s, denied_s) = denied(reference, track);
        Ok(Self {
            evaluation,
            chord_s,
            denied_s,
        })
    }
}

/// Seconds in which the reference has a chord, and the part of them in which the track has
/// none.
pub(super) fn denied(reference: &[Segment], track: &[Segment]) -> (f64, f64) {
    let (mut chord_s, mut denied_s) = (0.0, 0.0);
    for overlap in overlaps(reference, track) {
        if matches!(overlap.reference.label, Label::NoChord | Label::Unknown) {
            continue;
        }
        chord_s += overlap.duration_s();
        if *overlap.label() == Label::NoChord {
            denied_s += overlap.duration_s();
        }
    }
    (chord_s, denied_s)
}

/// Scores of some recordings, or their average over folders.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct TruthScores {
    /// Recordings.
    pub recordings: usize,
    /// Minutes with a chord.
    pub minutes: f64,
    /// mir_eval's metrics by name, weighted by duration; without those that do not apply to
    /// any recording.
    pub metrics: BTreeMap<String, f64>,
    /// Share of the time with a chord in which the engine has none.
    pub says_no_chord: f64,
}

impl TruthScores {
    fn pooled(scored: &[&Scored]) -> Self {
        let pooled = Evaluation::pooled(scored.iter().map(|s| &s.evaluation));
        let sum = |of: fn(&Scored) -> f64| scored.iter().map(|s| of(s)).sum::<f64>();
        let metrics = Metric::ALL.into_iter().enumerate().filter_map(|(at, m)| {
            let comparable = scored.iter().any(|s| s.evaluation.comparable_s[at] > 0.0);
            comparable.then(|| (m.name().to_owned(), pooled.get(m)))
        });
        let chord_s = sum(|s| s.chord_s);
        Self {
            recordings: scored.len(),
            minutes: chord_s / 60.0,
            metrics: metrics.collect(),
            says_no_chord: share(sum(|s| s.denied_s), chord_s),
        }
    }

    /// The mean over folders with equal weights; a metric is averaged over the folders that
    /// have it.
    fn averaged<'a>(folders: impl Iterator<Item = &'a Self> + Clone) -> Self {
        let mean = |values: Vec<f64>| share(values.iter().sum(), values.len() as f64);
        let metric = |name: &str| -> Vec<f64> {
            let values = folders.clone().filter_map(|f| f.metrics.get(name));
            values.copied().collect()
        };
        // Folders of silence have no share.
        let with_chords = folders.clone().filter(|f| f.minutes > 0.0);
        Self {
            recordings: folders.clone().map(|f| f.recordings).sum(),
            minutes: folders.clone().map(|f| f.minutes).sum(),
            metrics: Metric::ALL
                .into_iter()
                .map(|m| (m.name().to_owned(), metric(m.name())))
                .filter(|(_, values)| !values.is_empty())
                .map(|(name, values)| (name, mean(values)))
                .collect(),
            says_no_chord: mean(with_chords.map(|f| f.says_no_chord).collect()),
        }
    }

    /// Mean of the paper's seven metrics, if all of them apply.
    #[must_use]
    pub fn average(&self) -> Option<f64> {
        let values = SEVEN.iter().map(|m| self.metrics.get(m.name()).copied());
        let sum: f64 = values.sum::<Option<f64>>()?;
        Some(sum / SEVEN.len() as f64)
    }
}

fn share(part: f64, of: f64) -> f64 {
    if of > 0.0 { part / of } else { 0.0 }
}

/// An engine's results for a set.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EngineTruth {
    /// Averages over folders.
    pub average: TruthScores,
    /// By folder.
    pub folders: BTreeMap<String, TruthScores>,
    /// By recording, `FOLDER/NAME`.
    pub recordings: BTreeMap<String, TruthScores>,
}

/// By engine.
pub type Truth = BTreeMap<String, EngineTruth>;

/// A recording and its labels played at another speed, so that it sounds `cents` higher: the
/// samples stay, and their rate and all times change.
fn played_at(mut audio: Audio, labels: &[Segment], cents: f64) -> (Audio, Vec<Segment>) {
    let before = f64::from(audio.sample_rate);
    audio.sample_rate = (before * (cents / 1200.0).exp2()).round() as u32;
    let stretch = before / f64::from(audio.sample_rate);
    let labels = labels.iter().map(|segment| {
        let mut segment = segment.clone();
        segment.start_s *= stretch;
        segment.end_s *= stretch;
        segment
    });
    let labels = labels.collect();
    (audio, labels)
}

/// Scores the engines on all recordings of `set`, played faster so that they sound `cents` higher.
///
/// # Errors
/// If a recording or its labels cannot be read, an engine fails, or it is interrupted.
pub fn evaluate_truth(
    set: &TruthSet,
    cents: f64,
    engines: &Engines<'_>,
    threads: usize,
    interrupted: &AtomicBool,
) -> Result<Truth> {
    let work = |index: usize| -> Result<Vec<(String, Scored)>> {
        let Some(recording) = set.recordings.get(index) else {
            bail!("no such recording");
        };
        let labels = import::load(&recording.labels)
            .with_context(|| recording.labels.display().to_string())?;
        let (audio, labels) = played_at(audio(&recording.audio)?, labels.segments(), cents);
        let tracks = engines
            .tracks(&audio)
            .with_context(|| recording.audio.display().to_string())?;
        let score = |(engine, track): (String, Vec<Segment>)| {
            let scored = Scored::new(&labels, &track, recording.root_only);
            let named = || format!("{engine} on {}", recording.name);
            scored.with_context(named).map(|scored| (engine, scored))
        };
        tracks.into_iter().map(score).collect()
    };
    let done = parallel::map("truth", set.count(), threads, interrupted, work)?;

    let mut by_engine: BTreeMap<&str, Vec<(&Recording, &Scored)>> = BTreeMap::new();
    for (recording, engines) in set.recordings.iter().zip(&done) {
        for (engine, scored) in engines {
            let entries = by_engine.entry(engine).or_default();
            entries.push((recording, scored));
        }
    }
    let truth = by_engine.into_iter().map(|(engine, scored)| {
        let mut by_folder: BTreeMap<&str, Vec<&Scored>> = BTreeMap::new();
        for (recording, scored) in &scored {
            by_folder.entry(&recording.folder).or_default().push(scored);
        }
        let folders: BTreeMap<String, TruthScores> = by_folder
            .into_iter()
            .map(|(folder, scored)| (folder.to_owned(), TruthScores::pooled(&scored)))
            .collect();
        let each = |(recording, scored): &(&Recording, &Scored)| {
            (recording.name.clone(), TruthScores::pooled(&[*scored]))
        };
        let of_engine = EngineTruth {
            average: TruthScores::averaged(folders.values()),
            folders,
            recordings: scored.iter().map(each).collect(),
        };
        (engine.to_owned(), of_engine)
    });
    Ok(truth.collect())
}

#[cfg(test)]
mod tests {
    use super::super::overlap::tests::track;
    use super::*;

    #[test]
    fn what_is_played_faster_sounds_higher_and_ends_sooner() {
        let labels = track(&[(0.0, 1.0, "C:maj"), (1.0, 4.0, "G:maj")]);
        let audio = Audio::new(vec![0.1; 176_400], 44_100);
        let (faster, sooner) = played_at(audio, &labels, 50.0);
        assert_eq!(faster.samples.len(), 176_400);
        assert_eq!(faster.sample_rate, 45_392);
        assert!((sooner[1].end_s - faster.length_s()).abs() < 1e-9);
        assert!((sooner[1].end_s - 4.0 / (50.0_f64 / 1200.0).exp2()).abs() < 1e-4);
    }

    #[test]
    fn folders_count_the_same_however_long_they_are() {
        let reference = track(&[(0.0, 4.0, "C:maj")]);
        let right = Scored::new(&reference, &reference, false).unwrap();
        let none = Scored::new(&reference, &[], false).unwrap();
        let half = track(&[(0.0, 2.0, "C:maj"), (2.0, 4.0, "C:min")]);
        let half = Scored::new(&reference, &half, false).unwrap();
        let many = TruthScores::pooled(&[&right, &right, &right, &half]);
        let few = TruthScores::pooled(&[&none]);
        assert!((many.metrics["majmin"] - 0.875).abs() < 1e-12);
        assert!((many.metrics["root"] - 1.0).abs() < 1e-12);
        assert_eq!((many.says_no_chord, few.says_no_chord), (0.0, 1.0));
        let average = TruthScores::averaged([&many, &few].into_iter());
        assert!((average.metrics["majmin"] - 0.4375).abs() < 1e-12);
        assert!((average.says_no_chord - 0.5).abs() < 1e-12);
        assert!((average.minutes - 20.0 / 60.0).abs() < 1e-12);
        assert_eq!(average.recordings, 5);
    }

    #[test]
    fn of_some_recordings_the_root_alone_counts() {
        let reference = track(&[(0.0, 4.0, "C:min")]);
        let major = track(&[(0.0, 4.0, "C:maj")]);
        let root = Scored::new(&reference, &major, true).unwrap();
        let alone = TruthScores::pooled(&[&root]);
        assert_eq!(alone.metrics.keys().collect::<Vec<_>>(), ["root"]);
        assert!((alone.metrics["root"] - 1.0).abs() < 1e-12);
        let wrong = Scored::new(&reference, &major, false).unwrap();
        let both = TruthScores::pooled(&[&root, &wrong]);
        assert!(both.metrics["majmin"].abs() < 1e-12);
        assert_eq!(alone.average(), None);
        assert!(both.average().is_some());
    }

    #[test]
    fn what_is_left_out_of_the_labels_counts_nowhere() {
        let reference = track(&[(0.0, 1.0, "N"), (1.0, 2.0, "X"), (2.0, 4.0, "F:maj")]);
        let silent = track(&[(0.0, 3.0, "N"), (3.0, 4.0, "F:maj")]);
        let scored = Scored::new(&reference, &silent, false).unwrap();
        assert_eq!((scored.chord_s, scored.denied_s), (2.0, 1.0));
        let scores = TruthScores::pooled(&[&scored]);
        assert!((scores.metrics["majmin"] - 2.0 / 3.0).abs() < 1e-12);
        assert!((scores.says_no_chord - 0.5).abs() < 1e-12);
    }

    #[test]
    fn recordings_are_found_by_their_labels() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        fs::create_dir_all(path("piano/deep")).unwrap();
        for name in [
            "piano/a.wav",
            "piano/a.lab",
            "piano/b.FLAC",
            "piano/b.lab",
            "piano/deep/c.ogg",
            "piano/deep/c.lab",
            "piano/no-labels.wav",
            "piano/._a.wav",
            "piano/._a.lab",
            "top.mp3",
            "top.lab",
            "notes.lab",
        ] {
            fs::write(path(name), b"").unwrap();
        }
        fs::write(path(ROOT_ONLY), "piano/b\n\n not/there \n").unwrap();
        let set = TruthSet::open(folder.path()).unwrap();
        let found: Vec<(&str, &str, bool)> = set
            .recordings
            .iter()
            .map(|r| (&*r.folder, &*r.name, r.root_only))
            .collect();
        assert_eq!(
            found,
            [
                ("piano", "piano/a", false),
                ("piano", "piano/b", true),
                ("piano/deep", "piano/deep/c", false),
                (".", "top", false),
            ]
        );
        assert_eq!((set.count(), set.unlabelled()), (4, 1));
        let empty = tempfile::tempdir().unwrap();
        assert!(TruthSet::open(empty.path()).is_err());
        assert!(TruthSet::open(&path("missing")).is_err());
    }
}
