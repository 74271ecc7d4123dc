//! Decoding of Opus packets (RFC 6716), with the header of containers (RFC 7845, 5.1).
//!
//! The decoder is libopus (BSD), translated literally to Rust, so nothing has to be installed to
//! build it; this is why its functions are unsafe and take C pointers.

use std::ptr::NonNull;

use unsafe_libopus::{
    OpusMSDecoder, opus_multistream_decode_float, opus_multistream_decoder_create,
    opus_multistream_decoder_destroy,
};

/// Opus always decodes at this rate, in Hz.
pub(super) const RATE: u32 = 48_000;

const MAGIC: &[u8] = b"OpusHead";

/// The longest packet, 120 ms, in samples of one channel.
const MAX_FRAMES: usize = 5_760;

/// The most channels of mapping family 1.
const MAX_MAPPED: u8 = 8;

/// The header.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Head {
    channels: u8,
    /// Samples that the encoder added at the start.
    pub pre_skip: u16,
    /// Gain factor.
    gain: f32,
    /// The number of streams, how many of them are stereo, and the decoded channel that each output
    /// channel comes from.
    streams: u8,
    coupled: u8,
    mapping: Vec<u8>,
}

impl Head {
    /// Reads a header of the families 0 (one channel or two), 1 (surround) and 255 (any).
    pub fn parse(packet: &[u8]) -> Result<Self, &'static str> {
        let packet = packet.strip_prefix(MAGIC).unwrap_or(packet);
        let [
            version,
            channels,
            skip_a,
            skip_b,
            _,
            _,
            _,
            _,
            gain_a,
            gain_b,
            family,
            rest @ ..,
        ] = packet
        else {
            return Err("no header");
        };
        if *version >= 16 {
            return Err("a header of an unknown version");
        }
        let (streams, coupled, mapping) = match (*family, *channels) {
            (0, channels @ 1..=2) => (1, channels - 1, (0..channels).collect()),
            (1, 1..=MAX_MAPPED) | (255, 1..) => {
                let [streams, coupled, mapping @ ..] = rest else {
                    return Err("a header without its channels");
                };
                let mapping = mapping.get(..usize::from(*channels));
                let mapping = mapping.ok_or("a header without its channels")?;
                (*streams, *coupled, mapping.to_vec())
            }
            _ => return Err("channels in an unknown order"),
        };
        let gain_db = f32::from(i16::from_le_bytes([*gain_a, *gain_b])) / 256.0;
        Ok(Self {
            channels: *channels,
            pre_skip: u16::from_le_bytes([*skip_a, *skip_b]),
            gain: 10.0_f32.powf(gain_db / 20.0),
            streams,
            coupled,
            mapping,
        })
    }
}

/// A safe wrapper around libopus' decoder.
pub(super) struct Decoder {
    state: NonNull<OpusMSDecoder>,
    channels: usize,
    gain: f32,
}

// SAFETY: the state is owned memory, not bound to a thread, and only accessed through `&mut self`.
unsafe impl Send for Decoder {}

