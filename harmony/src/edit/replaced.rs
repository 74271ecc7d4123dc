//! The chords that a pass over the song has replaced, for undo.

use serde::{Deserialize, Serialize};

use super::MIN_SEGMENT_S;
use crate::timeline::{Segment, Status};
use crate::track::{KeyRegion, Track};

/// Ends of a track closer than this are the same, in seconds.
const SAME_S: f64 = 1e-6;

/// The former chords of all spans that a pass, or several passes in a row, has written, as they
/// were before the first pass.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Replaced {
    first: u64,
    last: u64,
    /// In order and uncut; there may be gaps between them.
    segments: Vec<Segment>,
    /// Where the pass has written, whether there were chords or not: start and end in seconds,
    /// in order.
    written: Vec<(f64, f64)>,
    /// Where edits were made before the pass reached them; they are undone first.
    edited: Vec<(f64, f64)>,
    keys: Vec<KeyRegion>,
    /// Where the track began and ended.
    extent: Option<(f64, f64)>,
}

impl Replaced {
    /// Empty, for this pass.
    pub(super) fn by(pass: u64, track: &Track) -> Self {
        Self {
            first: pass,
            last: pass,
            segments: Vec::new(),
            written: Vec::new(),
            edited: Vec::new(),
            keys: track.keys().to_vec(),
            extent: extent(track),
        }
    }

    pub(super) const fn is_of(&self, pass: u64) -> bool {
        self.first <= pass && pass <= self.last
    }

    /// The first and the last of the passes.
    pub(super) const fn passes(&self) -> (u64, u64) {
        (self.first, self.last)
    }

    pub(super) const fn len(&self) -> usize {
        self.segments.len()
    }

    /// The spans of the stored chords, in seconds.
    pub(super) fn spans(&self) -> Vec<(f64, f64)> {
        let runs = self.segments.chunk_by(|a, b| a.end_s == b.start_s);
        runs.map(|run| (run[0].start_s, run[run.len() - 1].end_s))
            .collect()
    }

    /// To be called before the pass writes into `from_s` … `to_s`: stores the track's `segments`
    /// where the pass has not written yet.
    pub(super) fn remember(&mut self, segments: &[Segment], from_s: f64, to_s: f64) {
        for segment in segments {
            for (from_s, to_s) in self.untouched(segment.start_s, segment.end_s) {
                let at = self.segments.partition_point(|it| it.start_s < from_s);
                self.segments.insert(at, segment.cut(from_s, to_s));
            }
        }
        self.mark(from_s, to_s);
    }

    fn mark(&mut self, mut from_s: f64, mut to_s: f64) {
        self.written.retain(|&(start_s, end_s)| {
            let apart = end_s < from_s || start_s > to_s;
            if !apart {
                (from_s, to_s) = (from_s.min(start_s), to_s.max(end_s));
            }
            apart
        });
        let at = self.written.partition_point(|it| it.0 < from_s);
        self.written.insert(at, (from_s, to_s));
    }

    /// The parts of a span that the pass has neither written nor stored.
    fn untouched(&self, from_s: f64, to_s: f64) -> Vec<(f64, f64)> {
        let remembered = self.segments.iter().map(|it| (it.start_s, it.end_s));
        let holes = remembered.chain(self.written.iter().copied());
        without((from_s, to_s), holes)
    }

    /// The stored chords of a span.
    pub(super) fn within(&self, from_s: f64, to_s: f64) -> Vec<Segment> {
        cut(&self.segments, from_s, to_s)
    }

    /// The stored chords of a span that the pass itself has replaced.
    pub(super) fn found(&self, from_s: f64, to_s: f64) -> Vec<Segment> {
        let parts = without((from_s, to_s), self.edited.iter().copied());
        let found = parts
            .into_iter()
            .map(|(from_s, to_s)| self.within(from_s, to_s));
        found.flatten().collect()
    }

    /// Marks a span as edited during the pass, before the pass reached it.
    pub(super) fn mark_edited(&mut self, from_s: f64, to_s: f64) {
        self.edited.push((from_s, to_s));
    }

    /// Whether anything in a span is marked as edited.
    pub(super) fn is_edited(&self, from_s: f64, to_s: f64) -> bool {
        let mut edited = self.edited.iter();
        edited.any(|(start_s, end_s)| *start_s < to_s && *end_s > from_s)
    }

    /// To be called when an earlier step has changed the track within a span: the chords that this
    /// one restores change too.
    pub(super) fn follow(&mut self, track: &Track, from_s: f64, to_s: f64) {
        let mut followed = Vec::with_capacity(self.segments.len());
        for segment in std::mem::take(&mut self.segments) {
            let (low_s, high_s) = (segment.start_s.max(from_s), segment.end_s.min(to_s));
            if low_s >= high_s {
                followed.push(segment);
                continue;
            }
            if segment.start_s < low_s {
                followed.push(segment.cut(segment.start_s, low_s));
            }
            followed.extend(cut(track.timeline().range(low_s, high_s), low_s, high_s));
            if high_s < segment.end_s {
                followed.push(segment.cut(high_s, segment.end_s));
            }
        }
        self.segments = followed;
    }

