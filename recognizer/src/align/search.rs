//! The likeliest path through a chart.
//!
//! A dynamic programme over chords of the chart and frames. `ends[n][t]` is the score of the best
//! path on which chord `n` ends before frame `t`, `begins[n][t]` that of the best one on which it
//! begins there. Chord `n` ends at `t` after beginning at any earlier `s`, scored by its fit to the
//! frames between and by the deviation of its length. It begins where the chord before it has
//! ended, or at the start of a bar after a jump from the end of another, or after music that is not
//! in the chart.

use super::boundary_s;
use super::clock::Clock;
use super::fit::Fit;
use super::steps::{Step, Steps};

/// Cost of a jump from the end of a section to the start of one, nats.
const SECTION_JUMP: f32 = 14.0;
/// Cost of a jump from any bar to any other, nats.
const BAR_JUMP: f32 = 24.0;
/// Cost of leaving the chart after a section, or of returning to one, nats.
const SECTION_LEAVE: f32 = 7.0;
/// The same in the middle of a section.
const BAR_LEAVE: f32 = 12.0;
/// Cost of a chord that does not sound, nats: the base, the increase per frame, and the cap, which
/// is less than a detour around it.
const WRONG: (f32, f32, f32) = (2.5, 0.2, 7.0);
/// Cost of the music beginning or ending within a chord, nats.
const CUT: f32 = 2.0;
/// The longest chord in frames: a minute.
const MOST_FRAMES: usize = 650;
/// Standard deviation of the logarithm of an unknown length.
const FREE_DEVIATION: f64 = 0.7;
/// Score of the impossible.
const NEVER: f32 = f32::NEG_INFINITY;

/// How a chord's length is judged.
#[derive(Clone, Copy)]
enum Length {
    /// About this many quarter notes, with this standard deviation.
    About(f64, f64),
    /// Unknown; the logarithm of the usual length.
    Free(f64),
}

impl Length {
    fn of(step: &Step, clock: &Clock) -> Self {
        if step.measured {
            let (least, more) = clock.deviation;
            Self::About(step.beats, least + more * step.beats)
        } else {
            Self::Free(step.beats.ln())
        }
    }

    /// The shortest and the longest, quarter notes.
    fn bounds(self) -> (f64, f64) {
        match self {
            Self::About(beats, deviation) => {
                let slack = (4.0 * deviation).min(0.55 * beats + 0.3);
                ((beats - slack).max(0.05), beats + slack)
            }
            Self::Free(log) => (log.exp() / 5.0, log.exp() * 5.0),
        }
    }

    /// Log-density of a length, nats.
    fn score(self, beats: f64) -> f32 {
        let (distance, deviation) = match self {
            Self::About(expected, deviation) => ((beats - expected) / deviation, deviation),
            Self::Free(log) => (
                (beats.ln() - log) / FREE_DEVIATION,
                FREE_DEVIATION * log.exp(),
            ),
        };
        // The frames limit the precision.
        (-0.5 * (distance * distance).min(18.0) - deviation.max(0.1).ln()) as f32
    }
}

/// A chord of the path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Part {
    /// Its index in the chart's steps.
    pub step: usize,
    /// Its first frame.
    pub from: usize,
    /// The frame after its last.
    pub to: usize,
}

/// A path: its chords in order of time, with gaps where music is not in the chart.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Path {
    /// The chords.
    pub parts: Vec<Part>,
}

/// How a chord began.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Origin {
    /// After the chord before it in the chart.
    Next,
    /// After that chord, by a jump.
    Jump(u32),
    /// After music that is not in the chart.
    Elsewhere,
    /// At the beginning of the chart.
    Start,
}

/// What came before music that is not in the chart.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Before {
    /// More such music, or nothing.
    More,
    /// The end of that chord.
    Chord(u32),
}

/// The input of a search: a chart, its fit, and a clock.
pub(super) struct Problem<'a> {
    steps: &'a Steps,
    fit: &'a Fit,
    clock: &'a Clock,
}

/// Back pointers of a search.
#[derive(Default)]
struct Trail {
    /// For each chord and boundary, how many frames a chord that ends there lasted.
    lengths: Vec<u16>,
    /// For each chord and boundary, how it began there.
    origins: Vec<Origin>,
    /// For each boundary, what came before music elsewhere.
    before: Vec<Before>,
}

impl<'a> Problem<'a> {
    pub(super) const fn new(steps: &'a Steps, fit: &'a Fit, clock: &'a Clock) -> Self {
        Self { steps, fit, clock }
    }

    /// The log-probability of the likeliest path, up to a constant of the audio.
    pub(super) fn score(&self) -> f32 {
        self.search(None).0
    }

    /// The likeliest path.
    pub(super) fn path(&self) -> Path {
        let mut trail = Trail::default();
        let (_, end) = self.search(Some(&mut trail));
        self.follow(&trail, end)
    }

