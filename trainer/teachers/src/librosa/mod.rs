//! What librosa's constant-Q transforms are made of, to the same numbers.

pub(super) mod halve;
pub(super) mod stft;
pub(super) mod wavelets;
