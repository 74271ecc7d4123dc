//! Names of notes: English, German, and Do Re Mi.
//!
//! | English | German | solfège |
//! |---|---|---|
//! | B♭m7 | Bm7 | Si♭m7 |
//! | B7/D♯ | H7/D♯ | Si7/Re♯ |
//! | F♯ø7 | F♯ø7 | Fa♯ø7 |
//!
//! They are for people: files for programs keep the English names.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::key::Key;
use crate::label::{Label, Note};
use crate::named;
use crate::style::{self, ReadSymbolError, Style, Symbol};

/// A naming system for notes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum NoteNames {
    /// C D E F G A B.
    #[default]
    English,
    /// C D E F G A H; B means B flat.
    German,
    /// Do Re Mi Fa Sol La Si.
    Solfege,
}

/// The names of C to B.
const SOLFEGE: [&str; 7] = ["Do", "Re", "Mi", "Fa", "Sol", "La", "Si"];

/// The letters, in the same order.
const LETTERS: [char; 7] = ['C', 'D', 'E', 'F', 'G', 'A', 'B'];

/// German names of altered notes as people type them.
const GERMAN: [(&str, &str); 14] = [
    ("Cis", "C#"),
    ("Dis", "D#"),
    ("Eis", "E#"),
    ("Fis", "F#"),
    ("Gis", "G#"),
    ("Ais", "A#"),
    ("His", "B#"),
    ("Ces", "Cb"),
    ("Des", "Db"),
    ("Fes", "Fb"),
    ("Ges", "Gb"),
    ("Hes", "Bb"),
    ("Es", "Eb"),
    ("As", "Ab"),
];

impl NoteNames {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::English, Self::German, Self::Solfege];

    /// The name used on command lines and in files.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::English => "english",
            Self::German => "german",
            Self::Solfege => "solfege",
        }
    }

    /// Translates a note's English name (`B♭`, `F#`); accidentals keep their characters.
    #[must_use]
    pub fn note(self, english: &str) -> String {
        let mut letters = english.chars();
        let Some(letter) = letters.next() else {
            return String::new();
        };
        let rest = letters.as_str();
        match self {
            Self::English => english.to_owned(),
            Self::German => match (letter, rest) {
                ('B', "b" | "♭") => "B".to_owned(),
                ('B', _) => format!("H{rest}"),
                _ => english.to_owned(),
            },
            Self::Solfege => {
                let place = LETTERS.iter().position(|it| *it == letter);
                place.map_or_else(
                    || english.to_owned(),
                    |place| format!("{}{rest}", SOLFEGE[place]),
                )
            }
        }
    }

    /// The name of a note, in ASCII.
    #[must_use]
    pub fn name_of(self, note: Note) -> String {
        self.note(&note.to_string())
    }

    /// Translates the parts of a symbol.
    #[must_use]
    pub fn symbol(self, symbol: Symbol) -> Symbol {
        Symbol {
            root: self.note(&symbol.root),
            suffix: symbol.suffix,
            bass: symbol.bass.map(|bass| self.note(&bass)),
        }
    }

    /// Writes a label as [`style::format`] does, with these names where the style has names of
    /// notes.
    #[must_use]
    pub fn format(self, label: &Label, style: Style, key: Option<&Key>) -> String {
        let english = || style::format(label, style, key);
        let Label::Chord(chord) = label else {
            return english();
        };
        let unicode = match style {
            Style::Jazz => true,
            Style::Plain => false,
            Style::Roman | Style::Nashville if key.is_none() => true,
            _ => return english(),
        };
        if self == Self::English {
            return english();
        }
        let Symbol { root, suffix, bass } = self.symbol(style::parts(chord, key, unicode));
        match bass {
            Some(bass) => format!("{root}{suffix}/{bass}"),
            None => format!("{root}{suffix}"),
        }
    }

    /// Reads a symbol in these names; other note names are read as English.
    ///
    /// # Errors
    /// As [`style::read`].
    pub fn read(self, text: &str) -> Result<Label, ReadSymbolError> {
        let text = text.trim();
        if self == Self::English {
            return style::read(text);
        }
        let english = |part: &str| self.english(part).unwrap_or_else(|| part.to_owned());
        let translated = match text.rsplit_once('/') {
            Some((upper, bass)) => format!("{}/{}", english(upper), english(bass)),
            None => english(text),
        };
        style::read(&translated).or_else(|error| {
            // Report the error for the typed text, not for its translation.
            style::read(text).map_err(|_| error)
        })
    }

    /// A text that begins with a note in these names, translated to English.
    fn english(self, text: &str) -> Option<String> {
        let starts = |name: &str| {
            let start = text.get(..name.len())?;
            start
                .eq_ignore_ascii_case(name)
                .then(|| &text[name.len()..])
        };
        match self {
            Self::English => None,
            Self::German => {
                for (name, note) in GERMAN {
                    if let Some(rest) = starts(name) {
                        // Esus4 and Asus4 are suspended chords on E and A, not on Es and As.
                        let suspended = name.len() == 2 && rest.starts_with("us");
                        if !suspended {
                            return Some(format!("{note}{rest}"));
                        }
                    }
                }
                let mut letters = text.chars();
                let first = letters.next()?;
                let rest = letters.as_str();
                match first {
                    'H' | 'h' => Some(format!("B{rest}")),
                    // With an accidental after it, the English note is meant.
                    'B' | 'b' if !rest.starts_with(['b', '#', '♭', '♯']) => {
                        Some(format!("Bb{rest}"))
                    }
                    _ => None,
                }
            }
            Self::Solfege => {
                let accented = starts("ré").map(|rest| ('D', rest));
                let plain = SOLFEGE
                    .iter()
                    .zip(LETTERS)
                    .find_map(|(name, letter)| Some((letter, starts(name)?)));
                let (letter, rest) = accented.or(plain)?;
                Some(format!("{letter}{rest}"))
            }
        }
    }
}

impl fmt::Display for NoteNames {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A text that is not the name of a naming system.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?}: expected english, german or solfege")]
pub struct ParseNoteNamesError(String);

impl FromStr for NoteNames {
    type Err = ParseNoteNamesError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let plain = text.replace('è', "e");
        Self::ALL
            .into_iter()
            .find(|it| named::is(it.name(), &plain))
            .ok_or_else(|| ParseNoteNamesError(text.chars().take(40).collect()))
    }
}
