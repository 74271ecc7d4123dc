use std::time::{Duration, Instant};

use recognizer::refine::Refined;

use super::*;
use crate::params::ChangesParams;
use crate::recognition::{Grid, Recognizer, SPECTRUM_BINS, Settings, Shown};
use crate::snapshot::{Snapshot, Status};
use crate::tap::{Tap, TapInput};
use crate::transport::HostPosition;

const RATE: f64 = 1000.0;

/// Knows its chords by the value of the samples: 0.1 is C, 0.2 is D, and so on.
struct ByValue {
    heard: u64,
    last: Option<usize>,
    found: Vec<Shown>,
    spectrum: [f32; SPECTRUM_BINS],
}

impl ByValue {
    fn new() -> Self {
        Self {
            heard: 0,
            last: None,
            found: Vec::new(),
            spectrum: [0.0; SPECTRUM_BINS],
        }
    }
}

impl Recognizer for ByValue {
    fn push(&mut self, samples: &[f32], _: &mut Grid<'_>) {
        const ROOTS: [&str; 7] = ["C", "D", "E", "F", "G", "A", "B"];
        for sample in samples {
            assert!(sample.is_finite());
            assert!(*sample < 5.0, "planted error");
            let index = (sample * 10.0).round() as usize;
            if index >= 1 && self.last != Some(index) {
                self.last = Some(index);
                self.found.push(Shown {
                    starts_at_s: self.heard as f64 / RATE,
                    label: ROOTS[(index - 1) % 7].parse().unwrap(),
                    confirmed: true,
                    confidence: 0.9,
                    alternatives: Vec::new(),
                });
            }
            self.heard += 1;
        }
    }

    fn poll(&mut self) -> Option<Shown> {
        (!self.found.is_empty()).then(|| self.found.remove(0))
    }

    fn refine(&mut self, _: &mut Grid<'_>) -> Option<Refined> {
        None
    }

    fn is_refining_due(&self) -> bool {
        false
    }

    fn preview(&self, _: &mut Grid<'_>) -> Option<Refined> {
        None
    }

    fn spectrum(&self) -> &[f32] {
        &self.spectrum
    }

    fn mark_gap(&mut self, lost: u64) {
        self.heard += lost;
    }

    fn set(&mut self, _: Settings) {}

    fn finish(&mut self) {
        let found = std::mem::take(&mut self.found);
        *self = Self {
            found,
            ..Self::new()
        };
    }

    fn latency_s(&self) -> f64 {
        0.0
    }

    fn refining_latency_s(&self) -> f64 {
        0.0
    }
}

struct ManyByValue;

impl Recognizers for ManyByValue {
    fn make(&self, _: f64, _: Settings) -> Result<Box<dyn Recognizer>, String> {
        Ok(Box::new(ByValue::new()))
    }
}

fn worker() -> Worker {
    Worker::start(Box::new(ManyByValue)).unwrap()
}

fn instance(worker: &Worker, capacity: usize) -> (Arc<Instance>, TapInput) {
    let instance = Arc::new(Instance::new(Arc::new(ChangesParams::default())));
    let (input, output) = Tap::new(capacity, RATE);
    instance.feed(output);
    worker.adopt(&instance);
    (instance, input)
}

fn push(input: &mut TapInput, value: f32, frames: usize) {
    input.push(&[vec![value; frames]], frames, HostPosition::default());
}

