//! Frame headers: ISO/IEC 11172-3, 2.4.2.3, and for ADTS ISO/IEC 14496-3, 1.A.3.2.

use symphonia::core::audio::Channels;
use symphonia::core::codecs::audio::AudioCodecParameters;
use symphonia::core::codecs::audio::well_known::{
    CODEC_ID_AAC, CODEC_ID_MP1, CODEC_ID_MP2, CODEC_ID_MP3,
};

use super::layout;

/// Bytes of the longest header.
pub(super) const LEN: usize = 9;
/// Bytes of the shortest header.
pub(super) const MIN: usize = 4;

/// Kilobits a second by index: MPEG 1 layers 1, 2 and 3, MPEG 2 layer 1, and MPEG 2 layers 2 and 3.
const KBPS: [[u32; 15]; 5] = [
    [
        0, 32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448,
    ],
    [
        0, 32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384,
    ],
    [
        0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320,
    ],
    [
        0, 32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256,
    ],
    [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160],
];

/// Sample rates of MPEG 1; half of them are those of MPEG 2, a quarter those of MPEG 2.5.
const RATES: [u32; 3] = [44_100, 48_000, 32_000];

/// Sample rates of ADTS.
const AAC_RATES: [u32; 13] = [
    96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8_000,
    7_350,
];

/// The coding of the frames.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Coding {
    /// MPEG audio of a version (1, 2, or 3 for 2.5) and a layer.
    Mpeg { version: u8, layer: u8 },
    /// AAC, one packet a frame.
    Adts,
}

/// A frame's header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Header {
    pub coding: Coding,
    pub rate: u32,
    pub channels: usize,
    /// Samples of one channel.
    pub samples: u32,
    /// Bytes of the frame, header included; 0 if the header does not state it.
    pub size: usize,
    /// Offset of the bytes for the decoder in the frame.
    pub payload: usize,
}

