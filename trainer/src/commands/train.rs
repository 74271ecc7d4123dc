//! `trainer train`: trains a student through one stage.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use crate::corpus::{Corpus, Split};
use crate::device::DeviceName;
use crate::frames::{self, ExampleFrames, Frames, SoftTargets};
use crate::objective::{Objective, Stage};
use crate::provenance::Provenance;
use crate::schedule::Schedule;
use crate::train::{Data, Precision, TrainConfig, train};
use crate::watch::Watch;
use anyhow::{Context, Result, bail};
use burn::tensor::Device;
use networks::Weights;
use recognizer::features::SAMPLE_RATE;
use recognizer::networks::{
    Architecture, BtcConfig, FrontEnd, PitchClassNetConfig, TwoEOneDConfig, WINDOW_FRAMES,
};
use teachers::posteriors::Posteriors;

/// A student, by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Student {
    /// Our causal network, on live frames.
    Live,
    /// Our windowed network, on constant-Q frames.
    Windowed,
    /// The paper's first student.
    Btc,
    /// The paper's second student.
    #[value(name = "2e1d")]
    TwoEOneD,
}

impl Student {
    /// Its architecture, and the number of frames in a training window: ten seconds.
    pub(super) fn architecture(self) -> (Architecture, usize) {
        match self {
            Student::Live => (Architecture::PitchClass(PitchClassNetConfig::live()), 216),
            Student::Windowed => (
                Architecture::PitchClass(PitchClassNetConfig::windowed()),
                WINDOW_FRAMES,
            ),
            Student::Btc => (Architecture::Btc(BtcConfig::new()), WINDOW_FRAMES),
            Student::TwoEOneD => (Architecture::TwoEOneD(TwoEOneDConfig::new()), WINDOW_FRAMES),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum StageName {
    /// The baseline: only labels.
    Labels,
    /// Stage 1: only pseudo-labels.
    PseudoLabels,
    /// Stage 2: labels with selective distillation.
    Distillation,
}

impl From<StageName> for Stage {
    fn from(name: StageName) -> Self {
        match name {
            StageName::Labels => Stage::Labels,
            StageName::PseudoLabels => Stage::PseudoLabels,
            StageName::Distillation => Stage::Distillation,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Preset {
    /// The settings for the weights that ship.
    Ours,
    /// arXiv 2602.19778 as published.
    Paper,
}

#[derive(clap::Args)]
pub(super) struct TrainArguments {
    /// The network.
    #[arg(long, value_enum)]
    student: Student,
    /// The training stage.
    #[arg(long, value_enum, default_value = "labels")]
    stage: StageName,
    /// The source of settings that are not given.
    #[arg(long, value_enum, default_value = "ours")]
    preset: Preset,
    /// Folder with frames for training, with labels or a teacher's posteriors or both.
    #[arg(long)]
    frames: Vec<PathBuf>,
    /// Folder with frames for validation.
    #[arg(long)]
    valid: Vec<PathBuf>,
    /// Manifest of a corpus (`trainer corpus`): its train split is used for training, its
    /// valid split for validation.
    #[arg(long, requires = "corpus_frames")]
    corpus: Vec<PathBuf>,
    /// Folder with the frames of the corpora (`trainer frames --corpus`).
    #[arg(long)]
    corpus_frames: Vec<PathBuf>,
    /// Folder with a teacher's output (`trainer pseudo-label`) for any of the frames.
    #[arg(long)]
    posteriors: Vec<PathBuf>,
    /// Channels of our students' blocks before the mix over pitch classes. If more than in the
    /// weights of `--start`, those are widened without changing their output.
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..=256))]
    bottleneck: Option<u16>,
    /// The same after the mix.
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..=512))]
    mixed: Option<u16>,
    /// Distances in frames between the taps of our students' blocks, one number for each block,
    /// separated by commas. With `--start`, there may be more blocks than in its weights; the new
    /// ones have no effect at first.
    #[arg(long, value_delimiter = ',', value_parser = clap::value_parser!(u16).range(1..=512))]
    dilations: Option<Vec<u16>>,
    /// Weights to start from, as `trainer export` writes them.
    #[arg(long)]
    start: Option<PathBuf>,
    /// Folder of the run that made those weights, for the model card [default: their own card].
    #[arg(long, requires = "start")]
    start_run: Option<PathBuf>,
    /// Folder for checkpoints, log and weights; an interrupted run continues from it.
    #[arg(short, long)]
    out: PathBuf,
    /// The device: flex, libtorch, libtorch-cuda:N, wgpu, cuda:N. Several, separated by
    /// commas, share each batch (`cuda:0,cuda:1`), with a thread or more for each.
    #[arg(long, default_value = "flex", value_delimiter = ',')]
    device: Vec<DeviceName>,
    /// Draw the curves in the terminal during training: burn-train's dashboard (`q` stops the
    /// run, which can continue later); needs the feature `dashboard`.
    #[arg(long)]
    dashboard: bool,
    /// Optimizer steps.
    #[arg(long, default_value_t = 6000)]
    steps: u64,
    /// Windows in a batch.
    #[arg(long)]
    batch: Option<usize>,
    /// Share of a batch from unlabelled audio.
    #[arg(long, default_value_t = 0.5)]
    unlabelled_share: f64,
    /// Share of the unlabelled windows from tracks of the kind `sung` [default: by length].
    #[arg(long)]
    sung_share: Option<f64>,
    /// Share of the windows that may extend beyond an end of their example, into silence
    #[arg(long, default_value_t = 0.2)]
    overhang: f64,
    /// Highest learning rate.
    #[arg(long)]
    learning_rate: Option<f64>,
    /// α: share of the distillation term.
    #[arg(long)]
    alpha: Option<f32>,
    /// The same where only the teacher has labels: 0 uses only its arg-max, 1 only its
    /// posteriors.
    #[arg(long)]
    pseudo_alpha: Option<f32>,
    /// T of the distillation term.
    #[arg(long)]
    temperature: Option<f32>,
    /// T where only the teacher has labels.
    #[arg(long)]
    pseudo_temperature: Option<f32>,
    /// Measure the teacher's confidence for the gate at temperature 1 (true) or T (false).
    #[arg(long)]
    gate_unsoftened: Option<bool>,
    /// Leave out pseudo-labels below this confidence of the teacher.
    #[arg(long)]
    confidence_filter: Option<f32>,
    /// γ of the focal loss.
    #[arg(long)]
    focal_gamma: Option<f32>,
    /// p of the class weights, (mean share / share)^p.
    #[arg(long)]
    class_weighting: Option<f32>,
    /// Weight of the first half second of a labelled chord.
    #[arg(long)]
    onset_weight: Option<f32>,
    /// Exclude frames past the end of a track from the loss.
    #[arg(long)]
    mask_padding: Option<bool>,
    /// Lowest and highest transposition in semitones, as `-5..6`.
    #[arg(long, allow_hyphen_values = true)]
    transpose: Option<Range>,
    /// Share of the activations dropped in training, below 1.
    #[arg(long, value_parser = dropout)]
    dropout: Option<f64>,
    /// Steps between validations [default: a twentieth of the run].
    #[arg(long)]
    validate_every: Option<u64>,
    /// Stop after this many validations without improvement.
    #[arg(long)]
    patience: Option<u64>,
    /// Seed.
    #[arg(short, long, default_value_t = 1)]
    seed: u64,
    /// Threads that share a batch.
    #[arg(short, long, default_value_t = 2)]
    threads: usize,
    /// Windows that a thread computes at once [default: all of its part of a batch]. A
    /// processor is faster with few, a GPU with all.
    #[arg(long, alias = "at-once", value_parser = clap::value_parser!(u16).range(1..))]
    micro_batch: Option<u16>,
    /// The number type of products; bf16 is mixed precision, for `live` and `windowed` on
    /// processors and GPUs that support it.
    #[arg(long, alias = "products", value_enum, default_value = "f32")]
    precision: Precision,
}

