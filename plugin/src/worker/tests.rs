use std::time::{Duration, Instant};

use harmony::track::Track;
use recognizer::live::{Shown, ShownState};
use recognizer::models::NetworkFile;
use recognizer::refine::Refined;
use recognizer::tuning::Tuning;

use super::*;
use crate::error::RecognizerError;
use crate::instance::Instance;
use crate::networks::NetworkChoice;
use crate::params::ChangesParams;
use crate::recognition::{Grid, Made, Recognizer, SPECTRUM_BINS, Settings};
use crate::session::Clock;
use crate::snapshot::{Snapshot, Status};
use crate::view::{Controls, Song, View};
use changes_realtime::readout::Readout;
use changes_realtime::tap::{Tap, TapInput};
use changes_realtime::transport::HostPosition;

mod aligning;
mod failing;
mod gliding;
mod support;
mod wild;

use self::support::{await_snapshot, instance, push, rolling, tapped, tapped_by, wait_until};

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
                    shown_at_s: self.heard as f64 / RATE,
                    starts_at_s: self.heard as f64 / RATE,
                    label: ROOTS[(index - 1) % 7].parse().unwrap(),
                    state: ShownState::Confirmed,
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

    fn tuning(&self) -> Option<Tuning> {
        None
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
    fn make(&self, _: f64, _: Settings, _: &NetworkChoice) -> Result<Made, RecognizerError> {
        Ok(Made {
            recognizer: Box::new(ByValue::new()),
            refused: Vec::new(),
        })
    }
}

/// Makes recognizers that report every chosen network as refused.
struct Refusing;

impl Recognizers for Refusing {
    fn make(&self, _: f64, _: Settings, asked: &NetworkChoice) -> Result<Made, RecognizerError> {
        let files = asked.live.iter().chain(&asked.windowed);
        Ok(Made {
            recognizer: Box::new(ByValue::new()),
            refused: files.map(|file| file.path.display().to_string()).collect(),
        })
    }
}

#[test]
fn other_networks_go_on_where_the_music_is() {
    let worker = Worker::start(Box::new(Refusing)).unwrap();
    let (instance, mut input) = instance(&worker, 100_000);
    push(&mut input, 0.1, 2000);
    let before = await_snapshot(&instance, |it| it.now_s >= 2.0);
    assert!(before.refused_networks.is_empty());
    instance.params.networks.write().live = Some(NetworkFile {
        path: "mine.safetensors".into(),
        sha256: String::new(),
    });
    let told = await_snapshot(&instance, |it| !it.refused_networks.is_empty());
    assert_eq!(told.refused_networks, ["mine.safetensors"]);
    // What was heard is final, and what follows comes after it.
    let heard = track(&instance);
    assert_eq!(heard.last().map(|it| it.1), Some(2.0), "{heard:?}");
    push(&mut input, 0.5, 2000);
    input.pause();
    await_snapshot(&instance, |it| it.now_s >= 4.0);
    wait_until(|| track(&instance).last().is_some_and(|it| it.1 >= 3.9));
    let both = track(&instance);
    assert_eq!(both[..heard.len()], heard[..]);
    assert!(both[heard.len()..].iter().any(|it| it.0 >= 2.0), "{both:?}");
    instance.params.networks.write().live = None;
    await_snapshot(&instance, |it| it.refused_networks.is_empty());
}

