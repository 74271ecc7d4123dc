//! The built CLAP between two devices: what comes in goes out, and no note hangs in a host
//! that puts the plugin to sleep.
#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

use std::time::{Duration, Instant};

use clack_host::prelude::*;
use testhost::host::{self, Block, TestHost};
use testhost::music;
use testhost::out::Message;

const RATE: f64 = 44_100.0;
const FRAMES: usize = 512;

const SILENCE: [f32; FRAMES] = [0.0; FRAMES];

/// Seconds of silence after which no note may sound.
const AWAKE_S: f64 = 0.2;

type Processor = StartedPluginAudioProcessor<TestHost>;

/// An instance that sends the live chord, and an endless C.
struct Band {
    instance: PluginInstance<TestHost>,
    block: Block,
    audio: Vec<f32>,
    played: usize,
}

impl Band {
    fn start(entry: &PluginEntry) -> (Self, Processor) {
        let mut instance = host::instantiate(entry);
        let parameters = host::parameters(&mut instance);
        let midi = parameters.iter().find(|it| it.name == "MIDI out").unwrap();
        let processor = host::activate(&mut instance, RATE, FRAMES);
        let mut block = Block::new(2, FRAMES);
        block.set(midi.id, 1.0);
        let audio = music::chord(RATE, music::PROGRESSION[0].1);
        let band = Self {
            instance,
            block,
            audio,
            played: 0,
        };
        (band, processor)
    }

    fn pass(&mut self, processor: &mut Processor, chunk: &[f32]) -> Vec<(u16, u16)> {
        let beats = self.played as f64 / RATE * 2.0;
        self.played += chunk.len();
        let transport = host::rolling(beats);
        self.block
            .process(processor, &[chunk, chunk], Some(&transport));
        host::hanging(&self.block.notes)
    }

    fn music(&mut self, processor: &mut Processor, frames: usize) -> Vec<(u16, u16)> {
        let from = self.played % (self.audio.len() - frames);
        let chunk = self.audio[from..from + frames].to_vec();
        self.pass(processor, &chunk)
    }

    /// Plays until the chord sounds. The worker has its own pace, so after enough music the
    /// test waits as long as needed while little more is played.
    fn until_it_sounds(&mut self, processor: &mut Processor) {
        for _ in 0..130 {
            self.music(processor, FRAMES);
        }
        let started = Instant::now();
        while self.music(processor, 1).is_empty() {
            assert!(started.elapsed() < Duration::from_secs(300));
            std::thread::sleep(Duration::from_millis(3));
        }
        assert_eq!(self.block.status, Some(ProcessStatus::Continue));
    }
}

#[test]
fn a_host_that_lets_silence_sleep_leaves_no_note_hanging() {
    let entry = host::load();
    let (mut band, mut processor) = Band::start(&entry);
    for _ in 0..3 {
        band.until_it_sounds(&mut processor);
        // The host trusts the status, and stops calling once the plugin may sleep.
        let mut silent_s = 0.0;
        while band.block.status == Some(ProcessStatus::Continue) {
            band.pass(&mut processor, &SILENCE);
            silent_s += FRAMES as f64 / RATE;
            assert!(silent_s < AWAKE_S, "{silent_s} s");
        }
        assert_eq!(host::hanging(&band.block.notes), []);
        assert_eq!(band.block.status, Some(ProcessStatus::ContinueIfNotQuiet));
        // It wakes to music in which the old chord is not taken for the new one.
        assert_eq!(band.music(&mut processor, FRAMES), []);
    }
    // A stopped or deactivated plugin can send nothing; the next block does.
    for deactivates in [false, true] {
        band.until_it_sounds(&mut processor);
        let stopped = processor.stop_processing();
        processor = if deactivates {
            band.instance.deactivate(stopped);
            host::activate(&mut band.instance, RATE, FRAMES)
        } else {
            stopped.start_processing().unwrap()
        };
        assert_eq!(band.music(&mut processor, FRAMES), []);
    }
    band.instance.deactivate(processor.stop_processing());
}

