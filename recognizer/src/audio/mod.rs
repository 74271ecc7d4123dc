//! Audio files and streams in, mono samples out: WAV and its larger forms, AIFF, CAF, FLAC,
//! MP3, AAC, MP4, Ogg (Vorbis, Opus, FLAC), Matroska and WebM, decoded by symphonia and, for
//! Opus, by libopus.
//!
//! The bytes are untrusted: every failure is an [`AudioError`] of one line that names the file, and
//! length, rate and channel count are bounded. Damaged and truncated files are read as far as
//! possible, as players do, with a [`Warning`] where audio is missing. Encoder delay is removed, so
//! that times are those of the original.
//!
//! `kind` detects the format by the first bytes; `open` finds the audio track, with `sound` for
//! plain samples, `frames` for MP3 and AAC without a container, and symphonia's readers for the
//! rest, behind `demux`; `decoder` decodes its packets.

mod decoder;
mod demux;
mod error;
mod flac;
mod frames;
mod kind;
mod open;
mod opus;
mod priming;
mod reference;
mod sound;
mod source;

use std::io::Read;
use std::path::Path;

use symphonia::core::packet::Packet;
use symphonia::core::units::TimeBase;

pub use error::{AudioError, Warning};
pub use reference::reference;

use crate::mono::MonoMix;
use crate::resample::{MAX_HOST_RATE, MIN_HOST_RATE};
use decoder::{Decoder, Failure};
use demux::{Item, Opened};
use source::Source;

/// The longest file that is decoded, in seconds: four hours.
pub const MAX_LENGTH_S: f64 = 4.0 * 3600.0;

/// The most channels of a file.
pub const MAX_CHANNELS: usize = 64;

/// A file may end this much earlier than stated without a warning, in seconds: one packet of any
/// codec.
const TRUNCATION_TOLERANCE_S: f64 = 0.25;

/// Damaged packets in a row after which the rest of the file is given up.
const MAX_DAMAGED_IN_A_ROW: usize = 1_000;

/// The longest silence in place of one damaged packet, in seconds.
const MAX_PACKET_S: f64 = 1.0;

/// A decoded file.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Audio {
    /// Mono samples, full scale at ±1: two channels mixed by [`MonoMix`], the mean of more.
    pub samples: Vec<f32>,
    /// Samples a second.
    pub sample_rate: u32,
    /// What is missing, when not all of the file could be decoded.
    pub warning: Option<Warning>,
}

impl Audio {
    /// Audio that is complete.
    #[must_use]
    pub fn new(samples: Vec<f32>, sample_rate: u32) -> Self {
        Self {
            samples,
            sample_rate,
            warning: None,
        }
    }

    /// Length in seconds.
    #[must_use]
    pub fn length_s(&self) -> f64 {
        if self.sample_rate == 0 {
            return 0.0;
        }
        self.samples.len() as f64 / f64::from(self.sample_rate)
    }
}

/// The result of [`decode_with`], without the samples.
#[derive(Clone, Debug, PartialEq)]
pub struct Decoded {
    /// Samples per second.
    pub sample_rate: u32,
    /// Samples passed to the sink.
    pub samples: u64,
    /// What is missing, when not all of the file could be decoded.
    pub warning: Option<Warning>,
}

/// Decodes a file to mono. `progress` is called with the share done, 0 to 1, never decreasing.
///
/// A file with a damaged end or damaged packets gives the part that decodes and a warning.
///
/// # Errors
/// [`AudioError`] when there is no such file, nothing in it decodes, or it
/// exceeds the limits of this module.
pub fn decode_file(
    path: impl AsRef<Path>,
    progress: &mut dyn FnMut(f32),
) -> Result<Audio, AudioError> {
    let mut samples = Vec::new();
    let decoded = decode_with(path, progress, &mut |_, block| {
        samples.extend_from_slice(block);
    })?;
    Ok(Audio {
        samples,
        sample_rate: decoded.sample_rate,
        warning: decoded.warning,
    })
}

