//! Stringed instruments: their open strings.

use std::fmt;
use std::str::FromStr;

use crate::label::as_string::serde_as_string;
use crate::label::{Chord, Note};
use crate::named;

use super::fingerings;

/// The fewest strings of an instrument.
pub const MIN_STRINGS: usize = 3;

/// The most strings of an instrument.
pub const MAX_STRINGS: usize = 8;

/// The highest fret of an open position.
const OPEN_FRET: u8 = 4;

/// The highest fret that a capo is suggested at.
const MOST_CAPO: u8 = 7;

/// An instrument with frets.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub enum Instrument {
    /// E2 A2 D3 G3 B3 E4.
    #[default]
    Guitar,
    /// G4 C4 E4 A4: the fourth string is a high one.
    Ukulele,
    /// Baritone ukulele: D3 G3 B3 E4.
    Baritone,
    /// Bass guitar: E1 A1 D2 G2.
    Bass,
    /// The long strings of a banjo in open G: D3 G3 B3 D4. The short one is not fretted.
    Banjo,
    /// G3 D4 A4 E5, in pairs.
    Mandolin,
    /// A custom tuning: open strings as MIDI notes, in the order of the strings, from
    /// [`MIN_STRINGS`] to [`MAX_STRINGS`] of them.
    Own(Vec<u8>),
}

/// A text that is not an instrument.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParseInstrumentError {
    /// A word that is neither a name nor a note with its octave.
    #[error(
        "{0:?} is no note with its octave: expected guitar, ukulele, baritone, bass, banjo, mandolin, or strings such as \"D2 A2 D3 G3 B3 E4\""
    )]
    NotANote(String),
    /// Too few or too many strings.
    #[error("an instrument has {MIN_STRINGS} to {MAX_STRINGS} strings, not {0}")]
    Strings(usize),
}

impl Instrument {
    /// The instruments with names.
    pub const NAMED: [Self; 6] = [
        Self::Guitar,
        Self::Ukulele,
        Self::Baritone,
        Self::Bass,
        Self::Banjo,
        Self::Mandolin,
    ];

    /// The name used on command lines and in files; `None` for a custom tuning.
    #[must_use]
    pub const fn name(&self) -> Option<&'static str> {
        Some(match self {
            Self::Guitar => "guitar",
            Self::Ukulele => "ukulele",
            Self::Baritone => "baritone",
            Self::Bass => "bass",
            Self::Banjo => "banjo",
            Self::Mandolin => "mandolin",
            Self::Own(_) => return None,
        })
    }

    /// Its open strings as MIDI notes, in the order of the strings.
    #[must_use]
    pub fn strings(&self) -> &[u8] {
        match self {
            Self::Guitar => &super::STANDARD_TUNING,
            Self::Ukulele => &[67, 60, 64, 69],
            Self::Baritone => &[50, 55, 59, 64],
            Self::Bass => &[28, 33, 38, 43],
            Self::Banjo => &[50, 55, 59, 62],
            Self::Mandolin => &[55, 62, 69, 76],
            Self::Own(strings) => strings,
        }
    }

    /// The open strings with a capo.
    #[must_use]
    pub fn behind_capo(&self, fret: u8) -> Vec<u8> {
        let strings = self.strings().iter();
        strings.map(|open| open.saturating_add(fret)).collect()
    }

    /// The capo fret at which the most time has open chords (with an open string, without a barre,
    /// in the first frets), and the share of the time with them. `chords` are chords with their
    /// durations. Of equals the lowest fret wins; 0 is no capo.
    #[must_use]
    pub fn best_capo(&self, chords: &[(Chord, f64)]) -> (u8, f64) {
        let all: f64 = chords.iter().map(|(_, length)| length).sum();
        let mut best = (0, 0.0);
        for fret in 0..=MOST_CAPO {
            let strings = self.behind_capo(fret);
            let open: f64 = chords
                .iter()
                .filter(|(chord, _)| is_open(chord, &strings))
                .map(|(_, length)| length)
                .sum();
            let share = if all > 0.0 { open / all } else { 0.0 };
            if share > best.1 + 1e-9 {
                best = (fret, share);
            }
        }
        best
    }
}

/// Whether the best fingering of a chord is an open one.
fn is_open(chord: &Chord, strings: &[u8]) -> bool {
    fingerings(chord, strings, 1).first().is_some_and(|it| {
        let highest = it.frets.iter().flatten().max().copied().unwrap_or(0);
        let open = it.frets.contains(&Some(0));
        open && it.barre.is_none() && highest <= OPEN_FRET
    })
}

impl fmt::Display for Instrument {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Own(strings) => {
                for (index, note) in strings.iter().enumerate() {
                    let space = if index > 0 { " " } else { "" };
                    let name = Note::common(note % 12, false);
                    // The octave of the letter: MIDI note 60 is C4.
                    write!(f, "{space}{name}{}", i32::from(note / 12) - 1)?;
                }
                Ok(())
            }
            named => f.write_str(named.name().unwrap_or_default()),
        }
    }
}

impl FromStr for Instrument {
    type Err = ParseInstrumentError;

    /// A name, or open strings with their octaves, in the order of the strings.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let named = |it: &Self| it.name().is_some_and(|name| named::is(name, text));
        if let Some(named) = Self::NAMED.into_iter().find(named) {
            return Ok(named);
        }
        let words = text.split(|c: char| c.is_whitespace() || matches!(c, ',' | ';' | '-'));
        let mut strings = Vec::new();
        for word in words.filter(|word| !word.is_empty()) {
            let refuse = || ParseInstrumentError::NotANote(word.chars().take(20).collect());
            strings.push(midi_note(word).ok_or_else(refuse)?);
            if strings.len() > MAX_STRINGS {
                break;
            }
        }
        if !(MIN_STRINGS..=MAX_STRINGS).contains(&strings.len()) {
            return Err(ParseInstrumentError::Strings(strings.len()));
        }
        Ok(Self::Own(strings))
    }
}

/// `F#2` as a MIDI note: C4 is 60.
fn midi_note(word: &str) -> Option<u8> {
    let at = word.find(|c: char| c.is_ascii_digit())?;
    let (name, octave) = word.split_at(at);
    let plain = name.replace('♯', "#").replace('♭', "b");
    let mut letters = plain.chars();
    let letter = letters.next()?.to_ascii_uppercase();
    let note: Note = format!("{letter}{}", letters.as_str()).parse().ok()?;
    let octave: i32 = octave.parse().ok()?;
    // Counted from the letter: Cb4 lies below C4.
    let natural: Note = letter.to_string().parse().ok()?;
    let number = 12 * (octave + 1) + i32::from(natural.pitch_class()) + i32::from(note.alter());
    u8::try_from(number).ok().filter(|note| *note <= 115)
}

serde_as_string!(Instrument);
