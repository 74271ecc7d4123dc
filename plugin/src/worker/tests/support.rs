//! Instances with taps, and waiting for their results.

use super::*;
use crate::host::HostLink;

/// An instance with a tap for so many samples, without a worker.
pub(super) fn tapped(capacity: usize, rate: f64) -> (Arc<Hearing>, TapInput) {
    tapped_by(&Arc::default(), capacity, rate)
}

/// The same, with a host that is told of changes.
pub(super) fn tapped_by(
    host: &Arc<HostLink>,
    capacity: usize,
    rate: f64,
) -> (Arc<Hearing>, TapInput) {
    let make = || Instance::new(Arc::new(ChangesParams::default()));
    let instance = Arc::new(Hearing::new(Arc::new(host.while_making(make))));
    let (input, output) = Tap::new(capacity, rate);
    instance.feed(output);
    (instance, input)
}

/// An instance at [`RATE`] with this worker.
pub(super) fn instance(worker: &Worker, capacity: usize) -> (Arc<Hearing>, TapInput) {
    let (instance, input) = tapped(capacity, RATE);
    worker.adopt(&instance);
    (instance, input)
}

/// Plays samples of one value.
pub(super) fn push(input: &mut TapInput, value: f32, frames: usize) {
    input.push(&[vec![value; frames]], frames, HostPosition::default());
}

/// A host that plays at 120 bpm in 4/4, at a beat.
pub(super) fn rolling(beats: f64) -> HostPosition {
    HostPosition {
        playing: true,
        tempo_bpm: Some(120.0),
        signature: Some((4, 4)),
        seconds: Some(beats / 2.0),
        beats: Some(beats),
        ..HostPosition::default()
    }
}

/// Waits until the instance's snapshot fulfils a condition; the machine may be slow.
pub(super) fn await_snapshot(
    instance: &Instance,
    wish: impl Fn(&Snapshot) -> bool,
) -> Arc<Snapshot> {
    let started = Instant::now();
    loop {
        let snapshot = instance.snapshot();
        if wish(&snapshot) {
            return snapshot;
        }
        assert!(started.elapsed() < Duration::from_secs(60), "{snapshot:?}");
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// Waits until a condition holds; the machine may be slow.
pub(super) fn wait_until(holds: impl Fn() -> bool) {
    let started = Instant::now();
    while !holds() {
        assert!(started.elapsed() < Duration::from_secs(300));
        std::thread::sleep(Duration::from_millis(1));
    }
}
