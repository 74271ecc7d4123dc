//! Prediction of the next chord: expected where the passage was heard before, guessed elsewhere.
//!
//! The last chords are searched for earlier in the track; where they occur in the same order and
//! with similar lengths, the chord that followed them there is expected now, after as many beats.
//! The longest match wins, and among equals the latest.
//!
//! Elsewhere [`likely`] gives the chord that usually follows in the key, by [`crate::progression`].

use crate::key::Key;
use crate::label::{Chord, Label};
use crate::progression::{Memory, Progressions, before, changes};
use crate::simplify::Simplify;
use crate::timeline::Segment;
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

/// How many chords of the past say how the song goes.
const MOST_LEARNED: usize = 500;

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

/// A chord that usually follows.
#[derive(Clone, Debug, PartialEq)]
pub struct Likely {
    /// The plain chord, spelled in the key.
    pub label: Label,
    /// How probable its root with its third is, 0 … 1.
    pub probability: f32,
}

/// The chord that is likeliest to follow the one that sounds at `beat`, by how pop songs go and by
/// how this one has gone up to there: a guess. `None` where no chord sounds or no key is known.
#[must_use]
pub fn likely(track: &Track, beat: f64) -> Option<Likely> {
    if !beat.is_finite() {
        return None;
    }
    let key = track.key_at(beat)?;
    let past = past(track, beat, MOST_LEARNED);
    let sounding = past.last()?;
    let is_over = track.tempo().beat_at(sounding.end_s) + LENGTH_BEATS < beat;
    if sounding.label.chord().is_none() || is_over {
        return None;
    }
    let key_of = |segment: &Segment| track.key_at_s(segment.start_s).unwrap_or(key);
    let song = past.iter().map(|segment| -> Option<(&Chord, Key)> {
        Some((segment.label.chord()?, key_of(segment)))
    });
    let memory = Memory::of(&changes(song));
    // What stands before a silence is no part of what goes on.
    let whole = past.iter().rposition(|it| it.label.chord().is_none());
    let passage = &past[whole.map_or(0, |silence| silence + 1)..];
    let passage: Vec<&Chord> = passage.iter().filter_map(|it| it.label.chord()).collect();
    let outlook = memory.next(Progressions::pop(), key.mode(), &before(&passage, key));
    let (step, probability) = *outlook.ranked().first()?;
    Some(Likely {
        label: Label::Chord(step.chord(key)),
        probability,
    })
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
    let at = |time_s: f64| track.tempo().beat_at(time_s);
    let mut runs: Vec<Run> = Vec::new();
    for segment in past(track, beat, MOST_PAST) {
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

/// The latest segments that have begun at a beat, at most `most`.
fn past(track: &Track, beat: f64, most: usize) -> &[Segment] {
    let segments = track.timeline().segments();
    let begun = |segment: &Segment| track.tempo().beat_at(segment.start_s) <= beat + 1e-6;
    let end = segments.partition_point(begun);
    &segments[end.saturating_sub(most)..end]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::TempoMap;
    use crate::timeline::Timeline;
    use crate::track::KeyRegion;

    /// Chords of two seconds, which are four beats, in C major.
    fn track(chords: &str) -> Track {
        let segments = chords.split(' ').enumerate().map(|(index, chord)| {
            let start_s = 2.0 * index as f64;
            Segment::new(start_s, start_s + 2.0, chord.parse().unwrap())
        });
        let timeline = Timeline::from_segments(segments).unwrap();
        let mut track = Track::from_timeline(timeline, TempoMap::default());
        let key = KeyRegion {
            beat: 0.0,
            key: "C".parse().unwrap(),
            by_hand: false,
        };
        track.set_keys(vec![key]).unwrap();
        track
    }

    #[test]
    fn what_usually_follows_is_likely_and_what_follows_in_the_song_more_so() {
        let first = |track: &Track, beat: f64| {
            let likely = likely(track, beat).unwrap();
            assert!((0.0..=1.0).contains(&likely.probability));
            (likely.label.to_string(), likely.probability)
        };
        let song = track("D:min7 G:7 C F G:7 A:min F G:7 A:min F G:7");
        let (label, usually) = first(&song, 6.0);
        assert_eq!(label, "C:maj");
        assert!(usually > 0.4, "{usually}");
        // The same two chords, which have had another end twice.
        assert_eq!(first(&song, 42.0).0, "A:min");
    }

    #[test]
    fn nothing_is_likely_without_a_key_or_a_chord() {
        let mut song = track("D:min7 G:7 N F");
        assert!(likely(&song, 6.0).is_some());
        assert_eq!(likely(&song, 10.0), None);
        assert_eq!(likely(&song, 18.0), None);
        assert_eq!(likely(&song, f64::NAN), None);
        assert_eq!(likely(&Track::new(), 0.0), None);
        song.set_keys(Vec::new()).unwrap();
        assert_eq!(likely(&song, 6.0), None);
    }
}
