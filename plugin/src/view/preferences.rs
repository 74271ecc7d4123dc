//! How the window is set up: saved with the project, but not a parameter of the host.

use harmony::edit::Snap;
use harmony::label::{Chord, Label};
use harmony::note_names::NoteNames;
use harmony::simplify::{MAX_OWN_CHORDS, Simplify};
use harmony::voicing::{Instrument, MAX_STRINGS, MIN_STRINGS, Voicing};
use serde::{Deserialize, Serialize};

/// The pages of the window.
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
    /// The chord alone, to be read from a distance.
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
            Self::Play => "The chord on a large keyboard, guitar or other instrument (Ctrl+3)",
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
    /// Fingerings on a guitar, or another instrument with frets.
    Guitar,
    /// The spectrum that the recognizer sees.
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
                "Ways to hold the chord; the instrument, capo and left hand are in the settings"
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
    /// Dark, for studios.
    #[default]
    Dark,
    /// Light, for daylight.
    Light,
    /// High contrast, white and saturated on black.
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

/// The instrument that names are written for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum WrittenFor {
    /// Concert pitch.
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

    /// Semitones from concert pitch up to written pitch.
    pub const fn semitones(self) -> i32 {
        match self {
            Self::Concert => 0,
            Self::Bb => 2,
            Self::Eb => 9,
        }
    }

    /// The same in steps along the line of fifths.
    pub const fn fifths(self) -> i32 {
        match self {
            Self::Concert => 0,
            Self::Bb => 2,
            Self::Eb => 3,
        }
    }
}

/// How simple chords are shown and exported.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SimplifyChoice {
    /// Not simplified.
    #[default]
    AsHeard,
    /// Without sevenths and extensions.
    NoSevenths,
    /// Triads and suspensions.
    Triads,
    /// Major and minor triads in root position.
    MajMin,
    /// The nearest of [`Preferences::own_chords`].
    Own,
}

impl SimplifyChoice {
    /// All of them, from rich to simple.
    pub const ALL: [Self; 5] = [
        Self::AsHeard,
        Self::NoSevenths,
        Self::Triads,
        Self::MajMin,
        Self::Own,
    ];

    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::AsHeard => "As heard",
            Self::NoSevenths => "No sevenths",
            Self::Triads => "Triads",
            Self::MajMin => "Major/minor",
            Self::Own => "My chords",
        }
    }

    /// What it does.
    pub const fn hint(self) -> &'static str {
        match self {
            Self::AsHeard => "Chords as they were heard",
            Self::NoSevenths => "G9/B becomes G/B, Am7 becomes Am; sixths and suspensions stay",
            Self::Triads => "Major, minor, diminished and augmented triads, and suspensions",
            Self::MajMin => "Major and minor chords alone, without other bass notes",
            Self::Own => "Of the chords that you play, the one with the most notes in common",
        }
    }
}

/// Whether the next chord is announced.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum NextChoice {
    /// Where the passage was heard before.
    #[default]
    Heard,
    /// There, and elsewhere a guess by what usually follows.
    Guess,
    /// Never.
    Off,
}

impl NextChoice {
    /// All of them, in the order in which they are shown.
    pub const ALL: [Self; 3] = [Self::Heard, Self::Guess, Self::Off];

    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Heard => "Where heard before",
            Self::Guess => "Guess elsewhere",
            Self::Off => "Hide",
        }
    }

    /// What it does.
    pub const fn hint(self) -> &'static str {
        match self {
            Self::Heard => {
                "Where the song, or a passage like this one, was heard before: the next chord and \
                 the beats until it comes. The chord that then sounds replaces it."
            }
            Self::Guess => {
                "There, and elsewhere a guess, marked with \u{201c}perhaps\u{201d}: what usually follows \
                 in the key, by 700 pop songs and by how this one has gone so far, with how likely \
                 it is"
            }
            Self::Off => "Only the current chord is shown",
        }
    }
}

/// Which instrument fingerings are for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum InstrumentChoice {
    /// A guitar in standard tuning.
    #[default]
    Guitar,
    /// A soprano, concert or tenor ukulele.
    Ukulele,
    /// A baritone ukulele.
    Baritone,
    /// A bass guitar.
    Bass,
    /// A banjo in open G.
    Banjo,
    /// A mandolin.
    Mandolin,
    /// A custom tuning: [`Preferences::own_strings`].
    Own,
}

