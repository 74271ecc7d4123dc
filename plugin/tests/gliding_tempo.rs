//! A song whose tempo glides, rendered by the built CLAP with its own engines: the same track
//! at every block size, all of it confirmed.
#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

use clack_extensions::render::RenderMode;
use clack_host::utils::SecondsTime;
use harmony::timeline::Status;
use harmony::track::Track;
use testhost::host::{self, Block};
use testhost::music;

const RATE: f64 = 48_000.0;
const LENGTH_S: f64 = 24.0;
const BLOCKS: [usize; 8] = [32, 64, 128, 256, 512, 1024, 2048, 4096];

/// Beat and tempo at a second of a song that accelerates by 0.2 bpm a second.
fn ramp(at_s: f64) -> (f64, f64) {
    let beats = (100.0 * at_s + 0.1 * at_s * at_s) / 60.0;
    (beats, 100.0 + 0.2 * at_s)
}

fn confirmed_s(track: &Track) -> f64 {
    let segments = track.timeline().into_iter();
    let confirmed = segments.filter(|it| it.status == Status::Confirmed);
    confirmed.map(|it| it.end_s - it.start_s).sum()
}

/// The track at the end of the song and after it, rendered in blocks of one size.
fn render(audio: &[f32], size: usize) -> (Track, Track) {
    let entry = host::load();
    let mut instance = host::instantiate(&entry);
    host::set_render_mode(&mut instance, RenderMode::Offline);
    let mut processor = host::activate(&mut instance, RATE, size);
    let mut block = Block::new(2, size);
    for (index, chunk) in audio.chunks_exact(size).enumerate() {
        let at_s = (index * size) as f64 / RATE;
        let (beats, bpm) = ramp(at_s);
        let mut transport = host::rolling(beats);
        transport.tempo = bpm;
        transport.song_pos_seconds = SecondsTime::from_float(at_s);
        block.process(&mut processor, &[chunk, chunk], Some(&transport));
    }
    let playing = host::track(&mut instance);
    instance.deactivate(processor.stop_processing());
    let end_s = LENGTH_S - BLOCKS[7] as f64 / RATE - 0.01;
    let ended = host::await_confirmed(&mut instance, end_s);
    (playing, ended)
}

/// Chords with the beats that they begin on.
fn chords(track: &Track) -> Vec<(f64, String)> {
    let chords = track.timeline().into_iter();
    let of_chord =
        |it: &harmony::timeline::Segment| (track.tempo().beat_at(it.start_s), it.label.to_string());
    chords.map(of_chord).collect()
}

#[test]
fn a_ramp_is_confirmed_and_the_same_at_every_block_size() {
    let audio = music::progression(RATE).repeat(2);
    let audio = &audio[..(LENGTH_S * RATE) as usize];
    let (_, wanted) = render(audio, BLOCKS[3]);
    let wanted = chords(&wanted);
    assert!(wanted.len() >= 10, "{wanted:?}");
    for size in BLOCKS {
        let (playing, track) = render(audio, size);
        // All but what the refining pass is behind.
        assert!(confirmed_s(&playing) > LENGTH_S - 8.0, "blocks of {size}");
        let found = chords(&track);
        let labels = |of: &[(f64, String)]| of.iter().map(|it| it.1.clone()).collect::<Vec<_>>();
        assert_eq!(labels(&found), labels(&wanted), "blocks of {size}");
        for ((beat, label), (wanted, _)) in found.iter().zip(&wanted) {
            assert!(
                (beat - wanted).abs() < 5e-3,
                "{label}: {beat} for {wanted}, blocks of {size}"
            );
        }
        let points = track.tempo().points().len();
        assert!(points <= 40, "{points} points, blocks of {size}");
    }
}
