//! Substitutes for a chord's quality and bass.

use rand::seq::IndexedRandom;
use rand_chacha::ChaCha8Rng;

use crate::chord::{Chord, QUALITIES};

/// The same chord with a name outside the fourteen qualities.
pub(super) fn with_addition(rng: &mut ChaCha8Rng, quality: usize) -> usize {
    let names: &[&str] = match QUALITIES[quality].harte {
        "maj" => &["maj(9)", "maj(9)", "maj6(9)"],
        "maj6" | "maj7" => &["maj6(9)"],
        "min" | "min7" => &["min(9)"],
        "7" | "sus4" => &["sus4(b7)"],
        _ => return quality,
    };
    names
        .choose(rng)
        .and_then(|name| Chord::quality_named(name))
        .unwrap_or(quality)
}

/// A rarer relative with the same function.
pub(super) fn rarer(rng: &mut ChaCha8Rng, quality: usize) -> usize {
    let names: &[&str] = match QUALITIES[quality].harte {
        "maj" => &["maj6", "sus2", "sus4", "aug", "maj7"],
        "min" => &["min6", "minmaj7", "sus2", "sus4", "min7"],
        "7" => &["sus4(b7)", "aug", "sus4"],
        "maj7" => &["maj6", "sus2", "maj6"],
        "min7" => &["min6", "minmaj7", "hdim7", "sus4(b7)"],
        "dim" => &["dim7", "hdim7"],
        "hdim7" => &["dim", "dim7", "min6"],
        _ => return quality,
    };
    names
        .choose(rng)
        .and_then(|name| Chord::quality_named(name))
        .unwrap_or(quality)
}

/// The same chord with a ninth, an eleventh, a thirteenth or an altered tone.
pub(super) fn extended(rng: &mut ChaCha8Rng, quality: usize) -> usize {
    let names: &[&str] = match QUALITIES[quality].harte {
        "maj" => &["maj(9)", "maj9", "maj6(9)", "maj(#11)"],
        "maj6" => &["maj6(9)"],
        "maj7" => &["maj9", "maj13", "maj7(#11)", "maj9(#11)"],
        "min" => &["min(9)", "min9"],
        "min6" => &["min6(9)"],
        "min7" => &["min9", "min11", "min7(11)", "min13"],
        "7" => &[
            "9",
            "13",
            "7(b9)",
            "7(#9)",
            "7(#11)",
            "7(b13)",
            "9(#11)",
            "7(b9,13)",
            "7(b9,b13)",
            "7(#9,b13)",
        ],
        "sus4" | "sus4(b7)" => &["sus4(b7,9)"],
        _ => return quality,
    };
    names
        .choose(rng)
        .and_then(|name| Chord::quality_named(name))
        .unwrap_or(quality)
}

/// Draws a bass degree: mostly thirds and fifths, preferably a step from the previous bass,
/// seldom tones outside the chord.
pub(super) fn inversion(rng: &mut ChaCha8Rng, chord: Chord, previous_bass: u8) -> u8 {
    let kind = chord.kind();
    let weighted: Vec<(u8, f64)> = kind
        .basses
        .iter()
        .map(|tone| {
            let foreign = !kind.tones.contains(tone);
            let ambiguous = kind.harte == "min7" && *tone == 3;
            let motion = (i32::from(chord.root + tone) - i32::from(previous_bass)).rem_euclid(12);
            let step = if matches!(motion, 1 | 2 | 10 | 11) {
                2.0
            } else {
                1.0
            };
            let usual = if foreign || ambiguous { 0.25 } else { 1.0 };
            (*tone, usual * step)
        })
        .collect();
    weighted
        .choose_weighted(rng, |(_, weight)| *weight)
        .map_or(0, |(tone, _)| *tone)
}