impl Header {
    /// The header that `bytes` begin with.
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        let [0xFF, b, c, d, rest @ ..] = bytes else {
            return None;
        };
        if b & 0xE0 != 0xE0 {
            return None;
        }
        if b & 0xF6 == 0xF0 {
            return Self::adts(*b, *c, *d, rest);
        }
        let version = match (b >> 3) & 3 {
            3 => 1,
            2 => 2,
            0 => 3,
            _ => return None,
        };
        let layer = match (b >> 1) & 3 {
            0 => return None,
            layer => 4 - layer,
        };
        let table = match (version, layer) {
            (1, layer) => usize::from(layer) - 1,
            (_, 1) => 3,
            _ => 4,
        };
        let kbps = *KBPS[table].get(usize::from(c >> 4))?;
        let rate = *RATES.get(usize::from((c >> 2) & 3))? >> (version - 1);
        let padding = usize::from((c >> 1) & 1);
        let per_slot = match (layer, version) {
            (1, _) => 12,
            (2, _) | (3, 1) => 144,
            _ => 72,
        };
        let slots = (per_slot * kbps * 1000 / rate) as usize + padding;
        let size = if layer == 1 { slots * 4 } else { slots };
        let samples = match (layer, version) {
            (1, _) => 384,
            (2, _) | (3, 1) => 1152,
            _ => 576,
        };
        // Emphasis 2 does not exist.
        if d & 3 == 2 {
            return None;
        }
        Some(Self {
            coding: Coding::Mpeg { version, layer },
            rate,
            channels: if d >> 6 == 3 { 1 } else { 2 },
            samples,
            size: if kbps == 0 { 0 } else { size },
            payload: 0,
        })
    }

    fn adts(b: u8, c: u8, d: u8, rest: &[u8]) -> Option<Self> {
        let [e, f, g, ..] = *rest else {
            return None;
        };
        let rate = *AAC_RATES.get(usize::from((c >> 2) & 15))?;
        let channels = match ((c & 1) << 2) | (d >> 6) {
            7 => 8,
            channels => usize::from(channels),
        };
        let size = (usize::from(d & 3) << 11) | (usize::from(e) << 3) | usize::from(f >> 5);
        let payload = if b & 1 == 0 { 9 } else { 7 };
        // Frames with several packets do not occur in practice and are not decoded.
        if g & 3 != 0 || size <= payload {
            return None;
        }
        Some(Self {
            coding: Coding::Adts,
            rate,
            channels,
            samples: 1024,
            size,
            payload,
        })
    }

    /// Whether it does not state its size (free format); such frames are not decoded.
    pub fn is_free(&self) -> bool {
        self.size <= MIN
    }

    /// Whether it is MPEG audio.
    pub fn is_mpeg(&self) -> bool {
        self.coding != Coding::Adts
    }

    /// Whether a frame of this kind may follow one of the other within a stream.
    pub fn is_like(&self, other: &Self) -> bool {
        (self.coding, self.rate, self.channels) == (other.coding, other.rate, other.channels)
    }

    /// The parameters for a decoder.
    pub fn parameters(&self) -> AudioCodecParameters {
        let mut parameters = AudioCodecParameters::new();
        let codec = match self.coding {
            Coding::Adts => CODEC_ID_AAC,
            Coding::Mpeg { layer: 1, .. } => CODEC_ID_MP1,
            Coding::Mpeg { layer: 2, .. } => CODEC_ID_MP2,
            Coding::Mpeg { .. } => CODEC_ID_MP3,
        };
        parameters.for_codec(codec).with_sample_rate(self.rate);
        match (self.is_mpeg(), self.channels) {
            (true, channels) => {
                parameters.with_channels(layout(channels));
            }
            // Stated within the packets.
            (false, 0) => {}
            (false, channels @ 1..=2) => {
                parameters.with_channels(layout(channels));
            }
            (false, channels) => {
                parameters.with_channels(Channels::Discrete(channels as u16));
            }
        }
        parameters
    }

    /// Bytes between the header and a Xing header: the side information of layer 3.
    pub fn side_info(&self) -> usize {
        match (self.coding, self.channels) {
            (Coding::Mpeg { version: 1, .. }, 1) => 17,
            (Coding::Mpeg { version: 1, .. }, _) => 32,
            (_, 1) => 9,
            _ => 17,
        }
    }

    /// Whether it is layer 3.
    pub fn is_layer_3(&self) -> bool {
        matches!(self.coding, Coding::Mpeg { layer: 3, .. })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_those_of_the_standard() {
        // MPEG 1 layer 3, 128 kbit/s, 44.1 kHz, joint stereo.
        let header = Header::parse(&[0xFF, 0xFB, 0x90, 0x64, 0, 0, 0, 0, 0]).unwrap();
        assert_eq!(
            (header.size, header.samples, header.channels),
            (417, 1152, 2)
        );
        assert_eq!(Header::parse(&[0xFF, 0xFB, 0x92, 0x64]).unwrap().size, 418);
        // MPEG 2 layer 3, 64 kbit/s, 22.05 kHz, mono.
        let header = Header::parse(&[0xFF, 0xF3, 0x80, 0xC4]).unwrap();
        assert_eq!(
            (header.size, header.samples, header.rate),
            (208, 576, 22_050)
        );
        assert_eq!(header.channels, 1);
        // Layer 2, 192 kbit/s, 48 kHz.
        let header = Header::parse(&[0xFF, 0xFD, 0xA4, 0x04]).unwrap();
        assert_eq!((header.size, header.samples), (576, 1152));
        assert_eq!(Header::parse(&[0xFF, 0xE9, 0x90, 0x64]), None);
        assert!(Header::parse(&[0xFF, 0xFB, 0x00, 0x64]).unwrap().is_free());
    }

    #[test]
    fn adts_tells_its_size() {
        // LC, 44.1 kHz, two channels, 371 bytes.
        let bytes = [0xFF, 0xF1, 0x50, 0x80, 0x2E, 0x7F, 0xFC, 0, 0];
        let header = Header::parse(&bytes).unwrap();
        assert_eq!((header.rate, header.channels), (44_100, 2));
        assert_eq!((header.size, header.payload), (371, 7));
    }
}
