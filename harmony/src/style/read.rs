//! Parser of chord symbols as people type them.
//!
//! Lead-sheet writing has no standard, so the reader is lenient: `Am7/C`, `a-7/C`, `F#ø7`,
//! `F♯m7b5`, `Bbmaj7`, `BbΔ7`, `G7sus4`, `Cdim7`, `C°7`, `E7#9`, `E7(♯9)`, `C6/9`, `Dm(maj7)`,
//! `N.C.` and Harte syntax (`A:min7/b3`) all mean what they look like. Whatever
//! [`format`](super::format) writes in [`Style::Jazz`](super::Style::Jazz),
//! [`Style::Plain`](super::Style::Plain) and [`Style::Harte`](super::Style::Harte) is read.

use crate::label::{Chord, Degree, Extension, Label, Letter, MAX_LABEL_BYTES, Note, Quality};

/// A text that is not a chord symbol.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReadSymbolError {
    /// An empty text.
    #[error("type a chord, such as Am7/C")]
    Empty,
    /// Longer than a label may be.
    #[error("too long for a chord")]
    TooLong,
    /// No note letter at the start.
    #[error("a chord starts with a note from A to G, not with {0:?}")]
    Root(String),
    /// Text after the root that has no meaning.
    #[error("{0:?} is not a known chord type")]
    Quality(String),
    /// Text after the slash that is not a note.
    #[error("the bass after the slash must be a note from A to G, not {0:?}")]
    Bass(String),
}

/// Reads a chord symbol.
///
/// # Errors
/// The part of the text that has no meaning.
pub fn read(text: &str) -> Result<Label, ReadSymbolError> {
    if text.len() > MAX_LABEL_BYTES {
        return Err(ReadSymbolError::TooLong);
    }
    let plain = plain_letters(text);
    match plain.as_str() {
        "" => return Err(ReadSymbolError::Empty),
        "N" | "NC" | "N.C." | "N.C" | "nc" | "n.c." | "-" => return Ok(Label::NoChord),
        "X" | "?" => return Ok(Label::Unknown),
        _ => {}
    }
    if plain.contains(':')
        && let Ok(label) = plain.parse()
    {
        return Ok(label);
    }
    let (root, rest) = note(&plain).ok_or_else(|| ReadSymbolError::Root(start(&plain)))?;
    let (body, bass) = split_bass(root, rest)?;
    let mut reader = Reader::new(body.trim_start_matches(':'));
    reader.base();
    while !reader.rest.is_empty() {
        if !reader.modifier() {
            return Err(ReadSymbolError::Quality(start(reader.rest)));
        }
    }
    Ok(Label::Chord(reader.chord(root).with_bass(bass)))
}

/// The text in the letters that the tables below know, without spaces.
fn plain_letters(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for c in text.chars().filter(|c| !c.is_whitespace()) {
        match c {
            '♯' => plain.push('#'),
            '♭' => plain.push('b'),
            '𝄪' => plain.push_str("##"),
            '𝄫' => plain.push_str("bb"),
            '♮' => {}
            '△' | '▵' | '∆' => plain.push('Δ'),
            'Ø' => plain.push('ø'),
            'º' | '˚' | 'o' => plain.push('°'),
            '–' | '−' | '‐' => plain.push('-'),
            '⁄' => plain.push('/'),
            '[' | '{' => plain.push('('),
            ']' | '}' => plain.push(')'),
            '⁰' => plain.push('0'),
            '¹' => plain.push('1'),
            '²' => plain.push('2'),
            '³' => plain.push('3'),
            '⁴'..='⁹' => {
                let digit = c as u32 - '⁴' as u32 + 4;
                plain.extend(char::from_digit(digit, 10));
            }
            other => plain.push(other),
        }
    }
    // `o` for a diminished chord is also a letter of some words.
    plain
        .replace("n°", "no")
        .replace("d°m", "dom")
        .replace("°mit", "omit")
}

fn start(text: &str) -> String {
    text.chars().take(20).collect()
}

/// A note at the start of a text, and what follows it.
fn note(text: &str) -> Option<(Note, &str)> {
    let mut letters = text.chars();
    let letter = Letter::from_char(letters.next()?.to_ascii_uppercase())?;
    let rest = letters.as_str();
    let sign = rest.chars().next().filter(|c| matches!(c, '#' | 'b'));
    let Some(sign) = sign else {
        return Some((Note::new(letter, 0), rest));
    };
    // At most a double accidental; a third sign belongs to a degree that follows.
    let count = rest.chars().take(2).take_while(|c| *c == sign).count();
    let alter = if sign == '#' {
        count as i8
    } else {
        -(count as i8)
    };
    Some((Note::new(letter, alter), &rest[count..]))
}

