//! Undo and redo: of edits, and of the chords that passes over the song have replaced.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use super::change::{Change, Side};
use super::replaced::{Replaced, cut, is_confirmed_chord, without};
use crate::timeline::Segment;
use crate::track::Track;

/// The most edits that are kept.
pub const MAX_DEPTH: usize = 200;

/// The most passes that can be undone one by one. Older ones are merged into one step, which
/// restores the chords from before the first.
pub const MAX_PASSES: usize = 64;

/// The most segments that are kept for all passes.
const MAX_REPLACED: usize = 50_000;

/// A pass this many passes older than the latest one gets no more analysis.
const STALE_PASSES: u64 = 32;

/// The most undone passes whose audio may still be in analysis.
const MAX_BARRED: usize = 64;

/// One step of undo.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
enum Step {
    Edit(Box<Change>),
    Pass(Replaced),
}

/// The kind of a step of [`History`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Undo {
    /// An edit.
    Edit,
    /// A pass: confirmed chords that were replaced while the song was played.
    Pass,
}

impl Step {
    const fn kind(&self) -> Undo {
        match self {
            Self::Edit(_) => Undo::Edit,
            Self::Pass(_) => Undo::Pass,
        }
    }

    fn is_of(&self, pass: u64) -> bool {
        matches!(self, Self::Pass(replaced) if replaced.is_of(pass))
    }

    /// Whether undoing it would change anything.
    fn matters(&self, track: &Track) -> bool {
        match self {
            Self::Edit(_) => true,
            Self::Pass(replaced) => replaced.matters(track),
        }
    }

    fn bring(&mut self, side: Side, track: &mut Track) {
        match self {
            Self::Edit(change) => change.bring(side, track),
            Self::Pass(replaced) => replaced.swap(track),
        }
    }

    /// Where it changes chords.
    fn spans(&self) -> Vec<(f64, f64)> {
        match self {
            Self::Edit(change) => change.span().into_iter().collect(),
            Self::Pass(replaced) => replaced.spans(),
        }
    }
}

/// Edits and passes that can be undone or redone.
///
/// A pass runs from where the song starts or jumps to where it stops or jumps again. The chords
/// that it replaced are one step at the time the pass began; edits made during the pass come after
/// it and are undone first.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct History {
    done: VecDeque<Step>,
    undone: Vec<Step>,
    /// Ranges of passes that were undone: their remaining analysis does not replace confirmed
    /// chords.
    barred: VecDeque<(u64, u64)>,
}

impl History {
    /// Adds an edit. The oldest is dropped past [`MAX_DEPTH`]; undone steps can no longer be
    /// redone.
    pub fn push(&mut self, change: Change) {
        self.undone.clear();
        self.done.push_back(Step::Edit(Box::new(change)));
        while self.edits() > MAX_DEPTH {
            self.done.pop_front();
        }
    }

    fn edits(&self) -> usize {
        let edits = self.done.iter().filter(|it| it.kind() == Undo::Edit);
        edits.count()
    }

    /// Moves the chords of all steps to other times, as a change of tempo does with the
    /// track's own.
    pub(super) fn move_times(&mut self, moved: impl Fn(f64) -> f64) {
        for step in self.done.iter_mut().chain(&mut self.undone) {
            match step {
                Step::Edit(change) => change.move_times(&moved),
                Step::Pass(replaced) => replaced.move_times(&moved),
            }
        }
    }

    /// Drops edits of the tempo: from now on the host sets it.
    pub(super) fn forget_tempo_edits(&mut self) {
        let stays = |step: &Step| !matches!(step, Step::Edit(change) if change.is_of_tempo());
        self.done.retain(stays);
        self.undone.retain(stays);
    }

    /// What [`undo`](Self::undo) would undo: the last edit, or the confirmed chords that the last
    /// pass replaced, whichever is later.
    #[must_use]
    pub fn next_undo(&self, track: &Track) -> Option<Undo> {
        self.next(track).map(|index| self.done[index].kind())
    }

    fn next(&self, track: &Track) -> Option<usize> {
        self.done.iter().rposition(|step| step.matters(track))
    }

