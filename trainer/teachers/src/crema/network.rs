//! The network: batch norms, two convolutions over levels, two bidirectional recurrent layers,
//! heads for notes, root and bass, and the classes computed from all of them.

use anyhow::Result;

use super::features::{BINS, HARMONICS};
use super::gru::{self, Gru};
use super::weights::Weights;

/// Number of classes.
pub const CLASSES: usize = 170;
/// Pitch classes of the bass, and none.
pub const BASSES: usize = 13;
/// Pitch classes of the root, and none.
pub(super) const ROOTS: usize = 13;
/// Notes.
pub(super) const PITCHES: usize = 12;
/// Size of the first convolution's kernel, in frames and in bins.
const KERNEL: usize = 5;
/// Outputs of the second convolution per frame.
const SUMMARY: usize = 72;
/// Size of the state in one direction.
const HIDDEN: usize = 128;
/// Size of the state in both directions.
const BOTH: usize = 2 * HIDDEN;
/// Inputs of the class layer.
const JOINED: usize = BOTH + PITCHES + ROOTS + BASSES;
/// Keras' epsilon in batch norms.
const EPSILON: f32 = 1e-3;

/// A batch norm with the statistics of training: a factor and an offset per channel.
#[derive(Debug, Clone)]
struct Norm {
    factor: Vec<f32>,
    offset: Vec<f32>,
}

impl Norm {
    fn apply(&self, x: &mut [f32]) {
        for row in x.chunks_exact_mut(self.factor.len()) {
            for ((x, factor), offset) in row.iter_mut().zip(&self.factor).zip(&self.offset) {
                *x = *x * factor + offset;
            }
        }
    }
}

/// A linear layer.
#[derive(Debug, Clone)]
struct Dense {
    /// `[inputs, outputs]`.
    kernel: Vec<f32>,
    bias: Vec<f32>,
}

impl Dense {
    /// Rows of `inputs` numbers to rows with one number per bias.
    fn apply(&self, rows: &[f32]) -> Vec<f32> {
        let inputs = self.kernel.len() / self.bias.len();
        let mut out = Vec::with_capacity(rows.len() / inputs * self.bias.len());
        for row in rows.chunks_exact(inputs) {
            let mut sums = self.bias.clone();
            for (x, weights) in row.iter().zip(self.kernel.chunks_exact(self.bias.len())) {
                for (sum, weight) in sums.iter_mut().zip(weights) {
                    *sum += x * weight;
                }
            }
            out.extend(sums);
        }
        out
    }
}

fn relu(x: &mut [f32]) {
    x.iter_mut().for_each(|x| *x = x.max(0.0));
}

fn sigmoid(x: &mut [f32]) {
    x.iter_mut().for_each(|x| *x = 1.0 / (1.0 + (-*x).exp()));
}

fn softmax(x: &mut [f32], classes: usize) {
    for row in x.chunks_exact_mut(classes) {
        let largest = row.iter().copied().fold(f32::MIN, f32::max);
        row.iter_mut().for_each(|x| *x = (*x - largest).exp());
        let sum: f32 = row.iter().sum();
        row.iter_mut().for_each(|x| *x /= sum);
    }
}

/// The network's outputs, a row per frame.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Outputs {
    /// Probabilities of the classes, `[frames, 170]`, in the order of their names.
    pub tag: Vec<f32>,
    /// Probability of each pitch class, `[frames, 12]`.
    pub pitch: Vec<f32>,
    /// Probabilities of the root, `[frames, 13]`, none last.
    pub root: Vec<f32>,
    /// Probabilities of the bass, `[frames, 13]`, none last.
    pub bass: Vec<f32>,
}

/// The network; see the module's documentation.
#[derive(Debug, Clone)]
pub struct Network {
    norms: [Norm; 5],
    /// `[5 frames, 5 bins, 2 channels]`.
    local: Vec<f32>,
    local_bias: f32,
    summary: Dense,
    recurrent: [(Gru, Gru); 2],
    pitch: Dense,
    root: Dense,
    bass: Dense,
    tag: Dense,
}

impl Network {
    /// Reads the network from Keras' file.
    ///
    /// # Errors
    /// If the file is not one, or has another network.
    pub fn from_hdf5(bytes: Vec<u8>) -> Result<Self> {
        let weights = Weights::read(bytes)?;
        Self::from_tensors(|layer, name, shape| weights.tensor(layer, name, shape))
    }

