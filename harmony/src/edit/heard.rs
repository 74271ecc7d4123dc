//! Analysis of a stretch of the song, and which parts of it are written into the track.

use super::history::History;
use super::replaced::{cut, is_confirmed_chord};
use crate::timeline::{Segment, Timeline, TimelineError};
use crate::track::Track;

/// The analysis of a stretch of the song.
#[derive(Clone, Debug, PartialEq)]
pub struct Heard {
    /// The segment; times in seconds of the track.
    pub segment: Segment,
    /// Whether the sound was too faint for a segment to replace a confirmed chord.
    pub faint: bool,
}

impl From<Segment> for Heard {
    fn from(segment: Segment) -> Self {
        Self {
            segment,
            faint: false,
        }
    }
}

/// Segments that follow each other without a gap, to be written.
pub(super) type Run = Vec<Segment>;

/// The parts of a pass's analysis of `from_s` … `to_s` that are to be written: all of it, except
/// that silence, sound without a chord and sound that is too faint leave confirmed chords as they
/// were before the pass. A pass that was undone never replaces them.
///
/// # Errors
/// As [`Timeline::replace_range`].
pub(super) fn to_write(
    history: &History,
    track: &Track,
    pass: u64,
    (from_s, to_s): (f64, f64),
    heard: Vec<Heard>,
) -> Result<Vec<Run>, TimelineError> {
    let faint = heard.iter().filter(|it| it.faint);
    let faint = faint.map(|it| (it.segment.start_s, it.segment.end_s));
    let faint: Vec<(f64, f64)> = faint.collect();
    let mut filled = Timeline::new();
    filled.replace_range(from_s, to_s, heard.into_iter().map(|it| it.segment))?;
    let barred = history.is_barred(pass);
    let mut runs: Vec<Run> = Vec::new();
    for segment in filled.segments() {
        let (start_s, end_s) = (segment.start_s, segment.end_s);
        let is_faint = faint.contains(&(start_s, end_s));
        let standing = if barred {
            confirmed(track, start_s, end_s)
        } else if is_faint || segment.label.chord().is_none() {
            history.standing(pass, track, start_s, end_s)
        } else {
            Vec::new()
        };
        let mut at_s = start_s;
        for stands in standing {
            if stands.start_s > at_s {
                put(&mut runs, segment.cut(at_s, stands.start_s));
            }
            at_s = stands.end_s;
            if !is_there(track, &stands) {
                put(&mut runs, stands);
            }
        }
        if at_s < end_s {
            put(&mut runs, segment.cut(at_s, end_s));
        }
    }
    Ok(runs)
}

fn put(runs: &mut Vec<Run>, segment: Segment) {
    match runs.last_mut() {
        Some(run) if run.last().is_some_and(|it| it.end_s == segment.start_s) => run.push(segment),
        _ => runs.push(vec![segment]),
    }
}

fn confirmed(track: &Track, from_s: f64, to_s: f64) -> Vec<Segment> {
    let there = cut(track.timeline().range(from_s, to_s), from_s, to_s);
    there.into_iter().filter(is_confirmed_chord).collect()
}

/// Whether the track already has this chord.
fn is_there(track: &Track, segment: &Segment) -> bool {
    let (from_s, to_s) = (segment.start_s, segment.end_s);
    let now = track.timeline().range(from_s, to_s);
    let covered = matches!(
        (now.first(), now.last()),
        (Some(first), Some(last)) if first.start_s <= from_s && last.end_s >= to_s
    );
    let same = |it: &Segment| it.label == segment.label && it.status == segment.status;
    covered && now.iter().all(same)
}
