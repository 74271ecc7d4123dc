//! Random numbers derived from a seed.

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

/// The purpose of a random stream: each stage has its own, so that a change in one leaves the
/// choices of the others alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stream {
    /// Writing chords.
    Compose = 1,
    /// Arranging.
    Arrange = 2,
    /// Mixing and effects.
    Mix = 3,
    /// Noise samples.
    Noise = 4,
    /// Choosing instruments for the parts.
    Band = 5,
}

/// The random stream of a seed for one purpose.
#[must_use]
pub fn stream(seed: u64, stream: Stream) -> ChaCha8Rng {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    rng.set_stream(stream as u64);
    rng
}
