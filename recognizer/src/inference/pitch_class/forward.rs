//! The forward pass of the network.

use super::buffers::{Buffers, Past, SEMITONES};
use super::layer::{Output, Rows, apply, one_part};
use super::net::{Block, Net};
use crate::networks::{OCTAVES, PITCH_CLASSES};
use crate::simd::{Isa, LANES, for_this_processor};

/// Added to variances, as in the burn module.
const EPSILON: f32 = 1e-5;

for_this_processor! {
    /// The heads of the first `frames` frames of the buffers.
    pub(super) fn forward(
        net: &Net,
        buffers: &mut Buffers,
        past: Option<&mut Past>,
        frames: usize,
    ) = forward_body
}

#[inline(always)]
fn forward_body<I: Isa>(
    net: &Net,
    buffers: &mut Buffers,
    mut past: Option<&mut Past>,
    frames: usize,
) {
    let rows = frames * PITCH_CLASSES;
    let width = net.fold.width();
    for frame in 0..frames {
        let bins = Rows::<1> {
            values: &buffers.frames[frame * net.padded_bins..][..net.padded_bins],
            stride: 2,
            count: SEMITONES,
            part_stride: 0,
        };
        apply::<I, 1>(&net.front, bins, &mut buffers.front, Output::Relu);
        // A pitch class is every twelfth semitone: one part for each octave. Only the front's real
        // channels count, not the padding of its rows.
        let semitones = Rows::<OCTAVES> {
            values: &buffers.front,
            stride: net.front.width(),
            count: PITCH_CLASSES,
            part_stride: PITCH_CLASSES * net.front.width(),
        };
        let out = &mut buffers.stream[frame * PITCH_CLASSES * width..][..PITCH_CLASSES * width];
        apply::<I, OCTAVES>(&net.fold, semitones, out, Output::Plain);
    }

    for (i, block) in net.blocks.iter().enumerate() {
        standardize(net, &buffers.stream, &mut buffers.normal, frames);
        apply::<I, 1>(
            &block.taps,
            one_part(&buffers.normal, width, rows),
            &mut buffers.taps,
            Output::Plain,
        );
        match &mut past {
            Some(past) => add_past_taps(net, block, buffers, past, i),
            None => add_taps_around(net, block, buffers, frames),
        }
        block.mix.apply::<I>(
            &buffers.octaves,
            frames,
            &mut buffers.spectra,
            &mut buffers.mixed[..rows * block.mix.width()],
        );
        apply::<I, 1>(
            &block.out,
            one_part(&buffers.mixed, block.mix.width(), rows),
            &mut buffers.stream,
            Output::Add,
        );
    }
    if let Some(past) = past {
        past.frame += 1;
    }

    standardize(net, &buffers.stream, &mut buffers.normal, frames);
    for row in buffers.normal[..rows * width].chunks_exact_mut(width) {
        for (x, (gain, offset)) in row.iter_mut().zip(net.gain.iter().zip(&net.offset)) {
            *x = (*x * gain + offset).max(0.0);
        }
    }
    for frame in 0..frames {
        let rows = &buffers.normal[frame * PITCH_CLASSES * width..][..PITCH_CLASSES * width];
        let (mean, largest) = buffers.pooled[frame * 2 * net.channels..][..2 * net.channels]
            .split_at_mut(net.channels);
        mean.fill(0.0);
        largest.fill(0.0);
        for row in rows.chunks_exact(width) {
            for ((mean, largest), x) in mean.iter_mut().zip(largest.iter_mut()).zip(row) {
                *mean += x / PITCH_CLASSES as f32;
                *largest = largest.max(*x);
            }
        }
    }
    apply::<I, 1>(
        &net.root,
        one_part(&buffers.normal, width, rows),
        &mut buffers.root,
        Output::Plain,
    );
    apply::<I, 1>(
        &net.absent,
        one_part(&buffers.pooled, 2 * net.channels, frames),
        &mut buffers.absent,
        Output::Plain,
    );
}

/// Mean 0 and variance 1 over pitch classes and channels of each frame.
#[inline(always)]
fn standardize(net: &Net, x: &[f32], out: &mut [f32], frames: usize) {
    let size = PITCH_CLASSES * net.fold.width();
    let count = (PITCH_CLASSES * net.channels) as f32;
    for (x, out) in x
        .chunks_exact(size)
        .zip(out.chunks_exact_mut(size))
        .take(frames)
    {
        // The padding lanes of a row are zero and add nothing.
        let (mut sum, mut square) = ([0.0_f32; LANES], [0.0_f32; LANES]);
        for x in x.chunks_exact(LANES) {
            for lane in 0..LANES {
                sum[lane] += x[lane];
                square[lane] += x[lane] * x[lane];
            }
        }
        let mean = sum.iter().sum::<f32>() / count;
        let variance = (square.iter().sum::<f32>() / count - mean * mean).max(0.0);
        let scale = 1.0 / (variance + EPSILON).sqrt();
        for (x, out) in x.iter().zip(out) {
            *out = x * scale - mean * scale;
        }
    }
}

/// The sum of a frame's taps; the delayed ones come from the delay lines.
#[inline(always)]
fn add_past_taps(net: &Net, block: &Block, buffers: &mut Buffers, past: &mut Past, index: usize) {
    let (r, width) = (net.bottleneck, block.taps.width());
    for (tap, line) in past.lines[index].iter_mut().enumerate() {
        let delay = (tap + 1) * block.dilation;
        let line = &mut line[past.frame % delay * PITCH_CLASSES * r..][..PITCH_CLASSES * r];
        let rows = buffers.taps.chunks_exact_mut(width);
        for (row, line) in rows.zip(line.chunks_exact_mut(r)) {
            // The output of the line is replaced in place by its input.
            for (x, held) in row[(tap + 1) * r..][..r].iter_mut().zip(line) {
                std::mem::swap(x, held);
            }
        }
    }
    for (p, row) in buffers
        .taps
        .chunks_exact(width)
        .take(PITCH_CLASSES)
        .enumerate()
    {
        let (now, once) = (&row[..r], &row[r..2 * r]);
        let twice = &row[2 * r..3 * r];
        for j in 0..r {
            let sum = (now[j] + once[j] + twice[j]).max(0.0);
            buffers.octaves[p * r + j] = sum;
        }
    }
}

/// The sums of all frames' taps, at distances of `dilation` frames before and after; beyond the
/// ends is zero.
#[inline(always)]
fn add_taps_around(net: &Net, block: &Block, buffers: &mut Buffers, frames: usize) {
    let (r, width) = (net.bottleneck, block.taps.width());
    let distance = block.dilation.min(frames);
    let size = PITCH_CLASSES * width;
    for frame in 0..frames {
        let octave = &mut buffers.octaves[frame * PITCH_CLASSES * r..][..PITCH_CLASSES * r];
        let taps = |frame: usize, tap: usize| {
            buffers.taps[frame * size..][..size]
                .chunks_exact(width)
                .map(move |row| &row[tap * r..][..r])
        };
        for (out, x) in octave.chunks_exact_mut(r).zip(taps(frame, 0)) {
            out.copy_from_slice(x);
        }
        let neighbours = [
            (frame.checked_sub(distance), 1),
            (Some(frame + distance).filter(|f| *f < frames), 2),
        ];
        for (frame, tap) in neighbours {
            let Some(frame) = frame else { continue };
            for (out, x) in octave.chunks_exact_mut(r).zip(taps(frame, tap)) {
                for (out, x) in out.iter_mut().zip(x) {
                    *out += x;
                }
            }
        }
        for x in octave.iter_mut() {
            *x = x.max(0.0);
        }
    }
}
