//! Incoming MIDI notes, on their way from the audio thread to the worker.

use harmony::played::NoteChange;
use nice_plug::midi::{Channel, NoteEvent};

/// Controllers that hold or end notes.
const SUSTAIN: u8 = 64;
const ALL_SOUND_OFF: u8 = 120;
const ALL_NOTES_OFF: u8 = 123;

/// A change of the incoming notes, at a sample of the stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoteAt {
    /// Counted as [`crate::tap::Mark::stream`].
    pub stream: u64,
    /// The change.
    pub change: NoteChange,
}

/// The change of the notes in an event, with its sample in the block; `None` for other events.
pub fn change_of<S>(event: &NoteEvent<S>) -> Option<(u32, NoteChange)> {
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
            (timing, NoteChange::On { channel, key })
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
                (timing, NoteChange::Off { channel, key })
            }
            // It applies to all keys.
            None => (timing, NoteChange::AllOff),
        },
        NoteEvent::MidiCC {
            timing,
            channel,
            cc: SUSTAIN,
            value,
        } => {
            let down = value >= 0.5;
            (timing, NoteChange::Pedal { channel, down })
        }
        NoteEvent::MidiCC {
            timing,
            cc: ALL_SOUND_OFF | ALL_NOTES_OFF,
            ..
        } => (timing, NoteChange::AllOff),
        _ => return None,
    })
}
