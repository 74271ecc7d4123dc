//! Chunk boundaries in malformed files.

/// Names of chunks that occur in WAV and AIFF files.
const KNOWN: [&[u8; 4]; 34] = [
    b"fmt ", b"data", b"fact", b"LIST", b"list", b"ds64", b"bext", b"JUNK", b"junk", b"PAD ",
    b"cue ", b"smpl", b"inst", b"id3 ", b"ID3 ", b"iXML", b"axml", b"chna", b"PEAK", b"cart",
    b"acid", b"afsp", b"DISP", b"FLLR", b"COMM", b"SSND", b"MARK", b"INST", b"NAME", b"AUTH",
    b"ANNO", b"APPL", b"FVER", b"CHAN",
];

/// Whether these bytes may be the name of a chunk: letters, digits, spaces and the like.
pub(super) fn is_name(id: &[u8]) -> bool {
    id.len() >= 4 && id[..4].iter().all(|byte| (0x20..0x7F).contains(byte))
}

fn is_known(id: &[u8]) -> bool {
    KNOWN.iter().any(|known| id.starts_with(*known))
}

/// Whether a padding byte comes first after a chunk of odd length: it is required, but some writers
/// omit it.
pub(super) fn is_padded(behind: &[u8]) -> bool {
    let [first, name @ ..] = behind else {
        return false;
    };
    is_known(name) || !(is_known(behind) || is_name(behind)) || (*first == 0 && is_name(name))
}

/// Whether the samples really end here, where their chunk's stated size ends: `behind` begins with
/// another chunk that fits into the `left` bytes of the file, a tag, or padding. `left` is `None`
/// if unknown.
pub(super) fn ends_here(behind: &[u8], left: Option<u64>, big_endian: bool) -> bool {
    let at = usize::from(!is_known(behind) && !is_name(behind));
    let Some(chunk) = behind.get(at..).filter(|chunk| chunk.len() >= 8) else {
        return true;
    };
    let tags = [&b"ID3"[..], b"TAG", b"APETAGEX"];
    let is_tag = |bytes: &[u8]| tags.iter().any(|tag| bytes.starts_with(tag));
    if is_known(chunk) || is_tag(chunk) || is_tag(behind) {
        return true;
    }
    let size = [chunk[4], chunk[5], chunk[6], chunk[7]];
    let size = if big_endian {
        u32::from_be_bytes(size)
    } else {
        u32::from_le_bytes(size)
    };
    is_name(chunk) && left.is_some_and(|left| u64::from(size) + 8 <= left)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn padding_is_told_from_a_name() {
        assert!(is_padded(b"\0data1234"));
        assert!(!is_padded(b"data1234"));
        assert!(!is_padded(b"xyz 1234"));
        assert!(is_padded(b"\x17LIST1234"));
        assert!(!is_padded(b""));
    }

    #[test]
    fn music_is_told_from_a_chunk() {
        assert!(ends_here(b"LIST\x10\0\0\0", Some(24), false));
        assert!(ends_here(b"\0LIST\x10\0\0\0", Some(25), false));
        assert!(ends_here(b"what\x10\0\0\0", Some(24), false));
        assert!(!ends_here(b"what\x10\0\0\0", Some(20), false));
        assert!(!ends_here(
            b"\x12\xFF\x20\xFE\x19\xFD\x20\xFC\x01",
            Some(900),
            false
        ));
        assert!(ends_here(b"\0\0\0", Some(3), false));
    }
}
