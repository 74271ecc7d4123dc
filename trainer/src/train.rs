//! The training loop: supervised, resumable, parallel over the windows of a batch.
//!
//! Each thread takes a fixed part of every batch on a fork of the network, and the
//! gradients are added in the order of the threads, so the result does not depend on
//! which thread is faster. Step `n` depends on the seed and `n` only; a checkpoint holds
//! network, optimiser and step, and a resumed run continues as if never stopped.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use anyhow::{Context, Result, bail, ensure};
use burn::grad_clipping::GradientClippingConfig;
use burn::module::Module as _;
use burn::optim::{AdamWConfig, GradientsAccumulator, GradientsParams, ModuleOptimizer};
use burn::tensor::{Device, Tensor, TensorData};
use indicatif::{ProgressBar, ProgressStyle};
use recognizer::features::BINS;
use recognizer::networks::network::{Architecture, Network};
use recognizer::networks::pitch_class::State;
use recognizer::weights::{ModelCard, Weights};
use serde::{Deserialize, Serialize};

use crate::frames::{Frames, IGNORED};
use crate::loss::{Targets, cross_entropy};
use crate::sampler::{Sampler, Window};

/// Everything that decides the outcome of a run, beside the data.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TrainConfig {
    /// The network.
    pub architecture: Architecture,
    /// Optimiser steps in all.
    pub steps: u64,
    /// Windows in a batch.
    pub batch: usize,
    /// Frames in a window.
    pub window_frames: usize,
    /// Highest learning rate; warmed up to over the first 3 % of the steps, then a cosine to 1 %.
    pub learning_rate: f64,
    /// AdamW weight decay.
    pub weight_decay: f32,
    /// Largest transposition drawn, semitones.
    pub transpose: i32,
    /// Largest level change drawn, nepers.
    pub level: f32,
    /// Seed of initial weights and of all draws.
    pub seed: u64,
    /// Threads a batch is divided among; part of the outcome, since sums are ordered by it.
    pub threads: usize,
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
    /// Steps done; fewer than asked for when interrupted.
    pub step: u64,
}

/// Scores on windows that are not trained on.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Validation {
    /// Mean loss a frame.
    pub loss: f32,
    /// Share of frames with the right class of 170.
    pub chord: f32,
    /// Share of frames with the right root.
    pub root: f32,
    /// Share of frames with the right bass.
    pub bass: f32,
}

/// Learning rate of step `step`.
fn learning_rate(config: &TrainConfig, step: u64) -> f64 {
    let warm_up = (config.steps as f64 * 0.03).max(1.0);
    let step = step as f64;
    if step < warm_up {
        return config.learning_rate * (step + 1.0) / warm_up;
    }
    let done = (step - warm_up) / (config.steps as f64 - warm_up).max(1.0);
    let cosine = 0.5 * (1.0 + (std::f64::consts::PI * done).cos());
    config.learning_rate * (0.01 + 0.99 * cosine)
}

/// Trains on `train`, looks at `valid` now and then, keeps checkpoints in `folder` and
/// resumes from them; stops early, with a checkpoint, once `interrupted` is set.
///
/// # Errors
/// Empty data, a folder that holds the checkpoints of another run, or a file error.
pub fn train(
    config: &TrainConfig,
    train: &[Frames],
    valid: &[Frames],
    folder: &Path,
    interrupted: &AtomicBool,
) -> Result<Trained> {
    ensure!(!train.is_empty(), "no training examples");
    ensure!(
        config.threads > 0 && config.batch >= config.threads,
        "a batch of {} cannot be divided among {} threads",
        config.batch,
        config.threads
    );
    fs::create_dir_all(folder).with_context(|| format!("creating {}", folder.display()))?;
    let device = Device::flex().autodiff();
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
            let (mean, deviation) = statistics(train);
            Progress {
                config: config.clone(),
                step: 0,
                mean,
                deviation,
            }
        }
    };

    let sampler = Sampler {
        frames: config.window_frames,
        transpose: config.transpose,
        level: config.level,
        seed: config.seed,
    };
    let bar = ProgressBar::new(config.steps).with_style(
        ProgressStyle::with_template("{bar:30} {pos}/{len} {elapsed}<{eta} {msg}")
            .unwrap_or_else(|_| ProgressStyle::default_bar()),
    );
    bar.set_position(progress.step);
    let started = Instant::now();
    let validate_every = (config.steps / 20).max(1);
    let mut running = 0.0_f32;
    while progress.step < config.steps && !interrupted.load(Ordering::Relaxed) {
        let parts = batch(&sampler, train, progress.step, config);
        let (loss, grads) = gradients(&network, &parts, &progress, &device)?;
        network = optimizer.step(learning_rate(config, progress.step), network, grads);
        progress.step += 1;
        running = if running == 0.0 {
            loss
        } else {
            0.98 * running + 0.02 * loss
        };
        bar.set_position(progress.step);
        bar.set_message(format!("loss {running:.3}"));
        if progress.step % validate_every == 0 || progress.step == config.steps {
            let scores = validate(&network.valid(), valid, &sampler, &progress);
            let line = serde_json::json!({
                "step": progress.step, "elapsed_s": started.elapsed().as_secs_f64(),
                "train_loss": running, "learning_rate": learning_rate(config, progress.step),
                "valid": scores,
            });
            checkpoint.log(&line.to_string())?;
            let line = format!(
                "step {} train {running:.3} valid {:.3} chord {:.3} root {:.3} bass {:.3}",
                progress.step, scores.loss, scores.chord, scores.root, scores.bass
            );
            if bar.is_hidden() {
                eprintln!("{line} ({:.0} s)", started.elapsed().as_secs_f64())
            } else {
                bar.println(line)
            }
            checkpoint.save(&progress, &network, &optimizer)?;
        }
    }
    if progress.step < config.steps {
        checkpoint.save(&progress, &network, &optimizer)?;
    }
    bar.finish();
    Ok(Trained {
        network: network.valid(),
        mean: progress.mean,
        deviation: progress.deviation,
        step: progress.step,
    })
}

