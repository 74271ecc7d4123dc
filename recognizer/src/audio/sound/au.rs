//! Sun's and NeXT's `.snd` and `.au`.

use super::format::{Coding, Format};
use super::{Layout, Refusal};
use crate::audio::source::Source;

/// Reads the header, up to the first sample.
pub(super) fn head(source: &mut Source) -> Result<Layout, Refusal> {
    let mut head = [0; 24];
    if source.fill(&mut head)? < head.len() {
        return Err(Refusal::Damaged("its format is cut short"));
    }
    let field =
        |at: usize| u32::from_be_bytes([head[at], head[at + 1], head[at + 2], head[at + 3]]);
    let big_endian = true;
    let coding = match field(12) {
        1 => Coding::MuLaw,
        encoding @ 2..=5 => Coding::Integer {
            bytes: (encoding - 1) as u8,
            big_endian,
        },
        6 => Coding::Float {
            bytes: 4,
            big_endian,
        },
        7 => Coding::Float {
            bytes: 8,
            big_endian,
        },
        27 => Coding::ALaw,
        other => return Err(Refusal::Codec(format!("encoding {other} of a .snd file"))),
    };
    source.skip(u64::from(field(4)).saturating_sub(24))?;
    let size = Some(field(8)).filter(|size| *size != u32::MAX && *size != 0);
    Ok(Layout {
        format: Format {
            coding,
            rate: field(16),
            channels: u16::try_from(field(20)).unwrap_or(u16::MAX),
        },
        data: size.map(u64::from),
        samples: None,
    })
}
