//! Several instances of the built CLAP on the tracks of one song.
#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]
#![allow(clippy::disallowed_types, reason = "keeps tests apart")]

use std::sync::Mutex;
use std::time::{Duration, Instant};

use clack_extensions::render::RenderMode;
use clack_host::prelude::*;
use harmony::timeline::Status;
use harmony::track::Track;
use testhost::host::{self, Block, TestHost};
use testhost::music;

const RATE: f64 = 48_000.0;

/// Values of the parameter `Part`.
const MIX: f64 = 0.0;
const BASS: f64 = 1.0;
const HARMONY: f64 = 2.0;
const MELODY: f64 = 3.0;
const DRUMS: f64 = 4.0;

/// A bar of the song: the keys' chord, the bass note, the melody note, and the chord of all
/// together.
struct Bar {
    keys: &'static [u8],
    bass: u8,
    melody: u8,
    chord: &'static str,
}

const fn bar(keys: &'static [u8], bass: u8, melody: u8, chord: &'static str) -> Bar {
    Bar {
        keys,
        bass,
        melody,
        chord,
    }
}

const SONG: [Bar; 6] = [
    bar(&[60, 64, 67], 40, 72, "C:maj/3"),
    bar(&[60, 65, 69], 41, 72, "F:maj"),
    bar(&[59, 62, 67], 47, 74, "G:maj/3"),
    bar(&[60, 64, 69], 45, 76, "A:min"),
    bar(&[57, 60, 65], 45, 77, "F:maj/3"),
    bar(&[60, 64, 67], 36, 76, "C:maj"),
];

/// The tracks of the song in the order of the parts, and their mix.
struct Stems {
    tracks: Vec<(f64, Vec<f32>)>,
    mix: Vec<f32>,
}

fn stems() -> Stems {
    let of = |keys: fn(&Bar) -> Vec<u8>| -> Vec<f32> {
        let chords = SONG.iter().map(keys);
        chords.flat_map(|keys| music::chord(RATE, &keys)).collect()
    };
    let harmony = of(|it| it.keys.to_vec());
    let bass = of(|it| vec![it.bass]);
    let melody = of(|it| vec![it.melody]);
    let mut drums = music::noise(7, harmony.len());
    for (index, sample) in drums.iter_mut().enumerate() {
        let struck_s = (index as f64 / RATE) % 0.25;
        *sample *= 0.2 * (-40.0 * struck_s).exp() as f32;
    }
    let mix = (0..harmony.len())
        .map(|at| harmony[at] + bass[at] + 0.5 * melody[at] + drums[at])
        .collect();
    Stems {
        tracks: vec![
            (HARMONY, harmony),
            (BASS, bass),
            (MELODY, melody),
            (DRUMS, drums),
        ],
        mix,
    }
}

/// Held by the tests that use the second band: there are more tests than bands.
static BAND_B: Mutex<()> = Mutex::new(());

/// An instance on a track.
struct Player {
    instance: PluginInstance<TestHost>,
    audio: Vec<f32>,
    /// Sample of the song at which it is switched on.
    from: usize,
}

/// Sets the part and the band of an instance, so that tests running in parallel form no common
/// band.
fn set_part(instance: &mut PluginInstance<TestHost>, part: f64, band: f64) {
    let ids = ["Part", "Band"].map(|name| host::parameter(instance, name).unwrap());
    let mut processor = host::activate(instance, RATE, 64);
    let mut block = Block::new(2, 64);
    for (id, value) in ids.into_iter().zip([part, band]) {
        block.set(id, value);
    }
    let silence = [0.0; 64];
    block.process(&mut processor, &[&silence, &silence], None);
    instance.deactivate(processor.stop_processing());
}

fn player(entry: &PluginEntry, part: f64, band: f64, audio: &[f32]) -> Player {
    let mut instance = host::instantiate(entry);
    set_part(&mut instance, part, band);
    Player {
        instance,
        audio: audio.to_vec(),
        from: 0,
    }
}

/// Plays all of them in parallel from the start of the song, as a rendering host does.
fn play(players: &mut [Player], frames: usize, offline: bool) {
    play_with(players, frames, offline, |_, _, _| {});
}

