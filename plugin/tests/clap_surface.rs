//! The rest of what the built CLAP offers a host: render mode, latency, ports, processing in
//! place, bypass, and the window as far as it needs no screen.
#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

use clack_extensions::audio_ports::{AudioPortInfoBuffer, PluginAudioPorts};
use clack_extensions::gui::PluginGui;
use clack_extensions::latency::PluginLatency;
use clack_extensions::note_ports::{NotePortInfoBuffer, PluginNotePorts};
use clack_extensions::render::RenderMode;
use testhost::host::{self, Block};
use testhost::music;

#[test]
fn ports_latency_and_window_are_told() {
    let entry = host::load();
    let mut instance = host::instantiate(&entry);
    for (layout, channels) in [("Mono", 1), ("Stereo", 2)] {
        host::select_layout(&mut instance, layout);
        let plugin = instance.plugin_handle();
        let ports: PluginAudioPorts = plugin.get_extension().unwrap();
        for is_input in [true, false] {
            assert_eq!(ports.count(&plugin, is_input), 1);
            let mut buffer = AudioPortInfoBuffer::new();
            let port = ports.get(&plugin, 0, is_input, &mut buffer).unwrap();
            assert_eq!(port.channel_count, channels, "{layout}");
        }
    }
    let processor = host::activate(&mut instance, 48_000.0, 512);
    let plugin = instance.plugin_handle();
    let latency: PluginLatency = plugin.get_extension().unwrap();
    assert_eq!(latency.get(&plugin), 0);
    let notes: PluginNotePorts = plugin.get_extension().unwrap();
    for is_input in [true, false] {
        assert_eq!(notes.count(&plugin, is_input), 1);
        let mut buffer = NotePortInfoBuffer::new();
        assert!(notes.get(&plugin, 0, is_input, &mut buffer).is_some());
    }
    let gui: PluginGui = plugin.get_extension().unwrap();
    let preferred = gui.get_preferred_api(&plugin).unwrap();
    assert!(!preferred.is_floating);
    assert!(gui.is_api_supported(&plugin, preferred));
    instance.deactivate(processor.stop_processing());
}

#[test]
fn the_render_mode_may_change_between_activations_and_the_audio_stays() {
    let entry = host::load();
    let mut instance = host::instantiate(&entry);
    let audio = music::noise(1, 700);
    for mode in [
        RenderMode::Offline,
        RenderMode::Realtime,
        RenderMode::Offline,
    ] {
        host::set_render_mode(&mut instance, mode);
        let mut processor = host::activate(&mut instance, 44_100.0, 700);
        let mut block = Block::new(2, 700);
        for _ in 0..20 {
            let output = block.process(&mut processor, &[&audio, &audio], None);
            assert!(output.iter().all(|out| out[..] == audio[..]), "{mode:?}");
        }
        instance.deactivate(processor.stop_processing());
    }
}

#[test]
fn bypass_and_processing_in_place_pass_every_bit() {
    let entry = host::load();
    let mut instance = host::instantiate(&entry);
    let parameters = host::parameters(&mut instance);
    let bypass = parameters.iter().find(|it| it.name == "Bypass").unwrap().id;
    let mut processor = host::activate(&mut instance, 48_000.0, 512);
    let mut block = Block::new(2, 512);
    let audio: Vec<f32> = (0..512u32)
        .map(|index| f32::from_bits(0x7f80_0000 ^ index.wrapping_mul(0x9e37_79b9)))
        .collect();
    let bits = |samples: &[f32]| samples.iter().map(|it| it.to_bits()).collect::<Vec<_>>();
    for round in 0..8 {
        block.set(bypass, f64::from(round / 2 % 2));
        block.in_place = round % 2 == 1;
        let output = block.process(&mut processor, &[&audio, &audio], None);
        for out in output {
            assert_eq!(bits(out), bits(&audio), "round {round}");
        }
    }
    instance.deactivate(processor.stop_processing());
}
