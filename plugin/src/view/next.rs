//! The chord that comes next, where the passage was heard before.
//!
//! Where the song was played before, the track has what follows. Where a passage returns, as in a
//! second chorus, [`harmony::expect`] finds it earlier in the track. Elsewhere there is no next
//! chord, unless the user wants a guess.

use harmony::expect::{expected, likely};
use harmony::function::Function;
use harmony::label::Label;
use harmony::timeline::Segment;
use harmony::track::Track;

use super::names::{ChordName, Namer};
use super::{ChordView, Song};
use crate::session::Clock;
use crate::snapshot::Snapshot;

/// Chords closer together than this, in seconds, follow each other at once.
const GAP_S: f64 = 0.25;

/// A chord of the track that began less than this many seconds ago may not have been heard
/// yet.
const DUE_S: f64 = 1.0;

/// Confirmed chords begin this close to a beat, in quarter notes.
const ON_A_BEAT: f64 = 0.02;

/// The track may end this many seconds before the playhead: the recognizer is behind.
const BEHIND_S: f64 = 2.0;

/// A chord that is further away than this, in seconds, is not announced yet.
const FURTHEST_S: f64 = 30.0;

/// An expectation must hold for this many seconds of the song before it is shown, and stays
/// shown this long after it no longer holds, because what is being recognized changes.
const STEADY_S: f64 = 0.25;

/// A chord that is less likely to be next than this is no help.
pub const LEAST_GUESS: f32 = 0.35;

/// The chord that usually follows, where none is expected.
#[derive(Clone, Debug, PartialEq)]
pub struct GuessView {
    /// Its name.
    pub name: ChordName,
    /// How likely it is, [`LEAST_GUESS`] … 1.
    pub probability: f32,
}

impl GuessView {
    /// How likely it is, as it is written.
    pub fn percent(&self) -> String {
        format!("{:.0} %", self.probability * 100.0)
    }

    /// What may follow `current` while the song plays.
    pub(super) fn of(
        snapshot: &Snapshot,
        song: &Song,
        current: Option<&ChordView>,
        namer: &Namer,
    ) -> Option<Self> {
        let (now_s, current) = sounding(snapshot, current)?;
        let track = &*song.track;
        let (last, heard_s) = heard(track, now_s, &current.name, namer)?;
        // What has only begun to sound may be something else yet.
        if heard_s - last.start_s < STEADY_S {
            return None;
        }
        let beat = track.tempo().beat_at(heard_s);
        let guess = likely(track, beat).filter(|guess| guess.probability >= LEAST_GUESS)?;
        let name = namer.name(&guess.label, track.key_at(beat));
        let comes = !name.is_empty() && name != current.name;
        comes.then_some(Self {
            name,
            probability: guess.probability,
        })
    }
}

/// The chord that is expected next.
#[derive(Clone, Debug, PartialEq)]
pub struct NextView {
    /// Its name.
    pub name: ChordName,
    /// Its harmonic function in the key.
    pub function: Function,
    /// When it is due, in seconds of the track.
    pub due_s: f64,
    /// Length of a counted beat there, in seconds; `None` where the song has no beats.
    pub pulse_s: Option<f64>,
}

impl NextView {
    /// How long until it comes, in words: in beats where the song has them.
    pub fn when(&self, now_s: f64) -> String {
        let left_s = (self.due_s - now_s).max(0.0);
        match self.pulse_s {
            // A beat that has just begun is not counted.
            Some(pulse_s) => match (left_s / pulse_s - 0.05).ceil().max(0.0) {
                0.0 => "now".to_owned(),
                1.0 => "in 1 beat".to_owned(),
                beats => format!("in {beats:.0} beats"),
            },
            None => match left_s.ceil() {
                0.0 => "now".to_owned(),
                seconds => format!("in {seconds:.0} s"),
            },
        }
    }

    /// The expected chord while the song plays and `current` sounds.
    pub(super) fn of(
        snapshot: &Snapshot,
        song: &Song,
        current: Option<&ChordView>,
        namer: &Namer,
    ) -> Option<Self> {
        let (now_s, current) = sounding(snapshot, current)?;
        let track = &*song.track;
        let found = ahead(track, now_s, &current.name, namer)
            .or_else(|| as_before(track, now_s, &current.name, namer))?;
        let (label, due_s) = found;
        if due_s - now_s > FURTHEST_S {
            return None;
        }
        let beat = track.tempo().beat_at(due_s);
        let key = track.key_at(beat);
        let pulse_s = (song.clock == Clock::Host).then(|| {
            let before = beat - track.meters().meter_at(beat).pulse_beats();
            due_s - track.tempo().time_at(before)
        });
        Some(Self {
            name: namer.name(&label, key),
            function: label
                .chord()
                .map_or(Function::Unknown, |chord| Function::of_chord(chord, key)),
            due_s,
            pulse_s: pulse_s.filter(|pulse_s| *pulse_s > 1e-3),
        })
    }

