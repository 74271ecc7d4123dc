//! The built CLAP in a real host, loaded from the file that ships.
#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

use std::time::{Duration, Instant};

use clack_extensions::params::ParamInfoFlags;
use clack_host::events::event_types::TransportFlags;
use clack_host::prelude::PluginInstance;
use harmony::label::Label;
use harmony::track::Track;
use harmony::vocabulary::majmin;
use testhost::host::{self, Block, TestHost};
use testhost::music;

fn bits(samples: &[f32]) -> Vec<u32> {
    samples.iter().map(|sample| sample.to_bits()).collect()
}

/// Noise with every kind of sample that can break a filter.
fn hostile(seed: u64, len: usize) -> Vec<f32> {
    let mut audio = music::noise(seed, len);
    let odd = [
        f32::NAN,
        -f32::NAN,
        f32::from_bits(0x7fa0_1234),
        f32::INFINITY,
        f32::NEG_INFINITY,
        f32::MIN_POSITIVE / 3.0,
        -0.0,
        f32::MAX,
    ];
    for (index, sample) in audio.iter_mut().enumerate() {
        if index % 17 == 0 {
            *sample = odd[index / 17 % odd.len()];
        }
    }
    audio
}

#[test]
fn audio_passes_bit_for_bit_at_every_block_size_and_rate() {
    let entry = host::load();
    for layout in ["Stereo", "Mono"] {
        let channels = if layout == "Stereo" { 2 } else { 1 };
        let mut instance = host::instantiate(&entry);
        host::select_layout(&mut instance, layout);
        for sample_rate in [8_000.0, 44_100.0, 48_000.0, 96_000.0, 192_000.0, 384_000.0] {
            let mut processor = host::activate(&mut instance, sample_rate, 16_384);
            let mut block = Block::new(channels, 16_384);
            for frames in [1, 2, 31, 64, 441, 512, 1024, 4096, 16_384] {
                let left = hostile(frames as u64, frames);
                let right = hostile(frames as u64 + 1, frames);
                let audio = [left.as_slice(), right.as_slice()];
                let output = block.process(&mut processor, &audio[..channels], None);
                for (out, sent) in output.iter().zip(audio) {
                    assert_eq!(
                        bits(&out[..frames]),
                        bits(sent),
                        "{layout} {sample_rate} {frames}"
                    );
                }
            }
            instance.deactivate(processor.stop_processing());
        }
    }
}

/// The parameters that a host may set; `readout` has the others.
fn settable(instance: &mut PluginInstance<TestHost>) -> Vec<host::Parameter> {
    let mut parameters = host::parameters(instance);
    parameters.retain(|it| !it.flags.contains(ParamInfoFlags::IS_READONLY));
    parameters
}

#[test]
fn parameters_have_stable_names_and_take_values() {
    let entry = host::load();
    let mut instance = host::instantiate(&entry);
    let found = settable(&mut instance);
    let names: Vec<&str> = found.iter().map(|it| it.name.as_str()).collect();
    assert_eq!(
        names,
        [
            "Vocabulary",
            "Notation",
            "Key tonic",
            "Key mode",
            "Sensitivity",
            "Hold",
            "Freeze",
            "Bypass",
            "Write",
            "MIDI out",
            "MIDI voicing",
            "MIDI octave",
            "MIDI velocity",
            "MIDI channel",
            "MIDI bass",
            "Tuning",
            "Tuning of A",
            "Part",
            "Band"
        ]
    );
    let mut processor = host::activate(&mut instance, 48_000.0, 64);
    let mut block = Block::new(2, 64);
    let silence = [0.0; 64];
    for parameter in &found {
        for value in [parameter.min, parameter.max] {
            block.set(parameter.id, value);
            block.process(&mut processor, &[&silence, &silence], None);
            let now = host::parameters(&mut instance);
            let now = now.iter().find(|it| it.id == parameter.id).unwrap();
            assert!(
                (now.value - value).abs() < 1e-6,
                "{} {value}",
                parameter.name
            );
        }
    }
    instance.deactivate(processor.stop_processing());
}

#[test]
fn state_makes_the_round_trip() {
    let entry = host::load();
    let mut first = host::instantiate(&entry);
    let mut processor = host::activate(&mut first, 48_000.0, 64);
    let mut block = Block::new(2, 64);
    for parameter in settable(&mut first) {
        block.set(parameter.id, parameter.max);
    }
    block.process(&mut processor, &[&[0.0; 64], &[0.0; 64]], None);
    first.deactivate(processor.stop_processing());
    let saved = host::save(&mut first);
    let mut second = host::instantiate(&entry);
    assert!(host::restore(&mut second, &saved));
    assert_eq!(
        host::state_json(&host::save(&mut second)),
        host::state_json(&saved)
    );
    for parameter in settable(&mut second) {
        assert_eq!(parameter.value, parameter.max, "{}", parameter.name);
    }
}

