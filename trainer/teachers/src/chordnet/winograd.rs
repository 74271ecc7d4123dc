//! Winograd's minimal filtering F(4, 3) along frequency: four results of a kernel of three
//! from six products instead of twelve (Lavin & Gray, "Fast algorithms for convolutional
//! neural networks", 2016, their matrices for the points 0, ±1, ±2, ∞).

use recognizer::simd::{Isa, LANES, Lanes, multiply_add};

use super::activations::each;

/// Products of a tile.
pub(super) const POINTS: usize = 6;
/// Results of a tile.
pub(super) const TILE: usize = 4;

/// The three weights of a kernel at the six points.
pub(super) fn kernel([a, b, c]: [f32; 3]) -> [f32; POINTS] {
    let [a, b, c] = [a, b, c].map(f64::from);
    [
        a / 4.0,
        -(a + b + c) / 6.0,
        -(a - b + c) / 6.0,
        (a + 2.0 * b + 4.0 * c) / 24.0,
        (a - 2.0 * b + 4.0 * c) / 24.0,
        c,
    ]
    .map(|x| x as f32)
}

/// A row `[bins + 2, channels]` (with its padding) at the six points: `[6, tiles,
/// channels]`. Channels are a multiple of [`LANES`].
#[inline(always)]
pub(super) fn row<I: Isa>(channels: usize, row: &[f32], out: &mut [f32]) {
    let tiles = out.len() / (POINTS * channels);
    let (row, _) = row.as_chunks::<LANES>();
    let (out, _) = out.as_chunks_mut::<LANES>();
    let blocks = channels / LANES;
    for tile in 0..tiles {
        for block in 0..blocks {
            let bin = |n: usize| &row[(tile * TILE + n) * blocks + block];
            let madd = multiply_add::<I>;
            let (d0, d1, d2, d3, d4, d5) = (bin(0), bin(1), bin(2), bin(3), bin(4), bin(5));
            let even = each(|i| madd(-4.0, d2[i], d4[i]));
            let odd = each(|i| madd(-4.0, d1[i], d3[i]));
            let even2 = each(|i| d4[i] - d2[i]);
            let odd2 = each(|i| 2.0 * (d3[i] - d1[i]));
            let v = [
                each(|i| madd(4.0, d0[i], madd(-5.0, d2[i], d4[i]))),
                each(|i| even[i] + odd[i]),
                each(|i| even[i] - odd[i]),
                each(|i| even2[i] + odd2[i]),
                each(|i| even2[i] - odd2[i]),
                each(|i| madd(4.0, d1[i], madd(-5.0, d3[i], d5[i]))),
            ];
            for (point, v) in v.iter().enumerate() {
                out[(point * tiles + tile) * blocks + block] = *v;
            }
        }
    }
}

/// The four results of a tile from the sums at its six points.
#[inline(always)]
pub(super) fn results<I: Isa>(m: [&Lanes; POINTS]) -> [Lanes; TILE] {
    let madd = multiply_add::<I>;
    let sum = each(|i| m[1][i] + m[2][i]);
    let difference = each(|i| m[1][i] - m[2][i]);
    let sum2 = each(|i| m[3][i] + m[4][i]);
    let difference2 = each(|i| m[3][i] - m[4][i]);
    [
        each(|i| m[0][i] + sum[i] + sum2[i]),
        each(|i| madd(2.0, difference2[i], difference[i])),
        each(|i| madd(4.0, sum2[i], sum[i])),
        each(|i| madd(8.0, difference2[i], difference[i]) + m[5][i]),
    ]
}
