//! The synthesizer is in tune, ends when it should, and is reproducible from a seed.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod spectrum;

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use renderer::arranger::Note;
use renderer::synthesizer::drums::DrumMachine;
use renderer::synthesizer::expression::Expression;
use renderer::synthesizer::patch::Role;
use renderer::synthesizer::{Patch, play};
use spectrum::{power, windowed};

const RATE: f32 = 22_050.0;
const ROLES: [Role; 5] = [
    Role::Struck,
    Role::Held,
    Role::Bass,
    Role::Voice,
    Role::Lead,
];

fn note(key: u8, start: f64, end: f64) -> Note {
    Note {
        start,
        end,
        key,
        velocity: 100,
    }
}

fn hz(key: f64) -> f64 {
    440.0 * ((key - 69.0) / 12.0).exp2()
}

#[test]
fn every_patch_sounds_the_key_it_is_given() {
    for role in ROLES {
        for seed in 0..60 {
            let mut rng = ChaCha8Rng::seed_from_u64(seed);
            let patch = Patch::draw(&mut rng, role);
            let key = if role == Role::Bass { 40 } else { 60 };
            let notes = [note(key, 0.0, 0.9)];
            let samples = play(&patch, &notes, &Expression::NONE, RATE, 22_050, &mut rng);
            let heard = windowed(&samples[2000..18_000]);
            // The harmonics of the key compared with those of its neighbours a semitone away:
            // the first four, and the octave below for organs and slow modulators.
            let comb = |shift: f64| -> f64 {
                [0.5, 1.0, 2.0, 3.0, 4.0]
                    .iter()
                    .map(|harmonic| power(&heard, harmonic * hz(f64::from(key) + shift)))
                    .sum()
            };
            let (right, flat, sharp) = (comb(0.0), comb(-1.0), comb(1.0));
            assert!(
                right > 4.0 * flat && right > 4.0 * sharp,
                "{role:?} {seed}: {right:.3} against {flat:.3} and {sharp:.3}: {patch:?}"
            );
        }
    }
}

#[test]
fn chords_of_any_patch_hold_the_chord() {
    // C minor seventh: the share of power by pitch class, over the keys of five octaves.
    let keys = [48_u8, 55, 58, 63];
    for role in [Role::Struck, Role::Held] {
        let mut worst: f64 = 1.0;
        let mut mean = 0.0;
        for seed in 0..40 {
            let mut rng = ChaCha8Rng::seed_from_u64(1000 + seed);
            let patch = Patch::draw(&mut rng, role);
            let notes: Vec<Note> = keys.iter().map(|key| note(*key, 0.0, 0.9)).collect();
            let samples = play(&patch, &notes, &Expression::NONE, RATE, 22_050, &mut rng);
            let heard = windowed(&samples[2000..18_000]);
            let (mut inside, mut total) = (0.0, 0.0);
            for key in 45..=84 {
                let power = power(&heard, hz(f64::from(key)));
                total += power;
                if [0, 3, 7, 10].contains(&(key % 12)) {
                    inside += power;
                }
            }
            worst = worst.min(inside / total);
            mean += inside / total / 40.0;
        }
        // Overtones of thirds and fifths outside the chord are seldom louder than the chord.
        assert!(mean > 0.85, "{role:?}: {mean}");
        assert!(worst > 0.5, "{role:?}: {worst}");
    }
}

#[test]
fn notes_end_and_nothing_clips_or_breaks() {
    for role in ROLES {
        for seed in 0..40 {
            let mut rng = ChaCha8Rng::seed_from_u64(seed);
            let patch = Patch::draw(&mut rng, role);
            let expression = Expression::singer(&mut rng);
            let notes = [note(21, 0.0, 0.3), note(108, 0.3, 0.5), note(127, 0.5, 0.6)];
            let samples = play(&patch, &notes, &expression, RATE, 66_150, &mut rng);
            assert!(
                samples.iter().all(|x| x.is_finite() && x.abs() < 8.0),
                "{patch:?}"
            );
            assert!(
                samples[..4000].iter().any(|x| x.abs() > 1e-4),
                "{role:?} {seed}"
            );
            assert!(
                samples[60_000..].iter().all(|x| x.abs() < 0.01),
                "{role:?} {seed}"
            );
        }
    }
}

#[test]
fn the_same_seed_gives_the_same_bits() {
    let once = |seed| {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let patch = Patch::draw(&mut rng, Role::Voice);
        let notes = [note(60, 0.0, 0.5), note(64, 0.5, 1.0)];
        let expression = Expression::singer(&mut rng);
        play(&patch, &notes, &expression, RATE, 30_000, &mut rng)
    };
    assert_eq!(once(1), once(1));
    assert_ne!(once(1), once(2));
}

#[test]
fn slides_arrive_and_vibrato_swings_around_the_key() {
    let habits = Expression {
        glide_s: 0.03,
        scoop: 1.0,
        vibrato: 0.5,
        vibrato_hz: 5.0,
        delay_s: 0.2,
        waver: 0.0,
    };
    let notes: Vec<Note> = (0..20)
        .map(|i| note(60 + (i % 3) as u8 * 2, f64::from(i), f64::from(i) + 1.0))
        .collect();
    let curves = habits.curves(&notes);
    let mut slides = 0;
    for (index, curve) in curves.iter().enumerate() {
        if curve.bend(0.0).abs() > 1.5 {
            slides += 1;
            let before = i32::from(notes[index - 1].key) - i32::from(notes[index].key);
            assert!(
                (curve.bend(0.0) - before as f32).abs() < 0.6,
                "note {index}"
            );
        }
        let settled: Vec<f32> = (0..400)
            .map(|i| curve.bend(0.4 + i as f32 * 0.001))
            .collect();
        let mean = settled.iter().sum::<f32>() / 400.0;
        assert!(mean.abs() < 0.05, "{mean}");
        assert!(settled.iter().any(|bend| *bend > 0.4));
    }
    assert!(slides >= 5, "{slides} of 20");
    assert!(
        Expression::NONE
            .curves(&notes)
            .iter()
            .all(|c| c.bend(0.1) == 0.0)
    );
}

#[test]
fn drum_machines_hit_on_time_and_fade() {
    for seed in 0..20 {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let machine = DrumMachine::draw(&mut rng);
        for key in 35..=81 {
            let hits = [note(key, 0.5, 0.6)];
            let samples = machine.play(&hits, RATE, 110_250, &mut rng);
            assert!(samples[..11_025].iter().all(|x| *x == 0.0));
            assert!(
                samples[11_025..12_500].iter().any(|x| x.abs() > 0.01),
                "key {key}"
            );
            assert!(
                samples[105_000..].iter().all(|x| x.abs() < 1e-3),
                "key {key}"
            );
            assert!(samples.iter().all(|x| x.is_finite() && x.abs() <= 2.0));
        }
    }
}
