//! Live decoding: a label at once, confirmed after a bounded wait.
//!
//! The best path of the hidden Markov model is followed as frames arrive. Its last state (a class
//! over a bass, see [`super::states`]) is shown, provisionally. Its state `lag` frames ago is
//! final: it is confirmed and never changed. Because changing state costs something, the shown
//! state has hysteresis: another must explain the last frames better by that cost before it takes
//! over.

use std::collections::VecDeque;

use super::Posterior;
use super::states::{Bits, emissions};
use super::viterbi::argmax;

/// Score of a state whose path can no longer win.
const CUT: f32 = -1e6;

/// How the decoder trades speed against steadiness.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FixedLagSettings {
    /// Cost of a change of state, nats.
    pub change_cost: f32,
    /// Frames after which the state of the path is final.
    pub lag_frames: usize,
    /// Lead, nats, that another state needs over the shown one to replace it.
    pub hold: f32,
}

/// A stretch of frames with one state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Run {
    /// State of [`super::states`].
    pub state: usize,
    /// First frame.
    pub start: u64,
}

/// The result after a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Decoded {
    /// The state to show, and the frame since which the path has it.
    pub shown: Run,
    /// The confirmed state of frame `now - lag`, once there is one.
    pub confirmed: Option<(u64, usize)>,
}

/// Back pointers of a frame.
#[derive(Debug, Clone)]
struct Step {
    /// Best state one frame earlier.
    best_before: u16,
    /// States whose best predecessor is themselves, not that best one.
    stayed: Bits,
}

/// The decoder; feed it one posterior a frame.
#[derive(Debug, Clone)]
pub struct FixedLag {
    settings: FixedLagSettings,
    scores: Vec<f32>,
    /// Buffer for the emissions of a posterior.
    heard: Vec<f32>,
    /// The last `lag_frames` steps, oldest first.
    steps: VecDeque<Step>,
    frames: u64,
    shown: Option<usize>,
}

impl FixedLag {
    /// A decoder without frames.
    pub fn new(settings: FixedLagSettings) -> Self {
        Self {
            settings,
            scores: Vec::new(),
            heard: Vec::new(),
            steps: VecDeque::with_capacity(settings.lag_frames + 1),
            frames: 0,
            shown: None,
        }
    }

    /// Changes cost and hold from the next frame on; the lag stays.
    pub fn set_costs(&mut self, change_cost: f32, hold: f32) {
        self.settings.change_cost = change_cost;
        self.settings.hold = hold;
    }

    /// Takes the next frame.
    pub fn push(&mut self, posterior: &Posterior) -> Decoded {
        let mut heard = std::mem::take(&mut self.heard);
        emissions(posterior, &mut heard);
        let decoded = self.push_heard(&heard);
        self.heard = heard;
        decoded
    }

    /// Takes the next frame by its [`emissions`], which several decoders may share.
    pub fn push_heard(&mut self, heard: &[f32]) -> Decoded {
        let shown = self.show_heard(heard);
        let confirmed = (self.steps.len() >= self.settings.lag_frames).then(|| {
            let state = self.state_at(argmax(&self.scores), self.settings.lag_frames);
            self.cut_paths_through_other(state);
            (self.frames - 1 - self.settings.lag_frames as u64, state)
        });
        Decoded { shown, confirmed }
    }

    /// As [`Self::push_heard`], but confirms nothing, so that later frames may change all earlier
    /// ones. For a decoder that only shows.
    pub fn show_heard(&mut self, heard: &[f32]) -> Run {
        if self.frames == 0 {
            self.scores.clear();
            self.scores.extend_from_slice(heard);
        } else {
            self.advance(heard);
        }
        self.frames += 1;

        let best = argmax(&self.scores);
        let shown = match self.shown {
            Some(shown) if self.scores[best] - self.scores[shown] <= self.settings.hold => shown,
            _ => best,
        };
        self.shown = Some(shown);
        Run {
            state: shown,
            start: self.start_of(shown),
        }
    }

