//! The piece of music that the demo plays.

use std::fs::File;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use symphonia::core::audio::SampleBuffer;
use symphonia::core::codecs::DecoderOptions;
use symphonia::core::errors::Error;
use symphonia::core::formats::FormatOptions;
use symphonia::core::io::MediaSourceStream;
use symphonia::core::meta::MetadataOptions;
use symphonia::core::probe::Hint;

/// Stereo audio as a host holds it.
#[derive(Clone)]
pub struct Clip {
    /// In hertz.
    pub sample_rate: f64,
    /// Left and right, of the same length.
    pub channels: [Vec<f32>; 2],
}

impl Clip {
    /// Samples of each channel.
    pub fn len(&self) -> usize {
        self.channels[0].len()
    }

    /// Length in seconds.
    pub fn duration_s(&self) -> f64 {
        self.len() as f64 / self.sample_rate
    }

    /// Decodes a file; a mono one comes out on both channels.
    pub fn load(path: &Path) -> Result<Self> {
        let clip =
            Self::decode(path).with_context(|| format!("cannot decode {}", path.display()))?;
        ensure!(clip.len() > 0, "{} has no audio in it", path.display());
        Ok(clip)
    }

    fn decode(path: &Path) -> Result<Self> {
        let source = MediaSourceStream::new(Box::new(File::open(path)?), Default::default());
        let probed = symphonia::default::get_probe().format(
            &Hint::new(),
            source,
            &FormatOptions::default(),
            &MetadataOptions::default(),
        )?;
        let mut format = probed.format;
        let track = format.default_track().context("no audio track")?;
        let track_id = track.id;
        let mut decoder = symphonia::default::get_codecs()
            .make(&track.codec_params, &DecoderOptions::default())?;
        let mut clip = Self {
            sample_rate: 0.0,
            channels: [Vec::new(), Vec::new()],
        };
        loop {
            let packet = match format.next_packet() {
                Ok(packet) if packet.track_id() == track_id => packet,
                Ok(_) => continue,
                Err(Error::IoError(error)) if error.kind() == std::io::ErrorKind::UnexpectedEof => {
                    return Ok(clip);
                }
                Err(error) => return Err(error.into()),
            };
            let decoded = decoder.decode(&packet)?;
            let spec = *decoded.spec();
            clip.sample_rate = f64::from(spec.rate);
            let mut samples = SampleBuffer::<f32>::new(decoded.capacity() as u64, spec);
            samples.copy_interleaved_ref(decoded);
            for frame in samples.samples().chunks_exact(spec.channels.count()) {
                clip.channels[0].push(frame[0]);
                clip.channels[1].push(frame.get(1).copied().unwrap_or(frame[0]));
            }
        }
    }

    /// The same music again and again until it is `seconds` long.
    pub fn repeated(&self, seconds: f64) -> Self {
        let len = (seconds * self.sample_rate) as usize;
        let channels = self
            .channels
            .each_ref()
            .map(|channel| channel.iter().copied().cycle().take(len).collect());
        Self {
            sample_rate: self.sample_rate,
            channels,
        }
    }

    /// Writes a WAV file of 16 bits.
    pub fn write_wav(&self, path: &Path) -> Result<()> {
        let spec = hound::WavSpec {
            channels: 2,
            sample_rate: self.sample_rate as u32,
            bits_per_sample: 16,
            sample_format: hound::SampleFormat::Int,
        };
        let mut writer = hound::WavWriter::create(path, spec)
            .with_context(|| format!("cannot write {}", path.display()))?;
        let [left, right] = &self.channels;
        for (left, right) in left.iter().zip(right) {
            for sample in [left, right] {
                let scaled = (sample * f32::from(i16::MAX)).round();
                writer.write_sample(scaled.clamp(-32768.0, 32767.0) as i16)?;
            }
        }
        writer.finalize()?;
        Ok(())
    }
}
