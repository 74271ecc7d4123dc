//! The plugin never uses a network: its system calls in a host are watched.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

use std::net::UdpSocket;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use testhost::host::{self, Block};
use testhost::{music, strace};

/// Marks the process that is being watched.
const WATCHED: &str = "CHANGES_WATCHED";

fn is_watched() -> bool {
    std::env::var_os(WATCHED).is_some()
}

/// The system calls of this program while it runs only the test of this name.
fn calls_of(test: &str) -> String {
    let program: PathBuf = std::env::current_exe().unwrap();
    strace::watch(&program, &[test, "--exact"], &[(WATCHED, "1")])
}

#[test]
fn a_network_would_be_seen() {
    if is_watched() {
        drop(UdpSocket::bind("127.0.0.1:0").unwrap());
        return;
    }
    if strace::available() {
        let calls = calls_of("a_network_would_be_seen");
        assert!(!strace::internet(&calls).is_empty(), "{calls}");
    }
}

#[test]
fn the_plugin_reaches_for_no_network() {
    if is_watched() {
        return listen_and_save();
    }
    if strace::available() {
        let calls = calls_of("the_plugin_reaches_for_no_network");
        assert_eq!(strace::internet(&calls), [""; 0]);
    }
}

/// Everything a host does with the plugin except its window: from loading to a recognized
/// chord and a saved state that is loaded again.
fn listen_and_save() {
    let entry = host::load();
    let mut instance = host::instantiate(&entry);
    let sample_rate = 44_100.0;
    let audio = music::progression(sample_rate);
    let mut processor = host::activate(&mut instance, sample_rate, 512);
    let mut block = Block::new(2, 512);
    for chunk in audio.chunks(512) {
        block.process(&mut processor, &[chunk, chunk], None);
    }
    let started = Instant::now();
    while host::track(&mut instance).timeline().len() < 4 {
        assert!(started.elapsed() < Duration::from_secs(300), "no chords");
        std::thread::sleep(Duration::from_millis(20));
    }
    let saved = host::save(&mut instance);
    assert!(host::restore(&mut instance, &saved));
    instance.deactivate(processor.stop_processing());
}
