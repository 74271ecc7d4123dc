//! The plugin's parameters and what is saved with them.
//!
//! Identifiers of parameters and of their values are part of every saved project
//! and never change.

use std::sync::Arc;

use harmony::voicing::Voicing;
use nice_plug::prelude::*;
use parking_lot::RwLock;
use recognizer::band::Part;
use recognizer::tuning::{MAX_CENTS, Tuning};
use serde::{Deserialize, Serialize};

use crate::networks::NetworkChoice;
use crate::session::Session;
use crate::view::preferences::Preferences;
use changes_realtime::midi_out::Sending;
use changes_realtime::settings::Settings;

/// How finely chords are distinguished.
#[derive(Clone, Copy, Debug, Enum, PartialEq, Eq)]
pub enum VocabularyChoice {
    /// Major and minor triads only.
    #[id = "majmin"]
    #[name = "Major / minor"]
    MajMin,
    /// The 170 classes: triads, sixths, sevenths, suspensions.
    #[id = "sevenths"]
    #[name = "Sevenths"]
    Sevenths,
    /// The 170 classes, each with its bass note.
    #[id = "inversions"]
    #[name = "Inversions"]
    Inversions,
}

/// How chords are written.
#[derive(Clone, Copy, Debug, Enum, PartialEq, Eq)]
pub enum StyleChoice {
    /// As on a lead sheet: `B♭7sus4`, `F♯ø7`.
    #[id = "jazz"]
    Jazz,
    /// In plain text: `Bb7sus4`, `F#m7b5`.
    #[id = "plain"]
    #[name = "Plain text"]
    Plain,
    /// In the syntax of Harte et al.: `Bb:sus4(b7)`.
    #[id = "harte"]
    Harte,
    /// Roman numerals of the chosen key.
    #[id = "roman"]
    #[name = "Roman"]
    Roman,
    /// Nashville numbers of the chosen key.
    #[id = "nashville"]
    #[name = "Nashville"]
    Nashville,
}

/// The tonic of the key, spelled as it is usually written.
#[derive(Clone, Copy, Debug, Enum, PartialEq, Eq)]
pub enum TonicChoice {
    /// C.
    #[id = "c"]
    C,
    /// D♭ in major, C♯ in minor.
    #[id = "db"]
    #[name = "D♭ / C♯"]
    Db,
    /// D.
    #[id = "d"]
    D,
    /// E♭.
    #[id = "eb"]
    #[name = "E♭"]
    Eb,
    /// E.
    #[id = "e"]
    E,
    /// F.
    #[id = "f"]
    F,
    /// G♭ in major, F♯ in minor.
    #[id = "gb"]
    #[name = "G♭ / F♯"]
    Gb,
    /// G.
    #[id = "g"]
    G,
    /// A♭ in major, G♯ in minor.
    #[id = "ab"]
    #[name = "A♭ / G♯"]
    Ab,
    /// A.
    #[id = "a"]
    A,
    /// B♭.
    #[id = "bb"]
    #[name = "B♭"]
    Bb,
    /// B.
    #[id = "b"]
    B,
}

/// The mode of the key.
#[derive(Clone, Copy, Debug, Enum, PartialEq, Eq)]
pub enum ModeChoice {
    /// Major.
    #[id = "major"]
    Major,
    /// Minor.
    #[id = "minor"]
    Minor,
}

/// How the notes of a chord are laid out on the MIDI output.
#[derive(Clone, Copy, Debug, Enum, PartialEq, Eq)]
pub enum VoicingChoice {
    /// Close position on the root.
    #[id = "close"]
    Close,
    /// Every second note an octave higher.
    #[id = "open"]
    Open,
    /// The second note from the top an octave down.
    #[id = "drop2"]
    #[name = "Drop 2"]
    Drop2,
    /// Third and seventh, and what colours the chord.
    #[id = "shell"]
    Shell,
    /// A shape that can be held on a guitar.
    #[id = "guitar"]
    Guitar,
    /// The inversion nearest to the chord before.
    #[id = "pad"]
    #[name = "Pad (voice leading)"]
    Pad,
}

impl From<VoicingChoice> for Voicing {
    fn from(choice: VoicingChoice) -> Self {
        match choice {
            VoicingChoice::Close => Self::Close,
            VoicingChoice::Open => Self::Open,
            VoicingChoice::Drop2 => Self::Drop2,
            VoicingChoice::Shell => Self::Shell,
            VoicingChoice::Guitar => Self::Guitar,
            VoicingChoice::Pad => Self::Pad,
        }
    }
}

/// Where the bass note goes on the MIDI output.
#[derive(Clone, Copy, Debug, Enum, PartialEq, Eq)]
pub enum BassChoice {
    /// On the channel of the chord.
    #[id = "together"]
    #[name = "With the chord"]
    Together,
    /// On the channel after that of the chord (1 after 16), for another instrument.
    #[id = "apart"]
    #[name = "On the next channel"]
    Apart,
    /// Nowhere.
    #[id = "none"]
    None,
}

