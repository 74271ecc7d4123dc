//! Chord qualities: the shorthands of Harte syntax and the degrees they stand for.

use std::fmt;

use super::Degree;

/// The quality of a chord, named by its shorthand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Quality {
    /// `maj`: major triad.
    Maj,
    /// `min`: minor triad.
    Min,
    /// `dim`: diminished triad.
    Dim,
    /// `aug`: augmented triad.
    Aug,
    /// `maj7`: major seventh.
    Maj7,
    /// `min7`: minor seventh.
    Min7,
    /// `7`: dominant seventh.
    Dom7,
    /// `dim7`: diminished seventh.
    Dim7,
    /// `hdim7`: half-diminished seventh.
    HalfDim7,
    /// `minmaj7`: minor triad, major seventh.
    MinMaj7,
    /// `aug7`: augmented triad, minor seventh.
    Aug7,
    /// `maj6`: major triad, added sixth.
    Maj6,
    /// `min6`: minor triad, added major sixth.
    Min6,
    /// `9`: dominant ninth.
    Dom9,
    /// `maj9`: major ninth.
    Maj9,
    /// `min9`: minor ninth.
    Min9,
    /// `11`: dominant eleventh.
    Dom11,
    /// `maj11`: major eleventh.
    Maj11,
    /// `min11`: minor eleventh.
    Min11,
    /// `13`: dominant thirteenth.
    Dom13,
    /// `maj13`: major thirteenth.
    Maj13,
    /// `min13`: minor thirteenth.
    Min13,
    /// `sus2`: suspended second.
    Sus2,
    /// `sus4`: suspended fourth.
    Sus4,
    /// `5`: power chord, root and fifth.
    Power,
    /// `1`: the root alone.
    Single,
    /// No shorthand: `C:(1,b3,5)` lists its degrees in brackets; the root
    /// always counts as one of them.
    Unstated,
}

const I: Degree = Degree::ROOT;
const II: Degree = Degree::known(2, 0);
const III_FLAT: Degree = Degree::known(3, -1);
const III: Degree = Degree::known(3, 0);
const IV: Degree = Degree::known(4, 0);
const V_FLAT: Degree = Degree::known(5, -1);
const V: Degree = Degree::known(5, 0);
const V_SHARP: Degree = Degree::known(5, 1);
const VI: Degree = Degree::known(6, 0);
const VII_DOUBLE_FLAT: Degree = Degree::known(7, -2);
const VII_FLAT: Degree = Degree::known(7, -1);
const VII: Degree = Degree::known(7, 0);
const IX: Degree = Degree::known(9, 0);
const XI: Degree = Degree::known(11, 0);
const XIII: Degree = Degree::known(13, 0);

impl Quality {
    /// Every quality that has a shorthand.
    pub const SHORTHANDS: [Self; 26] = [
        Self::Maj,
        Self::Min,
        Self::Dim,
        Self::Aug,
        Self::Maj7,
        Self::Min7,
        Self::Dom7,
        Self::Dim7,
        Self::HalfDim7,
        Self::MinMaj7,
        Self::Aug7,
        Self::Maj6,
        Self::Min6,
        Self::Dom9,
        Self::Maj9,
        Self::Min9,
        Self::Dom11,
        Self::Maj11,
        Self::Min11,
        Self::Dom13,
        Self::Maj13,
        Self::Min13,
        Self::Sus2,
        Self::Sus4,
        Self::Power,
        Self::Single,
    ];

