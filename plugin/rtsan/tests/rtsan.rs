//! The audio callback of the built plugin under RealtimeSanitizer; see the crate.
#![cfg(rtsan)]
#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use clack_host::prelude::PluginEntry;
use testhost::host::{self, Block};
use testhost::music;

unsafe extern "C" {
    fn __rtsan_realtime_enter();
    fn __rtsan_realtime_exit();
}

/// Runs `process` where RealtimeSanitizer ends the process on anything that may block.
fn in_real_time(process: &mut dyn FnMut()) {
    // SAFETY: functions of the sanitizer's runtime without arguments, called in pairs.
    unsafe { __rtsan_realtime_enter() };
    process();
    // SAFETY: as above.
    unsafe { __rtsan_realtime_exit() };
}

/// The sanitizer's default exit status.
const CAUGHT: i32 = 43;

const PLANT: &str = "CHANGES_RTSAN_PLANT";

/// Seconds of audio that an instance is given as fast as it takes them: less than its ring
/// holds. With more, the worker would have to keep up: that is another test.
const HELD_S: f64 = 30.0;

#[test]
fn the_audio_callback_never_blocks() {
    let entry = host::load();
    for layout in ["Stereo", "Mono"] {
        for sample_rate in [8_000.0, 48_000.0, 384_000.0] {
            for frames in [1, 2, 3, 31, 64, 441, 512, 1024, 4096, 8192, 16_384] {
                put_through_its_paces(&entry, layout, sample_rate, frames);
            }
        }
    }
}

fn put_through_its_paces(entry: &PluginEntry, layout: &str, sample_rate: f64, frames: usize) {
    let channels = if layout == "Stereo" { 2 } else { 1 };
    let mut instance = host::instantiate(entry);
    host::select_layout(&mut instance, layout);
    let parameters = host::parameters(&mut instance);
    let mut processor = host::activate(&mut instance, sample_rate, frames);
    let mut block = Block::new(channels, frames);
    block.around = in_real_time;
    let audio = music::noise(1, frames);
    let broken = vec![f32::NAN; frames];
    let mut left = (HELD_S * sample_rate / frames as f64) as usize;
    let mut process = |block: &mut Block, samples: &[f32], beats: Option<f64>| {
        if let Some(still) = left.checked_sub(1) {
            left = still;
            let both = [samples, samples];
            let transport = beats.map(host::rolling);
            block.process(&mut processor, &both[..channels], transport.as_ref());
        }
    };
    // No transport, a rolling song, a jump, every parameter at both ends.
    process(&mut block, &audio, None);
    for beats in [0.0, 0.5, 64.5, 4.5] {
        process(&mut block, &audio, Some(beats));
    }
    for parameter in &parameters {
        for value in [parameter.min, parameter.max, parameter.value] {
            block.set(parameter.id, value);
            process(&mut block, &audio, None);
        }
    }
    for round in 0..4 {
        for parameter in &parameters {
            let value = [parameter.min, parameter.max][round % 2];
            block.set(parameter.id, value);
        }
        process(&mut block, &broken, Some(f64::from(round as u32)));
    }
    // Noise gives no chord: these notes come from outside and are passed on.
    for key in 60..64 {
        block.note(true, 3, key);
        block.note(false, 3, key);
        process(&mut block, &audio, None);
    }
    // So are these.
    for value in 0..4 {
        block.midi(0, [0xb3, 64, value]);
        block.midi(0, [0xe3, 0, value]);
        block.midi(0, [0xd3, value, 0]);
        block.midi(0, [0xc3, value, 0]);
        block.sysex(0, &[0xf0, 0x7e, 0x7f, 0x09, 0x01, 0xf7]);
        process(&mut block, &audio, None);
    }
    processor.reset();
    let both = [broken.as_slice(), broken.as_slice()];
    block.process(&mut processor, &both[..channels], None);
    instance.deactivate(processor.stop_processing());
}

#[test]
fn notes_are_sent_without_blocking() {
    const RATE: f64 = 44_100.0;
    const FRAMES: usize = 512;
    let entry = host::load();
    let mut instance = host::instantiate(&entry);
    let parameters = host::parameters(&mut instance);
    let id = |name: &str| parameters.iter().find(|it| it.name == name).unwrap().id;
    let mut processor = host::activate(&mut instance, RATE, FRAMES);
    let mut block = Block::new(2, FRAMES);
    block.around = in_real_time;
    block.set(id("MIDI out"), 1.0);
    let audio = music::chord_of(RATE, music::PROGRESSION[0].1, 2.0);
    let mut beats = 0.0;
    let mut sent = 0;
    // Each round the chord is found and sounds, and something else takes it away.
    let breaks = [
        "",
        "Freeze",
        "Bypass",
        "MIDI octave",
        "MIDI channel",
        "MIDI bass",
        "MIDI out",
    ];
    for name in breaks
        .into_iter()
        .chain(["MIDI voicing", "MIDI velocity", ""])
    {
        let started = Instant::now();
        while host::hanging(&block.notes).is_empty() {
            assert!(started.elapsed() < Duration::from_secs(120), "{name}");
            // In real time: a host that renders may be kept waiting.
            for chunk in audio.chunks_exact(FRAMES) {
                let transport = host::rolling(beats);
                block.process(&mut processor, &[chunk, chunk], Some(&transport));
                beats += 2.0 * FRAMES as f64 / RATE;
                std::thread::sleep(Duration::from_secs_f64(FRAMES as f64 / RATE));
            }
        }
        sent += block.notes.len();
        // A jump or a parameter ends or moves them.
        if name.is_empty() {
            beats = 0.0;
        } else {
            let parameter = parameters.iter().find(|it| it.name == name).unwrap();
            for value in [parameter.max, parameter.min, parameter.value] {
                block.set(parameter.id, value);
                let transport = host::rolling(beats);
                let chunk = &audio[..FRAMES];
                block.process(&mut processor, &[chunk, chunk], Some(&transport));
                beats += 2.0 * FRAMES as f64 / RATE;
            }
            block.set(id("MIDI out"), 1.0);
        }
    }
    assert!(sent > 20, "{sent}");
    instance.deactivate(processor.stop_processing());
}

