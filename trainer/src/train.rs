//! The training loop: supervised, resumable, parallel over the windows of a batch.
//!
//! Each thread takes a fixed part of every batch on a fork of the network, and the
//! gradients are added in the order of the threads, so the result does not depend on
//! which thread is faster. Step `n` depends on the seed and `n` only, what dropout drops
//! included; a checkpoint holds network, optimiser and step, and a resumed run continues as
//! if never stopped.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Context, Result, bail, ensure};
use burn::grad_clipping::GradientClippingConfig;
use burn::module::Module as _;
use burn::optim::{AdamWConfig, GradientsAccumulator, GradientsParams, ModuleOptimizer};
use burn::tensor::{Device, FloatDType};
use harmony::export::atomic;
use networks::pitch_class::State;
use networks::{Init, Network, Weights, dropout};
use recognizer::networks::Architecture;
use recognizer::weights::ModelCard;
use serde::{Deserialize, Serialize};

use crate::batch::{Batch, KindWeights, kind_weights};
use crate::frames::Frames;
use crate::loss::loss;
use crate::objective::Objective;
use crate::sampler::{Pool, Sampler, Window};
use crate::schedule::{Plateau, Schedule};
use crate::validation::validate;
use crate::watch::{Watch, Watched};

/// Everything that decides the outcome of a run, beside the data.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TrainConfig {
    /// The network.
    pub architecture: Architecture,
    /// What it is taught.
    pub objective: Objective,
    /// SHA-256 of the weights the run starts from; random ones without.
    pub start: Option<String>,
    /// Optimiser steps in all.
    pub steps: u64,
    /// Windows in a batch.
    pub batch: usize,
    /// Share of a batch that comes from audio without labels.
    pub unlabelled_share: f64,
    /// Frames in a window.
    pub window_frames: usize,
    /// How the learning rate goes.
    pub schedule: Schedule,
    /// AdamW weight decay.
    pub weight_decay: f32,
    /// Lowest and highest transposition drawn, semitones.
    pub transpose: (i32, i32),
    /// Largest level change drawn, nepers.
    pub level: f32,
    /// Share of the windows that hang over an end of their example, see [`Sampler::overhang`].
    #[serde(default)]
    pub overhang: f64,
    /// Steps from one validation (and checkpoint) to the next.
    pub validate_every: u64,
    /// Validations without gain after which the run ends; none: never.
    pub patience: Option<u64>,
    /// Seed of initial weights and of all draws.
    pub seed: u64,
    /// Threads a batch is divided among; part of the outcome, since sums are ordered by it.
    pub threads: usize,
    /// Windows that a thread computes at once; part of the outcome as well. A few of them stay
    /// in the processor's own memory from one layer to the next.
    #[serde(default = "whole_part", alias = "at_once")]
    pub micro_batch: usize,
    /// The type in which products are taken.
    #[serde(default, alias = "products")]
    pub precision: Precision,
}

/// The type in which a network's products are taken while it is trained. Weights, sums, norms
/// and the loss are in single precision with either.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Precision {
    /// Single precision.
    #[default]
    F32,
    /// bfloat16: mixed precision.
    Bf16,
}

impl Precision {
    const fn dtype(self) -> FloatDType {
        match self {
            Self::F32 => FloatDType::F32,
            Self::Bf16 => FloatDType::BF16,
        }
    }
}

/// What runs did that were begun before there was a choice.
fn whole_part() -> usize {
    usize::MAX
}

/// The examples of a run.
#[derive(Debug, Clone, Copy)]
pub struct Data<'a> {
    /// With labels, perhaps with a teacher.
    pub labelled: &'a [Frames],
    /// With a teacher only.
    pub unlabelled: &'a [Frames],
    /// How much more often than by its length each of these is heard; 1 where none is given.
    pub unlabelled_weights: &'a [f32],
    /// Labelled, looked at for validation.
    pub valid: &'a [Frames],
    /// With a teacher only, looked at for validation.
    pub valid_unlabelled: &'a [Frames],
}

