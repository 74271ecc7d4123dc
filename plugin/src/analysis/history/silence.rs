//! Where the stream was silent.

use std::collections::VecDeque;

use super::SAME_S;

/// Only silence of this length, in seconds, counts against a chord in the track: shorter rests
/// lie between the notes of any song.
const SILENCE_S: f64 = 1.0;

/// Stretches of silence.
pub(super) struct Silences {
    /// Silences of [`SILENCE_S`] and more: start and end, in order.
    long: VecDeque<(f64, f64)>,
    /// Where the current silence began, if there is one.
    since_s: Option<f64>,
    /// Silence is known up to here.
    known_s: f64,
}

impl Silences {
    /// Nothing is known before `known_s`.
    pub(super) const fn from(known_s: f64) -> Self {
        Self {
            long: VecDeque::new(),
            since_s: None,
            known_s,
        }
    }

    pub(super) fn forget_before(&mut self, oldest_s: f64) {
        while self.long.front().is_some_and(|it| it.1 < oldest_s) {
            self.long.pop_front();
        }
    }

    /// Starts afresh at `now_s`.
    pub(super) fn forget(&mut self, now_s: f64) {
        self.since_s = None;
        self.known_s = now_s;
    }

    /// Takes whether everything since the last call was silent. Returns the start of a silence
    /// that has just become a long one.
    pub(super) fn hear(&mut self, silent: bool, now_s: f64) -> Option<f64> {
        let from_s = std::mem::replace(&mut self.known_s, now_s);
        if !silent {
            self.since_s = None;
            return None;
        }
        let since_s = *self.since_s.get_or_insert(from_s);
        if now_s - since_s < SILENCE_S - SAME_S {
            return None;
        }
        match self.long.back_mut() {
            Some(last) if last.0 == since_s => {
                last.1 = now_s;
                None
            }
            _ => {
                self.long.push_back((since_s, now_s));
                Some(since_s)
            }
        }
    }

    /// A stretch cut where silence begins and ends, each part with whether it is silent.
    pub(super) fn by_level(&self, from_s: f64, to_s: f64) -> Vec<(f64, f64, bool)> {
        let mut parts = Vec::new();
        let (mut at_s, to_s) = (from_s, to_s.max(from_s));
        for &(start_s, end_s) in &self.long {
            let (start_s, end_s) = (start_s.clamp(at_s, to_s), end_s.clamp(at_s, to_s));
            if end_s - start_s <= SAME_S {
                continue;
            }
            if start_s - at_s > SAME_S {
                parts.push((at_s, start_s, false));
            }
            parts.push((start_s, end_s, true));
            at_s = end_s;
        }
        if to_s - at_s > SAME_S {
            parts.push((at_s, to_s, false));
        }
        parts
    }
}
