//! The built CLAP in hosts that play, that render as fast as they can, and that stop in the
//! middle: the same track from all of them, and audio lost only where it must be.
#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

use std::time::{Duration, Instant};

use clack_extensions::render::RenderMode;
use clack_host::prelude::*;
use harmony::label::Label;
use harmony::track::Track;
use testhost::host::{self, Block, Note};
use testhost::music;

const RATE: f64 = 48_000.0;

/// How a host goes through a piece.
#[derive(Clone, Copy)]
struct Manner {
    mode: RenderMode,
    /// The mode that the host sets while the plugin is active, whatever the plugin then
    /// requests.
    later: Option<RenderMode>,
    /// Samples of the blocks, in turn.
    blocks: &'static [usize],
    /// Whether the host waits until a block is due, as in real time.
    real_time: bool,
    /// Sample at which the host stops for a while without saying so.
    pause: Option<usize>,
}

const OFFLINE: Manner = Manner {
    mode: RenderMode::Offline,
    later: None,
    blocks: &[512],
    real_time: false,
    pause: None,
};

/// Renders, but reports real time.
const FLOOD: Manner = Manner {
    mode: RenderMode::Realtime,
    ..OFFLINE
};

const PLAYS: Manner = Manner {
    real_time: true,
    ..FLOOD
};

/// Longer than the plugin waits before it takes the music as ended.
const PAUSE: Duration = Duration::from_secs(6);

/// The result of a piece.
struct Outcome {
    /// The track, compared to the last digit.
    json: String,
    track: Track,
    /// The notes with the block that they came with.
    notes: Vec<(usize, Note)>,
}

/// Plays a piece through a new instance. The song jumps back by eight beats at `jump`; at
/// half of the piece the sensitivity is turned up.
fn play(entry: &PluginEntry, audio: &[f32], jump: usize, manner: Manner) -> Outcome {
    let mut instance = host::instantiate(entry);
    host::set_render_mode(&mut instance, manner.mode);
    let parameters = host::parameters(&mut instance);
    let id = |name: &str| parameters.iter().find(|it| it.name == name).unwrap().id;
    let (midi, sensitivity) = (id("MIDI out"), id("Sensitivity"));
    let most = manner.blocks.iter().max().unwrap();
    let mut processor = host::activate(&mut instance, RATE, *most);
    if let Some(mode) = manner.later {
        // The wrapper asks to be restarted, and this host ignores it.
        host::set_render_mode(&mut instance, mode);
    }
    let mut block = Block::new(2, *most);
    block.set(midi, 1.0);
    let (mut at, mut notes) = (0, Vec::new());
    let half = audio.len() / 2;
    let started = Instant::now();
    let mut sizes = manner.blocks.iter().cycle();
    for index in 0.. {
        // A host ends its blocks where something happens.
        let ends = [jump, half, manner.pause.unwrap_or(half), audio.len()];
        let end = ends.into_iter().filter(|end| *end > at).min();
        let Some(end) = end else { break };
        let end = end.min(at + sizes.next().unwrap());
        if at == half {
            block.set(sensitivity, 0.9);
        }
        if Some(at) == manner.pause {
            std::thread::sleep(PAUSE);
        }
        if manner.real_time {
            let due = Duration::from_secs_f64(at as f64 / RATE);
            std::thread::sleep(due.saturating_sub(started.elapsed()));
        }
        let beats = at as f64 / RATE * 2.0 - if at >= jump { 8.0 } else { 0.0 };
        let chunk = &audio[at..end];
        let output = block.process(&mut processor, &[chunk, chunk], Some(&host::rolling(beats)));
        assert!(output.iter().all(|out| out[..chunk.len()] == *chunk));
        notes.extend(block.notes.drain(..).map(|note| (index, note)));
        at = end;
    }
    instance.deactivate(processor.stop_processing());
    let end_s = audio.len() as f64 / RATE - if jump < audio.len() { 4.0 } else { 0.0 };
    let track = host::await_confirmed(&mut instance, end_s - 1e-3);
    let json = host::track_json(&mut instance);
    Outcome { json, track, notes }
}

/// Seconds of the track that the plugin did not hear.
fn lost_s(track: &Track) -> f64 {
    let segments = track.timeline().into_iter();
    let lost = segments.filter(|it| it.label == Label::Unknown && it.confidence == 0.0);
    lost.map(|it| it.end_s - it.start_s).sum()
}

fn piece(repeats: usize) -> Vec<f32> {
    music::progression(RATE).repeat(repeats)
}

#[test]
fn a_bounce_gives_the_track_of_real_time_bit_for_bit() {
    let entry = host::load();
    let audio = piece(1);
    let jump = 9 * RATE as usize;
    let played = play(&entry, &audio, jump, PLAYS);
    assert!(played.track.timeline().into_iter().count() >= 5);
    assert_eq!(lost_s(&played.track), 0.0);
    for manner in [OFFLINE, FLOOD] {
        let bounced = play(&entry, &audio, jump, manner);
        assert_eq!(bounced.json, played.json);
    }
    for blocks in [&[64][..], &[8192], &[1, 700, 33, 4096, 2, 512]] {
        let manner = Manner { blocks, ..OFFLINE };
        let bounced = play(&entry, &audio, jump, manner);
        assert_eq!(bounced.json, played.json, "{blocks:?}");
    }
}

