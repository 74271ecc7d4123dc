//! Ogg Opus files in (RFC 7845), mono samples out.
//!
//! For the trainer alone: symphonia reads the container, and has no decoder for it.
//! The decoder is libopus, translated to Rust as it is, so nothing has to be installed to
//! build it; that is also why its functions are unsafe ones with C's pointers.

use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::ptr::NonNull;

use anyhow::{Context, Result, anyhow, ensure};
use symphonia::core::formats::probe::Hint;
use symphonia::core::formats::{FormatOptions, TrackType};
use symphonia::core::io::{MediaSourceStream, MediaSourceStreamOptions};
use symphonia::core::meta::MetadataOptions;
use unsafe_libopus::{OpusDecoder, opus_decode_float, opus_decoder_create, opus_decoder_destroy};

/// Opus decodes at this rate, whatever was encoded, in Hz.
pub const RATE: u32 = 48_000;

/// Where the first packet of a file begins with its magic: a page header and a table of
/// one segment come before it.
const MAGIC_AT: usize = 28;
const MAGIC: &[u8] = b"OpusHead";

/// Whether a file begins as Ogg Opus does.
#[must_use]
pub fn is_opus(path: &Path) -> bool {
    let mut start = [0; MAGIC_AT + MAGIC.len()];
    let read = File::open(path).and_then(|mut file| file.read_exact(&mut start));
    read.is_ok() && start.starts_with(b"OggS") && start[MAGIC_AT..] == *MAGIC
}

/// What the first packet says.
struct Head {
    channels: usize,
    /// Samples in front that the encoder added.
    pre_skip: usize,
    /// Factor on the samples.
    gain: f32,
}

impl Head {
    /// Section 5.1 of RFC 7845.
    fn parse(packet: &[u8]) -> Result<Self> {
        ensure!(
            packet.len() >= 19 && packet.starts_with(MAGIC),
            "no Opus header"
        );
        let (version, channels, family) = (packet[8], packet[9], packet[18]);
        ensure!(version < 16, "version {version} of the Opus header");
        ensure!(
            family == 0 && (1..=2).contains(&channels),
            "Opus of {channels} channels in mapping family {family}; one or two in family 0 are \
             decoded"
        );
        let gain_db = f32::from(i16::from_le_bytes([packet[16], packet[17]])) / 256.0;
        Ok(Self {
            channels: usize::from(channels),
            pre_skip: usize::from(u16::from_le_bytes([packet[10], packet[11]])),
            gain: 10.0_f32.powf(gain_db / 20.0),
        })
    }
}

/// The longest packet of an Opus stream, 120 ms, in samples of one channel.
const MAX_FRAMES: usize = 5_760;

/// libopus' decoder with its memory and bounds held to Rust's rules.
struct Decoder {
    state: NonNull<OpusDecoder>,
    channels: usize,
}

impl Decoder {
    fn new(channels: usize) -> Result<Self> {
        let mut error = 0;
        // SAFETY: both numbers are among those allowed, `error` outlives the call, and the
        // pointer that comes back is owned by this value alone until it is dropped.
        let state = unsafe { opus_decoder_create(RATE as i32, channels as i32, &mut error) };
        let state = NonNull::new(state).filter(|_| error == 0);
        Ok(Self {
            state: state.with_context(|| format!("no Opus decoder: error {error}"))?,
            channels,
        })
    }

    /// Decodes a packet into `interleaved`; returns the samples of one channel.
    fn decode(&mut self, packet: &[u8], interleaved: &mut [f32]) -> Result<usize> {
        let frames = i32::try_from(interleaved.len() / self.channels)?;
        let bytes = i32::try_from(packet.len())?;
        // An empty packet would be taken for a lost one.
        ensure!(bytes > 0, "an empty packet");
        // SAFETY: the state is alive and used by one caller at a time (`&mut self`); the
        // packet and the buffer have the lengths given.
        let decoded = unsafe {
            opus_decode_float(
                &mut *self.state.as_ptr(),
                packet.as_ptr(),
                bytes,
                interleaved.as_mut_ptr(),
                frames,
                0,
            )
        };
        usize::try_from(decoded).map_err(|_| anyhow!("libopus' error {decoded}"))
    }
}

impl Drop for Decoder {
    fn drop(&mut self) {
        // SAFETY: made by `opus_decoder_create`, and destroyed here only.
        unsafe { opus_decoder_destroy(self.state.as_ptr()) }
    }
}

/// Decodes a file: `sink` gets mono samples at [`RATE`]. Returns their number.
///
/// # Errors
/// A file that cannot be read, is no Ogg Opus of one or two channels, is damaged, or lasts
/// longer than `max_length_s`.
pub fn decode(path: &Path, max_length_s: f64, sink: &mut dyn FnMut(&[f32])) -> Result<u64> {
    let file = File::open(path).context("cannot be opened")?;
    let stream = MediaSourceStream::new(Box::new(file), MediaSourceStreamOptions::default());
    let mut reader = symphonia::default::get_probe().probe(
        &Hint::new(),
        stream,
        FormatOptions::default(),
        MetadataOptions::default(),
    )?;
    let track = reader.default_track(TrackType::Audio);
    let track = track.context("the file has no audio track")?;
    let id = track.id;
    let parameters = track.codec_params.as_ref().and_then(|p| p.audio());
    let head = parameters.and_then(|p| p.extra_data.as_deref());
    let head = Head::parse(head.context("no Opus header")?)?;
    let mut decoder = Decoder::new(head.channels)?;
    let mut interleaved = vec![0.0; MAX_FRAMES * head.channels];
    let mut mono: Vec<f32> = Vec::new();
    let most = (max_length_s * f64::from(RATE)) as u64;
    let factor = head.gain / head.channels as f32;
    let mut to_skip = head.pre_skip;
    let mut given = 0;
    while let Some(packet) = reader.next_packet()? {
        if packet.track_id != id {
            continue;
        }
        let frames = decoder.decode(&packet.data, &mut interleaved)?;
        let samples = interleaved[..frames * head.channels].chunks_exact(head.channels);
        mono.clear();
        mono.extend(samples.map(|frame| frame.iter().sum::<f32>() * factor));
        // The end of the stream may lie within its last packet.
        let padding = usize::try_from(packet.trim_end.get()).unwrap_or(frames);
        let to = frames - padding.min(frames);
        let from = to_skip.min(to);
        to_skip -= to_skip.min(frames);
        given += (to - from) as u64;
        ensure!(given <= most, "longer than {} hours", max_length_s / 3600.0);
        sink(&mono[from..to]);
    }
    ensure!(given > 0, "the file holds no samples");
    Ok(given)
}
