//! `trainer train`: a student through one stage.

use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use anyhow::{Context, Result, bail};
use burn::tensor::Device;
use recognizer::networks::WINDOW_FRAMES;
use recognizer::networks::btc::BtcConfig;
use recognizer::networks::network::Architecture;
use recognizer::networks::pitch_class::PitchClassNetConfig;
use recognizer::networks::two_e_one_d::TwoEOneDConfig;
use recognizer::weights::Weights;
use sha2::{Digest, Sha256};
use trainer::device::DeviceName;
use trainer::frames::{self, ExampleFrames, Frames};
use trainer::objective::{Objective, Stage};
use trainer::schedule::Schedule;
use trainer::train::{Data, TrainConfig, train};

/// A student by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Student {
    /// Ours, causal, on live frames.
    Live,
    /// Ours, over windows, on constant-Q frames.
    Windowed,
    /// The paper's first student.
    Btc,
    /// The paper's second student.
    #[value(name = "2e1d")]
    TwoEOneD,
}

impl Student {
    /// Its architecture, and the frames of a training window: ten seconds.
    pub fn architecture(self) -> (Architecture, usize) {
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
    /// The baseline: labels alone.
    Labels,
    /// Stage 1: pseudo-labels alone.
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
    /// What the shipped weights were trained with.
    Ours,
    /// arXiv 2602.19778 as published.
    Paper,
}

#[derive(clap::Args)]
pub struct TrainArguments {
    /// The network.
    #[arg(long, value_enum)]
    student: Student,
    /// What it is taught.
    #[arg(long, value_enum, default_value = "labels")]
    stage: StageName,
    /// Where the settings that are not given come from.
    #[arg(long, value_enum, default_value = "ours")]
    preset: Preset,
    /// Folder with frames to train on; with labels or a teacher's posteriors or both.
    #[arg(long)]
    frames: Vec<PathBuf>,
    /// Folder with frames to validate on.
    #[arg(long)]
    valid: Vec<PathBuf>,
    /// Weights to start from, as `trainer export` writes them.
    #[arg(long)]
    start: Option<PathBuf>,
    /// Folder for checkpoints, log and weights; a run that was stopped goes on from it.
    #[arg(short, long)]
    out: PathBuf,
    /// Where to compute: flex, libtorch, libtorch-cuda:N, wgpu, cuda:N.
    #[arg(long, default_value = "flex")]
    device: DeviceName,
    /// Optimiser steps.
    #[arg(long, default_value_t = 6000)]
    steps: u64,
    /// Windows in a batch.
    #[arg(long)]
    batch: Option<usize>,
    /// Share of a batch from audio without labels.
    #[arg(long, default_value_t = 0.5)]
    unlabelled_share: f64,
    /// Highest learning rate.
    #[arg(long)]
    learning_rate: Option<f64>,
    /// α: share of the distillation term.
    #[arg(long)]
    alpha: Option<f32>,
    /// The same where the teacher stands alone: 0 is its arg-max only, 1 its posteriors only.
    #[arg(long)]
    pseudo_alpha: Option<f32>,
    /// T of the distillation term.
    #[arg(long)]
    temperature: Option<f32>,
    /// T where the teacher stands alone.
    #[arg(long)]
    pseudo_temperature: Option<f32>,
    /// Measure the teacher's confidence for the gate at temperature 1 (true) or T (false).
    #[arg(long)]
    gate_unsoftened: Option<bool>,
    /// Leave out pseudo-labels the teacher is less sure of than this.
    #[arg(long)]
    confidence_filter: Option<f32>,
    /// γ of the focal loss.
    #[arg(long)]
    focal_gamma: Option<f32>,
    /// p of the class weights, (mean share / share)^p.
    #[arg(long)]
    class_weighting: Option<f32>,
    /// Leave out frames past the end of a track.
    #[arg(long)]
    mask_padding: Option<bool>,
    /// Lowest and highest transposition, semitones, as `-5..6`.
    #[arg(long, allow_hyphen_values = true)]
    transpose: Option<Range>,
    /// Steps from one validation to the next; a twentieth of the run without.
    #[arg(long)]
    validate_every: Option<u64>,
    /// Stop after this many validations without gain.
    #[arg(long)]
    patience: Option<u64>,
    /// Seed.
    #[arg(short, long, default_value_t = 1)]
    seed: u64,
    /// Threads a batch is divided among.
    #[arg(short, long, default_value_t = 2)]
    threads: usize,
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