/// The same with further events: `send` gets the instance's index, the samples of the song in
/// the block, and the block.
fn play_with(
    players: &mut [Player],
    frames: usize,
    offline: bool,
    send: impl Fn(usize, std::ops::Range<usize>, &mut Block),
) {
    let length = players.iter().map(|it| it.audio.len()).max().unwrap();
    let mode = if offline {
        RenderMode::Offline
    } else {
        RenderMode::Realtime
    };
    let mut running: Vec<_> = players
        .iter_mut()
        .map(|player| {
            host::set_render_mode(&mut player.instance, mode);
            let processor = host::activate(&mut player.instance, RATE, frames);
            (player, processor, Block::new(2, frames))
        })
        .collect();
    let mut at = 0;
    while at < length {
        let end = (at + frames).min(length);
        let started = Instant::now();
        for (index, (player, processor, block)) in running.iter_mut().enumerate() {
            if end <= player.from {
                continue;
            }
            send(index, at..end, block);
            let chunk = &player.audio[at..end];
            let transport = host::rolling(at as f64 / RATE * 2.0);
            block.process(processor, &[chunk, chunk], Some(&transport));
        }
        if !offline {
            let block_s = (end - at) as f64 / RATE / 8.0;
            std::thread::sleep(Duration::from_secs_f64(block_s).saturating_sub(started.elapsed()));
        }
        at = end;
    }
    for (player, processor, _) in running {
        player.instance.deactivate(processor.stop_processing());
    }
}

/// The track once nothing changes in it any more.
fn settled(instance: &mut PluginInstance<TestHost>) -> Track {
    let started = Instant::now();
    let (mut track, mut since) = (host::track(instance), Instant::now());
    while since.elapsed() < Duration::from_millis(1500) {
        assert!(started.elapsed() < Duration::from_secs(300));
        std::thread::sleep(Duration::from_millis(50));
        let now = host::track(instance);
        if now != track {
            (track, since) = (now, Instant::now());
        }
    }
    track
}

fn chords(track: &Track) -> Vec<String> {
    let segments = track.timeline().segments().iter();
    let chords = segments.filter(|it| it.duration_s() > 0.3 && it.label.chord().is_some());
    chords.map(|it| it.label.to_string()).collect()
}

fn players(entry: &PluginEntry, band: f64, stems: &Stems, order: &[usize]) -> Vec<Player> {
    let tracks = order.iter().map(|index| &stems.tracks[*index]);
    tracks
        .map(|(part, audio)| player(entry, *part, band, audio))
        .collect()
}

fn wanted() -> Vec<String> {
    SONG.iter().map(|it| it.chord.to_owned()).collect()
}

#[test]
fn four_instances_have_one_track_whatever_their_order_and_blocks() {
    let (entry, stems) = (host::load(), stems());
    let tracks: Vec<Track> = [
        ([0, 1, 2, 3], 512, true),
        ([3, 1, 0, 2], 512, true),
        ([2, 0, 3, 1], 8192, true),
        ([1, 2, 3, 0], 777, false),
    ]
    .into_iter()
    .map(|(order, frames, offline)| {
        let mut players = players(&entry, 0.0, &stems, &order);
        play(&mut players, frames, offline);
        let track = settled(&mut players[0].instance);
        for player in &mut players[1..] {
            assert_eq!(host::track(&mut player.instance), track);
        }
        track
    })
    .collect();
    assert_eq!(chords(&tracks[0]), wanted());
    let mut segments = tracks[0].timeline().segments().iter();
    assert!(segments.all(|it| it.status == Status::Confirmed));
    for other in &tracks[1..] {
        assert_eq!(other, &tracks[0]);
    }
}

#[test]
fn one_instance_and_instances_that_all_hear_the_mix_are_as_they_always_were() {
    let (entry, stems) = (host::load(), stems());
    let mut alone = [player(&entry, MIX, 3.0, &stems.mix)];
    play(&mut alone, 512, true);
    let track = settled(&mut alone[0].instance);
    assert!(!host::track_json(&mut alone[0].instance).contains("changed_ms"));
    drop(alone);
    // With a part but alone in its band, an instance listens by itself.
    let mut lonely = [player(&entry, HARMONY, 3.0, &stems.mix)];
    play(&mut lonely, 512, true);
    assert_eq!(settled(&mut lonely[0].instance), track);
    drop(lonely);
    let mut two: Vec<Player> = [&stems.mix, &stems.tracks[0].1]
        .into_iter()
        .map(|audio| player(&entry, MIX, 3.0, audio))
        .collect();
    play(&mut two, 512, true);
    assert_eq!(settled(&mut two[0].instance), track);
    let other = settled(&mut two[1].instance);
    assert_ne!(other, track);
}