/// How far a run has come.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Progress {
    config: TrainConfig,
    /// Steps done.
    step: u64,
    /// Mean and deviation of the frames, as the networks expect them.
    mean: f32,
    deviation: f32,
    /// The schedule's memory.
    plateau: Plateau,
    /// Step of the best validation so far, and its loss.
    best: Option<(u64, f32)>,
}

impl Progress {
    /// Whether the last validations were all worse than the best.
    fn out_of_patience(&self) -> bool {
        let (Some(patience), Some((best, _))) = (self.config.patience, self.best) else {
            return false;
        };
        (self.step - best) / self.config.validate_every.max(1) >= patience
    }
}

/// What a finished run gives.
#[derive(Debug)]
pub struct Trained {
    /// The network, without autodiff.
    pub network: Network,
    /// Mean of the training frames.
    pub mean: f32,
    /// Their deviation.
    pub deviation: f32,
    /// Steps done; fewer than asked for when interrupted or stopped early.
    pub step: u64,
}

/// Trains on `data`, looks at its validation examples now and then, keeps checkpoints in
/// `folder` and resumes from them; stops, with a checkpoint, once `interrupted` is set.
/// A fresh run starts from `start`, or from random weights.
///
/// The threads' parts of a batch go to `devices` in turn; the first one keeps the network,
/// sums the gradients and validates.
///
/// # Errors
/// Empty data, more devices than threads or none, a folder that holds the checkpoints of
/// another run, or a file error.
pub fn train(
    config: &TrainConfig,
    data: Data<'_>,
    start: Option<Weights>,
    folder: &Path,
    devices: &[Device],
    watch: Watch,
    interrupted: &AtomicBool,
) -> Result<Trained> {
    ensure!(
        !data.labelled.is_empty() || !data.unlabelled.is_empty(),
        "no training examples"
    );
    ensure!(
        config.threads > 0 && config.batch >= config.threads,
        "a batch of {} cannot be divided among {} threads",
        config.batch,
        config.threads
    );
    ensure!(
        devices.len() <= config.threads,
        "{} devices need as many threads: a thread feeds one device",
        devices.len()
    );
    let plain = devices.first().context("no device to train on")?;
    fs::create_dir_all(folder).with_context(|| format!("creating {}", folder.display()))?;
    let device = plain.clone().autodiff();
    let checkpoint = Checkpoint::new(folder);
    let mut optimizer: ModuleOptimizer = AdamWConfig::new()
        .with_weight_decay(config.weight_decay)
        .with_grad_clipping(Some(GradientClippingConfig::Norm(1.0)))
        .init();
    device.seed(config.seed);
    let mut network = config.architecture.init(&device);
    let mut progress = match checkpoint.progress()? {
        Some(progress) => {
            if progress.config != *config {
                bail!("{} holds a run with other settings", folder.display());
            }
            network = network
                .try_load_file(checkpoint.network(progress.step))
                .context("checkpoint of the network")?;
            optimizer = optimizer
                .load(checkpoint.optimizer(progress.step))
                .context("checkpoint of the optimiser")?;
            progress
        }
        None => {
            let (mean, deviation) = match start {
                Some(weights) => {
                    ensure!(
                        weights.architecture.clone().with_dropout(0.0)
                            == config.architecture.clone().with_dropout(0.0),
                        "the weights to start from are of another architecture"
                    );
                    network = network
                        .try_load_record(weights.network.into_record())
                        .context("the weights to start from")?;
                    (weights.mean, weights.deviation)
                }
                None => statistics(data.labelled, data.unlabelled),
            };
            Progress {
                config: config.clone(),
                step: 0,
                mean,
                deviation,
                plateau: Plateau::default(),
                best: None,
            }
        }
    };

    let drawn = Drawn {
        sampler: Sampler {
            frames: config.window_frames,
            transpose: config.transpose,
            level: config.level,
            overhang: config.overhang,
            seed: config.seed,
        },
        labelled: Pool::new(data.labelled),
        unlabelled: Pool::weighted(data.unlabelled, data.unlabelled_weights),
        kinds: kind_weights(
            data.labelled.iter().flat_map(|e| e.chord.iter().copied()),
            config.objective.class_weighting,
        ),
    };
    let mut seen = Watched::start(watch, progress.step, config.steps, config.validate_every)?;
    let mut running = 0.0_f32;
    while progress.step < config.steps
        && !progress.out_of_patience()
        && !interrupted.load(Ordering::Relaxed)
        && !seen.stopped()
    {
        let rate = config
            .schedule
            .rate(progress.step, config.steps, &progress.plateau);
        let (loss, grads) = gradients(&network, &drawn, &progress, devices)?;
        network = optimizer.step(rate, network, grads);
        progress.step += 1;
        running = if running == 0.0 {
            loss
        } else {
            0.98 * running + 0.02 * loss
        };
        seen.step(progress.step, running, rate);
        if progress.step % config.validate_every.max(1) == 0 || progress.step == config.steps {
            let standard = (progress.mean, progress.deviation);
            let scores = validate(&network.valid(), data, &drawn.sampler, standard, plain);
            let watched = scores.watched(config.objective.stage);
            progress.plateau.note(&config.schedule, watched);
            let line = serde_json::json!({
                "step": progress.step, "elapsed_s": seen.elapsed_s(),
                "train_loss": running, "learning_rate": rate,
                "valid": scores.labelled, "valid_unlabelled": scores.unlabelled,
            });
            checkpoint.log(&line.to_string())?;
            seen.validated(progress.step, running, &scores);
            match progress.best {
                Some((_, best)) if watched >= best => {}
                _ => {
                    progress.best = Some((progress.step, watched));
                    checkpoint.keep_best(&network)?;
                }
            }
            checkpoint.save(&progress, &network, &optimizer)?;
            if progress.out_of_patience() {
                break;
            }
        }
    }
    if interrupted.load(Ordering::Relaxed) || seen.stopped() {
        checkpoint.save(&progress, &network, &optimizer)?;
    }
    seen.finish();
    Ok(Trained {
        network: network.valid(),
        mean: progress.mean,
        deviation: progress.deviation,
        step: progress.step,
    })
}

