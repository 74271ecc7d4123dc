//! Real music without labels, scored where two independent teachers agree.
//!
//! Agreement with one teacher cannot rise much above the agreement between teachers, and
//! favours students of that teacher. Where two teachers that were trained on hand-labelled
//! recordings agree by majmin, they are mostly right: the share of that time in which a student
//! agrees too is its *consensus accuracy*. In addition: the agreement between the two
//! (mir_eval's majmin with the first as reference), and of the student with each of them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use anyhow::{Context, Result, bail, ensure};
use harmony::import;
use harmony::label::Label;
use harmony::score::{Evaluation, Metric, evaluate};
use harmony::timeline::Segment;
use recognizer::audio::Audio;
use serde::{Deserialize, Serialize};

use super::agreement::Agreement;
use super::cache::TrackCache;
use super::calibration::Calibration;
use super::engines::{Engines, Listener, Named};
use super::measure::Part;
use super::mistakes::{Mistake, Mistakes, mistakes};
use super::overlap::{intervals, overlaps, within};
use super::real::audio;
use super::truth::denied;
use crate::corpus::{Corpus, Split, Track};
use crate::parallel;
use teachers::posteriors::lab_path_of;

/// Seconds of audio that the engines get after the end of the teachers' audio.
const AFTER_S: f64 = 2.0;

/// A source of chords for every track.
pub enum Witness<'a> {
    /// Chords in files: a folder of `<id>.lab`, as `trainer pseudo-label` and other programs
    /// write them.
    Folder {
        /// Name in the tables.
        name: String,
        /// The folder.
        folder: PathBuf,
    },
    /// A teacher that is run now.
    Listener(&'a dyn Listener),
}

impl Witness<'_> {
    /// A folder by its path; its name is the folder's.
    #[must_use]
    pub fn folder(folder: &Path) -> Self {
        let name = folder.file_name().unwrap_or(folder.as_os_str());
        Self::Folder {
            name: name.to_string_lossy().into_owned(),
            folder: folder.to_owned(),
        }
    }

    fn name(&self) -> &str {
        match self {
            Self::Folder { name, .. } => name,
            Self::Listener(listener) => listener.name(),
        }
    }

    /// Whether it has chords for `track`.
    fn knows(&self, track: &Track) -> bool {
        match self {
            Self::Folder { folder, .. } => lab_path_of(folder, &track.id).is_file(),
            Self::Listener(_) => true,
        }
    }

    fn track(
        &self,
        track: &Track,
        audio: &Audio,
        cache: Option<&TrackCache>,
    ) -> Result<Vec<Segment>> {
        match self {
            Self::Folder { folder, .. } => {
                let path = lab_path_of(folder, &track.id);
                let timeline = import::load(&path).with_context(|| path.display().to_string())?;
                Ok(timeline.segments().to_vec())
            }
            Self::Listener(listener) => {
                let listen = || listener.listen(audio);
                match cache {
                    Some(cache) => cache.track(&listener.identity(), audio, listen),
                    None => listen(),
                }
            }
        }
    }
}

/// The tracks to evaluate on.
pub struct ConsensusSet<'a> {
    witnesses: [Witness<'a>; 2],
    tracks: Vec<Track>,
    missing: usize,
    max_length_s: f64,
}

