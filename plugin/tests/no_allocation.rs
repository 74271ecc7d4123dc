//! The plugin's own part of the audio callback neither allocates nor frees: every
//! request for memory of this thread is counted.
//!
//! What the plugin library and the system do around it is watched in the built
//! plugin by the package `changes-rtsan`.
#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::sync::atomic::{AtomicBool, Ordering};

use changes_plugin::Changes;
use changes_realtime::midi_out::{LiveNotes, MidiOut, Notes, Sending};
use changes_realtime::tap::Tap;
use changes_realtime::transport::HostPosition;

struct Counting;

thread_local! {
    static REQUESTS: Cell<u64> = const { Cell::new(0) };
}

fn count() {
    // A thread that is ending has no counter any more, and no audio either.
    let _ = REQUESTS.try_with(|requests| requests.set(requests.get() + 1));
}

// SAFETY: forwards everything to the system's allocator.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count();
        // SAFETY: the caller keeps the contract of `alloc`.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        count();
        // SAFETY: the caller keeps the contract of `dealloc`.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count();
        // SAFETY: the caller keeps the contract of `realloc`.
        unsafe { System.realloc(pointer, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Requests for memory that `run` makes on this thread.
fn requests(run: impl FnOnce()) -> u64 {
    let before = REQUESTS.get();
    run();
    REQUESTS.get() - before
}

fn host_at(beats: f64) -> HostPosition {
    HostPosition {
        playing: true,
        tempo_bpm: Some(120.0),
        signature: Some((4, 4)),
        samples: Some((beats * 24_000.0) as i64),
        seconds: Some(beats / 2.0),
        beats: Some(beats),
        bar_start_beats: Some((beats / 4.0).floor() * 4.0),
        bar_number: Some((beats / 4.0) as i32),
        loop_beats: None,
    }
}

#[test]
fn the_counter_counts() {
    assert_eq!(requests(|| drop(std::hint::black_box(Box::new(1)))), 2);
    assert_eq!(requests(|| ()), 0);
}

#[test]
fn pushing_into_a_tap_never_allocates() {
    let audio = vec![0.25f32; 16_384];
    for channels in [1, 2, 3, 6] {
        let (mut input, _output) = Tap::new(1 << 20, 48_000.0);
        let all = vec![audio.as_slice(); channels];
        let made = requests(|| {
            for frames in [0, 1, 2, 3, 17, 64, 441, 512, 1024, 4096, 16_384] {
                for jump in 0..20 {
                    input.push(&all, frames, host_at(f64::from(jump % 5)));
                }
                input.reset();
                input.skip(frames);
            }
        });
        assert_eq!(made, 0, "{channels} channels");
    }
}

#[test]
fn a_full_ring_never_allocates() {
    let audio = vec![0.25f32; 4096];
    let (mut input, output) = Tap::new(10_000, 48_000.0);
    let made = requests(|| {
        for index in 0..1000 {
            input.push(&[&audio], 4096, host_at(f64::from(index)));
            input.reset();
        }
    });
    assert_eq!(made, 0);
    assert_eq!(output.counters().lost(), 998 * 4096);
}

#[test]
fn a_tap_whose_reader_is_gone_never_frees() {
    let (mut input, output) = Tap::new(10_000, 48_000.0);
    drop(output);
    let audio = vec![0.25f32; 4096];
    let made = requests(|| {
        for index in 0..100 {
            input.push(&[&audio], 4096, host_at(f64::from(index)));
        }
    });
    assert_eq!(made, 0);
}

#[test]
fn sending_notes_never_allocates() {
    let live = LiveNotes::default();
    let mut out = MidiOut::default();
    let sending = Sending {
        channel: 3,
        bass_channel: Some(4),
        velocity: 0.5,
    };
    let mut sent = 0;
    let made = requests(|| {
        for round in 0..1000u32 {
            let mut notes = Notes::none(round as u8);
            notes.bass = Some(36 + (round % 12) as u8);
            notes.upper = std::array::from_fn(|slot| Some(60 + (round as usize % 5 + slot) as u8));
            live.set(notes);
            let wanted = (round % 7 > 0).then(|| (live.get(), sending));
            out.play(wanted, |_| {
                sent += 1;
                round % 5 > 0
            });
        }
    });
    assert_eq!(made, 0);
    assert!(sent > 1000);
}

fn plugin() -> Changes {
    let mut plugin = Changes::default();
    plugin.prepare(48_000.0).unwrap();
    plugin
}

#[test]
fn the_plugin_listens_without_allocating() {
    let mut plugin = plugin();
    let chord = Notes {
        bass: Some(36),
        ..Notes::default()
    };
    let (left, right) = (vec![0.25f32; 16_384], vec![-0.5f32; 16_384]);
    let made = requests(|| {
        for round in 0..60 {
            for frames in [1, 16, 64, 441, 512, 1024, 16_384] {
                let host = host_at(f64::from(round % 11));
                plugin.listen(&[&left[..frames], &right[..frames]], frames, host);
                if round % 5 == 0 {
                    plugin.instance().wish.ask(chord);
                }
                plugin.play(host, |_| round % 3 > 0);
            }
            plugin.pause();
        }
    });
    assert_eq!(made, 0);
    assert!(requests(|| drop(plugin)) > 0);
}

/// Nothing that other threads do to an instance makes the audio thread allocate: parameters,
/// bypass, freeze, a loaded state.
#[test]
fn parameters_and_state_make_the_audio_thread_allocate_nothing() {
    let mut plugin = plugin();
    let audio = vec![0.25f32; 512];
    let instance = plugin.instance().clone();
    let saved = instance.session().save().unwrap();
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !done.load(Ordering::Relaxed) {
                instance.session().load(&saved);
                instance.session().track();
                instance.snapshot();
            }
        });
        let made = requests(|| {
            for round in 0..2000 {
                let host = host_at(f64::from(round));
                plugin.listen(&[&audio], 512, host);
                plugin.play(host, |_| true);
            }
        });
        done.store(true, Ordering::Relaxed);
        assert_eq!(made, 0);
    });
}

/// Waiting for the worker, in hosts that render, allocates as little as playing does, and it
/// ends even if the worker stands still.
#[test]
#[cfg(target_os = "linux")]
fn a_stalled_worker_makes_the_audio_thread_allocate_nothing() {
    let mut plugin = plugin();
    let audio = vec![0.25f32; 16_384];
    std::thread::sleep(std::time::Duration::from_millis(200));
    let stall = testhost::stall::Stall::of_worker();
    let made = requests(|| {
        // The ring holds 96 of them.
        for round in 0..200 {
            plugin.listen(&[&audio], 16_384, host_at(f64::from(round)));
        }
    });
    drop(stall);
    assert_eq!(made, 0);
}
