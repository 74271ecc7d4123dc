//! Apple's Core Audio Format with plain samples; symphonia reads other codecs.

use super::format::{Coding, Format};
use super::{Layout, Refusal};
use crate::audio::source::Source;

/// The most chunks that are read.
const MAX_CHUNKS: usize = 10_000;

/// Reads the header, up to the first sample.
pub(super) fn head(source: &mut Source) -> Result<Layout, Refusal> {
    source.skip(8)?;
    let mut format = None;
    for _ in 0..MAX_CHUNKS {
        let mut head = [0; 12];
        if source.fill(&mut head)? < head.len() {
            break;
        }
        let mut size = [0; 8];
        size.copy_from_slice(&head[4..]);
        let size = i64::from_be_bytes(size);
        match &head[..4] {
            b"desc" => format = Some(description(source.peek(32)?)?),
            b"data" => {
                let format = format.ok_or(Refusal::Damaged("no format in front of its samples"))?;
                // A count of edits comes first.
                source.skip(4)?;
                let stated = u64::try_from(size)
                    .ok()
                    .and_then(|size| size.checked_sub(4));
                return Ok(Layout {
                    format,
                    data: stated.filter(|stated| *stated > 0),
                    samples: None,
                });
            }
            _ => {}
        }
        let size = u64::try_from(size).map_err(|_| Refusal::Damaged("a chunk of no size"))?;
        source.skip(size)?;
    }
    Err(Refusal::Damaged("no samples in it"))
}

/// The `desc` chunk.
fn description(body: &[u8]) -> Result<Format, Refusal> {
    let field = |at: usize| {
        let bytes = body.get(at..at + 4).and_then(|bytes| bytes.try_into().ok());
        bytes.map(u32::from_be_bytes)
    };
    let rate = body.first_chunk().map(|bytes| f64::from_be_bytes(*bytes));
    let (Some(rate), Some(flags), Some(channels), Some(bits)) =
        (rate, field(12), field(24), field(28))
    else {
        return Err(Refusal::Damaged("its format is cut short"));
    };
    let big_endian = flags & 2 == 0;
    let coding = match &body[8..12] {
        b"lpcm" if flags & 1 != 0 => match bits {
            32 | 64 => Some(Coding::Float {
                bytes: (bits / 8) as u8,
                big_endian,
            }),
            _ => None,
        },
        b"lpcm" => Coding::integer(u16::try_from(bits).unwrap_or(0), big_endian),
        b"ulaw" => Some(Coding::MuLaw),
        b"alaw" => Some(Coding::ALaw),
        b"ima4" => Some(Coding::AdpcmQt),
        _ => return Err(Refusal::Elsewhere),
    };
    let name = || Refusal::Codec(format!("samples of {bits} bits in a CAF file"));
    Ok(Format {
        coding: coding.ok_or_else(name)?,
        rate: if rate.is_finite() {
            rate.clamp(0.0, 1e9) as u32
        } else {
            0
        },
        channels: u16::try_from(channels).unwrap_or(u16::MAX),
    })
}
