//! What comes next, where the passage was heard before.
//!
//! The chords that have just been heard are looked for earlier in the track; where they are found
//! again, in the same order and for about as long, the chord that followed them there is expected
//! now, after as many beats. The more of the past agrees, the better; of equals the latest counts.

use crate::label::Label;
use crate::simplify::Simplify;
use crate::track::Track;

/// The fewest chords, the sounding one among them, that must have been heard before in that order.
pub const LEAST_MATCH: usize = 3;

/// How many chords back are compared at most.
const MOST_MATCH: usize = 16;

/// How many chords of the past are looked through.
const MOST_PAST: usize = 2000;

/// Lengths agree within this share, or within half a beat.
const LENGTH_SHARE: f64 = 0.2;
const LENGTH_BEATS: f64 = 0.5;

/// An expectation that is overdue by more than this, in quarter notes, was wrong.
const OVERDUE_BEATS: f64 = 1.0;

/// A chord that is expected.
#[derive(Clone, Debug, PartialEq)]
pub struct Expected {
    /// The chord, as it was heard before.
    pub label: Label,
    /// Where it is due, in quarter-note beats of the track.
    pub beat: f64,
    /// How many chords before it agree with what was heard before it then.
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

/// The chord that is expected after the one that sounds at `beat`, by what the track has up to
/// there; what lies behind is not looked at. `None` where nothing sounds, where the passage was not
/// heard before, or where the expected chord is overdue.
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
    // A chord that has ended is no part of a passage that goes on.
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

/// How many chords up to `now` agree with those up to `then`.
fn matched(runs: &[Run], now: usize, then: usize, beat: f64) -> usize {
    // The sounding chord may have begun to last longer than it did then.
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
        // Where the past begins, a chord may have begun before it was heard.
        let first = then == count;
        let alike = off <= LENGTH_BEATS.max(LENGTH_SHARE * other.beats());
        if own.triad != other.triad || !(alike || first) {
            break;
        }
        count += 1;
    }
    count
}

/// The chords up to a beat, those of one triad that follow each other joined.
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::TempoMap;
    use crate::timeline::{Segment, Timeline};

    /// A track of chords that last so many beats at 120 a minute.
    fn track(chords: &[(&str, f64)]) -> Track {
        let mut beat = 0.0;
        let segments = chords.iter().map(|(name, beats)| {
            let start = beat;
            beat += beats;
            Segment::new(start / 2.0, beat / 2.0, name.parse().unwrap())
        });
        let timeline = Timeline::from_segments(segments.collect::<Vec<_>>()).unwrap();
        Track::from_timeline(timeline, TempoMap::default())
    }

    fn at(track: &Track, beat: f64) -> Option<(String, f64)> {
        expected(track, beat).map(|it| (it.label.to_string(), it.beat))
    }

    const VERSE: [(&str, f64); 4] = [("C", 4.0), ("A:min", 4.0), ("F", 2.0), ("G:7", 6.0)];

    #[test]
    fn the_second_round_is_expected() {
        let song = track(&[VERSE, VERSE].concat());
        // In the first round nobody knows.
        assert_eq!(at(&song, 15.0), None);
        // Two chords are too few to know a passage by.
        assert_eq!(at(&song, 21.0), None);
        assert_eq!(at(&song, 24.5), Some(("G:7".to_owned(), 26.0)));
        assert_eq!(at(&song, 31.0), Some(("C:maj".to_owned(), 32.0)));
    }

    #[test]
    fn what_lies_ahead_is_not_looked_at() {
        let song = track(&[VERSE, VERSE].concat());
        assert_eq!(at(&song, 9.0), None);
    }

    #[test]
    fn the_longest_memory_wins() {
        let other = [("A:min", 4.0), ("F", 2.0), ("D:min", 6.0)];
        let song = track(&[&VERSE[..], &other, &VERSE[..]].concat());
        // A minor and F were last followed by D minor, but not after C.
        let beat = 16.0 + 12.0 + 9.0;
        assert_eq!(at(&song, beat), Some(("G:7".to_owned(), 38.0)));
    }

    #[test]
    fn richer_names_are_the_same_chord_and_overdue_ones_are_given_up() {
        let again = [("C:maj7", 4.0), ("A:min7", 4.0), ("F", 9.0)];
        let song = track(&[&VERSE[..], &again].concat());
        assert_eq!(at(&song, 24.5), Some(("G:7".to_owned(), 26.0)));
        assert_eq!(at(&song, 28.0), None);
    }

    #[test]
    fn silence_and_nothing_expect_nothing() {
        assert_eq!(at(&Track::new(), 3.0), None);
        let song = track(&[("C", 4.0), ("N", 8.0)]);
        assert_eq!(at(&song, 6.0), None);
        assert_eq!(at(&song, 40.0), None);
        assert_eq!(at(&song, f64::NAN), None);
    }
}
