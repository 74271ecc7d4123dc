//! Samples in, chords out.
//!
//! Host audio → [`features`] (constant-Q frames) → [`networks`] with their [`weights`],
//! run by an engine of [`inference`] → [`decode`].

pub mod decode;
pub mod features;
pub mod inference;
pub mod networks;
pub mod weights;
