//! The view of a track: plain values for the page to draw.

use harmony::chart::{Chart, ChartOptions, DIVISIONS};
use harmony::function::Function;
use harmony::key::Key;
use harmony::label::Label;
use harmony::timeline::{Segment, Status};
use harmony::track::Track;
use serde::Serialize;

use crate::error::Error;
use crate::notation::{Name, key_name, notes};
use crate::settings::Settings;

/// A track on the page.
#[derive(Serialize)]
pub struct View {
    title: String,
    /// The key at the beginning: `E♭ major`.
    key: Option<String>,
    /// Mean tempo in quarter notes a minute.
    tempo_bpm: f64,
    meter: String,
    chords: Vec<Chord>,
    bars: Vec<Bar>,
    /// First and last bar (exclusive) of each line of the sheet.
    lines: Vec<[usize; 2]>,
}

/// A chord of the timeline.
#[derive(Serialize)]
pub struct Chord {
    start_s: f64,
    end_s: f64,
    #[serde(flatten)]
    sound: Sound,
    confirmed: bool,
    /// Whether it was set by hand.
    locked: bool,
    alternatives: Vec<Other>,
}

/// A chord and its notation.
#[derive(Serialize)]
pub struct Sound {
    name: Name,
    /// `tonic`, `subdominant`, `dominant`, `chromatic` or `unknown`.
    function: &'static str,
    /// The function in words.
    role: &'static str,
    /// Its probability, 0 … 1.
    confidence: f32,
    /// The key at this point.
    key: Option<String>,
    /// MIDI notes, the lowest first.
    notes: Vec<u8>,
    /// The pitch class of the root.
    root: Option<u8>,
}

/// Another reading of a chord.
#[derive(Serialize)]
pub struct Other {
    /// The label in the track itself, for an edit.
    label: Label,
    name: Name,
    probability: f32,
}

/// A bar of the sheet.
#[derive(Serialize)]
struct Bar {
    number: u32,
    start_s: f64,
    end_s: f64,
    section: Option<String>,
    /// The meter, in the bar where it begins.
    meter: Option<[u8; 2]>,
    /// Length of the bar and of the counted beat, in sixteenths.
    length: u32,
    pulse: u32,
    /// Whether it repeats the bar before and is written as `%`.
    simile: bool,
    chords: Vec<Placed>,
}

/// A chord in a bar.
#[derive(Serialize)]
struct Placed {
    /// Sixteenths from the start of the bar.
    offset: u32,
    length: u32,
    start_s: f64,
    /// Whether it is held over from the bar before.
    held: bool,
    name: Name,
    function: &'static str,
}

/// The view of a saved track.
pub fn view(track: &str, settings: &str) -> Result<String, Error> {
    let settings = Settings::read(settings)?;
    let track = Track::from_json(track)?;
    Ok(serde_json::to_string(&View::new(&track, &settings)?)?)
}

impl View {
    /// The view of a track with these settings.
    pub fn new(track: &Track, settings: &Settings) -> Result<Self, Error> {
        let shown = settings.shown(track)?;
        let chart = Chart::new(
            &shown,
            ChartOptions {
                trim: false,
                fold: false,
            },
        );
        Ok(Self {
            title: track.info().title.clone(),
            key: chart.key().map(key_name),
            tempo_bpm: chart.tempo_bpm,
            meter: chart.meter().to_string(),
            chords: chords(track, settings),
            bars: bars(&chart, &shown, settings),
            lines: chart.lines().iter().map(|it| [it.start, it.end]).collect(),
        })
    }
}

/// The chords of the timeline. Neighbours that the vocabulary makes equal stay separate, because
/// their alternatives differ.
fn chords(track: &Track, settings: &Settings) -> Vec<Chord> {
    let segments = track.timeline().segments().iter();
    segments
        .map(|segment| {
            let key = track.key_at_s(segment.start_s + 1e-3);
            chord(segment, key, settings)
        })
        .collect()
}

fn chord(segment: &Segment, key: Option<Key>, settings: &Settings) -> Chord {
    let alternatives = others(
        segment
            .alternatives
            .iter()
            .map(|it| (&it.label, it.probability)),
        &segment.label,
        key,
        settings,
    );
    Chord {
        start_s: segment.start_s,
        end_s: segment.end_s,
        sound: Sound::new(&segment.label, segment.confidence, key, settings),
        confirmed: segment.status == Status::Confirmed,
        locked: segment.locked,
        alternatives,
    }
}

/// Alternatives, without those that are written alike.
pub fn others<'a>(
    readings: impl Iterator<Item = (&'a Label, f32)>,
    label: &Label,
    key: Option<Key>,
    settings: &Settings,
) -> Vec<Other> {
    let shown_key = key.map(|key| settings.key(key));
    let mut taken = vec![settings.label(label)];
    let mut others = Vec::new();
    for (label, probability) in readings {
        let shown = settings.label(label);
        if !taken.contains(&shown) {
            others.push(Other {
                label: label.clone(),
                name: Name::new(&shown, settings.style, shown_key),
                probability,
            });
            taken.push(shown);
        }
    }
    others
}

