//! One fold of the ensemble: features in, the logits of its heads out.

use super::conv::{Conv, Reading, activate, convolve};
use super::lstm::{Linear, Lstm, multiply, run};

/// Bins that the network reads.
pub const BINS: usize = 252;
/// Outputs of each head: triad, bass, seventh, ninth, eleventh, thirteenth.
pub const HEADS: [usize; 6] = [73, 13, 4, 4, 3, 3];
/// Outputs of all heads.
pub const OUTPUTS: usize = 100;

/// Names, input and output channels of the convolutions, in order.
pub const CONVS: [(&str, usize, usize); 10] = [
    ("conv1a", 1, 16),
    ("conv1b", 16, 16),
    ("conv1c", 16, 16),
    ("conv2a", 16, 32),
    ("conv2b", 32, 32),
    ("conv2c", 32, 32),
    ("conv3a", 32, 64),
    ("conv3b", 64, 64),
    ("conv4a", 64, 80),
    ("conv4b", 80, 80),
];
/// Pooling before each of them, in bins.
const POOLS: [usize; 10] = [1, 1, 1, 3, 1, 1, 3, 1, 4, 1];
/// Padding of each of them, in bins.
const PADDING: [usize; 10] = [1, 1, 1, 1, 1, 1, 1, 1, 0, 0];
/// Bins and channels that the LSTM reads.
pub const LAST_BINS: usize = 3;
/// Channels that the LSTM reads.
pub const LAST_CHANNELS: usize = 80;
/// Size of the LSTM's state, in each direction.
pub const HIDDEN: usize = 96;

/// The widest map: 252 bins of 16 channels.
const STRIDE: usize = BINS * 16;

/// Weights of one fold.
#[derive(Clone, Debug)]
pub struct Network {
    /// The ten convolutions of [`CONVS`].
    pub convs: Vec<Conv>,
    /// The forward and the backward LSTM.
    pub lstms: [Lstm; 2],
    /// From both states to all heads.
    pub last: Linear,
}

/// Memory for the maps of a file, reused by the next fold.
#[derive(Debug, Default)]
pub struct Workspace {
    map: Vec<f32>,
}

impl Network {
    /// Logits `[frames, 100]` of all heads for features `[frames, 252]`.
    ///
    /// The norms run over all frames: a part of a file gives different results.
    pub fn logits(&self, features: &[f32], workspace: &mut Workspace) -> Vec<f32> {
        let frames = features.len() / BINS;
        let map = &mut workspace.map;
        map.resize(frames * STRIDE, 0.0);
        for (row, features) in map
            .chunks_exact_mut(STRIDE)
            .zip(features.chunks_exact(BINS))
        {
            row[..BINS].copy_from_slice(features);
        }
        let mut norm = None;
        let mut bins = BINS;
        for (i, conv) in self.convs.iter().enumerate() {
            let reading = Reading {
                bins,
                pool: POOLS[i],
                norm: norm.as_ref(),
                padding: PADDING[i],
            };
            bins = reading.written();
            norm = Some(convolve(conv, reading, map, frames, STRIDE));
        }
        let width = LAST_BINS * LAST_CHANNELS;
        let mut last = vec![0.0; frames * width];
        if let Some(norm) = norm {
            for (row, out) in map.chunks_exact(STRIDE).zip(last.chunks_exact_mut(width)) {
                activate(LAST_CHANNELS, 1, &norm, &row[..width], out);
            }
        }
        let mut states = vec![0.0; frames * 2 * HIDDEN];
        let mut gates = vec![0.0; frames * 4 * HIDDEN];
        for (i, lstm) in self.lstms.iter().enumerate() {
            multiply(&lstm.from_input, &last, &mut gates);
            run(
                lstm,
                &mut gates,
                i == 1,
                &mut states,
                2 * HIDDEN,
                i * HIDDEN,
            );
        }
        let mut padded = vec![0.0; frames * self.last.outputs];
        multiply(&self.last, &states, &mut padded);
        padded
            .chunks_exact(self.last.outputs)
            .flat_map(|row| &row[..OUTPUTS])
            .copied()
            .collect()
    }
}
