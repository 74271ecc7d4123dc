//! Standard MIDI files whose markers are chords, as this program and many hosts write them.
//!
//! Other markers, and cue points, name sections. If no marker is a chord, chords in lyrics and
//! texts are used.

use midly::{MetaMessage, Smf, Timing, TrackEventKind};

use super::{ChartError, MAX_CHART_BARS, WrittenBar, WrittenChart, WrittenChord, line_of};
use crate::key::{Key, Mode};
use crate::label::{Label, Note};
use crate::style;
use crate::time::{Meter, MeterMap};

/// The most texts that are read.
const MAX_TEXTS: usize = 100_000;

/// The texts of a file by their beat.
#[derive(Default)]
struct Texts {
    markers: Vec<(f64, Label)>,
    others: Vec<(f64, Label)>,
    sections: Vec<(f64, String)>,
    end: f64,
}

pub(super) fn parse(bytes: &[u8]) -> Result<WrittenChart, ChartError> {
    let file = Smf::parse(bytes).map_err(|error| ChartError::Midi(error.to_string()))?;
    let Timing::Metrical(ticks) = file.header.timing else {
        return Err(ChartError::Midi(
            "its time is in SMPTE frames, not in beats".to_owned(),
        ));
    };
    let per_beat = f64::from(ticks.as_int().max(1));
    let mut chart = WrittenChart {
        in_bars: true,
        ..WrittenChart::default()
    };
    let mut meters: Vec<(f64, Meter)> = Vec::new();
    let mut texts = Texts::default();
    for (index, track) in file.tracks.iter().enumerate() {
        let mut tick = 0_u64;
        for event in track {
            tick += u64::from(event.delta.as_int());
            let beat = tick as f64 / per_beat;
            texts.end = texts.end.max(beat);
            let TrackEventKind::Meta(message) = event.kind else {
                continue;
            };
            match message {
                MetaMessage::TrackName(name) if index == 0 => chart.title = text_of(name),
                MetaMessage::Tempo(micros) if chart.tempo_bpm.is_none() => {
                    chart.tempo_bpm = Some(6e7 / f64::from(micros.as_int().max(1)));
                }
                MetaMessage::TimeSignature(above, below, ..) if below <= 4 => {
                    if let Ok(meter) = Meter::new(above, 1 << below) {
                        meters.push((beat, meter));
                    }
                }
                MetaMessage::KeySignature(signature, minor) if chart.key.is_none() => {
                    chart.key = Some(key_of(signature, minor));
                }
                MetaMessage::Marker(text) => texts.marker(beat, text),
                MetaMessage::CuePoint(text) => texts.section(beat, text),
                MetaMessage::Text(text) | MetaMessage::Lyric(text) => {
                    if let Ok(label) = style::read(&text_of(text))
                        && texts.others.len() < MAX_TEXTS
                    {
                        texts.others.push((beat, label));
                    }
                }
                _ => {}
            }
        }
    }
    chart.bars = texts.bars(meters)?;
    Ok(chart)
}

fn text_of(bytes: &[u8]) -> String {
    line_of(&String::from_utf8_lossy(bytes))
}

fn key_of(signature: i8, minor: bool) -> Key {
    let (fifths, mode) = match minor {
        true => (i32::from(signature) + 3, Mode::Minor),
        false => (i32::from(signature), Mode::Major),
    };
    Key::new(Note::from_fifths(fifths), mode)
}

impl Texts {
    fn marker(&mut self, beat: f64, text: &[u8]) {
        match style::read(&text_of(text)) {
            Ok(label) if self.markers.len() < MAX_TEXTS => self.markers.push((beat, label)),
            Ok(_) => {}
            Err(_) => self.section(beat, text),
        }
    }

    fn section(&mut self, beat: f64, text: &[u8]) {
        let text = text_of(text);
        if !text.is_empty() && self.sections.len() < MAX_TEXTS {
            self.sections.push((beat, text));
        }
    }

    fn bars(mut self, mut meters: Vec<(f64, Meter)>) -> Result<Vec<WrittenBar>, ChartError> {
        let mut chords = if self.markers.is_empty() {
            std::mem::take(&mut self.others)
        } else {
            std::mem::take(&mut self.markers)
        };
        chords.sort_by(|a, b| a.0.total_cmp(&b.0));
        // If two are at one beat, the later one counts.
        chords.reverse();
        chords.dedup_by(|next, kept| next.0 == kept.0);
        chords.reverse();
        self.sections.sort_by(|a, b| a.0.total_cmp(&b.0));
        meters.sort_by(|a, b| a.0.total_cmp(&b.0));
        let sounds = |it: &(f64, Label)| it.1.chord().is_some();
        let (Some(first), Some(last)) = (
            chords.iter().position(sounds),
            chords.iter().rposition(sounds),
        ) else {
            return Err(ChartError::Empty);
        };
        let mut map = MeterMap::constant(Meter::COMMON);
        for (beat, meter) in meters.into_iter().take(1000) {
            // The map refuses only changes beyond its limit.
            let _ = map.set(beat, meter);
        }
        let from = chords[first].0;
        // A chord ends where the next one starts, or with the file.
        let to = match chords.get(last + 1) {
            Some((beat, _)) => *beat,
            None => self.end.max(map.bar_at(chords[last].0).end),
        };
        let mut bars = Vec::new();
        let mut beat = from;
        let mut chord = first;
        let mut section = 0;
        while beat < to - 1e-6 {
            if bars.len() >= MAX_CHART_BARS {
                return Err(ChartError::TooManyBars);
            }
            let bar = map.bar_at(beat);
            let end = if bar.end > beat + 1e-6 {
                bar.end.min(to)
            } else {
                beat + 1.0
            };
            let mut placed: Vec<WrittenChord> = Vec::new();
            let mut at = beat;
            while at < end - 1e-9 {
                while chords
                    .get(chord + 1)
                    .is_some_and(|next| next.0 <= at + 1e-6)
                {
                    chord += 1;
                }
                let next = chords.get(chord + 1).map_or(end, |next| next.0.min(end));
                placed.push(WrittenChord {
                    label: chords[chord].1.clone(),
                    beats: next - at,
                });
                at = next;
            }
            let mut named = None;
            while let Some((at, name)) = self.sections.get(section)
                && *at < end - 1e-6
            {
                named = Some(name.clone());
                section += 1;
            }
            bars.push(WrittenBar {
                section: named,
                meter: bar.meter,
                chords: placed,
                measured: true,
            });
            beat = end;
        }
        Ok(bars)
    }
}
