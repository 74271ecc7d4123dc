//! Loops that are compiled for the processor at hand: with AVX2 and fused multiply-add
//! where it has them, plainly otherwise.
//!
//! Nothing here but the choice between the two is `unsafe`; the arithmetic is plain Rust
//! that the compiler vectorises, sixteen numbers side by side.

pub mod product;

/// Numbers in a vector of lanes: two AVX registers.
pub const LANES: usize = 16;

/// Sixteen numbers.
pub type Lanes = [f32; LANES];

/// Defines `fn $name($args)` twice, from the one body `$body::<FMA>($args)`: compiled
/// for AVX2 with fused multiply-add and for any processor; the first is called where
/// the processor can.
#[macro_export]
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
pub use for_this_processor;

/// `a * b + c`, fused where `FMA` (elsewhere a fused one would be a slow library call).
#[inline(always)]
pub fn multiply_add<const FMA: bool>(a: f32, b: f32, c: f32) -> f32 {
    if FMA { a.mul_add(b, c) } else { a * b + c }
}
