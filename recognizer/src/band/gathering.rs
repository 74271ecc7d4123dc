//! Collection of the frames of a band's parts by their position in the song.
//!
//! The engines of the parts are at different positions: their blocks come one after the other,
//! their delays differ, and a host may work ahead on some tracks. A position of the grid is
//! complete when every seated part has reported a frame for it or is past it. A part that is more
//! than [`MAX_WAIT_S`] of song time behind the foremost is not waited for until it reports again.
//!
//! A song that starts, jumps or loops passes the same seconds again. A *run* is one continuous
//! stretch of it. Each part is in one run at a time, and goes through them in order. A part whose
//! audio jumps enters the next run that covers its position, or opens one, so all parts are in the
//! same run whichever comes first.

use std::collections::{BTreeMap, VecDeque};

use super::align::{between, place_after, place_before};
use super::{Part, PartFrame};
use crate::decode::Posterior;
use crate::features::centred_cqt::FILE_HOP_S;
use crate::live::FRAME_S;

/// How far, in seconds of the song, a part may be behind the foremost one and still be waited for.
/// Longer than the blocks of any host.
pub const MAX_WAIT_S: f64 = 1.0;

/// The same for the refined lane, whose frames come some seconds at a time.
const MAX_REFINED_WAIT_S: f64 = 6.0;

/// The longest step from frame to frame that is not a break, in hops.
const LONGEST_STEP: f64 = 3.5;

/// How many past stretches are kept per part.
const KNOWN_PASSES: usize = 64;

/// The most runs that are kept; beyond this the oldest ends.
const MOST_RUNS: usize = 64;

/// One of the two analyses of every part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lane {
    /// At once, frame by frame, by the causal network.
    Live,
    /// Some seconds later, by the windowed network: final.
    Refined,
}

impl Lane {
    /// Seconds from one grid position to the next.
    #[must_use]
    pub const fn hop_s(self) -> f64 {
        match self {
            Self::Live => FRAME_S,
            Self::Refined => FILE_HOP_S,
        }
    }

    const fn max_wait_s(self) -> f64 {
        match self {
            Self::Live => MAX_WAIT_S,
            Self::Refined => MAX_REFINED_WAIT_S,
        }
    }

    const fn index(self) -> usize {
        match self {
            Self::Live => 0,
            Self::Refined => 1,
        }
    }
}

/// A report of a part: its frame at a time of the song. `T` is data that the caller gets back with
/// it.
#[derive(Debug, Clone)]
pub struct Spoken<T> {
    /// Number of the continuous stretch of the part's audio; changes at each break.
    pub pass: u64,
    /// The frame of its audio; time in seconds of the song.
    pub frame: PartFrame,
    /// The posterior of the MIDI notes that come with it.
    pub midi: Option<Posterior>,
    /// Data of the caller.
    pub tag: T,
}

/// The frame of one part at a grid position.
#[derive(Debug, Clone)]
pub struct Heard<T> {
    /// The part.
    pub part: Part,
    /// Its frame, interpolated to the position.
    pub frame: PartFrame,
    /// The posterior of the MIDI notes that come with it.
    pub midi: Option<Posterior>,
    /// The tag of the frame at or after the position.
    pub tag: T,
    /// Seconds from the position to that frame.
    pub early_s: f64,
}

/// The frames of all parts at a grid position.
#[derive(Debug, Clone)]
pub struct Cell<T> {
    /// The run, counted from 0.
    pub run: u64,
    /// The position: second `place · hop` of the song.
    pub place: i64,
    /// The frames of the parts that reported, in no particular order.
    pub heard: Vec<Heard<T>>,
}

/// Output of [`Gathering::gather`], in the order of the runs and of the positions in them.
#[derive(Debug, Clone)]
pub enum Gathered<T> {
    /// A position is complete.
    Cell(Cell<T>),
    /// The run is over.
    End(u64),
}

/// Progress of a part in one lane.
#[derive(Debug, Clone)]
struct Way<T> {
    /// Its current run.
    run: Option<u64>,
    /// It has finally left all runs before this one.
    left_before: u64,
    /// The last position in its run that it has reported.
    reached: i64,
    last: Option<Spoken<T>>,
    /// Whether it is not waited for until it reports again.
    absent: bool,
}

impl<T> Default for Way<T> {
    fn default() -> Self {
        Self {
            run: None,
            left_before: 0,
            reached: i64::MIN,
            last: None,
            absent: false,
        }
    }
}

impl<T> Way<T> {
    /// Finally leaves the run.
    fn leave(&mut self) {
        if let Some(run) = self.run.take() {
            self.left_before = self.left_before.max(run + 1);
        }
        self.reached = i64::MIN;
        self.last = None;
    }

    /// Whether the part reports nothing more for a position of a run.
    fn is_past(&self, run: u64, place: i64) -> bool {
        self.absent
            || run < self.left_before
            || match self.run {
                Some(now) if now == run => self.reached >= place,
                Some(now) => now > run,
                None => false,
            }
    }
}

