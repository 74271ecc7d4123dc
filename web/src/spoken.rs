//! Chords in words, since every screen reader reads `B♭m7` differently.

use harmony::key::Key;
use harmony::label::{Extension, Label, Note, Quality};

/// A label in words: `B flat minor seven, over D flat`.
pub fn label(label: &Label, key: Option<Key>) -> String {
    let chord = match label {
        Label::NoChord => return "no chord".to_owned(),
        Label::Unknown => return "unknown".to_owned(),
        Label::Chord(chord) => chord,
    };
    let root = key.map_or(chord.root(), |key| key.spell(chord.root().pitch_class()));
    let chord = chord.with_root(root);
    let mut words = note(root);
    let quality = quality(chord.quality());
    if !quality.is_empty() {
        words = format!("{words} {quality}");
    }
    for extension in chord.extensions() {
        words.push_str(", ");
        words.push_str(&extension_words(*extension));
    }
    if !chord.is_root_position() {
        words = format!("{words}, over {}", note(chord.bass_note()));
    }
    words
}

fn note(note: Note) -> String {
    let mut words = note.letter().as_char().to_string();
    let sign = if note.alter() < 0 { " flat" } else { " sharp" };
    for _ in 0..note.alter().unsigned_abs() {
        words.push_str(sign);
    }
    words
}

fn extension_words(extension: Extension) -> String {
    // `b9`, `*5`: an added or an omitted degree.
    let text = extension.to_string();
    let (verb, degree) = match text.strip_prefix('*') {
        Some(degree) => ("without", degree),
        None => ("add", text.as_str()),
    };
    let number = degree.trim_start_matches(['b', '#']);
    let signs = degree[..degree.len() - number.len()]
        .replace('b', "flat ")
        .replace('#', "sharp ");
    format!("{verb} {signs}{number}")
}

const fn quality(quality: Quality) -> &'static str {
    match quality {
        Quality::Maj => "major",
        Quality::Min => "minor",
        Quality::Dim => "diminished",
        Quality::Aug => "augmented",
        Quality::Maj7 => "major seven",
        Quality::Min7 => "minor seven",
        Quality::Dom7 => "seven",
        Quality::Dim7 => "diminished seven",
        Quality::HalfDim7 => "half diminished",
        Quality::MinMaj7 => "minor, major seven",
        Quality::Aug7 => "augmented seven",
        Quality::Maj6 => "six",
        Quality::Min6 => "minor six",
        Quality::Dom9 => "nine",
        Quality::Maj9 => "major nine",
        Quality::Min9 => "minor nine",
        Quality::Dom11 => "eleven",
        Quality::Maj11 => "major eleven",
        Quality::Min11 => "minor eleven",
        Quality::Dom13 => "thirteen",
        Quality::Maj13 => "major thirteen",
        Quality::Min13 => "minor thirteen",
        Quality::Sus2 => "suspended two",
        Quality::Sus4 => "suspended four",
        Quality::Power => "five",
        Quality::Single => "alone",
        Quality::Unstated => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chords_are_said_as_musicians_say_them() {
        let said = |text: &str, key: Option<&str>| {
            let key = key.map(|key| key.parse().unwrap());
            label(&text.parse().unwrap(), key)
        };
        assert_eq!(said("Bb:min7/b3", None), "B flat minor seven, over D flat");
        assert_eq!(said("A#:maj", Some("F:maj")), "B flat major");
        assert_eq!(said("C:maj(9)", None), "C major, add 9");
        assert_eq!(said("G:7(b9)", None), "G seven, add flat 9");
        assert_eq!(said("F#:hdim7", None), "F sharp half diminished");
        assert_eq!(said("N", None), "no chord");
    }
}
