//! Buffers between the layers, and the state that a stream carries from frame to frame.

use super::net::{Block, Net};
use super::spectrum::Spectra;
use crate::decode::{EXTENSION_CLASSES, Posterior};
use crate::features::BINS;
use crate::networks::{BASS_CLASSES, CHORD_CLASSES, PITCH_CLASSES, QUALITIES, TAPS};

/// Semitones of a frame: the front convolution reduces its 144 bins to these.
pub(super) const SEMITONES: usize = BINS / 2;

/// Delay lines of the taps of a causal network: for each block and each of the two delayed taps a
/// ring of its last outputs, `[delay, 12, bottleneck]`.
pub(super) struct Past {
    /// Frames so far.
    pub frame: usize,
    /// Frames that it reaches back: the sum of all blocks' longest delays.
    pub reach: usize,
    pub lines: Vec<[Vec<f32>; TAPS - 1]>,
}

impl Past {
    /// Delay lines full of silence.
    pub fn silent(net: &Net) -> Self {
        let width = PITCH_CLASSES * net.bottleneck;
        let line = |block: &Block, tap: usize| vec![0.0; (tap + 1) * block.dilation * width];
        Self {
            frame: 0,
            reach: net.blocks.iter().map(|it| (TAPS - 1) * it.dilation).sum(),
            lines: net
                .blocks
                .iter()
                .map(|block| std::array::from_fn(|tap| line(block, tap)))
                .collect(),
        }
    }

    pub fn forget(&mut self) {
        self.frame = 0;
        for line in self.lines.iter_mut().flatten() {
            line.fill(0.0);
        }
    }
}

/// Buffers for everything between the layers, for a number of frames.
pub(super) struct Buffers {
    /// Standardised and padded, `[frames, padded bins]`.
    pub frames: Vec<f32>,
    /// Front convolution of one frame, `[72, width]`.
    pub front: Vec<f32>,
    /// The residual stream, `[frames, 12, width]`.
    pub stream: Vec<f32>,
    /// The residual stream after a norm.
    pub normal: Vec<f32>,
    /// `[frames, 12, width of three taps]`.
    pub taps: Vec<f32>,
    /// Their sum, `[frames, 12, bottleneck]`.
    pub octaves: Vec<f32>,
    /// `[frames, 12, width]`.
    pub mixed: Vec<f32>,
    /// Spectra of a mix; all blocks have the same sizes and share them.
    pub spectra: Spectra,
    /// Mean and maximum over the pitch classes, `[frames, 2 channels]`.
    pub pooled: Vec<f32>,
    /// `[frames, 12, width]`.
    pub root: Vec<f32>,
    /// `[frames, width]`.
    pub absent: Vec<f32>,
}

impl Buffers {
    pub fn new(net: &Net, frames: usize) -> Self {
        let rows = frames * PITCH_CLASSES;
        let widest = |width: fn(&Block) -> usize| net.blocks.iter().map(width).max().unwrap_or(0);
        let spectra = net.blocks.first().map(|block| block.mix.spectra(frames));
        // A network without blocks has no mix.
        let spectra = spectra.unwrap_or_default();
        Self {
            frames: vec![0.0; frames * net.padded_bins],
            front: vec![0.0; SEMITONES * net.front.width()],
            stream: vec![0.0; rows * net.fold.width()],
            normal: vec![0.0; rows * net.fold.width()],
            taps: vec![0.0; rows * widest(|b| b.taps.width())],
            octaves: vec![0.0; rows * net.bottleneck],
            mixed: vec![0.0; rows * widest(|b| b.mix.width())],
            spectra,
            pooled: vec![0.0; frames * 2 * net.channels],
            root: vec![0.0; rows * net.root.width()],
            absent: vec![0.0; frames * net.absent.width()],
        }
    }

    /// Posteriors of the first `frames` frames from the heads.
    pub fn posteriors(&self, net: &Net, frames: usize) -> Vec<Posterior> {
        let mut result = Vec::with_capacity(frames);
        let roots = self.root.chunks_exact(PITCH_CLASSES * net.root.width());
        let absent = self.absent.chunks_exact(net.absent.width());
        for (roots, absent) in roots.zip(absent).take(frames) {
            let mut chord = [0.0; CHORD_CLASSES];
            let mut bass = [0.0; BASS_CLASSES];
            let mut extensions = [0.0; EXTENSION_CLASSES];
            for (p, head) in roots.chunks_exact(net.root.width()).enumerate() {
                chord[p * QUALITIES..][..QUALITIES].copy_from_slice(&head[..QUALITIES]);
                bass[p] = head[QUALITIES];
                extensions[p * net.extensions..][..net.extensions]
                    .copy_from_slice(&head[QUALITIES + 1..][..net.extensions]);
            }
            chord[PITCH_CLASSES * QUALITIES..].copy_from_slice(&absent[..2]);
            bass[PITCH_CLASSES] = absent[2];
            let extensions = &extensions[..PITCH_CLASSES * net.extensions];
            let extensions = (net.extensions > 0).then_some(extensions);
            result.push(Posterior::from_logits(&chord, Some(&bass), extensions));
        }
        result
    }
}