#[derive(Debug, Clone)]
struct Member<T> {
    part: Part,
    ways: [Way<T>; 2],
    /// The run of each past stretch: pass, first second, run.
    passes: VecDeque<(u64, f64, u64)>,
}

/// The frames of a run in one lane.
#[derive(Debug, Clone)]
struct Collected<T> {
    cells: BTreeMap<i64, Vec<Heard<T>>>,
    /// The last position that was returned.
    given: Option<i64>,
    /// The last position that any part has reported.
    front: Option<i64>,
    ended: bool,
}

impl<T> Default for Collected<T> {
    fn default() -> Self {
        Self {
            cells: BTreeMap::new(),
            given: None,
            front: None,
            ended: false,
        }
    }
}

#[derive(Debug, Clone)]
struct Run<T> {
    id: u64,
    /// The first and the last second that any part has reported.
    from_s: f64,
    to_s: f64,
    lanes: [Collected<T>; 2],
}

/// The parts of a band and their reported frames; see the module.
#[derive(Debug, Clone)]
pub struct Gathering<T> {
    members: BTreeMap<u64, Member<T>>,
    runs: VecDeque<Run<T>>,
    next_run: u64,
}

impl<T> Default for Gathering<T> {
    fn default() -> Self {
        Self {
            members: BTreeMap::new(),
            runs: VecDeque::new(),
            next_run: 0,
        }
    }
}

impl<T: Clone> Gathering<T> {
    /// Adds a member, which is waited for from now on, or changes the part of a member that is
    /// present.
    pub fn seat(&mut self, member: u64, part: Part) {
        let seated = self.members.entry(member).or_insert_with(|| Member {
            part,
            ways: Default::default(),
            passes: VecDeque::new(),
        });
        seated.part = part;
    }

    /// Removes a member: its frames so far count, and it is no longer waited for.
    pub fn unseat(&mut self, member: u64) {
        self.members.remove(&member);
    }

