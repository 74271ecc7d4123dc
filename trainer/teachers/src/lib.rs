//! Teachers: chord recognizers trained by others, from which our networks learn.
//!
//! A [`Teacher`] processes a whole file and returns, for each frame of hop 1024, the
//! probability of each class of [`harmony::vocabulary::large`], and if it can those of the
//! bass and the extensions; it also returns the chords that its authors' program would write.
//!
//! - [`chordnet`]: the five folds of Jiang et al. (ISMIR 2019);
//! - [`crema`]: the network of CREMA (McFee and Bello, ISMIR 2017);
//! - [`btc`]: the paper's own teacher (Park et al., ISMIR 2019);
//! - [`student`]: a network of our own;
//! - [`mixture`]: several of them combined;
//! - [`views`]: transpositions and other ways to hear the same audio, averaged.

#![warn(unreachable_pub)]

pub mod btc;
pub mod checkpoint;
pub mod chordnet;
pub mod crema;
mod fetch;
mod hpss;
mod librosa;
pub mod mixture;
mod open;
pub mod posteriors;
pub mod sha256;
pub mod student;
pub mod views;

use anyhow::Result;
use harmony::timeline::Timeline;

pub use fetch::{Fetched, fetch};
pub use open::open;

/// Samples between frames of a teacher's output, at 22 050 Hz.
pub const HOP_SAMPLES: usize = 1024;
/// Classes of the ninth: none, 9, #9, b9.
pub const NINTHS: usize = 4;
/// Classes of the eleventh: none, 11, #11.
pub const ELEVENTHS: usize = 3;
/// Classes of the thirteenth: none, 13, b13.
pub const THIRTEENTHS: usize = 3;

/// A teacher's output for a file. Frame `i` is at `i · 1024 / 22050` s; there are `1 + len /
/// 1024` frames for `len` samples.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Prediction {
    /// Probabilities of the large vocabulary, `[frames, 170]`.
    pub chord: Vec<f32>,
    /// Probabilities of the bass pitch class, 12 for none, `[frames, 13]`.
    pub bass: Option<Vec<f32>>,
    /// Probabilities of the notes above the seventh.
    pub extensions: Option<Extensions>,
    /// The chords that the teacher's own program would write.
    pub timeline: Timeline,
}

/// Probabilities of the notes above the seventh.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Extensions {
    /// `[frames, 4]`: none, 9, #9, b9.
    pub ninth: Vec<f32>,
    /// `[frames, 3]`: none, 11, #11.
    pub eleventh: Vec<f32>,
    /// `[frames, 3]`: none, 13, b13.
    pub thirteenth: Vec<f32>,
}

/// A recognizer to learn from.
pub trait Teacher: Send + Sync {
    /// Its name, as on the command line.
    fn name(&self) -> &str;

    /// SHA-256 of its weights, and of its views if it has any, hexadecimal: with the name, its
    /// identity.
    fn sha256(&self) -> &str;

    /// Processes a whole file: mono samples at 22 050 Hz.
    ///
    /// # Errors
    /// If its engine fails.
    fn predict(&self, samples: &[f32]) -> Result<Prediction>;
}
