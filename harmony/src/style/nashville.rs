//! Nashville numbers.

use super::shape::{NASHVILLE, Shape};
use crate::key::Key;
use crate::label::Chord;

/// The chord's number, its quality raised so that `5⁷` is not read as 57, and
/// the bass as a number of the same key.
pub(super) fn number(chord: &Chord, key: Key) -> String {
    let key = key.relative_major();
    let number = |pitch_class: u8| NASHVILLE.accidentals(&key.degree(pitch_class).to_string());
    let mut text = number(chord.root().pitch_class());
    text.extend(
        Shape::from_chord(chord)
            .suffix(&NASHVILLE)
            .chars()
            .map(raised),
    );
    if !chord.is_root_position() {
        text.push('/');
        text.push_str(&number(chord.bass_pitch_class()));
    }
    text
}

fn raised(c: char) -> char {
    match c {
        '0' => '⁰',
        '1' => '¹',
        '2' => '²',
        '3' => '³',
        '4' => '⁴',
        '5' => '⁵',
        '6' => '⁶',
        '7' => '⁷',
        '8' => '⁸',
        '9' => '⁹',
        other => other,
    }
}
