//! Beats: where music may change its chord.

pub mod grid;

pub use grid::{BeatGrid, GridPosition, GridSpan, Place};
