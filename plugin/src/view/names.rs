//! Names of chords, notes and keys as the window writes them.

use harmony::key::{Key, Mode};
use harmony::label::{Label, Note};
use harmony::style::{self, ReadSymbolError, Style};
use harmony::vocabulary::Vocabulary;

use super::Controls;
use super::preferences::WrittenFor;

/// A chord's name in the parts that are set differently.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ChordName {
    /// What is set large: the root, or the whole numeral.
    pub root: String,
    /// What is set smaller after it: quality and extensions.
    pub quality: String,
    /// The bass after the slash, if it is not the root.
    pub bass: Option<String>,
}

impl ChordName {
    pub(super) fn new(text: &str) -> Self {
        // Only a slash that a note name or a number follows divides chord and bass;
        // "6/9" does not.
        let (upper, bass) = match text.rsplit_once('/') {
            Some((upper, bass)) if upper.contains(':') || !bass.starts_with('9') => {
                (upper, Some(bass.to_owned()))
            }
            _ => (text, None),
        };
        let mut letters = upper.char_indices();
        let root_end = match letters.next() {
            Some((_, 'A'..='G')) => letters
                .find(|(_, letter)| !matches!(letter, '♯' | '♭' | '#' | 'b' | '𝄪' | '𝄫'))
                .map_or(upper.len(), |(at, _)| at),
            _ => numeral_end(upper),
        };
        let (root, quality) = upper.split_at(root_end);
        let quality = quality.strip_prefix(':').unwrap_or(quality);
        if root.is_empty() {
            return Self {
                root: text.to_owned(),
                ..Self::default()
            };
        }
        Self {
            root: root.to_owned(),
            quality: quality.to_owned(),
            bass,
        }
    }

    /// Whether there is no name: nothing sounds, or nobody knows.
    pub fn is_empty(&self) -> bool {
        self.root.is_empty()
    }

    /// The name on one line.
    pub fn text(&self) -> String {
        match &self.bass {
            Some(bass) => format!("{}{}/{bass}", self.root, self.quality),
            None => format!("{}{}", self.root, self.quality),
        }
    }
}

/// Where a Roman numeral or a Nashville number ends: accidentals, then letters of a
/// numeral or one digit.
fn numeral_end(text: &str) -> usize {
    let rest = text.trim_start_matches(['♯', '♭', '#', 'b']);
    let numeral = rest.trim_start_matches(['I', 'V', 'i', 'v']);
    let degree = match rest.chars().next() {
        Some('1'..='7') => 1,
        _ => rest.len() - numeral.len(),
    };
    if degree == 0 {
        0
    } else {
        text.len() - rest.len() + degree
    }
}

/// Writes labels in the chosen vocabulary, notation and transposition.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Namer {
    vocabulary: Vocabulary,
    style: Style,
    written_for: WrittenFor,
    /// The key where the track knows none.
    fallback: Option<Key>,
}

impl Namer {
    /// The namer of these settings.
    pub fn new(controls: &Controls) -> Self {
        Self {
            vocabulary: controls.vocabulary(),
            style: controls.style(),
            written_for: controls.window.written_for,
            fallback: controls.key(),
        }
    }

    /// A label as it is written: in the vocabulary, for the instrument.
    pub fn written(&self, label: &Label) -> Label {
        // The largest vocabulary is what the recognizer answers with; what people type
        // beyond it stays.
        let label = match self.vocabulary {
            Vocabulary::Inversions => label.clone(),
            smaller => smaller.simplify(label),
        };
        match self.written_for.semitones() {
            0 => label,
            semitones => label.transposed(semitones),
        }
    }

    /// The key that spells, as it is written; `None` where neither the track nor the
    /// settings know one.
    pub fn key(&self, key: Option<Key>) -> Option<Key> {
        key.or(self.fallback)
            .map(|key| transposed(key, self.written_for.fifths()))
    }

    /// The name of a label; empty where nothing sounds or nobody knows.
    pub fn name(&self, label: &Label, key: Option<Key>) -> ChordName {
        match self.written(label) {
            Label::NoChord | Label::Unknown => ChordName::default(),
            chord => ChordName::new(&style::format(&chord, self.style, self.key(key).as_ref())),
        }
    }

    /// What somebody types, as it sounds.
    ///
    /// # Errors
    /// What in the text means nothing.
    pub fn read(&self, text: &str) -> Result<Label, ReadSymbolError> {
        let label = style::read(text)?;
        Ok(match self.written_for.semitones() {
            0 => label,
            semitones => label.transposed(-semitones),
        })
    }

    /// A label as somebody would type it, whatever the notation is.
    pub fn typed(&self, label: &Label, key: Option<Key>) -> String {
        let written = match self.written_for.semitones() {
            0 => label.clone(),
            semitones => label.transposed(semitones),
        };
        style::format(&written, Style::Plain, self.key(key).as_ref())
    }

    /// The key that somebody picks by its written tonic, as it sounds.
    pub fn sounding_key(&self, written: Key) -> Key {
        transposed(written, -self.written_for.fifths())
    }
}

/// A key moved along the line of fifths, with at most six accidentals.
fn transposed(key: Key, fifths: i32) -> Key {
    if fifths == 0 {
        return key;
    }
    let mut tonic = key.tonic().fifths() + fifths;
    let signature = |tonic: i32| match key.mode() {
        Mode::Major => tonic,
        Mode::Minor => tonic - 3,
    };
    while signature(tonic) > 6 {
        tonic -= 12;
    }
    while signature(tonic) < -6 {
        tonic += 12;
    }
    Key::new(Note::from_fifths(tonic), key.mode())
}

/// A note with the signs of printed music.
pub fn note_name(note: Note) -> String {
    note.to_string().replace('#', "♯").replace('b', "♭")
}

/// A key in words: `A♭ major`.
pub fn key_name(key: Key) -> String {
    let mode = match key.mode() {
        Mode::Major => "major",
        Mode::Minor => "minor",
    };
    format!("{} {mode}", note_name(key.tonic()))
}

/// The usual spelling of the key on a pitch class (taken modulo 12).
pub fn usual_key(pitch_class: u8, mode: Mode) -> Key {
    Key::new(Note::common(pitch_class, mode == Mode::Minor), mode)
}
