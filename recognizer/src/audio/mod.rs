//! Audio files in, mono samples out: WAV, FLAC, MP3, OGG Vorbis and AAC (M4A
//! or raw ADTS), decoded by symphonia.
//!
//! The file is untrusted: every failure is an [`AudioError`] of one line that
//! names the file, and length, rate and channel count are bounded. Samples an
//! encoder put in front are removed, so that times are those of the original:
//! symphonia does it for MP3 and OGG, this module for AAC.

mod error;
mod priming;

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use symphonia::core::codecs::audio::{AudioDecoder, AudioDecoderOptions};
use symphonia::core::errors::Error;
use symphonia::core::formats::probe::Hint;
use symphonia::core::formats::{FormatOptions, FormatReader, TrackType};
use symphonia::core::io::{
    MediaSource, MediaSourceStream, MediaSourceStreamOptions, ReadOnlySource,
};
use symphonia::core::meta::MetadataOptions;

pub use error::{AudioError, Warning};

use crate::resample::{MAX_HOST_RATE, MIN_HOST_RATE};

/// Longest file that is decoded, in seconds: four hours.
pub const MAX_LENGTH_S: f64 = 4.0 * 3600.0;

/// Most channels of a file.
pub const MAX_CHANNELS: usize = 64;

/// A file may end this much earlier than it says without being reported: one
/// packet of any codec.
const TRUNCATION_TOLERANCE_S: f64 = 0.25;

/// Damaged packets in a row after which the rest of the file is given up.
const MAX_DAMAGED_IN_A_ROW: usize = 1_000;

/// A decoded file.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Audio {
    /// The mean of all channels, full scale at ±1.
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

/// What [`decode_with`] decoded, samples aside.
#[derive(Clone, Debug, PartialEq)]
pub struct Decoded {
    /// Samples a second.
    pub sample_rate: u32,
    /// Samples handed over.
    pub samples: u64,
    /// What is missing, when not all of the file could be decoded.
    pub warning: Option<Warning>,
}

/// Decodes a file to mono. `progress` is called with the share done, 0 to 1,
/// never decreasing.
///
/// A file whose tail or some of whose packets are damaged gives the part that
/// decodes and a warning.
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
    let mut file = open(path)?;
    let span = priming::edit_list(&mut file);
    decode_source(path, Box::new(file), span, progress, sink)
}

/// Decodes a stream that can be read once and not sought, such as a pipe: as [`decode_with`].
/// `name` stands for it in errors; its extension is a hint at the format, not needed.
///
/// # Errors
/// As [`decode_file`].
pub fn decode_stream(
    source: impl Read + Send + 'static,
    name: impl AsRef<Path>,
    progress: &mut dyn FnMut(f32),
    sink: &mut dyn FnMut(u32, &[f32]),
) -> Result<Decoded, AudioError> {
    let source = ReadOnlySource::new(Unshared(Mutex::new(source)));
    decode_source(name.as_ref(), Box::new(source), None, progress, sink)
}

/// A reader that only one thread at a time gets at, which symphonia wants to be told.
struct Unshared<R>(Mutex<R>);

impl<R: Read> Read for Unshared<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0
            .get_mut()
            .unwrap_or_else(PoisonError::into_inner)
            .read(buffer)
    }
}