impl InstrumentChoice {
    /// All of them, in the order in which they are shown.
    pub const ALL: [Self; 7] = [
        Self::Guitar,
        Self::Ukulele,
        Self::Baritone,
        Self::Bass,
        Self::Banjo,
        Self::Mandolin,
        Self::Own,
    ];

    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Guitar => "Guitar",
            Self::Ukulele => "Ukulele",
            Self::Baritone => "Baritone uke",
            Self::Bass => "Bass",
            Self::Banjo => "Banjo",
            Self::Mandolin => "Mandolin",
            Self::Own => "Own tuning",
        }
    }

    /// Its strings.
    pub const fn hint(self) -> &'static str {
        match self {
            Self::Guitar => "E2 A2 D3 G3 B3 E4",
            Self::Ukulele => "G4 C4 E4 A4, the fourth string a high one",
            Self::Baritone => "D3 G3 B3 E4",
            Self::Bass => "E1 A1 D2 G2",
            Self::Banjo => "The long strings in open G: D3 G3 B3 D4",
            Self::Mandolin => "G3 D4 A4 E5",
            Self::Own => "Strings that you type, with their octaves: D2 A2 D3 G3 B3 E4",
        }
    }
}

/// The highest fret for a capo.
pub const MAX_CAPO: u8 = 9;

/// How the window is set up.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Preferences {
    /// The page.
    pub page: Page,
    /// What is shown beside the chord.
    pub companion: Companion,
    /// Light or dark.
    pub theme: ThemeChoice,
    /// For which instrument names are written.
    pub written_for: WrittenFor,
    /// The language of note names.
    pub names: NoteNames,
    /// How chords are simplified in the window and its exports; the track keeps what was
    /// heard.
    pub simplify: SimplifyChoice,
    /// The chords that the user plays, in concert pitch.
    pub own_chords: Vec<Label>,
    /// Whether the next chord is announced.
    pub next: NextChoice,
    /// Which instrument fingerings are for.
    pub instrument: InstrumentChoice,
    /// The open strings of a custom tuning as MIDI notes, in string order.
    pub own_strings: Vec<u8>,
    /// Whether exported charts have chord diagrams for the instrument.
    pub diagrams: bool,
    /// Whether diagrams are mirrored for left-handed players.
    pub left_handed: bool,
    /// The fret of the capo, 0 … [`MAX_CAPO`].
    pub capo: u8,
    /// What dragged boundaries snap to.
    pub snap: Snap,
    /// How MIDI files lay out chords.
    pub voicing: Voicing,
    /// Whether MIDI files have Yamaha's XF chord events.
    pub xf: bool,
    /// The folder that exports go to; empty for `Changes` in the user's documents.
    pub folder: String,
}

impl Preferences {
    /// The instrument for fingerings: a guitar while there are no strings for a custom tuning.
    pub fn strings(&self) -> Instrument {
        match self.instrument {
            InstrumentChoice::Guitar => Instrument::Guitar,
            InstrumentChoice::Ukulele => Instrument::Ukulele,
            InstrumentChoice::Baritone => Instrument::Baritone,
            InstrumentChoice::Bass => Instrument::Bass,
            InstrumentChoice::Banjo => Instrument::Banjo,
            InstrumentChoice::Mandolin => Instrument::Mandolin,
            InstrumentChoice::Own => {
                let count = self.own_strings.len();
                if (MIN_STRINGS..=MAX_STRINGS).contains(&count) {
                    Instrument::Own(self.own_strings.clone())
                } else {
                    Instrument::Guitar
                }
            }
        }
    }

    /// The simplification: as heard while the user has named no chords to choose from.
    pub fn simplified(&self) -> Simplify {
        match self.simplify {
            SimplifyChoice::AsHeard => Simplify::AsHeard,
            SimplifyChoice::NoSevenths => Simplify::NoSevenths,
            SimplifyChoice::Triads => Simplify::Triads,
            SimplifyChoice::MajMin => Simplify::MajMin,
            SimplifyChoice::Own => {
                let own = self.own_chords.iter().filter_map(Label::chord);
                let own: Vec<Chord> = own.take(MAX_OWN_CHORDS).cloned().collect();
                if own.is_empty() {
                    Simplify::AsHeard
                } else {
                    Simplify::Own(own)
                }
            }
        }
    }
}
