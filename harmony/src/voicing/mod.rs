//! Chords as notes: voicings for a keyboard, a pad and a guitar.

mod guitar;
mod instrument;

pub use guitar::{Fingering, STANDARD_TUNING, fingerings};
pub use instrument::{Instrument, MAX_STRINGS, MIN_STRINGS, ParseInstrumentError};

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::label::Chord;
use crate::named;

/// The lowest bass note: C2.
const LOWEST_BASS: u8 = 36;

/// The lowest root of the right hand: G3.
const LOWEST_ROOT: u8 = 55;

/// The middle of a pad's chord: E4.
const PAD_CENTRE: f64 = 64.0;

/// How the notes of a chord are laid out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Voicing {
    /// Close position on the root, upper voices on top.
    #[default]
    Close,
    /// Every second note an octave higher: wide, clear.
    Open,
    /// Close position with the second note from the top an octave down.
    Drop2,
    /// Third and seventh (or sixth), and extensions: a pianist's left hand.
    Shell,
    /// A shape that a hand can hold on a guitar in standard tuning.
    Guitar,
    /// The inversion nearest to the chord before: notes stay where they can.
    Pad,
}

impl Voicing {
    /// All voicings.
    pub const ALL: [Self; 6] = [
        Self::Close,
        Self::Open,
        Self::Drop2,
        Self::Shell,
        Self::Guitar,
        Self::Pad,
    ];

    /// The name used on command lines and in files.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Close => "close",
            Self::Open => "open",
            Self::Drop2 => "drop2",
            Self::Shell => "shell",
            Self::Guitar => "guitar",
            Self::Pad => "pad",
        }
    }

    /// The notes of a chord that follows `previous`, which only [`Voicing::Pad`] uses.
    #[must_use]
    pub fn voice(self, chord: &Chord, previous: Option<&Voiced>) -> Voiced {
        let bass = LOWEST_BASS + chord.bass_pitch_class();
        let close = close(chord);
        let mut upper = match self {
            Self::Close => close,
            Self::Open => open(&close),
            Self::Drop2 => drop2(close),
            Self::Shell => shell(chord, close),
            Self::Guitar => match fingerings(chord, &STANDARD_TUNING, 1).first() {
                // The lowest string is the bass, which is a separate note.
                Some(fingering) => fingering.notes(&STANDARD_TUNING).split_off(1),
                None => close,
            },
            Self::Pad => pad(&close, previous),
        };
        upper.sort_unstable();
        upper.dedup();
        Voiced { bass, upper }
    }
}

impl fmt::Display for Voicing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A name that is not a voicing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown voicing {0:?}: expected close, open, drop2, shell, guitar or pad")]
pub struct ParseVoicingError(String);

impl FromStr for Voicing {
    type Err = ParseVoicingError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|voicing| named::is(voicing.name(), text))
            .ok_or_else(|| ParseVoicingError(text.chars().take(40).collect()))
    }
}

/// A chord as MIDI notes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Voiced {
    /// The bass, in C2 … B2 (36 … 47).
    pub bass: u8,
    /// The notes above it, from low to high.
    pub upper: Vec<u8>,
}

/// The MIDI notes of a chord, from low to high: the bass in C2 … B2 and above
/// it the chord in close position on its root in G3 … F#4, ninths, elevenths and
/// thirteenths on top.
#[must_use]
pub fn voicing(chord: &Chord) -> Vec<u8> {
    let Voiced { bass, upper } = Voicing::Close.voice(chord, None);
    let mut notes: Vec<u8> = std::iter::once(bass).chain(upper).collect();
    notes.sort_unstable();
    notes.dedup();
    notes
}

/// The chord on its root in G3 … F#4.
fn close(chord: &Chord) -> Vec<u8> {
    let root = LOWEST_ROOT + (chord.root().pitch_class() + 12 - LOWEST_ROOT % 12) % 12;
    let upper = chord.voices().into_iter().map(|semitones| {
        // Usual degrees reach at most 21 semitones plus a few accidentals; notes further out are
        // moved by octaves.
        let semitones = if (0..=24).contains(&semitones) {
            semitones
        } else {
            semitones.rem_euclid(12)
        };
        (i32::from(root) + semitones) as u8
    });
    upper.collect()
}

fn open(close: &[u8]) -> Vec<u8> {
    close
        .iter()
        .enumerate()
        .map(|(index, &note)| {
            if index % 2 == 1 && note < 72 {
                note + 12
            } else {
                note
            }
        })
        .collect()
}

fn drop2(mut notes: Vec<u8>) -> Vec<u8> {
    notes.sort_unstable();
    if notes.len() >= 4 {
        let second = notes.len() - 2;
        notes[second] -= 12;
    }
    notes
}

/// Without the root and an unaltered fifth, as long as two notes are left.
fn shell(chord: &Chord, mut notes: Vec<u8>) -> Vec<u8> {
    let root = chord.root().pitch_class();
    for dispensable in [7, 0] {
        let kept: Vec<u8> = notes
            .iter()
            .copied()
            .filter(|note| (note + 12 - root) % 12 != dispensable)
            .collect();
        if kept.len() >= 2 {
            notes = kept;
        }
    }
    notes
}

/// Each pitch class in the octave that moves least from the chord before; without one,
/// around [`PAD_CENTRE`].
fn pad(close: &[u8], previous: Option<&Voiced>) -> Vec<u8> {
    let mut classes: Vec<u8> = close.iter().map(|note| note % 12).collect();
    classes.sort_unstable();
    classes.dedup();
    let inversion = |rotation: usize, octave: u8| -> Vec<u8> {
        let mut notes: Vec<u8> = Vec::with_capacity(classes.len());
        for index in 0..classes.len() {
            let class = classes[(rotation + index) % classes.len()];
            let mut note = 12 * octave + class;
            while notes.last().is_some_and(|&last| note <= last) {
                note += 12;
            }
            notes.push(note);
        }
        notes
    };
    let middle = |notes: &[u8]| {
        notes.iter().map(|&note| f64::from(note)).sum::<f64>() / notes.len().max(1) as f64
    };
    let cost = |notes: &[u8]| -> f64 {
        let stray = (middle(notes) - PAD_CENTRE).abs();
        let Some(previous) = previous.filter(|previous| !previous.upper.is_empty()) else {
            return stray;
        };
        let moved: f64 = notes
            .iter()
            .map(|&note| {
                let steps = previous.upper.iter().map(|&other| note.abs_diff(other));
                f64::from(steps.min().unwrap_or(0))
            })
            .sum();
        // A slight pull to the middle, so that the chords do not drift over a long song.
        moved + 0.1 * stray
    };
    let candidates = (0..classes.len())
        .flat_map(|rotation| (3..=6).map(move |octave| (rotation, octave)))
        .map(|(rotation, octave)| inversion(rotation, octave));
    candidates
        .min_by(|a, b| cost(a).total_cmp(&cost(b)))
        .unwrap_or_default()
}
