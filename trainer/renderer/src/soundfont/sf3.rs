//! Unpacks SF3, a SoundFont 2 whose samples are Ogg Vorbis streams, to plain SF2.
//!
//! In an SF3 the `smpl` chunk is a row of Ogg files; a sample header's start and end are
//! byte positions in it, its loop points count samples from the sample's start, and
//! bit 4 of its type says that it is packed. Everything else is as in SF2 (SoundFont
//! Technical Specification 2.04, chapters 5 to 7).

use std::fs;
use std::path::Path;

use harmony::export::atomic::{self, WriteError};
use vorbis_rs::{VorbisDecoder, VorbisError};

const PACKED: u16 = 0x10;
const HEADER_BYTES: usize = 46;
/// Samples of silence that the specification requires after each sample.
const GUARD_SAMPLES: usize = 46;
/// Largest file read and most samples written (one GiB each): far above any SoundFont in use.
const MAX_BYTES: u64 = 1 << 30;
const MAX_SAMPLES: usize = 1 << 29;

/// Why a file could not be unpacked.
#[derive(Debug, thiserror::Error)]
pub enum Sf3Error {
    /// Reading or writing failed.
    #[error("{0}")]
    Io(#[from] std::io::Error),
    /// The unpacked file could not be written.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// The chunks are not those of a SoundFont.
    #[error("not a SoundFont: {0}")]
    Structure(&'static str),
    /// A sample is damaged.
    #[error("sample {index}: {reason}")]
    Sample {
        /// Its number in the file.
        index: usize,
        /// What is wrong.
        reason: String,
    },
    /// The result would be too large.
    #[error("the file or what it unpacks to is larger than one GiB")]
    TooLarge,
}

/// Unpacks `from` to `to`, which appears only when it is complete.
///
/// # Errors
/// If the input is unreadable or damaged, or the output cannot be written.
pub fn unpack_file(from: &Path, to: &Path) -> Result<(), Sf3Error> {
    if fs::metadata(from)?.len() > MAX_BYTES {
        return Err(Sf3Error::TooLarge);
    }
    let unpacked = unpack(&fs::read(from)?)?;
    Ok(atomic::write(to, &unpacked)?)
}

/// Unpacks a SoundFont in memory. Uncompressed samples are copied.
///
/// # Errors
/// If the input is not a SoundFont, or a sample is damaged.
pub fn unpack(bytes: &[u8]) -> Result<Vec<u8>, Sf3Error> {
    let form = chunk(bytes, 0).ok_or(Sf3Error::Structure("no RIFF chunk"))?;
    if form.id != *b"RIFF" || form.body.get(..4) != Some(b"sfbk".as_slice()) {
        return Err(Sf3Error::Structure("no RIFF form `sfbk`"));
    }
    let (mut info, mut data, mut presets) = (None, None, None);
    for list in chunks(&form.body[4..]) {
        match list.body.get(..4) {
            Some(b"INFO") => info = Some(list.body),
            Some(b"sdta") => data = Some(&list.body[4..]),
            Some(b"pdta") => presets = Some(&list.body[4..]),
            _ => {}
        }
    }
    let info = info.ok_or(Sf3Error::Structure("no INFO list"))?;
    let packed = chunks(data.ok_or(Sf3Error::Structure("no sdta list"))?)
        .find(|chunk| chunk.id == *b"smpl")
        .ok_or(Sf3Error::Structure("no smpl chunk"))?
        .body;
    let presets = presets.ok_or(Sf3Error::Structure("no pdta list"))?;

    let mut samples: Vec<i16> = Vec::new();
    let mut hydra: Vec<u8> = b"pdta".to_vec();
    for part in chunks(presets) {
        if part.id == *b"shdr" {
            write_chunk(
                &mut hydra,
                b"shdr",
                &headers(part.body, packed, &mut samples)?,
            );
        } else {
            write_chunk(&mut hydra, &part.id, part.body);
        }
    }

    let mut smpl = Vec::with_capacity(samples.len() * 2);
    for sample in samples {
        smpl.extend_from_slice(&sample.to_le_bytes());
    }
    let mut sdta = b"sdta".to_vec();
    write_chunk(&mut sdta, b"smpl", &smpl);
    let mut body = b"sfbk".to_vec();
    write_chunk(&mut body, b"LIST", &plain_info(info));
    write_chunk(&mut body, b"LIST", &sdta);
    write_chunk(&mut body, b"LIST", &hydra);
    let mut file = Vec::with_capacity(body.len() + 8);
    write_chunk(&mut file, b"RIFF", &body);
    Ok(file)
}

struct Chunk<'a> {
    id: [u8; 4],
    body: &'a [u8],
    /// Position after the chunk and its padding.
    next: usize,
}

fn chunk(bytes: &[u8], at: usize) -> Option<Chunk<'_>> {
    let head = bytes.get(at..at.checked_add(8)?)?;
    let id = [head[0], head[1], head[2], head[3]];
    let size = u32::from_le_bytes([head[4], head[5], head[6], head[7]]) as usize;
    let body = bytes.get(at + 8..(at + 8).checked_add(size)?)?;
    Some(Chunk {
        id,
        body,
        next: at + 8 + size + size % 2,
    })
}