    /// The shorthand; empty for [`Quality::Unstated`].
    #[must_use]
    pub const fn shorthand(self) -> &'static str {
        match self {
            Self::Maj => "maj",
            Self::Min => "min",
            Self::Dim => "dim",
            Self::Aug => "aug",
            Self::Maj7 => "maj7",
            Self::Min7 => "min7",
            Self::Dom7 => "7",
            Self::Dim7 => "dim7",
            Self::HalfDim7 => "hdim7",
            Self::MinMaj7 => "minmaj7",
            Self::Aug7 => "aug7",
            Self::Maj6 => "maj6",
            Self::Min6 => "min6",
            Self::Dom9 => "9",
            Self::Maj9 => "maj9",
            Self::Min9 => "min9",
            Self::Dom11 => "11",
            Self::Maj11 => "maj11",
            Self::Min11 => "min11",
            Self::Dom13 => "13",
            Self::Maj13 => "maj13",
            Self::Min13 => "min13",
            Self::Sus2 => "sus2",
            Self::Sus4 => "sus4",
            Self::Power => "5",
            Self::Single => "1",
            Self::Unstated => "",
        }
    }

    /// The quality with exactly this shorthand.
    #[must_use]
    pub fn from_shorthand(shorthand: &str) -> Option<Self> {
        Self::SHORTHANDS
            .into_iter()
            .find(|quality| quality.shorthand() == shorthand)
    }

    /// The degrees of the chord from the root up, upper voices included
    /// (Harte 2010, table of shorthands; an eleventh contains the ninth, a
    /// thirteenth both).
    #[must_use]
    pub const fn degrees(self) -> &'static [Degree] {
        match self {
            Self::Maj => &[I, III, V],
            Self::Min => &[I, III_FLAT, V],
            Self::Dim => &[I, III_FLAT, V_FLAT],
            Self::Aug => &[I, III, V_SHARP],
            Self::Maj7 => &[I, III, V, VII],
            Self::Min7 => &[I, III_FLAT, V, VII_FLAT],
            Self::Dom7 => &[I, III, V, VII_FLAT],
            Self::Dim7 => &[I, III_FLAT, V_FLAT, VII_DOUBLE_FLAT],
            Self::HalfDim7 => &[I, III_FLAT, V_FLAT, VII_FLAT],
            Self::MinMaj7 => &[I, III_FLAT, V, VII],
            Self::Aug7 => &[I, III, V_SHARP, VII_FLAT],
            Self::Maj6 => &[I, III, V, VI],
            Self::Min6 => &[I, III_FLAT, V, VI],
            Self::Dom9 => &[I, III, V, VII_FLAT, IX],
            Self::Maj9 => &[I, III, V, VII, IX],
            Self::Min9 => &[I, III_FLAT, V, VII_FLAT, IX],
            Self::Dom11 => &[I, III, V, VII_FLAT, IX, XI],
            Self::Maj11 => &[I, III, V, VII, IX, XI],
            Self::Min11 => &[I, III_FLAT, V, VII_FLAT, IX, XI],
            Self::Dom13 => &[I, III, V, VII_FLAT, IX, XI, XIII],
            Self::Maj13 => &[I, III, V, VII, IX, XI, XIII],
            Self::Min13 => &[I, III_FLAT, V, VII_FLAT, IX, XI, XIII],
            Self::Sus2 => &[I, II, V],
            Self::Sus4 => &[I, IV, V],
            Self::Power => &[I, V],
            Self::Single | Self::Unstated => &[I],
        }
    }

    /// The chord's interval mask within an octave, bit n for n semitones above
    /// the root, without ninths, elevenths and thirteenths: mir_eval's
    /// `QUALITIES` table, and the same rule for the two shorthands it lacks
    /// (`aug7`, `maj11`).
    #[must_use]
    pub const fn closed_mask(self) -> u16 {
        let degrees = self.degrees();
        let mut mask = 0;
        let mut at = 0;
        while at < degrees.len() {
            let semitones = degrees[at].semitones();
            if semitones < 12 {
                mask |= 1 << semitones;
            }
            at += 1;
        }
        mask
    }

    /// Whether the third is minor, so that the chord takes the spelling and
    /// the small Roman numeral of a minor chord.
    #[must_use]
    pub const fn has_minor_third(self) -> bool {
        self.closed_mask() & 0b1_1000 == 0b1000
    }
}

/// The shorthand.
impl fmt::Display for Quality {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.shorthand())
    }
}