    /// The best score, and the chord that the path ends with, if it ends with one.
    fn search(&self, mut trail: Option<&mut Trail>) -> (f32, Option<usize>) {
        let (frames, count) = (self.fit.frames, self.steps.len());
        let width = frames + 1;
        let lengths: Vec<Length> = self
            .steps
            .all
            .iter()
            .map(|step| Length::of(step, self.clock))
            .collect();
        let mut begins = vec![NEVER; count * width];
        let mut ends = vec![NEVER; count];
        let mut cut = vec![NEVER; count];
        let mut elsewhere = 0.0_f32;
        if let Some(trail) = trail.as_deref_mut() {
            trail.lengths = vec![0; count * width];
            trail.origins = vec![Origin::Next; count * width];
            trail.before = vec![Before::More; width];
        }
        for t in 0..width {
            if t > 0 {
                for (n, end) in ends.iter_mut().enumerate() {
                    let begun = &begins[n * width..(n + 1) * width];
                    let (score, length) = self.end(n, lengths[n], t, begun);
                    *end = score;
                    if let Some(trail) = trail.as_deref_mut() {
                        trail.lengths[n * width + t] = length;
                    }
                }
                if t == frames {
                    for (n, cut) in cut.iter_mut().enumerate() {
                        let begun = &begins[n * width..(n + 1) * width];
                        let (score, length) = self.end_cut(n, lengths[n], begun);
                        *cut = score;
                        if let Some(trail) = trail.as_deref_mut()
                            && score > ends[n]
                        {
                            trail.lengths[n * width + t] = length;
                        }
                    }
                }
                elsewhere += self.fit.elsewhere[t] - self.fit.elsewhere[t - 1];
            }
            // The best ends of a bar and of a section to jump from.
            let (mut bar, mut section) = ((NEVER, 0), (NEVER, 0));
            for (n, step) in self.steps.all.iter().enumerate() {
                if step.last_of_bar && ends[n] > bar.0 {
                    bar = (ends[n], n);
                }
                if step.last_of_section && ends[n] > section.0 {
                    section = (ends[n], n);
                }
            }
            let left_bar = bar.0 - BAR_LEAVE;
            let left_section = section.0 - SECTION_LEAVE;
            let (left, from) = if left_section >= left_bar {
                (left_section, section.1)
            } else {
                (left_bar, bar.1)
            };
            // The end of the chart may be the end of the path.
            let last = ends[count - 1];
            let (left, from) = if last >= left {
                (last, count - 1)
            } else {
                (left, from)
            };
            if left > elsewhere {
                elsewhere = left;
                if let Some(trail) = trail.as_deref_mut() {
                    trail.before[t] = Before::Chord(from as u32);
                }
            }
            if t == frames {
                break;
            }
            let phase = self.clock.phase[t];
            for (n, step) in self.steps.all.iter().enumerate() {
                let mut best = (NEVER, Origin::Next);
                if n > 0 {
                    best.0 = ends[n - 1];
                }
                if step.first_of_bar {
                    let mut consider = |score: f32, origin: Origin| {
                        if score > best.0 {
                            best = (score, origin);
                        }
                    };
                    consider(bar.0 - BAR_JUMP, Origin::Jump(bar.1 as u32));
                    if step.first_of_section {
                        consider(section.0 - SECTION_JUMP, Origin::Jump(section.1 as u32));
                    }
                    let enter = if step.first_of_section {
                        SECTION_LEAVE
                    } else {
                        BAR_LEAVE
                    };
                    consider(elsewhere - enter, Origin::Elsewhere);
                    if n == 0 {
                        // The chart may begin at any time.
                        consider(self.fit.elsewhere[t], Origin::Start);
                    }
                } else if t == 0 {
                    // The music may begin within a bar.
                    best = (-BAR_LEAVE, Origin::Elsewhere);
                }
                begins[n * width + t] = best.0 + phase;
                if let Some(trail) = trail.as_deref_mut() {
                    trail.origins[n * width + t] = best.1;
                }
            }
        }
        // The path ends elsewhere, or with a chord that the end of the audio cuts.
        let mut best = (elsewhere, None);
        for (n, &score) in cut.iter().enumerate() {
            if score > best.0 {
                best = (score, Some(n));
            }
        }
        best
    }

    /// The score of frames `from..to` for chord `n`: its fit, or the cost of a wrong chord.
    fn heard(&self, n: usize, from: usize, to: usize) -> f32 {
        let sums = self.fit.sums(self.steps.all[n].chord);
        let fit = sums[to] - sums[from];
        let wrong = -(WRONG.0 + WRONG.1 * (to - from) as f32).min(WRONG.2);
        fit.max(wrong)
    }