/// Decodes a file block by block: `sink` gets the sample rate in Hz, always the
/// same, and mono samples. Memory does not grow with the file.
///
/// # Errors
/// As [`decode_file`].
pub fn decode_with(
    path: impl AsRef<Path>,
    progress: &mut dyn FnMut(f32),
    sink: &mut dyn FnMut(u32, &[f32]),
) -> Result<Decoded, AudioError> {
    let path = path.as_ref();
    decode_source(path, open::file(path)?, progress, sink)
}

/// Decodes a stream that cannot seek, such as a pipe, like [`decode_with`]. `name` stands for it in
/// errors. Formats whose index may be at the end (MP4, CAF, AIFF) go through a temporary file.
///
/// # Errors
/// As [`decode_file`].
pub fn decode_stream(
    source: impl Read + Send + 'static,
    name: impl AsRef<Path>,
    progress: &mut dyn FnMut(f32),
    sink: &mut dyn FnMut(u32, &[f32]),
) -> Result<Decoded, AudioError> {
    decode_source(name.as_ref(), Source::stream(source), progress, sink)
}

fn decode_source(
    path: &Path,
    source: Source,
    progress: &mut dyn FnMut(f32),
    sink: &mut dyn FnMut(u32, &[f32]),
) -> Result<Decoded, AudioError> {
    let opened = open::track(path, source)?;
    let mut track = Track::new(path, opened)?;
    let mut shown = 0f32;
    progress(0.0);
    let reason = loop {
        match track.next(path, sink) {
            Step::Goes => {}
            Step::Ends(reason) => break reason,
            Step::Refused(error) => return Err(error),
        }
        if let Some(share) = track.share()
            && share > shown + 0.005
        {
            shown = share.min(1.0);
            progress(shown);
        }
    };
    let decoded = track.finish(path, reason)?;
    progress(1.0);
    Ok(decoded)
}

/// Result of one packet.
enum Step {
    Goes,
    /// The end, with the reason if it is premature.
    Ends(Option<String>),
    Refused(AudioError),
}

/// State of decoding an audio track.
struct Track {
    demux: Box<dyn demux::Demux>,
    decoder: Decoder,
    /// The rate that the container states, in Hz.
    rate: Option<u32>,
    time_base: Option<TimeBase>,
    /// The part of the stream that is the original; the rest is encoder delay and padding.
    span: priming::Span,
    /// Length that the file states, in seconds, encoder delay and padding included.
    stated_s: Option<f64>,
    /// Rate and channels of the first packet.
    format: Option<(u32, usize)>,
    mix: Option<MonoMix>,
    /// Decoded samples of the stream, including those outside the span.
    of_stream: u64,
    /// Decoded samples of all streams.
    decoded: u64,
    /// Samples within the span.
    handed_over: u64,
    damaged: u64,
    damaged_in_a_row: usize,
    /// Samples of damaged packets before the first good one.
    silence: u64,
    interleaved: Vec<f32>,
    mono: Vec<f32>,
    channels: [Vec<f32>; 2],
}

impl Track {
    fn new(path: &Path, opened: Opened) -> Result<Self, AudioError> {
        let longest_s = match (opened.stated_s, opened.at_most_s) {
            (Some(stated_s), Some(at_most_s)) => Some(stated_s.min(at_most_s)),
            (stated_s, at_most_s) => stated_s.or(at_most_s),
        };
        if longest_s.is_some_and(|length_s| length_s > MAX_LENGTH_S) {
            return Err(AudioError::too_long(path));
        }
        let codec = |codec| AudioError::Codec {
            path: path.into(),
            codec,
        };
        let (decoder, span) = Decoder::new(&opened.parameters).map_err(codec)?;
        Ok(Self {
            demux: opened.demux,
            decoder,
            rate: opened.parameters.sample_rate,
            time_base: opened.time_base,
            span: opened.span.unwrap_or(span),
            stated_s: opened.stated_s,
            format: None,
            mix: None,
            of_stream: 0,
            decoded: 0,
            handed_over: 0,
            damaged: 0,
            damaged_in_a_row: 0,
            silence: 0,
            interleaved: Vec::new(),
            mono: Vec::new(),
            channels: [Vec::new(), Vec::new()],
        })
    }