#[test]
fn a_host_that_falls_silent_without_a_word_gets_the_same_track() {
    let entry = host::load();
    let audio = piece(1);
    let never = audio.len();
    let played = play(&entry, &audio, never, OFFLINE);
    let early = Manner {
        pause: Some(4 * RATE as usize + 777),
        ..OFFLINE
    };
    let late = Manner {
        pause: Some(11 * RATE as usize),
        ..FLOOD
    };
    for manner in [early, late] {
        let paused = play(&entry, &audio, never, manner);
        assert_eq!(paused.json, played.json, "{:?}", manner.pause);
    }
}

#[test]
fn a_host_that_changes_its_mode_and_ignores_the_wish_to_be_restarted_gets_the_same_track() {
    let entry = host::load();
    let audio = &piece(1)[..6 * RATE as usize];
    let never = audio.len();
    let played = play(&entry, audio, never, OFFLINE);
    assert_eq!(lost_s(&played.track), 0.0);
    let renders = Manner {
        later: Some(RenderMode::Offline),
        ..FLOOD
    };
    let plays = Manner {
        later: Some(RenderMode::Realtime),
        real_time: true,
        ..OFFLINE
    };
    for manner in [renders, plays] {
        let other = play(&entry, audio, never, manner);
        assert_eq!(other.json, played.json, "{:?} first", manner.mode);
    }
}

#[test]
fn a_bounce_that_claims_real_time_loses_nothing_however_long() {
    let entry = host::load();
    // Twice what the ring holds, with a song that jumps where it is full.
    let audio = piece(5);
    let jump = 50 * RATE as usize;
    let claimed = play(&entry, &audio, jump, OFFLINE);
    let flooded = play(&entry, &audio, jump, FLOOD);
    assert_eq!(lost_s(&flooded.track), 0.0);
    assert_eq!(flooded.json, claimed.json);
}

#[test]
fn the_notes_of_a_bounce_come_where_they_come_in_real_time() {
    let entry = host::load();
    let audio = piece(1);
    let bounces = [(); 2].map(|()| play(&entry, &audio, audio.len(), OFFLINE).notes);
    assert!(bounces[0].len() >= 30, "{:?}", bounces[0]);
    assert_eq!(bounces[0], bounces[1]);
}

/// The worker is held while a host plays on in real time for longer than the ring holds.
#[test]
#[cfg(target_os = "linux")]
fn a_stalled_worker_leaves_a_marked_gap_and_never_stalls_the_audio() {
    // At this rate the ring holds 5.2 seconds.
    const FAST: f64 = 384_000.0;
    const FRAMES: usize = 4096;
    const BEFORE: usize = 200;
    const HELD: usize = 700;
    let entry = host::load();
    let mut instance = host::instantiate(&entry);
    let mut processor = host::activate(&mut instance, FAST, FRAMES);
    let mut block = Block::new(2, FRAMES);
    let audio = music::chord_of(FAST, music::PROGRESSION[0].1, 12.0);
    let mut played = 0;
    let mut blocks = |block: &mut Block, processor: &mut _, count: usize| {
        let (started, from) = (Instant::now(), played);
        for _ in 0..count {
            let due = Duration::from_secs_f64((played - from) as f64 / FAST);
            std::thread::sleep(due.saturating_sub(started.elapsed()));
            let chunk = &audio[played % (audio.len() - FRAMES)..][..FRAMES];
            let transport = host::rolling(played as f64 / FAST * 2.0);
            let output = block.process(processor, &[chunk, chunk], Some(&transport));
            assert!(output.iter().all(|out| out[..FRAMES] == *chunk));
            played += FRAMES;
        }
        played as f64 / FAST
    };
    let before_s = blocks(&mut block, &mut processor, BEFORE);
    while host::track(&mut instance)
        .timeline()
        .end_s()
        .is_none_or(|end_s| end_s < before_s - 0.2)
    {
        std::thread::sleep(Duration::from_millis(10));
    }
    let stall = testhost::stall::Stall::of_worker();
    // The worker goes on only after these: if one of them waited for it without giving up,
    // this would never end.
    let held_s = blocks(&mut block, &mut processor, HELD);
    drop(stall);
    // What is heard after the gap marks its end.
    std::thread::sleep(Duration::from_secs(2));
    let end_s = blocks(&mut block, &mut processor, 2 * BEFORE);
    instance.deactivate(processor.stop_processing());
    let track = host::await_confirmed(&mut instance, end_s - 0.1);
    let lost_s = lost_s(&track);
    let (_, ring_s) = (held_s, 2_000_000.0 / FAST);
    let expected_s = held_s - before_s - ring_s;
    assert!(
        lost_s > 0.5 * expected_s,
        "{lost_s} s of {expected_s} s: {track:#?}"
    );
    let segments: Vec<_> = track.timeline().into_iter().collect();
    let gap = segments.iter().position(|it| it.label == Label::Unknown);
    let gap = gap.unwrap();
    assert!(gap > 0 && gap + 1 < segments.len(), "{track:#?}");
    assert!((segments[gap].end_s - held_s).abs() < 1.0, "{track:#?}");
    assert!(
        segments[gap].start_s > before_s + ring_s - 0.5,
        "{track:#?}"
    );
}
