//! System-exclusive messages passing through the plugin.

use nice_plug::midi::sysex::SysExMessage;

/// The most bytes of a message that is passed on, including its first (0xf0) and last (0xf7).
/// Tuning and reset messages are shorter, dumps of a synthesizer's sounds are not. Every event
/// in the queue takes this much memory.
pub const MOST_BYTES: usize = 512;

/// A message as it came.
#[derive(Clone, PartialEq)]
pub struct SysEx {
    bytes: [u8; MOST_BYTES],
    length: usize,
}

impl SysEx {
    /// The bytes, from 0xf0 to 0xf7.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes[..self.length]
    }
}

impl std::fmt::Debug for SysEx {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_tuple("SysEx").field(&self.bytes()).finish()
    }
}

impl SysExMessage for SysEx {
    type Buffer = [u8; MOST_BYTES];

    /// `None` for longer messages than [`MOST_BYTES`], and for system messages of other kinds
    /// (clock, start, stop), for which hosts have no event that the wrapper can send.
    fn from_buffer(buffer: &[u8]) -> Option<Self> {
        let whole = matches!(buffer, [0xf0, .., 0xf7]) && buffer.len() <= MOST_BYTES;
        whole.then(|| {
            let mut bytes = [0; MOST_BYTES];
            bytes[..buffer.len()].copy_from_slice(buffer);
            Self {
                bytes,
                length: buffer.len(),
            }
        })
    }

    fn as_buffer(&self) -> (Self::Buffer, usize) {
        (self.bytes, self.length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_come_out_as_they_went_in_or_not_at_all() {
        let gm_on = [0xf0, 0x7e, 0x7f, 0x09, 0x01, 0xf7];
        let mut longest = vec![0x11; MOST_BYTES];
        (longest[0], longest[MOST_BYTES - 1]) = (0xf0, 0xf7);
        for message in [&gm_on[..], &longest, &[0xf0, 0xf7]] {
            let read = SysEx::from_buffer(message).unwrap();
            let (buffer, length) = read.as_buffer();
            assert_eq!(&buffer[..length], message);
            assert_eq!(read.bytes(), message);
        }
        longest.insert(1, 0x11);
        for other in [&[][..], &[0xf8, 0, 0], &[0xf0], &gm_on[..5], &longest] {
            assert_eq!(SysEx::from_buffer(other), None);
        }
    }
}