/// The network of the last checkpoint in `folder`, or the best of its validations, as
/// weights to be shipped with `card`.
///
/// # Errors
/// A folder without a checkpoint, or a damaged one.
pub fn weights(folder: &Path, best: bool, card: ModelCard) -> Result<(Weights, TrainConfig, u64)> {
    let checkpoint = Checkpoint::new(folder);
    let progress = checkpoint
        .progress()?
        .with_context(|| format!("{} has no checkpoint", folder.display()))?;
    let device = Device::flex();
    let network = progress
        .config
        .architecture
        .init(&device)
        .try_load_file(if best {
            checkpoint.best()
        } else {
            checkpoint.network(progress.step)
        })
        .context("checkpoint of the network")?;
    let step = match progress.best {
        Some((step, _)) if best => step,
        _ => progress.step,
    };
    let weights = Weights {
        architecture: progress.config.architecture.clone(),
        network,
        mean: progress.mean,
        deviation: progress.deviation,
        card,
    };
    Ok((weights, progress.config, step))
}

/// Where the windows of a step come from.
struct Drawn<'a> {
    sampler: Sampler,
    labelled: Pool<'a>,
    unlabelled: Pool<'a>,
    kinds: KindWeights,
}

impl Drawn<'_> {
    /// Window `index` of step `step`: every so many without a label, by the share asked for.
    fn window(&self, config: &TrainConfig, step: u64, index: usize) -> Window {
        let share = if self.unlabelled.frames() == 0 {
            0.0
        } else if self.labelled.frames() == 0 {
            1.0
        } else {
            config.unlabelled_share
        };
        let before = (index as f64 * share).floor();
        let pool = if ((index + 1) as f64 * share).floor() > before {
            &self.unlabelled
        } else {
            &self.labelled
        };
        self.sampler.draw(pool, step, index as u64)
    }
}

