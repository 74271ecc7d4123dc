//! Audio at the sample rate of the analysis, resampled once for chords and beats.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;

use crate::audio::{Audio, AudioError, Decoded, Warning, decode_stream, decode_with};
use crate::features::SAMPLE_RATE;
use crate::resample::{RateError, StreamResampler};

/// Resamples the blocks of a file while it is decoded. The rate is known only with the first block,
/// in a callback that cannot return an error: an error is kept until [`Self::finish`].
#[derive(Default)]
pub struct BlockResampler {
    /// Created with the first block; an error if the rate is refused.
    resampler: Option<Result<StreamResampler, RateError>>,
    samples: Vec<f32>,
}

impl BlockResampler {
    /// Takes the next mono samples at `rate` Hz, which is the same in every call.
    pub fn push(&mut self, rate: u32, block: &[f32]) {
        let resampler = self
            .resampler
            .get_or_insert_with(|| StreamResampler::new(f64::from(rate)));
        if let Ok(resampler) = resampler {
            resampler.push(block, &mut self.samples);
        }
    }

    /// Moves the samples resampled so far to the end of `out`.
    fn take_into(&mut self, out: &mut Vec<f32>) {
        out.append(&mut self.samples);
    }

    /// The number of samples at [`SAMPLE_RATE`] so far.
    #[must_use]
    pub fn resampled(&self) -> usize {
        self.samples.len()
    }

    /// All samples, including those still in the resampler.
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

/// The most samples that are kept in memory, at 22 050 Hz: a quarter of an hour in 79 MB. A browser
/// has no files, and opening one would abort the program.
const IN_MEMORY: usize = if cfg!(target_family = "wasm") {
    usize::MAX
} else {
    900 * SAMPLE_RATE as usize
};

/// Samples that are read and written at once.
const BLOCK: usize = 1 << 16;

/// Builds a [`Signal`] while its audio is decoded or recorded.
pub struct SignalBuilder {
    resampler: BlockResampler,
    samples: Samples,
    /// Samples taken, and their rate in Hz.
    taken: u64,
    rate: u32,
}

impl Default for SignalBuilder {
    fn default() -> Self {
        Self {
            resampler: BlockResampler::default(),
            samples: Samples::keeping(IN_MEMORY),
            taken: 0,
            rate: 0,
        }
    }
}

impl SignalBuilder {
    /// Takes the next mono samples at `rate` Hz, which is the same in every call.
    pub fn push(&mut self, rate: u32, block: &[f32]) {
        self.resampler.push(rate, block);
        self.resampler.take_into(&mut self.samples.tail);
        self.samples.spill();
        self.taken += block.len() as u64;
        self.rate = rate;
    }

    /// The whole signal.
    ///
    /// # Errors
    /// A rate out of range.
    pub fn finish(self) -> Result<Signal, RateError> {
        let mut samples = self.samples;
        samples.tail.append(&mut self.resampler.finish()?);
        let length_s = self.taken as f64 / f64::from(self.rate.max(1));
        Ok(Signal { samples, length_s })
    }
}

/// Mono samples at [`SAMPLE_RATE`], and the length of their audio.
///
/// More than a quarter of an hour is kept in a temporary file, which the system removes when it is
/// closed, so memory does not grow with the audio, unless the disk has no room for the file.
#[derive(Debug, Clone, Default)]
pub struct Signal {
    samples: Samples,
    length_s: f64,
}

impl Signal {
    /// `audio`, resampled.
    ///
    /// # Errors
    /// A rate out of range.
    pub fn from_audio(audio: &Audio) -> Result<Self, RateError> {
        let mut builder = SignalBuilder::default();
        // So that an invalid rate is refused even without samples.
        builder.push(audio.sample_rate, &[]);
        for block in audio.samples.chunks(BLOCK) {
            builder.push(audio.sample_rate, block);
        }
        builder.finish()
    }

    /// The audio of a file, resampled block by block while it is read: the same samples as
    /// [`Signal::from_audio`], and a warning if not all of it could be decoded. `progress` is as in
    /// [`decode_with`].
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

    /// The audio of a stream that cannot seek, such as a pipe: as [`Signal::read`]. `name` stands
    /// for it in errors.
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
        let mut builder = SignalBuilder::default();
        let decoded = decode(&mut |rate, block| builder.push(rate, block))?;
        let signal = builder.finish().map_err(|_| AudioError::Rate {
            path: path.into(),
            rate: decoded.sample_rate,
        })?;
        Ok((signal, decoded.warning))
    }

    /// Passes all samples to `sink`, block by block; sample `n` is the audio at `n / 22050`
    /// seconds. Stops if `sink` breaks.
    ///
    /// # Errors
    /// A temporary file that cannot be read back.
    pub fn blocks(&self, mut sink: impl FnMut(&[f32]) -> ControlFlow<()>) -> io::Result<()> {
        self.samples.blocks(&mut sink)
    }

    /// Number of samples.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.samples.in_file + self.samples.tail.len() as u64
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Length of the audio, seconds.
    #[must_use]
    pub fn length_s(&self) -> f64 {
        self.length_s
    }
}

