//! Reader of frames without a container: MPEG audio (MP1, MP2, MP3) and AAC in ADTS.
//!
//! The length of such a file is known only from the frames themselves, so all of them are read:
//! symphonia 0.6.1 estimates the length of an MP3 without a Xing header from its first frames and
//! cuts the rest, ends after the first of several concatenated files, and does not get past a
//! leading picture of more than 1 MiB.
//!
//! The file is a sequence of parts. A part begins with the file, after a tag, with a Xing or VBRI
//! header, or where the format of the frames changes. Its header may state how many frames it has,
//! and how many samples the encoder added before and after (the LAME extension). Samples at the end
//! are cut only if the part is as long as stated.

mod header;
mod info;

use std::collections::VecDeque;
use std::io;

use symphonia::core::audio::{Channels, layouts};
use symphonia::core::codecs::audio::AudioCodecParameters;
use symphonia::core::errors::Error;
use symphonia::core::packet::PacketBuilder;
use symphonia::core::units::{Duration, Timestamp};

use super::demux::{Demux, Item};
use super::kind::id3_length;
use super::source::Source;
use header::Header;
use info::Info;

/// Bytes without a frame after which the search ends: the file, or the rest of it, is something
/// else.
const MAX_JUNK: u64 = 4 << 20;

/// Consecutive frames that are required where no frame was read before.
const SURE: usize = 3;

/// The most frames that an encoder adds at the end. Anything longer is music, whatever length is
/// stated.
const MAX_PADDING: usize = 9;

/// Bytes of a tag that are searched for iTunes' numbers; pictures come after them.
const TAG_TEXT: usize = 256 * 1024;

/// A reader of frames.
pub(super) struct Frames {
    source: Source,
    /// Format of the frames of the part so far.
    like: Option<Header>,
    /// Whether the next frame is expected right here.
    in_sync: bool,
    part: Part,
    /// Whether the next frame may be a header of a new part.
    part_begins: bool,
    /// iTunes' numbers for the part that begins.
    tagged: Option<(u32, u64)>,
    ready: VecDeque<Item>,
    /// Samples that the finished parts stated but did not have.
    missing: u64,
    /// Bytes since the last frame that were neither a frame nor a tag.
    junk: u64,
    ended: bool,
}

/// State of the current part.
#[derive(Default)]
struct Part {
    /// Samples before the music.
    delay: u64,
    /// Frames that it states.
    stated_frames: Option<u64>,
    /// Where its music ends, in samples after the delay, if it has as many frames as stated.
    end: Option<u64>,
    frames: u64,
    /// Samples read, those of the delay included.
    samples: u64,
    /// Frames that reach beyond the end: cut there if no more frames come than stated.
    held: VecDeque<(u64, Header, Vec<u8>)>,
}

impl Frames {
    /// Reads to the first frame.
    pub fn open(source: Source) -> Result<(Self, AudioCodecParameters), Error> {
        let mut frames = Self {
            source,
            like: None,
            in_sync: false,
            part: Part::default(),
            part_begins: true,
            tagged: None,
            ready: VecDeque::new(),
            missing: 0,
            junk: 0,
            ended: false,
        };
        while frames.ready.is_empty() && !frames.ended {
            frames.read_one()?;
        }
        match frames.ready.pop_front() {
            Some(Item::Stream(parameters)) => Ok((frames, *parameters)),
            _ => Err(Error::Unsupported("no audio frames in it")),
        }
    }

    /// Reads the next item: a frame, a tag or a byte that is neither.
    fn read_one(&mut self) -> Result<(), Error> {
        if self.pass_tag()? {
            return Ok(());
        }
        let head = self.source.peek(header::LEN)?;
        if head.len() < header::MIN {
            self.end();
            return Ok(());
        }
        let found = Header::parse(head).filter(|found| !found.is_free());
        match found {
            Some(found) if self.is_frame(&found)? => self.take_frame(found),
            _ => self.pass_junk(),
        }
    }

