//! The plugin's window in a host's, on an X server of the test's own.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

#[path = "support/parent.rs"]
mod parent;
#[allow(dead_code, reason = "the host can do more than this test needs")]
mod support;
#[path = "support/xvfb.rs"]
mod xvfb;

use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use clack_extensions::gui::{GuiApiType, GuiConfiguration, PluginGui, Window};
use clack_host::prelude::*;
use parent::Parent;
use support::host::{self, Block, TestHost};
use support::music;
use support::process::Holdings;
use xvfb::Xvfb;

/// The window's size when it is first opened.
const SIZE: (u16, u16) = (960, 600);

/// More colours than a blank window has, far fewer than a drawn one.
const DRAWN: usize = 20;

/// Tells this program that it is the one on the X server.
const INSIDE: &str = "CHANGES_INSIDE";

/// Runs `host` in a process whose windows are on an X server of its own: a host that falls must
/// not take the test with it, and a plugin finds its server by the environment.
fn on_a_server(test: &str, host: fn()) {
    if std::env::var_os(INSIDE).is_some() {
        return host();
    }
    let Some(server) = Xvfb::start() else { return };
    let output = Command::new(std::env::current_exe().unwrap())
        .args([test, "--exact", "--nocapture"])
        .env("DISPLAY", &server.display)
        .env(INSIDE, "1")
        // glibc's allocator makes arenas for threads that happen to run at the same time, and each
        // keeps megabytes: what is measured must not hang on how busy the machine is.
        .env("MALLOC_ARENA_MAX", "1")
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&output.stdout);
    println!("{told}");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{}\n{errors}", output.status);
}

/// Opens the plugin's window in the host's, does something, and closes it.
fn with_window(
    instance: &mut PluginInstance<TestHost>,
    parent: &Parent,
    then: impl FnOnce(&PluginGui, &PluginMainThreadHandle),
) {
    let plugin = instance.plugin_handle();
    let gui: PluginGui = plugin.get_extension().unwrap();
    let configuration = GuiConfiguration {
        api_type: GuiApiType::X11,
        is_floating: false,
    };
    gui.create(&plugin, configuration).unwrap();
    // SAFETY: the host's window is there until after the plugin's is destroyed.
    unsafe { gui.set_parent(&plugin, Window::from_x11_handle(parent.window.into())) }.unwrap();
    then(&gui, &plugin);
    gui.destroy(&plugin);
}

/// Waits until something is drawn.
fn await_drawn(parent: &Parent) {
    let started = Instant::now();
    while parent.colours() < DRAWN {
        assert!(started.elapsed() < Duration::from_secs(60), "it is blank");
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn it_is_opened_and_closed_200_times() {
    on_a_server("it_is_opened_and_closed_200_times", || {
        let entry = host::load();
        let mut instance = host::instantiate(&entry);
        let parent = Parent::open(SIZE.0, SIZE.1);
        let mut open_and_close = |rounds: usize| {
            for round in 0..rounds {
                with_window(&mut instance, &parent, |gui, plugin| {
                    gui.show(plugin).unwrap();
                    // Most are closed under way, a few milliseconds later each time.
                    if round % 4 == 0 {
                        await_drawn(&parent);
                    } else {
                        std::thread::sleep(Duration::from_millis(round as u64 % 50));
                    }
                });
            }
        };
        open_and_close(40);
        let before = Holdings::now();
        open_and_close(200);
        Holdings::assert_no_more_than(before, SLACK);
    });
}

/// What 200 windows may leave behind, in bytes. baseview 0.4.2 never lets go of the keymap that it
/// asks X11 for with each, 54 kB; 0.08 MB are left in all.
const SLACK: u64 = 24 << 20;

/// Ardour's windows are mapped by its main loop, which is busy while it opens one.
#[test]
fn it_is_drawn_however_late_it_is_mapped() {
    on_a_server("it_is_drawn_however_late_it_is_mapped", || {
        let entry = host::load();
        let mut instance = host::instantiate(&entry);
        let parent = Parent::open(SIZE.0, SIZE.1);
        for late_ms in [0, 5, 20, 50, 200, 1000] {
            with_window(&mut instance, &parent, |gui, plugin| {
                std::thread::sleep(Duration::from_millis(late_ms));
                gui.show(plugin).unwrap();
                await_drawn(&parent);
            });
            assert!(parent.colours() < DRAWN, "something is left of it");
        }
    });
}

/// The window opens and closes while a song plays: the audio passes, and the track is the one
/// that a host without a window gets, to the last digit.
#[test]
fn the_track_is_the_same_with_the_window_open_and_without() {
    on_a_server(
        "the_track_is_the_same_with_the_window_open_and_without",
        || {
            let entry = host::load();
            let parent = Parent::open(SIZE.0, SIZE.1);
            let without = played(&entry, None);
            assert!(without.contains("\"end_s\""), "{without}");
            assert_eq!(played(&entry, Some(&parent)), without);
        },
    );
}

/// Plays a piece in real time, with the window on `parent` opening, drawing and closing again
/// and again meanwhile, and gives the saved track once all of it is confirmed.
fn played(entry: &PluginEntry, parent: Option<&Parent>) -> String {
    const RATE: f64 = 48_000.0;
    const FRAMES: usize = 512;
    let mut instance = host::instantiate(entry);
    let mut processor = host::activate(&mut instance, RATE, FRAMES);
    let audio: Vec<f32> = music::PROGRESSION[..3]
        .iter()
        .flat_map(|(_, keys)| music::chord_of(RATE, keys, 3.0))
        .collect();
    let ended = AtomicBool::new(false);
    let processor = std::thread::scope(|scope| {
        let player = scope.spawn(|| {
            let mut block = Block::new(2, FRAMES);
            let started = Instant::now();
            for (index, chunk) in audio.chunks(FRAMES).enumerate() {
                let at_s = (index * FRAMES) as f64 / RATE;
                std::thread::sleep(Duration::from_secs_f64(at_s).saturating_sub(started.elapsed()));
                let transport = host::rolling(2.0 * at_s);
                let output = block.process(&mut processor, &[chunk, chunk], Some(&transport));
                assert!(output.iter().all(|out| out[..chunk.len()] == *chunk));
            }
            ended.store(true, Ordering::Relaxed);
            processor
        });
        while let Some(parent) = parent
            && !ended.load(Ordering::Relaxed)
        {
            with_window(&mut instance, parent, |gui, plugin| {
                gui.show(plugin).unwrap();
                await_drawn(parent);
                std::thread::sleep(Duration::from_secs(1));
            });
        }
        player.join().unwrap()
    });
    instance.deactivate(processor.stop_processing());
    host::await_confirmed(&mut instance, audio.len() as f64 / RATE - 1e-3);
    host::track_json(&mut instance)
}
