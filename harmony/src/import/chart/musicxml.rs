//! MusicXML lead sheets: the chord symbols of the first part that has any, with meters, keys,
//! rehearsal marks, repeats and endings. D.C., D.S. and codas are not followed: aligning finds
//! jumps. Only XML's predefined entities are resolved.

use std::collections::HashMap;

use quick_xml::events::{BytesStart, Event};
use quick_xml::{Reader, XmlVersion};

use super::unfold::{Signed, unfolded};
use super::{ChartError, MAX_CHART_BARS, WrittenBar, WrittenChart, WrittenChord, line_of};
use crate::key::{Key, Mode};
use crate::label::{Chord, Degree, Extension, Label, Letter, Note, Quality};
use crate::style;
use crate::time::Meter;

/// The most chord symbols of one measure.
const MAX_SYMBOLS: usize = 256;

pub(super) fn parse(text: &str) -> Result<WrittenChart, ChartError> {
    let mut reader = Reader::from_str(text);
    // Empty elements are reported as a start and an end.
    reader.config_mut().expand_empty_elements = true;
    let mut score = Score::default();
    loop {
        match reader.read_event() {
            Err(error) => return Err(ChartError::Xml(error.to_string())),
            Ok(Event::Eof) => break,
            Ok(Event::Start(start)) => score.open(&start),
            Ok(Event::End(end)) => {
                if score.close(end.local_name().as_ref()) {
                    break;
                }
            }
            Ok(Event::Text(text)) => score.text(&text.xml10_content()),
            Ok(Event::CData(text)) => score.text(&text.xml10_content()),
            Ok(Event::GeneralRef(reference)) => {
                let named = match reference.xml10_content().as_ref() {
                    "amp" => "&",
                    "lt" => "<",
                    "gt" => ">",
                    "quot" => "\"",
                    "apos" => "'",
                    _ => "",
                };
                score.text(named);
            }
            Ok(_) => {}
        }
        if score.bars.len() > MAX_CHART_BARS {
            return Err(ChartError::TooManyBars);
        }
    }
    score.chart.in_bars = true;
    score.chart.bars = unfolded(&score.bars)?;
    Ok(score.chart)
}

/// State of the reader of a score.
#[derive(Default)]
struct Score {
    chart: WrittenChart,
    bars: Vec<Signed>,
    /// The text of the element that is open.
    content: String,
    /// Texts of the elements of a harmony, a time or a key, by their names.
    fields: HashMap<String, String>,
    extensions: Vec<(i8, String, u8)>,
    divisions: f64,
    meter: Meter,
    measure: Measure,
    in_harmony: bool,
    /// The `text` of a harmony's kind.
    kind_text: String,
    in_note: Option<NoteInMeasure>,
    /// The chord that sounds.
    sounding: Option<Label>,
}

#[derive(Default)]
struct NoteInMeasure {
    in_chord: bool,
    grace: bool,
}

#[derive(Default)]
struct Measure {
    section: Option<String>,
    repeat_start: bool,
    repeat_times: u32,
    ending: Option<u32>,
    /// In divisions.
    at: f64,
    end: f64,
    chords: Vec<(f64, Label)>,
}

fn attribute(start: &BytesStart<'_>, name: &str) -> Option<String> {
    let found = start.try_get_attribute(name).ok()??;
    let value = found.normalized_value(XmlVersion::default()).ok()?;
    Some(value.chars().take(200).collect())
}

impl Score {
    fn open(&mut self, start: &BytesStart<'_>) {
        self.content.clear();
        match start.local_name().as_ref() {
            "measure" => self.measure = Measure::default(),
            "note" => self.in_note = Some(NoteInMeasure::default()),
            "harmony" => {
                self.in_harmony = true;
                self.fields.clear();
                self.extensions.clear();
                self.kind_text.clear();
            }
            "kind" => self.kind_text = attribute(start, "text").unwrap_or_default(),
            "time" | "key" | "degree" if !self.in_harmony => self.fields.clear(),
            "repeat" => match attribute(start, "direction").as_deref() {
                Some("forward") => self.measure.repeat_start = true,
                Some("backward") => {
                    let times = attribute(start, "times").and_then(|it| it.parse().ok());
                    self.measure.repeat_times = times.unwrap_or(2).clamp(1, 99);
                }
                _ => {}
            },
            "ending" if attribute(start, "type").as_deref() == Some("start") => {
                let number = attribute(start, "number").unwrap_or_default();
                let first = number.split(',').next().unwrap_or_default().trim();
                self.measure.ending = first.parse().ok().filter(|it| (1..=9).contains(it));
            }
            "sound" => {
                let tempo = attribute(start, "tempo").and_then(|it| it.parse().ok());
                self.chart.tempo_bpm = self.chart.tempo_bpm.or(tempo);
            }
            _ => {}
        }
    }