    fn next(&mut self, path: &Path, sink: &mut dyn FnMut(u32, &[f32])) -> Step {
        let packet = match self.demux.next() {
            Ok(Some(Item::Packet(packet))) => packet,
            Ok(Some(Item::Stream(parameters))) => {
                return match Decoder::new(&parameters) {
                    Ok((decoder, span)) => {
                        self.follow(decoder, span);
                        Step::Goes
                    }
                    Err(codec) => Step::Ends(Some(format!("the next stream is {codec}"))),
                };
            }
            Ok(None) => return Step::Ends(None),
            Err(error) => return Step::Ends(Some(error.to_string())),
        };
        let mut interleaved = std::mem::take(&mut self.interleaved);
        let result = self.decoder.decode(&packet, &mut interleaved);
        self.interleaved = interleaved;
        match result {
            Ok((rate, channels)) => {
                self.damaged_in_a_row = 0;
                if self.interleaved.is_empty() {
                    return Step::Goes;
                }
                if let Err(error) = self.check(path, rate, channels) {
                    return Step::Refused(error);
                }
                let silence = std::mem::take(&mut self.silence);
                if let Err(error) = self.hand_over_silence(path, silence, sink) {
                    return Step::Refused(error);
                }
                self.mix_down(channels);
                match self.hand_over(path, sink) {
                    Ok(()) => Step::Goes,
                    Err(error) => Step::Refused(error),
                }
            }
            Err(Failure::Packet(reason)) => {
                self.damaged += 1;
                self.damaged_in_a_row += 1;
                if self.damaged_in_a_row > MAX_DAMAGED_IN_A_ROW {
                    return Step::Ends(Some(reason));
                }
                let silence = self.samples_of(&packet);
                if self.format.is_none() {
                    self.silence += silence;
                    return Step::Goes;
                }
                match self.hand_over_silence(path, silence, sink) {
                    Ok(()) => Step::Goes,
                    Err(error) => Step::Refused(error),
                }
            }
            Err(Failure::Stream(reason)) => Step::Ends(Some(reason)),
        }
    }

    /// Continues with the next stream of a chained file.
    fn follow(&mut self, decoder: Decoder, span: priming::Span) {
        self.decoder = decoder;
        // The first stream's length is not that of the whole file.
        self.stated_s = None;
        if matches!(self.decoder, Decoder::Opus(_)) || self.of_stream > 0 {
            self.span = match self.decoder {
                Decoder::Opus(_) => span,
                Decoder::Symphonia(_) => priming::Span::ALL,
            };
            self.of_stream = 0;
        }
    }

    /// Samples that a packet should give, according to the container.
    fn samples_of(&self, packet: &Packet) -> u64 {
        let rate = self.format.map(|(rate, _)| rate).or(self.rate);
        let rate = f64::from(rate.unwrap_or(0));
        let samples = match self.time_base {
            Some(base) => base
                .calc_duration(packet.dur)
                .map_or(0.0, |time| time.as_secs_f64() * rate),
            None => packet.dur.get() as f64,
        };
        samples.min(MAX_PACKET_S * rate).round() as u64
    }

    fn check(&mut self, path: &Path, rate: u32, channels: usize) -> Result<(), AudioError> {
        match self.format {
            Some(format) if format == (rate, channels) => Ok(()),
            Some((first_rate, _)) if first_rate != rate => Err(AudioError::RateChanges {
                path: path.into(),
                from: first_rate,
                to: rate,
            }),
            _ => {
                AudioError::check_format(path, rate, channels)?;
                self.format = Some((rate, channels));
                Ok(())
            }
        }
    }

    /// Mixes the channels of `interleaved` to mono.
    fn mix_down(&mut self, channels: usize) {
        let Self {
            interleaved,
            mono,
            channels: [left, right],
            ..
        } = self;
        mono.clear();
        match channels {
            1 => mono.extend_from_slice(interleaved),
            2 => {
                left.clear();
                left.extend(interleaved.iter().step_by(2));
                right.clear();
                right.extend(interleaved.iter().skip(1).step_by(2));
                let rate = self.format.map_or(1.0, |(rate, _)| f64::from(rate));
                let mix = self.mix.get_or_insert_with(|| MonoMix::new(rate));
                mix.append(left, right, mono);
            }
            _ => {
                let scale = 1.0 / channels as f32;
                let frames = interleaved.chunks_exact(channels);
                mono.extend(frames.map(|frame| frame.iter().sum::<f32>() * scale));
            }
        }
    }