    /// Builds the network from tensors, requested by layer, name and shape; the names are those
    /// of Keras' file without their common parts.
    ///
    /// # Errors
    /// Errors of `tensor`.
    pub fn from_tensors<E>(
        tensor: impl Fn(&str, &str, &[usize]) -> Result<Vec<f32>, E>,
    ) -> Result<Self, E> {
        let norm = |number: usize, channels: usize| -> Result<Norm, E> {
            let layer = format!("batch_normalization_{number}");
            let part = |name: &str| tensor(&layer, name, &[channels]);
            let (gamma, beta) = (part("gamma")?, part("beta")?);
            let (mean, variance) = (part("moving_mean")?, part("moving_variance")?);
            let factor: Vec<f32> = gamma
                .iter()
                .zip(variance)
                // A variance cannot be negative, whatever the file has.
                .map(|(gamma, variance)| gamma / (variance.max(0.0) + EPSILON).sqrt())
                .collect();
            let moved = beta.iter().zip(&mean).zip(&factor);
            let offset = moved.map(|((beta, mean), f)| beta - mean * f).collect();
            Ok(Norm { factor, offset })
        };
        let dense = |layer: &str, inputs: usize, outputs: usize| -> Result<Dense, E> {
            Ok(Dense {
                kernel: tensor(layer, "kernel", &[inputs, outputs])?,
                bias: tensor(layer, "bias", &[outputs])?,
            })
        };
        let direction = |number: usize, way: &str, inputs: usize| -> Result<Gru, E> {
            let layer = format!("bidirectional_{number}");
            let part = |name: &str, shape: &[usize]| {
                tensor(&layer, &format!("{way}_gru_{number}/{name}"), shape)
            };
            Ok(Gru {
                hidden: HIDDEN,
                kernel: part("kernel", &[inputs, 3 * HIDDEN])?,
                recurrent: part("recurrent_kernel", &[HIDDEN, 3 * HIDDEN])?,
                bias: part("bias", &[3 * HIDDEN])?,
            })
        };
        let layer = |number: usize, inputs: usize| -> Result<(Gru, Gru), E> {
            let forward = direction(number, "forward", inputs)?;
            Ok((forward, direction(number, "backward", inputs)?))
        };
        Ok(Self {
            norms: [
                norm(1, HARMONICS)?,
                norm(2, 1)?,
                norm(3, SUMMARY)?,
                norm(4, BOTH)?,
                norm(5, JOINED)?,
            ],
            local: tensor("conv2d_1", "kernel", &[KERNEL, KERNEL, HARMONICS, 1])?,
            local_bias: tensor("conv2d_1", "bias", &[1])?
                .first()
                .copied()
                .unwrap_or_default(),
            summary: Dense {
                kernel: tensor("conv2d_2", "kernel", &[1, BINS, 1, SUMMARY])?,
                bias: tensor("conv2d_2", "bias", &[SUMMARY])?,
            },
            recurrent: [layer(1, SUMMARY)?, layer(2, BOTH)?],
            pitch: dense("chord_pitch", BOTH, PITCHES)?,
            root: dense("chord_root", BOTH, ROOTS)?,
            bass: dense("chord_bass", BOTH, BASSES)?,
            tag: dense("chord_tag", JOINED, CLASSES)?,
        })
    }

    /// The outputs for levels `[frames, 216, 2]`.
    #[must_use]
    pub fn outputs(&self, levels: &[f32]) -> Outputs {
        let [
            over_levels,
            over_local,
            over_summary,
            over_states,
            over_joined,
        ] = &self.norms;
        let mut x = levels.to_vec();
        over_levels.apply(&mut x);
        let mut x = self.local(&x);
        relu(&mut x);
        over_local.apply(&mut x);
        let mut x = self.summary.apply(&x);
        relu(&mut x);
        over_summary.apply(&mut x);
        let [first, second] = &self.recurrent;
        let mut x = gru::both(&first.0, &first.1, &x, SUMMARY);
        over_states.apply(&mut x);
        let states = gru::both(&second.0, &second.1, &x, BOTH);

        let mut pitch = self.pitch.apply(&states);
        sigmoid(&mut pitch);
        let mut root = self.root.apply(&states);
        softmax(&mut root, ROOTS);
        let mut bass = self.bass.apply(&states);
        softmax(&mut bass, BASSES);
        let mut joined = Vec::with_capacity(states.len() / BOTH * JOINED);
        for (n, state) in states.chunks_exact(BOTH).enumerate() {
            joined.extend_from_slice(state);
            joined.extend_from_slice(&pitch[n * PITCHES..][..PITCHES]);
            joined.extend_from_slice(&root[n * ROOTS..][..ROOTS]);
            joined.extend_from_slice(&bass[n * BASSES..][..BASSES]);
        }
        over_joined.apply(&mut joined);
        let mut tag = self.tag.apply(&joined);
        softmax(&mut tag, CLASSES);
        Outputs {
            tag,
            pitch,
            root,
            bass,
        }
    }

    /// The first convolution, with the levels padded with zeros: `[frames, 216]`.
    fn local(&self, levels: &[f32]) -> Vec<f32> {
        const HALF: usize = KERNEL / 2;
        let width = (BINS + 2 * HALF) * HARMONICS;
        let frames = levels.len() / (BINS * HARMONICS);
        let mut padded = vec![0.0; (frames + 2 * HALF) * width];
        for (n, row) in levels.chunks_exact(BINS * HARMONICS).enumerate() {
            let start = (n + HALF) * width + HALF * HARMONICS;
            padded[start..start + row.len()].copy_from_slice(row);
        }
        let mut out = Vec::with_capacity(frames * BINS);
        for frame in 0..frames {
            for bin in 0..BINS {
                let taps = self.local.chunks_exact(KERNEL * HARMONICS).enumerate();
                let sum: f32 = taps
                    .map(|(k, taps)| {
                        let start = (frame + k) * width + bin * HARMONICS;
                        let seen = &padded[start..start + taps.len()];
                        seen.iter().zip(taps).map(|(x, w)| x * w).sum::<f32>()
                    })
                    .sum();
                out.push(sum + self.local_bias);
            }
        }
        out
    }
}
