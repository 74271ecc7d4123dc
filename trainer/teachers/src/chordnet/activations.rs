//! Activation functions, written so that the compiler vectorizes them.

use recognizer::simd::{Isa, LANES, Lanes, multiply_add};

/// Sixteen numbers computed one by one.
#[inline(always)]
pub(super) fn each(number: impl Fn(usize) -> f32) -> Lanes {
    let mut lanes = [0.0; LANES];
    for (i, lane) in lanes.iter_mut().enumerate() {
        *lane = number(i);
    }
    lanes
}

/// `e^x` within two units in the last place for `x` in −87 … 88; values outside are clamped.
/// After the Cephes library's `expf`: `x = n ln 2 + r`, then a polynomial in `r`.
#[inline(always)]
pub(super) fn exp<I: Isa>(x: f32) -> f32 {
    // Comparisons of this form are one instruction each; NaN becomes −87.
    let x = if x > -87.0 { x } else { -87.0 };
    let x = if x < 88.0 { x } else { 88.0 };
    // Rounds to the nearest integer, because a float of this size has no fraction, and leaves
    // that integer in the lowest bits.
    const ROUND: f32 = 12_582_912.0;
    let rounded = multiply_add::<I>(x, std::f32::consts::LOG2_E, ROUND);
    let n = rounded - ROUND;
    // ln 2 in two parts, so that the subtraction is exact.
    let r = multiply_add::<I>(n, -0.693_359_4, x);
    let r = multiply_add::<I>(n, 2.121_944_4e-4, r);
    let mut p = 1.987_569_1e-4;
    for c in [
        1.398_199_9e-3,
        8.333_452e-3,
        4.166_579_6e-2,
        1.666_666_5e-1,
        0.5,
    ] {
        p = multiply_add::<I>(p, r, c);
    }
    let y = multiply_add::<I>(p * r, r, r) + 1.0;
    y * f32::from_bits(rounded.to_bits().wrapping_add(127) << 23)
}

/// The logistic function.
#[inline(always)]
pub(super) fn sigmoid<I: Isa>(x: f32) -> f32 {
    1.0 / (1.0 + exp::<I>(-x))
}

/// The hyperbolic tangent, within 2e-7.
#[inline(always)]
pub(super) fn tanh<I: Isa>(x: f32) -> f32 {
    2.0 * sigmoid::<I>(2.0 * x) - 1.0
}

/// SELU (Klambauer et al., 2017): `λ x` above zero, `λ α (e^x − 1)` below.
#[inline(always)]
pub(super) fn selu<I: Isa>(x: f32) -> f32 {
    const LAMBDA: f32 = 1.050_701;
    const ALPHA: f32 = 1.673_263_2;
    let below = (LAMBDA * ALPHA) * (exp::<I>(if x < 0.0 { x } else { 0.0 }) - 1.0);
    if x > 0.0 { LAMBDA * x } else { below }
}

#[cfg(test)]
mod tests {
    use super::*;
    use recognizer::simd::{Avx2, Baseline};

    #[test]
    fn functions_agree_with_the_librarys() {
        for i in -8700..=1000 {
            let x = i as f32 / 100.0;
            for y in [exp::<Avx2>(x), exp::<Baseline>(x)] {
                let exact = f64::from(x).exp();
                let error = (f64::from(y) - exact).abs() / exact;
                assert!(error < 3e-7, "e^{x}: {y} instead of {exact}");
            }
            assert!((tanh::<Avx2>(x) - x.tanh()).abs() < 3e-7, "tanh {x}");
            let s = 1.0 / (1.0 + (-f64::from(x)).exp());
            assert!((f64::from(sigmoid::<Baseline>(x)) - s).abs() < 2e-7);
        }
        assert!((selu::<Avx2>(-1.0) + 1.111_330_7).abs() < 1e-6);
        assert!((selu::<Avx2>(2.0) - 2.101_402).abs() < 1e-6);
    }
}
