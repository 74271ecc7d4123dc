//! Names of chords and keys on the page.

use harmony::key::{Key, Mode};
use harmony::label::{Chord, Label};
use harmony::style::{self, Style};
use harmony::voicing::voicing;
use serde::Serialize;

use crate::spoken;

/// The name of a chord in its parts.
#[derive(Clone, Debug, Serialize, PartialEq)]
pub struct Name {
    /// The whole symbol: `E♭maj7/G`.
    pub text: String,
    /// The part in large type: the root, or a whole numeral.
    pub root: String,
    /// The part in small type after it.
    pub quality: String,
    /// The bass after the slash, if it is not the root.
    pub bass: Option<String>,
    /// The chord in words, for screen readers.
    pub spoken: String,
}

impl Name {
    /// The name of a label in a style, spelled by the key.
    pub fn new(label: &Label, style: Style, key: Option<Key>) -> Self {
        let text = style::format(label, style, key.as_ref());
        let numerals = style.needs_key() && key.is_some();
        let parts = match label {
            Label::Chord(chord) if !numerals && style != Style::Harte => {
                Some(style::parts(chord, key.as_ref(), style == Style::Jazz))
            }
            _ => None,
        };
        let (root, quality, bass) = match parts {
            Some(parts) => (parts.root, parts.suffix, parts.bass),
            None => (text.clone(), String::new(), None),
        };
        Self {
            text,
            root,
            quality,
            bass,
            spoken: spoken::label(label, key),
        }
    }
}

/// A key on the page: `E♭ major`.
pub fn key_name(key: Key) -> String {
    let mode = match key.mode() {
        Mode::Major => "major",
        Mode::Minor => "minor",
    };
    let tonic = key.tonic().to_string();
    let tonic = tonic.replace("bb", "𝄫").replace('b', "♭").replace('#', "♯");
    format!("{tonic} {mode}")
}

/// The MIDI notes of a chord on a keyboard, from low to high.
pub fn notes(chord: &Chord) -> Vec<u8> {
    voicing(chord)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(label: &str, style: Style, key: Option<&str>) -> Name {
        let key = key.map(|key| key.parse().unwrap());
        Name::new(&label.parse().unwrap(), style, key)
    }

    #[test]
    fn names_are_in_their_parts() {
        let jazz = name("Eb:maj7/3", Style::Jazz, Some("Eb:maj"));
        assert_eq!(jazz.text, "E♭maj7/G");
        assert_eq!((jazz.root.as_str(), jazz.quality.as_str()), ("E♭", "maj7"));
        assert_eq!(jazz.bass.as_deref(), Some("G"));
        let roman = name("G:7", Style::Roman, Some("C:maj"));
        assert_eq!((roman.root.as_str(), roman.quality.as_str()), ("V7", ""));
        assert_eq!(name("G:7", Style::Roman, None).quality, "7");
        assert_eq!(name("N", Style::Jazz, None).root, "N.C.");
        assert_eq!(name("A:min", Style::Harte, None).root, "A:min");
        assert_eq!(key_name("Bb:min".parse().unwrap()), "B♭ minor");
    }
}
