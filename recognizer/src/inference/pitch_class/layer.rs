//! Linear layers over rows that lie anywhere in a buffer.

use crate::simd::product::{Part, accumulate, accumulate_columns, in_groups};
use crate::simd::{LANES, Lanes};

/// A linear layer, sixteen outputs side by side.
pub(super) struct Layer {
    /// `[outputs / 16, inputs]` vectors of weights.
    pub weights: Vec<Lanes>,
    pub bias: Vec<Lanes>,
    pub inputs: usize,
}

impl Layer {
    /// From `[inputs, outputs]` in row order and one bias for each output.
    pub fn new(weights: &[f32], bias: &[f32]) -> Self {
        let outputs = bias.len();
        let inputs = weights.len() / outputs;
        let lanes = |row: &[f32], first: usize| {
            let mut lanes = [0.0; LANES];
            for (lane, value) in lanes.iter_mut().zip(&row[first..]) {
                *lane = *value;
            }
            lanes
        };
        let groups = (0..outputs).step_by(LANES);
        Self {
            weights: groups
                .clone()
                .flat_map(|first| {
                    weights
                        .chunks_exact(outputs)
                        .map(move |row| lanes(row, first))
                })
                .collect(),
            bias: groups.map(|first| lanes(bias, first)).collect(),
            inputs,
        }
    }

    /// Numbers that a row of its output takes: its outputs, rounded up to whole lanes.
    pub fn width(&self) -> usize {
        self.bias.len() * LANES
    }
}

/// Rows of inputs: where each begins, and where its parts lie.
#[derive(Clone, Copy)]
pub(super) struct Rows<'a, const N: usize> {
    pub values: &'a [f32],
    /// From one row to the next.
    pub stride: usize,
    pub count: usize,
    /// From one part of a row to the next; each has the same share of the inputs.
    pub part_stride: usize,
}

/// What a layer does with its sums.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Output {
    Plain,
    Relu,
    /// Added to what is there.
    Add,
}

/// `out[r] = bias + Σ rows[r][k] weights[k]`, `[rows, width]`.
#[inline(always)]
pub(super) fn apply<const FMA: bool, const N: usize>(
    layer: &Layer,
    rows: Rows<'_, N>,
    out: &mut [f32],
    output: Output,
) {
    if N == 1 && rows.count <= 2 {
        // As many sums side by side as in a group of rows.
        if rows.count == 1 {
            apply_to_few::<FMA, 1, 6>(layer, rows.values, rows.stride, out, output);
        } else if rows.count == 2 {
            apply_to_few::<FMA, 2, 3>(layer, rows.values, rows.stride, out, output);
        }
        return;
    }
    let width = layer.width();
    let inputs = layer.inputs / N;
    for (group, bias) in layer.bias.iter().enumerate() {
        let weights = &layer.weights[group * layer.inputs..][..layer.inputs];
        let mut parts = [Part {
            inputs: rows.values,
            weights,
        }; N];
        for (n, part) in parts.iter_mut().enumerate() {
            part.inputs = &rows.values[n * rows.part_stride..];
            part.weights = &weights[n * inputs..][..inputs];
        }
        in_groups!(rows.count, |first, P| {
            let sums = accumulate::<FMA, P, N>(parts, first, rows.stride, [*bias; P]);
            for (p, sums) in sums.iter().enumerate() {
                let out = &mut out[(first + p) * width + group * LANES..][..LANES];
                put(out, sums, output);
            }
        });
    }
}

/// The same for `P` rows of one part, `G` groups of outputs at a time.
#[inline(always)]
fn apply_to_few<const FMA: bool, const P: usize, const G: usize>(
    layer: &Layer,
    inputs: &[f32],
    stride: usize,
    out: &mut [f32],
    output: Output,
) {
    let width = layer.width();
    let groups = layer.bias.len();
    let weights = |group: usize| &layer.weights[group * layer.inputs..][..layer.inputs];
    let mut group = 0;
    while group < groups {
        if let Some(bias) = layer.bias[group..].first_chunk::<G>() {
            let mut columns: [&[Lanes]; G] = [&[]; G];
            let mut sums = [[[0.0; LANES]; P]; G];
            for g in 0..G {
                columns[g] = weights(group + g);
                sums[g] = [bias[g]; P];
            }
            let sums = accumulate_columns::<FMA, P, G>(inputs, stride, columns, sums);
            for (g, sums) in sums.iter().enumerate() {
                for (p, sums) in sums.iter().enumerate() {
                    let place = p * width + (group + g) * LANES;
                    put(&mut out[place..][..LANES], sums, output);
                }
            }
            group += G;
        } else {
            let sums = [[layer.bias[group]; P]];
            let [sums] = accumulate_columns::<FMA, P, 1>(inputs, stride, [weights(group)], sums);
            for (p, sums) in sums.iter().enumerate() {
                put(&mut out[p * width + group * LANES..][..LANES], sums, output);
            }
            group += 1;
        }
    }
}

#[inline(always)]
fn put(out: &mut [f32], sums: &Lanes, output: Output) {
    for (out, sum) in out.iter_mut().zip(sums) {
        *out = match output {
            Output::Plain => *sum,
            Output::Relu => sum.max(0.0),
            Output::Add => *out + *sum,
        };
    }
}

/// Rows that lie one after the other.
#[inline(always)]
pub(super) fn one_part(values: &[f32], stride: usize, count: usize) -> Rows<'_, 1> {
    Rows {
        values,
        stride,
        count,
        part_stride: 0,
    }
}
