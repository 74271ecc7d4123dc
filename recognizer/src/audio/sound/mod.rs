//! Files with all samples in one piece after a header of chunks: WAV, RF64 and BW64, Wave64, AIFF
//! and AIFC, CAF with plain samples, and Sun's `.snd`.
//!
//! They are read here and not by symphonia 0.6.1, which refuses a WAV with inconsistent sizes, does
//! not know RF64, BW64, Wave64 and `.snd`, and cannot read AIFF and CAF from a pipe. As in players,
//! samples whose size was never filled in, or is larger than the file, end with the file.

mod aiff;
mod au;
mod caf;
mod format;
mod ids;
mod wave;

use std::io;

use symphonia::core::codecs::audio::AudioCodecParameters;
use symphonia::core::errors::Error;
use symphonia::core::packet::Packet;
use symphonia::core::units::{Duration, Timestamp};

use super::demux::{Demux, Item, Opened};
use super::kind::Kind;
use super::priming;
use super::source::Source;
pub(super) use format::{Coding, Format};

/// Samples of one channel in a packet.
const PACKET_SAMPLES: u64 = 4096;

/// 32-bit sizes from here on come from writers that did not know the size and could not seek back:
/// 0x7FFFF000 of sox, 0x80000000 of arecord, 0xFFFFFFFF of ffmpeg.
const UNKNOWN_FROM: u64 = 0x7FFF_0000;

/// Size and format of the samples.
pub(super) struct Layout {
    pub format: Format,
    /// Bytes of samples; `None` if not stated: up to the end of the file.
    pub data: Option<u64>,
    /// Samples of one channel, if the file states it separately.
    pub samples: Option<u64>,
}

/// Why a header was not read.
pub(super) enum Refusal {
    /// The system's reason.
    Read(io::Error),
    /// What is wrong with it.
    Damaged(&'static str),
    /// The codec of the samples is not supported.
    Codec(String),
    /// symphonia has to read it.
    Elsewhere,
}

impl From<io::Error> for Refusal {
    fn from(error: io::Error) -> Self {
        Self::Read(error)
    }
}

/// Reads the header of a file of this kind; `source` is then at the first sample.
pub(super) fn head(kind: Kind, source: &mut Source) -> Result<Layout, Refusal> {
    match kind {
        Kind::Wave => wave::riff(source),
        Kind::Wave64 => wave::wave64(source),
        Kind::Aiff => aiff::head(source),
        Kind::Au => au::head(source),
        Kind::Caf => caf::head(source),
        _ => Err(Refusal::Elsewhere),
    }
}

/// The samples of a file whose header was read, unless they are frames of another format.
pub(super) fn open(source: Source, layout: &Layout) -> Option<Opened> {
    let block = layout.format.block()?;
    let rate = f64::from(layout.format.rate).max(1.0);
    let seconds = |data: u64| (data / block.bytes * block.samples) as f64 / rate;
    let blocks = layout.data.map(|data| data / block.bytes);
    // The last block is padded after the last sample.
    let length = layout.samples.filter(|samples| {
        let from = blocks.unwrap_or(0).saturating_sub(1) * block.samples;
        block.samples > 1 && *samples > from
    });
    Some(Opened {
        parameters: parameters(&layout.format, &block),
        time_base: None,
        span: length.map(|length| priming::Span::Samples {
            start: 0,
            length: Some(length),
        }),
        stated_s: layout.data.map(seconds),
        at_most_s: source.left().map(seconds),
        demux: Box::new(Samples {
            source,
            left: layout.data.unwrap_or(u64::MAX),
            block,
            at: 0,
        }),
    })
}

/// A block: its bytes, and the samples of one channel in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Block {
    pub bytes: u64,
    pub samples: u64,
}

fn parameters(format: &Format, block: &Block) -> AudioCodecParameters {
    let mut parameters = AudioCodecParameters::new();
    parameters
        .for_codec(format.coding.codec())
        .with_sample_rate(format.rate)
        .with_channels(format.layout())
        .with_max_frames_per_packet(PACKET_SAMPLES.max(block.samples))
        .with_frames_per_block(block.samples);
    parameters
}

/// A reader of packets of plain samples.
struct Samples {
    source: Source,
    /// Remaining bytes of samples.
    left: u64,
    block: Block,
    /// Samples returned so far.
    at: u64,
}

impl Demux for Samples {
    fn next(&mut self) -> Result<Option<Item>, Error> {
        let Block { bytes, samples } = self.block;
        let blocks = (PACKET_SAMPLES / samples).max(1).min(self.left / bytes);
        if blocks == 0 {
            return Ok(None);
        }
        let wanted = usize::try_from(blocks * bytes).unwrap_or(usize::MAX);
        let mut data = vec![0; wanted];
        let got = self.source.fill(&mut data)? as u64 / bytes;
        if got == 0 {
            self.left = 0;
            return Ok(None);
        }
        data.truncate((got * bytes) as usize);
        self.left -= got * bytes;
        let at = Timestamp::from(i64::try_from(self.at).unwrap_or(i64::MAX));
        self.at += got * samples;
        let duration = Duration::from(got * samples);
        Ok(Some(Item::Packet(Packet::new(0, at, duration, data))))
    }

    fn share(&self) -> Option<f32> {
        self.source.share()
    }
}
