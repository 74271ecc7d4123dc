//! FLAC without a container: its header is rewritten for symphonia.
//!
//! symphonia 0.6.1 refuses a FLAC whose smallest block is below 16 samples. If the smallest and the
//! largest block differ (encoders count the last one, which is shorter), it expects blocks of
//! variable length and finds none. It also refuses damaged pictures and comments, which are not
//! needed here.

use std::io;

use super::source::Source;

/// Bytes of the block that describes the stream (STREAMINFO).
const INFO: usize = 34;

/// The most metadata blocks that are read.
const MAX_BLOCKS: usize = 10_000;

/// The fewest samples of a block that symphonia accepts.
const MIN_BLOCK: u16 = 16;

/// Reads the header of a FLAC stream and returns one to put before the rest of it; `None` if it
/// does not describe the stream.
pub(super) fn head(source: &mut Source) -> io::Result<Option<Vec<u8>>> {
    source.skip(4)?;
    let mut info = None;
    for _ in 0..MAX_BLOCKS {
        let mut block = [0; 4];
        // Frames may begin although no block was marked as the last.
        if matches!(source.peek(2)?, [0xFF, 0xF8 | 0xF9]) || source.fill(&mut block)? < 4 {
            break;
        }
        let size = u32::from_be_bytes([0, block[1], block[2], block[3]]);
        let (is_last, kind) = (block[0] & 0x80 != 0, block[0] & 0x7F);
        if kind == 0 && info.is_none() {
            info = source.peek(INFO)?.first_chunk::<INFO>().copied();
        }
        source.skip(u64::from(size))?;
        if is_last {
            break;
        }
    }
    let Some(mut info) = info else {
        return Ok(None);
    };
    let is_fixed = match source.peek(2)? {
        [0xFF, 0xF9] => Some(false),
        [0xFF, 0xF8] => Some(true),
        _ => None,
    };
    let least = u16::from_be_bytes([info[0], info[1]]);
    let most = u16::from_be_bytes([info[2], info[3]]).max(MIN_BLOCK);
    let least = match is_fixed {
        Some(true) => most,
        Some(false) if most > MIN_BLOCK => least.clamp(MIN_BLOCK, most - 1),
        _ => least.clamp(MIN_BLOCK, most),
    };
    info[..2].copy_from_slice(&least.to_be_bytes());
    info[2..4].copy_from_slice(&most.to_be_bytes());
    Ok(Some([&b"fLaC\x80\0\0\x22"[..], &info].concat()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stream(least: u16, most: u16, frame: u8) -> Vec<u8> {
        let mut bytes = b"fLaC\0\0\0\x22".to_vec();
        bytes.extend(least.to_be_bytes());
        bytes.extend(most.to_be_bytes());
        bytes.extend([7; INFO - 4]);
        // A picture, the last block.
        bytes.extend([0x86, 0, 0, 3, 1, 2, 3, 0xFF, frame]);
        bytes
    }

    fn blocks(least: u16, most: u16, frame: u8) -> (u16, u16) {
        let bytes = stream(least, most, frame);
        let mut source = Source::stream(io::Cursor::new(bytes));
        let head = head(&mut source).unwrap().unwrap();
        assert_eq!(head.len(), 8 + INFO);
        assert_eq!(source.peek(2).unwrap(), [0xFF, frame]);
        let number = |at: usize| u16::from_be_bytes([head[at], head[at + 1]]);
        (number(8), number(10))
    }

    #[test]
    fn blocks_of_one_length_are_told_so() {
        assert_eq!(blocks(4096, 4096, 0xF8), (4096, 4096));
        assert_eq!(blocks(5, 4096, 0xF8), (4096, 4096));
        assert_eq!(blocks(512, 4096, 0xF9), (512, 4096));
        assert_eq!(blocks(3, 4096, 0xF9), (16, 4096));
        assert_eq!(blocks(4096, 4096, 0xF9), (4095, 4096));
    }

    #[test]
    fn without_a_description_there_is_none() {
        for bytes in [&b"fLaC"[..], b"fLaC\x86\0\0\x03123", b"fLaC\0\0\0\x22short"] {
            let mut source = Source::stream(io::Cursor::new(bytes.to_vec()));
            assert_eq!(head(&mut source).unwrap(), None);
        }
    }
}