#[test]
fn a_full_ring_and_a_stalled_worker_do_not_block_the_audio() {
    // At this rate the ring holds 5.2 seconds.
    const RATE: f64 = 384_000.0;
    const FRAMES: usize = 4096;
    let entry = host::load();
    let mut instance = host::instantiate(&entry);
    let mut processor = host::activate(&mut instance, RATE, FRAMES);
    let mut block = Block::new(2, FRAMES);
    block.around = in_real_time;
    let audio = music::noise(1, FRAMES);
    std::thread::sleep(Duration::from_millis(200));
    let stall = testhost::stall::Stall::of_worker();
    let started = Instant::now();
    for index in 0..700 {
        let due = Duration::from_secs_f64((index * FRAMES) as f64 / RATE);
        std::thread::sleep(due.saturating_sub(started.elapsed()));
        // Jumps fill the ring of the marks as well.
        let transport = host::rolling((index % 7) as f64);
        block.process(&mut processor, &[&audio, &audio], Some(&transport));
    }
    // With small blocks, each with a jump, the marks overflow.
    for index in 0..6000 {
        let transport = host::rolling((index % 5) as f64);
        let one = &audio[..1];
        block.process(&mut processor, &[one, one], Some(&transport));
    }
    drop(stall);
    instance.deactivate(processor.stop_processing());
}

#[test]
fn what_the_main_thread_does_meanwhile_does_not_block_the_audio() {
    const RATE: f64 = 48_000.0;
    const FRAMES: usize = 64;
    let entry = host::load();
    let mut instance = host::instantiate(&entry);
    let mut processor = host::activate(&mut instance, RATE, FRAMES);
    let saved = host::save(&mut instance);
    let ended = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let audio = scope.spawn(|| {
            let mut block = Block::new(2, FRAMES);
            block.around = in_real_time;
            let sound = music::chord_of(RATE, music::PROGRESSION[0].1, 2.0);
            let (started, mut played) = (Instant::now(), 0);
            while !ended.load(Ordering::Relaxed) {
                let due = Duration::from_secs_f64(played as f64 / RATE);
                std::thread::sleep(due.saturating_sub(started.elapsed()));
                let chunk = &sound[played % (sound.len() - FRAMES)..][..FRAMES];
                let transport = host::rolling(played as f64 / RATE * 2.0);
                block.process(&mut processor, &[chunk, chunk], Some(&transport));
                played += FRAMES;
            }
            processor
        });
        let until = Instant::now() + Duration::from_secs(5);
        while Instant::now() < until {
            host::save(&mut instance);
            host::parameters(&mut instance);
            assert!(host::restore(&mut instance, &saved));
        }
        ended.store(true, Ordering::Relaxed);
        let processor = audio.join().unwrap();
        instance.deactivate(processor.stop_processing());
    });
}

/// Ends in the sanitizer when asked to; see the next test.
#[test]
fn planted() {
    match std::env::var(PLANT).as_deref() {
        Ok("allocation") => in_real_time(&mut || {
            std::hint::black_box(Vec::<u8>::with_capacity(100));
        }),
        Ok("file") => in_real_time(&mut || {
            std::hint::black_box(std::fs::File::open("/dev/null").is_ok());
        }),
        Ok("lock") => {
            let lock = std::sync::Mutex::new(());
            std::thread::scope(|scope| {
                let held = lock.lock().unwrap();
                scope.spawn(|| in_real_time(&mut || drop(lock.lock())));
                std::thread::sleep(std::time::Duration::from_secs(1));
                drop(held);
            });
        }
        _ => {}
    }
}

#[test]
fn planted_violations_are_caught() {
    for plant in ["allocation", "file", "lock"] {
        let test = std::env::current_exe().unwrap();
        let run = Command::new(test)
            .args(["--exact", "planted", "--nocapture"])
            .env(PLANT, plant)
            .output()
            .unwrap();
        let told = String::from_utf8_lossy(&run.stderr);
        assert_eq!(run.status.code(), Some(CAUGHT), "{plant}: {told}");
        assert!(told.contains("RealtimeSanitizer"), "{plant}: {told}");
    }
}