    /// Whether an apparent header is one: it is in sequence, or others like it follow.
    fn is_frame(&mut self, found: &Header) -> io::Result<bool> {
        let like = self.like.as_ref().is_some_and(|like| like.is_like(found));
        if self.in_sync && like {
            return Ok(true);
        }
        let mut at = 0;
        let mut next = *found;
        for _ in 0..SURE {
            at += next.size;
            let bytes = self.source.peek(at + header::LEN)?;
            if bytes.len() < at {
                // The file ends in this frame: accept it if it is like those before.
                return Ok(like);
            }
            let behind = &bytes[at..];
            if behind.len() < header::MIN || is_tag(behind) {
                return Ok(true);
            }
            match Header::parse(behind) {
                // After one that is like those before, any header is accepted.
                Some(header) if header.is_like(&next) || like => next = header,
                _ => return Ok(false),
            }
        }
        Ok(true)
    }

    fn take_frame(&mut self, header: Header) -> Result<(), Error> {
        let mut bytes = vec![0; header.size];
        if self.source.fill(&mut bytes)? < bytes.len() {
            self.end();
            return Ok(());
        }
        self.in_sync = true;
        self.junk = 0;
        let changes = !self.like.is_some_and(|like| like.is_like(&header));
        let info = Info::parse(&bytes, &header);
        if self.part_begins || changes || info.is_some() {
            self.begin_part(header, info.as_ref());
        }
        if info.is_none() {
            self.add_frame(header, bytes);
        }
        Ok(())
    }

    /// Ends the part before and begins one with a frame of this format.
    fn begin_part(&mut self, header: Header, info: Option<&Info>) {
        self.end_part();
        let samples = u64::from(header.samples);
        let mut part = Part::default();
        if let Some(info) = info {
            part.stated_frames = info.frames.map(u64::from);
            part.delay = u64::from(info.delay);
            part.end = info.frames.map(|frames| {
                let added = u64::from(info.delay) + u64::from(info.padding);
                (u64::from(frames) * samples).saturating_sub(added)
            });
        }
        if let Some((delay, length)) = self.tagged.take()
            && part.delay == 0
            && header.is_mpeg()
        {
            part.delay = u64::from(delay);
            part.end = Some(length).filter(|length| *length > 0);
        }
        self.part = part;
        self.like = Some(header);
        self.part_begins = false;
        let parameters = Box::new(header.parameters());
        self.ready.push_back(Item::Stream(parameters));
    }

    fn add_frame(&mut self, header: Header, bytes: Vec<u8>) {
        let part = &mut self.part;
        part.frames += 1;
        let start = part.samples;
        part.samples += u64::from(header.samples);
        if part
            .stated_frames
            .is_some_and(|stated| part.frames > stated)
        {
            // It is longer than stated: no music is cut.
            part.end = None;
            self.release(None);
        }
        let part = &mut self.part;
        match part.end {
            Some(end) if part.samples > end + part.delay => {
                part.held.push_back((start, header, bytes));
                if part.held.len() > MAX_PADDING {
                    part.end = None;
                    self.release(None);
                }
            }
            _ => self.put_out(start, header, bytes, None),
        }
    }

    /// Releases the held frames, without the samples beyond `end`.
    fn release(&mut self, end: Option<u64>) {
        while let Some((start, header, bytes)) = self.part.held.pop_front() {
            self.put_out(start, header, bytes, end);
        }
    }