/// One of each kind, with values at which rounding would show.
const SHORT: [(u32, [u8; 3]); 12] = [
    (0, [0xb0, 64, 127]),
    (0, [0xb0, 1, 1]),
    (3, [0xe3, 0, 0]),
    (3, [0xe3, 0x7f, 0x7f]),
    (4, [0xef, 1, 64]),
    (70, [0xd5, 99, 0]),
    (70, [0xcf, 127, 0]),
    (71, [0xb9, 0, 3]),
    (71, [0xb9, 32, 126]),
    (71, [0xc9, 5, 0]),
    (200, [0xb0, 64, 0]),
    (511, [0xbf, 123, 0]),
];

#[test]
fn controllers_bends_pressure_and_programmes_pass_in_order_and_on_time() {
    let entry = host::load();
    let (mut band, mut processor) = Band::start(&entry);
    let sent: Vec<_> = SHORT.map(|(at, it)| (at, Some(Message::Short(it)))).into();
    for (at, message) in SHORT {
        band.block.midi(at, message);
    }
    band.music(&mut processor, FRAMES);
    assert_eq!(band.block.sent, sent);
    // The same while the plugin sends notes of its own.
    band.until_it_sounds(&mut processor);
    band.block.notes.clear();
    let parameters = host::parameters(&mut band.instance);
    let midi = parameters.iter().find(|it| it.name == "MIDI out").unwrap();
    band.block.set(midi.id, 0.0);
    for (at, message) in SHORT {
        band.block.midi(at, message);
    }
    band.music(&mut processor, FRAMES);
    assert!(!band.block.notes.is_empty());
    assert!(band.block.sent.is_sorted_by_key(|(at, _)| *at));
    band.block.sent.retain(|(_, message)| message.is_some());
    assert_eq!(band.block.sent, sent);
    band.instance.deactivate(processor.stop_processing());
}

#[test]
fn every_controller_of_every_channel_passes() {
    let entry = host::load();
    let (mut band, mut processor) = Band::start(&entry);
    for channel in 0..16 {
        for half in 0..2 {
            let controllers = 64 * half..64 * half + 64;
            let messages = controllers.map(|cc| (u32::from(cc), [0xb0 | channel, cc, 127 - cc]));
            let messages: Vec<_> = messages.collect();
            for (at, message) in &messages {
                band.block.midi(*at, *message);
            }
            band.pass(&mut processor, &SILENCE);
            let passed = messages.into_iter();
            let passed: Vec<_> = passed
                .map(|(at, it)| (at, Some(Message::Short(it))))
                .collect();
            assert_eq!(band.block.sent, passed);
        }
    }
    band.instance.deactivate(processor.stop_processing());
}

#[test]
fn system_exclusive_messages_pass_as_they_are_or_not_at_all() {
    const RESET: &[u8] = &[0xf0, 0x7e, 0x7f, 0x09, 0x01, 0xf7];
    static TUNING: [u8; 408] = {
        let mut bytes = [0x11; 408];
        (bytes[0], bytes[407]) = (0xf0, 0xf7);
        bytes
    };
    static DUMP: [u8; 4096] = {
        let mut bytes = [0x11; 4096];
        (bytes[0], bytes[4095]) = (0xf0, 0xf7);
        bytes
    };
    let entry = host::load();
    let (mut band, mut processor) = Band::start(&entry);
    band.block.sysex(1, RESET);
    band.block.midi(1, [0xb0, 7, 100]);
    // The clock of a sequencer.
    band.block.midi(2, [0xf8, 0, 0]);
    band.block.sysex(3, &DUMP);
    band.block.sysex(5, &TUNING);
    band.pass(&mut processor, &SILENCE);
    let sent = [
        (1, Some(Message::SysEx(RESET.to_vec()))),
        (1, Some(Message::Short([0xb0, 7, 100]))),
        (5, Some(Message::SysEx(TUNING.to_vec()))),
    ];
    assert_eq!(band.block.sent, sent);
    band.instance.deactivate(processor.stop_processing());
}
