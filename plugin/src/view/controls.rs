//! The plugin's settings that the window shows and changes.

use std::sync::Arc;

use harmony::key::Key;
use harmony::simplify::Simplify;
use harmony::style::Style;
use harmony::track::Track;
use harmony::vocabulary::Vocabulary;
use serde::{Deserialize, Serialize};

use super::preferences::Preferences;
use crate::networks::NetworkChoice;

/// The settings that the editor shows and changes. Indices are those of the
/// variants of the parameters.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Controls {
    /// Index of the vocabulary.
    pub vocabulary: usize,
    /// Index of the notation.
    pub style: usize,
    /// Pitch class of the key's tonic.
    pub tonic: usize,
    /// 0 major, 1 minor.
    pub mode: usize,
    /// 0…1.
    pub sensitivity: f32,
    /// In seconds.
    pub hold_s: f32,
    /// Where the tuning comes from.
    pub tuning: TuningControls,
    /// Whether the display is held.
    pub freeze: bool,
    /// Whether what is heard is written into the track.
    pub write: bool,
    /// How the live chord is sent as notes.
    pub midi: MidiControls,
    /// The part and the band.
    pub band: BandControls,
    /// The networks of the instance.
    pub networks: NetworkChoice,
    /// How the window is set up.
    pub window: Preferences,
}

impl Default for Controls {
    fn default() -> Self {
        Self {
            vocabulary: 2,
            style: 0,
            tonic: 0,
            mode: 0,
            sensitivity: 0.5,
            hold_s: 0.0,
            tuning: TuningControls::default(),
            freeze: false,
            write: true,
            midi: MidiControls::default(),
            band: BandControls::default(),
            networks: NetworkChoice::default(),
            window: Preferences::default(),
        }
    }
}

/// The tuning of the music: found or set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct TuningControls {
    /// Whether it is set and does not follow the music.
    pub fixed: bool,
    /// What it is set to, in cents above A = 440 Hz.
    pub cents: f32,
}

/// The part and the band; values are those of the parameters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct BandControls {
    /// Index of the part.
    pub part: usize,
    /// Index of the band.
    pub band: usize,
}

/// How the live chord is sent as notes; values are those of the parameters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct MidiControls {
    /// Whether it is sent at all.
    pub on: bool,
    /// Index of the voicing.
    pub voicing: usize,
    /// Octaves by which the notes are moved.
    pub octave: i32,
    /// 1 … 127.
    pub velocity: i32,
    /// 1 … 16.
    pub channel: i32,
    /// Index of where the bass goes.
    pub bass: usize,
}

impl Default for MidiControls {
    fn default() -> Self {
        Self {
            on: false,
            voicing: 0,
            octave: 0,
            velocity: 80,
            channel: 1,
            bass: 0,
        }
    }
}

impl Controls {
    /// The notation.
    pub fn style(&self) -> Style {
        match self.style {
            0 => Style::Jazz,
            1 => Style::Plain,
            2 => Style::Harte,
            3 => Style::Roman,
            _ => Style::Nashville,
        }
    }

    /// A track as files have it: its chords as simple as the settings say.
    pub fn exported(&self, track: Arc<Track>) -> Arc<Track> {
        match self.window.simplified() {
            Simplify::AsHeard => track,
            simplify => Arc::new(simplify.track(&track)),
        }
    }

    pub(super) fn vocabulary(&self) -> Vocabulary {
        match self.vocabulary {
            0 => Vocabulary::MajMin,
            1 => Vocabulary::Large,
            _ => Vocabulary::Inversions,
        }
    }

    /// The key, spelled as it is usually written.
    pub(super) fn key(&self) -> Option<Key> {
        const MAJOR: [&str; 12] = [
            "C", "Db", "D", "Eb", "E", "F", "Gb", "G", "Ab", "A", "Bb", "B",
        ];
        const MINOR: [&str; 12] = [
            "C", "C#", "D", "Eb", "E", "F", "F#", "G", "G#", "A", "Bb", "B",
        ];
        let (tonics, mode) = if self.mode == 0 {
            (MAJOR, "maj")
        } else {
            (MINOR, "min")
        };
        format!("{}:{mode}", tonics[self.tonic % 12]).parse().ok()
    }
}
