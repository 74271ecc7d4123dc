//! MIDI notes that come in, on their way from the audio thread to the worker.

use nice_plug::midi::{Channel, NoteEvent};

/// Controllers that hold notes or end them.
const SUSTAIN: u8 = 64;
const ALL_SOUND_OFF: u8 = 120;
const ALL_NOTES_OFF: u8 = 123;

/// What happens to the notes that come in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoteChange {
    /// A note begins.
    On {
        /// 0 … 15.
        channel: u8,
        /// 0 … 127.
        key: u8,
    },
    /// A key is let go.
    Off {
        /// 0 … 15.
        channel: u8,
        /// 0 … 127.
        key: u8,
    },
    /// The sustain pedal goes down or up.
    Pedal {
        /// 0 … 15.
        channel: u8,
        /// Whether it is down.
        down: bool,
    },
    /// Nothing sounds any more.
    AllOff,
}

/// One of them, at a sample of the stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoteAt {
    /// Counted as [`crate::tap::Mark::stream`].
    pub stream: u64,
    /// What happens there.
    pub change: NoteChange,
}

impl NoteChange {
    /// What an event says of notes, with its sample in the block; `None` of other events.
    pub fn of<S>(event: &NoteEvent<S>) -> Option<(u32, Self)> {
        let number = |channel: Channel| channel.number().unwrap_or(0);
        Some(match *event {
            NoteEvent::NoteOn {
                timing,
                channel,
                key,
                velocity,
                ..
            } if velocity > 0.0 => {
                let (channel, key) = (number(channel), key.number()?);
                (timing, Self::On { channel, key })
            }
            NoteEvent::NoteOn {
                timing,
                channel,
                key,
                ..
            }
            | NoteEvent::NoteOff {
                timing,
                channel,
                key,
                ..
            }
            | NoteEvent::Choke {
                timing,
                channel,
                key,
                ..
            } => match key.number() {
                Some(key) => {
                    let channel = number(channel);
                    (timing, Self::Off { channel, key })
                }
                // It is said of all keys.
                None => (timing, Self::AllOff),
            },
            NoteEvent::MidiCC {
                timing,
                channel,
                cc: SUSTAIN,
                value,
            } => {
                let down = value >= 0.5;
                (timing, Self::Pedal { channel, down })
            }
            NoteEvent::MidiCC {
                timing,
                cc: ALL_SOUND_OFF | ALL_NOTES_OFF,
                ..
            } => (timing, Self::AllOff),
            _ => return None,
        })
    }
}