impl<'a> ConsensusSet<'a> {
    /// The tracks of a split for which both witnesses have chords, the first `max_length_s`
    /// seconds of each.
    ///
    /// # Errors
    /// If there is no such track.
    pub fn new(
        corpus: &Corpus,
        split: Split,
        witnesses: [Witness<'a>; 2],
        max_length_s: f64,
    ) -> Result<Self> {
        let all: Vec<&Track> = corpus.tracks_of(split).collect();
        let known = |track: &&Track| witnesses.iter().all(|witness| witness.knows(track));
        let tracks: Vec<Track> = all.iter().copied().filter(known).cloned().collect();
        ensure!(
            !tracks.is_empty(),
            "{} and {} have no common track of the split `{}` of {}",
            witnesses[0].name(),
            witnesses[1].name(),
            split.name(),
            corpus.name()
        );
        Ok(Self {
            missing: all.len() - tracks.len(),
            tracks,
            witnesses,
            max_length_s,
        })
    }

    /// The number of tracks.
    #[must_use]
    pub fn count(&self) -> usize {
        self.tracks.len()
    }

    /// The number of tracks of the split that a witness lacks.
    #[must_use]
    pub fn missing(&self) -> usize {
        self.missing
    }
}

/// An engine's results for one track.
struct Heard {
    /// Compared with the consensus, the first witness, the second.
    against: [Evaluation; 3],
    /// Compared with the consensus where it has a chord.
    on_chords: Evaluation,
    chord_s: f64,
    denied_s: f64,
    mistakes: Mistakes,
    calibration: Calibration,
}

impl Heard {
    fn new(
        agreement: &Agreement,
        witnesses: &[Vec<Segment>; 2],
        track: &[Segment],
    ) -> Result<Self> {
        let estimate = intervals(track);
        let [first, second] = witnesses;
        let where_agreed = |counts: fn(&Segment) -> bool| {
            let agreed = agreement.track.iter().filter(|segment| counts(segment));
            let spans: Vec<(f64, f64)> = agreed.map(|s| (s.start_s, s.end_s)).collect();
            evaluate(&within(first, &spans), &estimate)
        };
        let (chord_s, denied_s) = denied(&agreement.track, track);
        let mut calibration = Calibration::default();
        for overlap in overlaps(&agreement.classes, track) {
            calibration.count(&overlap);
        }
        Ok(Self {
            against: [
                where_agreed(|_| true)?,
                evaluate(&intervals(first), &estimate)?,
                evaluate(&intervals(second), &estimate)?,
            ],
            on_chords: where_agreed(|segment| segment.label != Label::NoChord)?,
            chord_s,
            denied_s,
            mistakes: mistakes(first, &agreement.track, track),
            calibration,
        })
    }
}

/// The results for one track.
struct Done {
    /// The second witness compared with the first.
    witnesses: Evaluation,
    /// Seconds of the consensus, and the part of them with a chord.
    common_s: f64,
    chord_s: f64,
    engines: Vec<(String, Heard)>,
}

/// An engine's results for some tracks.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EngineConsensus {
    /// Agreement by majmin where the witnesses agree.
    pub consensus: f64,
    /// The same, without the time in which the witnesses agree on no chord: both take old
    /// recordings for noise.
    #[serde(default)]
    pub on_chords: f64,
    /// Agreement by majmin with each witness, in their order.
    pub alone: [f64; 2],
    /// Share of the time with a consensus on a chord in which the engine has no chord.
    pub says_no_chord: f64,
    /// What is wrong where the witnesses agree, as shares of that time.
    #[serde(default)]
    pub mistakes: BTreeMap<Mistake, f64>,
    /// Expected calibration error where they agree on the class of 170.
    pub ece: f64,
    /// The calibration that would correct it, on top of that of the weights.
    #[serde(default)]
    pub mending: recognizer::calibration::Calibration,
}

/// The results of witnesses and engines for some tracks.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ConsensusScores {
    /// The number of tracks.
    pub tracks: usize,
    /// The second witness against the first by majmin, over the time in which the first has a
    /// major or minor chord or none.
    pub agreement: Part,
    /// Minutes on which they agree.
    pub minutes: f64,
    /// Share of those minutes in which they agree on no chord.
    pub no_chord: f64,
    /// By engine.
    pub engines: BTreeMap<String, EngineConsensus>,
}

impl ConsensusScores {
    fn pooled(done: &[&Done]) -> Self {
        let mut by_engine: BTreeMap<&str, Vec<&Heard>> = BTreeMap::new();
        for track in done {
            for (engine, heard) in &track.engines {
                by_engine.entry(engine).or_default().push(heard);
            }
        }
        let common_s: f64 = done.iter().map(|d| d.common_s).sum();
        let engines = by_engine.into_iter().map(|(engine, heard)| {
            let majmin = |at: usize| {
                let evaluations = heard.iter().map(|h| &h.against[at]);
                Evaluation::pooled(evaluations).majmin
            };
            let sum = |of: fn(&Heard) -> f64| heard.iter().map(|h| of(h)).sum::<f64>();
            let mut calibration = Calibration::default();
            for heard in &heard {
                calibration.merge(&heard.calibration);
            }
            let mut mistakes = Mistakes::new();
            for (mistake, seconds) in heard.iter().flat_map(|h| &h.mistakes) {
                *mistakes.entry(*mistake).or_default() += share(*seconds, common_s);
            }
            let scores = EngineConsensus {
                consensus: majmin(0),
                on_chords: Evaluation::pooled(heard.iter().map(|h| &h.on_chords)).majmin,
                alone: [majmin(1), majmin(2)],
                says_no_chord: share(sum(|h| h.denied_s), sum(|h| h.chord_s)),
                mistakes,
                ece: calibration.reliability().ece,
                mending: calibration.fit(),
            };
            (engine.to_owned(), scores)
        });
        let chord_s: f64 = done.iter().map(|d| d.chord_s).sum();
        let at = Metric::ALL.iter().position(|m| *m == Metric::MajMin);
        let compared_s = |d: &&Done| at.map_or(0.0, |at| d.witnesses.comparable_s[at]);
        Self {
            tracks: done.len(),
            agreement: Part {
                majmin: Evaluation::pooled(done.iter().map(|d| &d.witnesses)).majmin,
                seconds: done.iter().map(compared_s).sum(),
            },
            minutes: common_s / 60.0,
            no_chord: share(common_s - chord_s, common_s),
            engines: engines.collect(),
        }
    }
}

