//! The live chord as notes out of the built VST3.
#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

#[allow(dead_code, reason = "the hosts can do more than this test needs")]
mod support;
#[path = "support/vst3_host.rs"]
mod vst3_host;

use std::time::{Duration, Instant};

use support::{host, music};
use vst3_host::Instance;

const RATE: f64 = 44_100.0;
const FRAMES: usize = 512;

/// Blocks after which a chord is known: 1.5 s.
const KNOWN: usize = 130;

/// Plays a chord until these notes sound. The worker has its own pace, so after enough music
/// it is given all the time it wants for very little more.
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
