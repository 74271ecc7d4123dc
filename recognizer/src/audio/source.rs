//! Source of bytes: a file, or a stream that can be read only once.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::sync::{Mutex, PoisonError};

use symphonia::core::io::{MediaSource, ReadOnlySource};

/// Bytes that are read at once.
const READ: usize = 64 * 1024;

/// The most bytes of a stream that go into a temporary file if its format cannot be read in order:
/// four hours in eight channels.
const MAX_SPOOLED: u64 = 32 << 30;

/// Bytes in order; the next ones can be peeked at before they are taken.
pub(super) struct Source {
    input: Input,
    /// Bytes read ahead; those from index `taken` on are not yet taken.
    ahead: Vec<u8>,
    taken: usize,
    /// Bytes taken since the beginning.
    position: u64,
    /// Total bytes, if it is a file.
    len: Option<u64>,
}

enum Input {
    File(File),
    Stream(Box<dyn Read + Send>),
}

impl Input {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let read = match self {
                Self::File(file) => file.read(buffer),
                Self::Stream(stream) => stream.read(buffer),
            };
            match read {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                read => return read,
            }
        }
    }
}

impl Source {
    /// A file of `len` bytes, from its beginning.
    pub fn file(file: File, len: u64) -> Self {
        Self::new(Input::File(file), Some(len))
    }

    /// A stream.
    pub fn stream(stream: impl Read + Send + 'static) -> Self {
        Self::new(Input::Stream(Box::new(stream)), None)
    }

    fn new(input: Input, len: Option<u64>) -> Self {
        Self {
            input,
            ahead: Vec::new(),
            taken: 0,
            position: 0,
            len,
        }
    }

    /// Bytes taken so far.
    pub fn position(&self) -> u64 {
        self.position
    }

    /// Total bytes, if it is a file.
    pub fn len(&self) -> Option<u64> {
        self.len
    }

    /// Remaining bytes, if it is a file.
    pub fn left(&self) -> Option<u64> {
        Some(self.len?.saturating_sub(self.position))
    }

    /// The share of the bytes that is taken, if it is a file.
    pub fn share(&self) -> Option<f32> {
        let len = self.len.filter(|len| *len > 0)?;
        Some((self.position as f64 / len as f64) as f32)
    }

    /// Whether it is a file, which can be read in any order.
    pub fn is_file(&self) -> bool {
        matches!(self.input, Input::File(_))
    }

    /// The next `count` bytes without taking them, fewer at the end.
    pub fn peek(&mut self, count: usize) -> io::Result<&[u8]> {
        while self.ahead.len() - self.taken < count {
            self.ahead.drain(..self.taken);
            self.taken = 0;
            let had = self.ahead.len();
            self.ahead.resize(had + READ, 0);
            let read = self.input.read(&mut self.ahead[had..]);
            self.ahead
                .truncate(had + read.as_ref().map_or(0, |read| *read));
            if read? == 0 {
                break;
            }
        }
        let end = self.ahead.len().min(self.taken + count);
        Ok(&self.ahead[self.taken..end])
    }

    /// Skips `count` bytes, or all that are left; returns how many.
    pub fn skip(&mut self, count: u64) -> io::Result<u64> {
        let mut left = count;
        let ready = (self.ahead.len() - self.taken) as u64;
        let now = ready.min(left);
        self.taken += now as usize;
        self.position += now;
        left -= now;
        if left > 0
            && let (Input::File(file), Some(len)) = (&mut self.input, self.len)
        {
            let to = self.position.saturating_add(left).min(len);
            file.seek(SeekFrom::Start(to))?;
            left -= to.saturating_sub(self.position);
            self.position = to;
            return Ok(count - left);
        }
        while left > 0 {
            let next = self.peek(READ.min(usize::try_from(left).unwrap_or(READ)))?;
            let now = (next.len() as u64).min(left);
            if now == 0 {
                break;
            }
            self.taken += now as usize;
            self.position += now;
            left -= now;
        }
        Ok(count - left)
    }

    /// Takes as many bytes as fit into `buffer`, fewer only at the end.
    pub fn fill(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut filled = 0;
        while filled < buffer.len() {
            match self.read(&mut buffer[filled..])? {
                0 => break,
                read => filled += read,
            }
        }
        Ok(filled)
    }

