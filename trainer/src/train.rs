//! The training loop: supervised, resumable, parallel over the windows of a batch.
//!
//! Each thread takes a fixed part of every batch on a fork of the network, and the gradients
//! are added in the order of the threads, so the result does not depend on which thread is
//! faster. Step `n` depends only on the seed and `n`, including dropout; a checkpoint has
//! network, optimizer and step, and a resumed run continues exactly as an uninterrupted one.

mod checkpoint;
mod config;
mod gradients;

use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Context, Result, bail, ensure};
use burn::grad_clipping::GradientClippingConfig;
use burn::module::Module as _;
use burn::optim::{AdamWConfig, ModuleOptimizer};
use burn::tensor::Device;
use cpu_time::ProcessTime;
use networks::{Init, Weights};
use recognizer::weights::ModelCard;

use crate::batch::kind_weights;
use crate::frames::Frames;
use crate::sampler::{Pool, Sampler};
use crate::schedule::Plateau;
use crate::validation::validate;
use crate::watch::{Watch, Watched};
use checkpoint::{Checkpoint, Progress};
use gradients::{Drawn, gradients, statistics};

pub(crate) use config::{Precision, TrainConfig};

/// The examples of a run.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Data<'a> {
    /// With labels, optionally with a teacher.
    pub labelled: &'a [Frames],
    /// With only a teacher.
    pub unlabelled: &'a [Frames],
    /// Weight of each of these beyond its length; 1 if none is given.
    pub unlabelled_weights: &'a [f32],
    /// Labelled, for validation.
    pub valid: &'a [Frames],
    /// With only a teacher, for validation.
    pub valid_unlabelled: &'a [Frames],
}

/// The result of a finished run.
#[derive(Debug)]
pub(crate) struct Trained {
    /// The network, without autodiff.
    #[cfg(test)]
    network: networks::Network,
    /// Steps done; fewer than requested if interrupted or stopped early.
    pub step: u64,
    /// Seconds of one processor core that they took, of all threads together.
    pub core_seconds: f64,
}

/// Trains on `data`, validates at intervals, writes checkpoints to `folder` and resumes from
/// them; stops, with a checkpoint, once `interrupted` is set. A new run starts from `start`,
/// or from random weights.
///
/// The threads' parts of a batch are distributed over `devices`; the first one keeps the
/// network, sums the gradients and validates.
///
/// # Errors
/// If there is no data, no device or more devices than threads, the folder has checkpoints of
/// another run, or a file cannot be read or written.
pub(crate) fn train(
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
                bail!("{} contains a run with other settings", folder.display());
            }
            network = network
                .try_load_file(checkpoint.network(progress.step))
                .context("checkpoint of the network")?;
            optimizer = optimizer
                .load(checkpoint.optimizer(progress.step))
                .context("checkpoint of the optimizer")?;
            progress
        }
        None => {
            let (mean, deviation) = match start {
                Some(weights) => {
                    ensure!(
                        weights.architecture.clone().with_dropout(0.0)
                            == config.architecture.clone().with_dropout(0.0),
                        "the weights to start from have another architecture"
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
                core_seconds: 0.0,
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
    let (clock, earlier_s) = (ProcessTime::now(), progress.core_seconds);
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
        progress.core_seconds = earlier_s + clock.elapsed().as_secs_f64();
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
            progress.core_seconds = earlier_s + clock.elapsed().as_secs_f64();
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
        #[cfg(test)]
        network: network.valid(),
        step: progress.step,
        core_seconds: progress.core_seconds,
    })
}

/// The network of the last checkpoint in `folder`, or the best of its validations, as weights
/// with `card`.
///
/// # Errors
/// If the folder has no checkpoint, or a damaged one.
pub(crate) fn weights(
    folder: &Path,
    best: bool,
    card: ModelCard,
) -> Result<(Weights, TrainConfig, u64)> {
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
        calibrations: recognizer::calibration::Calibrations::default(),
        card,
    };
    Ok((weights, progress.config, step))
}

#[cfg(test)]
mod tests {
    use networks::pitch_class::State;
    use recognizer::networks::Architecture;

    use super::*;
    use crate::frames::{IGNORED, SoftTargets};
    use crate::objective::Objective;
    use crate::objective::Stage;
    use crate::schedule::Schedule;
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

    /// Frames that make the class obvious: a peak at the root, another a fifth above.
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
                    frames.extensions.push(IGNORED);
                }
                frames
            })
            .collect()
    }

    /// Small networks of each kind, with dropout.
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

    fn output(network: &networks::Network) -> Vec<f32> {
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

    /// The same frames without labels, with a confident teacher.
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
    fn runs_with_the_older_names_are_read() {
        let config = config(4);
        let text = serde_json::to_string(&config).unwrap();
        let older = text
            .replace("micro_batch", "at_once")
            .replace("precision", "products");
        assert_ne!(text, older);
        assert_eq!(serde_json::from_str::<TrainConfig>(&older).unwrap(), config);
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

    /// The same run, stopped after its first validation and resumed from its files.
    fn stopped_and_resumed(config: &TrainConfig, data: &[Frames], folder: &Path) -> Trained {
        // The run may finish before it is told to stop; then it is repeated.
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
                let resumed = run(config, data, &folder, &AtomicBool::new(false)).unwrap();
                assert!(stopped.core_seconds > 0.0);
                assert!(resumed.core_seconds > stopped.core_seconds);
                return resumed;
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

    /// Dropout depends on seed, step and window: neither interruptions nor thread timing affect
    /// the result.
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

    /// When devices share a batch, all but the first transfer their gradients; here from the
    /// processor to itself.
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

    /// The loss is a sum over windows: their order changes only its last digits.
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