impl Decoder {
    pub fn new(head: &Head) -> Result<Self, &'static str> {
        let streams = i32::from(head.streams);
        let coupled = i32::from(head.coupled);
        // What libopus requires, checked here and not left to it.
        let decoded = streams + coupled;
        let known = |from: &u8| *from == 255 || i32::from(*from) < decoded;
        if streams < 1
            || coupled > streams
            || decoded > 255
            || head.mapping.len() != usize::from(head.channels)
            || !head.mapping.iter().all(known)
        {
            return Err("an inconsistent number of channels");
        }
        let mut error = 0;
        // SAFETY: the numbers are within the bounds that were just checked, the mapping has an
        // entry for each channel, and `error` outlives the call. The pointer that comes back is
        // owned by this value alone until it is dropped.
        let state = unsafe {
            opus_multistream_decoder_create(
                RATE as i32,
                i32::from(head.channels),
                streams,
                coupled,
                head.mapping.as_ptr(),
                &mut error,
            )
        };
        let state = NonNull::new(state).filter(|_| error == 0);
        Ok(Self {
            state: state.ok_or("no decoder")?,
            channels: usize::from(head.channels),
            gain: head.gain,
        })
    }

    /// Channels of the samples.
    pub fn channels(&self) -> usize {
        self.channels
    }

    /// Decodes a packet to interleaved samples.
    pub fn decode(
        &mut self,
        packet: &[u8],
        interleaved: &mut Vec<f32>,
    ) -> Result<(), &'static str> {
        interleaved.clear();
        // libopus would treat an empty packet as a lost one.
        let bytes = i32::try_from(packet.len()).map_err(|_| "a packet that is too long")?;
        if bytes == 0 {
            return Err("an empty packet");
        }
        interleaved.resize(MAX_FRAMES * self.channels, 0.0);
        // SAFETY: the state is alive and used by one caller at a time (`&mut self`); the packet has
        // `bytes` bytes, and the buffer has room for the given frames of each channel.
        let decoded = unsafe {
            opus_multistream_decode_float(
                &mut *self.state.as_ptr(),
                packet.as_ptr(),
                bytes,
                interleaved.as_mut_ptr(),
                MAX_FRAMES as i32,
                0,
            )
        };
        let frames = usize::try_from(decoded).unwrap_or(0);
        interleaved.truncate(frames * self.channels);
        if frames == 0 {
            return Err("a damaged packet");
        }
        if self.gain != 1.0 {
            interleaved
                .iter_mut()
                .for_each(|sample| *sample *= self.gain);
        }
        Ok(())
    }
}

impl Drop for Decoder {
    fn drop(&mut self) {
        // SAFETY: created by `opus_multistream_decoder_create`, and destroyed only here.
        unsafe { opus_multistream_decoder_destroy(self.state.as_ptr()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(channels: u8, family: u8, rest: &[u8]) -> Vec<u8> {
        let mut bytes = MAGIC.to_vec();
        bytes.extend([1, channels, 0x38, 0x01, 0x80, 0xBB, 0, 0, 0, 0xFA, family]);
        bytes.extend(rest);
        bytes
    }

    #[test]
    fn headers_are_read_with_and_without_their_magic() {
        let stereo = head(2, 0, &[]);
        let parsed = Head::parse(&stereo).unwrap();
        assert_eq!((parsed.pre_skip, parsed.channels), (312, 2));
        // -6 dB.
        assert!((parsed.gain - 0.501).abs() < 0.001);
        assert_eq!(Head::parse(&stereo[8..]).unwrap(), parsed);
        let surround = head(6, 1, &[4, 2, 0, 4, 1, 2, 3, 5]);
        let parsed = Head::parse(&surround).unwrap();
        assert_eq!((parsed.streams, parsed.coupled), (4, 2));
        assert_eq!(Decoder::new(&parsed).unwrap().channels(), 6);
    }

    #[test]
    fn headers_that_do_not_fit_are_refused() {
        for bytes in [
            head(0, 0, &[]),
            head(6, 0, &[]),
            head(3, 1, &[1, 1]),
            vec![],
        ] {
            assert!(Head::parse(&bytes).is_err());
        }
        for rest in [[0, 0, 0, 0], [1, 2, 0, 1], [1, 1, 0, 2], [255, 1, 0, 1]] {
            let parsed = Head::parse(&head(2, 1, &rest)).unwrap();
            assert!(Decoder::new(&parsed).is_err(), "{rest:?}");
        }
    }

    #[test]
    fn no_packet_is_a_panic() {
        let parsed = Head::parse(&head(2, 0, &[])).unwrap();
        let mut decoder = Decoder::new(&parsed).unwrap();
        let mut out = Vec::new();
        for first in 0..=255 {
            for len in [0, 1, 2, 9, 200] {
                let packet = vec![first; len];
                let _ = decoder.decode(&packet, &mut out);
                assert!(out.len() <= MAX_FRAMES * 2);
            }
        }
    }
}