#[test]
fn a_part_that_is_silent_comes_late_or_is_removed_costs_nothing() {
    let _turn = BAND_B.lock();
    let (entry, stems) = (host::load(), stems());
    let chord = (music::CHORD_S * RATE) as usize;
    // A muted bass: the keys count, and the chords are there.
    let players_of = |band| players(&entry, band, &stems, &[0, 1]);
    let mut players = players_of(1.0);
    players[1].audio.fill(0.0);
    play(&mut players, 512, true);
    let roots = |track: &Track| -> Vec<String> {
        let chords = chords(track);
        let root = |it: &String| it.split('/').next().unwrap().to_owned();
        chords.iter().map(root).collect()
    };
    let wanted_roots: Vec<String> = SONG
        .iter()
        .map(|it| it.chord.split('/').next().unwrap().to_owned())
        .collect();
    assert_eq!(roots(&settled(&mut players[0].instance)), wanted_roots);
    drop(players);
    // A bass that is switched on with the third chord.
    let mut players = players_of(1.0);
    players[1].from = 2 * chord;
    play(&mut players, 512, true);
    let track = settled(&mut players[0].instance);
    assert_eq!(roots(&track), wanted_roots);
    assert_eq!(chords(&track)[2..], wanted()[2..]);
    // It is removed, and the keys play on; the track of both stays.
    let mut keys = players.swap_remove(0);
    drop(players);
    let before = host::track(&mut keys.instance);
    assert_eq!(before.timeline(), track.timeline());
    let mut alone = [keys];
    play(&mut alone, 512, true);
    assert_eq!(roots(&settled(&mut alone[0].instance)), wanted_roots);
}

#[test]
fn notes_that_come_in_are_one_more_part() {
    let _turn = BAND_B.lock();
    let (entry, stems) = (host::load(), stems());
    let chord = (music::CHORD_S * RATE) as usize;
    // The keys are a track of MIDI, whose instrument is somewhere else: the chord broken into
    // eighths, short notes under the pedal.
    let mut players = players(&entry, 1.0, &stems, &[0, 1]);
    players[0].audio.fill(0.0);
    let eighth = chord / 8;
    let tracks = [512, 4000].map(|frames| {
        play_with(&mut players, frames, true, |index, samples, block| {
            if index != 0 {
                return;
            }
            for at in samples.clone().filter(|at| at % (eighth / 2) == 0) {
                let bar = at / chord;
                let Some(bar_now) = SONG.get(bar) else {
                    continue;
                };
                let step = at % chord / (eighth / 2);
                let key = bar_now.keys[step / 2 % bar_now.keys.len()];
                let at_block = (at - samples.start) as u32;
                if step == 0 {
                    block.midi(at_block, [0xb0, 64, 0]);
                    block.midi(at_block, [0xb0, 64, 127]);
                }
                let on = if step.is_multiple_of(2) { 0x90 } else { 0x80 };
                block.midi(at_block, [on, key, 100]);
            }
        });
        settled(&mut players[0].instance)
    });
    assert_eq!(chords(&tracks[0]), wanted());
    assert_eq!(chords(&tracks[1]), wanted());
}

#[test]
fn a_project_is_opened_again_with_its_track_once() {
    let (entry, stems) = (host::load(), stems());
    let mut players = players(&entry, 2.0, &stems, &[0, 1, 3]);
    play(&mut players, 512, true);
    let track = settled(&mut players[0].instance);
    let saved: Vec<Vec<u8>> = players
        .iter_mut()
        .map(|it| host::save(&mut it.instance))
        .collect();
    drop(players);
    let mut again: Vec<PluginInstance<TestHost>> = (0..saved.len())
        .map(|_| host::instantiate(&entry))
        .collect();
    let mut started = Vec::new();
    for (instance, saved) in again.iter_mut().zip(&saved) {
        assert!(host::restore(instance, saved));
        started.push(host::activate(instance, RATE, 512));
    }
    std::thread::sleep(Duration::from_millis(300));
    for (instance, started) in again.iter_mut().zip(started) {
        assert_eq!(host::track(instance), track);
        let state = host::state_json(&host::save(instance));
        assert!(state["fields"]["refused-tracks"].is_null());
        instance.deactivate(started.stop_processing());
    }
}
