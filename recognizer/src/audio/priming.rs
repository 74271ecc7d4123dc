//! Encoder delay and padding of AAC: the samples before and after the original signal.
//!
//! The decoder does not remove them. Three places state how many there are, best first: the edit
//! list of an MP4 file (ISO/IEC 14496-12, 8.6.6), iTunes' `iTunSMPB` tag, and the codec itself,
//! whose first frame is never part of the signal.

use std::io::{Read, Seek, SeekFrom};

use symphonia::core::codecs::audio::AudioCodecId;
use symphonia::core::codecs::audio::well_known::CODEC_ID_AAC;
use symphonia::core::formats::FormatReader;
use symphonia::core::meta::RawValue;

/// Samples of an AAC frame, the least that any encoder adds at the start.
const AAC_FRAME: f64 = 1024.0;

/// The most boxes of an MP4 file that are read.
const MAX_BOXES: usize = 10_000;

/// The most entries of an edit list that are read.
const MAX_EDITS: u32 = 64;

/// The longest edit that is respected, in seconds: one longer than any encoder's delay is a
/// deliberate cut.
const MAX_START_S: f64 = super::MAX_LENGTH_S;

/// The part of a track that is the original signal.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Span {
    /// From and, if known, for this many seconds.
    Seconds { start: f64, length: Option<f64> },
    /// From and, if known, for this many samples.
    Samples { start: u64, length: Option<u64> },
}

impl Span {
    /// All of it.
    pub const ALL: Self = Self::Samples {
        start: 0,
        length: None,
    };

    /// First sample, and the one after the last.
    pub fn in_samples(self, rate: u32) -> (u64, u64) {
        let (start, length) = match self {
            Self::Seconds { start, length } => {
                let samples = |s: f64| (s * f64::from(rate)).round() as u64;
                (samples(start), length.map(samples))
            }
            Self::Samples { start, length } => (start, length),
        };
        (
            start,
            length.map_or(u64::MAX, |length| start.saturating_add(length)),
        )
    }
}

/// The default if the file does not state it.
pub(super) fn default_span(codec: AudioCodecId) -> Span {
    let start = if codec == CODEC_ID_AAC {
        AAC_FRAME as u64
    } else {
        0
    };
    Span::Samples {
        start,
        length: None,
    }
}

/// The span in iTunes' tag: hexadecimal numbers, the second being the encoder delay, the fourth the
/// length of the original.
pub(super) fn itunes_tag(reader: &mut dyn FormatReader) -> Option<Span> {
    let mut metadata = reader.metadata();
    let tags = &metadata.skip_to_latest()?.media.tags;
    let tag = tags.iter().find(|tag| tag.raw.key.contains("iTunSMPB"))?;
    let RawValue::String(text) = &tag.raw.value else {
        return None;
    };
    parse_itunes_tag(text)
}

fn parse_itunes_tag(text: &str) -> Option<Span> {
    let (start, length) = itunes_numbers(text)?;
    Some(Span::Samples { start, length })
}

/// Encoder delay and the length of the original, in the text of iTunes' tag.
pub(super) fn itunes_numbers(text: &str) -> Option<(u64, Option<u64>)> {
    let mut fields = text
        .split_whitespace()
        .map(|f| u64::from_str_radix(f, 16).ok());
    let start = fields.nth(1)??;
    let length = fields.nth(1).flatten().filter(|length| *length > 0);
    // A frame's priming is a few thousand samples; anything else is damage.
    (start < 1 << 16).then_some((start, length))
}

/// The span in the edit list of the first audio track, if the file is MP4 and
/// has one. Leaves the file at its beginning.
pub(super) fn edit_list<F: Read + Seek>(file: &mut F) -> Option<Span> {
    let span = Boxes::new(file).and_then(|mut boxes| boxes.audio_span());
    file.rewind().ok()?;
    span
}

/// What an MP4 file states besides the edit list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Movie {
    /// The codec of the first audio track, as its four-character code.
    pub codec: Option<[u8; 4]>,
    /// Whether its samples are little-endian, unlike QuickTime's default.
    pub is_little_endian: bool,
    /// Whether the file ends within a box after the index.
    pub is_cut: bool,
}

/// Scans an MP4 file. Leaves it at its beginning.
pub(super) fn movie<F: Read + Seek>(file: &mut F) -> Movie {
    let mut movie = Movie::default();
    if let Some(mut boxes) = Boxes::new(file) {
        movie.is_cut = boxes.is_cut();
        if let Some((codec, is_little_endian)) = boxes.audio_entry() {
            movie.codec = Some(codec);
            movie.is_little_endian = is_little_endian;
        }
    }
    let _ = file.rewind();
    movie
}