    /// Seeks in a file.
    pub fn seek_to(&mut self, position: u64) -> io::Result<()> {
        let Input::File(file) = &mut self.input else {
            return Err(io::ErrorKind::NotSeekable.into());
        };
        file.seek(SeekFrom::Start(position))?;
        self.ahead.clear();
        self.taken = 0;
        self.position = position;
        Ok(())
    }

    /// The same bytes as a file: the rest of a stream is copied into a temporary file, which the
    /// system removes when it is closed.
    pub fn spooled(mut self) -> io::Result<Self> {
        if self.is_file() {
            return Ok(self);
        }
        let mut file = tempfile::tempfile()?;
        let mut buffer = vec![0; READ];
        let mut len = 0;
        loop {
            let read = self.read(&mut buffer)?;
            if read == 0 {
                break;
            }
            len += read as u64;
            if len > MAX_SPOOLED {
                return Err(io::ErrorKind::FileTooLarge.into());
            }
            file.write_all(&buffer[..read])?;
        }
        file.rewind()?;
        Ok(Self::file(file, len))
    }

    /// The file itself, at its beginning, to be read in any order.
    pub fn into_file(self) -> io::Result<File> {
        match self.input {
            Input::File(mut file) => {
                file.rewind()?;
                Ok(file)
            }
            Input::Stream(_) => Err(io::ErrorKind::NotSeekable.into()),
        }
    }

    /// `head` followed by the remaining bytes, for symphonia to read in order.
    pub fn into_stream_behind(self, head: Vec<u8>) -> Box<dyn MediaSource> {
        let stream = io::Cursor::new(head).chain(self);
        Box::new(ReadOnlySource::new(Unshared(Mutex::new(stream))))
    }
}

impl Read for Source {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.taken == self.ahead.len() && buffer.len() >= READ {
            let read = self.input.read(buffer)?;
            self.position += read as u64;
            return Ok(read);
        }
        let next = self.peek(1)?;
        if next.is_empty() {
            return Ok(0);
        }
        let ready = &self.ahead[self.taken..];
        let read = ready.len().min(buffer.len());
        buffer[..read].copy_from_slice(&ready[..read]);
        self.taken += read;
        self.position += read as u64;
        Ok(read)
    }
}

/// A reader behind a lock, because symphonia requires `Sync`.
struct Unshared<R>(Mutex<R>);

impl<R: Read> Read for Unshared<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let reader = self.0.get_mut().unwrap_or_else(PoisonError::into_inner);
        reader.read(buffer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn both(bytes: &[u8]) -> [Source; 2] {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(bytes).unwrap();
        file.rewind().unwrap();
        [
            Source::file(file, bytes.len() as u64),
            Source::stream(io::Cursor::new(bytes.to_vec())),
        ]
    }

    #[test]
    fn a_file_and_a_stream_read_alike() {
        let bytes: Vec<u8> = (0..300_000_u32).map(|n| (n * 7 % 251) as u8).collect();
        for mut source in both(&bytes) {
            assert_eq!(source.peek(10).unwrap(), &bytes[..10]);
            assert_eq!(source.skip(100_000).unwrap(), 100_000);
            let mut some = [0; 7];
            assert_eq!(source.fill(&mut some).unwrap(), 7);
            assert_eq!(some, bytes[100_000..100_007]);
            assert_eq!(source.peek(150_000).unwrap(), &bytes[100_007..250_007]);
            let mut rest = Vec::new();
            source.read_to_end(&mut rest).unwrap();
            assert_eq!(rest, &bytes[100_007..]);
            assert_eq!(source.position(), 300_000);
            assert_eq!(source.skip(5).unwrap(), 0);
            assert!(source.peek(1).unwrap().is_empty());
        }
    }

    #[test]
    fn a_stream_becomes_a_file_from_where_it_is() {
        for mut source in both(b"0123456789") {
            source.peek(3).unwrap();
            let file = source.is_file();
            let mut spooled = source.spooled().unwrap();
            assert!(spooled.is_file());
            spooled.seek_to(4).unwrap();
            assert_eq!(spooled.peek(9).unwrap(), b"456789", "{file}");
            assert_eq!(spooled.left(), Some(6));
        }
    }
}