fn chunks(bytes: &[u8]) -> impl Iterator<Item = Chunk<'_>> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let chunk = chunk(bytes, at)?;
        at = chunk.next;
        Some(chunk)
    })
}

fn write_chunk(out: &mut Vec<u8>, id: &[u8; 4], body: &[u8]) {
    out.extend_from_slice(id);
    out.extend_from_slice(&(body.len() as u32).to_le_bytes());
    out.extend_from_slice(body);
    if body.len() % 2 == 1 {
        out.push(0);
    }
}

/// The INFO list with the version of SF2 (2.04) instead of SF3's.
fn plain_info(info: &[u8]) -> Vec<u8> {
    let mut out = b"INFO".to_vec();
    for part in chunks(&info[4..]) {
        if part.id == *b"ifil" {
            write_chunk(&mut out, b"ifil", &[2, 0, 4, 0]);
        } else {
            write_chunk(&mut out, &part.id, part.body);
        }
    }
    out
}

fn headers(table: &[u8], packed: &[u8], samples: &mut Vec<i16>) -> Result<Vec<u8>, Sf3Error> {
    let mut out = Vec::with_capacity(table.len());
    let count = table.len() / HEADER_BYTES;
    for (index, header) in table.chunks_exact(HEADER_BYTES).enumerate() {
        if index + 1 == count {
            // The terminal record.
            out.extend_from_slice(header);
            break;
        }
        let bad = |reason: String| Sf3Error::Sample { index, reason };
        let field = |at: usize| {
            u32::from_le_bytes([header[at], header[at + 1], header[at + 2], header[at + 3]])
        };
        let kind = u16::from_le_bytes([header[44], header[45]]);
        let (start, end) = (field(20) as usize, field(24) as usize);
        let (mut loop_start, mut loop_end) = (field(28), field(32));
        let decoded = if kind & PACKED != 0 {
            let stream = packed
                .get(start..end)
                .ok_or_else(|| bad("lies outside the sample chunk".to_owned()))?;
            decode(stream).map_err(|error| bad(error.to_string()))?
        } else {
            // Uncompressed samples are addressed in frames from the start of the chunk.
            let bytes = start
                .checked_mul(2)
                .zip(end.checked_mul(2))
                .and_then(|(start, end)| packed.get(start..end))
                .ok_or_else(|| bad("lies outside the sample chunk".to_owned()))?;
            loop_start = loop_start.saturating_sub(start as u32);
            loop_end = loop_end.saturating_sub(start as u32);
            bytes
                .chunks_exact(2)
                .map(|pair| i16::from_le_bytes([pair[0], pair[1]]))
                .collect()
        };
        if samples.len() + decoded.len() + GUARD_SAMPLES > MAX_SAMPLES {
            return Err(Sf3Error::TooLarge);
        }
        let first = samples.len() as u32;
        let length = decoded.len() as u32;
        samples.extend_from_slice(&decoded);
        samples.resize(samples.len() + GUARD_SAMPLES, 0);
        out.extend_from_slice(&header[..20]);
        for value in [
            first,
            first + length,
            first + loop_start.min(length),
            first + loop_end.min(length),
        ] {
            out.extend_from_slice(&value.to_le_bytes());
        }
        out.extend_from_slice(&header[36..44]);
        out.extend_from_slice(&(kind & !PACKED).to_le_bytes());
    }
    Ok(out)
}

/// Decodes one Ogg Vorbis stream to its first channel.
fn decode(stream: &[u8]) -> Result<Vec<i16>, VorbisError> {
    let mut decoder = VorbisDecoder::<&[u8]>::new(stream)?;
    let mut samples = Vec::new();
    while let Some(block) = decoder.decode_audio_block()? {
        if let Some(channel) = block.samples().first() {
            samples.extend(
                channel
                    .iter()
                    .map(|x| (x * 32_768.0).round().clamp(-32_768.0, 32_767.0) as i16),
            );
        }
        if samples.len() > MAX_SAMPLES {
            break;
        }
    }
    Ok(samples)
}
