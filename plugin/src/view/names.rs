//! Names of chords, notes and keys as the window writes them.

use harmony::key::{Key, Mode};
use harmony::label::{Chord, Label, Note};
use harmony::note_names::NoteNames;
use harmony::simplify::{MAX_OWN_CHORDS, Simplify};
use harmony::style::{self, ReadSymbolError, Style, Symbol};
use harmony::vocabulary::Vocabulary;
use harmony::voicing::{Instrument, ParseInstrumentError};

use super::Controls;
use super::preferences::WrittenFor;

/// A chord's name, in the parts that are typeset differently.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ChordName {
    /// The large part: the root, or the whole numeral.
    pub root: String,
    /// The smaller part after it: quality and extensions.
    pub quality: String,
    /// The bass after the slash, if it is not the root.
    pub bass: Option<String>,
}

impl ChordName {
    pub(super) fn new(text: &str) -> Self {
        // Only a slash before a note name or a number separates chord and bass; the one in
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

    /// Whether there is no name: nothing sounds, or the chord is unknown.
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

/// Why a list of chords is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OwnChordsError {
    /// A word is not a chord.
    #[error("{word:?}: {source}")]
    NotAChord {
        /// The word.
        word: String,
        /// The cause.
        source: ReadSymbolError,
    },
    /// There are more chords than [`MAX_OWN_CHORDS`].
    #[error("these are more than {MAX_OWN_CHORDS} chords")]
    TooMany,
}

/// Writes labels in the chosen vocabulary, notation and transposition.
#[derive(Clone, Debug, PartialEq)]
pub struct Namer {
    vocabulary: Vocabulary,
    simplify: Simplify,
    names: NoteNames,
    style: Style,
    written_for: WrittenFor,
    /// The key where the track has none.
    fallback: Option<Key>,
}

impl Namer {
    /// A namer for these settings.
    pub fn new(controls: &Controls) -> Self {
        Self {
            vocabulary: controls.vocabulary(),
            simplify: controls.window.simplified(),
            names: controls.window.names,
            style: controls.style(),
            written_for: controls.window.written_for,
            fallback: controls.key(),
        }
    }

    /// Whether labels are shown unchanged, without simplification.
    pub fn is_full(&self) -> bool {
        self.vocabulary == Vocabulary::Inversions && self.simplify == Simplify::AsHeard
    }

    /// How chords are simplified, in words; empty where they are as heard.
    pub const fn simplification(&self) -> &'static str {
        match self.simplify {
            Simplify::AsHeard => "",
            Simplify::NoSevenths => "without sevenths",
            Simplify::Triads => "as triads",
            Simplify::MajMin => "as major and minor",
            Simplify::Own(_) => "as the nearest of my chords",
        }
    }