    /// Frames taken so far.
    pub fn frames(&self) -> u64 {
        self.frames
    }

    /// States on the best path for the last frames (at most `lag_frames` + 1), oldest first.
    pub fn path(&self) -> Vec<usize> {
        if self.frames == 0 {
            return Vec::new();
        }
        let mut state = argmax(&self.scores);
        let mut path = vec![state];
        for step in self.steps.iter().rev() {
            if !step.stayed.get(state) {
                state = usize::from(step.best_before);
            }
            path.push(state);
        }
        path.reverse();
        path
    }

    fn advance(&mut self, heard: &[f32]) {
        let best = argmax(&self.scores);
        let moved = self.scores[best] - self.settings.change_cost;
        // The oldest step's memory serves the newest.
        let mut stayed = if self.steps.len() == self.settings.lag_frames {
            self.steps.pop_front().map(|step| step.stayed)
        } else {
            None
        }
        .unwrap_or_default();
        stayed.clear();
        let mut largest = f32::NEG_INFINITY;
        for (state, (score, heard)) in self.scores.iter_mut().zip(heard).enumerate() {
            if *score >= moved {
                stayed.set(state);
            }
            *score = score.max(moved) + heard;
            largest = largest.max(*score);
        }
        // Only differences matter; without this the scores of a long stream would lose precision.
        for score in &mut self.scores {
            *score -= largest;
        }
        self.steps.push_back(Step {
            best_before: best as u16,
            stayed,
        });
    }

    /// State `back` frames ago on the best path that ends in `state` now.
    fn state_at(&self, state: usize, back: usize) -> usize {
        state_before(self.steps.iter().rev().take(back), state)
    }

    /// First frame of the run of `state` at the end of its best path, as far back as the lag.
    fn start_of(&self, state: usize) -> u64 {
        let length = self
            .steps
            .iter()
            .rev()
            .take_while(|step| step.stayed.get(state))
            .count() as u64;
        self.frames - 1 - length
    }

    /// Rules out states whose path does not go through the confirmed state at the confirmed frame,
    /// so that confirmed states never change.
    fn cut_paths_through_other(&mut self, confirmed: usize) {
        // From the newest step back: a state that has not stayed came from the best one before and
        // shares its path. So only few paths are followed instead of all.
        let mut stayed = Bits::all();
        let scores = &mut self.scores;
        for (index, step) in self.steps.iter().enumerate().rev() {
            let mut came_another_way = None;
            stayed.retain(&step.stayed, |state| {
                let cut = *came_another_way.get_or_insert_with(|| {
                    let before = self.steps.iter().take(index).rev();
                    let start = usize::from(step.best_before);
                    state_before(before, start) != confirmed
                });
                if cut {
                    scores[state] = scores[state].min(CUT);
                }
            });
        }
        let mut only = Bits::none();
        only.set(confirmed);
        stayed.retain(&only, |state| scores[state] = scores[state].min(CUT));
    }
}

/// State on the best path that ends in `state`, before `steps`, which come newest first.
fn state_before<'a>(steps: impl Iterator<Item = &'a Step>, mut state: usize) -> usize {
    for step in steps {
        if !step.stayed.get(state) {
            state = usize::from(step.best_before);
        }
    }
    state
}

#[cfg(test)]
mod tests {
    use super::super::states::states;
    use super::super::viterbi::tests::plain;
    use super::super::viterbi::viterbi;
    use super::*;
    use crate::networks::CHORD_CLASSES;

    fn peak(class: usize, p: f32) -> Posterior {
        let mut chord = [((1.0 - p) / (CHORD_CLASSES - 1) as f32).ln(); CHORD_CLASSES];
        chord[class] = p.ln();
        Posterior {
            chord,
            bass: None,
            extensions: None,
        }
    }

    fn settings() -> FixedLagSettings {
        FixedLagSettings {
            change_cost: 6.0,
            lag_frames: 8,
            hold: 0.5,
        }
    }

