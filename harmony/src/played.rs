//! Note events of a MIDI input.

/// An event of a MIDI input that starts or ends notes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoteChange {
    /// A note begins.
    On {
        /// Channel, 0 … 15.
        channel: u8,
        /// Key, 0 … 127.
        key: u8,
    },
    /// A key is released.
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