impl PartialEq for Signal {
    fn eq(&self, other: &Self) -> bool {
        let all = |signal: &Self| {
            let mut all = Vec::new();
            let read = signal.blocks(|block| {
                all.extend_from_slice(block);
                ControlFlow::Continue(())
            });
            read.ok().map(|()| all)
        };
        self.length_s == other.length_s && self.len() == other.len() && all(self) == all(other)
    }
}

/// Samples in a file, and the following ones in memory.
#[derive(Debug, Clone, Default)]
struct Samples {
    file: Option<Arc<File>>,
    in_file: u64,
    tail: Vec<f32>,
    /// The most samples in memory, beyond which they go into the file.
    most: usize,
    /// Whether the file cannot take more.
    full: bool,
}

impl Samples {
    /// No samples yet, with this limit in memory.
    fn keeping(most: usize) -> Self {
        Self {
            most,
            ..Self::default()
        }
    }

    /// Moves the samples in memory into the file if there are too many. If that fails they stay.
    fn spill(&mut self) {
        let most = if self.in_file == 0 { self.most } else { BLOCK };
        if self.full || self.tail.len() < most {
            return;
        }
        if self.file.is_none() {
            self.file = tempfile::tempfile().ok().map(Arc::new);
        }
        let Some(file) = &self.file else {
            // Do not retry with every block.
            self.full = true;
            return;
        };
        let mut bytes = Vec::with_capacity(BLOCK * size_of::<f32>());
        let mut written = 0;
        for block in self.tail.chunks(BLOCK) {
            bytes.clear();
            bytes.extend(block.iter().flat_map(|sample| sample.to_le_bytes()));
            if (&**file).write_all(&bytes).is_err() {
                // No room: the partly written block is not counted, and writing is not retried.
                self.full = true;
                break;
            }
            written += block.len();
        }
        self.in_file += written as u64;
        self.tail.drain(..written);
        if self.in_file > 0 {
            self.tail.shrink_to(BLOCK);
        }
    }

    fn blocks(&self, sink: &mut dyn FnMut(&[f32]) -> ControlFlow<()>) -> io::Result<()> {
        if let Some(mut file) = self.file.as_deref() {
            file.seek(SeekFrom::Start(0))?;
            let mut bytes = vec![0; BLOCK * size_of::<f32>()];
            let mut block = Vec::with_capacity(BLOCK);
            let mut left = self.in_file;
            while left > 0 {
                let now = left.min(BLOCK as u64) as usize;
                let bytes = &mut bytes[..now * size_of::<f32>()];
                file.read_exact(bytes)?;
                let samples = bytes.as_chunks().0.iter().map(|b| f32::from_le_bytes(*b));
                block.clear();
                block.extend(samples);
                if sink(&block).is_break() {
                    return Ok(());
                }
                left -= now as u64;
            }
        }
        for block in self.tail.chunks(BLOCK) {
            if sink(block).is_break() {
                break;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(samples: &Samples) -> Vec<f32> {
        let mut all = Vec::new();
        samples
            .blocks(&mut |block| {
                all.extend_from_slice(block);
                ControlFlow::Continue(())
            })
            .unwrap();
        all
    }

    #[test]
    fn the_ways_to_a_signal_lead_to_the_same() {
        let tone = (0..100_000).map(|n| (n as f32 * 0.05).sin());
        let audio = Audio::new(tone.collect(), 48_000);
        let whole = Signal::from_audio(&audio).unwrap();
        assert_eq!(whole.length_s(), audio.length_s());
        let mut builder = SignalBuilder::default();
        let mut blocks = BlockResampler::default();
        for block in audio.samples.chunks(777) {
            builder.push(48_000, block);
            blocks.push(48_000, block);
        }
        assert_eq!(builder.finish().unwrap(), whole);
        assert_eq!(blocks.finish().unwrap(), all(&whole.samples));
    }

    #[test]
    fn a_refused_rate_is_told_even_of_audio_without_samples() {
        let audio = |sample_rate| Audio::new(Vec::new(), sample_rate);
        assert_eq!(Signal::from_audio(&audio(0)).unwrap_err().rate, 0.0);
        let empty = Signal::from_audio(&audio(44_100)).unwrap();
        assert!(empty.is_empty() && empty.length_s() == 0.0);
        // A stream that ends before its first block has no rate.
        assert!(SignalBuilder::default().finish().unwrap().is_empty());
    }

    #[test]
    fn samples_come_back_from_the_file_bit_for_bit() {
        let sample = |n: u32| f32::from_bits(n.wrapping_mul(2_654_435_761) & 0xBFFF_FFFF);
        for most in [1_000, 200_000, usize::MAX] {
            let mut samples = Samples::keeping(most);
            let mut expected = Vec::new();
            for part in 0..30 {
                let new = (0..17_000).map(|n| sample(part * 17_000 + n));
                samples.tail.extend(new.clone());
                expected.extend(new);
                samples.spill();
                assert!(most == usize::MAX || samples.tail.len() < most.max(BLOCK));
            }
            let same = |a: &[f32], b: &[f32]| {
                a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.to_bits() == b.to_bits())
            };
            // More than once, and from the beginning after a stop.
            assert!(same(&all(&samples), &expected), "{most}");
            samples.blocks(&mut |_| ControlFlow::Break(())).unwrap();
            assert!(same(&all(&samples), &expected), "{most}");
        }
    }
}