    /// Whether a confirmed chord is missing from the track, or a part of it that is long enough
    /// for a chord.
    pub(super) fn matters(&self, track: &Track) -> bool {
        self.takes(track, MIN_SEGMENT_S)
    }

    /// Whether any part of one is missing.
    pub(super) fn differs(&self, track: &Track) -> bool {
        self.takes(track, SAME_S)
    }

    fn takes(&self, track: &Track, least_s: f64) -> bool {
        let mut confirmed = self.segments.iter().filter(|it| is_confirmed_chord(it));
        confirmed.any(|was| {
            let now = track.timeline().range(was.start_s, was.end_s).iter();
            let same = now.filter(|it| it.label == was.label);
            let kept_s: f64 = same
                .map(|it| it.end_s.min(was.end_s) - it.start_s.max(was.start_s))
                .sum();
            was.duration_s() - kept_s >= least_s
        })
    }

    /// Swaps the stored chords with those of the track.
    pub(super) fn swap(&mut self, track: &mut Track) {
        let mut timeline = track.timeline().clone();
        let mut instead = Vec::with_capacity(self.segments.len());
        for run in self.segments.chunk_by(|a, b| a.end_s == b.start_s) {
            let (from_s, to_s) = (run[0].start_s, run[run.len() - 1].end_s);
            let now = cut(timeline.range(from_s, to_s), from_s, to_s);
            match timeline.replace_range(from_s, to_s, run.iter().cloned()) {
                Ok(()) => instead.extend(now),
                // A change of tempo has moved them outside the timeline's bounds.
                Err(_) => instead.extend_from_slice(run),
            }
        }
        self.segments = instead;
        track.set_timeline(timeline);
        let keys = std::mem::replace(&mut self.keys, track.keys().to_vec());
        if same_extent(self.extent, extent(track)) {
            track.restore_keys(keys);
        } else {
            // More modulations than a track may have: the keys stay.
            let _ = track.estimate_keys_of_confirmed();
        }
    }

    /// Merges the pass directly after this one: undo then restores the chords from before both.
    pub(super) fn absorb(&mut self, later: Self) {
        for segment in &later.segments {
            for (from_s, to_s) in self.untouched(segment.start_s, segment.end_s) {
                let at = self.segments.partition_point(|it| it.start_s < from_s);
                self.segments.insert(at, segment.cut(from_s, to_s));
            }
        }
        for (from_s, to_s) in later.written {
            self.mark(from_s, to_s);
        }
        self.edited.extend(later.edited);
        self.last = later.last;
    }

    /// Moves all of it to other times, as a change of tempo does with the track's own.
    pub(super) fn move_times(&mut self, moved: impl Fn(f64) -> f64) {
        for segment in &mut self.segments {
            segment.start_s = moved(segment.start_s);
            segment.end_s = moved(segment.end_s);
        }
        self.segments.retain(|it| it.check().is_ok());
        let spans = self.written.iter_mut().chain(&mut self.edited);
        for (from_s, to_s) in spans.chain(&mut self.extent) {
            *from_s = moved(*from_s);
            *to_s = moved(*to_s);
        }
    }
}

/// Whether it is a confirmed chord, which only another chord may replace.
pub(super) fn is_confirmed_chord(segment: &Segment) -> bool {
    segment.status == Status::Confirmed && segment.label.chord().is_some()
}

/// The parts of segments in order that lie within a span.
pub(super) fn cut(segments: &[Segment], from_s: f64, to_s: f64) -> Vec<Segment> {
    let first = segments.partition_point(|it| it.end_s <= from_s);
    let within = segments[first..].iter().take_while(|it| it.start_s < to_s);
    let part = |it: &Segment| {
        let (low_s, high_s) = (it.start_s.max(from_s), it.end_s.min(to_s));
        (low_s < high_s).then(|| it.cut(low_s, high_s))
    };
    within.filter_map(part).collect()
}

/// The parts of a span that lie in none of these.
pub(super) fn without(
    span: (f64, f64),
    holes: impl IntoIterator<Item = (f64, f64)>,
) -> Vec<(f64, f64)> {
    let mut open = vec![span];
    for (start_s, end_s) in holes {
        if start_s >= span.1 || end_s <= span.0 {
            continue;
        }
        open = open
            .into_iter()
            .flat_map(|(from_s, to_s)| [(from_s, to_s.min(start_s)), (from_s.max(end_s), to_s)])
            .filter(|(from_s, to_s)| from_s < to_s)
            .collect();
    }
    open
}

fn extent(track: &Track) -> Option<(f64, f64)> {
    Some((track.timeline().start_s()?, track.timeline().end_s()?))
}

fn same_extent(a: Option<(f64, f64)>, b: Option<(f64, f64)>) -> bool {
    let near = |a: f64, b: f64| (a - b).abs() <= SAME_S;
    matches!((a, b), (Some(a), Some(b)) if near(a.0, b.0) && near(a.1, b.1))
}
