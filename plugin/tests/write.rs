//! A finished track in the built CLAP: silence, the Write switch, a reopened project.
#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

use std::time::{Duration, Instant};

use clack_extensions::render::RenderMode;
use clack_host::events::event_types::TransportFlags;
use clack_host::prelude::*;
use harmony::timeline::{Segment, Status};
use testhost::host::{self, Block, TestHost};
use testhost::music;

const RATE: f64 = 48_000.0;

/// Renders audio through an instance, in a host that reports the song from its start, or whose
/// song stands still. `write` has the samples at which the switch is set.
fn render(
    instance: &mut PluginInstance<TestHost>,
    audio: &[f32],
    frames: usize,
    rolls: bool,
    write: &[(usize, bool)],
) {
    let parameters = host::parameters(instance);
    let id = parameters.iter().find(|it| it.name == "Write").unwrap().id;
    host::set_render_mode(instance, RenderMode::Offline);
    let mut processor = host::activate(instance, RATE, frames);
    let mut block = Block::new(2, frames);
    let mut at = 0;
    while at < audio.len() {
        for &(_, on) in write.iter().filter(|(sample, _)| *sample == at) {
            block.set(id, f64::from(u8::from(on)));
        }
        // A host ends its blocks where something happens.
        let next = write
            .iter()
            .map(|(sample, _)| *sample)
            .filter(|it| *it > at);
        let end = next.min().unwrap_or(audio.len()).min(at + frames);
        let chunk = &audio[at..end.min(audio.len())];
        let mut transport = host::rolling(at as f64 / RATE * 2.0);
        if !rolls {
            transport.flags = TransportFlags::empty();
        }
        block.process(&mut processor, &[chunk, chunk], Some(&transport));
        at += chunk.len();
    }
    instance.deactivate(processor.stop_processing());
}

/// The saved session, once nothing changes in it any more.
fn settled(instance: &mut PluginInstance<TestHost>) -> String {
    let started = Instant::now();
    let (mut json, mut since) = (host::track_json(instance), Instant::now());
    while since.elapsed() < Duration::from_millis(700) {
        assert!(started.elapsed() < Duration::from_secs(300));
        std::thread::sleep(Duration::from_millis(20));
        let now = host::track_json(instance);
        if now != json {
            (json, since) = (now, Instant::now());
        }
    }
    json
}

/// An instance with the progression, confirmed, and its saved session.
fn finished(entry: &PluginEntry) -> (PluginInstance<TestHost>, String) {
    let audio = music::progression(RATE);
    let mut instance = host::instantiate(entry);
    render(&mut instance, &audio, 512, true, &[]);
    host::await_confirmed(&mut instance, audio.len() as f64 / RATE - 1e-3);
    let json = settled(&mut instance);
    (instance, json)
}

/// Another song of the same length.
fn other_music() -> Vec<f32> {
    let chords = music::PROGRESSION.iter().rev();
    let higher = chords.map(|(_, keys)| keys.iter().map(|key| key + 1).collect::<Vec<u8>>());
    higher.flat_map(|keys| music::chord(RATE, &keys)).collect()
}

#[test]
fn playing_a_muted_track_again_leaves_the_finished_one_as_it_is() {
    let entry = host::load();
    let (mut instance, before) = finished(&entry);
    let length = music::progression(RATE).len();
    // Silence to the last bit, and the noise floor of a console.
    let floor = music::noise(3, length).iter().map(|it| 1e-4 * it).collect();
    for audio in [vec![0.0; length], floor] {
        render(&mut instance, &audio, 512, true, &[]);
        assert_eq!(settled(&mut instance), before);
    }
}

#[test]
fn with_write_off_a_finished_track_stays_as_it_is() {
    let entry = host::load();
    let (mut instance, before) = finished(&entry);
    let audio = other_music();
    render(&mut instance, &audio, 512, true, &[(0, false)]);
    assert_eq!(settled(&mut instance), before);
    // And on again, in the middle of the song: from exactly that sample on it is written,
    // however the host cuts its blocks.
    let saved = host::save(&mut instance);
    let half = audio.len() / 2 + 12_345;
    let tracks = [64usize, 700, 8192].map(|frames| {
        let mut instance = host::instantiate(&entry);
        assert!(host::restore(&mut instance, &saved));
        render(&mut instance, &audio, frames, true, &[(half, true)]);
        let json = settled(&mut instance);
        let track = host::track(&mut instance);
        (json, track)
    });
    let (json, track) = &tracks[0];
    for (other, _) in &tracks[1..] {
        assert_eq!(other, json);
    }
    let half_s = half as f64 / RATE;
    let finished = host::track(&mut instance);
    let head = |segments: &[Segment]| -> Vec<(f64, String)> {
        let before = segments.iter().filter(|it| it.end_s < half_s - 0.1);
        before.map(|it| (it.end_s, it.label.to_string())).collect()
    };
    assert_eq!(
        head(track.timeline().segments()),
        head(finished.timeline().segments())
    );
    let late = |at_s: f64| track.timeline().at(at_s).unwrap();
    assert_eq!(late(half_s + 0.3).status, Status::Confirmed);
    assert_ne!(
        late(half_s + 2.5).label,
        finished.timeline().at(half_s + 2.5).unwrap().label
    );
}

#[test]
fn a_recording_without_a_transport_goes_on_where_it_ended() {
    let entry = host::load();
    let audio = music::progression(RATE);
    let length_s = audio.len() as f64 / RATE;
    let mut first = host::instantiate(&entry);
    render(&mut first, &audio, 512, false, &[]);
    let before = host::await_confirmed(&mut first, length_s - 1e-3);
    assert_eq!(host::session(&mut first).0, "stream");
    let saved = host::save(&mut first);
    // The project is reopened, and something else is played.
    let mut second = host::instantiate(&entry);
    assert!(host::restore(&mut second, &saved));
    render(&mut second, &other_music(), 512, false, &[]);
    let after = host::await_confirmed(&mut second, 2.0 * length_s - 0.1);
    assert_eq!(host::session(&mut second).0, "stream");
    let segments = before.timeline().segments();
    // The last chord may continue.
    let whole = segments.len() - 1;
    assert_eq!(after.timeline().segments()[..whole], segments[..whole]);
    assert!((after.timeline().end_s().unwrap() - 2.0 * length_s).abs() < 0.1);
}
