//! The chord that is shown as parameters of the built plugin, in a CLAP and in a VST3 host.
#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

use std::collections::HashMap;
use std::time::{Duration, Instant};

use clack_extensions::params::{ParamInfoFlags, PluginParams};
use clack_extensions::render::RenderMode;
use clack_host::prelude::*;
use harmony::label::Label;
use testhost::host::{self, Block, TestHost};
use testhost::music;
use testhost::vst3;

const RATE: f64 = 48_000.0;
const FRAMES: usize = 512;

/// The parameters, with the largest value of each.
const FIELDS: [(&str, f64); 4] = [
    ("Chord root", 12.0),
    ("Chord quality", 27.0),
    ("Chord bass", 12.0),
    ("Chord confidence", 1.0),
];

/// Root, quality and bass of a label of [`music::PROGRESSION`] in the words of the parameters.
fn words(label: &str) -> [String; 3] {
    let label: Label = label.parse().unwrap();
    let chord = label.chord().unwrap();
    let note = |name: String| name.replace('b', "♭");
    let quality = if chord.quality().has_minor_third() {
        "minor"
    } else {
        "major"
    };
    let root = note(chord.root().to_string());
    [
        root,
        quality.to_owned(),
        note(chord.bass_note().to_string()),
    ]
}

/// What the plugin writes for values of these parameters.
fn texts(instance: &mut PluginInstance<TestHost>, values: &[(ClapId, f64)]) -> Vec<String> {
    let plugin = instance.plugin_handle();
    let params: PluginParams = plugin.get_extension().unwrap();
    let text = |(id, value): &(ClapId, f64)| {
        let mut place = [0; 64];
        let text = params.value_to_text(&plugin, *id, *value, &mut place);
        let text = std::str::from_utf8(text.unwrap()).unwrap().to_owned();
        // What is written is read as the same.
        let c_text = std::ffi::CString::new(text.clone()).unwrap();
        let read = params.text_to_value(&plugin, *id, &c_text).unwrap();
        assert!((read - value).abs() < 0.006, "{text}: {read}, {value}");
        text
    };
    values.iter().map(text).collect()
}

#[test]
fn a_clap_host_reads_the_chord_and_cannot_set_it() {
    let entry = host::load();
    let mut instance = host::instantiate(&entry);
    let saved = host::state_json(&host::save(&mut instance));
    host::set_render_mode(&mut instance, RenderMode::Offline);
    let parameters = host::parameters(&mut instance);
    let ids: std::collections::HashSet<ClapId> = parameters.iter().map(|it| it.id).collect();
    assert_eq!(ids.len(), parameters.len());
    let fields = FIELDS.map(|(name, most)| {
        let it = parameters.iter().find(|it| it.name == name).unwrap();
        assert_eq!((it.min, it.max, it.value), (0.0, most, 0.0), "{name}");
        let mut flags = ParamInfoFlags::IS_READONLY;
        if most > 1.0 {
            flags |= ParamInfoFlags::IS_STEPPED | ParamInfoFlags::IS_ENUM;
        }
        assert_eq!(it.flags, flags, "{name}");
        it.id
    });
    let freeze = parameters.iter().find(|it| it.name == "Freeze").unwrap().id;
    let read_only = parameters
        .iter()
        .filter(|it| it.flags.contains(ParamInfoFlags::IS_READONLY));
    assert_eq!(read_only.count(), FIELDS.len());

    let mut processor = host::activate(&mut instance, RATE, FRAMES);
    let mut block = Block::new(2, FRAMES);
    let mut told: HashMap<ClapId, f64> = HashMap::new();
    let mut play = |processor: &mut _, audio: &[f32], set: Option<(ClapId, f64)>| {
        for (index, chunk) in audio.chunks(FRAMES).enumerate() {
            if let Some((id, value)) = set.filter(|_| index == 0) {
                block.set(id, value);
            }
            let output = block.process(processor, &[chunk, chunk], None);
            assert!(output.iter().all(|out| out[..chunk.len()] == *chunk));
            told.extend(block.told.drain(..));
        }
        fields.map(|id| (id, told.get(&id).copied().unwrap_or(0.0)))
    };
    let mut heard = Vec::new();
    for (label, keys) in music::PROGRESSION {
        let audio = music::chord(RATE, keys);
        // A host's own values of them are nobody's.
        let values = play(&mut processor, &audio, Some((fields[0], 5.0)));
        let plugin = instance.plugin_handle();
        let params: PluginParams = plugin.get_extension().unwrap();
        let asked = values.map(|(id, _)| (id, params.get_value(&plugin, id).unwrap()));
        assert_eq!(asked, values, "{label}");
        let written = texts(&mut instance, &values);
        assert_eq!(written[..3], words(label), "{label}");
        assert!(values[3].1 > 0.0 && values[3].1 <= 1.0, "{values:?}");
        heard.push(values);
    }
    // What is held on the display is held here; silence is no chord, once it is seen.
    let e_minor = music::chord(RATE, music::PROGRESSION[4].1);
    let held = play(&mut processor, &e_minor, Some((freeze, 1.0)));
    assert_eq!(held[..3], heard[7][..3]);
    let silence = vec![0.0; RATE as usize];
    let silent = play(&mut processor, &silence, Some((freeze, 0.0)));
    assert!(silent.iter().all(|(_, value)| *value == 0.0), "{silent:?}");
    assert_eq!(texts(&mut instance, &silent)[..3], ["–", "–", "–"]);
    instance.deactivate(processor.stop_processing());

    // Nothing of it is saved.
    let after = host::state_json(&host::save(&mut instance));
    let names = |state: &serde_json::Value| -> Vec<String> {
        let params = state["params"].as_object().unwrap();
        params.keys().cloned().collect()
    };
    assert_eq!(names(&after), names(&saved));
}

#[test]
fn a_vst3_host_reads_the_chord() {
    let mut instance = vst3::Instance::start(&host::library(), RATE, FRAMES);
    let parameters = instance.parameters();
    let ids: std::collections::HashSet<u32> = parameters.iter().map(|it| it.id).collect();
    assert_eq!(ids.len(), parameters.len());
    let fields = FIELDS.map(|(name, most)| {
        let it = parameters.iter().find(|it| it.name == name).unwrap();
        let steps = if most > 1.0 { most as i32 } else { 0 };
        assert_eq!((it.steps, it.is_read_only), (steps, true), "{name}");
        assert_eq!(instance.value(it.id).0, 0.0, "{name}");
        it.id
    });
    let read_only = parameters.iter().filter(|it| it.is_read_only);
    assert_eq!(read_only.count(), FIELDS.len());
    for (label, keys) in &music::PROGRESSION[..3] {
        for chunk in music::chord(RATE, keys).chunks(FRAMES) {
            instance.play(chunk, true);
        }
        // The worker has its own pace.
        let started = Instant::now();
        loop {
            instance.play(&[0.0], true);
            let texts = fields.map(|id| instance.value(id).1);
            let told = instance.told();
            let same = fields.iter().all(|id| {
                let told = told.get(id).copied().unwrap_or(0.0);
                told == instance.value(*id).0
            });
            if texts[..3] == words(label) && same {
                break;
            }
            assert!(started.elapsed() < Duration::from_secs(60), "{texts:?}");
            std::thread::sleep(Duration::from_millis(3));
        }
        assert!(instance.value(fields[3]).0 > 0.0);
    }
}
