//! Linear layers over strided rows of a buffer.

use crate::simd::product::{POSITIONS, accumulate_columns, in_groups};
use crate::simd::{Isa, LANES, Lanes};

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

    /// Length of an output row: the number of outputs, rounded up to whole lanes.
    pub fn width(&self) -> usize {
        self.bias.len() * LANES
    }
}

/// Rows of inputs: where each begins, and where its parts are.
#[derive(Clone, Copy)]
pub(super) struct Rows<'a, const N: usize> {
    pub values: &'a [f32],
    /// From one row to the next.
    pub stride: usize,
    pub count: usize,
    /// From one part of a row to the next; each has the same share of the inputs.
    pub part_stride: usize,
}

/// How a layer writes its sums.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Output {
    Plain,
    Relu,
    /// Added to the output.
    Add,
}

/// `out[r] = bias + Σ rows[r][k] weights[k]`, `[rows, width]`.
#[inline(always)]
pub(super) fn apply<I: Isa, const N: usize>(
    layer: &Layer,
    rows: Rows<'_, N>,
    out: &mut [f32],
    output: Output,
) {
    if N == 1 && rows.count <= 2 {
        // As many parallel sums as in a group of rows.
        if rows.count == 1 {
            apply_to_few::<I, 1, N, POSITIONS>(layer, rows, out, output);
        } else if rows.count == 2 {
            apply_to_few::<I, 2, N, { POSITIONS / 2 }>(layer, rows, out, output);
        }
        return;
    }
    let groups = layer.bias.len();
    // Columns in the outer loop: they stay in the cache while all rows pass.
    let mut group = 0;
    while group < groups {
        group += match groups - group {
            4.. if I::WIDE => apply_columns::<I, N, 4>(layer, rows, group, out, output),
            2.. if I::WIDE => apply_columns::<I, N, 2>(layer, rows, group, out, output),
            _ => apply_columns::<I, N, 1>(layer, rows, group, out, output),
        };
    }
}

/// As [`apply`], for `G` groups of outputs from `group` on; returns `G`.
#[inline(always)]
fn apply_columns<I: Isa, const N: usize, const G: usize>(
    layer: &Layer,
    rows: Rows<'_, N>,
    group: usize,
    out: &mut [f32],
    output: Output,
) -> usize {
    let whole = rows.count / POSITIONS * POSITIONS;
    for first in (0..whole).step_by(POSITIONS) {
        apply_tile::<I, POSITIONS, N, G>(layer, rows, first, group, out, output);
    }
    // The few remaining rows.
    for group in group..group + G {
        in_groups!(rows.count - whole, |row, P| {
            apply_tile::<I, P, N, 1>(layer, rows, whole + row, group, out, output);
        });
    }
    G
}

/// `P` rows from `first` on and `G` groups of outputs from `group` on.
#[inline(always)]
fn apply_tile<I: Isa, const P: usize, const N: usize, const G: usize>(
    layer: &Layer,
    rows: Rows<'_, N>,
    first: usize,
    group: usize,
    out: &mut [f32],
    output: Output,
) {
    let width = layer.width();
    let inputs = layer.inputs / N;
    let mut sums = [[[0.0; LANES]; P]; G];
    for (g, sums) in sums.iter_mut().enumerate() {
        *sums = [layer.bias[group + g]; P];
    }
    for n in 0..N {
        let mut columns: [&[Lanes]; G] = [&[]; G];
        for (g, column) in columns.iter_mut().enumerate() {
            *column = &layer.weights[(group + g) * layer.inputs + n * inputs..][..inputs];
        }
        let inputs = &rows.values[n * rows.part_stride + first * rows.stride..];
        sums = accumulate_columns::<I, P, G>(inputs, rows.stride, columns, sums);
    }
    for (g, sums) in sums.iter().enumerate() {
        for (p, sums) in sums.iter().enumerate() {
            let place = (first + p) * width + (group + g) * LANES;
            put(&mut out[place..][..LANES], sums, output);
        }
    }
}

/// As [`apply`], for only `P` rows, `G` groups of outputs at a time.
#[inline(always)]
fn apply_to_few<I: Isa, const P: usize, const N: usize, const G: usize>(
    layer: &Layer,
    rows: Rows<'_, N>,
    out: &mut [f32],
    output: Output,
) {
    let groups = layer.bias.len();
    let whole = groups / G * G;
    for group in (0..whole).step_by(G) {
        apply_tile::<I, P, N, G>(layer, rows, 0, group, out, output);
    }
    for group in whole..groups {
        apply_tile::<I, P, N, 1>(layer, rows, 0, group, out, output);
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simd::{Avx2, Avx512};

    fn noise(count: usize, seed: usize) -> Vec<f32> {
        (0..count)
            .map(|i| ((i * 7919 + seed * 104_729) % 2003) as f32 / 1001.0 - 1.0)
            .collect()
    }

    fn outputs<I: Isa, const N: usize>(inputs: usize, outputs: usize, count: usize) -> Vec<f32> {
        let layer = Layer::new(&noise(inputs * N * outputs, 1), &noise(outputs, 2));
        let values = noise(inputs * (N * count + 1), 3);
        let rows = Rows::<N> {
            values: &values,
            stride: inputs,
            count,
            part_stride: inputs * count,
        };
        let mut out = noise(count * layer.width(), 4);
        apply::<I, N>(&layer, rows, &mut out, Output::Add);
        out
    }

    #[test]
    fn tiles_of_any_size_give_the_same_bits() {
        // Groups of outputs and rows that fill tiles, and that leave remainders of all sizes.
        for groups in 1..=9 {
            for count in [1, 2, 3, 6, 12, 17] {
                let wide = outputs::<Avx512, 1>(5, groups * LANES - 3, count);
                let narrow = outputs::<Avx2, 1>(5, groups * LANES - 3, count);
                assert_eq!(wide, narrow, "{groups} groups, {count} rows");
                assert_eq!(
                    outputs::<Avx512, 3>(4, groups * LANES, count),
                    outputs::<Avx2, 3>(4, groups * LANES, count),
                    "three parts, {groups} groups, {count} rows"
                );
            }
        }
    }
}