    #[test]
    fn a_label_at_once_and_its_confirmation_after_the_lag() {
        let mut decoder = FixedLag::new(settings());
        let first = decoder.push(&peak(15, 0.9));
        assert_eq!(
            first.shown,
            Run {
                state: 15,
                start: 0
            }
        );
        assert_eq!(first.confirmed, None);
        let mut confirmed = Vec::new();
        for _ in 0..20 {
            confirmed.extend(decoder.push(&peak(15, 0.9)).confirmed);
        }
        assert_eq!(confirmed[0], (0, 15));
        assert_eq!(confirmed.len(), 13);
    }

    #[test]
    fn a_lone_frame_does_not_flicker() {
        let mut decoder = FixedLag::new(settings());
        for t in 0..60 {
            let frame = if t % 10 == 5 {
                peak(3, 0.7)
            } else {
                peak(15, 0.5)
            };
            assert_eq!(decoder.push(&frame).shown.state, 15, "frame {t}");
        }
    }

    #[test]
    fn a_change_is_placed_where_it_happened() {
        let mut decoder = FixedLag::new(settings());
        let mut seen = None;
        for t in 0..60_u64 {
            let frame = if t < 30 { peak(15, 0.6) } else { peak(99, 0.6) };
            let decoded = decoder.push(&frame);
            if decoded.shown.state == 99 && seen.is_none() {
                seen = Some((t, decoded.shown.start));
            }
        }
        let (shown_at, start) = seen.unwrap();
        assert_eq!(start, 30);
        assert!((30..34).contains(&shown_at), "shown at frame {shown_at}");
    }

    #[test]
    fn with_a_lag_longer_than_the_music_it_is_viterbi() {
        let mut random = 12345_u32;
        let frames: Vec<_> = (0..50)
            .map(|_| {
                random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                peak(
                    (random >> 24) as usize % 4 * 40,
                    0.02 + (random >> 20 & 7) as f32 / 20.0,
                )
            })
            .collect();
        let lag = 20;
        let mut decoder = FixedLag::new(FixedLagSettings {
            lag_frames: lag,
            ..settings()
        });
        let mut live = Vec::new();
        for frame in &frames {
            live.extend(decoder.push(frame).confirmed.map(|(_, class)| class));
        }
        let path = viterbi(&frames, None, |_| 6.0, &plain(0.0));
        let agree = live.iter().zip(&path).filter(|(a, b)| a == b).count();
        assert!(agree * 10 >= live.len() * 9, "{agree} of {}", live.len());
    }

    #[test]
    fn the_paths_that_are_cut_are_those_through_another_state() {
        let mut decoder = FixedLag::new(settings());
        let mut random = 1_u32;
        let mut cut = 0;
        for _ in 0..300 {
            random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let class = (random >> 24) as usize % 5 * 30;
            let posterior = peak(class, 0.05 + (random >> 20 & 7) as f32 / 9.0);
            let mut uncut = decoder.clone();
            let mut heard = Vec::new();
            emissions(&posterior, &mut heard);
            uncut.show_heard(&heard);
            let Some((_, confirmed)) = decoder.push(&posterior).confirmed else {
                continue;
            };
            for state in 0..states().len() {
                let is_other = uncut.state_at(state, settings().lag_frames) != confirmed;
                let most = if is_other { CUT } else { f32::INFINITY };
                let wanted = uncut.scores[state].min(most);
                assert_eq!(decoder.scores[state], wanted, "state {state}");
                cut += usize::from(is_other);
            }
        }
        assert!(cut > 0, "nothing to cut");
    }

    #[test]
    fn confirmed_frames_come_once_each_and_in_order() {
        let mut decoder = FixedLag::new(settings());
        let mut next = 0;
        for t in 0..200_u64 {
            let class = (t / 7 % 5 * 30) as usize;
            if let Some((frame, _)) = decoder.push(&peak(class, 0.5)).confirmed {
                assert_eq!(frame, next);
                next += 1;
            }
        }
        assert_eq!(next, 192);
    }
}
