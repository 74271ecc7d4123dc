//! Music read from a file.

use std::fs::File;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use symphonia::core::codecs::audio::AudioDecoderOptions;
use symphonia::core::formats::probe::Hint;
use symphonia::core::formats::{FormatOptions, TrackType};
use symphonia::core::io::{MediaSourceStream, MediaSourceStreamOptions};
use symphonia::core::meta::MetadataOptions;

/// Stereo audio as a host holds it.
#[derive(Clone)]
pub struct Clip {
    /// Sample rate in Hz.
    pub sample_rate: f64,
    /// Left and right channel, of the same length.
    pub channels: [Vec<f32>; 2],
}

impl Clip {
    /// Samples of each channel.
    pub fn frames(&self) -> usize {
        self.channels[0].len()
    }

    /// Length in seconds.
    pub fn duration_s(&self) -> f64 {
        self.frames() as f64 / self.sample_rate
    }

    /// Decodes a file; mono goes to both channels.
    ///
    /// # Errors
    /// If it is not audio that symphonia reads.
    pub fn load(path: &Path) -> Result<Self> {
        let clip =
            Self::decode(path).with_context(|| format!("cannot decode {}", path.display()))?;
        ensure!(clip.frames() > 0, "{} has no audio in it", path.display());
        Ok(clip)
    }

    fn decode(path: &Path) -> Result<Self> {
        let file = Box::new(File::open(path)?);
        let source = MediaSourceStream::new(file, MediaSourceStreamOptions::default());
        let mut reader = symphonia::default::get_probe().probe(
            &Hint::new(),
            source,
            FormatOptions::default(),
            MetadataOptions::default(),
        )?;
        let track = reader
            .default_track(TrackType::Audio)
            .context("no audio track")?;
        let id = track.id;
        let parameters = track.codec_params.as_ref().and_then(|it| it.audio());
        let mut decoder = symphonia::default::get_codecs().make_audio_decoder(
            parameters.context("no audio track")?,
            &AudioDecoderOptions::default(),
        )?;
        let mut clip = Self {
            sample_rate: 0.0,
            channels: [Vec::new(), Vec::new()],
        };
        let mut interleaved: Vec<f32> = Vec::new();
        while let Some(packet) = reader.next_packet()? {
            if packet.track_id != id {
                continue;
            }
            let decoded = decoder.decode(&packet)?;
            clip.sample_rate = f64::from(decoded.spec().rate());
            let channels = decoded.spec().channels().count();
            decoded.copy_to_vec_interleaved(&mut interleaved);
            for frame in interleaved.chunks_exact(channels) {
                clip.channels[0].push(frame[0]);
                clip.channels[1].push(frame.get(1).copied().unwrap_or(frame[0]));
            }
        }
        Ok(clip)
    }

    /// The same music repeated until it is `seconds` long.
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

    /// Writes a 16-bit WAV file.
    ///
    /// # Errors
    /// If it cannot be written.
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