    /// How many steps can be redone.
    #[must_use]
    pub const fn redoable(&self) -> usize {
        self.undone.len()
    }

    /// Undoes the last step; returns whether there was one.
    pub fn undo(&mut self, track: &mut Track) -> bool {
        let Some(index) = self.next(track) else {
            return false;
        };
        let Some(mut step) = self.done.remove(index) else {
            return false;
        };
        let spans = step.spans();
        step.bring(Side::Before, track);
        // Passes above it have changed nothing yet and may continue.
        for (from_s, to_s) in spans {
            self.follow_above(index, track, from_s, to_s);
        }
        if let Step::Pass(replaced) = &step {
            self.barred.push_back(replaced.passes());
            if self.barred.len() > MAX_BARRED {
                self.barred.pop_front();
            }
        }
        self.undone.push(step);
        true
    }

    /// Redoes the step that was undone last; returns whether there was one.
    pub fn redo(&mut self, track: &mut Track) -> bool {
        let Some(mut step) = self.undone.pop() else {
            return false;
        };
        step.bring(Side::After, track);
        if let Step::Pass(replaced) = &step {
            let passes = replaced.passes();
            self.barred.retain(|barred| *barred != passes);
        }
        self.done.push_back(step);
        true
    }

    /// Whether a pass was undone: it no longer replaces confirmed chords.
    pub(super) fn is_barred(&self, pass: u64) -> bool {
        let of_pass = |&(first, last): &(u64, u64)| (first..=last).contains(&pass);
        self.barred.iter().any(of_pass)
    }

    /// The confirmed chords of `from_s` … `to_s` before the pass, cut to that span; they stay where
    /// the pass finds no chord.
    pub(super) fn standing(
        &self,
        pass: u64,
        track: &Track,
        from_s: f64,
        to_s: f64,
    ) -> Vec<Segment> {
        let own = self.done.iter().rposition(|step| step.is_of(pass));
        let replaced = own.and_then(|index| match &self.done[index] {
            Step::Pass(replaced) => Some(replaced),
            Step::Edit(_) => None,
        });
        let mut there = replaced.map_or_else(Vec::new, |it| it.found(from_s, to_s));
        let known: Vec<(f64, f64)> = there.iter().map(|it| (it.start_s, it.end_s)).collect();
        for (from_s, to_s) in without((from_s, to_s), known) {
            there.extend(cut(track.timeline().range(from_s, to_s), from_s, to_s));
        }
        let below = own.unwrap_or(self.done.len());
        let mut standing = Vec::with_capacity(there.len());
        for segment in there {
            let (from_s, to_s) = (segment.start_s, segment.end_s);
            if is_confirmed_chord(&segment) {
                standing.push(segment);
            } else if segment.label.chord().is_some()
                && !replaced.is_some_and(|it| it.is_edited(from_s, to_s))
            {
                // An interrupted pass has written it, and it was never confirmed.
                self.confirmed_below(below, from_s, to_s, &mut standing);
            }
        }
        standing.sort_by(|a, b| a.start_s.total_cmp(&b.start_s));
        standing
    }

    /// The confirmed chords of a span that the passes directly before step `index` have replaced.
    fn confirmed_below(&self, index: usize, from_s: f64, to_s: f64, found: &mut Vec<Segment>) {
        let mut unknown = vec![(from_s, to_s)];
        for step in self.done.range(..index).rev() {
            let Step::Pass(replaced) = step else { return };
            let mut still = Vec::new();
            for (from_s, to_s) in unknown {
                let within = replaced.within(from_s, to_s);
                let confirmed: Vec<Segment> =
                    within.into_iter().filter(is_confirmed_chord).collect();
                let known = confirmed.iter().map(|it| (it.start_s, it.end_s));
                still.extend(without((from_s, to_s), known));
                found.extend(confirmed);
            }
            unknown = still;
        }
    }

