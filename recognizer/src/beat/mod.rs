//! Beats: where chords are likely to change.
//!
//! [`grid`] is the grid that decoders use; [`find`](mod@find) finds the beats of a file.

mod bars;
mod describe;
pub mod find;
pub mod grid;
mod onset;
mod pulse;
mod score;
mod source;
mod weights;

pub use describe::{FEATURES, Features};
pub use find::{Beats, Guess, Known, Octave, find, guesses};
pub use grid::{BeatGrid, GridPosition, GridSpan, Place};
pub use score::{Scorer, UNITS, Unit};
pub use source::{BeatSource, NoBeats};
