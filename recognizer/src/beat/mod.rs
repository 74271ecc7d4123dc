//! Beats: where music may change its chord.
//!
//! [`grid`] is what a decoder is told of them; [`find`](mod@find) finds them in a file whose
//! beats nobody knows.

mod bars;
pub mod find;
pub mod grid;
mod onset;

pub use find::{Beats, Known, find};
pub use grid::{BeatGrid, GridPosition, GridSpan, Place};
