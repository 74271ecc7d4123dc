//! The live engine's frames of a take, until they are mixed into the refined ones.

use std::collections::VecDeque;

use crate::band::PartFrame;
use crate::decode::Posterior;
use crate::decode::mix::mix;
use crate::live::FRAME_S;

/// Causal frames, two for each frame of the refining engine.
#[derive(Clone, Default)]
pub(super) struct CausalFrames {
    /// Number of the first that is kept.
    first: u64,
    /// From the first on; `None` where the live engine has skipped one.
    kept: VecDeque<Option<Posterior>>,
}

impl CausalFrames {
    /// Takes a frame of a take that begins at `origin_s`. Frames before it or before the kept ones
    /// are passed over.
    pub(super) fn push(&mut self, origin_s: f64, frame: &PartFrame) {
        let number = ((frame.time_s - origin_s) / FRAME_S).round();
        if number < self.first as f64 {
            return;
        }
        let index = number as usize - self.first as usize;
        if index >= self.kept.len() {
            self.kept.resize_with(index + 1, || None);
        }
        self.kept[index] = Some(frame.posterior.clone());
    }

    /// Mixes the frames around frame `n` of the refining engine into its posterior. Missing
    /// neighbours are replaced by the frame itself; if that is missing, nothing changes.
    pub(super) fn mix_into(&self, n: u64, own: &mut Posterior) {
        let Some(at) = self.frame(2 * n) else {
            return;
        };
        let before = (2 * n).checked_sub(1).and_then(|it| self.frame(it));
        let after = self.frame(2 * n + 1);
        mix(own, [before.unwrap_or(at), at, after.unwrap_or(at)]);
    }

    /// Drops those that frame `n` of the refining engine and later ones do not need.
    pub(super) fn forget_before(&mut self, n: u64) {
        let needed = (2 * n).saturating_sub(1);
        while self.first < needed && self.kept.pop_front().is_some() {
            self.first += 1;
        }
        self.first = self.first.max(needed);
    }

    fn frame(&self, number: u64) -> Option<&Posterior> {
        let index = number.checked_sub(self.first)?;
        self.kept.get(usize::try_from(index).ok()?)?.as_ref()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::mix::tests::{share_of, sure_of, unsure};

    fn frame(number: u64, class: usize) -> PartFrame {
        PartFrame {
            time_s: 100.0 + number as f64 * FRAME_S,
            posterior: sure_of(class, 0.9),
            notes: [0.0; 12],
            silent: false,
        }
    }

    #[test]
    fn two_frames_belong_to_one_and_what_was_used_is_dropped() {
        let mut frames = CausalFrames::default();
        for (number, class) in [0, 0, 1, 2, 2].into_iter().enumerate() {
            frames.push(100.0, &frame(number as u64, class));
        }
        // Before the take.
        frames.push(100.0, &frame(0, 5).at(99.0));
        let mixed = |frames: &CausalFrames, n: u64| {
            let mut own = unsure();
            frames.mix_into(n, &mut own);
            [0, 1, 2].map(|class| (share_of(class, &own) * 100.0).round())
        };
        let expected = [[100.0, 0.0, 0.0], [25.0, 50.0, 25.0], [0.0, 0.0, 100.0]];
        for (n, shares) in expected.into_iter().enumerate() {
            assert_eq!(mixed(&frames, n as u64), shares);
        }
        assert_eq!(mixed(&frames, 3), [0.0; 3]);
        frames.forget_before(1);
        assert_eq!(frames.kept.len(), 4);
        assert_eq!(mixed(&frames, 1), expected[1]);
        frames.forget_before(9);
        assert_eq!((frames.first, frames.kept.len()), (17, 0));
        frames.push(100.0, &frame(3, 0));
        assert!(frames.kept.is_empty());
        // A skipped frame leaves a hole.
        frames.push(100.0, &frame(20, 1));
        assert_eq!(mixed(&frames, 9), [0.0; 3]);
        assert_eq!(mixed(&frames, 10), [0.0, 100.0, 0.0]);
    }

    impl PartFrame {
        fn at(self, time_s: f64) -> Self {
            Self { time_s, ..self }
        }
    }
}
