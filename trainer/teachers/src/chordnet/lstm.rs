//! The bidirectional LSTM and the linear layers around it.

use recognizer::simd::product::{Part, accumulate, in_groups};
use recognizer::simd::{Isa, LANES, Lanes, for_this_processor, multiply_add};

use super::activations::{sigmoid, tanh};

/// A matrix and a bias.
#[derive(Clone, Debug)]
pub struct Linear {
    /// Length of an input row.
    pub inputs: usize,
    /// Length of an output row, rounded up to whole lanes.
    pub outputs: usize,
    /// `[outputs / 16, inputs]` of sixteen outputs.
    weights: Vec<Lanes>,
    bias: Vec<Lanes>,
}

impl Linear {
    /// Packs PyTorch's `[outputs, inputs]` and a bias; outputs are padded with zeros to a
    /// multiple of sixteen.
    pub fn new(inputs: usize, weight: &[f32], bias: &[f32]) -> Self {
        assert_eq!(weight.len(), inputs * bias.len());
        let blocks = bias.len().div_ceil(LANES);
        let row = |output: usize| weight.get(output * inputs..(output + 1) * inputs);
        let mut weights = Vec::with_capacity(blocks * inputs);
        for block in 0..blocks {
            for input in 0..inputs {
                weights.push(std::array::from_fn(|lane| {
                    row(block * LANES + lane).map_or(0.0, |row| row[input])
                }));
            }
        }
        let bias = (0..blocks)
            .map(|block| {
                std::array::from_fn(|lane| bias.get(block * LANES + lane).copied().unwrap_or(0.0))
            })
            .collect();
        Self {
            inputs,
            outputs: blocks * LANES,
            weights,
            bias,
        }
    }
}

for_this_processor! {
    /// Multiplies each row of `rows`, of length `linear.inputs`, into a row of `out`.
    pub fn multiply(linear: &Linear, rows: &[f32], out: &mut [f32]) = multiply_with
}

#[inline(always)]
fn multiply_with<I: Isa>(linear: &Linear, rows: &[f32], out: &mut [f32]) {
    let n = linear.inputs;
    for (block, bias) in linear.bias.iter().enumerate() {
        let weights = &linear.weights[block * n..][..n];
        in_groups!(rows.len() / n, |first, P| {
            let part = Part {
                inputs: rows,
                weights,
            };
            let sums = accumulate::<I, P, 1>([part], first, n, [*bias; P]);
            for (p, sums) in sums.iter().enumerate() {
                let at = (first + p) * linear.outputs + block * LANES;
                out[at..at + LANES].copy_from_slice(sums);
            }
        });
    }
}

/// One direction of an LSTM.
#[derive(Clone, Debug)]
pub struct Lstm {
    /// Size of the state.
    pub hidden: usize,
    /// From the inputs to the four gates (input, forget, cell, output), including both biases.
    pub from_input: Linear,
    /// From the previous state: `[hidden]` rows of `4 · hidden` numbers.
    recurrent: Vec<f32>,
}

impl Lstm {
    /// Packs PyTorch's `weight_hh`, `[4 · hidden, hidden]`.
    pub fn new(hidden: usize, from_input: Linear, weight_hh: &[f32]) -> Self {
        assert_eq!(weight_hh.len(), 4 * hidden * hidden);
        assert_eq!(from_input.outputs, 4 * hidden);
        let gates = 4 * hidden;
        let mut recurrent = vec![0.0; gates * hidden];
        for gate in 0..gates {
            for state in 0..hidden {
                recurrent[state * gates + gate] = weight_hh[gate * hidden + state];
            }
        }
        Self {
            hidden,
            from_input,
            recurrent,
        }
    }
}

for_this_processor! {
    /// Steps through `gates` (the output of [`Lstm::from_input`]), forwards or backwards, and
    /// writes each state to its row of `out`: `offset` numbers from its start, with rows
    /// `stride` apart.
    pub fn run(
        lstm: &Lstm,
        gates: &mut [f32],
        backwards: bool,
        out: &mut [f32],
        stride: usize,
        offset: usize,
    ) = run_with
}

#[inline(always)]
fn run_with<I: Isa>(
    lstm: &Lstm,
    gates: &mut [f32],
    backwards: bool,
    out: &mut [f32],
    stride: usize,
    offset: usize,
) {
    let hidden = lstm.hidden;
    let frames = gates.len() / (4 * hidden);
    let mut state = vec![0.0_f32; hidden];
    let mut cell = vec![0.0_f32; hidden];
    for step in 0..frames {
        let frame = if backwards { frames - 1 - step } else { step };
        let gates = &mut gates[frame * 4 * hidden..][..4 * hidden];
        for (x, weights) in state.iter().zip(lstm.recurrent.chunks_exact(4 * hidden)) {
            for (sum, weight) in gates.iter_mut().zip(weights) {
                *sum = multiply_add::<I>(*x, *weight, *sum);
            }
        }
        let (input, rest) = gates.split_at(hidden);
        let (forget, rest) = rest.split_at(hidden);
        let (candidate, output) = rest.split_at(hidden);
        for i in 0..hidden {
            let kept = sigmoid::<I>(forget[i]) * cell[i];
            cell[i] = kept + sigmoid::<I>(input[i]) * tanh::<I>(candidate[i]);
            state[i] = sigmoid::<I>(output[i]) * tanh::<I>(cell[i]);
        }
        out[frame * stride + offset..][..hidden].copy_from_slice(&state);
    }
}
