//! Chords as notes for a keyboard.

use crate::label::Chord;

/// The lowest bass note: C2.
const LOWEST_BASS: u8 = 36;

/// The lowest root of the right hand: G3.
const LOWEST_ROOT: u8 = 55;

/// The MIDI notes of a chord, from low to high: the bass in C2 … B2 and above
/// it the chord in close position on its root in G3 … F#4, ninths, elevenths and
/// thirteenths on top.
#[must_use]
pub fn voicing(chord: &Chord) -> Vec<u8> {
    let bass = LOWEST_BASS + chord.bass_pitch_class();
    let root = LOWEST_ROOT + (chord.root().pitch_class() + 12 - LOWEST_ROOT % 12) % 12;
    let upper = chord.voices().into_iter().map(|semitones| {
        // Written degrees reach at most 21 semitones and a few accidentals; what
        // lies further out moves by octaves.
        let semitones = if (0..=24).contains(&semitones) {
            semitones
        } else {
            semitones.rem_euclid(12)
        };
        (i32::from(root) + semitones) as u8
    });
    let mut notes: Vec<u8> = std::iter::once(bass).chain(upper).collect();
    notes.sort_unstable();
    notes.dedup();
    notes
}
