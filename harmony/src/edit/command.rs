//! Commands: the edits that a user can make.

use serde::{Deserialize, Serialize};

use crate::key::Key;
use crate::label::Label;
use crate::time::{Meter, MeterMap, TempoMap, TimeError};
use crate::timeline::{Segment, Status, Timeline, TimelineError};
use crate::track::{Info, Keep, Track};

/// The shortest segment that an edit leaves, in seconds.
pub const MIN_SEGMENT_S: f64 = 0.02;

/// What a dragged boundary snaps to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Snap {
    /// It stays where it was dropped.
    Off,
    /// The nearest beat that the meter counts.
    #[default]
    Beat,
    /// The nearest eighth note.
    Eighth,
    /// The nearest barline.
    Bar,
}

impl Snap {
    /// The time that `time_s` snaps to, in seconds, at least 0.
    #[must_use]
    pub fn snapped(self, track: &Track, time_s: f64) -> f64 {
        let beat = track.tempo().beat_at(time_s);
        let bar = track.meters().bar_at(beat);
        let step = match self {
            Self::Off => return time_s,
            Self::Beat => bar.meter.pulse_beats(),
            Self::Eighth => 0.5,
            Self::Bar => bar.end - bar.start,
        };
        let snapped = bar.start + ((beat - bar.start) / step).round() * step;
        track.tempo().time_at(snapped.min(bar.end)).max(0.0)
    }
}

/// An edit. Times are seconds of the track; `at_s` names the segment that sounds there.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "command", rename_all = "snake_case")]
#[expect(
    missing_docs,
    reason = "each field is named in the variant's description"
)]
pub enum Command {
    /// Sets the chord of a segment, which is locked from then on.
    SetChord { at_s: f64, label: Label },
    /// Swaps a segment's chord with one of its alternatives and locks it. The alternative is given
    /// by label, because analysis may have replaced the list since it was shown.
    TakeAlternative { at_s: f64, label: Label },
    /// Moves the boundary nearest to `from_s` to `to_s`, snapped by `snap`, but not
    /// past its neighbours. Locks the segments on both sides.
    MoveBoundary { from_s: f64, to_s: f64, snap: Snap },
    /// Cuts a segment in two.
    Split { at_s: f64, snap: Snap },
    /// Joins a segment with the one after it, which takes its chord; locks it.
    MergeNext { at_s: f64 },
    /// Deletes a segment; the one before it is extended, or else the one after starts earlier, and
    /// is locked.
    Delete { at_s: f64 },
    /// Locks a segment or frees it for new analysis.
    SetLocked { at_s: f64, locked: bool },
    /// Sets the key from a beat on; `None` removes the region that holds there.
    SetKey { beat: f64, key: Option<Key> },
    /// Sets the label of the section from a beat on; `None` removes the section there.
    SetSection { beat: f64, label: Option<String> },
    /// Sets the meter from a beat on.
    SetMeter { beat: f64, meter: Meter },
    /// Multiplies the tempo: 0.5 counts half as many beats in the same time. Chords stay on
    /// their seconds; meters, keys and sections stay at their seconds too.
    ScaleTempo { factor: f64 },
    /// As [`ScaleTempo`](Self::ScaleTempo), and then moves the grid of beats and bars by `by_s`
    /// seconds, earlier where that is negative. Chords stay on their seconds; meters, keys and
    /// sections go with their bars.
    FitGrid { factor: f64, by_s: f64 },
    /// Transposes all chords, alternatives and keys by this many semitones, taken modulo 12. Locked
    /// chords stay locked.
    Transpose { semitones: i32 },
    /// Sets title, composer and bars a line.
    SetInfo { info: Info },
    /// Writes a song's chords over the track, the song's second 0 at `at_s`; locked chords stay
    /// unless [`Placed::over_locked`] is set.
    Place { at_s: f64, song: Box<Placed> },
    /// Removes all chords, also locked ones, and keys and sections. Title, composer, tempo and
    /// meters stay.
    Clear,
}

/// A song from elsewhere: transcribed from a file, or an aligned chart.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Placed {
    /// Its chords; times from its own second 0.
    pub chords: Timeline,
    /// Its tempo and meters from its own second 0, for a track without its own.
    pub time: Option<(TempoMap, MeterMap)>,
    /// Its sections: start in seconds, and label.
    pub sections: Vec<(f64, String)>,
    /// Its title, for a track that has none.
    #[serde(default)]
    pub title: String,
    /// Who wrote it, for a track that takes the title.
    #[serde(default)]
    pub composer: String,
    /// Whether it replaces locked chords: true for bars that the user has accepted.
    #[serde(default)]
    pub over_locked: bool,
}

