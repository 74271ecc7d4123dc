//! Calls of the plugin for a block of audio, with input and output.

use std::time::{Duration, Instant};

use anyhow::{Result, anyhow};
use clack_host::events::event_types::{
    MidiEvent, MidiSysExEvent, NoteOffEvent, NoteOnEvent, ParamValueEvent, TransportEvent,
};
use clack_host::events::spaces::CoreEventSpace;
use clack_host::events::{Match, UnknownEvent};
use clack_host::prelude::*;

use crate::host::TestHost;
use crate::out::{Message, Out};

/// A note that the plugin has sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Note {
    /// Whether it is a note-on.
    pub on: bool,
    /// MIDI channel, 0 … 15.
    pub channel: u16,
    /// MIDI key, 0 … 127; middle C is 60.
    pub key: u16,
    /// MIDI velocity, 1 … 127; 0 for a note-off.
    pub velocity: u8,
}

impl Note {
    fn of(event: &UnknownEvent) -> Option<Self> {
        let pckn = |pckn: Pckn| (pckn.raw_channel() as u16, pckn.raw_key() as u16);
        let (on, (channel, key), velocity) = match event.as_core_event()? {
            CoreEventSpace::NoteOn(it) => (true, pckn(it.pckn()), it.velocity()),
            CoreEventSpace::NoteOff(it) => (false, pckn(it.pckn()), 0.0),
            _ => return None,
        };
        Some(Self {
            on,
            channel,
            key,
            velocity: (velocity * 127.0).round() as u8,
        })
    }
}

/// The notes that were switched on and not off.
pub fn hanging(notes: &[Note]) -> Vec<(u16, u16)> {
    let mut sounding = Vec::new();
    for note in notes {
        let key = (note.channel, note.key);
        sounding.retain(|it| *it != key);
        if note.on {
            sounding.push(key);
        }
    }
    sounding
}

/// Buffers for one block, allocated once.
pub struct Block {
    input: Vec<Vec<f32>>,
    output: Vec<Vec<f32>>,
    input_ports: AudioPorts,
    output_ports: AudioPorts,
    events: EventBuffer,
    out_events: Out,
    /// All notes that the plugin has sent, in order.
    pub notes: Vec<Note>,
    /// The parameters that the plugin itself has changed in the last block, with their values.
    pub told: Vec<(ClapId, f64)>,
    /// The other events of the last block: the sample of each, and its message if it is not a
    /// note.
    pub sent: Vec<(u32, Option<Message>)>,
    /// The plugin's status after the last block.
    pub status: Option<ProcessStatus>,
    /// Whether the plugin processes in place.
    pub in_place: bool,
    /// Called around the plugin's own code; does nothing by default.
    pub around: fn(&mut dyn FnMut()),
    /// The duration of the last call.
    pub took: Duration,
}

impl Block {
    /// A block of so many channels of at most `max_frames` samples.
    pub fn new(channels: usize, max_frames: usize) -> Self {
        Self {
            input: vec![vec![0.0; max_frames]; channels],
            // Not zero, so that unwritten output shows.
            output: vec![vec![7.0; max_frames]; channels],
            input_ports: AudioPorts::with_capacity(channels, 1),
            output_ports: AudioPorts::with_capacity(channels, 1),
            events: EventBuffer::with_capacity(16),
            out_events: Out::with_capacity(256),
            notes: Vec::new(),
            told: Vec::new(),
            sent: Vec::new(),
            status: None,
            in_place: false,
            around: |process| process(),
            took: Duration::ZERO,
        }
    }

    /// Changes a parameter with the next block.
    pub fn set(&mut self, parameter: ClapId, value: f64) {
        let event = ParamValueEvent::new(0, parameter, Pckn::match_all(), value);
        self.events.push(&event);
    }

    /// Sends the plugin a note with the next block.
    pub fn note(&mut self, on: bool, channel: u16, key: u16) {
        let pckn = Pckn::new(0u16, channel, key, Match::All);
        if on {
            self.events.push(&NoteOnEvent::new(0, pckn, 0.5));
        } else {
            self.events.push(&NoteOffEvent::new(0, pckn, 0.5));
        }
    }

    /// Sends the plugin a message of three bytes at a sample of the next block.
    pub fn midi(&mut self, at: u32, message: [u8; 3]) {
        self.events.push(&MidiEvent::new(at, 0, message));
    }

    /// Sends the plugin a system-exclusive message at a sample of the next block.
    pub fn sysex(&mut self, at: u32, message: &'static [u8]) {
        // SAFETY: the bytes are static.
        let event = unsafe { MidiSysExEvent::new(at, 0, message) };
        self.events.push(&event);
    }

    /// Puts `audio[channel][..frames]` into the input.
    pub fn fill(&mut self, audio: &[&[f32]]) {
        let read = if self.in_place {
            &mut self.output
        } else {
            &mut self.input
        };
        for (to, from) in read.iter_mut().zip(audio) {
            to[..from.len()].copy_from_slice(from);
        }
    }

    /// Runs the first `frames` samples of the input through the plugin. Returns the output.
    ///
    /// # Errors
    /// If the plugin reports failure.
    pub fn run(
        &mut self,
        processor: &mut StartedPluginAudioProcessor<TestHost>,
        frames: usize,
        transport: Option<&TransportEvent>,
    ) -> Result<&[Vec<f32>]> {
        let read = if self.in_place {
            &mut self.output
        } else {
            &mut self.input
        };
        let read_from: Vec<*mut f32> = read.iter_mut().map(|it| it.as_mut_ptr()).collect();
        let input = self.input_ports.with_input_buffers([AudioPortBuffer {
            latency: 0,
            channels: AudioPortBufferType::f32_input_only(read_from.iter().map(|it| {
                // SAFETY: buffers of this length that live as long as this block; only their
                // addresses go to the plugin, which may get the same one for input and output.
                let samples = unsafe { std::slice::from_raw_parts_mut(*it, frames) };
                InputChannel::variable(samples)
            })),
        }]);
        let mut output = self.output_ports.with_output_buffers([AudioPortBuffer {
            latency: 0,
            channels: AudioPortBufferType::f32_output_only(
                self.output.iter_mut().map(|it| &mut it[..frames]),
            ),
        }]);
        let events = InputEvents::from_buffer(&self.events);
        let mut out_events = OutputEvents::from_buffer(&mut self.out_events);
        let mut status = None;
        let begun = Instant::now();
        (self.around)(&mut || {
            status = Some(processor.process(
                &input,
                &mut output,
                &events,
                &mut out_events,
                None,
                transport,
            ));
        });
        self.took = begun.elapsed();
        let status = status.expect("`around` calls its argument");
        self.status = Some(status.map_err(|error| anyhow!("the plugin failed: {error}"))?);
        self.events.clear();
        let told = self.out_events.events.iter().filter_map(Note::of);
        self.notes.extend(told);
        self.told.clear();
        self.told.extend(self.out_events.parameters());
        self.sent = self.out_events.sent();
        self.out_events.clear();
        Ok(&self.output)
    }

    /// Runs `audio[channel][..frames]` through the plugin. Returns the output.
    ///
    /// # Panics
    /// If the plugin fails.
    pub fn process(
        &mut self,
        processor: &mut StartedPluginAudioProcessor<TestHost>,
        audio: &[&[f32]],
        transport: Option<&TransportEvent>,
    ) -> &[Vec<f32>] {
        self.fill(audio);
        self.run(processor, audio[0].len(), transport).unwrap()
    }
}
