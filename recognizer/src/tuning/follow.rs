//! Tuning follower for streams.

use super::deviation::{Deviations, Evidence, HOP};
use super::{Tuning, TuningSetting, TuningSteps};
use crate::features::SAMPLE_RATE;

/// Time constant of the memory (decay to 1/e), in seconds of tonal sound.
const MEMORY_S: f64 = 20.0;
/// The bins are moved when the estimate differs from them by this, in cents: less makes no
/// difference, and every move needs new kernels.
const MOVES_AT_CENTS: f32 = 6.0;
/// Spectra whose partials agree less than this are noise or silence and do not age the memory.
const TONAL: f64 = 0.3;

/// Follows the tuning of a stream: found within two seconds of tonal sound, then slowly.
///
/// The result depends only on the samples, not on how they are divided into blocks.
pub struct TuningFollower {
    setting: TuningSetting,
    deviations: Deviations,
    evidence: Evidence,
    /// The tuning found in the music, by which the bins are placed.
    found: Tuning,
    sure: bool,
    /// Samples taken since its creation.
    heard: u64,
    steps: TuningSteps,
}

impl TuningFollower {
    /// A follower for a new stream.
    #[must_use]
    pub fn new(setting: TuningSetting) -> Self {
        Self {
            setting,
            deviations: Deviations::default(),
            evidence: Evidence::default(),
            found: Tuning::CONCERT,
            sure: false,
            heard: 0,
            steps: TuningSteps::from_now(match setting {
                TuningSetting::Estimated => Tuning::CONCERT,
                TuningSetting::Fixed(tuning) => tuning,
            }),
        }
    }

    /// Takes mono samples at [`SAMPLE_RATE`].
    pub fn push(&mut self, mut samples: &[f32]) {
        while !samples.is_empty() {
            let (now, later) = samples.split_at(samples.len().min(self.deviations.until_next()));
            samples = later;
            self.heard += now.len() as u64;
            self.hear(now);
            self.steps.put(self.heard, self.tuning());
        }
    }

    fn hear(&mut self, samples: &[f32]) {
        let keep = (-(HOP as f64 / f64::from(SAMPLE_RATE)) / MEMORY_S).exp();
        let (evidence, found, sure) = (&mut self.evidence, &mut self.found, &mut self.sure);
        self.deviations.push(samples, |deviation| {
            if deviation.norm() < TONAL {
                return;
            }
            evidence.fade(keep);
            evidence.add(deviation);
            if let Some(estimate) = evidence.tuning(*found) {
                *sure = true;
                let away = (estimate.cents() - found.cents()).abs();
                if away >= MOVES_AT_CENTS {
                    *found = estimate.rounded();
                }
            }
        });
    }

    /// The tuning for the analysis from here on: the one set, or the one found so far, initially
    /// 440 Hz.
    #[must_use]
    pub fn tuning(&self) -> Tuning {
        match self.setting {
            TuningSetting::Estimated => self.found,
            TuningSetting::Fixed(tuning) => tuning,
        }
    }

    /// Whether [`Self::tuning`] is set or found in the music, and not just the initial value.
    #[must_use]
    pub fn is_sure(&self) -> bool {
        self.sure || self.setting != TuningSetting::Estimated
    }

    /// Changes the setting from here on. The tuning found in the music is kept.
    pub fn set(&mut self, setting: TuningSetting) {
        self.setting = setting;
        self.steps.put(self.heard, self.tuning());
    }

    /// To be called at a gap: the next samples do not join the last ones, but are of the same
    /// music.
    pub fn skip(&mut self) {
        self.deviations.reset();
    }

    /// Forgets the music, but not the number of samples.
    pub fn reset(&mut self) {
        self.deviations.reset();
        self.evidence = Evidence::default();
        (self.found, self.sure) = (Tuning::CONCERT, false);
        self.steps.put(self.heard, self.tuning());
    }

    /// The changes of tuning since the last [`Self::forget_steps`], for an engine that analyses the
    /// same samples later. Samples count from the creation of this follower.
    #[must_use]
    pub fn steps(&self) -> &TuningSteps {
        &self.steps
    }

    /// Drops the changes of tuning before now.
    pub fn forget_steps(&mut self) {
        self.steps = TuningSteps::from_now(self.tuning());
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::chords;
    use super::*;

    fn after(samples: &[f32]) -> TuningFollower {
        let mut follower = TuningFollower::new(TuningSetting::Estimated);
        follower.push(samples);
        follower
    }

    #[test]
    fn two_seconds_of_chords_are_enough() {
        for cents in [-40, -32, 25, 45] {
            let follower = after(&chords(f64::from(cents), 2));
            assert!(follower.is_sure());
            let found = follower.tuning().cents();
            assert!((found - cents as f32).abs() <= 4.0, "{cents}: {found}");
        }
        let in_tune = after(&chords(0.0, 8));
        assert!(in_tune.is_sure());
        assert_eq!(in_tune.tuning(), Tuning::CONCERT);
    }

    #[test]
    fn silence_changes_nothing_and_a_new_tuning_is_followed() {
        let mut follower = after(&chords(-32.0, 3));
        let found = follower.tuning();
        follower.push(&vec![0.0; 20 * SAMPLE_RATE as usize]);
        assert_eq!(follower.tuning(), found);
        follower.push(&chords(20.0, 60));
        let followed = follower.tuning().cents();
        assert!((followed - 20.0).abs() <= 8.0, "{followed}");
    }

    #[test]
    fn blocks_of_any_size_say_the_same_at_the_same_sample() {
        let samples = chords(37.0, 4);
        let said = |size: usize| -> Vec<Tuning> {
            let mut follower = TuningFollower::new(TuningSetting::Estimated);
            let mut said = Vec::new();
            for second in samples.chunks(11_025) {
                for block in second.chunks(size) {
                    follower.push(block);
                }
                said.push(follower.tuning());
            }
            said
        };
        let one = said(11_025);
        assert!(one.last() > one.first());
        for size in [1, 64, 1000] {
            assert_eq!(said(size), one);
        }
    }

    #[test]
    fn the_steps_say_what_was_said_at_each_sample() {
        let samples = chords(37.0, 4);
        let mut follower = TuningFollower::new(TuningSetting::Estimated);
        let mut said = Vec::new();
        for block in samples.chunks(700) {
            follower.push(block);
            said.push(follower.tuning());
        }
        follower.set(TuningSetting::Fixed(Tuning::from_cents(-20.0)));
        let steps = follower.steps();
        for (index, said) in said.iter().enumerate() {
            let sample = (700 * (index + 1)).min(samples.len() - 1);
            assert_eq!(steps.at(sample as u64), *said);
        }
        assert_eq!(steps.at(samples.len() as u64).cents(), -20.0);
        assert_eq!(steps.at(u64::MAX).cents(), -20.0);
        follower.forget_steps();
        assert_eq!(follower.steps().at(0).cents(), -20.0);
    }

    #[test]
    fn a_tuning_that_is_set_holds() {
        let mut follower = after(&chords(-32.0, 3));
        follower.set(TuningSetting::Fixed(Tuning::from_cents(10.0)));
        assert_eq!(follower.tuning().cents(), 10.0);
        follower.set(TuningSetting::Estimated);
        assert!((follower.tuning().cents() + 32.0).abs() <= 4.0);
    }
}