/// The contents of a `trak` box.
#[derive(Default)]
struct Trak {
    is_audio: bool,
    /// Units per second of the media time.
    media_scale: Option<u32>,
    /// Media time at which the presentation starts, and its length in units of
    /// the movie.
    edit: Option<(i64, u64)>,
}

/// Walks the boxes of an MP4 file, reading only the few numbers needed.
struct Boxes<'a, F> {
    file: &'a mut F,
    len: u64,
    /// How many more boxes are read.
    budget: usize,
    /// Units per second of the movie.
    movie_scale: Option<u32>,
}

impl<'a, F: Read + Seek> Boxes<'a, F> {
    fn new(file: &'a mut F) -> Option<Self> {
        let len = file.seek(SeekFrom::End(0)).ok()?;
        Some(Self {
            file,
            len,
            budget: MAX_BOXES,
            movie_scale: None,
        })
    }

    fn audio_span(&mut self) -> Option<Span> {
        if self.header(0, self.len)?.kind != *b"ftyp" {
            return None;
        }
        let moov = self.find(0, self.len, b"moov")?;
        let mut at = moov.body;
        while let Some(child) = self.header(at, moov.end) {
            match &child.kind {
                b"mvhd" => self.movie_scale = self.time_scale(&child),
                b"trak" => {
                    let mut trak = Trak::default();
                    self.read_trak(&child, &mut trak);
                    if trak.is_audio {
                        return self.span_of(&trak);
                    }
                }
                _ => {}
            }
            at = child.end;
        }
        None
    }

    /// Whether the file ends within a box after the index.
    fn is_cut(&mut self) -> bool {
        let (mut at, mut indexed) = (0, false);
        while let Some(child) = self.header(at, self.len) {
            indexed |= child.kind == *b"moov";
            at = child.end;
        }
        indexed && at < self.len
    }

    /// The kind of the first audio track's first sample entry, and whether an `enda` box in it
    /// says little-endian.
    fn audio_entry(&mut self) -> Option<([u8; 4], bool)> {
        let moov = self.find(0, self.len, b"moov")?;
        let mut at = moov.body;
        while let Some(child) = self.header(at, moov.end) {
            at = child.end;
            let mut trak = Trak::default();
            if child.kind == *b"trak" {
                self.read_trak(&child, &mut trak);
            }
            if !trak.is_audio {
                continue;
            }
            let mut inner = child;
            for kind in [b"mdia", b"minf", b"stbl", b"stsd"] {
                inner = self.find(inner.body, inner.end, kind)?;
            }
            // A count of entries comes first.
            let entry = self.header(inner.body + 8, inner.end)?;
            let mut bytes = [0; 256];
            let len = usize::try_from(entry.end - entry.body).unwrap_or(0);
            let bytes = &mut bytes[..len.min(256)];
            self.file.seek(SeekFrom::Start(entry.body)).ok()?;
            self.file.read_exact(bytes).ok()?;
            let little = bytes.windows(6).any(|part| part == b"enda\0\x01");
            return Some((entry.kind, little));
        }
        None
    }

    fn span_of(&self, trak: &Trak) -> Option<Span> {
        let (media_time, duration) = trak.edit?;
        let start = media_time as f64 / f64::from(trak.media_scale.filter(|s| *s > 0)?);
        let movie_scale = self.movie_scale.filter(|scale| *scale > 0);
        let length = movie_scale
            .map(|scale| duration as f64 / f64::from(scale))
            // Fragmented files state zero: to the end.
            .filter(|length| *length > 0.0);
        (0.0..MAX_START_S)
            .contains(&start)
            .then_some(Span::Seconds { start, length })
    }

    fn read_trak(&mut self, parent: &Box4, trak: &mut Trak) {
        let mut at = parent.body;
        while let Some(child) = self.header(at, parent.end) {
            match &child.kind {
                // Two containers deep at most, so this ends.
                b"mdia" | b"edts" if parent.kind == *b"trak" => self.read_trak(&child, trak),
                b"mdhd" => trak.media_scale = self.time_scale(&child),
                b"hdlr" => trak.is_audio = self.read(child.body + 8) == Some(*b"soun"),
                b"elst" => trak.edit = self.first_edit(&child),
                _ => {}
            }
            at = child.end;
        }
    }

    /// The first entry that is not an empty edit.
    fn first_edit(&mut self, elst: &Box4) -> Option<(i64, u64)> {
        let [version, ..] = self.read::<4>(elst.body)?;
        let entries = u32::from_be_bytes(self.read(elst.body + 4)?).min(MAX_EDITS);
        let size = if version == 1 { 20 } else { 12 };
        (0..u64::from(entries)).find_map(|index| {
            let at = elst.body + 8 + index * size;
            if at + size > elst.end {
                return None;
            }
            let (duration, media_time) = if version == 1 {
                let duration = u64::from_be_bytes(self.read(at)?);
                (duration, i64::from_be_bytes(self.read(at + 8)?))
            } else {
                let duration = u64::from(u32::from_be_bytes(self.read(at)?));
                (duration, i64::from(i32::from_be_bytes(self.read(at + 4)?)))
            };
            (media_time >= 0).then_some((media_time, duration))
        })
    }

