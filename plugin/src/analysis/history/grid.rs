//! The beats of the host's song, in the form a recognizer takes.

use harmony::time::Meter;
use recognizer::beat::{BeatGrid, GridSpan};

use super::History;

/// A beat up to this long past the end of a stretch of the song still belongs to it, in
/// seconds.
const BEAT_HAIR_S: f64 = 1e-3;

impl History {
    /// The source of beats for a recognizer that began at `start_s`: the beats of the host's song
    /// between two seconds of the recognizer's time.
    pub(in crate::analysis) fn grid_since(
        &self,
        start_s: f64,
    ) -> impl FnMut(f64, f64) -> Option<BeatGrid> {
        move |from_s, to_s| self.grid(start_s, from_s, to_s)
    }

    fn grid(&self, start_s: f64, from_s: f64, to_s: f64) -> Option<BeatGrid> {
        let spans = self.spans(start_s + from_s, start_s + to_s);
        let spans: Vec<GridSpan> = spans
            .iter()
            .filter_map(|span| {
                let host = &span.host;
                let (numerator, denominator) = host.signature?;
                let numerator = u8::try_from(numerator).ok()?;
                let meter = Meter::new(numerator, u8::try_from(denominator).ok()?).ok()?;
                host.playing.then_some(GridSpan {
                    from_s: span.start_s - start_s,
                    // A beat exactly where the song stops or jumps belongs to the stretch.
                    to_s: span.end_s - start_s + BEAT_HAIR_S,
                    beat: host.beats?,
                    bpm: host.tempo_bpm?,
                    meter,
                    bar_beat: host.bar_start().unwrap_or(0.0),
                })
            })
            .collect();
        (!spans.is_empty()).then(|| BeatGrid::from_spans(&spans))
    }
}
