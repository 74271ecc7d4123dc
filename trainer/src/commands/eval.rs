//! `trainer eval`: scores on held-out music.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use crate::corpus::{Corpus, Split as CorpusSplit};
use crate::evaluate::cache::{RenderCache, TrackCache};
use crate::evaluate::consensus::{Consensus, ConsensusSet, Witness, evaluate_consensus};
use crate::evaluate::degrade::Degradation;
use crate::evaluate::engines::{Engines, Listener};
use crate::evaluate::oracle::Oracle;
use crate::evaluate::piece::Pieces;
use crate::evaluate::real::RealSet;
use crate::evaluate::rendered::RenderedSet;
use crate::evaluate::report::{Report, ReportSettings};
use crate::evaluate::teacher::TeacherListener;
use crate::evaluate::truth::{Truth, TruthSet, evaluate_truth};
use crate::evaluate::{Evaluated, consensus_table, evaluate_set, table, truth_table};
use crate::labelled_audio;
use crate::parallel;
use crate::prepare::{SetSettings, written};
use anyhow::{Context, Result, bail, ensure};
use harmony::timeline::Segment;
use recognizer::inference::{CausalModel, WindowModel};
use recognizer::models;
use renderer::pop909::{Pop909, SongSplit};
use renderer::progressions::ProgressionSettings;
use renderer::render::{RenderSettings, labels};
use renderer::soundfont::Split;
use teachers::open;
use teachers::views::Views;

use super::costs::CostChanges;
use super::sources::Sources;

/// Number of pieces from which the oracle learns how chords are named.
const ORACLES_PIECES: u64 = 3000;

/// A set to evaluate on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Set {
    /// Held-out songs with all effects.
    Songs,
    /// Generated progressions with evenly drawn qualities.
    Rare,
    /// The songs without effects, in tune.
    SongsDry,
    /// The generated progressions without effects, in tune.
    RareDry,
    /// Held-out real music, compared with a teacher.
    Real,
    /// Held-out songs in tune and without a codec: the base of the next three sets.
    Base,
    /// Those songs 40 cents off.
    Detuned,
    /// Those songs with noise 15 dB below the music.
    Noisy,
    /// Those songs through a lossy codec.
    Lossy,
    /// A solo instrument, with silence between its chords.
    Solo,
    /// Generated progressions with add9, 6/9, 7sus4 and power chords.
    Names,
}

impl Set {
    const fn name(self) -> &'static str {
        match self {
            Self::Songs => "songs",
            Self::Rare => "rare",
            Self::SongsDry => "songs-dry",
            Self::RareDry => "rare-dry",
            Self::Real => "real",
            Self::Base => "base",
            Self::Detuned => "detuned",
            Self::Noisy => "noisy",
            Self::Lossy => "lossy",
            Self::Solo => "solo",
            Self::Names => "names",
        }
    }

    const fn degradation(self) -> Option<Degradation> {
        match self {
            Self::Detuned => Some(Degradation::Detuned),
            Self::Noisy => Some(Degradation::Noisy),
            Self::Lossy => Some(Degradation::Lossy),
            _ => None,
        }
    }
}

