//! Chords as MusicXML's `harmony` elements.

use super::xml::Xml;
use crate::key::{Key, simple};
use crate::label::{Chord, Degree, Label, Note, Quality};
use crate::style::shape::Shape;
use crate::style::{parts, spelled};

/// Writes a chord that starts `offset` divisions after the next note. `N` has the kind `none` and
/// the text N.C., since not every program shows that kind; unknown time has no symbol.
pub(super) fn write(xml: &mut Xml, label: &Label, key: Option<Key>, offset: u32) {
    match label {
        Label::Chord(chord) => {
            xml.open("harmony", &[]);
            chord_symbol(xml, chord, key);
            end(xml, offset);
        }
        Label::NoChord => {
            xml.open("direction", &[("placement", "above")]);
            xml.open("direction-type", &[]);
            xml.text("words", "N.C.");
            xml.close();
            end(xml, offset);
            xml.open("harmony", &[("print-object", "no")]);
            xml.open("root", &[]);
            // The root of `N` has no meaning, but the schema requires one.
            xml.text_with("root-step", &[("text", "")], "C");
            xml.close();
            xml.text_with("kind", &[("text", "N.C.")], "none");
            end(xml, offset);
        }
        Label::Unknown => {}
    }
}

/// Writes the offset and closes the element.
fn end(xml: &mut Xml, offset: u32) {
    if offset > 0 {
        xml.text("offset", &offset.to_string());
    }
    xml.close();
}

fn chord_symbol(xml: &mut Xml, chord: &Chord, key: Option<Key>) {
    let chord = spelled(chord, key.as_ref());
    let shape = Shape::from_chord(&chord);
    xml.open("root", &[]);
    note(xml, "root", simple(chord.root()));
    xml.close();
    let text = parts(&chord, None, false).suffix;
    xml.text_with("kind", &[("text", &text)], kind(shape.quality));
    if !chord.is_root_position() {
        xml.open("bass", &[]);
        note(xml, "bass", simple(chord.bass_note()));
        xml.close();
    }
    let mut omissions = shape.omissions.clone();
    for &added in &shape.additions {
        // A fifth that is omitted and added altered is an altered fifth.
        let plain = omissions
            .iter()
            .position(|omitted| omitted.number() == added.number());
        let change = match plain {
            Some(index) => {
                let omitted = omissions.remove(index);
                Change::Alter(added.alter() - omitted.alter())
            }
            None => Change::Add(relative_to_dominant(added)),
        };
        degree(xml, added, &change);
    }
    for omitted in omissions {
        degree(xml, omitted, &Change::Subtract);
    }
}

fn note(xml: &mut Xml, element: &str, note: Note) {
    let letter = note.letter().as_char().to_string();
    xml.text(&format!("{element}-step"), &letter);
    if note.alter() != 0 {
        xml.text(&format!("{element}-alter"), &note.alter().to_string());
    }
}

/// What becomes of a degree.
enum Change {
    Add(i8),
    Alter(i8),
    Subtract,
}

fn degree(xml: &mut Xml, degree: Degree, change: &Change) {
    let (alter, kind) = match change {
        Change::Add(alter) => (*alter, "add"),
        Change::Alter(alter) => (*alter, "alter"),
        Change::Subtract => (0, "subtract"),
    };
    // Not printed: the text of the kind contains it already.
    xml.open("degree", &[("print-object", "no")]);
    xml.text("degree-value", &degree.number().to_string());
    xml.text("degree-alter", &alter.to_string());
    xml.text("degree-type", kind);
    xml.close();
}

/// The alteration of an added degree relative to a dominant chord, whose seventh is minor, as
/// MusicXML counts it.
const fn relative_to_dominant(degree: Degree) -> i8 {
    match degree.number() {
        7 => degree.alter() + 1,
        _ => degree.alter(),
    }
}

/// The kind of a quality (MusicXML's `kind-value`).
const fn kind(quality: Quality) -> &'static str {
    match quality {
        Quality::Maj => "major",
        Quality::Min => "minor",
        Quality::Dim => "diminished",
        Quality::Aug => "augmented",
        Quality::Maj7 => "major-seventh",
        Quality::Min7 => "minor-seventh",
        Quality::Dom7 => "dominant",
        Quality::Dim7 => "diminished-seventh",
        Quality::HalfDim7 => "half-diminished",
        Quality::MinMaj7 => "major-minor",
        Quality::Aug7 => "augmented-seventh",
        Quality::Maj6 => "major-sixth",
        Quality::Min6 => "minor-sixth",
        Quality::Dom9 => "dominant-ninth",
        Quality::Maj9 => "major-ninth",
        Quality::Min9 => "minor-ninth",
        Quality::Dom11 => "dominant-11th",
        Quality::Maj11 => "major-11th",
        Quality::Min11 => "minor-11th",
        Quality::Dom13 => "dominant-13th",
        Quality::Maj13 => "major-13th",
        Quality::Min13 => "minor-13th",
        Quality::Sus2 => "suspended-second",
        Quality::Sus4 => "suspended-fourth",
        Quality::Power => "power",
        Quality::Single | Quality::Unstated => "other",
    }
}