    fn text(&mut self, text: &str) {
        // No element read here has longer content.
        if self.content.len() < 400 {
            self.content.extend(text.chars().take(400));
        }
    }

    fn number(&self) -> Option<f64> {
        let number: f64 = self.content.trim().parse().ok()?;
        (number.abs() <= 1e6).then_some(number)
    }

    fn field(&self, name: &str) -> Option<&str> {
        self.fields.get(name).map(|text| text.trim())
    }

    /// Ends an element; returns whether the score is complete.
    fn close(&mut self, name: &str) -> bool {
        match name {
            "work-title" | "movement-title" if self.chart.title.is_empty() => {
                self.chart.title = line_of(&self.content);
            }
            "creator" if self.chart.composer.is_empty() => {
                self.chart.composer = line_of(&self.content);
            }
            "divisions" => self.divisions = self.number().unwrap_or(1.0).max(1e-3),
            "beats" | "beat-type" | "fifths" | "mode" => self.keep(name),
            "time" => {
                let number = |name: &str| self.field(name)?.parse::<u8>().ok();
                if let (Some(above), Some(below)) = (number("beats"), number("beat-type"))
                    && let Ok(meter) = Meter::new(above, below)
                {
                    self.meter = meter;
                }
            }
            "key" => self.key(),
            "chord" => {
                if let Some(note) = &mut self.in_note {
                    note.in_chord = true;
                }
            }
            "grace" => {
                if let Some(note) = &mut self.in_note {
                    note.grace = true;
                }
            }
            "duration" => {
                if let Some(number) = self.number() {
                    self.fields
                        .insert("duration".to_owned(), number.to_string());
                }
            }
            "note" => {
                let note = self.in_note.take().unwrap_or_default();
                let length = self.duration();
                if !note.in_chord && !note.grace {
                    self.measure.at += length;
                    self.measure.end = self.measure.end.max(self.measure.at);
                }
            }
            "backup" => {
                let length = self.duration();
                self.measure.at = (self.measure.at - length).max(0.0);
            }
            "forward" => {
                self.measure.at += self.duration();
                self.measure.end = self.measure.end.max(self.measure.at);
            }
            "rehearsal" => {
                let section = line_of(&self.content);
                self.measure.section = Some(section).filter(|it| !it.is_empty());
            }
            "degree-value" | "degree-alter" | "degree-type" | "root-step" | "root-alter"
            | "bass-step" | "bass-alter" | "kind" | "offset"
                if self.in_harmony =>
            {
                self.keep(name);
            }
            "degree" if self.in_harmony => self.degree(),
            "harmony" => {
                self.in_harmony = false;
                self.harmony();
            }
            "measure" => self.end_measure(),
            "part" => {
                let any = self.bars.iter().any(|it| {
                    let chords = &it.bar.chords;
                    chords.iter().any(|chord| chord.label.chord().is_some())
                });
                if any {
                    return true;
                }
                self.bars.clear();
                self.sounding = None;
            }
            _ => {}
        }
        self.content.clear();
        false
    }

    fn keep(&mut self, name: &str) {
        self.fields.insert(name.to_owned(), self.content.clone());
    }

    fn duration(&mut self) -> f64 {
        let text = self.fields.remove("duration");
        text.and_then(|it| it.parse().ok())
            .unwrap_or(0.0_f64)
            .max(0.0)
    }

    fn key(&mut self) {
        let fifths = self.field("fifths").and_then(|it| it.parse::<i32>().ok());
        let minor = self.field("mode") == Some("minor");
        if let Some(fifths) = fifths.filter(|it| it.abs() <= 7)
            && self.chart.key.is_none()
        {
            let (tonic, mode) = match minor {
                true => (fifths + 3, Mode::Minor),
                false => (fifths, Mode::Major),
            };
            self.chart.key = Some(Key::new(Note::from_fifths(tonic), mode));
        }
    }

    fn degree(&mut self) {
        let number = self.field("degree-value").and_then(|it| it.parse().ok());
        let alter = self.field("degree-alter").and_then(|it| it.parse().ok());
        let kind = self.field("degree-type").unwrap_or("add").to_owned();
        if let Some(number) = number
            && self.extensions.len() < 16
        {
            self.extensions.push((alter.unwrap_or(0), kind, number));
        }
        for name in ["degree-value", "degree-alter", "degree-type"] {
            self.fields.remove(name);
        }
    }

    fn harmony(&mut self) {
        if self.measure.chords.len() >= MAX_SYMBOLS {
            return;
        }
        let Some(label) = self.label() else { return };
        let offset: f64 = self
            .field("offset")
            .and_then(|it| it.parse().ok())
            .unwrap_or(0.0);
        let at = (self.measure.at + offset).clamp(0.0, 1e6);
        self.measure.chords.push((at, label));
    }