/// The source of labelled frames: all of them are rendered.
const RENDERED: &str = "songs of POP909's train split and written progressions, rendered";

/// The duration that counts as a chord's beginning for `--onset-weight`, in seconds.
const ONSET_S: f64 = 0.5;

/// The command line as typed, without the path of the program.
fn command_line() -> String {
    let arguments: Vec<String> = std::env::args()
        .skip(1)
        .map(|a| if a.contains(' ') { format!("'{a}'") } else { a })
        .collect();
    format!("trainer {}", arguments.join(" "))
}

fn dropout(text: &str) -> Result<f64, String> {
    let share: f64 = text.parse().map_err(|_| "not a number".to_owned())?;
    if (0.0..1.0).contains(&share) {
        Ok(share)
    } else {
        Err("not a number from 0 to below 1".to_owned())
    }
}

/// Two whole numbers as `low..high`, both included.
#[derive(Debug, Clone, Copy)]
struct Range(i32, i32);

impl std::str::FromStr for Range {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> Result<Self> {
        let parsed = text
            .split_once("..")
            .and_then(|(low, high)| Some((low.parse().ok()?, high.parse().ok()?)));
        match parsed {
            Some((low, high)) if (-11..=high).contains(&low) && high <= 11 => Ok(Self(low, high)),
            _ => bail!("`{text}` is not a range of semitones such as -5..6"),
        }
    }
}