    /// The parts of the present members.
    pub fn parts(&self) -> impl Iterator<Item = Part> + '_ {
        self.members.values().map(|member| member.part)
    }

    /// Whether a member with this number is present.
    #[must_use]
    pub fn is_seated(&self, member: u64) -> bool {
        self.members.contains_key(&member)
    }

    /// The song stands still for a member, or its audio is not part of the song.
    pub fn pause(&mut self, lane: Lane, member: u64) {
        if let Some(member) = self.members.get_mut(&member) {
            member.ways[lane.index()].leave();
        }
    }

    /// Takes the next report of a member; reports come in the order of its time.
    pub fn speak(&mut self, lane: Lane, member: u64, spoken: Spoken<T>) {
        let run = match lane {
            Lane::Live => self.run_of(member, &spoken),
            Lane::Refined => self.known_run_of(member, &spoken),
        };
        let Some(run) = run else { return };
        let (Some(member), Some(found)) = (
            self.members.get_mut(&member),
            self.runs.iter_mut().find(|it| it.id == run),
        ) else {
            return;
        };
        let way = &mut member.ways[lane.index()];
        if way.run != Some(run) {
            way.leave();
            way.run = Some(run);
        }
        way.absent = false;
        if lane == Lane::Live {
            // Its refined frames come seconds later, which is in time.
            member.ways[Lane::Refined.index()].absent = false;
        }
        let way = &mut member.ways[lane.index()];
        let (time_s, hop_s) = (spoken.frame.time_s, lane.hop_s());
        let to = place_before(time_s, hop_s);
        let before = way.last.take().filter(|last| {
            let step_s = time_s - last.frame.time_s;
            step_s > 0.0 && step_s <= LONGEST_STEP * hop_s
        });
        let from = match &before {
            Some(before) => place_before(before.frame.time_s, hop_s) + 1,
            None => place_after(time_s, hop_s),
        };
        let collected = &mut found.lanes[lane.index()];
        for place in from.max(way.reached.saturating_add(1))..=to {
            if collected.given.is_some_and(|given| place <= given) || collected.ended {
                // Too late.
                continue;
            }
            let place_s = place as f64 * hop_s;
            let heard = Heard {
                part: member.part,
                frame: between(before.as_ref().map(|it| &it.frame), &spoken.frame, place_s),
                midi: spoken.midi.clone(),
                tag: spoken.tag.clone(),
                early_s: time_s - place_s,
            };
            collected.cells.entry(place).or_default().push(heard);
        }
        way.reached = way.reached.max(to);
        collected.front = collected.front.max(Some(to));
        if lane == Lane::Live {
            found.from_s = found.from_s.min(time_s);
            found.to_s = found.to_s.max(time_s);
        }
        way.last = Some(spoken);
    }

    /// The positions of a lane that have become complete since the last call.
    pub fn gather(&mut self, lane: Lane) -> Vec<Gathered<T>> {
        let mut gathered = Vec::new();
        let at = lane.index();
        for index in 0..self.runs.len() {
            let id = self.runs[index].id;
            if self.runs[index].lanes[at].ended {
                continue;
            }
            self.give_up_on_the_late(lane, index);
            let members = &self.members;
            let collected = &mut self.runs[index].lanes[at];
            while let Some(entry) = collected.cells.first_entry() {
                let place = *entry.key();
                let complete = members.values().all(|it| it.ways[at].is_past(id, place));
                if !complete {
                    break;
                }
                collected.given = Some(place);
                gathered.push(Gathered::Cell(Cell {
                    run: id,
                    place,
                    heard: entry.remove(),
                }));
            }
            if !self.is_over(lane, index) {
                break;
            }
            self.runs[index].lanes[at].ended = true;
            gathered.push(Gathered::End(id));
        }
        while self
            .runs
            .front()
            .is_some_and(|run| run.lanes.iter().all(|it| it.ended))
        {
            self.runs.pop_front();
        }
        gathered
    }

    /// Whether a run is over: all members that were in it have left.
    fn is_over(&self, lane: Lane, index: usize) -> bool {
        let (run, at) = (&self.runs[index], lane.index());
        if !run.lanes[at].cells.is_empty() {
            return false;
        }
        let crowded = self.runs.len() - index > MOST_RUNS;
        if lane == Lane::Refined && !run.lanes[Lane::Live.index()].ended && !crowded {
            return false;
        }
        let ways = || self.members.values().map(|it| &it.ways[at]);
        let gone = |way: &Way<T>| way.is_past(run.id, i64::MAX);
        // A member that has never been in it may never enter it.
        let away = |way: &Way<T>| gone(way) || way.run.is_none();
        crowded || ways().all(gone) || (ways().any(gone) && ways().all(away))
    }

    /// Stops waiting for members that are too far behind the foremost.
    fn give_up_on_the_late(&mut self, lane: Lane, index: usize) {
        let at = lane.index();
        let most = (lane.max_wait_s() / lane.hop_s()).ceil() as i64;
        let run = &self.runs[index];
        let later = self.runs.iter().skip(index + 1);
        let later: i64 = later
            .map(|run| (run.to_s - run.from_s) / lane.hop_s())
            .map(|places| places as i64)
            .sum();
        let collected = &run.lanes[at];
        let Some(front) = collected.front else {
            return;
        };
        let limit = front.saturating_add(later).saturating_sub(most);
        for member in self.members.values_mut() {
            let way = &mut member.ways[at];
            if way.is_past(run.id, limit) {
                continue;
            }
            let next = collected.cells.keys().next().copied();
            if next.is_some_and(|next| next <= limit) || later >= most {
                way.absent = true;
            }
        }
    }

    /// The run that a report belongs to; opens it if it is the first.
    fn run_of(&mut self, id: u64, spoken: &Spoken<T>) -> Option<u64> {
        let member = self.members.get(&id)?;
        let way = &member.ways[Lane::Live.index()];
        let time_s = spoken.frame.time_s;
        let goes_on = |last: &Spoken<T>| {
            let step_s = time_s - last.frame.time_s;
            last.pass == spoken.pass && (0.0..=LONGEST_STEP * FRAME_S).contains(&step_s)
        };
        if way.run.is_some() && way.last.as_ref().is_some_and(goes_on) {
            return way.run;
        }
        let covers = |run: &&Run<T>| {
            !run.lanes[Lane::Live.index()].ended
                && (run.from_s - MAX_WAIT_S..=run.to_s + MAX_WAIT_S).contains(&time_s)
        };
        // Within its run it may skip frames, but never goes back.
        let ahead = way.last.as_ref().is_some_and(|it| time_s > it.frame.time_s);
        let least = match way.run {
            Some(run) if ahead => run,
            Some(run) => run + 1,
            None => way.left_before,
        };
        let mut candidates = self.runs.iter().filter(|it| it.id >= least).filter(covers);
        let is_new = way.run.is_none() && way.left_before == 0;
        let found = if is_new {
            candidates.next_back()
        } else {
            candidates.next()
        };
        let run = match found {
            Some(run) => run.id,
            None => self.open(time_s),
        };
        let member = self.members.get_mut(&id)?;
        if member.passes.len() == KNOWN_PASSES {
            member.passes.pop_front();
        }
        member.passes.push_back((spoken.pass, time_s, run));
        let way = &mut member.ways[Lane::Live.index()];
        if way.run == Some(run) {
            // The frames before and after the gap are not neighbours.
            way.last = None;
        }
        Some(run)
    }

    /// The run that a member was in when the audio of this refined frame was first heard.
    fn known_run_of(&self, id: u64, spoken: &Spoken<T>) -> Option<u64> {
        let passes = &self.members.get(&id)?.passes;
        let of_pass = || passes.iter().filter(|it| it.0 == spoken.pass);
        let before = of_pass().rfind(|it| it.1 <= spoken.frame.time_s + FRAME_S);
        before.or_else(|| of_pass().next()).map(|it| it.2)
    }

    fn open(&mut self, time_s: f64) -> u64 {
        let id = self.next_run;
        self.next_run += 1;
        self.runs.push_back(Run {
            id,
            from_s: time_s,
            to_s: time_s,
            lanes: Default::default(),
        });
        id
    }
}

#[cfg(test)]
mod tests;