    /// Units a second in an `mvhd` or `mdhd` box.
    fn time_scale(&mut self, header: &Box4) -> Option<u32> {
        let [version, ..] = self.read::<4>(header.body)?;
        let offset = if version == 1 { 20 } else { 12 };
        self.read(header.body + offset).map(u32::from_be_bytes)
    }

    fn find(&mut self, mut at: u64, end: u64, kind: &[u8; 4]) -> Option<Box4> {
        loop {
            let found = self.header(at, end)?;
            if found.kind == *kind {
                return Some(found);
            }
            at = found.end;
        }
    }

    /// The box that begins at `at`, or `None` when none fits before `end`.
    fn header(&mut self, at: u64, end: u64) -> Option<Box4> {
        self.budget = self.budget.checked_sub(1)?;
        let size = u32::from_be_bytes(self.read(at)?);
        let kind = self.read(at + 4)?;
        let (size, head) = match size {
            0 => (end.checked_sub(at)?, 8),
            1 => (u64::from_be_bytes(self.read(at + 8)?), 16),
            size => (u64::from(size), 8),
        };
        let box_end = at.checked_add(size)?;
        (size >= head && box_end <= end).then_some(Box4 {
            kind,
            body: at + head,
            end: box_end,
        })
    }

    fn read<const N: usize>(&mut self, at: u64) -> Option<[u8; N]> {
        let mut bytes = [0; N];
        self.file.seek(SeekFrom::Start(at)).ok()?;
        self.file.read_exact(&mut bytes).ok()?;
        Some(bytes)
    }
}

/// Place and kind of a box.
struct Box4 {
    kind: [u8; 4],
    /// First byte of the content.
    body: u64,
    /// Byte after the box.
    end: u64,
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Cursor;

    fn boxed(kind: &[u8; 4], content: &[u8]) -> Vec<u8> {
        let size = (8 + content.len()) as u32;
        [&size.to_be_bytes()[..], kind, content].concat()
    }

    /// A header box of version 0 with `scale` units a second.
    fn scale(kind: &[u8; 4], scale: u32) -> Vec<u8> {
        boxed(
            kind,
            &[&[0; 12][..], &scale.to_be_bytes(), &[0; 4]].concat(),
        )
    }

    fn movie(edits: &[(u32, i32)]) -> Vec<u8> {
        let entries = edits.iter().flat_map(|(duration, time)| {
            [duration.to_be_bytes(), time.to_be_bytes(), [0, 1, 0, 0]].concat()
        });
        let mut elst = vec![0; 4];
        elst.extend((edits.len() as u32).to_be_bytes());
        elst.extend(entries);
        let hdlr = boxed(b"hdlr", b"\0\0\0\0\0\0\0\0soun\0\0\0\0");
        let mdia = boxed(b"mdia", &[scale(b"mdhd", 44_100), hdlr].concat());
        let edts = boxed(b"edts", &boxed(b"elst", &elst));
        let trak = boxed(b"trak", &[edts, mdia].concat());
        let moov = boxed(b"moov", &[scale(b"mvhd", 1000), trak].concat());
        [boxed(b"ftyp", b"M4A "), boxed(b"mdat", &[0; 99]), moov].concat()
    }

    #[test]
    fn reads_the_first_edit_that_is_not_empty() {
        let file = movie(&[(500, -1), (2_000, 2_112)]);
        let span = edit_list(&mut Cursor::new(&file)).unwrap();
        assert_eq!(span.in_samples(44_100), (2_112, 2_112 + 88_200));
    }

    #[test]
    fn every_damaged_byte_is_survived() {
        let file = movie(&[(2_000, 1_024)]);
        for at in 0..file.len() {
            for value in [0, 1, 0x7f, 0xff] {
                let mut damaged = file.clone();
                damaged[at] = value;
                let _ = edit_list(&mut Cursor::new(&damaged));
            }
            assert_eq!(edit_list(&mut Cursor::new(&file[..at])), None);
        }
    }

    #[test]
    fn reads_itunes_numbers() {
        let tag = " 00000000 00000840 000001CA 00000000003F31F6 00000000 00000000";
        let (start, end) = parse_itunes_tag(tag).unwrap().in_samples(44_100);
        assert_eq!((start, end - start), (0x840, 0x3F_31F6));
        assert_eq!(parse_itunes_tag("00 xx"), None);
        assert_eq!(parse_itunes_tag("00 FFFFFFFF 00 00"), None);
    }
}
