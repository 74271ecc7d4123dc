//! Note values: the unit that a tempo counts.

use std::fmt;
use std::str::FromStr;

/// A whole note down to a sixteenth, plain or dotted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct NoteValue {
    /// 1, 2, 4, 8 or 16: how many fill a whole note, undotted.
    denominator: u8,
    dotted: bool,
}

impl NoteValue {
    /// A quarter note.
    pub const QUARTER: Self = Self {
        denominator: 4,
        dotted: false,
    };

    /// The note value of a length in quarter notes, if there is one.
    #[must_use]
    pub fn from_beats(beats: f64) -> Option<Self> {
        let all = [1, 2, 4, 8, 16].into_iter().flat_map(|denominator| {
            [false, true].map(|dotted| Self {
                denominator,
                dotted,
            })
        });
        all.into_iter().find(|value| value.beats() == beats)
    }

    /// Its length in quarter notes.
    #[must_use]
    pub fn beats(self) -> f64 {
        let plain = 4.0 / f64::from(self.denominator);
        if self.dotted { plain * 1.5 } else { plain }
    }
}

impl fmt::Display for NoteValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match self.denominator {
            1 => "whole",
            2 => "half",
            4 => "quarter",
            8 => "eighth",
            _ => "sixteenth",
        };
        let dotted = if self.dotted { "dotted " } else { "" };
        write!(f, "{dotted}{name} note")
    }
}

/// A text that is not a note value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is not a note value: expected one like 1/4 (quarter), 3/8 (dotted quarter), 1/8 or dotted-half"
)]
pub struct ParseNoteValueError(String);

impl FromStr for NoteValue {
    type Err = ParseNoteValueError;

    /// Reads a part of a whole note (`1/4`, `3/8`) or a name (`quarter`, `dotted-quarter`,
    /// `crotchet`, `4.`), in any case.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let refuse = || ParseNoteValueError(text.chars().take(40).collect());
        if let Some((above, below)) = text.split_once('/') {
            let above: u8 = above.trim().parse().map_err(|_| refuse())?;
            let below: u8 = below.trim().parse().map_err(|_| refuse())?;
            return Self::from_beats(4.0 * f64::from(above) / f64::from(below)).ok_or_else(refuse);
        }
        let name = text.to_ascii_lowercase();
        let name = name.trim();
        let (name, dot_behind) = match name.strip_suffix('.') {
            Some(name) => (name, true),
            None => (name, false),
        };
        let (name, dot_before) = match name.strip_prefix("dotted") {
            Some(name) => (name, true),
            None => (name, false),
        };
        let name = name.trim_matches([' ', '-', '_']);
        let name = name.trim_end_matches("note").trim_end_matches([' ', '-']);
        let denominator = match name {
            "1" | "whole" | "semibreve" => 1,
            "2" | "half" | "minim" => 2,
            "4" | "quarter" | "crotchet" => 4,
            "8" | "eighth" | "quaver" => 8,
            "16" | "sixteenth" | "semiquaver" => 16,
            _ => return Err(refuse()),
        };
        Ok(Self {
            denominator,
            dotted: dot_behind || dot_before,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_and_names_say_the_same() {
        for (texts, beats, name) in [
            (["1/4", "Quarter", "4", "crotchet"], 1.0, "quarter note"),
            (
                ["3/8", "dotted-quarter", "4.", "Dotted quarter note"],
                1.5,
                "dotted quarter note",
            ),
            (["1/8", "eighth", " 2/16", "quaver"], 0.5, "eighth note"),
            (["3/4", "dotted half", "2.", "6/8"], 3.0, "dotted half note"),
        ] {
            for text in texts {
                let value: NoteValue = text.parse().unwrap();
                assert_eq!((value.beats(), value.to_string()), (beats, name.to_owned()));
            }
        }
    }

    #[test]
    fn what_is_none_is_refused() {
        for text in [
            "", "/", "0/4", "1/0", "5/8", "4/3", "dotted", "fast", "-1/4", "300/8",
        ] {
            let error = text.parse::<NoteValue>().unwrap_err();
            assert!(error.to_string().contains("3/8"), "{text}");
        }
    }
}
