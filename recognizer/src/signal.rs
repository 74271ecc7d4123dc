//! A whole file at the rate of the analysis: resampled once for chords and beats.

use std::io::Read;
use std::path::Path;

use crate::audio::{Audio, AudioError, Decoded, Warning, decode_stream, decode_with};
use crate::resample::{RateError, StreamResampler};

/// Resamples the blocks of a file while it is decoded. The rate is known with the first of
/// them, inside of a decoder that has no use for an error: it is kept for the end.
#[derive(Default)]
pub struct BlockResampler {
    /// From the first block on; without one if the rate is refused.
    resampler: Option<Result<StreamResampler, RateError>>,
    samples: Vec<f32>,
}

impl BlockResampler {
    /// Takes the next mono samples, at `rate` Hz, which stays what it is with the first.
    pub fn push(&mut self, rate: u32, block: &[f32]) {
        let resampler = self
            .resampler
            .get_or_insert_with(|| StreamResampler::new(f64::from(rate)));
        if let Ok(resampler) = resampler {
            resampler.push(block, &mut self.samples);
        }
    }

    /// Samples at [`SAMPLE_RATE`](crate::features::SAMPLE_RATE) that are there by now.
    #[must_use]
    pub fn resampled(&self) -> usize {
        self.samples.len()
    }

    /// All of them, with what the resampler still holds.
    ///
    /// # Errors
    /// A rate out of range.
    pub fn finish(mut self) -> Result<Vec<f32>, RateError> {
        if let Some(resampler) = self.resampler {
            resampler?.flush(&mut self.samples);
        }
        Ok(self.samples)
    }
}

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

    /// The audio of a file, resampled block by block while it is read: the samples that
    /// [`Signal::of`] has of the whole of it, and what is missing where not all of it could be
    /// decoded. `progress` as in [`decode_with`].
    ///
    /// # Errors
    /// As [`decode_with`].
    pub fn read(
        path: impl AsRef<Path>,
        progress: &mut dyn FnMut(f32),
    ) -> Result<(Self, Option<Warning>), AudioError> {
        let path = path.as_ref();
        Self::resampled(path, |sink| decode_with(path, progress, sink))
    }

    /// The audio of a stream that cannot be sought, such as a pipe: as [`Signal::read`].
    /// `name` stands for it in errors.
    ///
    /// # Errors
    /// As [`decode_with`].
    pub fn read_stream(
        source: impl Read + Send + 'static,
        name: impl AsRef<Path>,
        progress: &mut dyn FnMut(f32),
    ) -> Result<(Self, Option<Warning>), AudioError> {
        let name = name.as_ref();
        Self::resampled(name, |sink| decode_stream(source, name, progress, sink))
    }

    fn resampled(
        path: &Path,
        decode: impl FnOnce(&mut dyn FnMut(u32, &[f32])) -> Result<Decoded, AudioError>,
    ) -> Result<(Self, Option<Warning>), AudioError> {
        let mut resampler = BlockResampler::default();
        let decoded = decode(&mut |rate, block| resampler.push(rate, block))?;
        let samples = resampler.finish().map_err(|_| AudioError::Rate {
            path: path.into(),
            rate: decoded.sample_rate,
        })?;
        let length_s = decoded.samples as f64 / f64::from(decoded.sample_rate);
        let signal = Self { samples, length_s };
        Ok((signal, decoded.warning))
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