/// The arguments of `trainer eval`.
#[derive(clap::Args)]
pub(super) struct EvalArguments {
    /// Causal weights [default: the built-in ones].
    #[arg(long)]
    live: Option<PathBuf>,
    /// Windowed weights [default: the built-in ones].
    #[arg(long)]
    windowed: Option<PathBuf>,
    /// The sets to evaluate on [default: songs and rare, if neither --truth nor --consensus is
    /// given].
    #[arg(long, value_enum, value_delimiter = ',')]
    sets: Vec<Set>,
    /// Also score real recordings with known chords: a folder of folders with audio and a .lab
    /// file beside each; may be given several times.
    #[arg(long, value_name = "FOLDER")]
    truth: Vec<PathBuf>,
    /// Play these faster or slower, with their labels, so that they sound this many cents higher or
    /// lower.
    #[arg(
        long,
        default_value_t = 0.0,
        requires = "truth",
        allow_hyphen_values = true,
        value_parser = cents
    )]
    cents: f64,
    /// Also score the split of --corpus where two witnesses agree by majmin. Each is a
    /// teacher's name or a folder of <id>.lab files, as pseudo-label writes them.
    #[arg(long, value_name = "A,B", value_delimiter = ',', num_args = 1)]
    consensus: Vec<String>,
    /// With --consensus, use only this many seconds of each track.
    #[arg(long, default_value_t = 600.0)]
    max_length: f64,
    /// Excerpts in each rendered set.
    #[arg(short = 'n', long, default_value_t = 60)]
    count: u64,
    /// Length of an excerpt in seconds.
    #[arg(short, long, default_value_t = 60.0)]
    length: f64,
    /// Seed of the sets.
    #[arg(short, long, default_value_t = 777)]
    seed: u64,
    /// Manifest of the corpus of the set `real` and of --consensus.
    #[arg(long)]
    corpus: Option<PathBuf>,
    /// Folder with a teacher's posteriors and labels for that corpus.
    #[arg(long)]
    posteriors: Option<PathBuf>,
    /// Split of that corpus: `valid` for choosing, `test` for the figures.
    #[arg(long, value_enum, default_value = "test")]
    split: CorpusSplit,
    /// A teacher to score on the same audio: chordnet, crema, btc, mix:A+B or vote:A+B; may be
    /// given several times. It is slow: keep its answers with --cache.
    #[arg(long)]
    teacher: Vec<String>,
    /// Folder of all teachers.
    #[arg(long, default_value = "data/teachers")]
    teachers: PathBuf,
    /// Views in which the teachers of --teacher and --consensus hear the audio, as for
    /// pseudo-label.
    #[arg(long, default_value_t, allow_hyphen_values = true)]
    views: Views,
    /// Also score an oracle that gets the notes and the bass of every chord in the rendered
    /// sets and names them: some chords have the same notes.
    #[arg(long)]
    oracle: bool,
    /// Render the sets with the SoundFonts and the synthesizer of training instead of the
    /// held-out SoundFont: the difference is the cost of unknown timbre.
    #[arg(long)]
    trained_timbre: bool,
    /// Further costs of a chord change for decoding with the whole-file engine, beside its
    /// own, as `free=8,same_root=2`; may be given several times.
    #[arg(long)]
    costs: Vec<CostChanges>,
    /// Also measure the live engine's accuracy by its decoder's delay.
    #[arg(long)]
    curve: bool,
    /// Threads; the scores do not depend on them.
    #[arg(short, long, default_value_t = 2)]
    threads: usize,
    /// All scores as JSON.
    #[arg(long)]
    json: Option<PathBuf>,
    /// Folder for pictures of the scores.
    #[arg(long)]
    plots: Option<PathBuf>,
    /// Folder to cache rendered audio and teachers' answers between runs.
    #[arg(long)]
    cache: Option<PathBuf>,
    /// Folder for the rendered sets as WAV and .lab, for other programs.
    #[arg(long)]
    audio: Option<PathBuf>,
    #[command(flatten)]
    sources: Sources,
}

/// The networks of both engines: those of the files, or the built-in ones.
pub(super) fn networks(
    live: Option<&Path>,
    windowed: Option<&Path>,
) -> Result<(Arc<dyn CausalModel>, Arc<dyn WindowModel>)> {
    let live: Arc<dyn CausalModel> = match live {
        Some(path) => models::load_live(path)?,
        None => models::live()?,
    };
    let windowed: Arc<dyn WindowModel> = match windowed {
        Some(path) => {
            let bytes =
                std::fs::read(path).with_context(|| format!("reading {}", path.display()))?;
            networks::windowed(&bytes).with_context(|| path.display().to_string())?
        }
        None => models::windowed()?,
    };
    Ok((live, windowed))
}

/// The requested sets.
fn sets(arguments: &EvalArguments) -> &[Set] {
    let something_else = !arguments.truth.is_empty() || !arguments.consensus.is_empty();
    match &arguments.sets[..] {
        [] if something_else => &[],
        [] => &[Set::Songs, Set::Rare],
        named => named,
    }
}

/// The render settings of a set.
fn settings(set: Set, arguments: &EvalArguments) -> SetSettings {
    let rare = matches!(set, Set::Rare | Set::RareDry);
    let plain = RenderSettings::default();
    SetSettings {
        count: arguments.count,
        songs_of_three: if rare || set == Set::Names { 0 } else { 3 },
        solo_share: f64::from(u8::from(set == Set::Solo)),
        length_s: arguments.length,
        split: SongSplit::Test,
        seed: arguments.seed,
        render: match set {
            Set::Base | Set::Detuned | Set::Noisy | Set::Lossy => RenderSettings {
                codec_share: 0.0,
                detune_cents: 0.0,
                ..plain
            },
            Set::SongsDry | Set::RareDry => RenderSettings::dry(),
            Set::Songs | Set::Rare | Set::Real | Set::Solo | Set::Names => plain,
        },
        progression: match set {
            _ if rare => ProgressionSettings::even(),
            Set::Names => ProgressionSettings::named(),
            _ => ProgressionSettings::default(),
        },
    }
}

