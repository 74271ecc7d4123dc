//! What is scored: audio with a reference, one piece at a time.

use anyhow::Result;
use harmony::timeline::Segment;
use recognizer::audio::Audio;

/// Audio and what is known of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Piece {
    /// Name of the piece in its set.
    pub name: String,
    /// What pieces are reported together by, the package of real music.
    pub group: Option<String>,
    /// The audio, mono.
    pub audio: Audio,
    /// What is to be recognized, in order and without overlaps.
    pub reference: Vec<Segment>,
    /// Spans in seconds in which the reference is sure of itself, where it is a teacher.
    pub confident: Option<Vec<(f64, f64)>>,
}

/// A set of pieces that are made when they are needed.
pub trait Pieces: Sync {
    /// How many there are.
    fn count(&self) -> usize;

    /// The piece at `index`; the same index gives the same piece.
    ///
    /// # Errors
    /// A piece that cannot be made or read, by name.
    fn piece(&self, index: usize) -> Result<Piece>;
}
