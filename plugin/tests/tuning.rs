//! Music between the keys in the built CLAP, with the tuning set by hand: how it is read, from
//! when on, and that a project keeps it.
#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

use clack_extensions::render::RenderMode;
use clack_host::prelude::*;
use harmony::label::Label;
use testhost::host::{self, Block, TestHost};
use testhost::music;

const RATE: f64 = 48_000.0;

/// Samples of a block of the host.
const FRAMES: usize = 512;

/// The progression a quarter tone sharp: as near to its own keys as to those above.
fn between_the_keys() -> Vec<f32> {
    music::progression(RATE / quarter_tone())
}

fn quarter_tone() -> f64 {
    (50.0_f64 / 1200.0).exp2()
}

/// The middles of its chords, in seconds.
fn middles_s() -> impl Iterator<Item = f64> {
    (0..music::PROGRESSION.len()).map(|n| (n as f64 + 0.5) * music::CHORD_S / quarter_tone())
}

/// The chords of the progression so many semitones higher.
fn progression(semitones: i32) -> Vec<Label> {
    let chords = music::PROGRESSION.iter().map(|(name, _)| {
        let label: Label = name.parse().unwrap();
        Label::Chord(label.chord().unwrap().transposed(semitones))
    });
    chords.collect()
}

/// Sets a parameter by its name, to a share of its range.
fn set(instance: &mut PluginInstance<TestHost>, block: &mut Block, name: &str, share: f64) {
    let parameters = host::parameters(instance);
    let parameter = parameters.iter().find(|it| it.name == name).unwrap();
    let value = parameter.min + share * (parameter.max - parameter.min);
    block.set(parameter.id, value);
}

/// Renders audio; the tuning is set to so many cents from a block on.
fn render(
    instance: &mut PluginInstance<TestHost>,
    audio: &[f32],
    tunings: &[(usize, f64)],
) -> Vec<Label> {
    host::set_render_mode(instance, RenderMode::Offline);
    let mut processor = host::activate(instance, RATE, FRAMES);
    let mut block = Block::new(2, FRAMES);
    for (index, chunk) in audio.chunks(FRAMES).enumerate() {
        for &(_, cents) in tunings.iter().filter(|(at, _)| *at == index) {
            set(instance, &mut block, "Tuning", 1.0);
            set(instance, &mut block, "Tuning of A", (cents + 60.0) / 120.0);
        }
        let at_s = (index * FRAMES) as f64 / RATE;
        let transport = host::rolling(at_s * 2.0);
        block.process(&mut processor, &[chunk, chunk], Some(&transport));
    }
    instance.deactivate(processor.stop_processing());
    let track = host::await_confirmed(instance, audio.len() as f64 / RATE - 1e-3);
    let sounding = middles_s().map(|at_s| track.timeline().at(at_s).unwrap().label.clone());
    sounding.collect()
}

/// How many chords have the right root and third.
fn right(found: &[Label], wanted: &[Label]) -> usize {
    let triad = |label: &Label| {
        let chord = label.chord()?;
        let minor = chord.quality().has_minor_third();
        Some((chord.root().pitch_class(), minor))
    };
    let pairs = found.iter().zip(wanted);
    pairs
        .filter(|(found, wanted)| triad(found) == triad(wanted))
        .count()
}

#[test]
fn a_tuning_that_is_set_is_used_at_once_and_saved() {
    let entry = host::load();
    let audio = between_the_keys();
    let blocks = audio.len().div_ceil(FRAMES);
    let (own, above) = (progression(0), progression(1));
    let mut sharp = host::instantiate(&entry);
    let found = render(&mut sharp, &audio, &[(0, 50.0)]);
    assert!(right(&found, &own) >= 7, "{found:?}");

    // The same project opened again, with nothing set.
    let saved = host::save(&mut sharp);
    let mut opened = host::instantiate(&entry);
    assert!(host::restore(&mut opened, &saved));
    assert_eq!(render(&mut opened, &audio, &[]), found);

    let mut flat = host::instantiate(&entry);
    let found = render(&mut flat, &audio, &[(0, -50.0)]);
    assert!(right(&found, &above) >= 7, "{found:?}");

    // While it plays: only what comes after the change is read differently.
    let mut changed = host::instantiate(&entry);
    let found = render(&mut changed, &audio, &[(0, 50.0), (blocks / 2, -50.0)]);
    let half = found.len() / 2;
    assert!(
        right(&found[..half - 1], &own[..half - 1]) >= half - 2,
        "{found:?}"
    );
    assert!(
        right(&found[half + 1..], &above[half + 1..]) >= half - 2,
        "{found:?}"
    );
    let track = host::track(&mut changed);
    let silent = track
        .timeline()
        .segments()
        .iter()
        .filter(|it| it.label.chord().is_none() && it.start_s > 1.0 && it.end_s < 15.0);
    assert_eq!(silent.count(), 0);
}
