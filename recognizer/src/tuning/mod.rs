//! Tuning: the deviation of music from A4 = 440 Hz, estimated and followed.
//!
//! The networks are trained on twelve pitch classes at 440 Hz. In a song between them (A = 432, a
//! slow tape, an old piano) chords are missed, so both engines estimate the tuning ([`estimate`]
//! for a file, [`TuningFollower`] for a stream) and move the bins of their transforms by it.

mod deviation;
mod follow;
mod source;
mod steps;
mod text;

pub use follow::TuningFollower;
pub(crate) use source::TuningSource;
pub use steps::TuningSteps;
pub use text::ParseTuningError;

use deviation::Deviations;

/// The largest deviation that is corrected, in cents. Beyond half a semitone a note is nearer to
/// its neighbour; the margin beyond that keeps a song at 50 cents from jumping back and forth.
pub const MAX_CENTS: f32 = 60.0;

/// Music within this many cents of 440 Hz is not corrected: a quarter of a bin. The networks are
/// trained on music with larger deviations.
const NEAR_CENTS: f32 = 12.5;

/// The deviation of a recording from A4 = 440 Hz.
#[derive(Clone, Copy, Debug, Default, PartialEq, PartialOrd)]
pub struct Tuning {
    cents: f32,
}

impl Tuning {
    /// A4 = 440 Hz.
    pub const CONCERT: Self = Self { cents: 0.0 };

    /// `cents` above A4 = 440 Hz, clamped to ±[`MAX_CENTS`]; NaN is 0.
    #[must_use]
    pub fn from_cents(cents: f32) -> Self {
        let cents = if cents.is_nan() { 0.0 } else { cents };
        Self {
            cents: cents.clamp(-MAX_CENTS, MAX_CENTS),
        }
    }

    /// The tuning with A4 at `a4_hz`, if that is within [`MAX_CENTS`] of 440 Hz.
    #[must_use]
    pub fn from_a4_hz(a4_hz: f64) -> Option<Self> {
        let cents = 1200.0 * (a4_hz / 440.0).log2();
        (cents.abs() <= f64::from(MAX_CENTS)).then(|| Self::from_cents(cents as f32))
    }

    /// Cents above A4 = 440 Hz.
    #[must_use]
    pub fn cents(self) -> f32 {
        self.cents
    }

    /// Frequency of A4 in Hz.
    #[must_use]
    pub fn a4_hz(self) -> f64 {
        440.0 * self.ratio()
    }

    /// The factor of all frequencies: `2^(cents / 1200)`.
    #[must_use]
    pub fn ratio(self) -> f64 {
        (f64::from(self.cents) / 1200.0).exp2()
    }

    /// Rounded to a whole cent; within [`NEAR_CENTS`] of 440 Hz, 440 Hz.
    fn rounded(self) -> Self {
        if self.cents.abs() < NEAR_CENTS {
            Self::CONCERT
        } else {
            Self::from_cents(self.cents.round())
        }
    }
}

/// Where the tuning comes from.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum TuningSetting {
    /// Estimated from the music.
    #[default]
    Estimated,
    /// A given tuning.
    Fixed(Tuning),
}

/// The tuning of mono `samples` at [`SAMPLE_RATE`](crate::features::SAMPLE_RATE), to a cent;
/// 440 Hz where there is too little tonal sound.
#[must_use]
pub fn estimate(samples: &[f32]) -> Tuning {
    let mut estimator = TuningEstimator::default();
    estimator.push(samples);
    estimator.tuning()
}

/// [`estimate`] for audio in parts of any sizes.
#[derive(Default)]
pub struct TuningEstimator {
    deviations: Deviations,
    sum: deviation::Evidence,
}

impl TuningEstimator {
    /// Takes the next samples.
    pub fn push(&mut self, samples: &[f32]) {
        let sum = &mut self.sum;
        self.deviations
            .push(samples, |deviation| sum.add(deviation));
    }

    /// The tuning of all samples so far.
    #[must_use]
    pub fn tuning(&self) -> Tuning {
        self.sum
            .tuning(Tuning::CONCERT)
            .map_or(Tuning::CONCERT, Tuning::rounded)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::features::SAMPLE_RATE;

    /// Triads of six partials a note, `cents` off, a second each.
    pub(super) fn chords(cents: f64, seconds: usize) -> Vec<f32> {
        let rate = f64::from(SAMPLE_RATE);
        let mut samples = vec![0.0_f32; seconds * SAMPLE_RATE as usize];
        for (second, part) in samples.chunks_mut(SAMPLE_RATE as usize).enumerate() {
            let root = [48, 53, 55, 57][second % 4];
            for note in [root, root + 4, root + 7] {
                let f = 440.0 * ((f64::from(note) - 69.0 + cents / 100.0) / 12.0).exp2();
                for partial in 1..=6 {
                    let w = std::f64::consts::TAU * f * f64::from(partial) / rate;
                    for (n, sample) in part.iter_mut().enumerate() {
                        *sample += (0.05 / f64::from(partial) * (w * n as f64).sin()) as f32;
                    }
                }
            }
        }
        samples
    }

    #[test]
    fn chords_between_the_keys_are_found_to_a_few_cents() {
        for cents in [-45, -32, -18, 0, 20, 33, 45] {
            let found = estimate(&chords(f64::from(cents), 4)).cents();
            assert!((found - cents as f32).abs() <= 3.0, "{cents}: {found}");
        }
        for cents in [-8.0, 5.0, 9.0] {
            assert_eq!(estimate(&chords(cents, 4)), Tuning::CONCERT, "{cents}");
        }
    }

    #[test]
    fn silence_and_noise_are_left_in_concert_pitch() {
        assert_eq!(estimate(&[]), Tuning::CONCERT);
        assert_eq!(estimate(&vec![0.0; 200_000]), Tuning::CONCERT);
        let mut random = 1_u32;
        let noise: Vec<f32> = (0..400_000)
            .map(|_| {
                random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                (random >> 8) as f32 / (1 << 23) as f32 - 1.0
            })
            .collect();
        assert_eq!(estimate(&noise), Tuning::CONCERT);
    }

    #[test]
    fn parts_of_any_size_say_the_same() {
        let samples = chords(-27.0, 3);
        let whole = estimate(&samples);
        for size in [1, 333, 4096, 30_000] {
            let mut parts = TuningEstimator::default();
            for part in samples.chunks(size) {
                parts.push(part);
            }
            assert_eq!(parts.tuning(), whole);
        }
    }
}
