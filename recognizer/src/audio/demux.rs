//! Demuxing: one interface over our own readers and symphonia's.

use symphonia::core::codecs::audio::AudioCodecParameters;
use symphonia::core::errors::Error;
use symphonia::core::formats::probe::Hint;
use symphonia::core::formats::{FormatOptions, FormatReader, Track, TrackType};
use symphonia::core::io::{MediaSource, MediaSourceStream, MediaSourceStreamOptions};
use symphonia::core::meta::MetadataOptions;
use symphonia::core::packet::Packet;
use symphonia::core::units::TimeBase;

use super::priming;

/// An item of an audio track.
pub(super) enum Item {
    /// Bytes for the decoder.
    Packet(Packet),
    /// Another stream begins: the packets after it need a new decoder.
    Stream(Box<AudioCodecParameters>),
}

/// A reader of the packets of one audio track.
pub(super) trait Demux {
    /// The next item, `None` at the end.
    ///
    /// # Errors
    /// The rest cannot be read.
    fn next(&mut self) -> Result<Option<Item>, Error>;

    /// The share of the file that has been read, if known.
    fn share(&self) -> Option<f32>;

    /// Samples that are missing, as far as the file states how many it has.
    fn missing_samples(&self) -> u64 {
        0
    }
}

/// A track that is ready to be read.
pub(super) struct Opened {
    pub demux: Box<dyn Demux>,
    pub parameters: AudioCodecParameters,
    /// The unit of the packets' durations; samples if `None`.
    pub time_base: Option<TimeBase>,
    /// The part of the track that is the original, if the container states it.
    pub span: Option<priming::Span>,
    /// Length that the container states, in seconds, encoder delay and padding included.
    pub stated_s: Option<f64>,
    /// Upper bound of the length, in seconds, from the size of the file.
    pub at_most_s: Option<f64>,
}

/// Why symphonia's reader gave no track.
pub(super) enum NoTrack {
    /// The file has no reader, or is damaged.
    Failed(Error),
    /// It has no audio track, or one with a codec that the reader does not know.
    None,
}

/// A reader of symphonia.
pub(super) struct Container {
    reader: Box<dyn FormatReader>,
    track_id: u32,
}

impl Container {
    /// Reads the head of a file.
    pub fn open(source: Box<dyn MediaSource>, extension: Option<&str>) -> Result<Opened, NoTrack> {
        let stream = MediaSourceStream::new(source, MediaSourceStreamOptions::default());
        let mut hint = Hint::new();
        if let Some(extension) = extension {
            hint.with_extension(extension);
        }
        let reader = symphonia::default::get_probe()
            .probe(
                &hint,
                stream,
                FormatOptions::default(),
                MetadataOptions::default(),
            )
            .map_err(NoTrack::Failed)?;
        let mut container = Self {
            reader,
            track_id: 0,
        };
        let tagged = priming::itunes_tag(container.reader.as_mut());
        let track = container.select().ok_or(NoTrack::None)?;
        let parameters = audio_of(track).ok_or(NoTrack::None)?;
        let time_base = track.time_base;
        let stated_s = stated_s(track, parameters.sample_rate).or_else(|| {
            // Matroska states the length of the whole file, which is that of its only track.
            let info = container.reader.media_info();
            let alone = container.reader.tracks().len() == 1;
            let duration = info.duration.filter(|_| alone)?;
            Some(info.time_base?.calc_duration(duration)?.as_secs_f64())
        });
        let span = tagged.or_else(|| container.caf_span(track));
        let (id, parameters) = (track.id, parameters.clone());
        container.track_id = id;
        Ok(Opened {
            demux: Box::new(container),
            parameters,
            time_base,
            span,
            stated_s,
            at_most_s: None,
        })
    }

    fn select(&self) -> Option<&Track> {
        self.reader.default_track(TrackType::Audio)
    }

    /// Core Audio's packet table states encoder delay and padding; symphonia 0.6.1 reads it but
    /// leaves those samples in the packets.
    fn caf_span(&self, track: &Track) -> Option<priming::Span> {
        let is_caf = self.reader.format_info().short_name == "caf";
        let start = u64::from(track.delay.filter(|_| is_caf)?);
        Some(priming::Span::Samples {
            start,
            length: track.num_frames.filter(|frames| *frames > 0),
        })
    }
}

impl Demux for Container {
    fn next(&mut self) -> Result<Option<Item>, Error> {
        loop {
            match self.reader.next_packet() {
                Ok(Some(packet)) if packet.track_id == self.track_id => {
                    return Ok(Some(Item::Packet(packet)));
                }
                Ok(Some(_)) => {}
                Ok(None) => return Ok(None),
                // A chained file: the next stream follows.
                Err(Error::ResetRequired) => {
                    let no_audio = Error::Unsupported("a stream without audio follows");
                    let track = self.select().ok_or(no_audio)?;
                    let no_codec = Error::Unsupported("a stream of an unknown codec follows");
                    let parameters = audio_of(track).ok_or(no_codec)?.clone();
                    self.track_id = track.id;
                    return Ok(Some(Item::Stream(Box::new(parameters))));
                }
                Err(error) => return Err(error),
            }
        }
    }

    fn share(&self) -> Option<f32> {
        None
    }
}

fn audio_of(track: &Track) -> Option<&AudioCodecParameters> {
    track.codec_params.as_ref()?.audio()
}

fn stated_s(track: &Track, rate: Option<u32>) -> Option<f64> {
    track
        .time_base
        .zip(track.duration)
        .and_then(|(base, duration)| base.calc_duration(duration))
        .map(|time| time.as_secs_f64())
        .or_else(|| {
            let rate = rate.filter(|rate| *rate > 0)?;
            Some(track.num_frames? as f64 / f64::from(rate))
        })
}