/// Cuts the bass off, if a slash divides one.
fn split_bass(root: Note, text: &str) -> Result<(&str, Degree), ReadSymbolError> {
    let Some((body, bass)) = text.rsplit_once('/') else {
        return Ok((text, Degree::ROOT));
    };
    // The slash of 6/9 is not followed by a bass.
    if bass.starts_with('9') {
        return Ok((text, Degree::ROOT));
    }
    if let Some((bass, "")) = note(bass) {
        return Ok((body, interval(root, bass)));
    }
    // As Harte syntax names it: /b3, /5.
    match bass.parse() {
        Ok(degree) => Ok((body, degree)),
        Err(_) => Err(ReadSymbolError::Bass(start(bass))),
    }
}

/// The degree that leads from one note to another, by their letters where it can.
pub(crate) fn interval(root: Note, note: Note) -> Degree {
    let steps = (note.letter() as i32 - root.letter() as i32).rem_euclid(7);
    let number = steps as u8 + 1;
    let semitones = (i32::from(note.pitch_class()) - i32::from(root.pitch_class())).rem_euclid(12);
    let natural = Degree::new(number, 0).map_or(0, Degree::semitones);
    let alter = (semitones - natural + 6).rem_euclid(12) - 6;
    let degree = Degree::new(number, alter as i8).filter(|_| alter.abs() <= 2);
    degree.unwrap_or_else(|| Degree::common(semitones as u8))
}

const fn degree(number: u8, alter: i8) -> Degree {
    Degree::known(number, alter)
}

/// What may follow the root; the longest match wins. `Maj` does not include a seventh, so that a
/// `7` after it makes a major seventh. [`Quality::Single`] is the root alone, and nothing follows
/// it.
const BASES: [(&str, Quality); 77] = [
    ("minmaj7", Quality::MinMaj7),
    ("min(maj7)", Quality::MinMaj7),
    ("mmaj7", Quality::MinMaj7),
    ("m(maj7)", Quality::MinMaj7),
    ("mM7", Quality::MinMaj7),
    ("m(M7)", Quality::MinMaj7),
    ("mΔ7", Quality::MinMaj7),
    ("mΔ", Quality::MinMaj7),
    ("-maj7", Quality::MinMaj7),
    ("-(maj7)", Quality::MinMaj7),
    ("-Δ7", Quality::MinMaj7),
    ("-Δ", Quality::MinMaj7),
    ("maj13", Quality::Maj13),
    ("M13", Quality::Maj13),
    ("Δ13", Quality::Maj13),
    ("maj11", Quality::Maj11),
    ("M11", Quality::Maj11),
    ("maj9", Quality::Maj9),
    ("ma9", Quality::Maj9),
    ("M9", Quality::Maj9),
    ("Δ9", Quality::Maj9),
    ("major7", Quality::Maj7),
    ("maj7", Quality::Maj7),
    ("Maj7", Quality::Maj7),
    ("ma7", Quality::Maj7),
    ("M7", Quality::Maj7),
    ("j7", Quality::Maj7),
    ("Δ7", Quality::Maj7),
    ("Δ", Quality::Maj7),
    ("maj6", Quality::Maj6),
    ("M6", Quality::Maj6),
    ("major", Quality::Maj),
    ("maj", Quality::Maj),
    ("Maj", Quality::Maj),
    ("ma", Quality::Maj),
    ("M", Quality::Maj),
    ("min13", Quality::Min13),
    ("m13", Quality::Min13),
    ("-13", Quality::Min13),
    ("min11", Quality::Min11),
    ("m11", Quality::Min11),
    ("-11", Quality::Min11),
    ("min9", Quality::Min9),
    ("m9", Quality::Min9),
    ("-9", Quality::Min9),
    ("min7", Quality::Min7),
    ("mi7", Quality::Min7),
    ("m7", Quality::Min7),
    ("-7", Quality::Min7),
    ("min6", Quality::Min6),
    ("m6", Quality::Min6),
    ("-6", Quality::Min6),
    ("minor", Quality::Min),
    ("min", Quality::Min),
    ("mi", Quality::Min),
    ("m", Quality::Min),
    ("-", Quality::Min),
    ("hdim7", Quality::HalfDim7),
    ("hdim", Quality::HalfDim7),
    ("ø7", Quality::HalfDim7),
    ("ø", Quality::HalfDim7),
    ("dim7", Quality::Dim7),
    ("°7", Quality::Dim7),
    ("dim", Quality::Dim),
    ("°", Quality::Dim),
    ("aug7", Quality::Aug7),
    ("+7", Quality::Aug7),
    ("aug", Quality::Aug),
    ("+", Quality::Aug),
    ("dom7", Quality::Dom7),
    ("13", Quality::Dom13),
    ("11", Quality::Dom11),
    ("9", Quality::Dom9),
    ("7", Quality::Dom7),
    ("6", Quality::Maj6),
    ("5", Quality::Power),
    ("1", Quality::Single),
];

/// Reads what follows the root.
struct Reader<'a> {
    rest: &'a str,
    quality: Quality,
    extensions: Vec<Extension>,
}

impl<'a> Reader<'a> {
    const fn new(rest: &'a str) -> Self {
        Self {
            rest,
            quality: Quality::Maj,
            extensions: Vec::new(),
        }
    }

