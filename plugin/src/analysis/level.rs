//! The level of the audio: sound or silence.

/// Seconds over which the level falls to 1/e.
const DECAY_S: f64 = 0.25;

/// Mean square below which audio counts as silence: −66 dB of full scale.
const SILENCE: f64 = 2.5e-7;

/// Below this the level is set to zero. Otherwise it would reach denormal numbers after three
/// minutes of silence, which take a processor a hundred times as long.
const NOTHING: f64 = 1e-20;

/// The decaying mean square of a signal, and that of a stretch.
pub(super) struct Level {
    mean_square: f64,
    /// The weight of one new sample.
    share: f64,
    /// Sum of squares and number of samples since the stretch began.
    stretch: (f64, u64),
}

impl Level {
    pub(super) fn new(sample_rate: f64) -> Self {
        Self {
            mean_square: 0.0,
            share: 1.0 - (-1.0 / (DECAY_S * sample_rate)).exp(),
            stretch: (0.0, 0),
        }
    }

    pub(super) fn push(&mut self, samples: &[f32]) {
        self.stretch.1 += samples.len() as u64;
        if self.mean_square == 0.0 && samples.iter().all(|sample| *sample == 0.0) {
            return;
        }
        for sample in samples {
            let square = f64::from(*sample) * f64::from(*sample);
            self.mean_square += self.share * (square - self.mean_square);
            self.stretch.0 += square;
        }
        if self.mean_square < NOTHING {
            self.mean_square = 0.0;
        }
    }

    pub(super) fn reset(&mut self) {
        self.mean_square = 0.0;
        self.stretch = (0.0, 0);
    }

    /// Whether everything since the last call was silence, taken as a whole. Begins a new
    /// stretch. Depends only on the samples.
    pub(super) fn end_stretch(&mut self) -> bool {
        let (sum, count) = std::mem::take(&mut self.stretch);
        sum < SILENCE * count as f64 || count == 0
    }

    pub(super) fn is_silent(&self) -> bool {
        self.mean_square < SILENCE
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quiet_tone_is_heard_and_fades() {
        let mut level = Level::new(48_000.0);
        assert!(level.is_silent());
        let tone: Vec<f32> = (0..48_000)
            .map(|i| 0.003 * (i as f32 * 0.06).sin())
            .collect();
        level.push(&tone);
        assert!(!level.is_silent());
        level.push(&vec![0.0; 96_000]);
        assert!(level.is_silent());
        level.push(&vec![0.0; 20 * 48_000]);
        assert_eq!(level.mean_square, 0.0);
    }

    #[test]
    fn a_stretch_is_silent_as_soon_as_the_sound_is() {
        let mut level = Level::new(48_000.0);
        level.push(&[0.5; 4800]);
        assert!(!level.end_stretch());
        // Hum at −80 dB.
        level.push(&[1e-4; 4800]);
        assert!(level.end_stretch());
        assert!(!level.is_silent());
        level.push(&[1e-3; 4800]);
        assert!(!level.end_stretch());
    }
}