/// Where the tuning of the music comes from.
#[derive(Clone, Copy, Debug, Enum, PartialEq, Eq)]
pub enum TuningChoice {
    /// Found from the music.
    #[id = "auto"]
    Auto,
    /// Set by hand.
    #[id = "fixed"]
    Fixed,
}

/// What plays on the instance's track: its part in the band.
#[derive(Clone, Copy, Debug, Enum, PartialEq, Eq)]
pub enum PartChoice {
    /// Everything, or several parts at once.
    #[id = "mix"]
    Mix,
    /// The bass.
    #[id = "bass"]
    Bass,
    /// Instruments that carry the chords: keys, guitars, strings.
    #[id = "harmony"]
    Harmony,
    /// A voice or another melody.
    #[id = "melody"]
    #[name = "Melody / voice"]
    Melody,
    /// Drums and other tracks without chords.
    #[id = "drums"]
    #[name = "Drums (ignored)"]
    Drums,
}

impl From<PartChoice> for Part {
    fn from(choice: PartChoice) -> Self {
        match choice {
            PartChoice::Mix => Self::Mix,
            PartChoice::Bass => Self::Bass,
            PartChoice::Harmony => Self::Harmony,
            PartChoice::Melody => Self::Melody,
            PartChoice::Drums => Self::Drums,
        }
    }
}

/// The band that the instance plays in.
#[derive(Clone, Copy, Debug, Enum, PartialEq, Eq)]
pub enum BandChoice {
    /// The first, the default for all instances.
    #[id = "a"]
    A,
    /// The second.
    #[id = "b"]
    B,
    /// The third.
    #[id = "c"]
    C,
    /// The fourth.
    #[id = "d"]
    D,
}

/// Size of the editor in logical points.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "StoredSize", into = "StoredSize")]
pub struct EditorSize {
    /// Width in points.
    pub width: f32,
    /// Height in points.
    pub height: f32,
}

/// An editor size out of range.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
#[error("editor size {width} × {height} is out of range")]
pub struct EditorSizeError {
    width: f32,
    height: f32,
}

#[derive(Serialize, Deserialize)]
struct StoredSize {
    width: f32,
    height: f32,
}

impl EditorSize {
    /// The size a new instance opens with.
    pub const DEFAULT: Self = Self {
        width: 960.0,
        height: 600.0,
    };
    /// The smallest size at which the chord and the latest ones are readable.
    pub const MIN: Self = Self {
        width: 400.0,
        height: 240.0,
    };
    /// Larger than any screen: a state with a larger size is not ours.
    pub const MAX: Self = Self {
        width: 7680.0,
        height: 4320.0,
    };
}

impl TryFrom<StoredSize> for EditorSize {
    type Error = EditorSizeError;

    fn try_from(stored: StoredSize) -> Result<Self, EditorSizeError> {
        let StoredSize { width, height } = stored;
        let fits = (Self::MIN.width..=Self::MAX.width).contains(&width)
            && (Self::MIN.height..=Self::MAX.height).contains(&height);
        if fits {
            Ok(Self { width, height })
        } else {
            Err(EditorSizeError { width, height })
        }
    }
}

impl From<EditorSize> for StoredSize {
    fn from(size: EditorSize) -> Self {
        Self {
            width: size.width,
            height: size.height,
        }
    }
}

/// Everything a host may automate, and everything it saves.
#[derive(Params)]
pub struct ChangesParams {
    /// How finely chords are distinguished.
    #[id = "vocabulary"]
    pub vocabulary: EnumParam<VocabularyChoice>,
    /// How chords are written.
    #[id = "style"]
    pub style: EnumParam<StyleChoice>,
    /// Tonic of the key that spelling, numerals and numbers refer to.
    #[id = "tonic"]
    pub tonic: EnumParam<TonicChoice>,
    /// Mode of that key.
    #[id = "mode"]
    pub mode: EnumParam<ModeChoice>,
    /// 0…1: how little evidence a chord needs to be shown.
    #[id = "sensitivity"]
    pub sensitivity: FloatParam,
    /// Seconds for which a new chord must lead before it replaces the one shown.
    #[id = "hold"]
    pub hold: FloatParam,
    /// Keeps the display as it is; listening goes on.
    #[id = "freeze"]
    pub freeze: BoolParam,
    /// The host's bypass: the audio is the same either way, the analysis pauses.
    #[id = "bypass"]
    pub bypass: BoolParam,
    /// Whether what is heard is written into the track. When off, it is only shown, and the track
    /// stays as it is.
    #[id = "write"]
    pub write: BoolParam,

    /// Whether the live chord is sent as notes.
    #[id = "midi-out"]
    pub midi_out: BoolParam,
    /// The voicing of its notes.
    #[id = "midi-voicing"]
    pub midi_voicing: EnumParam<VoicingChoice>,
    /// Octaves by which the notes are moved.
    #[id = "midi-octave"]
    pub midi_octave: IntParam,
    /// Their velocity, 1 … 127.
    #[id = "midi-velocity"]
    pub midi_velocity: IntParam,
    /// Their channel, 1 … 16.
    #[id = "midi-channel"]
    pub midi_channel: IntParam,
    /// Where the bass note goes.
    #[id = "midi-bass"]
    pub midi_bass: EnumParam<BassChoice>,

