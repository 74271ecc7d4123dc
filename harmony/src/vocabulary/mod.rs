//! Vocabularies: closed sets of chords, and the mapping of any label to them.
//!
//! The mapping compares labels as mir_eval does ([`Encoded`]): by root, by the
//! notes within the octave, and, where it matters, by bass.

pub mod inversions;
pub mod large;
pub mod majmin;

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::label::{Encoded, Label};
use crate::named;

/// A vocabulary: a closed set of chords.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Vocabulary {
    /// Major and minor triads and `N`: 25 classes ([`majmin`]).
    MajMin,
    /// The 170 classes of the paper ([`large`]).
    Large,
    /// Those 170 with a bass degree, and 9, 11, 13 where they are certain
    /// ([`inversions`]).
    #[default]
    Inversions,
}

impl Vocabulary {
    /// All of them, from small to large.
    pub const ALL: [Self; 3] = [Self::MajMin, Self::Large, Self::Inversions];

    /// The label simplified to this vocabulary, or `X` when no class of it describes the
    /// label. `N` and `X` stay.
    ///
    /// The root keeps its spelling. Simplifying twice changes nothing.
    #[must_use]
    pub fn simplify(&self, label: &Label) -> Label {
        match self {
            Self::MajMin => majmin::simplify(label),
            Self::Large => large::simplify(label),
            Self::Inversions => inversions::simplify(label),
        }
    }

    /// The name used on command lines and in files.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::MajMin => "majmin",
            Self::Large => "large",
            Self::Inversions => "inversions",
        }
    }
}

impl fmt::Display for Vocabulary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A name that is not a vocabulary.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown vocabulary {0:?}: expected majmin, large or inversions")]
pub struct ParseVocabularyError(pub String);

impl FromStr for Vocabulary {
    type Err = ParseVocabularyError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|vocabulary| named::is(vocabulary.name(), text))
            .ok_or_else(|| ParseVocabularyError(text.chars().take(40).collect()))
    }
}

/// The notes that make the triad: mir_eval compares triads by the first eight
/// semitones, root to fifth.
const TRIAD_MASK: u16 = 0xFF;

/// True when mir_eval's `majmin` rule calls both the same triad.
fn same_triad(a: u16, b: u16) -> bool {
    a & TRIAD_MASK == b & TRIAD_MASK
}

/// The masks a label is looked up by, the strictest first: as mir_eval encodes it, then without the
/// bass, so that a bass outside the chord (`C:maj/2`) does not hide a plain chord.
fn masks(label: &Label) -> Option<[u16; 2]> {
    let chord = label.chord()?;
    let without_bass = crate::label::chord_mask(chord, false);
    Some([Encoded::new(label, false).mask, without_bass])
}