    fn eat(&mut self, word: &str) -> bool {
        match self.rest.strip_prefix(word) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn add(&mut self, degree: Degree) {
        self.extensions.push(Extension::add(degree));
    }

    fn base(&mut self) {
        // A 2 or 4 alone, and a fifth that is altered, are no base.
        let fits = BASES
            .iter()
            .filter(|(word, _)| self.rest.starts_with(word) && (*word != "1" || self.rest == "1"));
        if let Some((word, quality)) = fits.max_by_key(|(word, _)| word.len()) {
            self.rest = &self.rest[word.len()..];
            self.quality = *quality;
        }
    }

    /// Reads one modifier after the base; modifiers come in any order. Returns whether there was
    /// one.
    fn modifier(&mut self) -> bool {
        for separator in ["(", ")", ",", "/"] {
            if self.eat(separator) {
                return true;
            }
        }
        if self.eat("sus2") {
            return self.suspend(Quality::Sus2);
        }
        if self.eat("sus4") || self.eat("sus") {
            return self.suspend(Quality::Sus4);
        }
        if self.eat("maj7") || self.eat("M7") || self.eat("Δ7") {
            match self.quality {
                Quality::Min => self.quality = Quality::MinMaj7,
                Quality::Maj => self.quality = Quality::Maj7,
                _ => self.add(degree(7, 0)),
            }
            return true;
        }
        if self.eat("alt") {
            // An altered dominant: both altered ninths and the altered thirteenth.
            self.quality = Quality::Dom7;
            for altered in [degree(9, -1), degree(9, 1), degree(13, -1)] {
                self.add(altered);
            }
            return true;
        }
        if self.eat("aug") {
            return self.alter_fifth(1);
        }
        let omitted = self.eat("no") || self.eat("omit") || self.eat("*");
        let added = !omitted && self.eat("add");
        let Some(found) = self.degree() else {
            return false;
        };
        let bare = !omitted && !added;
        match found {
            // These are never written without a word before them.
            it if bare && matches!(it.number(), 1 | 3 | 8 | 10 | 12) => return false,
            _ if omitted => self.extensions.push(Extension::omit(found)),
            it if !added && it.number() == 5 && it.alter() != 0 => {
                return self.alter_fifth(it.alter());
            }
            // Guitarists write C2 and C4 for an added ninth and a suspension.
            it if !added && it == degree(4, 0) => return self.suspend(Quality::Sus4),
            it if it == degree(2, 0) => self.add(degree(9, 0)),
            it if it == degree(7, 0) && !added => match self.quality {
                Quality::Maj => self.quality = Quality::Dom7,
                Quality::Min => self.quality = Quality::Min7,
                Quality::Aug => self.quality = Quality::Aug7,
                _ => self.add(degree(7, -1)),
            },
            it => self.add(it),
        }
        true
    }

    /// Accidentals, written as such or as + and −, and a number.
    fn degree(&mut self) -> Option<Degree> {
        let signs = self.rest.len() - self.rest.trim_start_matches(['b', '#', '+', '-']).len();
        let (written, rest) = self.rest.split_at(signs);
        let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        // Numbers above 13 are several degrees in a row: 7911.
        let length = match rest.as_bytes() {
            [b'1', b'1' | b'3', ..] => 2,
            _ => digits.min(1),
        };
        let number = rest.get(..length)?.parse().ok()?;
        let alter: i32 = written
            .chars()
            .map(|sign| if matches!(sign, '#' | '+') { 1 } else { -1 })
            .sum();
        let found = Degree::new(number, i8::try_from(alter).ok()?)?;
        self.rest = &rest[length..];
        Some(found)
    }

    fn alter_fifth(&mut self, alter: i8) -> bool {
        self.quality = match (self.quality, alter) {
            (Quality::Min7, -1) => Quality::HalfDim7,
            (Quality::Min, -1) => Quality::Dim,
            (Quality::Maj, 1) => Quality::Aug,
            (Quality::Dom7, 1) => Quality::Aug7,
            (same, _) => {
                self.add(degree(5, alter));
                self.extensions.push(Extension::omit(degree(5, 0)));
                same
            }
        };
        true
    }

    /// A suspension replaces the third; the notes above stay.
    fn suspend(&mut self, suspended: Quality) -> bool {
        let above: &[Degree] = match self.quality {
            Quality::Dom7 => &[degree(7, -1)],
            Quality::Dom9 | Quality::Dom11 => &[degree(7, -1), degree(9, 0)],
            Quality::Dom13 => &[degree(7, -1), degree(9, 0), degree(13, 0)],
            Quality::Maj7 => &[degree(7, 0)],
            Quality::Maj9 => &[degree(7, 0), degree(9, 0)],
            Quality::Maj6 => &[degree(6, 0)],
            _ => &[],
        };
        for &kept in above {
            self.add(kept);
        }
        self.quality = suspended;
        true
    }

    fn chord(self, root: Note) -> Chord {
        let plain = Chord::new(root, self.quality);
        // With more extensions than a chord may carry, all of them are dropped.
        plain
            .clone()
            .with_extensions(self.extensions)
            .unwrap_or(plain)
    }
}
