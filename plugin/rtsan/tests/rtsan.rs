//! The audio callback of the built plugin under RealtimeSanitizer; see the crate.
#![cfg(rtsan)]
#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

#[path = "../../tests/support/mod.rs"]
#[allow(dead_code, reason = "the host can do more than this test needs")]
mod support;

use std::process::Command;

use support::host::{self, Block};
use support::music;

unsafe extern "C" {
    fn __rtsan_realtime_enter();
    fn __rtsan_realtime_exit();
}

/// Between these two, RealtimeSanitizer ends the process on anything that may block.
fn in_real_time(process: &mut dyn FnMut()) {
    // SAFETY: functions of the sanitizer's runtime without arguments, called in pairs.
    unsafe { __rtsan_realtime_enter() };
    process();
    // SAFETY: as above.
    unsafe { __rtsan_realtime_exit() };
}

/// What the sanitizer exits with by default.
const CAUGHT: i32 = 43;

const PLANT: &str = "CHANGES_RTSAN_PLANT";

#[test]
fn the_audio_callback_never_blocks() {
    let entry = host::load();
    for layout in ["Stereo", "Mono"] {
        let channels = if layout == "Stereo" { 2 } else { 1 };
        let mut instance = host::instantiate(&entry);
        host::select_layout(&mut instance, layout);
        let parameters = host::parameters(&mut instance);
        for sample_rate in [8_000.0, 48_000.0, 384_000.0] {
            let mut processor = host::activate(&mut instance, sample_rate, 16_384);
            let mut block = Block::new(channels, 16_384);
            block.around = in_real_time;
            let audio = music::noise(1, 16_384);
            let mut beats = 0.0;
            for frames in [1, 2, 3, 31, 64, 441, 512, 1024, 4096, 8192, 16_384] {
                let chunk = &audio[..frames];
                let both = [chunk, chunk];
                // Nothing told, a rolling song, a jump, every parameter at both ends.
                block.process(&mut processor, &both[..channels], None);
                for jump in [0.0, 0.5, 64.0, -60.0] {
                    beats += jump;
                    let transport = host::rolling(beats);
                    block.process(&mut processor, &both[..channels], Some(&transport));
                }
                for parameter in &parameters {
                    for value in [parameter.min, parameter.max, parameter.value] {
                        block.set(parameter.id, value);
                        block.process(&mut processor, &both[..channels], None);
                    }
                }
                processor.reset();
                let broken = vec![f32::NAN; frames];
                let both = [broken.as_slice(), broken.as_slice()];
                block.process(&mut processor, &both[..channels], None);
            }
            // More than the ring holds, faster than the worker can follow.
            let both = [audio.as_slice(), audio.as_slice()];
            for index in 0..400 {
                let transport = host::rolling(f64::from(index % 7));
                block.process(&mut processor, &both[..channels], Some(&transport));
            }
            instance.deactivate(processor.stop_processing());
        }
    }
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
