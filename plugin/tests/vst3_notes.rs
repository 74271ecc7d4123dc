//! The live chord as notes from the built VST3, and the events that pass through it.
#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

use std::time::{Duration, Instant};

use testhost::vst3::Instance;
use testhost::{host, music};

const RATE: f64 = 44_100.0;
const FRAMES: usize = 512;

/// Blocks after which a chord is known: 1.5 s.
const KNOWN: usize = 130;

/// Plays a chord until these notes sound. The worker has its own pace, so after enough music
/// the test waits as long as needed while little more is played.
fn until(instance: &mut Instance, audio: &[f32], notes: &[(i16, i16)]) {
    for chunk in audio.chunks(FRAMES).cycle().take(KNOWN) {
        instance.play(chunk, true);
    }
    let started = Instant::now();
    loop {
        let sounding = instance.play(&audio[..1], true);
        if sounding == notes {
            return;
        }
        assert!(started.elapsed() < Duration::from_secs(300), "{sounding:?}");
        std::thread::sleep(Duration::from_millis(3));
    }
}

#[test]
fn the_live_chord_sounds_on_the_event_output_and_no_note_is_left_hanging() {
    let audio = music::chord(RATE, music::PROGRESSION[0].1);
    let block = &audio[..FRAMES];
    let mut instance = Instance::start(&host::library(), RATE, FRAMES);
    assert_eq!(instance.event_outputs(), 1);
    for chunk in audio.chunks(FRAMES) {
        assert!(instance.play(chunk, true).is_empty());
    }
    instance.set("MIDI out", 1.0);
    let c = [(0, 36), (0, 60), (0, 64), (0, 67)];
    until(&mut instance, &audio, &c);
    // The song stops, and goes on.
    assert!(instance.play(block, false).is_empty());
    until(&mut instance, &audio, &c);
    for parameter in ["Bypass", "Freeze"] {
        instance.set(parameter, 1.0);
        assert!(instance.play(block, true).is_empty(), "{parameter}");
        instance.set(parameter, 0.0);
        until(&mut instance, &audio, &c);
    }
    // Channel 16, and the bass on the one after it, which is 1.
    instance.set("MIDI channel", 1.0);
    instance.set("MIDI bass", 0.5);
    let sounding = instance.play(block, true);
    assert_eq!(sounding, [(0, 36), (15, 60), (15, 64), (15, 67)]);
    instance.set("MIDI out", 0.0);
    assert!(instance.play(block, true).is_empty());
}

/// The tail that a host is told: notes may sound without end after the input.
const FOR_EVER: u32 = u32::MAX;

#[test]
fn notes_end_with_the_music_before_a_host_lets_the_plugin_sleep() {
    let audio = music::chord(RATE, music::PROGRESSION[0].1);
    let mut instance = Instance::start(&host::library(), RATE, FRAMES);
    assert_eq!(instance.tail(), 0);
    instance.set("MIDI out", 1.0);
    let c = [(0, 36), (0, 60), (0, 64), (0, 67)];
    for _ in 0..2 {
        until(&mut instance, &audio, &c);
        assert_eq!(instance.tail(), FOR_EVER);
        let mut blocks = 0;
        while instance.tail() == FOR_EVER {
            instance.play(&[0.0; FRAMES], true);
            blocks += 1;
            // A fifth of a second.
            assert!(blocks < 18);
        }
        assert_eq!(instance.play(&[0.0; FRAMES], true), []);
        assert_eq!(instance.tail(), 0);
    }
}

#[test]
fn controllers_bends_and_pressure_pass_in_order_and_on_time() {
    let audio = music::chord(RATE, music::PROGRESSION[0].1);
    let mut instance = Instance::start(&host::library(), RATE, FRAMES);
    instance.set("MIDI out", 1.0);
    until(&mut instance, &audio, &[(0, 36), (0, 60), (0, 64), (0, 67)]);
    // The plugin's own notes end with the block in which the others pass.
    instance.set("MIDI out", 0.0);
    instance.control(0, 0, 64, 1.0);
    instance.control(3, 15, 1, 1.0 / 127.0);
    instance.control(70, 3, 129, 1.0);
    instance.control(71, 3, 129, 0.5);
    instance.control(200, 5, 128, 99.0 / 127.0);
    instance.control(511, 0, 64, 0.0);
    instance.note(true, 100, 4, 61);
    instance.note(false, 300, 4, 61);
    instance.note(true, 301, 4, 62);
    instance.sysex(302, &[0xf0, 0x7e, 0x7f, 0x09, 0x01, 0xf7]);
    assert_eq!(instance.play(&audio[..FRAMES], true), [(4, 62)]);
    // The middle of the wheel is between two values of fourteen bits.
    let passed = [
        (0, 0, 64, [127, 0]),
        (3, 15, 1, [1, 0]),
        (70, 3, 129, [127, 127]),
        (71, 3, 129, [0, 64]),
        (200, 5, 128, [99, 0]),
        (511, 0, 64, [0, 0]),
    ];
    assert_eq!(instance.controls(), passed);
    let times = [0, 0, 0, 0, 0, 3, 70, 71, 100, 200, 300, 301, 511];
    assert_eq!(instance.times(), times);
    instance.note(false, 0, 4, 62);
    assert!(instance.play(&audio[..FRAMES], true).is_empty());
}
