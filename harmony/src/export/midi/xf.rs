//! Yamaha's XF chord events, which its keyboards show and follow.
//!
//! Each is a sequencer-specific meta event `43 7B 01 cr ct bn bt` (XF Format Specifications 2.01,
//! “Style Messages”): root and bass each as a byte with the accidental in the upper half (3 for
//! natural) and the letter in the lower half (1 for C); the type by its number; `7F` for none.
//! Other chords become the nearest type.

use crate::label::{Chord, Label, Note};

/// Yamaha, and XF's chord name.
const HEAD: [u8; 3] = [0x43, 0x7b, 0x01];

/// No bass note, or no chord type for it.
const NONE: u8 = 0x7f;

/// No chord.
const CANCEL: u8 = 34;

/// The event's data; `None` for an unknown chord (`X`).
pub(super) fn event(label: &Label) -> Option<[u8; 7]> {
    let [a, b, c] = HEAD;
    match label {
        Label::Unknown => None,
        Label::NoChord => Some([a, b, c, note(Note::from_fifths(0)), CANCEL, NONE, NONE]),
        Label::Chord(chord) => {
            let bass = if chord.is_root_position() {
                NONE
            } else {
                note(chord.bass_note())
            };
            Some([a, b, c, note(chord.root()), kind(chord), bass, NONE])
        }
    }
}

/// A note as XF writes it; one with more than three accidentals by a simpler name.
fn note(note: Note) -> u8 {
    let note = if (-3..=3).contains(&note.alter()) {
        note
    } else {
        Note::common(note.pitch_class(), false)
    };
    let letter = note.to_string().chars().next().unwrap_or('C');
    let number = "CDEFGAB".find(letter).map_or(1, |place| place as u8 + 1);
    let accidental = (3 + note.alter()).clamp(0, 6) as u8;
    accidental << 4 | number
}

/// The number of a chord's type.
fn kind(chord: &Chord) -> u8 {
    let has = |semitones: u32| chord.intervals() >> semitones & 1 == 1;
    let (ninth, flat_nine, sharp_nine) = (has(2), has(1), has(3) && has(4));
    let (sharp_eleven, thirteen, flat_thirteen) = (has(6) && has(7), has(9), has(8) && has(7));
    let fifth = has(7);
    match (has(3) && !has(4), has(4), has(10), has(11)) {
        // Minor thirds.
        (true, _, true, _) if has(6) && !fifth => 11,
        (true, _, true, _) if has(5) => 14,
        (true, _, true, _) if ninth => 13,
        (true, _, true, _) => 10,
        (true, _, _, true) if ninth => 16,
        (true, _, _, true) => 15,
        (true, ..) if has(6) && !fifth && has(9) => 18,
        (true, ..) if has(6) && !fifth => 17,
        (true, ..) if has(9) => 9,
        (true, ..) if ninth => 12,
        (true, ..) => 8,
        // Major thirds.
        (_, true, true, _) if has(8) && !fifth => 29,
        (_, true, true, _) if has(6) && !fifth => 21,
        (_, true, true, _) if flat_nine => 25,
        (_, true, true, _) if sharp_nine => 27,
        (_, true, true, _) if sharp_eleven => 23,
        (_, true, true, _) if thirteen => 24,
        (_, true, true, _) if flat_thirteen => 26,
        (_, true, true, _) if ninth => 22,
        (_, true, true, _) => 19,
        (_, true, _, true) if has(8) && !fifth => 28,
        (_, true, _, true) if sharp_eleven => 3,
        (_, true, _, true) if ninth => 5,
        (_, true, _, true) => 2,
        (_, true, ..) if has(9) && ninth => 6,
        (_, true, ..) if has(9) => 1,
        (_, true, ..) if has(8) && !fifth => 7,
        (_, true, ..) if ninth => 4,
        (_, true, ..) => 0,
        // Neither.
        (_, _, true, _) if has(5) => 20,
        _ if has(5) => 32,
        _ if ninth => 33,
        _ if fifth => 31,
        _ => 30,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bytes_are_those_of_the_specification() {
        for (label, bytes) in [
            ("C", [0x31, 0, 0x7f, 0x7f]),
            ("C:maj6", [0x31, 0x01, 0x7f, 0x7f]),
            ("C:7", [0x31, 0x13, 0x7f, 0x7f]),
            ("C:aug", [0x31, 0x07, 0x7f, 0x7f]),
            ("D:min", [0x32, 0x08, 0x7f, 0x7f]),
            ("D:min6", [0x32, 0x09, 0x7f, 0x7f]),
            ("D:min7", [0x32, 0x0a, 0x7f, 0x7f]),
            ("E:dim", [0x33, 0x11, 0x7f, 0x7f]),
            ("E:dim7", [0x33, 0x12, 0x7f, 0x7f]),
            ("E:sus4", [0x33, 0x20, 0x7f, 0x7f]),
            ("C#:maj", [0x41, 0, 0x7f, 0x7f]),
            ("Bb:maj", [0x27, 0, 0x7f, 0x7f]),
            ("C:maj7/5", [0x31, 0x02, 0x35, 0x7f]),
            ("F#:hdim7", [0x44, 11, 0x7f, 0x7f]),
            ("G:7(b9)", [0x35, 25, 0x7f, 0x7f]),
            ("G:sus4(b7)", [0x35, 20, 0x7f, 0x7f]),
            ("G:9", [0x35, 22, 0x7f, 0x7f]),
            ("A:minmaj7", [0x36, 15, 0x7f, 0x7f]),
            ("E:5", [0x33, 31, 0x7f, 0x7f]),
            ("E:sus2", [0x33, 33, 0x7f, 0x7f]),
            ("N", [0x31, 34, 0x7f, 0x7f]),
        ] {
            let label: Label = label.parse().unwrap();
            let data = event(&label).unwrap();
            assert_eq!(data[..3], [0x43, 0x7b, 0x01]);
            assert_eq!(data[3..], bytes, "{label}");
        }
        assert_eq!(event(&Label::Unknown), None);
    }
}
