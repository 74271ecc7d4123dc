//! The one inner loop of a network: a few rows of inputs times sixteen columns of weights.
//! Convolutions, linear layers and an LSTM's inputs are all made of it.

use super::{Isa, LANES, Lanes, multiply_add};

/// Positions whose sums are kept in registers together. WebAssembly on x86-64 has sixteen registers
/// of four numbers, which two positions fill.
pub const POSITIONS: usize = if cfg!(target_family = "wasm") { 2 } else { 6 };

/// Contiguous inputs of a product, and their weights.
#[derive(Clone, Copy)]
pub struct Part<'a> {
    /// The inputs of all positions.
    pub inputs: &'a [f32],
    /// One vector of weights for each input of a position.
    pub weights: &'a [Lanes],
}

/// Sums for `P` positions: `sums[p] += Σ_k inputs[(first + p) * stride + k] * weights[k]`
/// over all parts.
#[inline(always)]
pub fn accumulate<I: Isa, const P: usize, const N: usize>(
    parts: [Part<'_>; N],
    first: usize,
    stride: usize,
    mut sums: [Lanes; P],
) -> [Lanes; P] {
    for part in parts {
        let inputs = &part.inputs[first * stride..];
        [sums] = accumulate_columns::<I, P, 1>(inputs, stride, [part.weights], [sums]);
    }
    sums
}

/// Sums for `P` positions and `G` columns of weights at once:
/// `sums[g][p] += Σ_k inputs[p * stride + k] * weights[g][k]`. Bit-identical to one column at a
/// time. With few positions, a single column would wait for each product before it can add the
/// next; with many, inputs are read once for all columns.
#[inline(always)]
pub fn accumulate_columns<I: Isa, const P: usize, const G: usize>(
    inputs: &[f32],
    stride: usize,
    mut weights: [&[Lanes]; G],
    mut sums: [[Lanes; P]; G],
) -> [[Lanes; P]; G] {
    // Slices of one known length each: the loop below needs no bounds checks.
    let len = weights.first().map_or(0, |column| column.len());
    for column in &mut weights {
        *column = &column[..len];
    }
    let mut rows: [&[f32]; P] = [&[]; P];
    for (p, row) in rows.iter_mut().enumerate() {
        *row = &inputs[p * stride..][..len];
    }
    #[allow(
        clippy::needless_range_loop,
        reason = "one place in several slices at once"
    )]
    for k in 0..len {
        for g in 0..G {
            let weight = weights[g][k];
            for p in 0..P {
                let x = rows[p][k];
                for lane in 0..LANES {
                    sums[g][p][lane] = multiply_add::<I>(x, weight[lane], sums[g][p][lane]);
                }
            }
        }
    }
    sums
}

/// Runs `body` for positions `0..count` in groups of at most [`POSITIONS`], all of nearly
/// the same size, which is a constant in the body.
#[macro_export]
macro_rules! in_groups {
    ($count:expr, |$first:ident, $p:ident| $body:block) => {{
        let count: usize = $count;
        let mut $first = 0;
        let mut groups = count.div_ceil($crate::simd::product::POSITIONS);
        macro_rules! group {
            ($size:literal) => {{
                const $p: usize = $size;
                $body
            }};
        }
        while groups > 0 {
            let size = (count - $first).div_ceil(groups);
            match size {
                1 => group!(1),
                2 => group!(2),
                3 => group!(3),
                4 => group!(4),
                5 => group!(5),
                _ => group!(6),
            }
            $first += size;
            groups -= 1;
        }
    }};
}
pub use in_groups;
