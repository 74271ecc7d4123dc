//! The difference that one edit made, for undo and redo.

use serde::{Deserialize, Serialize};

use crate::time::{MeterMap, TempoMap};
use crate::timeline::{Segment, Timeline};
use crate::track::{Info, KeyRegion, Section, Track};

/// The difference that one edit made: the changed parts of the track before and after. Only the
/// chords in the span that differs are kept, so that undoing it does not touch later analysis
/// elsewhere.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Change {
    chords: Option<Both<Vec<Segment>>>,
    info: Option<Both<Info>>,
    #[serde(default)]
    tempo: Option<Both<TempoMap>>,
    meters: Option<Both<MeterMap>>,
    keys: Option<Both<Vec<KeyRegion>>>,
    sections: Option<Both<Vec<Section>>>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Both<T> {
    before: T,
    after: T,
}

impl<T: PartialEq + Clone> Both<T> {
    fn differing(before: &T, after: &T) -> Option<Self> {
        (before != after).then(|| Self {
            before: before.clone(),
            after: after.clone(),
        })
    }
}

/// Which side of a change to restore.
#[derive(Clone, Copy)]
pub(super) enum Side {
    Before,
    After,
}

impl Side {
    const fn other(self) -> Self {
        match self {
            Self::Before => Self::After,
            Self::After => Self::Before,
        }
    }
}

impl<T> Both<T> {
    const fn side(&self, side: Side) -> &T {
        match side {
            Side::Before => &self.before,
            Side::After => &self.after,
        }
    }
}

impl Change {
    /// The difference between two states of a track; `None` if they are equal.
    #[must_use]
    pub fn between(before: &Track, after: &Track) -> Option<Self> {
        let tempo = Both::differing(before.tempo(), after.tempo());
        // A new tempo changes only the beats of chords, which follow from the tempo map.
        let mut restamped = None;
        if tempo.is_some() {
            restamped
                .insert(before.clone())
                .restore_tempo(after.tempo().clone());
        }
        let same_tempo = restamped.as_ref().unwrap_or(before);
        let old = same_tempo.timeline().segments();
        let new = after.timeline().segments();
        let same_head = old.iter().zip(new).take_while(|(a, b)| a == b).count();
        let tails = old[same_head..]
            .iter()
            .rev()
            .zip(new[same_head..].iter().rev());
        let same_tail = tails.take_while(|(a, b)| a == b).count();
        let old = &old[same_head..old.len() - same_tail];
        let new = &new[same_head..new.len() - same_tail];
        let change = Self {
            chords: Both::differing(&old.to_vec(), &new.to_vec()),
            info: Both::differing(before.info(), after.info()),
            tempo,
            meters: Both::differing(before.meters(), after.meters()),
            keys: Both::differing(&before.keys().to_vec(), &after.keys().to_vec()),
            sections: Both::differing(&before.sections().to_vec(), &after.sections().to_vec()),
        };
        let nothing = change.chords.is_none()
            && change.info.is_none()
            && change.tempo.is_none()
            && change.meters.is_none()
            && change.keys.is_none()
            && change.sections.is_none();
        (!nothing).then_some(change)
    }

    /// Restores a side; parts that cannot be applied to the current track are left out.
    pub(super) fn bring(&self, side: Side, track: &mut Track) {
        if let Some(tempo) = &self.tempo {
            track.restore_tempo(tempo.side(side).clone());
        }
        if let Some(chords) = &self.chords
            && let Some(timeline) = replaced(track.timeline(), chords, side)
        {
            track.set_timeline(timeline);
        }
        if let Some(info) = &self.info {
            track.set_info(info.side(side).clone());
        }
        if let Some(meters) = &self.meters {
            track.set_meters(meters.side(side).clone());
        }
        if let Some(keys) = &self.keys {
            track.restore_keys(keys.side(side).clone());
        }
        if let Some(sections) = &self.sections {
            track.restore_sections(sections.side(side).clone());
        }
    }
}

impl Change {
    /// Moves its chords to other times, as a change of tempo does with the track's own.
    pub(super) fn move_times(&mut self, moved: impl Fn(f64) -> f64) {
        if let Some(chords) = &mut self.chords {
            for segment in chords.before.iter_mut().chain(&mut chords.after) {
                segment.start_s = moved(segment.start_s);
                segment.end_s = moved(segment.end_s);
            }
        }
    }

    /// Whether it changed the tempo.
    pub(super) const fn is_of_tempo(&self) -> bool {
        self.tempo.is_some()
    }

    /// The span of time whose chords it changed, in seconds.
    pub(super) fn span(&self) -> Option<(f64, f64)> {
        let chords = self.chords.as_ref()?;
        let sides = || [&chords.before, &chords.after].into_iter();
        let first = sides().filter_map(|side| Some(side.first()?.start_s));
        let last = sides().filter_map(|side| Some(side.last()?.end_s));
        Some((first.reduce(f64::min)?, last.reduce(f64::max)?))
    }
}

/// The timeline with one side of a change written over its span. Where that side has no chords and
/// the other has some, the span is cut off at an end of the timeline, or becomes unknown in its
/// middle.
fn replaced(timeline: &Timeline, chords: &Both<Vec<Segment>>, side: Side) -> Option<Timeline> {
    let mut timeline = timeline.clone();
    let brought = span_of(chords.side(side));
    if let Some((from_s, to_s)) = span_of(chords.side(side.other())) {
        let (before_s, after_s) = brought.unwrap_or((to_s, to_s));
        for (from_s, to_s) in [(from_s, before_s.min(to_s)), (after_s.max(from_s), to_s)] {
            if from_s < to_s {
                empty(&mut timeline, from_s, to_s)?;
            }
        }
    }
    if let Some((from_s, to_s)) = brought {
        let segments = chords.side(side).iter().cloned();
        timeline.replace_range(from_s, to_s, segments).ok()?;
    }
    Some(timeline)
}

fn span_of(segments: &[Segment]) -> Option<(f64, f64)> {
    Some((segments.first()?.start_s, segments.last()?.end_s))
}

/// Empties a span: it is cut off at an end of the timeline, or becomes unknown in its middle.
fn empty(timeline: &mut Timeline, from_s: f64, to_s: f64) -> Option<()> {
    let (start_s, end_s) = (timeline.start_s()?, timeline.end_s()?);
    if end_s <= to_s {
        timeline.truncate(from_s);
    } else if start_s >= from_s {
        timeline.forget_before(to_s);
    } else {
        timeline.replace_range(from_s, to_s, []).ok()?;
    }
    Some(())
}
