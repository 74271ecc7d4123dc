//! Sixteen numbers side by side, and the loops that are compiled for the processor at
//! hand: with AVX2 and fused multiply-add where it has them, plainly otherwise.
//!
//! Nothing here but the choice between the two is `unsafe`; the arithmetic is plain Rust
//! that the compiler vectorises.

/// Numbers in a vector of lanes: two AVX registers.
pub const LANES: usize = 16;

/// Sixteen numbers.
pub type Lanes = [f32; LANES];

/// Sixteen numbers made one by one.
#[inline(always)]
pub fn each(number: impl Fn(usize) -> f32) -> Lanes {
    let mut lanes = [0.0; LANES];
    for (i, lane) in lanes.iter_mut().enumerate() {
        *lane = number(i);
    }
    lanes
}

/// Defines `pub fn $name($args)` twice, from the one body `$body::<FMA>($args)`: compiled
/// for AVX2 with fused multiply-add and for any processor; the first is called where
/// the processor can.
macro_rules! for_this_processor {
    ($(#[$meta:meta])* $vis:vis fn $name:ident($($arg:ident: $type:ty),* $(,)?) = $body:ident) => {
        $(#[$meta])*
        $vis fn $name($($arg: $type),*) {
            #[cfg(target_arch = "x86_64")]
            {
                #[target_feature(enable = "avx2,fma")]
                fn fast($($arg: $type),*) {
                    $body::<true>($($arg),*);
                }
                if std::arch::is_x86_feature_detected!("avx2")
                    && std::arch::is_x86_feature_detected!("fma")
                {
                    // SAFETY: the features that `fast` is compiled for were just found.
                    return unsafe { fast($($arg),*) };
                }
            }
            // Fused multiply-add is part of every 64-bit ARM.
            $body::<{ cfg!(target_arch = "aarch64") }>($($arg),*);
        }
    };
}
pub(super) use for_this_processor;

/// `a * b + c`, fused where `FMA` (elsewhere a fused one would be a slow library call).
#[inline(always)]
pub fn multiply_add<const FMA: bool>(a: f32, b: f32, c: f32) -> f32 {
    if FMA { a.mul_add(b, c) } else { a * b + c }
}

/// `e^x` within two units of the last place for `x` in −87 … 88; smaller and larger ones
/// count as those limits. After the Cephes library's `expf`: `x = n ln 2 + r`, then a
/// polynomial in `r`.
#[inline(always)]
pub fn exp<const FMA: bool>(x: f32) -> f32 {
    // Comparisons of this form are one instruction each; not-a-number becomes −87.
    let x = if x > -87.0 { x } else { -87.0 };
    let x = if x < 88.0 { x } else { 88.0 };
    // Rounds to the nearest integer, because a float of this size has no fraction, and
    // leaves that integer in the lowest bits.
    const ROUND: f32 = 12_582_912.0;
    let rounded = multiply_add::<FMA>(x, std::f32::consts::LOG2_E, ROUND);
    let n = rounded - ROUND;
    // ln 2 in two parts, so that the subtraction loses nothing.
    let r = multiply_add::<FMA>(n, -0.693_359_4, x);
    let r = multiply_add::<FMA>(n, 2.121_944_4e-4, r);
    let mut p = 1.987_569_1e-4;
    for c in [
        1.398_199_9e-3,
        8.333_452e-3,
        4.166_579_6e-2,
        1.666_666_5e-1,
        0.5,
    ] {
        p = multiply_add::<FMA>(p, r, c);
    }
    let y = multiply_add::<FMA>(p * r, r, r) + 1.0;
    y * f32::from_bits(rounded.to_bits().wrapping_add(127) << 23)
}

/// The logistic function.
#[inline(always)]
pub fn sigmoid<const FMA: bool>(x: f32) -> f32 {
    1.0 / (1.0 + exp::<FMA>(-x))
}

/// The hyperbolic tangent, within 2e-7.
#[inline(always)]
pub fn tanh<const FMA: bool>(x: f32) -> f32 {
    2.0 * sigmoid::<FMA>(2.0 * x) - 1.0
}

/// SELU (Klambauer et al., 2017): `λ x` above zero, `λ α (e^x − 1)` below.
#[inline(always)]
pub fn selu<const FMA: bool>(x: f32) -> f32 {
    const LAMBDA: f32 = 1.050_701;
    const ALPHA: f32 = 1.673_263_2;
    let below = (LAMBDA * ALPHA) * (exp::<FMA>(if x < 0.0 { x } else { 0.0 }) - 1.0);
    if x > 0.0 { LAMBDA * x } else { below }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn functions_agree_with_the_librarys() {
        for i in -8700..=1000 {
            let x = i as f32 / 100.0;
            for y in [exp::<true>(x), exp::<false>(x)] {
                let exact = f64::from(x).exp();
                let error = (f64::from(y) - exact).abs() / exact;
                assert!(error < 3e-7, "e^{x}: {y} instead of {exact}");
            }
            assert!((tanh::<true>(x) - x.tanh()).abs() < 3e-7, "tanh {x}");
            let s = 1.0 / (1.0 + (-f64::from(x)).exp());
            assert!((f64::from(sigmoid::<false>(x)) - s).abs() < 2e-7);
        }
        assert!((selu::<true>(-1.0) + 1.111_330_7).abs() < 1e-6);
        assert!((selu::<true>(2.0) - 2.101_402).abs() < 1e-6);
    }
}