#[test]
fn persisted_fields_are_taken_over_without_activation() {
    let entry = host::load();
    let mut instance = host::instantiate(&entry);
    let mut state = host::state_json(&host::save(&mut instance));
    let track = r#"{"version":1,"clock":"host","segments":[{"start_s":1.0,"end_s":2.0,
        "label":"F#:hdim7/b3","confidence":0.5,"confirmed":true}]}"#;
    state["fields"]["track"] = track.into();
    state["fields"]["editor-size"] = r#"{"width":1000.0,"height":700.0}"#.into();
    let json = serde_json::to_vec(&state).unwrap();
    let mut saved = (json.len() as u64).to_le_bytes().to_vec();
    saved.extend(json);
    assert!(host::restore(&mut instance, &saved));
    let (clock, track) = host::session(&mut instance);
    assert_eq!(clock, "host");
    let first = &track.timeline().segments()[0];
    assert_eq!((first.start_s, first.end_s), (1.0, 2.0));
    assert_eq!(first.label.to_string(), "F#:hdim7/b3");
    let state = host::state_json(&host::save(&mut instance));
    assert_eq!(
        state["fields"]["editor-size"],
        r#"{"width":1000.0,"height":700.0}"#
    );
}

#[test]
fn a_damaged_state_neither_crashes_nor_changes_anything_by_half() {
    let entry = host::load();
    let mut instance = host::instantiate(&entry);
    let good = host::save(&mut instance);
    for length in 0..good.len() {
        assert!(
            !host::restore(&mut instance, &good[..length]),
            "cut at {length}"
        );
    }
    for seed in 0..200 {
        let random: Vec<u8> = music::noise(seed, 300)
            .iter()
            .map(|it| (it * 127.0) as i8 as u8)
            .collect();
        assert!(!host::restore(&mut instance, &random));
    }
    // A wrong length.
    let mut long = u64::MAX.to_le_bytes().to_vec();
    long.extend(b"{}");
    assert!(!host::restore(&mut instance, &long));
    assert_eq!(
        host::state_json(&host::save(&mut instance)),
        host::state_json(&good)
    );

    // Valid JSON around invalid fields: the size stays, and the track is what it was.
    let mut state = host::state_json(&good);
    state["fields"]["track"] = r#"{"version":1,"clock":"host","segments":[{}]}"#.into();
    state["fields"]["editor-size"] = r#"{"width":-5e30,"height":null}"#.into();
    state["params"]["sensitivity"] = serde_json::json!({"f32": 1e30});
    state["params"]["hold"] = serde_json::json!({"string": "x"});
    let json = serde_json::to_vec(&state).unwrap();
    let mut saved = (json.len() as u64).to_le_bytes().to_vec();
    saved.extend(json);
    host::restore(&mut instance, &saved);
    assert_eq!(
        host::track_json(&mut instance),
        r#"{"version":1,"clock":"host","segments":[{}]}"#
    );
    for parameter in host::parameters(&mut instance) {
        let range = parameter.min..=parameter.max;
        assert!(range.contains(&parameter.value), "{parameter:?}");
    }
}

#[test]
fn instances_share_the_process() {
    let entry = host::load();
    let mut instances: Vec<_> = (0..8).map(|_| host::instantiate(&entry)).collect();
    let mut processors: Vec<_> = instances
        .iter_mut()
        .map(|it| host::activate(it, 48_000.0, 512))
        .collect();
    let mut block = Block::new(2, 512);
    let audio = music::noise(1, 512);
    for _ in 0..50 {
        for processor in &mut processors {
            block.process(processor, &[&audio, &audio], None);
        }
    }
    for (instance, processor) in instances.iter_mut().zip(processors) {
        instance.deactivate(processor.stop_processing());
    }
    // And once more after all of them are gone.
    drop(instances);
    let mut instance = host::instantiate(&entry);
    let mut processor = host::activate(&mut instance, 48_000.0, 512);
    block.process(&mut processor, &[&audio, &audio], None);
    instance.deactivate(processor.stop_processing());
}

