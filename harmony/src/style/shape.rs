//! The parts of a chord symbol after the root: quality, additions, omissions.

use crate::label::{Chord, Degree, Quality};

/// How one style writes qualities and accidentals.
pub(crate) struct Symbols {
    /// True for ♭ and ♯, false for b and #.
    unicode: bool,
    minor: &'static str,
    dim: &'static str,
    aug: &'static str,
    half_diminished: &'static str,
    /// Added sixths: `6`, or spelled out where `6` is a figure.
    sixth: &'static str,
}

pub(crate) const JAZZ: Symbols = Symbols {
    unicode: true,
    minor: "m",
    dim: "°",
    aug: "+",
    half_diminished: "ø7",
    sixth: "6",
};

pub(crate) const PLAIN: Symbols = Symbols {
    unicode: false,
    minor: "m",
    dim: "dim",
    aug: "aug",
    half_diminished: "m7b5",
    sixth: "6",
};

pub(crate) const ROMAN: Symbols =
    // Small numerals already mean minor; 6 is the figure of the first inversion.
    Symbols {
        minor: "",
        sixth: "(add6)",
        ..JAZZ
    };

pub(crate) const NASHVILLE: Symbols = Symbols { minor: "-", ..JAZZ };

impl Symbols {
    /// Harte's `b` and `#` in this style.
    pub(crate) fn accidentals(&self, harte: &str) -> String {
        if self.unicode {
            harte.replace('b', "♭").replace('#', "♯")
        } else {
            harte.to_owned()
        }
    }

    fn quality(&self, quality: Quality) -> String {
        let Self {
            minor, dim, aug, ..
        } = self;
        match quality {
            Quality::Maj | Quality::Unstated => String::new(),
            Quality::Min => (*minor).to_owned(),
            Quality::Dim => (*dim).to_owned(),
            Quality::Aug => (*aug).to_owned(),
            Quality::Min7 => format!("{minor}7"),
            Quality::Dim7 => format!("{dim}7"),
            Quality::HalfDim7 => self.half_diminished.to_owned(),
            Quality::MinMaj7 => format!("{minor}(maj7)"),
            Quality::Aug7 => format!("{aug}7"),
            Quality::Maj6 => self.sixth.to_owned(),
            Quality::Min6 => format!("{minor}{}", self.sixth),
            Quality::Min9 => format!("{minor}9"),
            Quality::Min11 => format!("{minor}11"),
            Quality::Min13 => format!("{minor}13"),
            same => same.shorthand().to_owned(),
        }
    }
}

/// A chord's quality by its plainest name, with the remaining additions and omissions.
pub(crate) struct Shape {
    pub(crate) quality: Quality,
    pub(crate) additions: Vec<Degree>,
    pub(crate) omissions: Vec<Degree>,
}

const fn degree(number: u8, alter: i8) -> Degree {
    Degree::known(number, alter)
}

/// Qualities that become another quality with one more degree.
const RICHER: [(Quality, Degree, Quality); 20] = [
    (Quality::Maj, degree(7, -1), Quality::Dom7),
    (Quality::Maj, degree(7, 0), Quality::Maj7),
    (Quality::Maj, degree(6, 0), Quality::Maj6),
    (Quality::Min, degree(7, -1), Quality::Min7),
    (Quality::Min, degree(7, 0), Quality::MinMaj7),
    (Quality::Min, degree(6, 0), Quality::Min6),
    (Quality::Dim, degree(7, -1), Quality::HalfDim7),
    (Quality::Dim, degree(7, -2), Quality::Dim7),
    (Quality::Aug, degree(7, -1), Quality::Aug7),
    (Quality::Dom7, degree(9, 0), Quality::Dom9),
    (Quality::Maj7, degree(9, 0), Quality::Maj9),
    (Quality::Min7, degree(9, 0), Quality::Min9),
    (Quality::Dom9, degree(11, 0), Quality::Dom11),
    (Quality::Dom9, degree(13, 0), Quality::Dom13),
    (Quality::Dom11, degree(13, 0), Quality::Dom13),
    (Quality::Maj9, degree(11, 0), Quality::Maj11),
    (Quality::Maj9, degree(13, 0), Quality::Maj13),
    (Quality::Maj11, degree(13, 0), Quality::Maj13),
    (Quality::Min9, degree(11, 0), Quality::Min11),
    (Quality::Min11, degree(13, 0), Quality::Min13),
];