    fn put_out(&mut self, start: u64, header: Header, bytes: Vec<u8>, end: Option<u64>) {
        let samples = u64::from(header.samples);
        let from_music = |at: u64| at as i64 - self.part.delay as i64;
        let trim_start = self.part.delay.saturating_sub(start).min(samples);
        let trim_end = end.map_or(0, |end| {
            let behind = from_music(start + samples).saturating_sub(end as i64);
            u64::try_from(behind).unwrap_or(0).min(samples)
        });
        let data = bytes[header.payload..].to_vec();
        let packet = PacketBuilder::new()
            .track_id(0)
            .pts(Timestamp::from(from_music(start)))
            .dur(Duration::from(
                samples.saturating_sub(trim_start + trim_end),
            ))
            .trim_start(Duration::from(trim_start))
            .trim_end(Duration::from(trim_end))
            .data(data)
            .build();
        self.ready.push_back(Item::Packet(packet));
    }

    fn end_part(&mut self) {
        let end = self.part.end;
        self.release(end);
        if let Some(stated) = self.part.stated_frames {
            let samples = self.like.map_or(0, |like| u64::from(like.samples));
            self.missing += stated.saturating_sub(self.part.frames) * samples;
        }
        self.part = Part::default();
    }

    fn end(&mut self) {
        self.end_part();
        self.ended = true;
    }

    /// Skips a tag; returns whether there was one.
    fn pass_tag(&mut self) -> Result<bool, Error> {
        let head = self.source.peek(160)?;
        let id3 = id3_length(head);
        let length = if id3 > 0 {
            id3
        } else if let Some(ape) = ape_length(head) {
            ape
        } else if head.starts_with(b"TAG") && is_id3v1(head) {
            128
        } else {
            return Ok(false);
        };
        if id3 > 0 {
            let text = self.source.peek(length.min(TAG_TEXT))?;
            self.tagged = info::itunes_in_tag(text);
            self.part_begins = true;
        }
        self.source.skip(length as u64)?;
        Ok(true)
    }

    /// Skips to the next byte that may begin a frame.
    fn pass_junk(&mut self) -> Result<(), Error> {
        self.in_sync = false;
        while self.junk <= MAX_JUNK {
            let next = self.source.peek(16 * 1024)?;
            if next.len() < 2 {
                self.end();
                return Ok(());
            }
            let begins = |w: &[u8]| (w[0] == 0xFF && w[1] & 0xE0 == 0xE0) || w == b"ID";
            // The first byte was checked already.
            let found = next[1..].windows(2).position(begins);
            let step = found.map_or(next.len() - 1, |at| at + 1);
            self.source.skip(step as u64)?;
            self.junk += step as u64;
            if found.is_some() {
                return Ok(());
            }
        }
        self.end();
        Ok(())
    }
}

impl Demux for Frames {
    fn next(&mut self) -> Result<Option<Item>, Error> {
        while self.ready.is_empty() && !self.ended {
            self.read_one()?;
        }
        Ok(self.ready.pop_front())
    }

    fn share(&self) -> Option<f32> {
        self.source.share()
    }

    fn missing_samples(&self) -> u64 {
        self.missing
    }
}

/// Whether `bytes` begin a tag.
fn is_tag(bytes: &[u8]) -> bool {
    [&b"ID3"[..], b"APE", b"TAG", b"LYR"]
        .iter()
        .any(|tag| bytes.starts_with(tag))
}

/// Bytes of the APE tag that `head` begins with: its header, and the size it states.
fn ape_length(head: &[u8]) -> Option<usize> {
    let body = head.strip_prefix(b"APETAGEX")?;
    let size = u32::from_le_bytes(body.get(4..8)?.try_into().ok()?);
    Some(32 + usize::try_from(size).ok()?)
}

/// Whether `head` is an ID3v1 tag: its 128 bytes are the last ones, or something known follows.
fn is_id3v1(head: &[u8]) -> bool {
    match head.get(128..) {
        None | Some([]) => true,
        Some(behind) => is_tag(behind) || Header::parse(behind).is_some(),
    }
}

/// One channel or two, as the decoders of MPEG audio name them.
fn layout(channels: usize) -> Channels {
    match channels {
        1 => layouts::CHANNEL_LAYOUT_MONO,
        _ => layouts::CHANNEL_LAYOUT_STEREO,
    }
}