fn share(part: f64, of: f64) -> f64 {
    if of > 0.0 { part / of } else { 0.0 }
}

/// Scores of a corpus' split by consensus.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Consensus {
    /// Names of the witnesses.
    pub witnesses: [String; 2],
    /// Over all tracks.
    pub all: ConsensusScores,
    /// By kind of music, where the manifest has it.
    pub kinds: BTreeMap<String, ConsensusScores>,
    /// By package or folder of the tracks.
    pub sources: BTreeMap<String, ConsensusScores>,
}

impl Consensus {
    /// All of it, then each kind of music.
    pub(super) fn groups(&self) -> impl Iterator<Item = (&str, &ConsensusScores)> {
        let kinds = self.kinds.iter().map(|(kind, scores)| (&**kind, scores));
        [("all", &self.all)].into_iter().chain(kinds)
    }
}

/// Evaluates the witnesses and the engines on all tracks of `set`.
///
/// # Errors
/// If a track cannot be decoded, a witness or an engine fails, or it is interrupted.
pub fn evaluate_consensus(
    set: &ConsensusSet<'_>,
    engines: &Engines<'_>,
    threads: usize,
    interrupted: &AtomicBool,
) -> Result<Consensus> {
    let work = |index: usize| -> Result<Done> {
        let Some(track) = set.tracks.get(index) else {
            bail!("no such track");
        };
        let heard = || -> Result<Done> {
            let mut audio = audio(&track.audio_path())?;
            let rate = f64::from(audio.sample_rate);
            audio.samples.truncate((set.max_length_s * rate) as usize);
            let [first, second] = &set.witnesses;
            let said = [
                first.track(track, &audio, engines.cache)?,
                second.track(track, &audio, engines.cache)?,
            ];
            let (said, end_s) = together(said);
            // One of them may have processed only the beginning.
            audio.samples.truncate(((end_s + AFTER_S) * rate) as usize);
            done(&said, engines.tracks(&audio)?)
        };
        heard().with_context(|| format!("track {}", track.id))
    };
    let done = parallel::map("consensus", set.count(), threads, interrupted, work)?;

    let by = |of: fn(&Track) -> Option<&str>| {
        let mut groups: BTreeMap<&str, Vec<&Done>> = BTreeMap::new();
        for (track, done) in set.tracks.iter().zip(&done) {
            if let Some(group) = of(track) {
                groups.entry(group).or_default().push(done);
            }
        }
        let scored = groups.into_iter();
        scored
            .map(|(group, done)| (group.to_owned(), ConsensusScores::pooled(&done)))
            .collect()
    };
    Ok(Consensus {
        witnesses: set.witnesses.each_ref().map(|w| w.name().to_owned()),
        all: ConsensusScores::pooled(&done.iter().collect::<Vec<_>>()),
        kinds: by(|track| track.kind.as_deref()),
        sources: by(|track| Some(&track.source)),
    })
}

/// Two tracks, both cut to the length of the shorter one, and that length.
fn together(mut tracks: [Vec<Segment>; 2]) -> ([Vec<Segment>; 2], f64) {
    let ends = tracks.each_ref().map(|t| t.last().map_or(0.0, |s| s.end_s));
    let end_s = ends[0].min(ends[1]);
    for track in &mut tracks {
        track.retain(|segment| segment.start_s < end_s);
        if let Some(last) = track.last_mut() {
            last.end_s = last.end_s.min(end_s);
        }
    }
    (tracks, end_s)
}

fn done(said: &[Vec<Segment>; 2], tracks: Vec<Named>) -> Result<Done> {
    let [first, second] = said;
    let agreement = Agreement::new(first, second);
    let length = |segment: &Segment| segment.end_s - segment.start_s;
    let with_chord = |segment: &&Segment| segment.label != Label::NoChord;
    Ok(Done {
        witnesses: evaluate(&intervals(first), &intervals(second))?,
        common_s: agreement.track.iter().map(length).sum(),
        chord_s: agreement.track.iter().filter(with_chord).map(length).sum(),
        engines: tracks
            .into_iter()
            .map(|(engine, track)| {
                let heard = Heard::new(&agreement, said, &track).context(engine.clone())?;
                Ok((engine, heard))
            })
            .collect::<Result<_>>()?,
    })
}

