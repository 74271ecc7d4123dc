//! Sample formats.

use symphonia::core::audio::{Channels, layouts};
use symphonia::core::codecs::audio::AudioCodecId;
use symphonia::core::codecs::audio::well_known::{
    CODEC_ID_ADPCM_IMA_QT, CODEC_ID_ADPCM_IMA_WAV, CODEC_ID_ADPCM_MS, CODEC_ID_PCM_ALAW,
    CODEC_ID_PCM_F32BE, CODEC_ID_PCM_F32LE, CODEC_ID_PCM_F64BE, CODEC_ID_PCM_F64LE,
    CODEC_ID_PCM_MULAW, CODEC_ID_PCM_S8, CODEC_ID_PCM_S16BE, CODEC_ID_PCM_S16LE,
    CODEC_ID_PCM_S24BE, CODEC_ID_PCM_S24LE, CODEC_ID_PCM_S32BE, CODEC_ID_PCM_S32LE,
    CODEC_ID_PCM_U8,
};

use super::Block;

/// The coding of a sample.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::audio) enum Coding {
    /// Integers of 1 to 4 bytes, the sample in the upper bits.
    Integer {
        bytes: u8,
        big_endian: bool,
    },
    /// Unsigned bytes, 128 being zero.
    Unsigned8,
    /// Floating point of 4 or 8 bytes.
    Float {
        bytes: u8,
        big_endian: bool,
    },
    ALaw,
    MuLaw,
    /// Microsoft's or IMA's ADPCM, in blocks of this many bytes.
    AdpcmMs {
        block: u16,
    },
    AdpcmIma {
        block: u16,
    },
    /// Apple's IMA ADPCM: blocks of 34 bytes per channel.
    AdpcmQt,
    /// Frames of another format: MPEG audio, AAC, or Ogg.
    Frames,
}

impl Coding {
    /// symphonia's identifier.
    pub fn codec(self) -> AudioCodecId {
        match self {
            Self::Integer { bytes, big_endian } => match (bytes, big_endian) {
                (1, _) => CODEC_ID_PCM_S8,
                (2, false) => CODEC_ID_PCM_S16LE,
                (2, true) => CODEC_ID_PCM_S16BE,
                (3, false) => CODEC_ID_PCM_S24LE,
                (3, true) => CODEC_ID_PCM_S24BE,
                (_, false) => CODEC_ID_PCM_S32LE,
                (_, true) => CODEC_ID_PCM_S32BE,
            },
            Self::Unsigned8 => CODEC_ID_PCM_U8,
            Self::Float { bytes, big_endian } => match (bytes, big_endian) {
                (8, false) => CODEC_ID_PCM_F64LE,
                (8, true) => CODEC_ID_PCM_F64BE,
                (_, false) => CODEC_ID_PCM_F32LE,
                (_, true) => CODEC_ID_PCM_F32BE,
            },
            Self::ALaw => CODEC_ID_PCM_ALAW,
            Self::MuLaw | Self::Frames => CODEC_ID_PCM_MULAW,
            Self::AdpcmMs { .. } => CODEC_ID_ADPCM_MS,
            Self::AdpcmIma { .. } => CODEC_ID_ADPCM_IMA_WAV,
            Self::AdpcmQt => CODEC_ID_ADPCM_IMA_QT,
        }
    }

    /// Integers of `bits` bits in as many bytes as they need.
    pub fn integer(bits: u16, big_endian: bool) -> Option<Self> {
        let bytes = bits.div_ceil(8) as u8;
        (1..=32)
            .contains(&bits)
            .then_some(Self::Integer { bytes, big_endian })
    }
}

/// The format of a file's samples.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::audio) struct Format {
    pub coding: Coding,
    /// In Hz.
    pub rate: u32,
    pub channels: u16,
}

impl Format {
    /// The unit that a reader takes at once; `None` for frames of another format, or if it would be
    /// empty.
    pub fn block(&self) -> Option<Block> {
        let channels = u64::from(self.channels);
        let adpcm = |block: u16, head: u64, in_head: u64| {
            let data = u64::from(block).checked_sub(head * channels)?;
            Some(Block {
                bytes: u64::from(block),
                samples: data * 2 / channels + in_head,
            })
        };
        if channels == 0 {
            return None;
        }
        let sample = match self.coding {
            Coding::Integer { bytes, .. } | Coding::Float { bytes, .. } => u64::from(bytes),
            Coding::Unsigned8 | Coding::ALaw | Coding::MuLaw => 1,
            Coding::AdpcmMs { block } => return adpcm(block, 7, 2),
            Coding::AdpcmIma { block } => return adpcm(block, 4, 1),
            Coding::AdpcmQt => {
                return Some(Block {
                    bytes: 34 * channels,
                    samples: 64,
                });
            }
            Coding::Frames => return None,
        };
        Some(Block {
            bytes: sample * channels,
            samples: 1,
        })
    }

    pub fn layout(&self) -> Channels {
        match self.channels {
            1 => layouts::CHANNEL_LAYOUT_MONO,
            2 => layouts::CHANNEL_LAYOUT_STEREO,
            channels => Channels::Discrete(channels),
        }
    }
}