impl Sound {
    /// A label of a track, in the key at that point.
    pub fn new(label: &Label, confidence: f32, key: Option<Key>, settings: &Settings) -> Self {
        let shown = settings.label(label);
        let key = key.map(|key| settings.key(key));
        let function = function_of(&shown, key);
        Self {
            name: Name::new(&shown, settings.style, key),
            function: function_name(function),
            role: function.word(),
            confidence,
            key: key.map(key_name),
            notes: shown.chord().map(notes).unwrap_or_default(),
            root: shown.chord().map(|chord| chord.root().pitch_class()),
        }
    }
}

fn function_of(label: &Label, key: Option<Key>) -> Function {
    label
        .chord()
        .map_or(Function::Unknown, |chord| Function::of_chord(chord, key))
}

const fn function_name(function: Function) -> &'static str {
    match function {
        Function::Unknown => "unknown",
        Function::Tonic => "tonic",
        Function::Subdominant => "subdominant",
        Function::Dominant => "dominant",
        Function::Chromatic => "chromatic",
    }
}

fn bars(chart: &Chart, shown: &Track, settings: &Settings) -> Vec<Bar> {
    let time = |beat: f64| shown.tempo().time_at(beat);
    let beats = |sixteenths: u32| f64::from(sixteenths) / f64::from(DIVISIONS);
    let mut meter = None;
    let bars = chart.bars.iter().enumerate();
    bars.map(|(index, bar)| {
        let is_new = meter != Some(bar.meter);
        meter = Some(bar.meter);
        let placed = bar.chords.iter().map(|placed| Placed {
            offset: placed.offset,
            length: placed.length,
            start_s: time(bar.start_beat + beats(placed.offset)),
            held: placed.held,
            name: Name::new(&placed.label, settings.style, bar.key),
            function: function_name(function_of(&placed.label, bar.key)),
        });
        Bar {
            number: bar.number,
            start_s: bar.start_s,
            end_s: time(bar.start_beat + beats(bar.length)),
            section: bar.section.clone(),
            meter: is_new.then(|| [bar.meter.numerator(), bar.meter.denominator()]),
            length: bar.length,
            pulse: bar.pulse(),
            simile: chart.is_simile(index),
            chords: placed.collect(),
        }
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use harmony::time::TempoMap;
    use harmony::timeline::{Alternative, Timeline};

    fn track() -> Track {
        let labels = ["C:maj", "F:maj", "G:7", "C:maj"];
        let segments = labels.iter().enumerate().map(|(n, label)| {
            let mut segment =
                Segment::new(2.0 * n as f64, 2.0 * n as f64 + 2.0, label.parse().unwrap());
            segment.alternatives = ["C:maj7", "A:min7"]
                .map(|label| Alternative {
                    label: label.parse().unwrap(),
                    probability: 0.1,
                })
                .to_vec();
            segment
        });
        let timeline = Timeline::from_segments(segments).unwrap();
        let tempo = TempoMap::constant(120.0, 0.0, 0.0).unwrap();
        let mut track = Track::from_timeline(timeline, tempo);
        track.estimate_keys().unwrap();
        track
    }

    fn shown(settings: &str) -> serde_json::Value {
        let json = view(&track().to_json().unwrap(), settings).unwrap();
        serde_json::from_str(&json).unwrap()
    }

    #[test]
    fn bars_and_chords_lie_at_their_times() {
        let view = shown("{}");
        assert_eq!(view["key"], "C major");
        let bars = view["bars"].as_array().unwrap();
        assert_eq!(bars.len(), 4);
        assert_eq!(bars[2]["start_s"], 4.0);
        assert_eq!(bars[2]["end_s"], 6.0);
        assert_eq!(bars[2]["chords"][0]["name"]["text"], "G7");
        assert_eq!(bars[2]["chords"][0]["function"], "dominant");
        assert_eq!(bars[0]["meter"], serde_json::json!([4, 4]));
        assert!(bars[1]["meter"].is_null());
        assert_eq!(view["lines"], serde_json::json!([[0, 4]]));
        let chords = view["chords"].as_array().unwrap();
        assert_eq!(chords[1]["name"]["spoken"], "F major");
        assert_eq!(chords[1]["function"], "subdominant");
        assert_eq!(chords[1]["alternatives"][0]["label"], "C:maj7");
    }

    #[test]
    fn settings_are_in_all_of_it() {
        let view = shown(r#"{"transpose": -3, "vocabulary": "majmin", "style": "jazz"}"#);
        assert_eq!(view["key"], "A major");
        assert_eq!(view["chords"][2]["name"]["text"], "E");
        // Then C:maj7 equals the chord itself.
        let others = view["chords"][0]["alternatives"].as_array().unwrap();
        assert_eq!(others.len(), 1);
        assert_eq!(others[0]["name"]["text"], "F♯m");
        assert_eq!(others[0]["label"], "A:min7");
        let view = shown(r#"{"style": "roman", "transpose": 5}"#);
        assert_eq!(view["bars"][2]["chords"][0]["name"]["text"], "V7");
    }

    #[test]
    fn an_alternative_becomes_the_chord() {
        let json = track().to_json().unwrap();
        let command = r#"{"command": "take_alternative", "at_s": 0.5, "label": "C:maj7"}"#;
        let edited = crate::edited(&json, command).unwrap();
        let edited = Track::from_json(&edited).unwrap();
        assert_eq!(edited.timeline().segments()[0].label.to_string(), "C:maj7");
        let command = r#"{"command": "take_alternative", "at_s": 0.5, "label": "D:maj"}"#;
        assert!(crate::edited(&json, command).is_err());
    }
}
