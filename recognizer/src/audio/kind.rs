//! Detection of a file's format by its first bytes, independent of its name.

use std::io;

use super::source::Source;

/// Bytes that are examined.
const HEAD: usize = 4096;

/// The most bytes of leading tags that are skipped.
const MAX_TAGS: usize = 64 << 20;

/// A format of audio files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// WAV, and its larger relatives RF64 and BW64; big-endian as RIFX.
    Wave,
    /// Sony's Wave64.
    Wave64,
    /// AIFF and AIFC.
    Aiff,
    /// Sun's and NeXT's `.snd`.
    Au,
    /// FLAC without a container.
    Flac,
    /// Apple's Core Audio Format.
    Caf,
    /// MP4 and QuickTime.
    Mp4,
    /// Ogg.
    Ogg,
    /// Matroska and WebM.
    Matroska,
    /// MPEG audio (MP3) or AAC in ADTS without a container; found by search.
    Frames,
    /// A recognized format that is not supported, by name.
    Foreign(&'static str),
}

/// The first 16 bytes of a Wave64 file: the GUID of `riff`.
pub(super) const WAVE64: [u8; 16] = [
    0x72, 0x69, 0x66, 0x66, 0x2E, 0x91, 0xCF, 0x11, 0xA5, 0xD6, 0x28, 0xDB, 0x04, 0xC1, 0x00, 0x00,
];

/// The GUID that Windows Media files begin with.
const ASF: [u8; 8] = [0x30, 0x26, 0xB2, 0x75, 0x8E, 0x66, 0xCF, 0x11];

/// Unsupported formats: offset, bytes there, and name.
const FOREIGN: [(usize, &[u8], &str); 24] = [
    (0, &ASF, "Windows Media (WMA)"),
    (0, b"wvpk", "WavPack"),
    (0, b"MAC ", "Monkey's Audio (APE)"),
    (0, b"MPCK", "Musepack"),
    (0, b"MP+", "Musepack"),
    (0, b"TTA1", "True Audio (TTA)"),
    (0, b"OFR ", "OptimFROG"),
    (0, b"DSD ", "DSD (DSF)"),
    (0, b"FRM8", "DSD (DSDIFF)"),
    (0, b"tBaK", "TAK"),
    (0, b"ajkg", "Shorten"),
    (0, b"#!AMR", "AMR"),
    (0, b".RMF", "RealMedia"),
    (0, b".ra\xFD", "RealAudio"),
    (0, b"ADIF", "AAC in ADIF"),
    (0, b"FLV\x01", "Flash video"),
    (0, b"\x0B\x77", "Dolby Digital (AC-3)"),
    (0, b"\x7F\xFE\x80\x01", "DTS"),
    (0, b"\x00\x00\x01\xBA", "an MPEG program stream"),
    (8, b"AVI ", "an AVI file"),
    (8, b"8SVX", "8SVX"),
    (0, b"MThd", "a MIDI file, which has notes and no audio"),
    (0, b"VOC\x1A", "Creative Voice"),
    (0, b"Creative Voice File", "Creative Voice"),
];

impl Kind {
    /// The format of `source`, and the length in bytes of ID3 tags before it, which any format may
    /// have.
    pub fn detect(source: &mut Source) -> io::Result<(Self, usize)> {
        let mut tags = 0;
        while tags < MAX_TAGS {
            let tag = id3_length(source.peek(tags + 10)?.get(tags..).unwrap_or(&[]));
            if tag == 0 {
                break;
            }
            tags += tag;
        }
        let head = source.peek(tags.min(MAX_TAGS) + HEAD)?;
        let kind = Self::from_bytes(head.get(tags..).unwrap_or(&[]));
        Ok((kind.unwrap_or(Self::Frames), tags))
    }

