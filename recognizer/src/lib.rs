//! Samples in, chords out.

pub mod audio;
pub mod features;
pub mod networks;
pub mod resample;
pub mod weights;