/// Writes the pieces of a set to files.
fn write_audio(
    set: &RenderedSet<'_>,
    name: &str,
    folder: &Path,
    threads: usize,
    interrupted: &AtomicBool,
) -> Result<()> {
    std::fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
    parallel::map(name, set.count(), threads, interrupted, |index| {
        let piece = set.piece(index)?;
        let labels = piece.reference.iter();
        labelled_audio::write(
            folder,
            &format!("{name}-{}", piece.name),
            &piece.audio.samples,
            piece.audio.sample_rate,
            labels.map(|segment| (segment.start_s, segment.end_s, &segment.label)),
        )
    })?;
    Ok(())
}

/// The tracks of the corpus for which the teacher has posteriors.
fn real_set(arguments: &EvalArguments) -> Result<RealSet> {
    let corpus = arguments
        .corpus
        .as_deref()
        .context("the set `real` needs --corpus")?;
    let posteriors = arguments
        .posteriors
        .as_deref()
        .context("the set `real` needs --posteriors")?;
    let set = RealSet::open(&Corpus::open(corpus)?, arguments.split, posteriors)?;
    if set.missing() > 0 {
        eprintln!(
            "{} tracks of the split `{}` have no posteriors in {} and are left out",
            set.missing(),
            arguments.split.name(),
            posteriors.display()
        );
    }
    Ok(set)
}

/// The oracle, which learns how chords are named from pieces like those of a set, but none of
/// its own.
fn oracle(settings: &SetSettings, corpus: &Pop909) -> Result<Oracle> {
    let others = SetSettings {
        split: SongSplit::Train,
        seed: settings.seed.wrapping_add(1),
        ..settings.clone()
    };
    let mut oracle = Oracle::default();
    for index in 0..ORACLES_PIECES {
        let piece = written(&others, index, Some(corpus))?;
        let labels = labels(&piece, 1.0, piece.duration_s).into_iter();
        let track: Vec<Segment> = labels
            .map(|(start_s, end_s, label)| Segment::new(start_s, end_s, label))
            .collect();
        oracle.learn(&track);
    }
    Ok(oracle)
}

/// Parses a detuning of at most a semitone.
fn cents(text: &str) -> Result<f64> {
    let cents: f64 = text.parse()?;
    ensure!((-100.0..=100.0).contains(&cents), "not within ±100 cents");
    Ok(cents)
}

/// Scores the real recordings below `folder`.
fn truth(
    folder: &Path,
    cents: f64,
    engines: &Engines<'_>,
    threads: usize,
    interrupted: &AtomicBool,
) -> Result<Truth> {
    let set = TruthSet::open(folder)?;
    if set.unlabelled() > 0 {
        eprintln!(
            "{} audio files below {} have no .lab file and are left out",
            set.unlabelled(),
            folder.display()
        );
    }
    let truth = evaluate_truth(&set, cents, engines, threads, interrupted)?;
    println!(
        "{}: {} recordings\n\n{}",
        folder.display(),
        set.count(),
        truth_table(&truth)
    );
    Ok(truth)
}

/// The teacher of this name, which hears the audio in the views asked for.
fn listener(name: &str, arguments: &EvalArguments) -> Result<TeacherListener> {
    let teacher = open(name, &arguments.teachers, &arguments.views)?;
    Ok(TeacherListener::new(teacher))
}

/// A teacher that was opened, or the folder of this name.
fn witness<'a>(name: &str, teacher: Option<&'a TeacherListener>) -> Witness<'a> {
    match teacher {
        Some(teacher) => Witness::Listener(teacher),
        None => Witness::folder(Path::new(name)),
    }
}

