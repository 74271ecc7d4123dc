//! Errors in the analysis: which instances they stop, and how those recover.

use super::*;
use crate::Changes;
use crate::host::HostLink;

#[test]
fn a_failed_instance_comes_back_with_another_tap() {
    let worker = worker();
    let (instance, mut input) = instance(&worker, 1000);
    push(&mut input, 0.1, 500);
    await_snapshot(&instance, |it| it.now_s >= 0.5);
    push(&mut input, 9.0, 10);
    await_snapshot(&instance, |it| it.status == Status::Failed);
    assert!(input.is_abandoned());
    let (mut input, output) = Tap::new(1000, RATE);
    instance.feed(output);
    push(&mut input, 0.2, 500);
    let snapshot = await_snapshot(&instance, |it| it.current.is_some());
    let current = snapshot.current.as_ref().unwrap();
    assert_eq!(current.label.to_string(), "D:maj");
    assert_ne!(snapshot.status, Status::Failed);
}

#[test]
fn an_instance_that_failed_comes_back_when_it_is_switched_off_and_on() {
    let mut plugin = Changes::default();
    plugin.prepare(48_000.0).unwrap();
    let instance = Arc::clone(&plugin.hearing);
    let hears = |plugin: &mut Changes, wish: fn(&Snapshot) -> bool| {
        let started = Instant::now();
        while !wish(&instance.snapshot()) {
            assert!(started.elapsed() < Duration::from_secs(60));
            plugin.listen(&[vec![0.1f32; 512]], 512, HostPosition::default());
            std::thread::sleep(Duration::from_millis(5));
        }
    };
    let works: fn(&Snapshot) -> bool =
        |it| it.sample_rate > 0.0 && !matches!(it.status, Status::Failed | Status::Idle);
    hears(&mut plugin, works);
    for _ in 0..2 {
        instance.analysis.lock().fail(&instance);
        hears(&mut plugin, |it| it.status == Status::Failed);
        plugin.pause();
        plugin.prepare(48_000.0).unwrap();
        hears(&mut plugin, works);
    }
}

#[test]
fn an_error_that_is_told_with_an_error_leaves_the_others_alone() {
    let worker = worker();
    let (broken, mut broken_input) = instance(&worker, 1000);
    let (sound, mut input) = instance(&worker, 1000);
    broken.analysis.lock().planted_errors = 1;
    push(&mut broken_input, 9.0, 10);
    await_snapshot(&broken, |it| it.status == Status::Failed);
    // So many errors that not even reporting works.
    let (hopeless, mut hopeless_input) = instance(&worker, 1000);
    hopeless.analysis.lock().planted_errors = u32::MAX;
    push(&mut hopeless_input, 9.0, 10);
    push(&mut input, 0.1, 100);
    await_snapshot(&sound, |it| it.current.is_some());
    assert!(!worker.thread.lock().as_ref().unwrap().is_finished());
}

#[test]
fn an_error_while_the_host_is_told_ends_one_analysis_and_no_other() {
    let worker = worker();
    let link = Arc::new(HostLink::with_callback());
    let told = Arc::new(AtomicBool::new(false));
    let tells = Arc::clone(&told);
    link.set_errand(move || {
        tells.store(true, Ordering::Release);
        panic!("planted error");
    });
    let (broken, mut broken_input) = tapped_by(&link, 1000, RATE);
    worker.adopt(&broken);
    let (sound, mut input) = instance(&worker, 1000);
    push(&mut broken_input, 0.1, 500);
    await_snapshot(&broken, |it| it.status == Status::Failed);
    assert!(told.load(Ordering::Acquire));
    push(&mut input, 0.1, 100);
    await_snapshot(&sound, |it| it.current.is_some());
    assert!(!worker.thread.lock().as_ref().unwrap().is_finished());
}

#[test]
fn an_error_of_the_thread_itself_does_not_end_it() {
    let worker = worker();
    let (instance, mut input) = instance(&worker, 1000);
    push(&mut input, 0.1, 100);
    await_snapshot(&instance, |it| it.now_s >= 0.1);
    worker.shared.planted.store(true, Ordering::Release);
    while worker.shared.planted.load(Ordering::Acquire) {
        std::thread::yield_now();
    }
    push(&mut input, 0.2, 100);
    await_snapshot(&instance, |it| it.now_s >= 0.2);
}

#[test]
fn a_thread_that_is_gone_is_started_again_with_all_instances() {
    let worker = worker();
    let (running, mut input) = instance(&worker, 1000);
    push(&mut input, 0.1, 100);
    await_snapshot(&running, |it| it.now_s >= 0.1);
    worker.shared.stop.store(true, Ordering::Release);
    worker.wake();
    while !worker.thread.lock().as_ref().unwrap().is_finished() {
        std::thread::yield_now();
    }
    worker.shared.stop.store(false, Ordering::Release);
    push(&mut input, 0.2, 100);
    // Another instance is prepared.
    worker.revive().unwrap();
    let (other, mut other_input) = instance(&worker, 1000);
    push(&mut other_input, 0.3, 100);
    await_snapshot(&other, |it| it.current.is_some());
    await_snapshot(&running, |it| it.now_s >= 0.2);
    // Where it runs, nothing is started.
    let id = || worker.thread.lock().as_ref().map(|it| it.thread().id());
    let before = id();
    worker.revive().unwrap();
    assert_eq!(id(), before);
}