fn decode_source(
    path: &Path,
    source: Box<dyn MediaSource>,
    span: Option<priming::Span>,
    progress: &mut dyn FnMut(f32),
    sink: &mut dyn FnMut(u32, &[f32]),
) -> Result<Decoded, AudioError> {
    let mut reader = probe(path, source)?;
    let mut track = Track::select(path, reader.as_mut(), span)?;
    let mut mono = Vec::new();
    let mut interleaved = Vec::new();
    let mut shown = 0f32;
    progress(0.0);

    let end = loop {
        let packet = match reader.next_packet() {
            Ok(Some(packet)) => packet,
            Ok(None) => break End::Reached,
            // A chained stream: the next one goes on with the same rate or ends it.
            Err(Error::ResetRequired) => match track.follow(path, reader.as_mut()) {
                Ok(()) => continue,
                Err(error) => break End::Broken(error.to_string()),
            },
            Err(error) => break End::Broken(error.to_string()),
        };
        if packet.track_id != track.id {
            continue;
        }
        match track.decoder.decode(&packet) {
            Ok(decoded) => {
                track.damaged_in_a_row = 0;
                let spec = decoded.spec();
                let (rate, channels) = (spec.rate(), spec.channels().count());
                decoded.copy_to_vec_interleaved(&mut interleaved);
                if interleaved.is_empty() {
                    continue;
                }
                if let Err(error) = track.check(path, rate, channels) {
                    break End::Refused(error);
                }
                mix_down(&interleaved, channels, &mut mono);
                let block = track.within_span(&mono);
                if track.handed_over as f64 > MAX_LENGTH_S * f64::from(rate) {
                    break End::Refused(AudioError::too_long(path));
                }
                sink(rate, block);
            }
            Err(error @ (Error::DecodeError(_) | Error::IoError(_))) => {
                track.damaged += 1;
                track.damaged_in_a_row += 1;
                if track.damaged_in_a_row > MAX_DAMAGED_IN_A_ROW {
                    break End::Broken(error.to_string());
                }
            }
            Err(error) => break End::Broken(error.to_string()),
        }
        if let Some(share) = track.share()
            && share > shown + 0.005
        {
            shown = share.min(1.0);
            progress(shown);
        }
    };

    let (reached_end, reason) = match end {
        End::Refused(error) => return Err(error),
        End::Reached => (true, None),
        End::Broken(reason) => (false, Some(reason)),
    };
    let decoded = track.finish(path, reached_end, reason)?;
    progress(1.0);
    Ok(decoded)
}

/// Why decoding stopped.
enum End {
    Reached,
    Broken(String),
    Refused(AudioError),
}

fn open(path: &Path) -> Result<File, AudioError> {
    let unreadable = |source| AudioError::Unreadable {
        path: path.into(),
        source,
    };
    let file = File::open(path).map_err(unreadable)?;
    let metadata = file.metadata().map_err(unreadable)?;
    if metadata.is_dir() {
        return Err(AudioError::Folder { path: path.into() });
    }
    if metadata.len() == 0 {
        return Err(AudioError::Empty { path: path.into() });
    }
    Ok(file)
}

fn probe(path: &Path, source: Box<dyn MediaSource>) -> Result<Box<dyn FormatReader>, AudioError> {
    let stream = MediaSourceStream::new(source, MediaSourceStreamOptions::default());
    let mut hint = Hint::new();
    if let Some(extension) = path.extension().and_then(|e| e.to_str()) {
        hint.with_extension(extension);
    }
    symphonia::default::get_probe()
        .probe(
            &hint,
            stream,
            FormatOptions::default(),
            MetadataOptions::default(),
        )
        .map_err(|error| AudioError::not_audio(path, &error))
}

/// The audio track that is decoded, and what was decoded of it so far.
struct Track {
    id: u32,
    decoder: Box<dyn AudioDecoder>,
    /// The part of the track that is the original; the rest is the encoder's.
    span: priming::Span,
    /// Length the file states, in seconds, what the encoder added included.
    stated_s: Option<f64>,
    /// Rate and channels of the first packet.
    format: Option<(u32, usize)>,
    /// Samples decoded, including those outside of the span.
    decoded: u64,
    /// Samples within the span.
    handed_over: u64,
    damaged: u64,
    damaged_in_a_row: usize,
}

