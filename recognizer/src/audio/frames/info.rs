//! Delay, padding and length of MP3s: the encoder's header in the first frame (Xing, Info, VBRI,
//! with the extension of LAME), and iTunes' tag.

use super::Header;
use crate::audio::priming;

/// Delay of a layer 3 decoder, in samples.
const DECODER_DELAY: u32 = 528 + 1;

/// The numbers in an information frame, which has no music.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Info {
    /// Frames after this one.
    pub frames: Option<u32>,
    /// Samples before the music, the decoder's delay included.
    pub delay: u32,
    /// Samples after the music.
    pub padding: u32,
}

impl Info {
    /// Reads a whole frame. `None` if it holds music.
    pub fn parse(frame: &[u8], header: &Header) -> Option<Self> {
        if !header.is_layer_3() {
            return None;
        }
        Self::xing(frame, header).or_else(|| Self::vbri(frame))
    }

    fn xing(frame: &[u8], header: &Header) -> Option<Self> {
        let at = 4 + header.side_info();
        let side = frame.get(6..at)?;
        let mut rest = frame.get(at..)?;
        // The two bytes after the header may be its checksum.
        if side.iter().any(|byte| *byte != 0) || !matches!(rest.get(..4)?, b"Xing" | b"Info") {
            return None;
        }
        rest = &rest[4..];
        let flags = number(&mut rest, 4)?;
        let mut optional = |flag: u32, bytes: usize| {
            let there = flags & flag != 0 && rest.len() >= bytes;
            there.then(|| {
                let (now, later) = rest.split_at(bytes);
                rest = later;
                now
            })
        };
        let frames = optional(1, 4).and_then(|mut bytes| number(&mut bytes, 4));
        for (flag, bytes) in [(2, 4), (4, 100), (8, 4)] {
            optional(flag, bytes);
        }
        let (delay, padding) = lame(rest).unwrap_or((0, 0));
        Some(Self {
            frames,
            delay,
            padding,
        })
    }

    fn vbri(frame: &[u8]) -> Option<Self> {
        let silent = frame.get(6..36)?.iter().all(|byte| *byte == 0);
        let mut rest = frame.get(36..)?.strip_prefix(b"VBRI")?;
        let version = number(&mut rest, 2)?;
        number(&mut rest, 4)?;
        let _bytes = number(&mut rest, 4)?;
        let frames = number(&mut rest, 4)?;
        (silent && version == 1).then_some(Self {
            frames: Some(frames),
            delay: 0,
            padding: 0,
        })
    }
}

/// Delay and padding in LAME's extension, which libavformat writes too.
fn lame(extension: &[u8]) -> Option<(u32, u32)> {
    let encoder = extension.get(..4)?;
    let mut trim = extension.get(21..24)?;
    if !matches!(encoder, b"LAME" | b"Lavf" | b"Lavc") {
        return None;
    }
    let trim = number(&mut trim, 3)?;
    let padding = (trim & 0xFFF).saturating_sub(DECODER_DELAY);
    Some((DECODER_DELAY + (trim >> 12), padding))
}

/// The big-endian number in the next bytes.
fn number(bytes: &mut &[u8], count: usize) -> Option<u32> {
    let (now, later) = bytes.split_at_checked(count)?;
    *bytes = later;
    Some(
        now.iter()
            .fold(0, |sum, byte| (sum << 8) | u32::from(*byte)),
    )
}

/// The delay, with the decoder's, and the length of the music in samples, from iTunes' tag, whose
/// text may have one or two bytes per character.
pub(super) fn itunes_in_tag(tag: &[u8]) -> Option<(u32, u64)> {
    let letters: Vec<u8> = tag.iter().copied().filter(|byte| *byte != 0).collect();
    let name = b"iTunSMPB";
    let at = letters.windows(name.len()).position(|part| part == name)?;
    let text = letters[at + name.len()..].iter().take(120);
    let text: String = text
        .map(|byte| {
            if byte.is_ascii() {
                char::from(*byte)
            } else {
                ' '
            }
        })
        .collect();
    let (start, length) = priming::itunes_numbers(text.trim_start_matches(|c| c != ' '))?;
    Some((
        DECODER_DELAY + u32::try_from(start).ok()?,
        length.unwrap_or(0),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn itunes_is_read_in_either_width() {
        let text = "iTunSMPB\0 00000000 00000210 00000A24 000000000000F3CC 00000000";
        assert_eq!(itunes_in_tag(text.as_bytes()), Some((528 + 529, 0xF3CC)));
        let wide: Vec<u8> = text.bytes().flat_map(|byte| [byte, 0]).collect();
        assert_eq!(itunes_in_tag(&wide), Some((528 + 529, 0xF3CC)));
        assert_eq!(itunes_in_tag(b"iTunSMPB"), None);
        assert_eq!(itunes_in_tag(b"nothing"), None);
    }

    #[test]
    fn lame_says_what_it_added() {
        let mut extension = b"LAME3.100".to_vec();
        extension.resize(21, 0);
        extension.extend([0x24, 0x05, 0x20]);
        assert_eq!(lame(&extension), Some((529 + 576, 0x520 - 529)));
        extension[0] = b'X';
        assert_eq!(lame(&extension), None);
    }
}