impl TrainArguments {
    fn objective(&self) -> Objective {
        let stage = self.stage.into();
        let mut objective = match self.preset {
            Preset::Ours => Objective::ours(stage),
            Preset::Paper => Objective::paper(stage),
        };
        let set = |to: &mut f32, value: Option<f32>| *to = value.unwrap_or(*to);
        set(&mut objective.distillation, self.alpha);
        set(&mut objective.pseudo_distillation, self.pseudo_alpha);
        set(&mut objective.temperature, self.temperature);
        set(&mut objective.pseudo_temperature, self.pseudo_temperature);
        set(&mut objective.confidence_filter, self.confidence_filter);
        set(&mut objective.focal_gamma, self.focal_gamma);
        set(&mut objective.class_weighting, self.class_weighting);
        if let Some(unsoftened) = self.gate_unsoftened {
            objective.gate.softened = !unsoftened;
        }
        objective.mask_padding = self.mask_padding.unwrap_or(objective.mask_padding);
        objective
    }

    /// The schedule of a run, from random or given weights.
    fn schedule(&self) -> Schedule {
        let fresh = self.start.is_none();
        let cosine = |from: f64, peak: f64, to: f64, warm_up: f64| Schedule::Cosine {
            from,
            peak,
            to,
            warm_up,
        };
        match (self.preset, fresh) {
            (Preset::Paper, true) => cosine(1e-4, self.learning_rate.unwrap_or(3e-4), 1e-6, 0.1),
            (Preset::Paper, false) => Schedule::Plateau {
                start: self.learning_rate.unwrap_or(1e-5),
                factor: 0.9,
                floor: 1e-6,
            },
            (Preset::Ours, fresh) => {
                let peak = self
                    .learning_rate
                    .unwrap_or(if fresh { 3e-3 } else { 1e-3 });
                cosine(peak / 20.0, peak, peak / 100.0, 0.04)
            }
        }
    }

    fn config(&self, start: Option<&str>) -> Result<TrainConfig> {
        let paper = self.preset == Preset::Paper;
        let (mut architecture, window_frames) = self.student.architecture();
        match &mut architecture {
            Architecture::PitchClass(shape) => {
                shape.bottleneck = self.bottleneck.map_or(shape.bottleneck, usize::from);
                shape.mixed = self.mixed.map_or(shape.mixed, usize::from);
                if let Some(dilations) = &self.dilations {
                    shape.dilations = dilations.iter().copied().map(usize::from).collect();
                }
            }
            _ if self.bottleneck.or(self.mixed).is_some() || self.dilations.is_some() => {
                bail!("--bottleneck, --mixed and --dilations apply only to live and windowed")
            }
            _ => {}
        }
        // The paper's students use the paper's dropout. Windows that are seen once or twice,
        // transposed and equalized each time, cannot be memorized.
        if let Some(dropout) = self.dropout.or((!paper).then_some(0.0)) {
            architecture = architecture.with_dropout(dropout);
        }
        // Our network treats all keys alike; the paper's students need transposed examples.
        let transpose = match (self.transpose, &architecture) {
            (Some(Range(low, high)), _) => (low, high),
            (None, Architecture::PitchClass(_)) => (-2, 2),
            (None, _) => (-5, 6),
        };
        let stage = Stage::from(self.stage);
        let batch = match (paper, stage) {
            (true, Stage::PseudoLabels) => 256,
            (true, _) => 128,
            (false, _) => 24,
        };
        let mut objective = self.objective();
        if let Some(weight) = self.onset_weight {
            let hop = architecture.front_end().hop_samples() as f64;
            objective.onset_weight = weight;
            objective.onset_frames = (ONSET_S * f64::from(SAMPLE_RATE) / hop).round() as usize;
        }
        Ok(TrainConfig {
            architecture,
            objective,
            start: start.map(str::to_owned),
            steps: self.steps,
            batch: self.batch.unwrap_or(batch),
            unlabelled_share: self.unlabelled_share.clamp(0.0, 1.0),
            window_frames,
            schedule: self.schedule(),
            weight_decay: if paper { 1e-5 } else { 1e-4 },
            transpose,
            level: 2.0,
            overhang: self.overhang.clamp(0.0, 1.0),
            validate_every: self.validate_every.unwrap_or((self.steps / 20).max(1)),
            patience: self.patience.or(paper.then_some(10)),
            seed: self.seed,
            threads: self.threads,
            micro_batch: self.micro_batch.map_or(usize::MAX, usize::from),
            precision: self.precision,
        })
    }
}

