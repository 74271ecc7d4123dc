//! Placing what was heard in the song.

use harmony::edit::Heard;

use super::SAME_S;
use crate::session::{Place, Song};
use changes_realtime::transport::Span;

/// The part of a segment of the stream that lies in `span`, at its place in the song.
pub(super) fn placed(song: &Song, place: &Place, span: &Span, mut heard: Heard) -> Option<Heard> {
    let segment = &mut heard.segment;
    let from_s = segment.start_s.max(span.start_s);
    let to_s = segment.end_s.min(span.end_s);
    if to_s - from_s <= SAME_S {
        return None;
    }
    segment.start_s = song.second(place, from_s);
    segment.end_s = song.second(place, to_s);
    Some(heard)
}

/// Stretches of the song, in seconds.
#[derive(Default)]
pub(super) struct Covered(Vec<(f64, f64)>);

impl Covered {
    /// Adds a stretch.
    pub(super) fn add(&mut self, from_s: f64, to_s: f64) {
        // Most stretches lie right before an existing one.
        let touching = self
            .0
            .iter_mut()
            .find(|(start_s, end_s)| to_s >= *start_s - SAME_S && from_s <= *end_s + SAME_S);
        match touching {
            Some((start_s, end_s)) => {
                *start_s = start_s.min(from_s);
                *end_s = end_s.max(to_s);
            }
            None => self.0.push((from_s, to_s)),
        }
    }

    /// The parts of a stretch that are not covered.
    pub(super) fn left_open(&self, from_s: f64, to_s: f64) -> Vec<(f64, f64)> {
        let mut open = vec![(from_s, to_s)];
        for &(start_s, end_s) in &self.0 {
            open = open
                .into_iter()
                .flat_map(|(from_s, to_s)| [(from_s, to_s.min(start_s)), (from_s.max(end_s), to_s)])
                .filter(|(from_s, to_s)| to_s - from_s > SAME_S)
                .collect();
        }
        open
    }
}
