//! Changes of the notes on a MIDI input.

/// What happens to the notes of an input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoteChange {
    /// A note begins.
    On {
        /// Channel, 0 … 15.
        channel: u8,
        /// Key, 0 … 127.
        key: u8,
    },
    /// A key is let go.
    Off {
        /// Channel, 0 … 15.
        channel: u8,
        /// Key, 0 … 127.
        key: u8,
    },
    /// The sustain pedal of a channel goes down or up.
    Pedal {
        /// Channel, 0 … 15.
        channel: u8,
        /// Whether it is down.
        down: bool,
    },
    /// Nothing sounds any more.
    AllOff,
}