#[cfg(test)]
mod tests {
    use super::super::overlap::tests::track;
    use super::*;

    fn near(value: f64, expected: f64) {
        assert!((value - expected).abs() < 1e-9, "{value}, not {expected}");
    }

    /// Ten seconds on which two witnesses agree for six: on C, N and Am7 by majmin, but not on
    /// G against Em; a suspension is neither a major nor a minor chord.
    fn witnesses() -> [Vec<Segment>; 2] {
        [
            track(&[
                (0.0, 3.0, "C:maj"),
                (3.0, 4.0, "N"),
                (4.0, 6.0, "A:min7"),
                (6.0, 8.0, "G:maj"),
                (8.0, 10.0, "G:sus4"),
            ]),
            track(&[
                (0.0, 3.0, "C:maj"),
                (3.0, 4.0, "N"),
                (4.0, 6.0, "A:min"),
                (6.0, 8.0, "E:min"),
                (8.0, 10.0, "G:sus4"),
            ]),
        ]
    }

    #[test]
    fn a_student_is_asked_where_the_witnesses_agree() {
        let said = witnesses();
        let student = track(&[
            (0.0, 2.0, "C:maj"),
            (2.0, 4.0, "N"),
            (4.0, 6.0, "A:min"),
            (6.0, 10.0, "E:min"),
        ]);
        let one = done(&said, vec![("offline".into(), student)]).unwrap();
        let scores = ConsensusScores::pooled(&[&one]);
        near(scores.agreement.majmin, 6.0 / 8.0);
        near(scores.agreement.seconds, 8.0);
        near(scores.minutes * 60.0, 6.0);
        near(scores.no_chord, 1.0 / 6.0);
        let offline = &scores.engines["offline"];
        near(offline.consensus, 5.0 / 6.0);
        near(offline.on_chords, 4.0 / 5.0);
        near(offline.alone[0], 5.0 / 8.0);
        near(offline.alone[1], 7.0 / 8.0);
        // One second of the five with a chord.
        near(offline.says_no_chord, 1.0 / 5.0);
        // The missing second, .2 s of it before the witnesses' N.
        near(offline.mistakes[&Mistake::NoneForChord], 0.8 / 6.0);
        near(offline.mistakes[&Mistake::NearChange], 0.2 / 6.0);
        // Full confidence; of the four seconds in which both have the same class (C and N) one
        // is wrong.
        near(offline.ece, 1.0 / 4.0);
    }

    #[test]
    fn tracks_pool_by_duration() {
        let said = witnesses();
        let right = done(&said, vec![("live".into(), said[0].clone())]).unwrap();
        let short = [0, 1].map(|_| track(&[(0.0, 2.0, "D:maj")]));
        let wrong = vec![("live".into(), track(&[(0.0, 2.0, "D:min")]))];
        let wrong = done(&short, wrong).unwrap();
        let scores = ConsensusScores::pooled(&[&right, &wrong]);
        near(scores.engines["live"].consensus, 6.0 / 8.0);
        near(scores.engines["live"].alone[0], 8.0 / 10.0);
        near(scores.minutes * 60.0, 8.0);
        assert_eq!(scores.tracks, 2);
    }

    #[test]
    fn witnesses_are_heard_to_the_end_of_the_shorter_one() {
        let long = track(&[(0.0, 5.0, "C:maj"), (5.0, 9.0, "F:maj")]);
        let short = track(&[(0.0, 4.0, "C:maj")]);
        let ([a, b], end_s) = together([long, short.clone()]);
        assert_eq!((a, b), (short.clone(), short));
        near(end_s, 4.0);
    }

    #[test]
    fn a_folder_of_labels_is_a_witness() {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("crema");
        std::fs::create_dir(&place).unwrap();
        let witness = Witness::folder(&place);
        assert_eq!(witness.name(), "crema");
        let known: Track = serde_json::from_value(serde_json::json!({
            "id": "one", "path": "one.wav", "duration_s": 1.0, "sha256": "", "licence": "",
            "source": "s", "split": "valid", "labels": null,
        }))
        .unwrap();
        assert!(!witness.knows(&known));
        std::fs::write(place.join("one.lab"), "0 2 C:maj\n").unwrap();
        assert!(witness.knows(&known));
        let said = witness.track(&known, &Audio::default(), None).unwrap();
        assert_eq!(said, track(&[(0.0, 2.0, "C:maj")]));
    }
}
