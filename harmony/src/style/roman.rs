//! Roman numerals with figured bass.

use super::shape::{ROMAN, Shape};
use crate::key::{Key, Mode};
use crate::label::{Chord, Degree, Quality};

const NUMERALS: [&str; 7] = ["I", "II", "III", "IV", "V", "VI", "VII"];

pub(super) fn numeral(chord: &Chord, key: Key) -> String {
    let shape = Shape::from_chord(chord);
    let degree = key.degree(chord.root().pitch_class());
    let mut text = accidental(degree.alter() - scale_alter(key.mode(), degree.number()));
    let numeral = NUMERALS[usize::from(degree.number() - 1) % NUMERALS.len()];
    if shape.quality.has_minor_third() {
        text.push_str(&numeral.to_lowercase());
    } else {
        text.push_str(numeral);
    }
    let suffix = shape.suffix(&ROMAN);
    match figure(&shape, chord.bass()) {
        Some(Figure::Triad(figure)) => {
            text.push_str(&suffix);
            text.push_str(figure);
        }
        Some(Figure::Seventh(figure)) => text.push_str(&suffix.replacen('7', figure, 1)),
        None => {
            text.push_str(&suffix);
            if !chord.is_root_position() {
                text.push('/');
                text.push_str(&ROMAN.accidentals(&chord.bass().to_string()));
            }
        }
    }
    text
}

/// How far the key's scale alters a degree of the major scale.
fn scale_alter(mode: Mode, number: u8) -> i8 {
    match (mode, number) {
        (Mode::Minor, 3 | 6 | 7) => -1,
        _ => 0,
    }
}

fn accidental(alter: i8) -> String {
    let sign = if alter < 0 { "♭" } else { "♯" };
    sign.repeat(usize::from(alter.unsigned_abs()))
}

/// The figured bass of an inversion.
enum Figure {
    /// Written after the triad's symbol.
    Triad(&'static str),
    /// Written in place of the 7.
    Seventh(&'static str),
}

/// The figure of a triad or seventh chord over one of its own notes; other
/// basses have none.
fn figure(shape: &Shape, bass: Degree) -> Option<Figure> {
    if !shape.is_plain() {
        return None;
    }
    let place = shape
        .quality
        .degrees()
        .iter()
        .position(|degree| degree.pitch_class() == bass.pitch_class())?;
    let figure = match shape.quality {
        Quality::Maj | Quality::Min | Quality::Dim | Quality::Aug => {
            Figure::Triad(["6", "64"].get(place.checked_sub(1)?)?)
        }
        Quality::Maj7
        | Quality::Min7
        | Quality::Dom7
        | Quality::Dim7
        | Quality::HalfDim7
        | Quality::MinMaj7
        | Quality::Aug7 => Figure::Seventh(["65", "43", "42"].get(place.checked_sub(1)?)?),
        _ => return None,
    };
    Some(figure)
}
