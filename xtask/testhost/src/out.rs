//! The events a plugin sends, kept as a CLAP host must: the bytes of messages belong to the
//! plugin, and are gone after each event.
#![allow(
    unsafe_code,
    reason = "a message is an address and a length; the block says why it is sound"
)]

use clack_host::events::io::{OutputEventBuffer, TryPushError};
use clack_host::events::spaces::CoreEventSpace;
use clack_host::prelude::{ClapId, EventBuffer, UnknownEvent};

/// An event that is not a note, as MIDI bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message {
    /// A status byte and two data bytes.
    Short([u8; 3]),
    /// System-exclusive, of any length.
    SysEx(Vec<u8>),
}

/// The events of one block, in memory allocated beforehand.
pub struct Out {
    /// In clack's representation.
    pub events: EventBuffer,
    bytes: Vec<u8>,
    lengths: Vec<usize>,
}

impl Out {
    /// Room for so many events.
    pub fn with_capacity(events: usize) -> Self {
        Self {
            events: EventBuffer::with_capacity(events),
            bytes: Vec::with_capacity(1 << 16),
            lengths: Vec::with_capacity(1024),
        }
    }

    /// The parameters that the plugin itself has changed, with their values.
    pub fn parameters(&self) -> impl Iterator<Item = (ClapId, f64)> {
        self.events
            .iter()
            .filter_map(|event| match event.as_core_event() {
                Some(CoreEventSpace::ParamValue(it)) => Some((it.param_id()?, it.value())),
                _ => None,
            })
    }

    /// The sample of each other event, and its message if it is not a note, in the order they
    /// came in.
    pub fn sent(&self) -> Vec<(u32, Option<Message>)> {
        let (mut bytes, mut lengths) = (self.bytes.as_slice(), self.lengths.iter());
        let mut sent = Vec::new();
        for event in self.events.iter() {
            let message = match event.as_core_event() {
                Some(CoreEventSpace::ParamValue(_)) => continue,
                Some(CoreEventSpace::Midi(it)) => Some(Message::Short(it.data())),
                Some(CoreEventSpace::MidiSysEx(_)) => {
                    let (message, rest) = bytes.split_at(*lengths.next().unwrap());
                    bytes = rest;
                    Some(Message::SysEx(message.to_vec()))
                }
                _ => None,
            };
            sent.push((event.header().time(), message));
        }
        sent
    }

    /// Discards all events.
    pub fn clear(&mut self) {
        self.events.clear();
        self.bytes.clear();
        self.lengths.clear();
    }
}

impl OutputEventBuffer for Out {
    fn try_push(&mut self, event: &UnknownEvent) -> Result<(), TryPushError> {
        if let Some(CoreEventSpace::MidiSysEx(it)) = event.as_core_event() {
            // SAFETY: the plugin's bytes are valid while it sends the event.
            let message = unsafe { it.data() };
            let room = self.bytes.capacity() - self.bytes.len();
            if message.len() > room || self.lengths.len() == self.lengths.capacity() {
                return Err(TryPushError::new());
            }
            self.bytes.extend_from_slice(message);
            self.lengths.push(message.len());
        }
        self.events.try_push(event)
    }
}