    /// To be called before a pass writes into `from_s` … `to_s`: remembers the chords there.
    pub(super) fn remember(&mut self, pass: u64, track: &Track, from_s: f64, to_s: f64) {
        let index = match self.done.iter().rposition(|step| step.is_of(pass)) {
            Some(index) => index,
            None => {
                self.make_room(pass, track);
                self.done.push_back(Step::Pass(Replaced::by(pass, track)));
                self.done.len() - 1
            }
        };
        // Steps above came later and are undone first.
        let mut beneath = None;
        if index + 1 < self.done.len() {
            let mut track = track.clone();
            for step in self.done.range(index + 1..).rev() {
                step.clone().bring(Side::Before, &mut track);
            }
            beneath = Some(track);
        }
        let found = beneath.as_ref().unwrap_or(track).timeline();
        let touching = &found.segments()[found.touching(from_s, to_s)];
        if let Some(Step::Pass(replaced)) = self.done.get_mut(index) {
            let chords = |track: &Track| {
                let within = cut(track.timeline().range(from_s, to_s), from_s, to_s);
                let named = within
                    .into_iter()
                    .map(|it| (it.start_s, it.label, it.status));
                named.collect::<Vec<_>>()
            };
            if beneath
                .as_ref()
                .is_some_and(|it| chords(it) != chords(track))
            {
                replaced.mark_edited(from_s, to_s);
            }
            replaced.remember(touching, from_s, to_s);
        }
    }

    /// To be called after a pass has written into `from_s` … `to_s`, where later passes may already
    /// have written: undoing those then restores the new chords.
    pub(super) fn follow(&mut self, pass: u64, track: &Track, from_s: f64, to_s: f64) {
        if let Some(index) = self.done.iter().rposition(|step| step.is_of(pass)) {
            self.follow_above(index + 1, track, from_s, to_s);
        }
    }

    fn follow_above(&mut self, index: usize, track: &Track, from_s: f64, to_s: f64) {
        for step in self.done.range_mut(index..) {
            if let Step::Pass(replaced) = step {
                replaced.follow(track, from_s, to_s);
            }
        }
    }

    /// Passes before this one are over: the latest of them that replaced nothing need no step.
    /// Their small shifts are added up.
    pub(super) fn settle(&mut self, pass: u64, track: &Track) {
        let mut index = self.done.len();
        while let Some(before) = index.checked_sub(1) {
            index = before;
            match &self.done[index] {
                Step::Pass(it) if it.passes().1 >= pass => continue,
                Step::Pass(it) if !it.matters(track) => {}
                // Steps below may matter once this one is undone.
                Step::Pass(_) | Step::Edit(_) => return,
            }
            let Some(Step::Pass(settled)) = self.done.remove(index) else {
                return;
            };
            let below = index.checked_sub(1).and_then(|it| self.done.get_mut(it));
            match below {
                Some(Step::Pass(earlier)) => earlier.absorb(settled),
                _ if settled.differs(track) => {
                    self.done.insert(index, Step::Pass(settled));
                    return;
                }
                _ => {}
            }
        }
    }

    /// Merges old passes where there are too many.
    fn make_room(&mut self, next: u64, track: &Track) {
        self.settle(next.saturating_sub(STALE_PASSES), track);
        loop {
            let (count, segments) = self.passes();
            if count < MAX_PASSES && segments <= MAX_REPLACED {
                return;
            }
            let mut pairs = self.done.iter().zip(self.done.iter().skip(1));
            let pair = pairs.position(|pair| matches!(pair, (Step::Pass(_), Step::Pass(_))));
            let later = pair.and_then(|first| self.done.remove(first + 1));
            match (pair.and_then(|first| self.done.get_mut(first)), later) {
                (Some(Step::Pass(earlier)), Some(Step::Pass(later))) => earlier.absorb(later),
                // Any two are separated by edits, whose number is bounded.
                _ if segments <= MAX_REPLACED => return,
                _ => drop(self.done.pop_front()),
            }
        }
    }

    /// The number of passes in the history, and of their segments.
    fn passes(&self) -> (usize, usize) {
        let passes = self.done.iter().filter_map(|step| match step {
            Step::Pass(replaced) => Some(replaced.len()),
            Step::Edit(_) => None,
        });
        passes.fold((0, 0), |(count, sum), len| (count + 1, sum + len))
    }
}
