//! Scores on validation windows during a run.

use std::fmt;

use burn::tensor::activation::log_softmax;
use burn::tensor::{Device, Tensor, TensorData};
use harmony::vocabulary::{large, majmin as majmin_classes};
use networks::Network;
use networks::pitch_class::State;
use recognizer::decode::viterbi::argmax;
use recognizer::features::BINS;
use recognizer::networks::CHORD_CLASSES;
use serde::Serialize;

use crate::frames::{Frames, IGNORED};
use crate::objective::Stage;
use crate::sampler::{Pool, Sampler, Window};
use crate::train::Data;

/// Validation windows of each kind.
const WINDOWS: u64 = 64;
/// Windows per batch.
const BATCH: u64 = 8;

/// Scores on one kind of window.
#[derive(Debug, Clone, Copy, Default, Serialize)]
pub(crate) struct Scores {
    /// Mean cross-entropy of the chord head, in nats per frame, against the label or the
    /// teacher's probabilities.
    pub loss: f32,
    /// Share of frames with the right class of 170.
    pub chord: f32,
    /// Share of frames with the right major or minor triad, among those that have one.
    pub majmin: f32,
    /// Share of frames with the right root.
    pub root: f32,
    /// Share of frames with the right bass, among those with a chord.
    pub bass: f32,
    /// Share of right basses among frames whose bass is not the root.
    pub inversion: f32,
}

/// Scores on both kinds.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Validation {
    /// Against labels.
    pub labelled: Option<Scores>,
    /// Against the teacher.
    pub unlabelled: Option<Scores>,
}

impl Validation {
    /// The loss for early stopping and plateaus.
    pub(crate) fn watched(&self, stage: Stage) -> f32 {
        let (first, second) = match stage {
            Stage::PseudoLabels => (self.unlabelled, self.labelled),
            _ => (self.labelled, self.unlabelled),
        };
        first.or(second).map_or(f32::NAN, |s| s.loss)
    }
}

impl fmt::Display for Validation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, scores) in [("labels", self.labelled), ("teacher", self.unlabelled)] {
            if let Some(s) = scores {
                write!(
                    f,
                    "| {name} {:.3} chord {:.3} majmin {:.3} root {:.3} bass {:.3} inv {:.3} ",
                    s.loss, s.chord, s.majmin, s.root, s.bass, s.inversion
                )?;
            }
        }
        Ok(())
    }
}

/// Scores `network` on the validation examples of `data`; frames are standardized by
/// `standard` (mean, deviation).
pub(crate) fn validate(
    network: &Network,
    data: Data<'_>,
    sampler: &Sampler,
    standard: (f32, f32),
    device: &Device,
) -> Validation {
    let plain = Sampler {
        transpose: (0, 0),
        level: 0.0,
        overhang: 0.0,
        seed: 0x7a11d,
        ..sampler.clone()
    };
    let scores = |examples: &[Frames]| {
        (!examples.is_empty()).then(|| score(network, examples, &plain, standard, device))
    };
    Validation {
        labelled: scores(data.valid),
        unlabelled: scores(data.valid_unlabelled),
    }
}

#[derive(Default)]
struct Sums {
    frames: f64,
    loss: f64,
    chord: f64,
    root: f64,
    bass: f64,
    basses: f64,
    inversion: f64,
    inversions: f64,
    majmin: f64,
    majmins: f64,
}

fn score(
    network: &Network,
    examples: &[Frames],
    sampler: &Sampler,
    (mean, deviation): (f32, f32),
    device: &Device,
) -> Scores {
    let pool = Pool::new(examples);
    let mut sums = Sums::default();
    for first in (0..WINDOWS).step_by(BATCH as usize) {
        let windows: Vec<Window> = (first..first + BATCH)
            .map(|index| sampler.draw(&pool, u64::MAX / 8192, index))
            .collect();
        let bins: Vec<f32> = windows
            .iter()
            .flat_map(|w| &w.bins)
            .map(|x| (x - mean) / deviation)
            .collect();
        let shape = [windows.len(), sampler.frames, BINS];
        let x = Tensor::from_data(TensorData::new(bins, shape), device);
        let logits = network.forward(x, &mut State::default());
        let numbers =
            |tensor: Tensor<3>| -> Vec<f32> { tensor.into_data().iter::<f32>().collect() };
        let chord = numbers(log_softmax(logits.chord, 2));
        let bass: Option<Vec<i64>> = logits
            .bass
            .map(|bass| bass.argmax(2).into_data().iter::<i64>().collect());
        for (w, window) in windows.iter().enumerate() {
            for t in 0..sampler.frames - window.padding {
                let row = w * sampler.frames + t;
                let log_p = &chord[row * CHORD_CLASSES..(row + 1) * CHORD_CLASSES];
                sums.add(window, t, log_p, bass.as_ref().map(|b| b[row] as usize));
            }
        }
    }
    let share = |sum: f64, count: f64| (sum / count.max(1.0)) as f32;
    Scores {
        loss: share(sums.loss, sums.frames),
        chord: share(sums.chord, sums.frames),
        majmin: share(sums.majmin, sums.majmins),
        root: share(sums.root, sums.frames),
        bass: share(sums.bass, sums.basses),
        inversion: share(sums.inversion, sums.inversions),
    }
}

/// The major or minor triad of a class, `N`, or none.
fn majmin(class: usize) -> Option<usize> {
    majmin_classes::index_of(&large::label_of(class))
}

impl Sums {
    fn add(&mut self, window: &Window, t: usize, log_p: &[f32], bass: Option<usize>) {
        let label = window.chord[t];
        let soft = window.teacher.as_ref().filter(|_| label == IGNORED);
        let (target, target_bass, loss) = match soft {
            Some(soft) => {
                let p = &soft.chord[t * CHORD_CLASSES..(t + 1) * CHORD_CLASSES];
                let loss: f32 = p.iter().zip(log_p).map(|(p, q)| -p * q).sum();
                let bass = soft.bass.get(t * 13..(t + 1) * 13).map(argmax);
                (argmax(p), bass, loss)
            }
            None if label == IGNORED => return,
            None => (
                usize::from(label),
                Some(usize::from(window.bass[t])),
                -log_p[usize::from(label)],
            ),
        };
        let found = argmax(log_p);
        self.frames += 1.0;
        self.loss += f64::from(loss);
        self.chord += f64::from(u8::from(found == target));
        let target_root = large::root_of(target).map(usize::from);
        let same_root =
            target_root.is_some() && large::root_of(found).map(usize::from) == target_root;
        self.root += f64::from(u8::from(found == target || same_root));
        if let Some(wanted) = majmin(target) {
            self.majmins += 1.0;
            self.majmin += f64::from(u8::from(majmin(found) == Some(wanted)));
        }
        if let (Some(bass), Some(target_bass)) = (bass, target_bass)
            && let Some(target_root) = target_root
        {
            let right = f64::from(u8::from(bass == target_bass));
            self.basses += 1.0;
            self.bass += right;
            if target_bass < 12 && target_bass != target_root {
                self.inversions += 1.0;
                self.inversion += right;
            }
        }
    }
}
