//! Loops compiled for several processors: AVX-512, AVX2 with fused multiply-add, and any other.
//!
//! Only the choice between them is `unsafe`; the arithmetic is plain Rust that the compiler
//! vectorizes, sixteen numbers at a time. Each of the sixteen has its own sum, so that the width of
//! the registers changes no bit of the result.

pub mod product;

/// Numbers in a vector of lanes: one register of AVX-512, two of AVX2.
pub const LANES: usize = 16;

/// Sixteen numbers.
pub type Lanes = [f32; LANES];

/// The features of a processor that the loops use.
pub trait Isa {
    /// Multiply and add in one.
    const FMA: bool;
    /// Room in registers for twenty-four sums of sixteen numbers: a product takes four groups
    /// of outputs at a time, so that an input that was read is used four times.
    const WIDE: bool;
}

/// x86-64 with AVX-512: 32 registers of sixteen numbers.
pub enum Avx512 {}

/// x86-64 with AVX2 and fused multiply-add: 16 registers of eight.
pub enum Avx2 {}

/// The features that every processor has. Fused multiply-add is part of every 64-bit ARM.
pub enum Baseline {}

impl Isa for Avx512 {
    const FMA: bool = true;
    const WIDE: bool = true;
}

impl Isa for Avx2 {
    const FMA: bool = true;
    const WIDE: bool = false;
}

impl Isa for Baseline {
    const FMA: bool = cfg!(target_arch = "aarch64");
    const WIDE: bool = false;
}

/// Defines `fn $name($args)` three times, from the one body `$body::<I>($args)`: compiled
/// for AVX-512, for AVX2 with fused multiply-add, and for any processor; the first that the
/// processor can run is called.
#[macro_export]
macro_rules! for_this_processor {
    ($(#[$meta:meta])* $vis:vis fn $name:ident($($arg:ident: $type:ty),* $(,)?) = $body:ident) => {
        $(#[$meta])*
        $vis fn $name($($arg: $type),*) {
            #[cfg(target_arch = "x86_64")]
            {
                #[target_feature(enable = "avx512f,avx512vl,avx512dq,avx512bw,avx2,fma")]
                fn fastest($($arg: $type),*) {
                    $body::<$crate::simd::Avx512>($($arg),*);
                }
                #[target_feature(enable = "avx2,fma")]
                fn fast($($arg: $type),*) {
                    $body::<$crate::simd::Avx2>($($arg),*);
                }
                if $crate::simd::has_avx512() {
                    // SAFETY: the features that `fastest` is compiled for were just found.
                    return unsafe { fastest($($arg),*) };
                }
                if std::arch::is_x86_feature_detected!("avx2")
                    && std::arch::is_x86_feature_detected!("fma")
                {
                    // SAFETY: the features that `fast` is compiled for were just found.
                    return unsafe { fast($($arg),*) };
                }
            }
            $body::<$crate::simd::Baseline>($($arg),*);
        }
    };
}
pub use for_this_processor;

/// Whether the processor has the features of the AVX-512 loops. The environment variable
/// `CHANGES_NO_AVX512` turns them off for comparison.
#[cfg(target_arch = "x86_64")]
#[must_use]
pub fn has_avx512() -> bool {
    static FOUND: std::sync::OnceLock<bool> = std::sync::OnceLock::new();
    *FOUND.get_or_init(|| {
        std::arch::is_x86_feature_detected!("avx512f")
            && std::arch::is_x86_feature_detected!("avx512vl")
            && std::arch::is_x86_feature_detected!("avx512dq")
            && std::arch::is_x86_feature_detected!("avx512bw")
            && std::arch::is_x86_feature_detected!("avx2")
            && std::arch::is_x86_feature_detected!("fma")
            && std::env::var_os("CHANGES_NO_AVX512").is_none()
    })
}

/// `a * b + c`, fused where the processor does that (elsewhere it would be a slow library call).
#[inline(always)]
pub fn multiply_add<I: Isa>(a: f32, b: f32, c: f32) -> f32 {
    if I::FMA { a.mul_add(b, c) } else { a * b + c }
}