impl Placed {
    fn put(&self, at_s: f64, track: &mut Track) -> Result<(), EditError> {
        let at_s = finite(at_s)?.max(0.0);
        if let Some((tempo, meters)) = &self.time {
            // The track has nothing else: it takes the song's beats, and bar 1 is where the song
            // begins.
            track.set_tempo(tempo.moved(at_s)?, Keep::Seconds)?;
            track.set_meters(meters.clone());
        }
        let segments = self.chords.segments().iter().map(|segment| Segment {
            start_s: segment.start_s + at_s,
            end_s: segment.end_s + at_s,
            start_beat: None,
            end_beat: None,
            ..segment.clone()
        });
        if let (Some(start_s), Some(end_s)) = (self.chords.start_s(), self.chords.end_s()) {
            let (start_s, end_s) = (start_s + at_s, end_s + at_s);
            if self.over_locked {
                let mut timeline = track.timeline().clone();
                timeline.replace_range(start_s, end_s, segments)?;
                track.check_growth(&timeline)?;
                track.set_timeline(timeline);
            } else {
                track.replace_range(start_s, end_s, segments)?;
            }
        }
        if track.info().title.is_empty() && !self.title.is_empty() {
            let mut info = track.info().clone();
            info.title.clone_from(&self.title);
            if info.composer.is_empty() {
                info.composer.clone_from(&self.composer);
            }
            track.set_info(info);
        }
        for (time_s, label) in &self.sections {
            let beat = track.tempo().beat_at(time_s + at_s);
            let bar = track.meters().bar_at(beat);
            let nearest = if beat < f64::midpoint(bar.start, bar.end) {
                bar.start
            } else {
                bar.end
            };
            track.set_section(nearest, Some(label))?;
        }
        Ok(track.estimate_keys_of_confirmed()?)
    }
}

