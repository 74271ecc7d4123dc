//! Averages of posteriors, and those of overlapping windows.

use std::collections::VecDeque;

use crate::decode::Posterior;
use crate::networks::WINDOW_FRAMES;

/// For each frame of a stretch, the log-posteriors of all windows that contain it, averaged with
/// more weight the nearer the frame is to a window's middle.
#[derive(Clone, Debug, Default)]
pub(crate) struct Averages {
    /// Number of the first frame that is kept.
    first: u64,
    /// Sum and weight of each frame from `first` on.
    sums: VecDeque<Option<(Posterior, f32)>>,
}

impl Averages {
    /// Adds the posteriors of a window whose first frame has number `start`, negative before the
    /// music. Frames that are no longer kept, before 0 or from `end` on are skipped, and so are
    /// posteriors with NaN.
    pub fn add(&mut self, start: i64, answers: &[Posterior], end: u64) {
        for (i, answer) in answers.iter().enumerate() {
            let Ok(frame) = u64::try_from(start + i as i64) else {
                continue;
            };
            if frame < self.first || frame >= end || answer.chord.iter().any(|p| p.is_nan()) {
                continue;
            }
            let index = (frame - self.first) as usize;
            if index >= self.sums.len() {
                self.sums.resize_with(index + 1, || None);
            }
            add(&mut self.sums[index], answer, taper(i));
        }
    }

    /// The mean of a frame, if a window contains it.
    pub fn mean(&self, frame: u64) -> Option<Posterior> {
        let index = usize::try_from(frame.checked_sub(self.first)?).ok()?;
        let (sum, weight) = self.sums.get(index)?.as_ref()?;
        Some(scaled(sum.clone(), weight.recip()))
    }

    /// Drops the frames before `frame`.
    pub fn forget_before(&mut self, frame: u64) {
        while self.first < frame {
            self.sums.pop_front();
            self.first += 1;
        }
    }
}

/// Triangle over a window, never zero.
fn taper(i: usize) -> f32 {
    let from_edge = i.min(WINDOW_FRAMES - 1 - i);
    (from_edge as f32 + 0.5) / (WINDOW_FRAMES / 2) as f32
}

/// Adds a posterior to a sum with its weight; both have the same parts.
pub(crate) fn add(sum: &mut Option<(Posterior, f32)>, posterior: &Posterior, weight: f32) {
    match sum {
        None => *sum = Some((scaled(posterior.clone(), weight), weight)),
        Some((sum, total)) => {
            *total += weight;
            for (s, p) in sum.chord.iter_mut().zip(&posterior.chord) {
                *s += p * weight;
            }
            if let (Some(s), Some(p)) = (&mut sum.bass, &posterior.bass) {
                for (s, p) in s.iter_mut().zip(p) {
                    *s += p * weight;
                }
            }
            if let (Some(s), Some(p)) = (&mut sum.extensions, &posterior.extensions) {
                for (s, p) in s.iter_mut().zip(p) {
                    *s += p * weight;
                }
            }
        }
    }
}

/// Every value times `factor`.
pub(crate) fn scaled(mut posterior: Posterior, factor: f32) -> Posterior {
    posterior.chord.iter_mut().for_each(|p| *p *= factor);
    if let Some(bass) = &mut posterior.bass {
        bass.iter_mut().for_each(|p| *p *= factor);
    }
    if let Some(extensions) = &mut posterior.extensions {
        extensions.iter_mut().for_each(|p| *p *= factor);
    }
    posterior
}
