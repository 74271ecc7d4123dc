//! Samples in, chords out.
//!
//! Live: host audio → [`resample`] → [`features::live`] → the causal network of
//! [`networks`] with its [`weights`], run by an engine of [`inference`] →
//! [`decode::fixed_lag`] → events; [`live::LiveEngine`] is all of it. Whole files:
//! [`audio`] → [`resample`] → [`features::cqt`] → the windowed network →
//! [`decode::viterbi`] → a timeline; [`transcribe`] is all of it.

pub mod audio;
pub mod decode;
pub mod features;
pub mod inference;
pub mod live;
pub mod models;
pub mod networks;
pub mod resample;
pub mod transcribe;
pub mod weights;
