//! Samples in, chords out.

pub mod features;
pub mod networks;
pub mod resample;
mod samples;
pub mod weights;
