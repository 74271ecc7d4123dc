//! The windows of a step, and the gradients of their loss.

use anyhow::{Result, bail, ensure};
use burn::module::Module as _;
use burn::optim::{GradientsAccumulator, GradientsParams};
use burn::tensor::Device;
use networks::pitch_class::State;
use networks::{Network, dropout};

use super::checkpoint::Progress;
use super::config::TrainConfig;
use crate::batch::{Batch, KindWeights};
use crate::frames::Frames;
use crate::loss::loss;
use crate::sampler::{Pool, Sampler, Window};

/// The source of a step's windows.
pub(super) struct Drawn<'a> {
    pub(super) sampler: Sampler,
    pub(super) labelled: Pool<'a>,
    pub(super) unlabelled: Pool<'a>,
    pub(super) kinds: KindWeights,
}

impl Drawn<'_> {
    /// Window `index` of step `step`; unlabelled ones come at intervals given by their share.
    pub(super) fn window(&self, config: &TrainConfig, step: u64, index: usize) -> Window {
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
pub(super) fn gradients(
    network: &Network,
    drawn: &Drawn<'_>,
    progress: &Progress,
    devices: &[Device],
) -> Result<(f32, GradientsParams)> {
    let config = &progress.config;
    // Frames of the batch: the loss of every part is divided by the same number.
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
                        // Each window is in exactly one chunk of one thread.
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

/// Mean and standard deviation over all bins of the examples (of at most 400 of each kind).
pub(super) fn statistics(labelled: &[Frames], unlabelled: &[Frames]) -> (f32, f32) {
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