impl Track {
    fn select(
        path: &Path,
        reader: &mut dyn FormatReader,
        edit_list: Option<priming::Span>,
    ) -> Result<Self, AudioError> {
        let tagged = priming::itunes_tag(reader);
        let no_track = || AudioError::NoTrack { path: path.into() };
        let track = reader
            .default_track(TrackType::Audio)
            .ok_or_else(no_track)?;
        let parameters = track.codec_params.as_ref().and_then(|p| p.audio());
        let parameters = parameters.ok_or_else(no_track)?;
        let rate = parameters.sample_rate;
        let stated_s = track
            .time_base
            .zip(track.duration)
            .and_then(|(base, duration)| base.calc_duration(duration))
            .map(|time| time.as_secs_f64())
            .or_else(|| {
                let rate = rate.filter(|rate| *rate > 0)?;
                Some(track.num_frames? as f64 / f64::from(rate))
            });
        if stated_s.is_some_and(|length_s| length_s > MAX_LENGTH_S) {
            return Err(AudioError::too_long(path));
        }
        let decoder = symphonia::default::get_codecs()
            .make_audio_decoder(parameters, &AudioDecoderOptions::default())
            .map_err(|error| AudioError::Codec {
                path: path.into(),
                reason: error.to_string(),
            })?;
        let span = edit_list
            .or(tagged)
            .unwrap_or_else(|| priming::default_span(parameters.codec));
        Ok(Self {
            id: track.id,
            decoder,
            span,
            stated_s,
            format: None,
            decoded: 0,
            handed_over: 0,
            damaged: 0,
            damaged_in_a_row: 0,
        })
    }

    /// Goes on with the stream that follows in a chained file.
    fn follow(&mut self, path: &Path, reader: &mut dyn FormatReader) -> Result<(), AudioError> {
        let next = Self::select(path, reader, None)?;
        self.id = next.id;
        self.decoder = next.decoder;
        // What the first one stated does not hold for the whole file.
        self.stated_s = None;
        Ok(())
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
                if !(MIN_HOST_RATE..=MAX_HOST_RATE).contains(&f64::from(rate)) {
                    let path = path.into();
                    return Err(AudioError::Rate { path, rate });
                }
                if channels == 0 || channels > MAX_CHANNELS {
                    let path = path.into();
                    return Err(AudioError::Channels { path, channels });
                }
                self.format = Some((rate, channels));
                Ok(())
            }
        }
    }

    /// The part of the next decoded samples that belongs to the original.
    fn within_span<'a>(&mut self, mono: &'a [f32]) -> &'a [f32] {
        let (start, end) = (self.decoded, self.decoded + mono.len() as u64);
        self.decoded = end;
        let rate = self.format.map_or(0, |(rate, _)| rate);
        let (first, last) = self.span.in_samples(rate);
        let from = first.clamp(start, end) - start;
        let to = last.clamp(start, end) - start;
        let block = &mono[from as usize..to.max(from) as usize];
        self.handed_over += block.len() as u64;
        block
    }

    /// Share of the stated length that is decoded.
    fn share(&self) -> Option<f32> {
        let (rate, _) = self.format?;
        let stated_s = self.stated_s.filter(|s| *s > 0.0)?;
        Some((self.decoded as f64 / f64::from(rate) / stated_s) as f32)
    }

    fn finish(
        self,
        path: &Path,
        reached_end: bool,
        reason: Option<String>,
    ) -> Result<Decoded, AudioError> {
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
        let decoded_s = self.decoded as f64 / f64::from(sample_rate);
        let stated_s = self
            .stated_s
            .filter(|s| *s > decoded_s + TRUNCATION_TOLERANCE_S);
        let warning = if self.damaged > 0 {
            Some(Warning::DamagedPackets {
                packets: self.damaged,
            })
        } else if stated_s.is_some() || !reached_end {
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

/// The mean of all channels.
fn mix_down(interleaved: &[f32], channels: usize, mono: &mut Vec<f32>) {
    mono.clear();
    if channels == 1 {
        mono.extend_from_slice(interleaved);
        return;
    }
    let scale = 1.0 / channels as f32;
    let frames = interleaved.chunks_exact(channels);
    mono.extend(frames.map(|frame| frame.iter().sum::<f32>() * scale));
}