    /// Where the tuning comes from.
    #[id = "tuning"]
    pub tuning: EnumParam<TuningChoice>,
    /// The tuning where it is set, in cents above A = 440 Hz.
    #[id = "tuning-cents"]
    pub tuning_cents: FloatParam,

    /// Its part in the band.
    #[id = "part"]
    pub part: EnumParam<PartChoice>,
    /// The band that it plays in.
    #[id = "band"]
    pub band: EnumParam<BandChoice>,

    /// Size of the editor.
    #[persist = "editor-size"]
    pub editor_size: RwLock<EditorSize>,
    /// The networks of the instance.
    #[persist = "networks"]
    pub networks: RwLock<NetworkChoice>,
    /// How the editor is set up.
    #[persist = "window"]
    pub window: RwLock<Preferences>,
    /// The chord track of this session, saved as `track`.
    #[nested]
    pub session: Arc<Session>,
}

impl ChangesParams {
    /// The settings for worker and recognizer. Reads only atomics, so it is safe on the audio
    /// thread.
    pub fn settings(&self) -> Settings {
        Settings {
            write: self.write.value(),
            sensitivity: self.sensitivity.value(),
            hold_s: self.hold.value(),
            tuning_cents: match self.tuning.value() {
                TuningChoice::Auto => None,
                TuningChoice::Fixed => Some(self.tuning_cents.value()),
            },
        }
    }

    /// How notes are sent; `None` while they are off, the display is held or the plugin is
    /// bypassed. Reads only atomics, so it is safe on the audio thread.
    pub fn sending(&self) -> Option<Sending> {
        let silent = !self.midi_out.value() || self.freeze.value() || self.bypass.value();
        (!silent).then(|| self.how_sent())
    }

    /// How auditioned notes are sent. Reads only atomics, too.
    pub fn how_sent(&self) -> Sending {
        let channel = (self.midi_channel.value() - 1).clamp(0, 15) as u8;
        Sending {
            channel,
            bass_channel: match self.midi_bass.value() {
                BassChoice::Together => Some(channel),
                BassChoice::Apart => Some((channel + 1) % 16),
                BassChoice::None => None,
            },
            velocity: self.midi_velocity.value() as f32 / 127.0,
        }
    }
}

impl Default for ChangesParams {
    fn default() -> Self {
        Self {
            vocabulary: EnumParam::new("Vocabulary", VocabularyChoice::Inversions),
            style: EnumParam::new("Notation", StyleChoice::Jazz),
            tonic: EnumParam::new("Key tonic", TonicChoice::C),
            mode: EnumParam::new("Key mode", ModeChoice::Major),
            sensitivity: FloatParam::new(
                "Sensitivity",
                0.5,
                FloatRange::Linear { min: 0.0, max: 1.0 },
            )
            .with_unit(" %")
            .with_value_to_string(formatters::v2s_f32_percentage(0))
            .with_string_to_value(formatters::s2v_f32_percentage()),
            hold: FloatParam::new("Hold", 0.0, FloatRange::Linear { min: 0.0, max: 1.0 })
                .with_unit(" ms")
                .with_step_size(0.005)
                .with_value_to_string(Arc::new(|seconds| format!("{:.0}", seconds * 1000.0)))
                .with_string_to_value(Arc::new(|text| {
                    let number = text.trim().trim_end_matches("ms").trim();
                    number
                        .parse::<f32>()
                        .ok()
                        .map(|milliseconds| milliseconds / 1000.0)
                })),
            tuning: EnumParam::new("Tuning", TuningChoice::Auto),
            tuning_cents: FloatParam::new(
                "Tuning of A",
                0.0,
                FloatRange::Linear {
                    min: -MAX_CENTS,
                    max: MAX_CENTS,
                },
            )
            .with_value_to_string(Arc::new(|cents| Tuning::from_cents(cents).to_string()))
            .with_string_to_value(Arc::new(|text| text.parse().ok().map(Tuning::cents))),
            part: EnumParam::new("Part", PartChoice::Mix),
            band: EnumParam::new("Band", BandChoice::A),
            freeze: BoolParam::new("Freeze", false),
            bypass: BoolParam::new("Bypass", false).make_bypass(),
            write: BoolParam::new("Write", true),
            midi_out: BoolParam::new("MIDI out", false),
            midi_voicing: EnumParam::new("MIDI voicing", VoicingChoice::Close),
            midi_octave: IntParam::new("MIDI octave", 0, IntRange::Linear { min: -3, max: 3 }),
            midi_velocity: IntParam::new(
                "MIDI velocity",
                80,
                IntRange::Linear { min: 1, max: 127 },
            ),
            midi_channel: IntParam::new("MIDI channel", 1, IntRange::Linear { min: 1, max: 16 }),
            midi_bass: EnumParam::new("MIDI bass", BassChoice::Together),
            editor_size: RwLock::new(EditorSize::DEFAULT),
            networks: RwLock::default(),
            window: RwLock::default(),
            session: Arc::default(),
        }
    }
}
