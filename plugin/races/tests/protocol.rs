//! An audio thread and a worker over the tap and the notes, in whatever order Miri makes them
//! run.
#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use changes_realtime::audition::{Audition, Wish};
use changes_realtime::bounce::Bounce;
use changes_realtime::midi_out::{LiveNotes, Notes};
use changes_realtime::settings::Settings;
use changes_realtime::tap::{Mark, Tap, TapInput, TapOutput, Tapped};
use changes_realtime::transport::HostPosition;

const RATE: f64 = 1000.0;

/// Miri interprets every instruction.
const ROUNDS: u64 = if cfg!(miri) { 60 } else { 20_000 };

fn at(beats: f64) -> HostPosition {
    HostPosition {
        playing: true,
        tempo_bpm: Some(60.0),
        beats: Some(beats),
        ..HostPosition::default()
    }
}

/// What a worker has read: every sample with the number that it had in the stream.
#[derive(Default)]
struct Heard {
    samples: Vec<(u64, f32)>,
    marks: Vec<Mark>,
    stream: u64,
}

impl Heard {
    fn read(&mut self, output: &mut TapOutput) -> bool {
        let mut buffer = [0.0; 13];
        match output.read(&mut buffer) {
            Some(Tapped::Mark(mark)) => {
                // Nothing is lost or skipped without a mark.
                assert!(mark.stream >= self.stream + mark.lost);
                assert!(mark.reset || mark.stream == self.stream + mark.lost);
                self.stream = mark.stream;
                self.marks.push(mark);
                true
            }
            Some(Tapped::Samples(count)) => {
                for sample in &buffer[..count] {
                    self.samples.push((self.stream, *sample));
                    self.stream += 1;
                }
                true
            }
            None => false,
        }
    }
}

/// The audio thread counts samples into a ring that is too small, resets, skips, pauses and
/// changes settings; the worker finds each sample at its place in the stream, with the
/// settings that held for it, however the two are scheduled.
#[test]
fn every_sample_is_found_at_its_place_and_every_loss_is_told() {
    let (mut input, mut output) = Tap::new(32, RATE);
    let audio = thread::spawn(move || {
        let mut stream = 0u64;
        let mut next = |input: &mut TapInput, frames: u64| {
            let block: Vec<f32> = (stream..stream + frames).map(|it| it as f32).collect();
            input.set(Settings {
                write: true,
                sensitivity: (stream / 50) as f32,
                hold_s: 0.0,
                tuning_cents: None,
            });
            input.push(&[&block], block.len(), at(stream as f64 / RATE));
            stream += frames;
        };
        for round in 0..ROUNDS {
            next(&mut input, 1 + round % 11);
            match round % 17 {
                5 => input.reset(),
                11 => input.pause(),
                _ => {}
            }
        }
        stream
    });
    let mut heard = Heard::default();
    loop {
        // In the order that the module prescribes: finished only if nothing is left.
        if !heard.read(&mut output) {
            if output.is_finished() {
                break;
            }
            thread::yield_now();
        }
        output.done();
    }
    let stream = audio.join().unwrap();
    assert!(heard.samples.iter().all(|(at, value)| *at == *value as u64));
    assert_eq!(
        heard.samples.len() as u64 + output.counters().lost(),
        stream
    );
    assert_eq!(output.counters().stream(), stream);
    for mark in heard.marks {
        let told = mark.settings.unwrap().sensitivity;
        // A block has the settings of its first sample.
        assert!((mark.stream / 50) as f32 == told, "{mark:?}");
    }
}

/// Notes carry the count of the break after which they were found: notes from before a break
/// never count as current.
#[test]
fn no_note_sounds_across_a_break() {
    let (mut input, mut output) = Tap::new(64, RATE);
    let notes = Arc::new(LiveNotes::default());
    let for_worker = Arc::clone(&notes);
    let worker = thread::spawn(move || {
        let mut heard = Heard::default();
        while !output.is_finished() {
            if !heard.read(&mut output) {
                thread::yield_now();
            }
            if let Some(mark) = heard.marks.last() {
                let mut found = Notes::none(mark.epoch);
                // A note that encodes the break it comes after.
                found.bass = Some(1 + mark.epoch % 127);
                for_worker.set(found);
            }
        }
    });
    let (mut beats, mut played) = (0.0, 0);
    for round in 0..ROUNDS {
        if round % 7 == 3 {
            beats += 10.0;
        }
        input.push(&[[0.0f32; 4]], 4, at(beats));
        beats += 4.0 / RATE;
        let live = notes.get();
        if live.epoch == input.epoch() && live.bass.is_some() {
            assert_eq!(live.bass, Some(1 + input.epoch() % 127));
            played += 1;
        }
        thread::yield_now();
    }
    drop(input);
    worker.join().unwrap();
    assert!(played <= ROUNDS);
}

/// A requested chord sounds for as long as it should, or until the next request; one that is
/// withdrawn before the audio thread has seen it does not sound.
#[test]
fn wishes_are_heard_whole_and_in_order() {
    let wish = Arc::new(Wish::default());
    let done = Arc::new(AtomicBool::new(false));
    let (of_window, window_done) = (Arc::clone(&wish), Arc::clone(&done));
    let window = thread::spawn(move || {
        for round in 0..ROUNDS / 4 {
            let mut notes = Notes::none(0);
            // Two notes that belong together.
            notes.bass = Some(1 + (round % 60) as u8);
            notes.upper[0] = Some(61 + (round % 60) as u8);
            of_window.ask(notes);
            if round % 3 == 0 {
                of_window.withdraw();
            }
            thread::yield_now();
        }
        of_window.withdraw();
        window_done.store(true, Ordering::Release);
    });
    let mut audition = Audition::default();
    while !done.load(Ordering::Acquire) {
        if let Some(notes) = audition.play(&wish, 0.01, false) {
            let bass = notes.bass.unwrap();
            assert_eq!(notes.upper[0], Some(bass + 60));
        }
        thread::yield_now();
    }
    window.join().unwrap();
    assert_eq!(audition.play(&wish, 0.01, false), None);
    assert!(wish.is_seen());
}

/// A host that renders offline finds what the worker left, block by block, and a pause is seen
/// when everything before it was read, never earlier.
#[test]
fn an_offline_host_sees_what_was_found_in_its_block() {
    let (mut input, mut output) = Tap::new(64, RATE);
    let notes = Arc::new(LiveNotes::default());
    let for_worker = Arc::clone(&notes);
    let paused = Arc::new(AtomicBool::new(false));
    let saw_pause = Arc::clone(&paused);
    let worker = thread::spawn(move || {
        let mut heard = Heard::default();
        while !output.is_finished() {
            if !heard.read(&mut output) {
                if output.is_paused() {
                    saw_pause.store(true, Ordering::Relaxed);
                }
                thread::yield_now();
            }
            let mut found = Notes::none(0);
            found.bass = Some(1 + (heard.stream % 127) as u8);
            for_worker.set(found);
            output.done();
        }
        heard.stream
    });
    let mut bounce = Bounce::default();
    bounce.set_offline(true);
    let rounds = ROUNDS / 4;
    for round in 1..=rounds {
        bounce.before(&input, 8, |_| false);
        input.push(&[[0.0f32; 8]], 8, at(0.0));
        bounce.after(&input, |_| false);
        assert!(input.is_heard());
        let found = notes.get().bass;
        assert_eq!(found, Some(1 + (8 * round % 127) as u8));
    }
    input.pause();
    while !paused.load(Ordering::Relaxed) {
        thread::yield_now();
    }
    drop(input);
    assert_eq!(worker.join().unwrap(), 8 * rounds);
}