/// Waits until the track reaches `end_s`; the worker has its own pace.
fn await_track(
    instance: &mut clack_host::prelude::PluginInstance<host::TestHost>,
    end_s: f64,
) -> Track {
    let started = Instant::now();
    loop {
        let track = host::track(instance);
        if track.timeline().end_s().is_some_and(|it| it >= end_s) {
            return track;
        }
        assert!(started.elapsed() < Duration::from_secs(300), "{track:#?}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Share of the progression's time at which root and third are right.
fn share_right(track: &Track) -> f64 {
    let (mut right, mut all) = (0, 0);
    for (index, (label, _)) in music::PROGRESSION.iter().enumerate() {
        // The middle of the chord: changes themselves are not judged here.
        for step in 4..10 {
            let at_s = (index as f64 + f64::from(step) / 10.0) * music::CHORD_S;
            let found = track.timeline().at(at_s);
            all += 1;
            right += i32::from(found.is_some_and(|found| same_triad(&found.label, label)));
        }
    }
    f64::from(right) / f64::from(all)
}

fn same_triad(found: &Label, label: &str) -> bool {
    majmin::index_of(found) == majmin::index_of(&label.parse().unwrap())
}

#[test]
fn a_known_progression_is_recognized_and_placed_in_the_song() {
    let entry = host::load();
    let mut instance = host::instantiate(&entry);
    let sample_rate = 44_100.0;
    let audio = music::progression(sample_rate);
    let mut processor = host::activate(&mut instance, sample_rate, 512);
    let mut block = Block::new(2, 512);
    for (index, chunk) in audio.chunks(512).enumerate() {
        let beats = (index * 512) as f64 / sample_rate * 2.0;
        block.process(&mut processor, &[chunk, chunk], Some(&host::rolling(beats)));
    }
    let end_s = audio.len() as f64 / sample_rate;
    let track = await_track(&mut instance, end_s - 0.1);
    let (clock, _) = host::session(&mut instance);
    instance.deactivate(processor.stop_processing());
    assert_eq!(clock, "host");
    assert_eq!(track.tempo().tempos(), [(0.0, 120.0)]);
    let share = share_right(&track);
    assert!(share >= 0.8, "{share} {track:#?}");
}

#[test]
fn the_track_is_the_same_at_every_block_size() {
    let entry = host::load();
    let audio = music::progression(48_000.0);
    let playing = [1usize, 64, 700, 8192].map(|frames| {
        let mut instance = host::instantiate(&entry);
        let mut processor = host::activate(&mut instance, 48_000.0, frames);
        let mut block = Block::new(2, frames);
        for (index, chunk) in audio.chunks(frames).enumerate() {
            let beats = (index * frames) as f64 / 48_000.0 * 2.0;
            block.process(&mut processor, &[chunk, chunk], Some(&host::rolling(beats)));
        }
        (instance, processor)
    });
    let end_s = audio.len() as f64 / 48_000.0;
    // Every chord is confirmed once the host has ended.
    let tracks: Vec<String> = playing
        .into_iter()
        .map(|(mut instance, processor)| {
            instance.deactivate(processor.stop_processing());
            rounded(&host::await_confirmed(&mut instance, end_s - 1e-3))
        })
        .collect();
    assert!(tracks[0].lines().count() >= 8, "{}", tracks[0]);
    for track in &tracks[1..] {
        assert_eq!(track, &tracks[0]);
    }
}

/// A track as text, one chord a line, rounded beyond the host's own rounding of beats.
fn rounded(track: &Track) -> String {
    let lines = track.timeline().into_iter().map(|it| {
        let alternatives = it.alternatives.iter();
        let others: Vec<String> = alternatives
            .map(|it| format!("{} {:.4}", it.label, it.probability))
            .collect();
        format!(
            "{:.4} {:.4} {} {:.4} {}\n",
            it.start_s,
            it.end_s,
            it.label,
            it.confidence,
            others.join(" ")
        )
    });
    lines.collect()
}

/// A chord that goes on and on, block by block, in a song that rolls or stands still.
struct Band {
    block: Block,
    audio: Vec<f32>,
    played: usize,
    beats: f64,
}

impl Band {
    const FRAMES: usize = 512;
    const RATE: f64 = 44_100.0;
    /// Blocks after which a chord is known: 1.5 s.
    const KNOWN: usize = 130;

    fn new() -> Self {
        Self {
            block: Block::new(2, Self::FRAMES),
            audio: music::chord(Self::RATE, music::PROGRESSION[0].1),
            played: 0,
            beats: 0.0,
        }
    }

    /// Plays one block. Returns the notes that sound after it.
    fn block(
        &mut self,
        processor: &mut clack_host::prelude::StartedPluginAudioProcessor<host::TestHost>,
        rolling: bool,
    ) -> Vec<(u16, u16)> {
        self.frames(processor, rolling, Self::FRAMES)
    }

    /// The same with a block of another size.
    fn frames(
        &mut self,
        processor: &mut clack_host::prelude::StartedPluginAudioProcessor<host::TestHost>,
        rolling: bool,
        frames: usize,
    ) -> Vec<(u16, u16)> {
        let from = self.played % (self.audio.len() - frames);
        let chunk = &self.audio[from..from + frames];
        let mut transport = host::rolling(self.beats);
        if rolling {
            self.beats += 2.0 * frames as f64 / Self::RATE;
        } else {
            transport.flags -= TransportFlags::IS_PLAYING;
        }
        self.played += frames;
        self.block
            .process(processor, &[chunk, chunk], Some(&transport));
        host::hanging(&self.block.notes)
    }

    /// Plays until these notes sound. The worker has its own pace, so after enough music the
    /// test waits as long as needed while little more is played.
    fn until(
        &mut self,
        processor: &mut clack_host::prelude::StartedPluginAudioProcessor<host::TestHost>,
        notes: &[(u16, u16)],
    ) {
        for _ in 0..Self::KNOWN {
            self.block(processor, true);
        }
        let started = Instant::now();
        loop {
            let mut sounding = self.frames(processor, true, 1);
            sounding.sort_unstable();
            if sounding == notes {
                return;
            }
            assert!(started.elapsed() < Duration::from_secs(300), "{sounding:?}");
            std::thread::sleep(Duration::from_millis(3));
        }
    }
}

#[test]
fn the_live_chord_sounds_on_the_midi_output_and_no_note_is_left_hanging() {
    // C2 and C4 E4 G4.
    const C: [(u16, u16); 4] = [(0, 36), (0, 60), (0, 64), (0, 67)];
    let entry = host::load();
    let mut instance = host::instantiate(&entry);
    let parameters = host::parameters(&mut instance);
    let id = |name: &str| parameters.iter().find(|it| it.name == name).unwrap().id;
    let mut processor = host::activate(&mut instance, Band::RATE, Band::FRAMES);
    let mut band = Band::new();
    // Off until it is switched on.
    for _ in 0..200 {
        assert!(band.block(&mut processor, true).is_empty());
    }
    std::thread::sleep(Duration::from_millis(200));
    band.block.set(id("MIDI out"), 1.0);
    band.until(&mut processor, &C);
    assert!(
        band.block
            .notes
            .iter()
            .all(|it| !it.on || it.velocity == 80)
    );

    // Stop: silent from that very block on, and while the song stands still.
    for _ in 0..50 {
        assert!(band.block(&mut processor, false).is_empty());
        std::thread::sleep(Duration::from_millis(3));
    }
    band.until(&mut processor, &C);
    // The loop comes round.
    band.beats = 0.0;
    assert!(band.block(&mut processor, true).is_empty());
    band.until(&mut processor, &C);
    for parameter in ["Bypass", "Freeze"] {
        band.block.set(id(parameter), 1.0);
        assert!(band.block(&mut processor, true).is_empty(), "{parameter}");
        band.block.set(id(parameter), 0.0);
        band.until(&mut processor, &C);
    }
    // What sounds moves to another channel at once; the octave follows through the worker.
    // Hosts count integer values from 0.
    band.block.set(id("MIDI channel"), 15.0);
    band.block.set(id("MIDI bass"), 1.0);
    let sounding = band.block(&mut processor, true);
    assert_eq!(sounding, [(0, 36), (15, 60), (15, 64), (15, 67)]);
    band.block.set(id("MIDI octave"), 4.0);
    band.until(&mut processor, &[(0, 48), (15, 72), (15, 76), (15, 79)]);
    band.block.set(id("MIDI bass"), 2.0);
    band.until(&mut processor, &[(15, 72), (15, 76), (15, 79)]);

    // The host resets the plugin, or deactivates and activates it: the next block ends the
    // notes.
    processor.reset();
    assert!(band.block(&mut processor, true).is_empty());
    band.until(&mut processor, &[(15, 72), (15, 76), (15, 79)]);
    instance.deactivate(processor.stop_processing());
    let mut processor = host::activate(&mut instance, Band::RATE, Band::FRAMES);
    assert!(band.block(&mut processor, true).is_empty());
    band.until(&mut processor, &[(15, 72), (15, 76), (15, 79)]);
    band.block.set(id("MIDI out"), 0.0);
    assert!(band.block(&mut processor, true).is_empty());
    instance.deactivate(processor.stop_processing());
}

#[test]
fn notes_that_come_in_are_passed_on() {
    let entry = host::load();
    let mut instance = host::instantiate(&entry);
    let mut processor = host::activate(&mut instance, 48_000.0, 64);
    let mut block = Block::new(2, 64);
    block.note(true, 3, 61);
    block.process(&mut processor, &[&[0.0; 64], &[0.0; 64]], None);
    assert_eq!(host::hanging(&block.notes), [(3, 61)]);
    block.note(false, 3, 61);
    block.process(&mut processor, &[&[0.0; 64], &[0.0; 64]], None);
    assert!(host::hanging(&block.notes).is_empty());
    instance.deactivate(processor.stop_processing());
}
