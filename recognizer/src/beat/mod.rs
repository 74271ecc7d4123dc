//! Beats: where music may change its chord.
//!
//! [`grid`] is what a decoder is told of them; [`find`](mod@find) finds them in a file whose
//! beats nobody knows.

mod bars;
mod describe;
pub mod find;
pub mod grid;
mod onset;
mod pulse;
mod source;
mod weights;

pub use describe::{FEATURES, Features};
pub use find::{Beats, Guess, Known, Octave, find, guesses};
pub use grid::{BeatGrid, GridPosition, GridSpan, Place};
pub use source::{BeatSource, NoBeats};