fn worker() -> Worker {
    Worker::start(Box::new(ManyByValue)).unwrap()
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
    let snapshot = await_snapshot(&instance, |it| it.now_s >= 3.0);
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
fn the_host_reads_the_chord_that_the_window_shows() {
    let host = Arc::default();
    let worker = worker();
    let (instance, mut input) = tapped_by(&host, 100_000, RATE);
    worker.adopt(&instance);
    assert_eq!(host.readout.get(), Readout::default());
    let shown = |snapshot: &Snapshot| {
        let song = Song::of_track(Track::new(), Clock::Stream);
        let view = View::new(snapshot, &song, &Controls::default());
        let chord = view.chord.filter(|chord| !chord.remembered);
        chord.map_or_else(Readout::default, |chord| {
            Readout::from_chord(&chord.written, chord.confidence)
        })
    };
    let mut seen = Vec::new();
    for (value, root) in [(0.1, 1), (0.5, 8), (0.2, 3)] {
        push(&mut input, value, 300);
        await_snapshot(&instance, |it| {
            let same = shown(it) == host.readout.get();
            same && host.readout.get().root == root
        });
        seen.push(host.readout.get().confidence);
    }
    assert_eq!(seen, [0.9; 3]);
    // No audio comes any more: nothing is shown, and nothing is read.
    await_snapshot(&instance, |it| it.status == Status::Idle);
    wait_until(|| host.readout.get() == Readout::default());
    push(&mut input, 0.1, 300);
    wait_until(|| host.readout.get().root == 1);
    push(&mut input, 9.0, 10);
    await_snapshot(&instance, |it| it.status == Status::Failed);
    wait_until(|| host.readout.get() == Readout::default());
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
        await_snapshot(&instance, |it| it.now_s >= 20.0);
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
    await_snapshot(&instance, |it| it.now_s >= 0.5);
    push(&mut input, 0.2, 1500);
    push(&mut input, 0.3, 500);
    let snapshot = await_snapshot(&instance, |it| it.now_s >= 2.5);
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
        it.sample_rate == 2.0 * RATE && it.now_s >= 2.0
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
    let snapshot = await_snapshot(&instance, |it| it.now_s >= 2.0);
    assert_eq!(snapshot.current, None);
    // What was heard afterwards has no name yet.
    assert_eq!(
        track(&instance),
        [(0.0, 1.0, "C:maj".to_owned()), (1.0, 2.0, "X".to_owned())]
    );
}

/// A host loads a project, or undoes a step, while the worker is behind.
#[test]
fn what_sounded_before_a_state_was_loaded_is_no_part_of_it() {
    let worker = worker();
    let (instance, mut input) = tapped(10_000, RATE);
    push(&mut input, 0.1, 1000);
    let session = instance.session();
    session.load(r#"{"version": 1, "clock": "stream", "segments": []}"#);
    // Only now the worker hears of the second before.
    worker.adopt(&instance);
    await_snapshot(&instance, |it| it.now_s >= 1.0);
    // Long enough for the provisional results of a silent host, too.
    std::thread::sleep(Duration::from_millis(700));
    assert_eq!(track(&instance), []);
    input.set_loads(session.loads());
    push(&mut input, 0.2, 1000);
    await_snapshot(&instance, |it| it.now_s >= 2.0);
    assert_eq!(track(&instance), [(1.0, 2.0, "D:maj".to_owned())]);
}

const CONFIRMED: &str = r#"[
    {"start_s": 0.0, "end_s": 2.0, "start_beat": 0.0, "end_beat": 4.0, "label": "A:min",
     "confidence": 0.9, "confirmed": true},
    {"start_s": 2.0, "end_s": 4.0, "start_beat": 4.0, "end_beat": 8.0, "label": "F:maj",
     "confidence": 0.9, "confirmed": true},
    {"start_s": 4.0, "end_s": 12.0, "start_beat": 8.0, "end_beat": 24.0, "label": "C:maj",
     "confidence": 0.9, "confirmed": true}]"#;

/// An instance with a confirmed track, on this clock.
fn reopened(clock: &str, capacity: usize, rate: f64) -> (Arc<Hearing>, TapInput) {
    let (instance, mut input) = tapped(capacity, rate);
    let session = instance.session();
    session.load(&format!(
        r#"{{"version": 1, "clock": "{clock}", "segments": {CONFIRMED}}}"#
    ));
    input.set_loads(session.loads());
    (instance, input)
}

#[test]
fn a_track_on_the_streams_clock_is_not_overwritten_after_reopening() {
    let worker = worker();
    let (instance, mut input) = reopened("stream", 100_000, RATE);
    let before = track(&instance);
    worker.adopt(&instance);
    // A host that is open and stands still; then it plays.
    push(&mut input, 0.0, 3000);
    push(&mut input, 0.2, 2000);
    let snapshot = await_snapshot(&instance, |it| it.now_s >= 5.0);
    assert_eq!(snapshot.position.unwrap().time_s, 17.0);
    let mut wanted = before.clone();
    wanted.push((12.0, 15.0, "X".to_owned()));
    wanted.push((15.0, 17.0, "D:maj".to_owned()));
    assert_eq!(track(&instance), wanted);
    // Another instance of the session continues after all of it.
    let saved = instance.session().save().unwrap();
    instance.session().load(&saved);
    input.set_loads(instance.session().loads());
    push(&mut input, 0.3, 1000);
    await_snapshot(&instance, |it| it.now_s >= 6.0);
    wanted.push((17.0, 18.0, "E:maj".to_owned()));
    assert_eq!(track(&instance), wanted);
}

#[test]
fn the_write_switch_acts_at_its_sample_whatever_the_blocks() {
    let settings = |write| Settings {
        write,
        sensitivity: 0.5,
        hold_s: 0.0,
        tuning_cents: None,
    };
    let worker = worker();
    let tracks = [1usize, 64, 777, 1000, 5000].map(|block| {
        let (instance, mut input) = reopened("host", 100_000, RATE);
        worker.adopt(&instance);
        let mut at = 0usize;
        for (until, write, value) in [
            (3137, false, 0.2),
            (6011, true, 0.3),
            (8203, false, 0.4),
            (9000, true, 0.4),
        ] {
            input.set(settings(write));
            while at < until {
                let frames = block.min(until - at);
                let beats = at as f64 / RATE * 2.0;
                let host = rolling(beats);
                input.push(&[vec![value; frames]], frames, host);
                at += frames;
            }
        }
        await_snapshot(&instance, |it| it.now_s >= 9.0);
        input.pause();
        std::thread::sleep(Duration::from_millis(50));
        track(&instance)
    });
    let chord = |from, to, name: &str| (from, to, name.to_owned());
    assert_eq!(
        tracks[0],
        [
            chord(0.0, 2.0, "A:min"),
            chord(2.0, 3.137, "F:maj"),
            chord(3.137, 6.011, "E:maj"),
            chord(6.011, 8.203, "C:maj"),
            chord(8.203, 9.0, "F:maj"),
            chord(9.0, 12.0, "C:maj")
        ]
    );
    for other in &tracks[1..] {
        assert_eq!(*other, tracks[0]);
    }
}

/// A muted track, and a track with only drums. The real networks listen.
#[test]
fn a_pass_without_music_leaves_the_confirmed_track_as_it_is() {
    const RATE: f64 = 48_000.0;
    let worker = Worker::start(crate::engine::load().unwrap()).unwrap();
    // Noise of −1…1, determined by the sample's number.
    let noise = |t: f64| {
        let seed = ((t * RATE).round() as u32).wrapping_mul(2_654_435_769);
        let seed = (seed ^ (seed >> 15)).wrapping_mul(0x85eb_ca6b);
        f64::from((seed ^ (seed >> 13)) >> 8) / f64::from(1u32 << 23) - 1.0
    };
    let decibels = |level: f64| 10f64.powf(level / 20.0);
    let tone = |hertz: f64, t: f64| (std::f64::consts::TAU * hertz * t).sin();
    let hum = |t: f64| decibels(-70.0) * (tone(50.0, t) + tone(150.0, t));
    let hiss = |t: f64| decibels(-72.0) * noise(t);
    // Noise without its low part, struck eight times a second.
    let hi_hat = |t: f64| {
        let high = noise(t) - noise(t - 1.0 / RATE);
        0.1 * high * (-60.0 * (t % 0.125)).exp()
    };
    let nothing = |_: f64| 0.0;
    // And a D major, which is music.
    let music = |t: f64| {
        let notes = [146.83, 293.66, 369.99, 440.0, 587.33];
        let partials =
            |hertz: f64| (1..5).map(move |n| tone(hertz * f64::from(n), t) / f64::from(n));
        0.05 * notes.into_iter().flat_map(partials).sum::<f64>()
    };
    let sounds: [(&str, &dyn Fn(f64) -> f64); 5] = [
        ("nothing", &nothing),
        ("mains hum", &hum),
        ("hiss", &hiss),
        ("a hi-hat", &hi_hat),
        ("music", &music),
    ];
    for (name, sound) in sounds {
        let (instance, mut input) = reopened("host", 2_000_000, RATE);
        worker.adopt(&instance);
        let session = instance.session();
        let before = session.track();
        for block in 0..1000u32 {
            let at = |frame: u32| f64::from(480 * block + frame) / RATE;
            let samples: Vec<f32> = (0..480).map(|frame| sound(at(frame)) as f32).collect();
            let beats = f64::from(block) * 0.02;
            let host = rolling(beats);
            input.push(&[&samples], 480, host);
        }
        await_snapshot(&instance, |it| it.now_s >= 10.0 - 1e-9);
        // The host stops: all that is open is confirmed.
        input.pause();
        std::thread::sleep(Duration::from_millis(500));
        if name == "music" {
            let now = track(&instance);
            assert!(now.iter().any(|it| it.2 == "D:maj"), "{now:?}");
            assert!(session.undo());
        }
        assert_eq!(session.track().timeline(), before.timeline(), "{name}");
        assert!(!session.can_undo(), "{name}");
    }
}
