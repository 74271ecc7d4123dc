//! The parser of Harte syntax.

use std::str::FromStr;

use super::ParseLabelErrorKind as Kind;
use super::as_string::serde_as_string;
use super::{
    Chord, Degree, Extension, Label, Letter, MAX_ACCIDENTALS, MAX_EXTENSIONS, Note,
    ParseLabelError, Quality,
};

/// The longest text that is read as a label, in bytes. Every label that can be built prints in
/// fewer.
pub const MAX_LABEL_BYTES: usize = 512;

type Step<T> = Result<T, (Kind, usize)>;

/// Reads a text character by character; positions count characters, which
/// here are bytes as long as nothing is wrong: all of the syntax is ASCII.
struct Cursor<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Cursor<'a> {
    fn peek(&self) -> Option<char> {
        self.text[self.at..].chars().next()
    }

    /// Consumes `wanted`, which is ASCII, if it is next; returns whether it was.
    fn eat(&mut self, wanted: char) -> bool {
        let found = self.peek() == Some(wanted);
        if found {
            self.at += 1;
        }
        found
    }

    fn take_while(&mut self, wanted: impl Fn(char) -> bool) -> &'a str {
        let rest = &self.text[self.at..];
        let length = rest.find(|c| !wanted(c)).unwrap_or(rest.len());
        self.at += length;
        &rest[..length]
    }

    fn fail<T>(&self, kind: Kind) -> Step<T> {
        Err((kind, self.at))
    }

    fn accidentals(&mut self) -> Step<i8> {
        let mut alter = 0_i8;
        while let Some(sign @ ('b' | '#')) = self.peek() {
            let step = if sign == '#' { 1 } else { -1 };
            if alter.signum() == -step {
                return self.fail(Kind::MixedAccidentals);
            }
            if alter.abs() == MAX_ACCIDENTALS {
                return self.fail(Kind::TooManyAccidentals);
            }
            alter += step;
            self.at += 1;
        }
        Ok(alter)
    }

    fn note(&mut self) -> Step<Note> {
        let Some(letter) = self.peek().and_then(Letter::from_char) else {
            return self.fail(Kind::ExpectedRoot);
        };
        self.at += 1;
        Ok(Note::new(letter, self.accidentals()?))
    }

    fn degree(&mut self) -> Step<Degree> {
        let alter = self.accidentals()?;
        let start = self.at;
        let digits = self.take_while(|c| c.is_ascii_digit());
        let degree = (!digits.starts_with('0'))
            .then(|| digits.parse().ok())
            .flatten()
            .and_then(|number| Degree::new(number, alter));
        degree.ok_or((Kind::ExpectedDegree, start))
    }

    fn extensions(&mut self) -> Step<Vec<Extension>> {
        let mut extensions = Vec::new();
        loop {
            let start = self.at;
            let omitted = self.eat('*');
            let extension = Extension {
                omitted,
                degree: self.degree()?,
            };
            if !extensions.contains(&extension) {
                if extensions.len() == MAX_EXTENSIONS {
                    return Err((Kind::TooManyExtensions, start));
                }
                extensions.push(extension);
            }
            if self.eat(')') {
                return Ok(extensions);
            }
            if !self.eat(',') {
                return self.fail(Kind::ExpectedCommaOrBracket);
            }
        }
    }

    fn qualified(&mut self, root: Note) -> Step<Chord> {
        let start = self.at;
        let word = self.take_while(|c| c.is_ascii_alphanumeric());
        let quality = match word {
            "" => None,
            word => Some(
                Quality::from_shorthand(word)
                    .ok_or_else(|| (Kind::UnknownQuality(word.to_owned()), start))?,
            ),
        };
        let extensions = if self.eat('(') {
            self.extensions()?
        } else {
            Vec::new()
        };
        let chord = match quality {
            Some(quality) => Chord::new(root, quality).with_extensions(extensions),
            None if extensions.is_empty() => return self.fail(Kind::ExpectedQuality),
            None => Chord::from_degrees(root, extensions),
        };
        chord.map_err(|_| (Kind::TooManyExtensions, start))
    }

    fn label(&mut self) -> Step<Label> {
        if self.text.is_empty() {
            return self.fail(Kind::Empty);
        }
        let label = if self.eat('N') {
            Label::NoChord
        } else if self.eat('X') {
            Label::Unknown
        } else {
            let root = self.note()?;
            let chord = if self.eat(':') {
                self.qualified(root)?
            } else {
                Chord::new(root, Quality::Maj)
            };
            let bass = if self.eat('/') {
                self.degree()?
            } else {
                Degree::ROOT
            };
            Label::Chord(chord.with_bass(bass))
        };
        match self.peek() {
            Some(extra) => self.fail(Kind::Unexpected(extra)),
            None => Ok(label),
        }
    }
}

/// Runs one rule over the whole text.
fn parse<T>(
    text: &str,
    rule: impl FnOnce(&mut Cursor<'_>) -> Step<T>,
) -> Result<T, ParseLabelError> {
    if text.len() > MAX_LABEL_BYTES {
        let kind = Kind::TooLong { bytes: text.len() };
        return Err(ParseLabelError::new(kind, 0, text));
    }
    let mut cursor = Cursor { text, at: 0 };
    let step = rule(&mut cursor).and_then(|value| match cursor.peek() {
        Some(extra) => cursor.fail(Kind::Unexpected(extra)),
        None => Ok(value),
    });
    step.map_err(|(kind, position)| ParseLabelError::new(kind, position, text))
}

impl FromStr for Label {
    type Err = ParseLabelError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        parse(text, |cursor| cursor.label())
    }
}

impl FromStr for Note {
    type Err = ParseLabelError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        parse(text, |cursor| cursor.note())
    }
}

impl FromStr for Degree {
    type Err = ParseLabelError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        parse(text, |cursor| cursor.degree())
    }
}

serde_as_string!(Label);
serde_as_string!(Note);
serde_as_string!(Degree);