    /// Whether it announces the same chord at the same time.
    fn is_like(&self, other: &Self) -> bool {
        let near_s = self.pulse_s.unwrap_or(0.5) / 2.0;
        self.name == other.name && (self.due_s - other.due_s).abs() <= near_s
    }
}

/// The next different chord in the track after the playhead, if the track continues there
/// without a gap: the song was played before.
fn ahead(track: &Track, now_s: f64, current: &ChordName, namer: &Namer) -> Option<(Label, f64)> {
    let name = |segment: &Segment| namer.name(&segment.label, track.key_at_s(segment.start_s));
    let segments = track.timeline().segments();
    let after = segments.partition_point(|segment| segment.start_s <= now_s);
    let mut end_s = now_s;
    if let Some(here) = segments[..after].last() {
        // The display is behind the playhead: this chord may be due and not heard yet. The rest
        // of a chord that is being replaced by another begins anywhere.
        let beat = track.tempo().beat_at(here.start_s);
        let on_a_beat = (beat - beat.round()).abs() < ON_A_BEAT;
        let due = here.end_s > now_s && now_s - here.start_s < DUE_S && on_a_beat;
        let sounds = name(here);
        if due && !sounds.is_empty() && sounds != *current {
            return Some((here.label.clone(), here.start_s));
        }
        end_s = here.end_s.max(now_s);
    }
    for segment in &segments[after..] {
        let name = name(segment);
        if segment.start_s > end_s + GAP_S || name.is_empty() {
            return None;
        }
        if name != *current {
            return Some((segment.label.clone(), segment.start_s));
        }
        end_s = segment.end_s;
    }
    None
}

/// The chord that followed when this passage was heard earlier in the track.
fn as_before(
    track: &Track,
    now_s: f64,
    current: &ChordName,
    namer: &Namer,
) -> Option<(Label, f64)> {
    let (_, heard_s) = heard(track, now_s, current, namer)?;
    let next = expected(track, track.tempo().beat_at(heard_s))?;
    let due_s = track.tempo().time_at(next.beat);
    let beat_s = track.tempo().time_at(next.beat + 1.0) - due_s;
    let name = namer.name(&next.label, track.key_at(next.beat));
    let comes = !name.is_empty() && name != *current && due_s + beat_s >= now_s;
    comes.then_some((next.label, due_s))
}

/// Where the song plays, in seconds, and the chord that sounds there.
fn sounding<'a>(
    snapshot: &Snapshot,
    current: Option<&'a ChordView>,
) -> Option<(f64, &'a ChordView)> {
    let position = snapshot.position.filter(|position| position.playing)?;
    let current = current.filter(|current| !current.remembered)?;
    Some((position.time_s, current))
}

/// What the track has last before the playhead, and up to when; `None` where that is too long ago,
/// or not `current`, which may not be in the track yet.
fn heard<'a>(
    track: &'a Track,
    now_s: f64,
    current: &ChordName,
    namer: &Namer,
) -> Option<(&'a Segment, f64)> {
    let segments = track.timeline().segments();
    let until = segments.partition_point(|segment| segment.start_s <= now_s);
    let last = segments[..until].last()?;
    let heard_s = last.end_s.min(now_s);
    let is_current = namer.name(&last.label, track.key_at_s(last.start_s)) == *current;
    (now_s - heard_s <= BEHIND_S && is_current).then_some((last, heard_s))
}

/// Keeps the announcement from flickering, by the song's own time.
#[derive(Clone, Debug, Default)]
pub struct Steady {
    /// What is shown, and when it was last found.
    shown: Option<(NextView, f64)>,
    /// What was last found, and since when.
    found: Option<(NextView, f64)>,
}

impl Steady {
    /// What to show of `found`, with the song at `now_s` and `current` sounding.
    pub fn show(
        &mut self,
        found: Option<NextView>,
        now_s: Option<f64>,
        current: Option<&ChordName>,
    ) -> Option<NextView> {
        let Some(now_s) = now_s else {
            *self = Self::default();
            return None;
        };
        let since_s = match (&found, &self.found) {
            (Some(found), Some((before, since_s))) if found.is_like(before) => *since_s,
            _ => now_s,
        };
        self.found = found.clone().map(|found| (found, since_s));
        let is_shown = |next: &NextView| self.shown.as_ref().is_some_and(|it| it.0.is_like(next));
        match found {
            Some(found) if is_shown(&found) || (now_s - since_s).abs() >= STEADY_S => {
                self.shown = Some((found, now_s));
            }
            _ => {
                let kept = self.shown.take().filter(|(next, seen_s)| {
                    // It has come, was not found for too long, or the song has jumped.
                    Some(&next.name) != current && (0.0..STEADY_S).contains(&(now_s - seen_s))
                });
                self.shown = kept;
            }
        }
        self.shown.as_ref().map(|(next, _)| next.clone())
    }
}