    fn note_of(&self, element: &str) -> Option<Note> {
        let step = self.field(&format!("{element}-step"))?.chars().next()?;
        let alter = self
            .field(&format!("{element}-alter"))
            .and_then(|it| it.parse::<f64>().ok())
            .unwrap_or(0.0);
        Some(Note::new(
            Letter::from_char(step)?,
            alter.clamp(-3.0, 3.0) as i8,
        ))
    }

    fn label(&self) -> Option<Label> {
        let kind = self.field("kind").unwrap_or("major");
        if kind == "none" {
            return Some(Label::NoChord);
        }
        let root = self.note_of("root")?;
        let mut chord = match quality(kind) {
            Some(quality) => Chord::new(root, quality),
            // The printed symbol may still be readable.
            None => match style::read(&format!("{root}{}", self.kind_text)) {
                Ok(Label::Chord(chord)) => chord,
                _ => Chord::new(root, Quality::Maj),
            },
        };
        let mut changes = Vec::new();
        for (alter, kind, number) in &self.extensions {
            // Sevenths are counted from the minor one.
            let from = if *number == 7 { alter - 1 } else { *alter };
            let Some(degree) = Degree::new(*number, from) else {
                continue;
            };
            match kind.as_str() {
                "subtract" => changes.extend(Degree::new(*number, 0).map(Extension::omit)),
                "alter" => {
                    changes.extend(Degree::new(*number, 0).map(Extension::omit));
                    changes.extend(Degree::new(*number, *alter).map(Extension::add));
                }
                _ => changes.push(Extension::add(degree)),
            }
        }
        chord = chord.clone().with_extensions(changes).unwrap_or(chord);
        if let Some(bass) = self.note_of("bass") {
            chord = chord.with_bass(style::interval(root, bass));
        }
        Some(chord.into())
    }

    fn end_measure(&mut self) {
        let measure = std::mem::take(&mut self.measure);
        let divisions = if self.divisions > 0.0 {
            self.divisions
        } else {
            1.0
        };
        let length = match measure.end {
            end if end > 0.0 => end / divisions,
            _ => self.meter.bar_beats(),
        };
        let mut symbols = measure.chords;
        symbols.sort_by(|a, b| a.0.total_cmp(&b.0));
        let mut chords: Vec<WrittenChord> = Vec::new();
        let mut at = 0.0;
        let mut sounding = self.sounding.clone().unwrap_or(Label::NoChord);
        for (place, label) in symbols.into_iter().chain([(f64::INFINITY, Label::NoChord)]) {
            let place = (place / divisions).min(length);
            if place > at + 1e-6 {
                chords.push(WrittenChord {
                    label: sounding.clone(),
                    beats: place - at,
                });
                at = place;
            }
            if place < length {
                sounding = label;
            }
        }
        if chords.is_empty() {
            chords.push(WrittenChord {
                label: sounding.clone(),
                beats: length.max(1e-3),
            });
        }
        self.sounding = Some(sounding);
        self.bars.push(Signed {
            bar: WrittenBar {
                section: measure.section,
                meter: self.meter,
                chords,
                measured: true,
            },
            repeat_start: measure.repeat_start,
            repeat_times: measure.repeat_times,
            ending: measure.ending,
        });
    }
}

/// The quality of a kind.
fn quality(kind: &str) -> Option<Quality> {
    Some(match kind {
        "major" => Quality::Maj,
        "minor" => Quality::Min,
        "diminished" => Quality::Dim,
        "augmented" => Quality::Aug,
        "major-seventh" => Quality::Maj7,
        "minor-seventh" => Quality::Min7,
        "dominant" => Quality::Dom7,
        "diminished-seventh" => Quality::Dim7,
        "half-diminished" => Quality::HalfDim7,
        "major-minor" => Quality::MinMaj7,
        "augmented-seventh" => Quality::Aug7,
        "major-sixth" => Quality::Maj6,
        "minor-sixth" => Quality::Min6,
        "dominant-ninth" => Quality::Dom9,
        "major-ninth" => Quality::Maj9,
        "minor-ninth" => Quality::Min9,
        "dominant-11th" => Quality::Dom11,
        "major-11th" => Quality::Maj11,
        "minor-11th" => Quality::Min11,
        "dominant-13th" => Quality::Dom13,
        "major-13th" => Quality::Maj13,
        "minor-13th" => Quality::Min13,
        "suspended-second" => Quality::Sus2,
        "suspended-fourth" => Quality::Sus4,
        "power" => Quality::Power,
        "pedal" => Quality::Single,
        _ => return None,
    })
}
