//! Errors of parsing chord labels.

use std::fmt;

use super::parse::MAX_LABEL_BYTES;
use super::{Degree, MAX_ACCIDENTALS, MAX_EXTENSIONS};

/// How much of a refused text an error repeats, in characters.
const SHOWN_CHARS: usize = 80;

/// A text that is not a chord label: what is wrong, and where.
///
/// `Display` is three lines, the last a caret under the culprit;
/// [`reason`](Self::reason) is one line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParseLabelError {
    kind: ParseLabelErrorKind,
    position: usize,
    shown: String,
}

/// What is wrong with the text.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParseLabelErrorKind {
    /// An empty text.
    #[error("the label is empty")]
    Empty,
    /// Longer than [`MAX_LABEL_BYTES`].
    #[error("the label is {bytes} bytes long, more than {MAX_LABEL_BYTES}")]
    TooLong {
        /// Its length in bytes.
        bytes: usize,
    },
    /// No note letter where a root should be.
    #[error("expected a root A to G, or N, or X")]
    ExpectedRoot,
    /// Both sharps and flats on one note or degree.
    #[error("sharps and flats are mixed")]
    MixedAccidentals,
    /// More accidentals than [`MAX_ACCIDENTALS`].
    #[error("more than {MAX_ACCIDENTALS} accidentals")]
    TooManyAccidentals,
    /// A colon with nothing usable after it.
    #[error("expected a quality such as maj or min7, or degrees in brackets")]
    ExpectedQuality,
    /// A word that is not a shorthand.
    #[error("unknown quality {0:?}")]
    UnknownQuality(String),
    /// A degree is missing.
    #[error("expected a degree from 1 to {}", Degree::MAX_NUMBER)]
    ExpectedDegree,
    /// More than [`MAX_EXTENSIONS`] extensions.
    #[error("more than {MAX_EXTENSIONS} extensions")]
    TooManyExtensions,
    /// A bracket that does not close.
    #[error("expected ',' or ')'")]
    ExpectedCommaOrBracket,
    /// Text after the end of the label.
    #[error("unexpected {0:?}")]
    Unexpected(char),
}

impl ParseLabelError {
    pub(super) fn new(kind: ParseLabelErrorKind, position: usize, text: &str) -> Self {
        let mut shown: String = text
            .chars()
            .take(SHOWN_CHARS)
            // A control character would break the caret's alignment, or the terminal.
            .map(|c| if c.is_control() { '\u{FFFD}' } else { c })
            .collect();
        if text.chars().nth(SHOWN_CHARS).is_some() {
            shown.push('…');
        }
        Self {
            kind,
            position,
            shown,
        }
    }

    /// What is wrong.
    #[must_use]
    pub const fn kind(&self) -> &ParseLabelErrorKind {
        &self.kind
    }

    /// Where, as an index of characters into the text, from 0.
    #[must_use]
    pub const fn position(&self) -> usize {
        self.position
    }

    /// The whole error in one line.
    #[must_use]
    pub fn reason(&self) -> String {
        format!(
            "{} at character {} of `{}`",
            self.kind,
            self.position + 1,
            self.shown
        )
    }
}

impl fmt::Display for ParseLabelError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let indent = self.position.min(SHOWN_CHARS);
        writeln!(f, "{} at character {}", self.kind, self.position + 1)?;
        writeln!(f, "  {}", self.shown)?;
        write!(f, "  {:indent$}^", "")
    }
}

impl std::error::Error for ParseLabelError {}
