//! Notes from a track of MIDI events.

use midly::MidiMessage;

/// A note with its start and end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Held {
    /// Tick of the note-on.
    pub from: u64,
    /// Tick of the note-off, or of the next note-on of the same key.
    pub to: u64,
    /// MIDI key.
    pub key: u8,
    /// MIDI velocity.
    pub velocity: u8,
}

/// Which keys are down.
pub(super) struct Keyboard {
    /// For each key, the tick and velocity of its note-on.
    down: [Option<(u64, u8)>; 128],
    /// Number of note messages so far.
    pub messages: usize,
}

impl Keyboard {
    pub(super) const fn new() -> Self {
        Self {
            down: [None; 128],
            messages: 0,
        }
    }

    /// Takes a message at `tick`. Returns the note that it ends, if any. Other messages are
    /// ignored.
    pub(super) fn take(&mut self, tick: u64, message: MidiMessage) -> Option<Held> {
        let (key, velocity) = match message {
            MidiMessage::NoteOn { key, vel } => (key.as_int(), vel.as_int()),
            MidiMessage::NoteOff { key, .. } => (key.as_int(), 0),
            _ => return None,
        };
        self.messages += 1;
        let slot = &mut self.down[usize::from(key)];
        let ended = slot.take();
        if velocity > 0 {
            *slot = Some((tick, velocity));
        }
        ended.map(|(from, velocity)| Held {
            from,
            to: tick,
            key,
            velocity,
        })
    }
}