    /// An example of a chord as it is typed.
    pub const fn example(&self) -> &'static str {
        match self.names {
            NoteNames::English | NoteNames::German => "Am7/C",
            NoteNames::Solfege => "Lam7/Do",
        }
    }

    /// A label as it is shown: in the vocabulary, simplified, in concert pitch.
    pub fn simple(&self, label: &Label) -> Label {
        // The largest vocabulary is the recognizer's; what users type beyond it stays.
        let label = match self.vocabulary {
            Vocabulary::Inversions => label.clone(),
            smaller => smaller.simplify(label),
        };
        self.simplify.label(&label)
    }

    /// A label as it is written: as shown, transposed for the instrument.
    pub fn written(&self, label: &Label) -> Label {
        self.for_instrument(self.simple(label))
    }

    fn for_instrument(&self, label: Label) -> Label {
        match self.written_for.semitones() {
            0 => label,
            semitones => label.transposed(semitones),
        }
    }

    /// The key that decides the spelling, transposed for the instrument; `None` where neither
    /// the track nor the settings have one.
    pub fn key(&self, key: Option<Key>) -> Option<Key> {
        key.or(self.fallback)
            .map(|key| transposed(key, self.written_for.fifths()))
    }

    /// The name of a label; empty where nothing sounds or the chord is unknown.
    pub fn name(&self, label: &Label, key: Option<Key>) -> ChordName {
        self.name_of(&self.written(label), key)
    }

    /// The name of a label without simplification: what the track has.
    pub fn full_name(&self, label: &Label, key: Option<Key>) -> ChordName {
        self.name_of(&self.for_instrument(label.clone()), key)
    }

    /// The name of a label that is already written for the instrument.
    fn name_of(&self, written: &Label, key: Option<Key>) -> ChordName {
        match written {
            Label::NoChord | Label::Unknown => ChordName::default(),
            Label::Chord(chord) => self.chord_name(chord, self.key(key).as_ref()),
        }
    }

    /// The symbol of a fingering's shape in chord symbols, whatever the notation: hands do not
    /// play numerals.
    pub fn shape(&self, chord: &Chord) -> ChordName {
        self.symbol(style::parts(chord, None, true))
    }

    fn symbol(&self, symbol: Symbol) -> ChordName {
        let Symbol { root, suffix, bass } = self.names.symbol(symbol);
        ChordName {
            root,
            quality: suffix,
            bass,
        }
    }

    /// The name of a chord, spelled by a key, both written for the instrument.
    fn chord_name(&self, chord: &Chord, key: Option<&Key>) -> ChordName {
        let unicode = match self.style {
            Style::Plain => false,
            Style::Jazz => true,
            Style::Roman | Style::Nashville if key.is_none() => true,
            // Numerals and label files have no note names to translate.
            style => return ChordName::new(&style::format(&chord.clone().into(), style, key)),
        };
        self.symbol(style::parts(chord, key, unicode))
    }

    /// A note name with the accidentals of printed music.
    pub fn note(&self, note: Note) -> String {
        let english = note.to_string().replace('#', "♯").replace('b', "♭");
        self.names.note(&english)
    }

    /// A key in words: `A♭ major`.
    pub fn key_name(&self, key: Key) -> String {
        let mode = match key.mode() {
            Mode::Major => "major",
            Mode::Minor => "minor",
        };
        format!("{} {mode}", self.note(key.tonic()))
    }

    /// Reads what the user types, into concert pitch.
    ///
    /// # Errors
    /// If part of the text means nothing.
    pub fn read(&self, text: &str) -> Result<Label, ReadSymbolError> {
        let label = self.names.read(text)?;
        Ok(match self.written_for.semitones() {
            0 => label,
            semitones => label.transposed(-semitones),
        })
    }

    /// A label as it would be typed, whatever the notation.
    pub fn typed(&self, label: &Label, key: Option<Key>) -> String {
        let written = self.for_instrument(label.clone());
        let key = self.key(key);
        self.names.format(&written, Style::Plain, key.as_ref())
    }

    /// The chords of a typed list, separated by spaces, commas or semicolons, in concert
    /// pitch, each once.
    ///
    /// # Errors
    /// On the first word that is not a chord, and for more chords than [`MAX_OWN_CHORDS`].
    pub fn read_chords(&self, text: &str) -> Result<Vec<Label>, OwnChordsError> {
        let mut chords: Vec<Label> = Vec::new();
        let words = text.split(|c: char| c.is_whitespace() || matches!(c, ',' | ';'));
        for word in words.filter(|word| !word.is_empty()) {
            let not = |source| OwnChordsError::NotAChord {
                word: word.chars().take(20).collect(),
                source,
            };
            let label = self.read(word).map_err(not)?;
            if label.chord().is_some() && !chords.contains(&label) {
                chords.push(label);
            }
            if chords.len() > MAX_OWN_CHORDS {
                return Err(OwnChordsError::TooMany);
            }
        }
        Ok(chords)
    }

    /// Such a list as it would be typed.
    pub fn typed_chords(&self, chords: &[Label]) -> String {
        let spelled = |label: &Label| {
            let written = self.for_instrument(label.clone());
            self.names.format(&written, Style::Plain, None)
        };
        chords.iter().map(spelled).collect::<Vec<_>>().join(" ")
    }

    /// Typed open strings with their octaves, as MIDI notes in string order.
    ///
    /// # Errors
    /// If a word is not a note with its octave, or there are too few or too many.
    pub fn read_strings(&self, text: &str) -> Result<Vec<u8>, ParseInstrumentError> {
        let words = text.split(|c: char| c.is_whitespace() || matches!(c, ',' | ';' | '-'));
        let english = words.map(|word| {
            let octave = word.find(|c: char| c.is_ascii_digit());
            let (note, octave) = word.split_at(octave.unwrap_or(word.len()));
            match self.names.read(note) {
                Ok(Label::Chord(chord)) if !note.is_empty() => format!("{}{octave}", chord.root()),
                _ => word.to_owned(),
            }
        });
        let english: Vec<String> = english.collect();
        let instrument: Instrument = english.join(" ").parse()?;
        Ok(instrument.strings().to_vec())
    }

    /// Such strings as they would be typed.
    pub fn typed_strings(&self, strings: &[u8]) -> String {
        let english = Instrument::Own(strings.to_vec()).to_string();
        let typed = english.split(' ').map(|word| {
            let octave = word.find(|c: char| c.is_ascii_digit() || c == '-');
            let (note, octave) = word.split_at(octave.unwrap_or(word.len()));
            format!("{}{octave}", self.names.note(note))
        });
        typed.collect::<Vec<_>>().join(" ")
    }

    /// The concert key for a key chosen by its written tonic.
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

/// The usual spelling of the key on a pitch class (taken modulo 12).
pub fn usual_key(pitch_class: u8, mode: Mode) -> Key {
    Key::new(Note::common(pitch_class, mode == Mode::Minor), mode)
}