/// Runs the command.
pub(super) fn run(arguments: &TrainArguments, interrupted: &AtomicBool) -> Result<()> {
    let watch = if arguments.dashboard {
        Watch::Dashboard
    } else {
        Watch::Bar
    };
    watch.check()?;
    let start = match &arguments.start {
        Some(path) => {
            let bytes =
                std::fs::read(path).with_context(|| format!("reading {}", path.display()))?;
            let weights = Weights::from_bytes(&bytes, &Device::flex())
                .with_context(|| path.display().to_string())?;
            Some((weights, teachers::sha256::of_bytes(&bytes)))
        }
        None => None,
    };
    let (start, hash) = start.unzip();
    let mut provenance = Provenance {
        commands: vec![command_line()],
        seed: arguments.seed,
        ..Provenance::default()
    };
    let config = arguments.config(hash.as_deref())?;
    let start = match start {
        Some(weights) => {
            let device = Device::flex();
            device.seed(config.seed);
            let grown = weights.grown(&config.architecture, &device);
            Some(grown.context("the weights to start from")?)
        }
        None => None,
    };
    let front_end = config.architecture.front_end();
    let mut training = Examples::default();
    let mut validation = Examples::default();
    for (folders, examples) in [
        (&arguments.frames, &mut training),
        (&arguments.valid, &mut validation),
    ] {
        for folder in folders {
            for path in frames::list(folder)? {
                examples.add(&path, &arguments.posteriors, front_end)?;
                examples.sung.resize(examples.unlabelled.len(), false);
            }
        }
    }
    for manifest in &arguments.corpus {
        let corpus = Corpus::open(manifest)?;
        for track in corpus.tracks() {
            let examples = match track.split {
                Split::Train => &mut training,
                Split::Valid => &mut validation,
                Split::Test => continue,
            };
            let found = arguments
                .corpus_frames
                .iter()
                .map(|folder| folder.join(format!("{}.frames", track.id)))
                .find(|path| path.exists());
            match found {
                Some(path) => {
                    let added = examples.add(&path, &arguments.posteriors, front_end)?;
                    let is_sung = track.kind.as_deref() == Some(SUNG);
                    examples.sung.resize(examples.unlabelled.len(), is_sung);
                    if let Some(hours) = added
                        && track.split == Split::Train
                    {
                        provenance.add(corpus.name(), hours, &track.licence);
                    }
                }
                None => examples.missing += 1,
            }
        }
    }
    for (name, examples) in [("training", &training), ("validation", &validation)] {
        println!("{name}: {}", examples.describe(front_end));
    }
    if !training.labelled.is_empty() {
        let hours = Examples::hours(&training.labelled, front_end);
        provenance.add(RENDERED, hours, "MIT");
    }
    provenance.teachers.append(&mut training.teachers);
    if let Some(earlier) = arguments.start_run.as_deref() {
        provenance.after(Provenance::load(earlier)?);
    } else if let Some(weights) = &start {
        provenance.start = Some(weights.card.clone());
    }
    provenance.save(&arguments.out)?;
    let devices = arguments.device.iter().map(|name| name.open());
    let devices = devices.collect::<Result<Vec<_>>>()?;
    let trained = train(
        &config,
        Data {
            labelled: &training.labelled,
            unlabelled: &training.unlabelled,
            unlabelled_weights: &training.weights(arguments.sung_share),
            valid: &validation.labelled,
            valid_unlabelled: &validation.unlabelled,
        },
        start,
        &arguments.out,
        &devices,
        watch,
        interrupted,
    )?;
    let core_hours = trained.core_seconds / 3600.0;
    provenance.core_hours.insert(command_line(), core_hours);
    provenance.save(&arguments.out)?;
    println!(
        "{} of {} steps, {core_hours:.2} hours of one core",
        trained.step, config.steps
    );
    Ok(())
}

