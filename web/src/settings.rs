//! Settings for the display of chords.

use harmony::key::{Key, Mode};
use harmony::label::Note;
use harmony::style::Style;
use harmony::timeline::{Segment, Timeline};
use harmony::track::{KeyRegion, Track};
use harmony::vocabulary::Vocabulary;
use serde::Deserialize;

use crate::error::Error;

/// The most semitones of a transposition, up or down.
const MOST_SEMITONES: i32 = 11;

/// Settings of the page; missing fields have default values.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Transposition in semitones, −11 … 11.
    pub transpose: i32,
    /// How finely chords are distinguished.
    pub vocabulary: Vocabulary,
    /// The style of chord symbols.
    pub style: Style,
}

impl Settings {
    /// From JSON.
    ///
    /// # Errors
    /// Invalid JSON.
    pub fn read(text: &str) -> Result<Self, Error> {
        let settings: Self = serde_json::from_str(text)?;
        let transpose = settings.transpose.clamp(-MOST_SEMITONES, MOST_SEMITONES);
        Ok(Self {
            transpose,
            ..settings
        })
    }

    /// A label as it is shown.
    #[must_use]
    pub fn label(&self, label: &harmony::label::Label) -> harmony::label::Label {
        self.vocabulary.simplify(label).transposed(self.transpose)
    }

    /// A key as it is shown.
    #[must_use]
    pub fn key(&self, key: Key) -> Key {
        transposed(key, self.transpose)
    }

    /// The track as it is shown: chords in the vocabulary, everything transposed. Alternatives are
    /// left out.
    ///
    /// # Errors
    /// None for a valid track.
    pub fn shown(&self, track: &Track) -> Result<Track, Error> {
        // The beats follow from the tempo map, which is kept.
        let segments = track.timeline().segments().iter().map(|segment| Segment {
            start_beat: None,
            end_beat: None,
            alternatives: Vec::new(),
            ..segment.clone()
        });
        let timeline = Timeline::from_segments(segments)?.map_labels(|label| self.label(label));
        let mut shown = Track::from_timeline(timeline, track.tempo().clone());
        shown.set_info(track.info().clone());
        shown.set_meters(track.meters().clone());
        let keys = track.keys().iter().map(|region| KeyRegion {
            key: self.key(region.key),
            ..*region
        });
        shown.set_keys(keys.collect())?;
        for section in track.sections() {
            shown.set_section(section.beat, Some(&section.label))?;
        }
        Ok(shown)
    }
}

/// A key `semitones` higher, with at most six accidentals in its signature.
fn transposed(key: Key, semitones: i32) -> Key {
    if semitones == 0 {
        return key;
    }
    // A semitone is seven fifths, or five back.
    let fifths = key.tonic().fifths() + 7 * semitones;
    let from_tonic = match key.mode() {
        Mode::Major => 0,
        Mode::Minor => 3,
    };
    let signature = (fifths - from_tonic + 5).rem_euclid(12) - 5;
    Key::new(Note::from_fifths(signature + from_tonic), key.mode())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_transposed_to_those_with_few_accidentals() {
        let moved = |key: &str, semitones| {
            let key: Key = key.parse().unwrap();
            transposed(key, semitones).to_string()
        };
        assert_eq!(moved("C:maj", 2), "D:maj");
        assert_eq!(moved("C:maj", -1), "B:maj");
        assert_eq!(moved("A:min", 1), "Bb:min");
        assert_eq!(moved("A:min", -3), "F#:min");
        assert_eq!(moved("Gb:maj", 0), "Gb:maj");
        for semitones in -11..=11 {
            let key: Key = moved("E:min", semitones).parse().unwrap();
            assert!(key.signature().abs() <= 6, "{semitones}");
            let pitch_class = (4 + semitones).rem_euclid(12);
            assert_eq!(i32::from(key.tonic().pitch_class()), pitch_class);
        }
    }

    #[test]
    fn what_is_shown_keeps_times_tempo_and_meters() {
        let labels = ["C:maj7", "A:min7/b3"];
        let segments = labels
            .iter()
            .enumerate()
            .map(|(n, label)| Segment::new(n as f64, n as f64 + 1.0, label.parse().unwrap()));
        let tempo = harmony::time::TempoMap::constant(90.0, 0.25, 0.0).unwrap();
        let timeline = Timeline::from_segments(segments).unwrap();
        let mut track = Track::from_timeline(timeline, tempo);
        track.set_key(0.0, Some("C:maj".parse().unwrap())).unwrap();
        let settings = Settings {
            transpose: 3,
            vocabulary: Vocabulary::MajMin,
            style: Style::Jazz,
        };
        let shown = settings.shown(&track).unwrap();
        assert_eq!(shown.tempo(), track.tempo());
        assert_eq!(shown.key_at(0.0).unwrap().to_string(), "Eb:maj");
        let labels: Vec<String> = shown
            .timeline()
            .segments()
            .iter()
            .map(|segment| segment.label.to_string())
            .collect();
        assert_eq!(labels, ["Eb:maj", "C:min"]);
        let usual = Settings::read("{}").unwrap();
        let same = usual.shown(&track).unwrap();
        assert_eq!(same, track);
    }
}
