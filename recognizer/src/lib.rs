//! Samples in, chords out.
//!
//! Live: host audio → [`resample`] → [`features::live`] → the causal network of
//! [`networks`] with its [`weights`], run by an engine of [`inference`] →
//! [`decode::fixed_lag`] → events; [`live::LiveEngine`] is all of it. Whole files:
//! [`audio`] → [`resample`] → [`signal`] → [`features::cqt`] → the windowed network →
//! [`decode::viterbi`] → a timeline; [`transcribe`] is all of it. [`refine`] does the same
//! a few seconds behind a stream. All of them follow the music's [`tuning`]. Where [`beat`]s are known, changes are put on them.

pub mod audio;
pub mod beat;
pub mod decode;
pub mod features;
pub mod inference;
pub mod live;
pub mod models;
pub mod mono;
pub mod networks;
pub mod refine;
pub mod resample;
pub mod signal;
pub mod simd;
pub mod transcribe;
pub mod tuning;
pub mod weights;
mod windows;
