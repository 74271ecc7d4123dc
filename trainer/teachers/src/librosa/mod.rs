//! Parts of librosa's constant-Q transforms, with the same results.

pub(super) mod halve;
pub(super) mod stft;
pub(super) mod wavelets;
