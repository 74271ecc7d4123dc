//! AIFF and AIFC (Apple, 1989 and 1991).

use super::format::{Coding, Format};
use super::ids::{ends_here, is_padded};
use super::{Layout, Refusal, UNKNOWN_FROM};
use crate::audio::source::Source;

/// The most chunks that are read.
const MAX_CHUNKS: usize = 10_000;

/// Reads the header, up to the first sample. The samples may come before their description.
pub(super) fn head(source: &mut Source) -> Result<Layout, Refusal> {
    let mut form = [0; 12];
    source.fill(&mut form)?;
    let compressed = form.ends_with(b"AIFC");
    let mut described: Option<(Format, u64)> = None;
    // Where the samples begin, and the stated number of bytes.
    let mut sound: Option<(u64, u64)> = None;
    for _ in 0..MAX_CHUNKS {
        let mut head = [0; 8];
        if source.fill(&mut head)? < head.len() {
            break;
        }
        let size = u64::from(u32::from_be_bytes([head[4], head[5], head[6], head[7]]));
        match &head[..4] {
            b"COMM" => {
                let body = source.peek(size.min(4096) as usize)?;
                described = Some(common(body, compressed)?);
            }
            b"SSND" if sound.is_none() => {
                let body = source.peek(4)?;
                let offset = <[u8; 4]>::try_from(body).map_or(0, u32::from_be_bytes);
                let before = 8 + u64::from(offset);
                let begin = source.position() + before;
                sound = Some((begin, size.saturating_sub(before)));
                if described.is_some() {
                    break;
                }
            }
            _ => {}
        }
        source.skip(size)?;
        if size % 2 == 1 && is_padded(source.peek(5)?) {
            source.skip(1)?;
        }
    }
    let (format, samples) = described.ok_or(Refusal::Damaged("no format in it"))?;
    let (begin, stated) = sound.ok_or(Refusal::Damaged("no samples in it"))?;
    source.seek_to(begin)?;
    let left = source.left().unwrap_or(0);
    let data = if stated >= UNKNOWN_FROM && stated > left {
        None
    } else if stated == 0 {
        // ffmpeg writes this into a pipe.
        ends_here(source.peek(9)?, Some(left), true).then_some(0)
    } else if stated < left {
        source.seek_to(begin + stated)?;
        let ends = ends_here(source.peek(9)?, Some(left - stated), true);
        source.seek_to(begin)?;
        ends.then_some(stated)
    } else {
        Some(stated)
    };
    // Compressed samples are counted in blocks.
    let in_block = format.block().map_or(1, |block| block.samples);
    Ok(Layout {
        format,
        data,
        samples: Some(samples * in_block).filter(|_| data.is_some()),
    })
}

/// The `COMM` chunk: the format, and the number of frames.
fn common(body: &[u8], compressed: bool) -> Result<(Format, u64), Refusal> {
    let [a, b, n0, n1, n2, n3, bits_a, bits_b, rate @ ..] = body else {
        return Err(Refusal::Damaged("its format is cut short"));
    };
    let rate_hz = rate.first_chunk().map(extended).unwrap_or(0.0);
    let bits = u16::from_be_bytes([*bits_a, *bits_b]);
    let kind = rate.get(10..14).filter(|_| compressed).unwrap_or(b"NONE");
    let float = |bytes| Coding::Float {
        bytes,
        big_endian: true,
    };
    let coding = match &kind.to_ascii_lowercase()[..] {
        b"none" | b"twos" => Coding::integer(bits, true),
        b"sowt" => Coding::integer(bits, false),
        b"in16" => Coding::integer(16, true),
        b"in24" => Coding::integer(24, true),
        b"in32" => Coding::integer(32, true),
        b"42ni" => Coding::integer(24, false),
        b"23ni" => Coding::integer(32, false),
        b"fl32" => Some(float(4)),
        b"fl64" => Some(float(8)),
        b"alaw" => Some(Coding::ALaw),
        b"ulaw" => Some(Coding::MuLaw),
        b"raw " => Some(Coding::Unsigned8),
        b"ima4" => Some(Coding::AdpcmQt),
        _ => None,
    };
    let coding = coding.ok_or_else(|| {
        let kind = String::from_utf8_lossy(kind);
        Refusal::Codec(format!("AIFC with samples of {bits} bits as \"{kind}\""))
    })?;
    let format = Format {
        coding,
        rate: rate_hz.clamp(0.0, 1e9).round() as u32,
        channels: u16::from_be_bytes([*a, *b]),
    };
    let frames = u32::from_be_bytes([*n0, *n1, *n2, *n3]);
    Ok((format, u64::from(frames)))
}

/// A floating-point number of 80 bits (IEEE 754, extended).
fn extended(bytes: &[u8; 10]) -> f64 {
    let exponent = i32::from(u16::from_be_bytes([bytes[0], bytes[1]]) & 0x7FFF) - 16_383;
    let mut mantissa = [0; 8];
    mantissa.copy_from_slice(&bytes[2..]);
    let value =
        u64::from_be_bytes(mantissa) as f64 * 2.0_f64.powi(exponent.clamp(-1000, 1000) - 63);
    if bytes[0] & 0x80 != 0 { -value } else { value }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_of_80_bits() {
        assert_eq!(
            extended(&[0x40, 0x0E, 0xAC, 0x44, 0, 0, 0, 0, 0, 0]),
            44_100.0
        );
        assert_eq!(extended(&[0x40, 0x0B, 0xFA, 0, 0, 0, 0, 0, 0, 0]), 8_000.0);
        assert_eq!(extended(&[0; 10]), 0.0);
    }
}