/// Loss of the whole batch, and its gradients, on the first of `devices`.
fn gradients(
    network: &Network,
    drawn: &Drawn<'_>,
    progress: &Progress,
    devices: &[Device],
) -> Result<(f32, GradientsParams)> {
    let config = &progress.config;
    // Frames of the batch: every part is divided by the same number.
    let weight = (config.batch * config.window_frames) as f32;
    let results = std::thread::scope(|scope| {
        let handles: Vec<_> = (0..config.threads)
            .map(|part| {
                let device = devices[part % devices.len()].clone().autodiff();
                let fork = network.clone().fork(&device);
                scope.spawn(move || {
                    let indices: Vec<usize> =
                        (part..config.batch).step_by(config.threads).collect();
                    let mut sum = 0.0;
                    let mut accumulator = GradientsAccumulator::new();
                    for indices in indices.chunks(config.micro_batch.max(1)) {
                        // Each window is in one chunk of one thread only.
                        dropout::seed(&[config.seed, progress.step, indices[0] as u64]);
                        let windows: Vec<Window> = indices
                            .iter()
                            .map(|&index| drawn.window(config, progress.step, index))
                            .collect();
                        let batch = Batch::new(
                            &windows,
                            &config.objective,
                            &drawn.kinds,
                            (progress.mean, progress.deviation),
                            &device,
                        );
                        let x = batch.x.cast(config.precision.dtype());
                        let logits = fork.forward(x, &mut State::default());
                        let loss = loss(logits, &batch.targets, weight);
                        sum += loss.clone().into_scalar::<f32>();
                        let grads = GradientsParams::from_grads(loss.backward(), &fork);
                        accumulator.accumulate(&fork, grads);
                    }
                    (sum, accumulator.grads())
                })
            })
            .collect();
        handles
            .into_iter()
            .map(|handle| handle.join())
            .collect::<std::thread::Result<Vec<_>>>()
    });
    let Ok(results) = results else {
        bail!("a training thread panicked");
    };
    let mut sum = 0.0;
    let mut accumulator = GradientsAccumulator::new();
    for (part, (loss, grads)) in results.into_iter().enumerate() {
        sum += loss;
        let elsewhere = part % devices.len() != 0;
        let grads = if elsewhere {
            grads.to_device(&devices[0], network)
        } else {
            grads
        };
        accumulator.accumulate(network, grads);
    }
    ensure!(
        sum.is_finite(),
        "the loss is {sum} at step {}",
        progress.step
    );
    Ok((sum, accumulator.grads()))
}

/// Mean and standard deviation over all bins of (at most 400 of each of) the examples.
fn statistics(labelled: &[Frames], unlabelled: &[Frames]) -> (f32, f32) {
    let (mut n, mut sum, mut squares) = (0.0_f64, 0.0, 0.0);
    let examples = labelled.iter().take(400).chain(unlabelled.iter().take(400));
    for x in examples.flat_map(|e| &e.bins) {
        let x = f64::from(x.to_f32());
        n += 1.0;
        sum += x;
        squares += x * x;
    }
    let mean = sum / n;
    (
        mean as f32,
        ((squares / n - mean * mean).max(1e-6)).sqrt() as f32,
    )
}

/// Files of a run: `progress.json`, and network and optimiser of the step it names.
struct Checkpoint {
    folder: PathBuf,
}

impl Checkpoint {
    fn new(folder: &Path) -> Self {
        Self {
            folder: folder.to_path_buf(),
        }
    }

    fn network(&self, step: u64) -> PathBuf {
        self.folder.join(format!("network-{step}.bpk"))
    }

    fn best(&self) -> PathBuf {
        self.folder.join("network-best.bpk")
    }

    /// Keeps the network of the best validation.
    fn keep_best(&self, network: &Network) -> Result<()> {
        let beside = self.folder.join("network-best-partial.bpk");
        network.clone().save_file(&beside)?;
        Ok(atomic::put_in_place(&beside, &self.best())?)
    }

    fn optimizer(&self, step: u64) -> PathBuf {
        self.folder.join(format!("optimizer-{step}.bpk"))
    }

    fn progress(&self) -> Result<Option<Progress>> {
        let path = self.folder.join("progress.json");
        if !path.exists() {
            return Ok(None);
        }
        let text =
            fs::read_to_string(&path).with_context(|| format!("reading {}", path.display()))?;
        let progress = serde_json::from_str(&text)
            .with_context(|| format!("{} is damaged", path.display()))?;
        Ok(Some(progress))
    }