    /// The best score of chord `n` ending before frame `t`, and how many frames it lasts.
    fn end(&self, n: usize, length: Length, t: usize, begun: &[f32]) -> (f32, u16) {
        let (least, most) = length.bounds();
        let beats = &self.clock.beats;
        let mut best = (NEVER, 0);
        let first = t.saturating_sub(MOST_FRAMES);
        for s in (first..t).rev() {
            let lasted = beats[t] - beats[s];
            if lasted > most {
                break;
            }
            if begun[s] == NEVER {
                continue;
            }
            if lasted < least {
                // The music may have begun within the chord.
                if s > 0 {
                    continue;
                }
                let score = begun[s] + self.heard(n, s, t) - CUT;
                if score > best.0 {
                    best = (score, (t - s) as u16);
                }
                continue;
            }
            let score = begun[s] + self.heard(n, s, t) + length.score(lasted);
            if score > best.0 {
                best = (score, (t - s) as u16);
            }
        }
        best
    }

    /// As [`Self::end`], for a chord cut by the end of the audio.
    fn end_cut(&self, n: usize, length: Length, begun: &[f32]) -> (f32, u16) {
        let t = self.fit.frames;
        let (_, most) = length.bounds();
        let beats = &self.clock.beats;
        let mut best = (NEVER, 0);
        for s in (t.saturating_sub(MOST_FRAMES)..t).rev() {
            if beats[t] - beats[s] > most {
                break;
            }
            let score = begun[s] + self.heard(n, s, t) - CUT;
            if score > best.0 {
                best = (score, (t - s) as u16);
            }
        }
        best
    }

    fn follow(&self, trail: &Trail, end: Option<usize>) -> Path {
        let width = self.fit.frames + 1;
        let mut parts = Vec::new();
        let mut t = self.fit.frames;
        let mut chord = end;
        loop {
            let Some(n) = chord else {
                // Back through music that is not in the chart.
                loop {
                    match trail.before[t] {
                        Before::Chord(n) => {
                            chord = Some(n as usize);
                            break;
                        }
                        Before::More if t == 0 => break,
                        Before::More => t -= 1,
                    }
                }
                if chord.is_none() {
                    break;
                }
                continue;
            };
            let length = usize::from(trail.lengths[n * width + t]);
            if length == 0 {
                break;
            }
            let from = t - length;
            parts.push(Part {
                step: n,
                from,
                to: t,
            });
            t = from;
            chord = match trail.origins[n * width + t] {
                Origin::Next if n > 0 && t > 0 => Some(n - 1),
                Origin::Next => None,
                Origin::Jump(from) => Some(from as usize),
                Origin::Start => break,
                Origin::Elsewhere if t == 0 => break,
                // Before it, at the same boundary, is music that is not in the chart.
                Origin::Elsewhere => None,
            };
            if t == 0 {
                break;
            }
        }
        parts.reverse();
        Path { parts }
    }
}

impl Path {
    /// Start and end of each part, seconds; on a beat where one is near. Where a chord is held over
    /// several bars, the bars share the time.
    pub(super) fn times_s(&self, steps: &Steps, clock: &Clock, length_s: f64) -> Vec<(f64, f64)> {
        // Half a frame and a little more.
        const NEAR_S: f64 = 0.075;
        let snapped = |frame: usize| {
            let time_s = boundary_s(frame);
            let beats = &clock.beat_times_s;
            let after = beats.partition_point(|beat| *beat < time_s);
            let near = [after.checked_sub(1), Some(after)];
            let nearest = near
                .into_iter()
                .flatten()
                .filter_map(|index| beats.get(index))
                .min_by(|a, b| (*a - time_s).abs().total_cmp(&(*b - time_s).abs()));
            match nearest {
                Some(beat) if (beat - time_s).abs() <= NEAR_S => beat.clamp(0.0, length_s),
                _ => time_s.clamp(0.0, length_s),
            }
        };
        let end_s = |frame: usize| {
            if frame >= clock.beats.len() - 1 {
                length_s
            } else {
                snapped(frame)
            }
        };
        let mut times: Vec<(f64, f64)> = self
            .parts
            .iter()
            .map(|part| (snapped(part.from), end_s(part.to)))
            .collect();
        if clock.beat_times_s.is_empty() {
            self.share(steps, &mut times);
        }
        times
    }

    /// Spreads inaudible boundaries evenly over the length of a held chord.
    fn share(&self, steps: &Steps, times: &mut [(f64, f64)]) {
        let mut first = 0;
        while first < self.parts.len() {
            let mut last = first;
            let chord = |index: usize| steps.all[self.parts[index].step].chord;
            while last + 1 < self.parts.len()
                && self.parts[last + 1].from == self.parts[last].to
                && chord(last + 1) == chord(first)
            {
                last += 1;
            }
            let beats: Vec<f64> = (first..=last)
                .map(|index| steps.all[self.parts[index].step].beats)
                .collect();
            let total: f64 = beats.iter().sum();
            let (start_s, end_s) = (times[first].0, times[last].1);
            let mut so_far = 0.0;
            for (index, beats) in (first..=last).zip(&beats) {
                let at = |beats: f64| start_s + (end_s - start_s) * beats / total;
                times[index] = (at(so_far), at(so_far + beats));
                so_far += beats;
            }
            first = last + 1;
        }
    }
}