/// Waits until the instance's picture is as wished; the machine may be slow.
fn await_snapshot(instance: &Instance, wish: impl Fn(&Snapshot) -> bool) -> Arc<Snapshot> {
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

fn track(instance: &Instance) -> Vec<(f64, f64, String)> {
    let round = |value: f64| (value * 1000.0).round() / 1000.0;
    let track = instance.session().track();
    let segments = track.timeline().segments().iter();
    segments
        .map(|it| (round(it.start_s), round(it.end_s), it.label.to_string()))
        .collect()
}

#[test]
fn chords_reach_the_picture_and_the_track() {
    let worker = worker();
    let (instance, mut input) = instance(&worker, 100_000);
    push(&mut input, 0.1, 2000);
    push(&mut input, 0.5, 1000);
    let snapshot = await_snapshot(&instance, |it| it.strip.now_s >= 3.0);
    assert_eq!(
        snapshot.current.as_ref().unwrap().label.to_string(),
        "G:maj"
    );
    assert_eq!(
        track(&instance),
        [
            (0.0, 2.0, "C:maj".to_owned()),
            (2.0, 3.0, "G:maj".to_owned())
        ]
    );
}

#[test]
fn the_track_does_not_depend_on_the_blocks() {
    let worker = worker();
    let tracks = [1usize, 7, 64, 1000, 16_384].map(|block| {
        let (instance, mut input) = instance(&worker, 100_000);
        let audio: Vec<f32> = (0..20_000)
            .map(|at| 0.1 * (1 + (at / 1237) % 6) as f32)
            .collect();
        for chunk in audio.chunks(block) {
            input.push(&[chunk], chunk.len(), HostPosition::default());
        }
        await_snapshot(&instance, |it| it.strip.now_s >= 20.0);
        track(&instance)
    });
    assert_eq!(tracks[0].len(), 17);
    for other in &tracks[1..] {
        assert_eq!(*other, tracks[0]);
    }
}

#[test]
fn a_loss_is_told_and_moves_time_on() {
    let worker = worker();
    let (instance, mut input) = instance(&worker, 1000);
    push(&mut input, 0.1, 500);
    await_snapshot(&instance, |it| it.strip.now_s >= 0.5);
    push(&mut input, 0.2, 1500);
    push(&mut input, 0.3, 500);
    let snapshot = await_snapshot(&instance, |it| it.strip.now_s >= 2.5);
    assert_eq!(snapshot.lost, 1500);
    assert_eq!(snapshot.status, Status::Gap);
    assert_eq!(
        track(&instance).last().unwrap(),
        &(2.0, 2.5, "E:maj".to_owned())
    );
}

#[test]
fn instances_come_and_go_and_the_thread_ends_with_the_last_handle() {
    let worker = worker();
    for round in 0..20 {
        let (instance, mut input) = instance(&worker, 1000);
        push(&mut input, 0.1, 100);
        if round % 2 == 0 {
            await_snapshot(&instance, |it| it.current.is_some());
        }
        let weak = Arc::downgrade(&instance);
        drop((instance, input));
        let started = Instant::now();
        while weak.strong_count() > 0 {
            assert!(started.elapsed() < Duration::from_secs(60));
            std::thread::yield_now();
        }
    }
    // Joins; hangs the test if the thread does not end.
    drop(worker);
}

#[test]
fn an_error_in_one_instance_leaves_the_others_alone() {
    let worker = worker();
    let (broken, mut broken_input) = instance(&worker, 1000);
    let (sound, mut input) = instance(&worker, 1000);
    push(&mut broken_input, 9.0, 10);
    await_snapshot(&broken, |it| it.status == Status::Failed);
    push(&mut input, 0.1, 100);
    await_snapshot(&sound, |it| it.current.is_some());
}

#[test]
fn broken_samples_do_not_reach_the_analysis() {
    let worker = worker();
    let (instance, mut input) = instance(&worker, 1000);
    for value in [
        f32::NAN,
        f32::INFINITY,
        f32::NEG_INFINITY,
        f32::MIN_POSITIVE / 2.0,
    ] {
        push(&mut input, value, 10);
    }
    push(&mut input, 0.2, 100);
    let snapshot = await_snapshot(&instance, |it| it.current.is_some());
    assert_eq!(
        snapshot.current.as_ref().unwrap().label.to_string(),
        "D:maj"
    );
}

#[test]
fn a_new_rate_begins_a_new_stream_after_the_old_one_is_heard() {
    let worker = worker();
    let (instance, mut input) = instance(&worker, 10_000);
    push(&mut input, 0.1, 1000);
    let (mut second, output) = Tap::new(10_000, 2.0 * RATE);
    instance.feed(output);
    drop(input);
    push(&mut second, 0.2, 2000);
    await_snapshot(&instance, |it| {
        it.sample_rate == 2.0 * RATE && it.strip.now_s >= 2.0
    });
    assert_eq!(track(&instance)[0], (0.0, 1.0, "C:maj".to_owned()));
    assert_eq!(track(&instance)[1], (1.0, 2.0, "D:maj".to_owned()));
}

#[test]
fn a_reset_starts_afresh() {
    let worker = worker();
    let (instance, mut input) = instance(&worker, 10_000);
    push(&mut input, 0.1, 1000);
    input.reset();
    push(&mut input, 0.0, 1000);
    let snapshot = await_snapshot(&instance, |it| it.strip.now_s >= 2.0);
    assert_eq!(snapshot.current, None);
    // What was heard afterwards has no name yet.
    assert_eq!(
        track(&instance),
        [(0.0, 1.0, "C:maj".to_owned()), (1.0, 2.0, "X".to_owned())]
    );
}

/// A host loads a project, or takes a step back, while the worker is behind.
#[test]
fn what_sounded_before_a_state_was_loaded_is_no_part_of_it() {
    let worker = worker();
    let instance = Arc::new(Instance::new(Arc::new(ChangesParams::default())));
    let (mut input, output) = Tap::new(10_000, RATE);
    instance.feed(output);
    push(&mut input, 0.1, 1000);
    let session = instance.session();
    session.load(r#"{"version": 1, "clock": "stream", "segments": []}"#);
    // Only now the worker hears of the second before.
    worker.adopt(&instance);
    await_snapshot(&instance, |it| it.strip.now_s >= 1.0);
    // Long enough for what is done when a host falls silent without a word, too.
    std::thread::sleep(Duration::from_millis(700));
    assert_eq!(track(&instance), []);
    input.set_loads(session.loads());
    push(&mut input, 0.2, 1000);
    await_snapshot(&instance, |it| it.strip.now_s >= 2.0);
    assert_eq!(track(&instance), [(1.0, 2.0, "D:maj".to_owned())]);
}