/// The kind of tracks with singing, in a corpus manifest.
const SUNG: &str = "sung";

/// The examples, by what they have.
#[derive(Default)]
struct Examples {
    /// With labels.
    labelled: Vec<Frames>,
    /// With only a teacher.
    unlabelled: Vec<Frames>,
    /// Whether each of these is sung.
    sung: Vec<bool>,
    /// Number of examples with neither, which are not used.
    mute: usize,
    /// Tracks of a manifest without frames.
    missing: usize,
    /// The teachers, with the SHA-256 of their weights.
    teachers: BTreeMap<String, String>,
}

impl Examples {
    /// Adds the example in a file. Returns its length in hours, if it can be used.
    fn add(
        &mut self,
        path: &Path,
        posteriors: &[PathBuf],
        front_end: FrontEnd,
    ) -> Result<Option<f64>> {
        let mut example = ExampleFrames::load(path, front_end)?;
        let hours = Self::hours(std::slice::from_ref(&example), front_end);
        let stem = path.file_stem().unwrap_or_default();
        for folder in posteriors {
            let mut name = stem.to_owned();
            name.push(".posteriors");
            let beside = folder.join(name);
            if beside.exists() {
                let posteriors = Posteriors::load(&beside)?;
                let origin = &posteriors.origin;
                self.teachers
                    .insert(origin.teacher.clone(), origin.teacher_sha256.clone());
                example.teacher = Some(SoftTargets::new(&posteriors, front_end, example.len()));
                break;
            }
        }
        if example.is_labelled() {
            self.labelled.push(example);
        } else if example.teacher.is_some() {
            self.unlabelled.push(example);
        } else {
            self.mute += 1;
            return Ok(None);
        }
        Ok(Some(hours))
    }

    /// Weights of the unlabelled examples such that a `share` of them is sung.
    fn weights(&self, share: Option<f64>) -> Vec<f32> {
        let frames = |sung: bool| -> f64 {
            let of_kind = self.unlabelled.iter().zip(&self.sung);
            let of_kind = of_kind.filter(|(_, is)| **is == sung);
            of_kind.map(|(example, _)| example.len() as f64).sum()
        };
        let (sung, others) = (frames(true), frames(false));
        match share {
            Some(share) if sung > 0.0 && others > 0.0 => {
                let share = share.clamp(0.0, 1.0);
                let weight = |sung_track: &bool| {
                    let (wanted, is) = if *sung_track {
                        (share, sung)
                    } else {
                        (1.0 - share, others)
                    };
                    (wanted * (sung + others) / is) as f32
                };
                self.sung.iter().map(weight).collect()
            }
            _ => Vec::new(),
        }
    }

    fn hours(examples: &[Frames], front_end: FrontEnd) -> f64 {
        let frames: usize = examples.iter().map(Frames::len).sum();
        (frames * front_end.hop_samples()) as f64 / f64::from(SAMPLE_RATE) / 3600.0
    }

    fn describe(&self, front_end: FrontEnd) -> String {
        let hours = |examples: &[Frames]| Self::hours(examples, front_end);
        format!(
            "{:.1} h with labels, {:.1} h with a teacher only; left out: {} tracks without \
             either, {} without frames",
            hours(&self.labelled),
            hours(&self.unlabelled),
            self.mute,
            self.missing
        )
    }
}