    fn hand_over_silence(
        &mut self,
        path: &Path,
        samples: u64,
        sink: &mut dyn FnMut(u32, &[f32]),
    ) -> Result<(), AudioError> {
        let mut left = samples;
        while left > 0 {
            let now = left.min(4096);
            self.mono.clear();
            self.mono.resize(now as usize, 0.0);
            self.hand_over(path, sink)?;
            left -= now;
        }
        Ok(())
    }

    /// Hands over the part of `mono` that belongs to the original.
    fn hand_over(
        &mut self,
        path: &Path,
        sink: &mut dyn FnMut(u32, &[f32]),
    ) -> Result<(), AudioError> {
        let rate = self.format.map_or(0, |(rate, _)| rate);
        let len = self.mono.len() as u64;
        let (start, end) = (self.of_stream, self.of_stream + len);
        self.of_stream = end;
        self.decoded += len;
        let (first, last) = self.span.in_samples(rate);
        let from = first.clamp(start, end) - start;
        let to = last.clamp(start, end) - start;
        let block = &self.mono[from as usize..to.max(from) as usize];
        self.handed_over += block.len() as u64;
        if self.handed_over as f64 > MAX_LENGTH_S * f64::from(rate) {
            return Err(AudioError::too_long(path));
        }
        if !block.is_empty() {
            sink(rate, block);
        }
        Ok(())
    }

    /// Share of the file that is decoded.
    fn share(&self) -> Option<f32> {
        if let Some(share) = self.demux.share() {
            return Some(share);
        }
        let (rate, _) = self.format?;
        let stated_s = self.stated_s.filter(|s| *s > 0.0)?;
        Some((self.decoded as f64 / f64::from(rate) / stated_s) as f32)
    }

    /// The result; `reason` is why decoding ended before the end of the track.
    fn finish(self, path: &Path, reason: Option<String>) -> Result<Decoded, AudioError> {
        let Some((sample_rate, _)) = self.format.filter(|_| self.handed_over > 0) else {
            return Err(match reason {
                Some(reason) => AudioError::Damaged {
                    path: path.into(),
                    reason,
                },
                None if self.damaged > 0 => AudioError::Damaged {
                    path: path.into(),
                    reason: format!("none of its {} packets decodes", self.damaged),
                },
                None => AudioError::NoSamples { path: path.into() },
            });
        };
        let rate = f64::from(sample_rate);
        let decoded_s = self.decoded as f64 / rate;
        let missing = self.demux.missing_samples();
        let stated_s = if missing > 0 {
            Some(decoded_s + missing as f64 / rate)
        } else {
            self.stated_s
        };
        let stated_s = stated_s.filter(|s| *s > decoded_s + TRUNCATION_TOLERANCE_S);
        let warning = if self.damaged > 0 {
            Some(Warning::DamagedPackets {
                packets: self.damaged,
            })
        } else if stated_s.is_some() || reason.is_some() {
            Some(Warning::Truncated {
                decoded_s,
                stated_s,
            })
        } else {
            None
        };
        Ok(Decoded {
            sample_rate,
            samples: self.handed_over,
            warning,
        })
    }
}

impl AudioError {
    /// Refuses a rate or a number of channels out of bounds.
    fn check_format(path: &Path, rate: u32, channels: usize) -> Result<(), Self> {
        if !(MIN_HOST_RATE..=MAX_HOST_RATE).contains(&f64::from(rate)) {
            let path = path.into();
            return Err(Self::Rate { path, rate });
        }
        if channels == 0 || channels > MAX_CHANNELS {
            let path = path.into();
            return Err(Self::Channels { path, channels });
        }
        Ok(())
    }
}
