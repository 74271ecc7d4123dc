//! A whole file at the rate of the analysis: resampled once for chords and beats.

use crate::audio::Audio;
use crate::resample::{RateError, StreamResampler};

/// Mono samples at [`SAMPLE_RATE`](crate::features::SAMPLE_RATE), and how long the audio was that they come from.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Signal {
    samples: Vec<f32>,
    length_s: f64,
}

impl Signal {
    /// `audio`, resampled.
    ///
    /// # Errors
    /// A rate out of range.
    pub fn of(audio: &Audio) -> Result<Self, RateError> {
        let mut resampler = StreamResampler::new(f64::from(audio.sample_rate))?;
        let length = resampler.output_len(audio.samples.len() as u64);
        let mut samples = Vec::with_capacity(usize::try_from(length).unwrap_or(0));
        resampler.push(&audio.samples, &mut samples);
        resampler.flush(&mut samples);
        Ok(Self {
            samples,
            length_s: audio.length_s(),
        })
    }

    /// Sample `n` is the audio at `n / 22050` seconds.
    #[must_use]
    pub fn samples(&self) -> &[f32] {
        &self.samples
    }

    /// Length of the audio, seconds.
    #[must_use]
    pub fn length_s(&self) -> f64 {
        self.length_s
    }
}
