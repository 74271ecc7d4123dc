//! Prediction of the next chord, where the passage was heard before.
//!
//! The last chords are searched for earlier in the track; where they occur in the same order and
//! with similar lengths, the chord that followed them there is expected now, after as many beats.
//! The longest match wins, and among equals the latest.

use crate::label::Label;
use crate::simplify::Simplify;
use crate::track::Track;

/// The fewest chords, including the current one, that must match an earlier passage.
pub const LEAST_MATCH: usize = 3;

/// How many chords back are compared at most.
const MOST_MATCH: usize = 16;

/// How many past chords are searched.
const MOST_PAST: usize = 2000;

/// Lengths match within this share, or within half a beat.
const LENGTH_SHARE: f64 = 0.2;
const LENGTH_BEATS: f64 = 0.5;

/// An expectation that is overdue by more than this, in quarter notes, was wrong.
const OVERDUE_BEATS: f64 = 1.0;

/// A chord that is expected.
#[derive(Clone, Debug, PartialEq)]
pub struct Expected {
    /// The chord of the earlier passage.
    pub label: Label,
    /// Where it is due, in quarter-note beats of the track.
    pub beat: f64,
    /// How many chords before it match the earlier passage.
    pub matched: usize,
}

/// A chord of the past.
struct Run {
    label: Label,
    triad: Label,
    start: f64,
    end: f64,
}

impl Run {
    fn beats(&self) -> f64 {
        self.end - self.start
    }
}

/// The chord that is expected after the one that sounds at `beat`. Uses only the track up to
/// `beat`. `None` where no chord sounds, where the passage was not heard before, or where the
/// expected chord is overdue.
///
/// On a track without a host's clock the beats are those of its own tempo map.
#[must_use]
pub fn expected(track: &Track, beat: f64) -> Option<Expected> {
    if !beat.is_finite() {
        return None;
    }
    let runs = runs(track, beat);
    let now = runs.len().checked_sub(1)?;
    let sounding = &runs[now];
    // After a chord has ended, the passage is over.
    if sounding.label.chord().is_none() || sounding.end + LENGTH_BEATS < beat {
        return None;
    }
    let mut best: Option<(usize, usize)> = None;
    for then in (0..now).rev() {
        let matched = matched(&runs, now, then, beat);
        if matched >= LEAST_MATCH && best.is_none_or(|(most, _)| matched > most) {
            best = Some((matched, then));
        }
    }
    let (matched, then) = best?;
    let next = &runs[then + 1];
    let due = sounding.start + runs[then].beats();
    if due + OVERDUE_BEATS < beat {
        return None;
    }
    Some(Expected {
        label: next.label.clone(),
        beat: due,
        matched,
    })
}

/// How many chords up to `now` match those up to `then`.
fn matched(runs: &[Run], now: usize, then: usize, beat: f64) -> usize {
    // The current chord may already be longer than the earlier one.
    let sounding = &runs[now];
    let lasted = beat - sounding.start;
    let same = sounding.triad == runs[then].triad;
    if !same || lasted > runs[then].beats() + OVERDUE_BEATS {
        return 0;
    }
    let mut count = 1;
    while count < MOST_MATCH && count <= then {
        let (own, other) = (&runs[now - count], &runs[then - count]);
        let off = (own.beats() - other.beats()).abs();
        // The first chord of the track may be cut off at its start.
        let first = then == count;
        let alike = off <= LENGTH_BEATS.max(LENGTH_SHARE * other.beats());
        if own.triad != other.triad || !(alike || first) {
            break;
        }
        count += 1;
    }
    count
}

/// The chords up to a beat; neighbours with the same triad are joined.
fn runs(track: &Track, beat: f64) -> Vec<Run> {
    let segments = track.timeline().segments();
    let at = |time_s: f64| track.tempo().beat_at(time_s);
    let end = segments.partition_point(|segment| at(segment.start_s) <= beat + 1e-6);
    let start = end.saturating_sub(MOST_PAST);
    let mut runs: Vec<Run> = Vec::new();
    for segment in &segments[start..end] {
        let triad = Simplify::Triads.label(&segment.label);
        let triad = match triad {
            Label::Chord(chord) => Label::Chord(chord.with_bass(crate::label::Degree::ROOT)),
            other => other,
        };
        let (from, to) = (at(segment.start_s), at(segment.end_s));
        match runs.last_mut() {
            Some(last) if last.triad == triad => last.end = to,
            _ => runs.push(Run {
                label: segment.label.clone(),
                triad,
                start: from,
                end: to,
            }),
        }
    }
    runs
}
