//! WAV (Microsoft's RIFF), with its larger forms: RF64 (EBU Tech 3306), BW64 (ITU-R BS.2088)
//! and Sony's Wave64.

use super::format::{Coding, Format};
use super::ids::{ends_here, is_padded};
use super::{Layout, Refusal, UNKNOWN_FROM};
use crate::audio::source::Source;

/// The most chunks before the samples that are read.
const MAX_CHUNKS: usize = 10_000;

/// Bytes after a chunk of invalid size that are searched for the samples.
const SEARCHED: usize = 1 << 20;

/// Reads the header of a RIFF, RIFX, RF64 or BW64 file, up to the first sample.
pub(super) fn riff(source: &mut Source) -> Result<Layout, Refusal> {
    let mut head = [0; 12];
    source.fill(&mut head)?;
    let big_endian = head.starts_with(b"RIFX");
    let large = head.starts_with(b"RF64") || head.starts_with(b"BW64");
    let number = |bytes: &[u8]| {
        let bytes = [bytes[0], bytes[1], bytes[2], bytes[3]];
        let value = if big_endian {
            u32::from_be_bytes(bytes)
        } else {
            u32::from_le_bytes(bytes)
        };
        u64::from(value)
    };
    let mut format = None;
    let mut samples = None;
    let mut large_size = None;
    for _ in 0..MAX_CHUNKS {
        let mut head = [0; 8];
        if source.fill(&mut head)? < head.len() {
            break;
        }
        let size = number(&head[4..]);
        let mut read = 0;
        match &head[..4] {
            b"fmt " => {
                let body = source.peek(size.min(4096) as usize)?;
                format = Some(Format::wave(body, big_endian));
            }
            b"fact" if size >= 4 => {
                let body = source.peek(4)?;
                samples = (body.len() == 4).then(|| number(body));
            }
            b"ds64" => {
                let body = source.peek(24)?;
                let field = body.get(8..16).and_then(|field| field.try_into().ok());
                large_size = field.map(u64::from_le_bytes);
            }
            b"data" => {
                let format =
                    format.ok_or(Refusal::Damaged("no format in front of its samples"))??;
                let stated = match large_size {
                    Some(stated) if large || size == 0xFFFF_FFFF => stated,
                    _ => size,
                };
                return Ok(Layout {
                    format,
                    data: data_size(source, stated, size, big_endian)?,
                    samples: samples.filter(|n| *n != 0xFFFF_FFFF),
                });
            }
            _ => {}
        }
        if source.left().is_some_and(|left| size > left) {
            // An impossible size: the samples may follow nevertheless.
            let behind = source.peek(SEARCHED)?;
            let found = behind.windows(4).position(|name| name == b"data");
            read = size;
            source.skip(found.unwrap_or(SEARCHED) as u64)?;
        }
        source.skip(size.saturating_sub(read))?;
        if size % 2 == 1 && is_padded(source.peek(5)?) {
            source.skip(1)?;
        }
    }
    match format {
        Some(Err(refusal)) => Err(refusal),
        Some(Ok(_)) => Err(Refusal::Damaged("no samples in it")),
        None => Err(Refusal::Damaged("no format in it")),
    }
}

/// Bytes of samples, from the sizes that the file states; `None` for all to its end.
fn data_size(
    source: &mut Source,
    stated: u64,
    field: u64,
    big_endian: bool,
) -> Result<Option<u64>, Refusal> {
    let left = source.left();
    if stated == 0 {
        // Never filled in, unless the next chunk is right here.
        let behind = source.peek(9)?;
        return Ok(ends_here(behind, left, big_endian).then_some(0));
    }
    if left.is_some_and(|left| stated > left) {
        return Ok(Some(stated).filter(|stated| *stated < UNKNOWN_FROM || *stated != field));
    }
    if stated >= UNKNOWN_FROM && stated == field && left.is_none() {
        return Ok(None);
    }
    if let Some(left) = left
        && stated < left
        && source.is_file()
    {
        // The samples may continue beyond the stated size: the writer's counter overflowed at 4
        // GiB, or the writer was stopped before its last update.
        let begin = source.position();
        source.seek_to(begin + stated)?;
        let behind = source.peek(9)?.to_vec();
        source.seek_to(begin)?;
        if !ends_here(&behind, Some(left - stated), big_endian) {
            return Ok(None);
        }
    }
    Ok(Some(stated))
}