/// The network of the last checkpoint in `folder`, as weights to be shipped with `card`.
///
/// # Errors
/// A folder without a checkpoint, or a damaged one.
pub fn weights(folder: &Path, card: ModelCard) -> Result<(Weights, TrainConfig, u64)> {
    let checkpoint = Checkpoint::new(folder);
    let progress = checkpoint
        .progress()?
        .with_context(|| format!("{} has no checkpoint", folder.display()))?;
    let device = Device::flex();
    let network = progress
        .config
        .architecture
        .init(&device)
        .try_load_file(checkpoint.network(progress.step))
        .context("checkpoint of the network")?;
    let weights = Weights {
        architecture: progress.config.architecture.clone(),
        network,
        mean: progress.mean,
        deviation: progress.deviation,
        card,
    };
    Ok((weights, progress.config, progress.step))
}

/// The windows of a step, one part a thread.
fn batch(
    sampler: &Sampler,
    examples: &[Frames],
    step: u64,
    config: &TrainConfig,
) -> Vec<Vec<Window>> {
    (0..config.threads)
        .map(|part| {
            (part..config.batch)
                .step_by(config.threads)
                .map(|index| sampler.draw(examples, step, index as u64))
                .collect()
        })
        .collect()
}

/// Loss of the whole batch, and its gradients.
fn gradients(
    network: &Network,
    parts: &[Vec<Window>],
    progress: &Progress,
    device: &Device,
) -> Result<(f32, GradientsParams)> {
    let weight = parts
        .iter()
        .flatten()
        .flat_map(|w| &w.chord)
        .filter(|&&c| c != IGNORED)
        .count()
        .max(1) as f32;
    let results = std::thread::scope(|scope| {
        let handles: Vec<_> = parts
            .iter()
            .map(|windows| {
                let fork = network.clone().fork(device);
                scope.spawn(move || {
                    let (x, targets) = tensors(windows, progress, device);
                    let logits = fork.forward(x, &mut State::default());
                    let loss = cross_entropy(logits, &targets, weight);
                    let value = loss.clone().into_scalar::<f32>();
                    (value, GradientsParams::from_grads(loss.backward(), &fork))
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
    for (loss, grads) in results {
        sum += loss;
        accumulator.accumulate(network, grads);
    }
    ensure!(
        sum.is_finite(),
        "the loss is {sum} at step {}",
        progress.step
    );
    Ok((sum, accumulator.grads()))
}

fn tensors(windows: &[Window], progress: &Progress, device: &Device) -> (Tensor<3>, Targets) {
    let frames = windows.first().map_or(0, |w| w.chord.len());
    let rows = windows.len() * frames;
    let bins: Vec<f32> = windows
        .iter()
        .flat_map(|w| &w.bins)
        .map(|x| (x - progress.mean) / progress.deviation)
        .collect();
    let classes = |pick: fn(&Window) -> &Vec<u8>| {
        let data: Vec<i64> = windows
            .iter()
            .flat_map(pick)
            .map(|&c| if c == IGNORED { 0 } else { i64::from(c) })
            .collect();
        Tensor::from_data(TensorData::new(data, [rows]), device)
    };
    let weight: Vec<f32> = windows
        .iter()
        .flat_map(|w| &w.chord)
        .map(|&c| if c == IGNORED { 0.0 } else { 1.0 })
        .collect();
    let targets = Targets {
        chord: classes(|w| &w.chord),
        bass: classes(|w| &w.bass),
        weight: Tensor::from_data(TensorData::new(weight, [rows]), device),
    };
    let x = Tensor::from_data(TensorData::new(bins, [windows.len(), frames, BINS]), device);
    (x, targets)
}

/// Windows looked at for validation.
const VALIDATION_WINDOWS: u64 = 96;

fn validate(
    network: &Network,
    valid: &[Frames],
    sampler: &Sampler,
    progress: &Progress,
) -> Validation {
    let plain = Sampler {
        transpose: 0,
        level: 0.0,
        seed: 0x7a11d,
        ..sampler.clone()
    };
    let device = Device::flex();
    let (mut loss, mut frames, mut chord, mut root, mut bass) = (0.0, 0.0_f32, 0.0, 0.0, 0.0);
    if valid.is_empty() {
        return Validation {
            loss: f32::NAN,
            chord: f32::NAN,
            root: f32::NAN,
            bass: f32::NAN,
        };
    }
    for index in 0..VALIDATION_WINDOWS {
        let window = plain.draw(valid, u64::MAX / 8192, index);
        let (x, targets) = tensors(std::slice::from_ref(&window), progress, &device);
        let logits = network.forward(x, &mut State::default());
        loss += cross_entropy(logits.clone(), &targets, 1.0).into_scalar::<f32>();
        let best = |t: Tensor<3>| -> Vec<i64> { t.argmax(2).into_data().iter::<i64>().collect() };
        let chords = best(logits.chord);
        let basses = logits.bass.map(best);
        for (t, &target) in window.chord.iter().enumerate() {
            if target == IGNORED {
                continue;
            }
            frames += 1.0;
            let (found, target) = (chords[t], i64::from(target));
            chord += f32::from(found == target);
            root += f32::from(
                found == target || (found < 168 && target < 168 && found / 14 == target / 14),
            );
            if let Some(basses) = &basses {
                bass += f32::from(basses[t] == i64::from(window.bass[t]));
            }
        }
    }
    let frames = frames.max(1.0);
    Validation {
        loss: loss / frames,
        chord: chord / frames,
        root: root / frames,
        bass: bass / frames,
    }
}

/// Mean and standard deviation over all bins of (at most 400 of) the examples.
fn statistics(examples: &[Frames]) -> (f32, f32) {
    let (mut n, mut sum, mut squares) = (0.0_f64, 0.0, 0.0);
    for x in examples.iter().take(400).flat_map(|e| &e.bins) {
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

    /// Network and optimiser first, then the name of their step, by rename: a kill at any
    /// moment leaves a whole checkpoint. The one before is removed last.
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
        let path = self.folder.join("progress.json");
        let beside = self.folder.join("progress.json.partial");
        fs::write(&beside, serde_json::to_string_pretty(progress)?)
            .with_context(|| format!("writing {}", beside.display()))?;
        fs::rename(&beside, &path).with_context(|| format!("writing {}", path.display()))?;
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
    use burn::tensor::Distribution;
    use half::f16;
    use recognizer::networks::pitch_class::PitchClassNetConfig;

    fn config(steps: u64) -> TrainConfig {
        TrainConfig {
            architecture: Architecture::PitchClass(
                PitchClassNetConfig::new(true, vec![1, 2])
                    .with_channels(12)
                    .with_bottleneck(6)
                    .with_front_channels(4),
            ),
            steps,
            batch: 4,
            window_frames: 24,
            learning_rate: 3e-3,
            weight_decay: 1e-4,
            transpose: 2,
            level: 1.0,
            seed: 3,
            threads: 2,
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
                }
                frames
            })
            .collect()
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

    #[test]
    fn a_resumed_run_ends_where_an_uninterrupted_one_does() {
        let data = easy();
        let folder = tempfile::tempdir().unwrap();
        let whole = train(
            &config(12),
            &data,
            &data,
            &folder.path().join("whole"),
            &AtomicBool::new(false),
        )
        .unwrap();

        // The same run, stopped after its first validation and started again from the files.
        let part = folder.path().join("part");
        let stop = AtomicBool::new(false);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                while !part.join("progress.json").exists() {
                    std::thread::yield_now();
                }
                stop.store(true, Ordering::Relaxed);
            });
            train(&config(12), &data, &data, &part, &stop).unwrap();
        });
        let resumed = train(&config(12), &data, &data, &part, &AtomicBool::new(false)).unwrap();
        assert_eq!(resumed.step, 12);
        assert_eq!(output(&whole.network), output(&resumed.network));
    }

    #[test]
    fn it_learns_what_can_be_learned() {
        let data = easy();
        let folder = tempfile::tempdir().unwrap();
        let config = TrainConfig {
            learning_rate: 1e-2,
            ..config(150)
        };
        let trained = train(
            &config,
            &data,
            &data,
            folder.path(),
            &AtomicBool::new(false),
        )
        .unwrap();
        let log = fs::read_to_string(folder.path().join("log.jsonl")).unwrap();
        let last: serde_json::Value = serde_json::from_str(log.lines().last().unwrap()).unwrap();
        assert_eq!(trained.step, 150);
        assert!(last["valid"]["root"].as_f64().unwrap() > 0.9, "{last}");
    }

    #[test]
    fn another_runs_folder_is_refused() {
        let data = easy();
        let folder = tempfile::tempdir().unwrap();
        train(
            &config(2),
            &data,
            &data,
            folder.path(),
            &AtomicBool::new(false),
        )
        .unwrap();
        let error = train(
            &config(3),
            &data,
            &data,
            folder.path(),
            &AtomicBool::new(false),
        )
        .unwrap_err();
        assert!(error.to_string().contains("other settings"), "{error}");
    }
}
