//! Hosts that switch the plugin on and off, change its rate, and open and close it, again and
//! again: no memory is left behind.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]
#![allow(clippy::disallowed_types, reason = "no audio thread in here")]

use std::time::Duration;

use testhost::host::{self, Block};
use testhost::music;
use testhost::process::Holdings;

/// The resources of the process are counted: where the tests of this file share one, they take
/// turns.
static TURN: std::sync::Mutex<()> = std::sync::Mutex::new(());

fn turn() -> std::sync::MutexGuard<'static, ()> {
    TURN.lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// Bytes that may remain once the worker has reached the last tap, for which the test waits up to a
/// minute. On a busy machine the allocator keeps some 9 MiB more now and then, with nothing of ours
/// alive.
const SLACK: u64 = 16 << 20;

#[test]
fn an_activation_storm_leaves_nothing_behind() {
    activation_storm(60, 60);
}

#[test]
#[ignore = "takes a while: `cargo xtask test --step thorough`"]
fn activation_storms_leave_nothing_behind() {
    activation_storm(60, 300);
}

/// Activates `first` times, and then more often, which must leave nothing behind.
fn activation_storm(first: usize, then: usize) {
    let _turn = turn();
    const RATES: [f64; 5] = [44_100.0, 48_000.0, 96_000.0, 8_000.0, 384_000.0];
    let entry = host::load();
    let mut instance = host::instantiate(&entry);
    let mut storm = |rounds: usize| {
        for round in 0..rounds {
            let rate = RATES[round / 3 % RATES.len()];
            let frames = [1, 64, 700, 16_384][round % 4];
            let mut processor = host::activate(&mut instance, rate, frames);
            let mut block = Block::new(2, frames);
            let audio = music::noise(round as u64, frames);
            for _ in 0..round % 3 {
                let output = block.process(&mut processor, &[&audio, &audio], None);
                assert!(output.iter().all(|out| out[..] == audio[..]));
            }
            instance.deactivate(processor.stop_processing());
        }
        // The worker takes over one tap after the other.
        std::thread::sleep(Duration::from_secs(1));
    };
    storm(first);
    let before = Holdings::now();
    storm(then);
    Holdings::assert_no_more_than(before, SLACK);
}

/// The rate changes during the session, and the size of the blocks with every block: chords
/// lie where they sounded.
#[test]
fn a_session_goes_on_through_changes_of_rate() {
    let _turn = turn();
    let entry = host::load();
    let mut instance = host::instantiate(&entry);
    let mut song_s = 0.0;
    for (index, rate) in [44_100.0, 96_000.0, 48_000.0].into_iter().enumerate() {
        let mut processor = host::activate(&mut instance, rate, 4096);
        let mut block = Block::new(2, 4096);
        let audio = music::chord_of(rate, music::PROGRESSION[index].1, 8.0);
        let (mut at, mut sizes) = (0, [512, 1, 4096, 37, 1000].into_iter().cycle());
        while at < audio.len() {
            let end = audio.len().min(at + sizes.next().unwrap());
            let chunk = &audio[at..end];
            let beats = 2.0 * (song_s + at as f64 / rate);
            let transport = host::rolling(beats);
            block.process(&mut processor, &[chunk, chunk], Some(&transport));
            at = end;
        }
        song_s += 8.0;
        instance.deactivate(processor.stop_processing());
    }
    let track = host::await_confirmed(&mut instance, song_s - 0.01);
    for (index, (label, _)) in music::PROGRESSION[..3].iter().enumerate() {
        for at_s in [2.0, 4.0, 6.0] {
            let found = track.timeline().at(8.0 * index as f64 + at_s).unwrap();
            assert_eq!(found.label.to_string(), *label, "{track:#?}");
        }
    }
    let starts: Vec<f64> = track.timeline().into_iter().map(|it| it.start_s).collect();
    for boundary_s in [8.0, 16.0] {
        assert!(starts.contains(&boundary_s), "{starts:?}");
    }
}

#[test]
fn instances_that_come_and_go_leave_nothing_behind() {
    instances_come_and_go(6);
}

#[test]
#[ignore = "takes a while: `cargo xtask test --step thorough`"]
fn many_instances_that_come_and_go_leave_nothing_behind() {
    instances_come_and_go(25);
}

/// Opens and closes eight instances at a time, twice so many times: the second time must leave
/// nothing behind.
fn instances_come_and_go(times: usize) {
    let _turn = turn();
    let entry = host::load();
    // One that stays, and keeps the worker.
    let mut first = host::instantiate(&entry);
    let processor = host::activate(&mut first, 48_000.0, 512);
    let audio = music::noise(1, 512);
    let open_and_close = |rounds: usize| {
        for _ in 0..rounds {
            let mut instances: Vec<_> = (0..8).map(|_| host::instantiate(&entry)).collect();
            for instance in &mut instances {
                let mut processor = host::activate(instance, 48_000.0, 512);
                let mut block = Block::new(2, 512);
                for _ in 0..20 {
                    block.process(&mut processor, &[&audio, &audio], None);
                }
                instance.deactivate(processor.stop_processing());
            }
        }
        std::thread::sleep(Duration::from_secs(1));
    };
    // As often before as after: by then the allocator's reserve has settled. It depends on how
    // many instances' rings existed at once, which depends on how the threads were scheduled.
    open_and_close(times);
    let before = Holdings::now();
    open_and_close(times);
    Holdings::assert_no_more_than(before, SLACK);
    first.deactivate(processor.stop_processing());
}
