//! Pieces to be scored: audio with a reference.

use anyhow::Result;
use harmony::timeline::Segment;
use recognizer::audio::Audio;

/// Audio and its reference.
#[derive(Debug, Clone, PartialEq)]
pub struct Piece {
    /// Name of the piece in its set.
    pub name: String,
    /// The group for reports: the package of real music.
    pub group: Option<String>,
    /// The audio, mono.
    pub audio: Audio,
    /// The reference chords, in order and without overlaps.
    pub reference: Vec<Segment>,
    /// Time ranges in seconds in which the reference is confident, if it is a teacher's.
    pub confident: Option<Vec<(f64, f64)>>,
}

/// A set of pieces, each made on request.
pub trait Pieces: Sync {
    /// The number of pieces.
    fn count(&self) -> usize;

    /// The piece at `index`; the same index gives the same piece.
    ///
    /// # Errors
    /// If a piece cannot be made or read; the error names it.
    fn piece(&self, index: usize) -> Result<Piece>;
}
