//! How well chords land on beats, and how well beats are found.
//!
//! Songs are rendered with their annotated beats. The refining engine gets them, as from a
//! host, or not; the beat finder has to find them. Measures of beats follow `mir_eval.beat`:
//! the first five seconds are left out, and a beat is a hit when a beat of the other side,
//! each used once, lies within 70 ms.

pub(crate) mod fit;
pub mod measure;
pub(crate) mod pieces;
pub(crate) mod sketch;
pub(crate) mod song;
pub(crate) mod tempi;