    fn from_bytes(head: &[u8]) -> Option<Self> {
        let at = |from: usize, bytes: &[u8]| head.get(from..from + bytes.len()) == Some(bytes);
        let riff = at(0, b"RIFF") || at(0, b"RIFX") || at(0, b"RF64") || at(0, b"BW64");
        if riff && (at(8, b"WAVE") || at(8, b"RMP3")) {
            return Some(Self::Wave);
        }
        if at(0, &WAVE64) {
            return Some(Self::Wave64);
        }
        if at(0, b"FORM") && (at(8, b"AIFF") || at(8, b"AIFC")) {
            return Some(Self::Aiff);
        }
        if at(0, b"OggS") && at(28, b"Speex   ") {
            return Some(Self::Foreign("Speex"));
        }
        let simple = [
            (&b".snd"[..], Self::Au),
            (b"fLaC", Self::Flac),
            (b"caff", Self::Caf),
            (b"OggS", Self::Ogg),
            (b"\x1A\x45\xDF\xA3", Self::Matroska),
        ];
        if let Some((_, kind)) = simple.iter().find(|(bytes, _)| at(0, bytes)) {
            return Some(*kind);
        }
        let boxes = [
            b"ftyp", b"moov", b"mdat", b"wide", b"skip", b"free", b"pnot",
        ];
        if boxes.iter().any(|kind| at(4, *kind)) {
            return Some(Self::Mp4);
        }
        if at(0, &[0x47]) && at(188, &[0x47]) && at(376, &[0x47]) {
            return Some(Self::Foreign("an MPEG transport stream"));
        }
        let foreign = FOREIGN.iter().find(|(from, bytes, _)| at(*from, bytes));
        foreign.map(|(_, _, name)| Self::Foreign(name))
    }

    /// Whether it can be read from beginning to end: the others may have an index at their end.
    pub fn is_read_in_order(self) -> bool {
        !matches!(self, Self::Mp4 | Self::Caf | Self::Aiff)
    }
}

/// Bytes of the ID3v2 tag that `head` begins with; 0 if there is none.
pub(super) fn id3_length(head: &[u8]) -> usize {
    let [b'I', b'D', b'3', major, minor, flags, a, b, c, d, ..] = *head else {
        return 0;
    };
    if major == 0xFF || minor == 0xFF || (a | b | c | d) & 0x80 != 0 {
        return 0;
    }
    let size = [a, b, c, d]
        .iter()
        .fold(0_usize, |sum, byte| (sum << 7) | usize::from(*byte));
    let footer = if flags & 0x10 != 0 { 10 } else { 0 };
    10 + size + footer
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind_of(bytes: &[u8]) -> Kind {
        let mut source = Source::stream(io::Cursor::new(bytes.to_vec()));
        Kind::detect(&mut source).unwrap().0
    }

    #[test]
    fn the_first_bytes_decide() {
        assert_eq!(kind_of(b"RIFF\0\0\0\0WAVEfmt "), Kind::Wave);
        assert_eq!(kind_of(b"RF64\xFF\xFF\xFF\xFFWAVEds64"), Kind::Wave);
        assert_eq!(kind_of(b"FORM\0\0\0\0AIFCCOMM"), Kind::Aiff);
        assert_eq!(kind_of(b"\0\0\0\x1CftypM4A "), Kind::Mp4);
        assert_eq!(kind_of(b"\xFF\xFB\x90\x64"), Kind::Frames);
        assert_eq!(kind_of(b""), Kind::Frames);
        assert_eq!(kind_of(b"wvpk\0\0\0\0"), Kind::Foreign("WavPack"));
    }

    #[test]
    fn a_tag_in_front_is_looked_past() {
        let tag = b"ID3\x03\0\0\0\0\0\x05.....";
        assert_eq!(kind_of(&[&tag[..], b"fLaC"].concat()), Kind::Flac);
        assert_eq!(kind_of(&[&tag[..], b"\xFF\xFB"].concat()), Kind::Frames);
        // Longer than the file.
        assert_eq!(kind_of(b"ID3\x03\0\0\x7F\x7F\x7F\x7Fabc"), Kind::Frames);
    }
}