/// Why a command was not carried out.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[expect(missing_docs, reason = "each field is named in the message above it")]
pub enum EditError {
    /// No segment there.
    #[error("there is no chord at {at_s} s")]
    NoSegment { at_s: f64 },
    /// No such alternative, or no longer.
    #[error("{label} is not among the other readings of the chord at {at_s} s")]
    NoAlternative { at_s: f64, label: Label },
    /// A segment would become too short.
    #[error("{at_s} s is less than 20 ms from another boundary")]
    TooShort { at_s: f64 },
    /// Nothing to merge with.
    #[error("no chord follows the one at {at_s} s")]
    NoNext { at_s: f64 },
    /// The only segment cannot be deleted.
    #[error("the only chord of the track cannot be deleted")]
    OnlySegment,
    /// A region out of bounds.
    #[error(transparent)]
    Time(#[from] TimeError),
    /// A segment out of bounds.
    #[error(transparent)]
    Timeline(#[from] TimelineError),
}

impl Command {
    /// Carries the command out. On an error the track may be half changed, and the editor discards
    /// it.
    pub(super) fn carry_out(&self, track: &mut Track) -> Result<(), EditError> {
        match self {
            Self::SetKey { beat, key } => Ok(track.set_key(*beat, *key)?),
            Self::SetSection { beat, label } => Ok(track.set_section(*beat, label.as_deref())?),
            Self::SetMeter { beat, meter } => Ok(track.set_meter(*beat, *meter)?),
            Self::ScaleTempo { factor } => Ok(track.scale_tempo(*factor)?),
            Self::FitGrid { factor, by_s } => {
                track.scale_tempo(*factor)?;
                let moved = track.tempo().moved(*by_s)?;
                Ok(track.set_tempo(moved, Keep::Seconds)?)
            }
            Self::Transpose { semitones } => {
                *track = track.transposed(semitones % 12);
                Ok(())
            }
            Self::SetInfo { info } => {
                track.set_info(info.clone());
                Ok(())
            }
            Self::Place { at_s, song } => song.put(*at_s, track),
            Self::Clear => {
                track.set_timeline(Timeline::new());
                track.restore_keys(Vec::new());
                track.restore_sections(Vec::new());
                Ok(())
            }
            on_chords => {
                let mut segments = track.timeline().segments().to_vec();
                on_chords.on_segments(track, &mut segments)?;
                track.set_timeline(Timeline::from_segments(segments)?);
                Ok(())
            }
        }
    }

    fn on_segments(&self, track: &Track, segments: &mut Vec<Segment>) -> Result<(), EditError> {
        match self {
            Self::SetChord { at_s, label } => {
                let index = index_at(segments, *at_s)?;
                by_hand(&mut segments[index], label.clone());
            }
            Self::TakeAlternative { at_s, label } => {
                let place = index_at(segments, *at_s)?;
                let segment = &mut segments[place];
                if segment.label == *label {
                    // Analysis has meanwhile taken the same chord.
                    by_hand(segment, label.clone());
                    return Ok(());
                }
                let taken = segment
                    .alternatives
                    .iter_mut()
                    .find(|it| it.label == *label);
                let taken = taken.ok_or_else(|| EditError::NoAlternative {
                    at_s: *at_s,
                    label: label.clone(),
                })?;
                let label = std::mem::replace(&mut taken.label, segment.label.clone());
                taken.probability = segment.confidence;
                by_hand(segment, label);
            }
            &Self::MoveBoundary { from_s, to_s, snap } => {
                let place = nearest_boundary(segments, from_s)?;
                let to_s = snap.snapped(track, finite(to_s)?);
                let low = segments[place].start_s + MIN_SEGMENT_S;
                let high = segments[place + 1].end_s - MIN_SEGMENT_S;
                if low > high {
                    return Err(EditError::TooShort { at_s: to_s });
                }
                let to_s = to_s.clamp(low, high);
                segments[place].end_s = to_s;
                segments[place + 1].start_s = to_s;
                for segment in &mut segments[place..=place + 1] {
                    unstamped(segment);
                    settle(segment);
                }
            }
            &Self::Split { at_s, snap } => {
                let index = index_at(segments, at_s)?;
                let cut_s = snap.snapped(track, at_s);
                let whole = &segments[index];
                if cut_s - whole.start_s < MIN_SEGMENT_S || whole.end_s - cut_s < MIN_SEGMENT_S {
                    return Err(EditError::TooShort { at_s: cut_s });
                }
                let parts = [
                    whole.cut(whole.start_s, cut_s),
                    whole.cut(cut_s, whole.end_s),
                ];
                segments.splice(index..=index, parts);
            }
            &Self::MergeNext { at_s } => {
                let index = index_at(segments, at_s)?;
                if index + 1 == segments.len() {
                    return Err(EditError::NoNext { at_s });
                }
                let next = segments.remove(index + 1);
                extend(&mut segments[index], None, Some(next.end_s));
                settle(&mut segments[index]);
            }
            &Self::Delete { at_s } => {
                let index = index_at(segments, at_s)?;
                if segments.len() == 1 {
                    return Err(EditError::OnlySegment);
                }
                let gone = segments.remove(index);
                let place = index.saturating_sub(1);
                match index {
                    0 => extend(&mut segments[place], Some(gone.start_s), None),
                    _ => extend(&mut segments[place], None, Some(gone.end_s)),
                }
                settle(&mut segments[place]);
            }
            &Self::SetLocked { at_s, locked } => {
                let index = index_at(segments, at_s)?;
                segments[index].locked = locked;
            }
            Self::SetKey { .. }
            | Self::SetSection { .. }
            | Self::SetMeter { .. }
            | Self::ScaleTempo { .. }
            | Self::FitGrid { .. }
            | Self::Transpose { .. }
            | Self::SetInfo { .. }
            | Self::Place { .. }
            | Self::Clear => {}
        }
        Ok(())
    }
}

/// Sets a label by hand: certain, confirmed, and locked against analysis.
fn by_hand(segment: &mut Segment, label: Label) {
    segment.label = label;
    segment.confidence = 1.0;
    settle(segment);
}

/// Locks a segment whose chord or bounds the user has set: analysis does not change it.
const fn settle(segment: &mut Segment) {
    segment.status = Status::Confirmed;
    segment.locked = true;
}

fn extend(segment: &mut Segment, start_s: Option<f64>, end_s: Option<f64>) {
    segment.start_s = start_s.unwrap_or(segment.start_s);
    segment.end_s = end_s.unwrap_or(segment.end_s);
    unstamped(segment);
}

/// Drops a segment's beats: the track computes those of its new times.
const fn unstamped(segment: &mut Segment) {
    segment.start_beat = None;
    segment.end_beat = None;
}

fn finite(time_s: f64) -> Result<f64, EditError> {
    if time_s.is_finite() {
        Ok(time_s)
    } else {
        Err(EditError::NoSegment { at_s: time_s })
    }
}

fn index_at(segments: &[Segment], at_s: f64) -> Result<usize, EditError> {
    let after = segments.partition_point(|segment| segment.start_s <= at_s);
    after
        .checked_sub(1)
        .filter(|&index| at_s < segments[index].end_s)
        .ok_or(EditError::NoSegment { at_s })
}

/// The segment that ends at the boundary between two segments nearest to a time.
fn nearest_boundary(segments: &[Segment], at_s: f64) -> Result<usize, EditError> {
    let at_s = finite(at_s)?;
    (0..segments.len().saturating_sub(1))
        .min_by(|&a, &b| {
            let distance = |index: usize| (segments[index].end_s - at_s).abs();
            distance(a).total_cmp(&distance(b))
        })
        .ok_or(EditError::NoSegment { at_s })
}