    /// Network and optimiser first, on disk, then the name of their step, by rename: a kill
    /// or a power failure at any moment leaves a whole checkpoint. The one before is removed
    /// last.
    fn save(
        &self,
        progress: &Progress,
        network: &Network,
        optimizer: &ModuleOptimizer,
    ) -> Result<()> {
        let before = self
            .progress()?
            .map(|p| p.step)
            .filter(|&s| s != progress.step);
        network.clone().save_file(self.network(progress.step))?;
        optimizer.save(self.optimizer(progress.step))?;
        atomic::sync(&self.network(progress.step))?;
        atomic::sync(&self.optimizer(progress.step))?;
        let path = self.folder.join("progress.json");
        atomic::write(&path, &serde_json::to_vec_pretty(progress)?)?;
        if let Some(step) = before {
            // Leftovers only cost space.
            let _ = fs::remove_file(self.network(step));
            let _ = fs::remove_file(self.optimizer(step));
        }
        Ok(())
    }

    fn log(&self, line: &str) -> Result<()> {
        let path = self.folder.join("log.jsonl");
        let mut file = fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(&path)
            .with_context(|| format!("opening {}", path.display()))?;
        writeln!(file, "{line}").with_context(|| format!("writing {}", path.display()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frames::{IGNORED, SoftTargets};
    use crate::objective::Stage;
    use burn::tensor::Distribution;
    use burn::tensor::Tensor;
    use half::f16;
    use recognizer::features::BINS;
    use recognizer::networks::{BtcConfig, PitchClassNetConfig, TwoEOneDConfig};

    fn cosine(peak: f64) -> Schedule {
        Schedule::Cosine {
            from: peak / 10.0,
            peak,
            to: peak / 100.0,
            warm_up: 0.03,
        }
    }

    fn config(steps: u64) -> TrainConfig {
        TrainConfig {
            architecture: Architecture::PitchClass(
                PitchClassNetConfig::new(true, vec![1, 2])
                    .with_channels(12)
                    .with_bottleneck(6)
                    .with_front_channels(4),
            ),
            objective: Objective::ours(Stage::Labels),
            start: None,
            steps,
            batch: 4,
            unlabelled_share: 0.5,
            window_frames: 24,
            schedule: cosine(3e-3),
            weight_decay: 1e-4,
            transpose: (-2, 2),
            level: 1.0,
            overhang: 0.2,
            validate_every: (steps / 12).max(1),
            patience: None,
            seed: 3,
            threads: 2,
            micro_batch: usize::MAX,
            precision: Precision::F32,
        }
    }

    /// Frames in which the class shows: a peak at the root, another a fifth above.
    fn easy() -> Vec<Frames> {
        (0..12_u8)
            .map(|root| {
                let mut frames = Frames::new();
                for _ in 0..60 {
                    for bin in 0..BINS {
                        let pitch_class = bin / 2 % 12;
                        let loud = pitch_class == usize::from(root)
                            || pitch_class == usize::from(root + 7) % 12;
                        frames
                            .bins
                            .push(f16::from_f32(if loud { -2.0 } else { -8.0 }));
                    }
                    frames.chord.push(root * 14 + 1);
                    frames.bass.push(root);
                    frames.colour.push(IGNORED);
                }
                frames
            })
            .collect()
    }

    /// Small ones of each kind, with dropout.
    fn with_dropout() -> [(&'static str, Architecture); 3] {
        let paper_students = (
            BtcConfig::new()
                .with_hidden(16)
                .with_heads(2)
                .with_layers(1),
            TwoEOneDConfig::new().with_layers(1),
        );
        [
            ("pitch-class", config(1).architecture),
            ("btc", Architecture::Btc(paper_students.0)),
            ("2e1d", Architecture::TwoEOneD(paper_students.1)),
        ]
        .map(|(name, architecture)| (name, architecture.with_dropout(0.2)))
    }

    fn output(network: &Network) -> Vec<f32> {
        let device = Device::flex();
        device.seed(9);
        let x = Tensor::random([1, 8, BINS], Distribution::Default, &device);
        network
            .forward(x, &mut State::default())
            .chord
            .into_data()
            .iter::<f32>()
            .collect()
    }

    fn run(
        config: &TrainConfig,
        examples: &[Frames],
        folder: &Path,
        stop: &AtomicBool,
    ) -> Result<Trained> {
        run_on(&[Device::flex()], config, examples, folder, stop)
    }

    fn run_on(
        devices: &[Device],
        config: &TrainConfig,
        examples: &[Frames],
        folder: &Path,
        stop: &AtomicBool,
    ) -> Result<Trained> {
        let data = Data {
            labelled: examples,
            unlabelled: &[],
            unlabelled_weights: &[],
            valid: examples,
            valid_unlabelled: &[],
        };
        train(config, data, None, folder, devices, Watch::Bar, stop)
    }

    fn last_validation(folder: &Path) -> serde_json::Value {
        let log = fs::read_to_string(folder.join("log.jsonl")).unwrap();
        serde_json::from_str(log.lines().last().unwrap()).unwrap()
    }

    /// The same frames without labels, and a teacher that is sure of them.
    fn heard(examples: &[Frames]) -> Vec<Frames> {
        examples
            .iter()
            .map(|example| {
                let mut example = example.clone();
                let mut soft = SoftTargets::default();
                for (chord, bass) in example.chord.iter_mut().zip(&mut example.bass) {
                    let mut p = vec![f16::from_f32(0.1 / 170.0); 170];
                    p[usize::from(*chord)] = f16::from_f32(0.9);
                    soft.chord.extend(p);
                    (*chord, *bass) = (IGNORED, IGNORED);
                }
                example.teacher = Some(soft);
                example
            })
            .collect()
    }

    #[test]
    fn pseudo_labels_alone_teach() {
        let examples = heard(&easy());
        let folder = tempfile::tempdir().unwrap();
        let data = Data {
            labelled: &[],
            unlabelled: &examples,
            unlabelled_weights: &[],
            valid: &[],
            valid_unlabelled: &examples,
        };
        for (name, objective) in [
            ("paper", Objective::paper(Stage::PseudoLabels)),
            ("ours", Objective::ours(Stage::PseudoLabels)),
        ] {
            let config = TrainConfig {
                objective,
                schedule: cosine(1e-2),
                ..config(150)
            };
            let folder = folder.path().join(name);
            train(
                &config,
                data,
                None,
                &folder,
                &[Device::flex()],
                Watch::Bar,
                &AtomicBool::new(false),
            )
            .unwrap();
            let last = last_validation(&folder);
            let root = last["valid_unlabelled"]["root"].as_f64().unwrap();
            assert!(root > 0.9, "{name}: {last}");
        }
    }

    /// The same run, stopped after its first validation and started again from the files.
    fn stopped_and_resumed(config: &TrainConfig, data: &[Frames], folder: &Path) -> Trained {
        // The run may be over before it is told to stop; then it is begun anew.
        for attempt in 0..100 {
            let folder = folder.join(attempt.to_string());
            let stop = AtomicBool::new(false);
            let stopped = std::thread::scope(|scope| {
                scope.spawn(|| {
                    while !folder.join("progress.json").exists() {
                        std::thread::yield_now();
                    }
                    stop.store(true, Ordering::Relaxed);
                });
                run(config, data, &folder, &stop).unwrap()
            });
            if stopped.step < config.steps {
                return run(config, data, &folder, &AtomicBool::new(false)).unwrap();
            }
        }
        panic!("it was never stopped in time");
    }

    fn resumes_to_the_same_bits(name: &str, config: &TrainConfig) -> Vec<f32> {
        let data = easy();
        let folder = tempfile::tempdir().unwrap();
        let go = AtomicBool::new(false);
        let whole = run(config, &data, &folder.path().join("whole"), &go).unwrap();
        let resumed = stopped_and_resumed(config, &data, &folder.path().join("part"));
        assert_eq!(resumed.step, config.steps, "{name}");
        assert_eq!(output(&whole.network), output(&resumed.network), "{name}");
        output(&whole.network)
    }

    #[test]
    fn a_resumed_run_ends_where_an_uninterrupted_one_does() {
        resumes_to_the_same_bits("without dropout", &config(12));
    }

    /// What is dropped follows from seed, step and window: neither an interruption nor the race
    /// of the threads shows in the result.
    #[test]
    fn with_dropout_a_resumed_run_ends_in_the_same_bits_too() {
        for (name, architecture) in with_dropout() {
            for threads in [1, 2] {
                let dropping = TrainConfig {
                    architecture: architecture.clone(),
                    threads,
                    micro_batch: 1,
                    ..config(12)
                };
                let same = resumes_to_the_same_bits(name, &dropping);
                let keeping = TrainConfig {
                    architecture: architecture.clone().with_dropout(0.0),
                    ..dropping
                };
                let folder = tempfile::tempdir().unwrap();
                let go = AtomicBool::new(false);
                let kept = run(&keeping, &easy(), folder.path(), &go).unwrap();
                assert_ne!(same, output(&kept.network), "{name}: nothing was dropped");
            }
        }
    }

    /// Of the devices that share a batch all but the first send their gradients over; here
    /// they go from the processor to itself.
    #[test]
    fn how_many_devices_share_a_batch_changes_nothing() {
        let data = easy();
        let folder = tempfile::tempdir().unwrap();
        let stop = AtomicBool::new(false);
        let trained = |count: usize| {
            let devices = vec![Device::flex(); count];
            let folder = folder.path().join(count.to_string());
            run_on(&devices, &config(12), &data, &folder, &stop)
        };
        let alone = output(&trained(1).unwrap().network);
        assert_eq!(alone, output(&trained(2).unwrap().network));
        let refused = trained(3).unwrap_err().to_string();
        assert!(refused.contains("3 devices"), "{refused}");
        assert!(trained(0).is_err());
    }

    /// The loss is a sum over windows: in which order they come changes its last digits alone.
    #[test]
    fn how_many_windows_are_computed_at_once_changes_nearly_nothing() {
        let data = easy();
        let folder = tempfile::tempdir().unwrap();
        let trained = |micro_batch: usize| {
            let config = TrainConfig {
                micro_batch,
                ..config(3)
            };
            let folder = folder.path().join(micro_batch.to_string());
            output(
                &run(&config, &data, &folder, &AtomicBool::new(false))
                    .unwrap()
                    .network,
            )
        };
        let (all, one) = (trained(usize::MAX), trained(1));
        let furthest = all.iter().zip(&one).map(|(a, b)| (a - b).abs());
        assert!(furthest.fold(0.0, f32::max) < 1e-2, "{all:?} {one:?}");
    }

    #[test]
    fn mixed_precision_goes_the_same_way() {
        let data = easy();
        let folder = tempfile::tempdir().unwrap();
        let trained = |precision: Precision| {
            let config = TrainConfig {
                precision,
                schedule: cosine(1e-2),
                ..config(150)
            };
            let folder = folder.path().join(format!("{precision:?}"));
            run(&config, &data, &folder, &AtomicBool::new(false)).unwrap();
            let last = last_validation(&folder);
            (
                last["valid"]["root"].as_f64().unwrap(),
                last["train_loss"].as_f64().unwrap(),
            )
        };
        let ((root, loss), (exact_root, exact_loss)) =
            (trained(Precision::Bf16), trained(Precision::F32));
        assert!(root > 0.9 && exact_root > 0.9, "{root} {exact_root}");
        assert!((loss / exact_loss - 1.0).abs() < 0.1, "{loss} {exact_loss}");
    }

    #[test]
    fn it_learns_what_can_be_learned() {
        let data = easy();
        let folder = tempfile::tempdir().unwrap();
        let config = TrainConfig {
            schedule: cosine(1e-2),
            ..config(150)
        };
        let trained = run(&config, &data, folder.path(), &AtomicBool::new(false)).unwrap();
        let last = last_validation(folder.path());
        assert_eq!(trained.step, 150);
        assert!(last["valid"]["root"].as_f64().unwrap() > 0.9, "{last}");
    }

    #[test]
    fn another_runs_folder_is_refused() {
        let data = easy();
        let folder = tempfile::tempdir().unwrap();
        run(&config(2), &data, folder.path(), &AtomicBool::new(false)).unwrap();
        let error = run(&config(3), &data, folder.path(), &AtomicBool::new(false)).unwrap_err();
        assert!(error.to_string().contains("other settings"), "{error}");
    }
}
