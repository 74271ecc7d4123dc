//! Sources of beats for running engines.

use super::BeatGrid;

/// A source of the beats of a stream: a host's transport or a beat finder.
///
/// A closure `|from_s: f64, to_s: f64| -> Option<BeatGrid>` is one, and so is a [`BeatGrid`], which
/// then applies to the whole stream.
///
/// The answer for a stretch must not depend on when it is asked for, or the result of the engine
/// will depend on it too.
pub trait BeatSource {
    /// The beats of the stretch from `from_s` to `to_s`, seconds of the stream; `None` where they
    /// are unknown. A grid that reaches beyond the stretch does no harm.
    fn beats_between(&mut self, from_s: f64, to_s: f64) -> Option<BeatGrid>;
}

impl<F: FnMut(f64, f64) -> Option<BeatGrid>> BeatSource for F {
    fn beats_between(&mut self, from_s: f64, to_s: f64) -> Option<BeatGrid> {
        self(from_s, to_s)
    }
}

impl BeatSource for BeatGrid {
    fn beats_between(&mut self, _: f64, _: f64) -> Option<BeatGrid> {
        Some(self.clone())
    }
}

/// The source of a stream without known beats.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoBeats;

impl BeatSource for NoBeats {
    fn beats_between(&mut self, _: f64, _: f64) -> Option<BeatGrid> {
        None
    }
}