/// Scores the corpus where two witnesses agree.
fn consensus(
    arguments: &EvalArguments,
    engines: &Engines<'_>,
    interrupted: &AtomicBool,
) -> Result<Consensus> {
    let [first, second] = &arguments.consensus[..] else {
        bail!("--consensus takes two witnesses, A,B");
    };
    let corpus = arguments.corpus.as_deref();
    let corpus = Corpus::open(corpus.context("--consensus needs --corpus")?)?;
    let asked = |name: &str| -> Result<Option<TeacherListener>> {
        if Path::new(name).is_dir() {
            return Ok(None);
        }
        Ok(Some(listener(name, arguments)?))
    };
    let (one, other) = (asked(first)?, asked(second)?);
    let witnesses = [
        witness(first, one.as_ref()),
        witness(second, other.as_ref()),
    ];
    let set = ConsensusSet::new(&corpus, arguments.split, witnesses, arguments.max_length)?;
    if set.missing() > 0 {
        eprintln!(
            "{} tracks of the split `{}` have no chords from both of {} and are left out",
            set.missing(),
            arguments.split.name(),
            arguments.consensus.join(" and ")
        );
    }
    let consensus = evaluate_consensus(&set, engines, arguments.threads, interrupted)?;
    println!(
        "{}, {}: {} tracks by the consensus of {}\n\n{}",
        corpus.name(),
        arguments.split.name(),
        set.count(),
        consensus.witnesses.join(" and "),
        consensus_table(&consensus)
    );
    Ok(consensus)
}

/// Evaluates, prints the tables and writes the requested files.
pub(super) fn run(arguments: &EvalArguments) -> Result<()> {
    let interrupted = super::interruption()?;
    let (live, windowed) = networks(arguments.live.as_deref(), arguments.windowed.as_deref())?;
    let renders = arguments
        .cache
        .as_deref()
        .map(RenderCache::open)
        .transpose()?;
    let tracks = arguments
        .cache
        .as_deref()
        .map(TrackCache::open)
        .transpose()?;
    let teachers = arguments
        .teacher
        .iter()
        .map(|name| listener(name, arguments))
        .collect::<Result<Vec<_>>>()?;
    let engines = Engines {
        live,
        windowed: windowed.as_ref(),
        costs: arguments
            .costs
            .iter()
            .map(|changes| (changes.text.clone(), changes.costs))
            .collect(),
        listeners: teachers.iter().map(|t| t as &dyn Listener).collect(),
        oracle: None,
        cache: tracks.as_ref(),
    };
    // On real music the teacher already is the reference.
    let students = Engines {
        listeners: Vec::new(),
        ..engines.clone()
    };
    let mut report = Report {
        settings: ReportSettings {
            count: arguments.count,
            length_s: arguments.length,
            seed: arguments.seed,
        },
        curves: BTreeMap::new(),
        truth: BTreeMap::new(),
        consensus: None,
        sets: BTreeMap::new(),
    };
    for folder in &arguments.truth {
        let truth = truth(
            folder,
            arguments.cents,
            &engines,
            arguments.threads,
            &interrupted,
        )?;
        report.truth.insert(folder.display().to_string(), truth);
    }
    if !arguments.consensus.is_empty() {
        report.consensus = Some(consensus(arguments, &engines, &interrupted)?);
    }
    for &set in sets(arguments) {
        let name = set.name();
        let score = |pieces: &dyn Pieces, oracle: Option<&Oracle>| -> Result<(usize, Evaluated)> {
            let evaluated = evaluate_set(
                name,
                pieces,
                &Engines {
                    oracle,
                    ..if set == Set::Real {
                        students.clone()
                    } else {
                        engines.clone()
                    }
                },
                arguments.curve,
                arguments.threads,
                &interrupted,
            )?;
            Ok((pieces.count(), evaluated))
        };
        let (count, Evaluated { scores, curve }) = if set == Set::Real {
            score(&real_set(arguments)?, None)?
        } else {
            let settings = settings(set, arguments);
            let corpus = arguments.sources.songs()?;
            let oracle = arguments
                .oracle
                .then(|| oracle(&settings, &corpus))
                .transpose()?;
            let rendered = RenderedSet {
                settings: &settings,
                corpus: Some(&corpus),
                fonts: &arguments.sources.fonts(if arguments.trained_timbre {
                    Split::Train
                } else {
                    Split::HeldOut
                })?,
                degradation: set.degradation(),
                cache: renders.as_ref(),
            };
            if let Some(folder) = &arguments.audio {
                write_audio(&rendered, name, folder, arguments.threads, &interrupted)?;
            }
            score(&rendered, oracle.as_ref())?
        };
        println!("{name}: {count} pieces\n\n{}", table(&scores));
        report.sets.insert(name.to_owned(), scores);
        report
            .curves
            .extend(curve.map(|curve| (name.to_owned(), curve)));
    }
    if let Some(path) = &arguments.json {
        report.save(path)?;
    }
    if let Some(folder) = &arguments.plots {
        super::plot::draw_report(&report, folder)?;
    }
    Ok(())
}