/// Qualities that become another quality with an altered fifth.
const ALTERED_FIFTH: [(Quality, Degree, Quality); 4] = [
    (Quality::Min, degree(5, -1), Quality::Dim),
    (Quality::Min7, degree(5, -1), Quality::HalfDim7),
    (Quality::Maj, degree(5, 1), Quality::Aug),
    (Quality::Dom7, degree(5, 1), Quality::Aug7),
];

const FIFTH: Degree = degree(5, 0);
const FLAT_SEVENTH: Degree = degree(7, -1);
const NINTH: Degree = degree(9, 0);

impl Shape {
    pub(crate) fn from_chord(chord: &Chord) -> Self {
        let pick = |omitted: bool| {
            let picked = chord
                .extensions()
                .iter()
                .filter(move |e| e.omitted == omitted);
            picked.map(|extension| extension.degree).collect::<Vec<_>>()
        };
        let mut shape = Self {
            quality: chord.quality(),
            additions: pick(false),
            omissions: pick(true),
        };
        if shape.quality == Quality::Unstated {
            shape.name_listed_degrees(chord);
        }
        shape.enrich();
        shape
    }

    /// Finds the quality that degrees in brackets spell out, if any does.
    fn name_listed_degrees(&mut self, chord: &Chord) {
        let listed = Self::octave(chord.voices());
        let named = Quality::SHORTHANDS.into_iter().find(|quality| {
            let degrees = quality.degrees().iter().map(|degree| degree.semitones());
            Self::octave(degrees) == listed
        });
        self.quality = named.unwrap_or(Quality::Unstated);
        if named.is_some() {
            self.additions.clear();
            self.omissions.clear();
        }
    }

    fn octave(semitones: impl IntoIterator<Item = i32>) -> u16 {
        semitones
            .into_iter()
            .fold(0, |mask, semitones| mask | 1 << semitones.rem_euclid(12))
    }

    fn enrich(&mut self) {
        let find = |table: &[(Quality, Degree, Quality)], shape: &Self| {
            table
                .iter()
                .find(|(from, with, _)| *from == shape.quality && shape.additions.contains(with))
                .copied()
        };
        loop {
            let altered = find(&ALTERED_FIFTH, self).filter(|_| self.omissions.contains(&FIFTH));
            let Some((_, with, to)) = altered.or_else(|| find(&RICHER, self)) else {
                return;
            };
            if altered.is_some() {
                self.omissions.retain(|&degree| degree != FIFTH);
            }
            self.additions.retain(|&degree| degree != with);
            self.quality = to;
        }
    }

    /// True when nothing is added or left out.
    pub(crate) fn is_plain(&self) -> bool {
        self.additions.is_empty() && self.omissions.is_empty()
    }

    /// Everything after the root except the bass.
    pub(crate) fn suffix(&self, symbols: &Symbols) -> String {
        let mut additions = self.additions.clone();
        let mut take = |wanted: Degree| {
            let found = additions.contains(&wanted);
            additions.retain(|&degree| degree != wanted);
            found
        };
        let mut text = match self.quality {
            Quality::Sus2 | Quality::Sus4 if take(FLAT_SEVENTH) => {
                let seventh = if take(NINTH) { "9" } else { "7" };
                format!("{seventh}{}", self.quality)
            }
            Quality::Maj6 | Quality::Min6 if symbols.sixth == "6" && take(NINTH) => {
                format!("{}/9", symbols.quality(self.quality))
            }
            quality => symbols.quality(quality),
        };
        // On a chord without a seventh an upper voice is written as an addition.
        let verb = if self.is_triad() { "add" } else { "" };
        let added = additions.iter().map(|degree| format!("{verb}{degree}"));
        let omitted = self.omissions.iter().map(|degree| format!("no{degree}"));
        let said: Vec<String> = added.chain(omitted).collect();
        if !said.is_empty() {
            let said = said.join(",");
            // The words add and no contain no b, so every b is a flat.
            text.push_str(&format!("({})", symbols.accidentals(&said)));
        }
        text
    }

    fn is_triad(&self) -> bool {
        matches!(
            self.quality,
            Quality::Maj
                | Quality::Min
                | Quality::Dim
                | Quality::Aug
                | Quality::Sus2
                | Quality::Sus4
                | Quality::Power
                | Quality::Maj6
                | Quality::Min6
        )
    }
}
