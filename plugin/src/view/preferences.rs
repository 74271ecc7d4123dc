//! How this window is set up: kept with the project, and no parameter of the host.

use harmony::edit::Snap;
use harmony::voicing::Voicing;
use serde::{Deserialize, Serialize};

/// What the window gives its room to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Page {
    /// Chord, instrument and lead sheet.
    #[default]
    Overview,
    /// The lead sheet.
    Sheet,
    /// The chord and how it is played.
    Play,
    /// The chord alone, to be read from far away.
    Stage,
}

impl Page {
    /// All pages, in the order in which they are shown.
    pub const ALL: [Self; 4] = [Self::Overview, Self::Sheet, Self::Play, Self::Stage];

    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Overview => "Overview",
            Self::Sheet => "Sheet",
            Self::Play => "Play",
            Self::Stage => "Stage",
        }
    }

    /// What it shows.
    pub const fn hint(self) -> &'static str {
        match self {
            Self::Overview => "The chord, how it is played, and the lead sheet (Ctrl+1)",
            Self::Sheet => "The whole window for the lead sheet (Ctrl+2)",
            Self::Play => "The chord on a large keyboard or guitar (Ctrl+3)",
            Self::Stage => "The chord in huge type and nothing else (Ctrl+4; Esc leaves it)",
        }
    }
}

/// What is shown beside the chord.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Companion {
    /// The chord on a keyboard.
    #[default]
    Piano,
    /// Fingerings on a guitar.
    Guitar,
    /// What the recognizer hears.
    Spectrum,
}

impl Companion {
    /// All of them, in the order in which they are shown.
    pub const ALL: [Self; 3] = [Self::Piano, Self::Guitar, Self::Spectrum];

    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Piano => "Piano",
            Self::Guitar => "Guitar",
            Self::Spectrum => "Spectrum",
        }
    }

    /// What it shows.
    pub const fn hint(self) -> &'static str {
        match self {
            Self::Piano => "A voicing of the chord on a keyboard, bass in the left hand",
            Self::Guitar => {
                "Ways to hold the chord on a guitar; capo and left hand in the settings"
            }
            Self::Spectrum => {
                "The constant-Q spectrum that the recognizer hears, with the chord's notes \
                 coloured and the overtones of its bass numbered"
            }
        }
    }
}

/// Light or dark.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ThemeChoice {
    /// For studios.
    #[default]
    Dark,
    /// For daylight.
    Light,
    /// White and saturated on black.
    Contrast,
}

impl ThemeChoice {
    /// All themes.
    pub const ALL: [Self; 3] = [Self::Dark, Self::Light, Self::Contrast];

    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Dark => "Dark",
            Self::Light => "Light",
            Self::Contrast => "High contrast",
        }
    }
}

/// For which instrument names are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum WrittenFor {
    /// Names as they sound.
    #[default]
    Concert,
    /// A major second higher: trumpet, clarinet, tenor saxophone.
    Bb,
    /// A major sixth higher: alto and baritone saxophone.
    Eb,
}

impl WrittenFor {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Concert, Self::Bb, Self::Eb];

    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Concert => "Concert pitch",
            Self::Bb => "B♭ instruments",
            Self::Eb => "E♭ instruments",
        }
    }

    /// Semitones from the sound up to what is written.
    pub const fn semitones(self) -> i32 {
        match self {
            Self::Concert => 0,
            Self::Bb => 2,
            Self::Eb => 9,
        }
    }

    /// The same on the line of fifths.
    pub const fn fifths(self) -> i32 {
        match self {
            Self::Concert => 0,
            Self::Bb => 2,
            Self::Eb => 3,
        }
    }
}

/// The highest fret that a capo goes to.
pub const MAX_CAPO: u8 = 9;

/// How the window is set up.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Preferences {
    /// What has the room.
    pub page: Page,
    /// What is beside the chord.
    pub companion: Companion,
    /// Light or dark.
    pub theme: ThemeChoice,
    /// For which instrument names are written.
    pub written_for: WrittenFor,
    /// Whether guitar strings are drawn the other way round.
    pub left_handed: bool,
    /// The fret of the capo, 0 … [`MAX_CAPO`].
    pub capo: u8,
    /// What dragged boundaries are drawn to.
    pub snap: Snap,
    /// How MIDI files lay out chords.
    pub voicing: Voicing,
    /// The folder that exports go to; empty for `Changes` in the user's documents.
    pub folder: String,
}
