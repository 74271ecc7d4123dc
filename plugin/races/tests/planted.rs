//! A deliberate data race in a process of its own: ThreadSanitizer, which finds none in the
//! other tests, must find this one.
#![cfg(tsan)]
#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

use std::cell::UnsafeCell;
use std::process::Command;
use std::sync::Arc;
use std::thread;

/// The sanitizer's default exit status.
const CAUGHT: i32 = 66;

const PLANT: &str = "CHANGES_TSAN_PLANT";

/// An unguarded number.
struct Unguarded(UnsafeCell<u64>);

// SAFETY: there is none; that is the point.
unsafe impl Sync for Unguarded {}

impl Unguarded {
    fn count(&self) {
        for _ in 0..1000 {
            // SAFETY: none, see above. Nothing reads the number.
            unsafe { *self.0.get() += 1 };
        }
    }
}

/// Does nothing unless the test below asks for the race.
#[test]
fn planted() {
    if std::env::var_os(PLANT).is_none() {
        return;
    }
    let shared = Arc::new(Unguarded(UnsafeCell::new(0)));
    let other = Arc::clone(&shared);
    let thread = thread::spawn(move || other.count());
    shared.count();
    thread.join().unwrap();
}

#[test]
fn a_planted_race_is_caught() {
    let run = |planted: bool| {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", "planted", "--nocapture"]);
        if planted {
            command.env(PLANT, "1");
        }
        command.output().unwrap()
    };
    assert!(run(false).status.success());
    let caught = run(true);
    let told = String::from_utf8_lossy(&caught.stderr);
    assert!(
        told.contains("WARNING: ThreadSanitizer: data race"),
        "{told}"
    );
    assert_eq!(caught.status.code(), Some(CAUGHT));
}
