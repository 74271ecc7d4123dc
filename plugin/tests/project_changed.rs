//! The host is told that its project has changed when chords are heard that it lacks, in both
//! formats. `window.rs` tests edits.
#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

use std::time::{Duration, Instant};

use clack_host::prelude::*;
use harmony::track::Track;
use testhost::host::{self, Block, TestHost};
use testhost::music;

const RATE: f64 = 48_000.0;
const FRAMES: usize = 512;

/// How long a plugin with nothing to report is watched: it checks the track every second.
const WATCHED: Duration = Duration::from_millis(2500);

/// The worker has its own pace.
const PATIENCE: Duration = Duration::from_secs(120);

/// A CLAP host that plays one thing after another.
struct Player {
    instance: PluginInstance<TestHost>,
    processor: StartedPluginAudioProcessor<TestHost>,
    block: Block,
}

impl Player {
    fn open(entry: &PluginEntry) -> Self {
        let mut instance = host::instantiate(entry);
        let processor = host::activate(&mut instance, RATE, FRAMES);
        Self {
            instance,
            processor,
            block: Block::new(2, FRAMES),
        }
    }

    fn play(&mut self, audio: &[f32], from_beat: f64) {
        for (index, chunk) in audio.chunks(FRAMES).enumerate() {
            let at_s = (index * FRAMES) as f64 / RATE;
            let transport = host::rolling(from_beat + 2.0 * at_s);
            self.block
                .process(&mut self.processor, &[chunk, chunk], Some(&transport));
        }
    }

    /// How often the host was told: waits until that is as often as expected, and then a while
    /// longer.
    fn marked(&mut self, expected: u32) -> u32 {
        let started = Instant::now();
        while host::marked(&mut self.instance) < expected && started.elapsed() < PATIENCE {
            std::thread::sleep(Duration::from_millis(10));
        }
        std::thread::sleep(WATCHED);
        host::marked(&mut self.instance)
    }

    fn close(mut self) {
        self.instance.deactivate(self.processor.stop_processing());
    }
}

fn has_chords(track: &Track) -> bool {
    let segments = track.timeline().segments();
    segments.iter().any(|it| it.label.chord().is_some())
}

#[test]
fn a_clap_host_is_told_once_of_what_was_heard_and_not_of_silence() {
    let entry = host::load();
    let mut player = Player::open(&entry);
    player.play(&vec![0.0; 4 * RATE as usize], 0.0);
    assert_eq!(player.marked(0), 0, "silence");
    let song = music::progression(RATE);
    player.play(&song, 0.0);
    assert_eq!(player.marked(1), 1, "music");
    player.play(&song, 8.0);
    assert_eq!(player.marked(1), 1, "more music, and it has not saved yet");
    assert!(has_chords(&host::track(&mut player.instance)));
    assert_eq!(player.marked(1), 1, "it has saved");
    let saved = host::save(&mut player.instance);
    player.close();
    // The project is opened again, and nothing plays.
    let mut player = Player::open(&entry);
    assert!(host::restore(&mut player.instance, &saved));
    let silence = [0.0; FRAMES];
    for _ in 0..RATE as usize / FRAMES {
        let Player {
            block, processor, ..
        } = &mut player;
        block.process(processor, &[&silence, &silence], None);
    }
    assert_eq!(player.marked(0), 0, "loaded, and the host stands idle");
    player.close();
}

#[test]
fn a_plugin_with_something_to_tell_can_be_let_go_of_at_any_time() {
    let entry = host::load();
    let song = music::progression(RATE);
    for round in 0..12 {
        let mut player = Player::open(&entry);
        player.play(&song[..2 * RATE as usize], 0.0);
        std::thread::sleep(Duration::from_millis(200 * (round % 4)));
        player.close();
    }
}

/// On Linux a VST3 plugin without a window reaches the host's main thread only when the host
/// calls; elsewhere nice-plug has a message loop of its own.
#[test]
fn a_vst3_host_is_told_as_soon_as_it_calls() {
    let mut instance = testhost::vst3::Instance::start(&host::library(), RATE, FRAMES);
    let song = music::progression(RATE);
    let marked = |instance: &mut testhost::vst3::Instance| {
        let started = Instant::now();
        loop {
            instance.restart();
            if instance.marked() > 0 || started.elapsed() > PATIENCE {
                return instance.marked();
            }
            std::thread::sleep(Duration::from_millis(100));
        }
    };
    instance.restart();
    assert_eq!(instance.marked(), 0);
    for chunk in song.chunks(FRAMES) {
        instance.play(chunk, true);
    }
    assert_eq!(marked(&mut instance), 1);
    std::thread::sleep(WATCHED);
    instance.restart();
    assert_eq!(instance.marked(), 1);
}