/// Reads the header of a Wave64 file, up to the first sample: chunks have names of 16 bytes, 8-byte
/// sizes that include the chunk header, and begin at multiples of 8.
pub(super) fn wave64(source: &mut Source) -> Result<Layout, Refusal> {
    source.skip(40)?;
    let mut format = None;
    let mut samples = None;
    for _ in 0..MAX_CHUNKS {
        let mut head = [0; 24];
        if source.fill(&mut head)? < head.len() {
            break;
        }
        let mut size = [0; 8];
        size.copy_from_slice(&head[16..]);
        let body = u64::from_le_bytes(size).saturating_sub(24);
        match &head[..4] {
            b"fmt " => {
                let fields = source.peek(body.min(4096) as usize)?;
                format = Some(Format::wave(fields, false));
            }
            b"fact" => {
                let field = source.peek(8)?.try_into().ok();
                samples = field.map(u64::from_le_bytes);
            }
            b"data" => {
                let format =
                    format.ok_or(Refusal::Damaged("no format in front of its samples"))??;
                let never = body == 0 || body >= i64::MAX as u64;
                return Ok(Layout {
                    format,
                    data: (!never).then_some(body),
                    samples,
                });
            }
            _ => {}
        }
        source.skip(body.checked_next_multiple_of(8).unwrap_or(body))?;
    }
    Err(Refusal::Damaged("no samples in it"))
}

impl Format {
    /// From the `fmt ` chunk: WAVEFORMAT and its extensions.
    fn wave(body: &[u8], big_endian: bool) -> Result<Self, Refusal> {
        let short = |at: usize| {
            let bytes = [*body.get(at)?, *body.get(at + 1)?];
            Some(if big_endian {
                u16::from_be_bytes(bytes)
            } else {
                u16::from_le_bytes(bytes)
            })
        };
        let rate = (|| {
            let (a, b) = (u32::from(short(4)?), u32::from(short(6)?));
            Some(if big_endian {
                (a << 16) | b
            } else {
                (b << 16) | a
            })
        })();
        let fields = (short(0), short(2), rate, short(12));
        let (Some(mut tag), Some(channels), Some(rate), Some(block)) = fields else {
            return Err(Refusal::Damaged("its format is cut short"));
        };
        let bits = short(14).unwrap_or(8);
        if tag == 0xFFFE {
            // Extensible: the tag is the beginning of a GUID.
            tag = short(24).unwrap_or(1);
        }
        // Samples take whole bytes, more than necessary if the block size says so.
        let in_block = block.checked_div(channels).unwrap_or(0);
        let needed = bits.div_ceil(8);
        let bytes = match in_block {
            1..=8 if in_block >= needed && block % channels == 0 => in_block,
            _ => needed,
        };
        let coding = match (tag, bytes) {
            (1, 1) => Coding::Unsigned8,
            (1, 2..=4) => Coding::Integer {
                bytes: bytes as u8,
                big_endian,
            },
            (3, 4 | 8) => Coding::Float {
                bytes: bytes as u8,
                big_endian,
            },
            (2, _) if bits == 4 && channels <= 2 => Coding::AdpcmMs { block },
            (6, 1) => Coding::ALaw,
            (7, 1) => Coding::MuLaw,
            (0x11, _) if bits == 4 && channels <= 2 => Coding::AdpcmIma { block },
            (0x50 | 0x55 | 0xFF | 0x1600 | 0x674F..=0x6771 | 0xF1AC, _) => Coding::Frames,
            (tag, _) => return Err(Refusal::Codec(wave_codec(tag, bits))),
        };
        Ok(Self {
            coding,
            rate,
            channels,
        })
    }
}

/// The name of a format tag of `mmreg.h`.
fn wave_codec(tag: u16, bits: u16) -> String {
    let name = match tag {
        1 => return format!("samples of {bits} bits in a WAV file"),
        2 => "Microsoft ADPCM of an unusual kind",
        3 => return format!("floating point of {bits} bits in a WAV file"),
        0x11 => "IMA ADPCM of an unusual kind",
        0x31 | 0x32 => "GSM 6.10",
        0x22 => "TrueSpeech",
        0x40 | 0x45 | 0x64 | 0x65 => "G.726 ADPCM",
        0x92 | 0x2000 => "Dolby Digital (AC-3)",
        0x160..=0x163 => "Windows Media Audio",
        0x270 => "Sony ATRAC3",
        0x2001 => "DTS",
        _ => return format!("a WAV file with format tag 0x{tag:04X}"),
    };
    name.to_owned()
}
