//! Audio arguments from Python: a path, or channels of samples.

use std::path::PathBuf;

use pyo3::prelude::*;
use pyo3::types::PyBytes;
use recognizer::Signal;
use recognizer::audio::MAX_CHANNELS;
use recognizer::mono::MonoMix;
use recognizer::signal::SignalBuilder;

use crate::errors::{Failure, refused};

/// How many samples are mixed and resampled at once.
const BLOCK: usize = 1 << 16;

/// A source of audio.
pub enum Source {
    /// A file.
    File(PathBuf),
    /// Channels of equal length, and their rate in Hz.
    Samples(Vec<Vec<f32>>, u32),
}

impl Source {
    /// A path, or native-endian 32-bit floats of each channel with their rate in Hz.
    ///
    /// # Errors
    /// Both or none of them; what [`channels`] refuses.
    pub fn new(
        path: Option<PathBuf>,
        samples: Option<Vec<Bound<'_, PyBytes>>>,
        rate: Option<u32>,
    ) -> PyResult<Self> {
        match (path, samples, rate) {
            (Some(path), None, None) => Ok(Self::File(path)),
            (None, Some(samples), Some(rate)) => Ok(Self::Samples(channels(&samples)?, rate)),
            _ => Err(refused("either a path, or samples with their rate")),
        }
    }

    /// The title that its name suggests.
    pub fn title(&self) -> Option<String> {
        match self {
            Self::File(path) => Some(path.file_stem()?.to_string_lossy().into_owned()),
            Self::Samples(..) => None,
        }
    }

    /// The audio at the rate of the analysis, and a warning if part of it is missing.
    ///
    /// # Errors
    /// As [`Signal::read`]; a rate out of range.
    pub fn read(self, progress: &mut dyn FnMut(f32)) -> Result<(Signal, Option<String>), Failure> {
        match self {
            Self::File(path) => {
                let (signal, warning) = Signal::read(path, progress)?;
                Ok((signal, warning.map(|it| it.to_string())))
            }
            Self::Samples(channels, rate) => {
                let mut builder = SignalBuilder::default();
                // So that an invalid rate is refused even without samples.
                builder.push(rate, &[]);
                let mut mixer = Mixer::new(f64::from(rate));
                let length = channels.first().map_or(0, Vec::len);
                for start in (0..length).step_by(BLOCK) {
                    let end = length.min(start + BLOCK);
                    let block: Vec<&[f32]> = channels.iter().map(|it| &it[start..end]).collect();
                    builder.push(rate, mixer.mix(&block));
                }
                let signal = builder.finish();
                let signal = signal.map_err(|error| Failure::Value(error.to_string()))?;
                Ok((signal, None))
            }
        }
    }
}

/// Channels of samples from their bytes.
///
/// # Errors
/// No or too many channels; lengths that differ.
pub fn channels(samples: &[Bound<'_, PyBytes>]) -> PyResult<Vec<Vec<f32>>> {
    if !(1..=MAX_CHANNELS).contains(&samples.len()) {
        let count = samples.len();
        return Err(refused(format!(
            "{count} channels, must be 1 to {MAX_CHANNELS}"
        )));
    }
    let read = |bytes: &Bound<'_, PyBytes>| -> Vec<f32> {
        let (words, _) = bytes.as_bytes().as_chunks::<4>();
        words.iter().map(|word| f32::from_ne_bytes(*word)).collect()
    };
    let channels: Vec<Vec<f32>> = samples.iter().map(read).collect();
    if channels.iter().any(|it| it.len() != channels[0].len()) {
        return Err(refused("channels of different lengths"));
    }
    Ok(channels)
}

/// Mixes channels to one, like the file decoder.
pub struct Mixer {
    rate: f64,
    two: MonoMix,
    mono: Vec<f32>,
}

impl Mixer {
    /// A mixer at a rate in Hz.
    pub fn new(rate: f64) -> Self {
        Self {
            rate,
            two: MonoMix::new(rate),
            mono: Vec::new(),
        }
    }

    /// Forgets the past samples.
    pub fn start_over(&mut self) {
        self.two = MonoMix::new(self.rate);
    }

    /// The mix of the next samples of all channels, which are equally many.
    pub fn mix(&mut self, channels: &[&[f32]]) -> &[f32] {
        self.mono.clear();
        match channels {
            [] => {}
            [one] => self.mono.extend_from_slice(one),
            [left, right] => self.two.append(left, right, &mut self.mono),
            [first, ..] => {
                let scale = 1.0 / channels.len() as f32;
                let frames = 0..first.len();
                self.mono.extend(frames.map(|frame| {
                    let sum: f32 = channels.iter().map(|channel| channel[frame]).sum();
                    sum * scale
                }));
            }
        }
        &self.mono
    }
}