    /// The schedule of a run from random weights, or from others.
    fn schedule(&self) -> Schedule {
        let fresh = self.start.is_none();
        let cosine = |from: f64, peak: f64, to: f64, warm_up: f64| Schedule::Cosine {
            from,
            peak,
            to,
            warm_up,
        };
        match (self.preset, fresh) {
            (Preset::Paper, true) => {
                cosine(1e-4, self.learning_rate.unwrap_or(3e-4), 1e-6, 0.1)
            }
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

    fn config(&self, start: Option<&str>) -> TrainConfig {
        let (architecture, window_frames) = self.student.architecture();
        // Ours hears one key as well as another; the paper's students must be shown all.
        let transpose = match (self.transpose, &architecture) {
            (Some(Range(low, high)), _) => (low, high),
            (None, Architecture::PitchClass(_)) => (-2, 2),
            (None, _) => (-5, 6),
        };
        let paper = self.preset == Preset::Paper;
        let stage = Stage::from(self.stage);
        let batch = match (paper, stage) {
            (true, Stage::PseudoLabels) => 256,
            (true, _) => 128,
            (false, _) => 24,
        };
        TrainConfig {
            architecture,
            objective: self.objective(),
            start: start.map(str::to_owned),
            steps: self.steps,
            batch: self.batch.unwrap_or(batch),
            unlabelled_share: self.unlabelled_share.clamp(0.0, 1.0),
            window_frames,
            schedule: self.schedule(),
            weight_decay: if paper { 1e-5 } else { 1e-4 },
            transpose,
            level: 2.0,
            validate_every: self.validate_every.unwrap_or((self.steps / 20).max(1)),
            patience: self.patience.or(paper.then_some(10)),
            seed: self.seed,
            threads: self.threads,
        }
    }
}

/// Runs the command.
pub fn run(arguments: &TrainArguments, interrupted: &AtomicBool) -> Result<()> {
    let start = match &arguments.start {
        Some(path) => {
            let bytes =
                std::fs::read(path).with_context(|| format!("reading {}", path.display()))?;
            let weights = Weights::from_bytes(&bytes, &Device::flex())
                .with_context(|| path.display().to_string())?;
            let hash: String = Sha256::digest(&bytes)
                .iter()
                .map(|b| format!("{b:02x}"))
                .collect();
            Some((weights, hash))
        }
        None => None,
    };
    let (start, hash) = start.unzip();
    let config = arguments.config(hash.as_deref());
    let (labelled, unlabelled) = load(&arguments.frames, &config.architecture)?;
    let (valid, valid_unlabelled) = load(&arguments.valid, &config.architecture)?;
    let trained = train(
        &config,
        Data {
            labelled: &labelled,
            unlabelled: &unlabelled,
            valid: &valid,
            valid_unlabelled: &valid_unlabelled,
        },
        start,
        &arguments.out,
        &arguments.device.open()?,
        interrupted,
    )?;
    println!("{} of {} steps", trained.step, config.steps);
    Ok(())
}

/// Labelled and unlabelled examples of some folders.
fn load(
    folders: &[PathBuf],
    architecture: &Architecture,
) -> Result<(Vec<Frames>, Vec<Frames>)> {
    let mut labelled = Vec::new();
    let mut unlabelled = Vec::new();
    for folder in folders {
        for path in frames::list(folder)? {
            let example = load_one(&path, architecture)?;
            if example.is_labelled() {
                labelled.push(example);
            } else {
                unlabelled.push(example);
            }
        }
    }
    Ok((labelled, unlabelled))
}

fn load_one(path: &Path, architecture: &Architecture) -> Result<Frames> {
    ExampleFrames::load(path, architecture.front_end())
}
