//! `.musicxml`: a MusicXML 4.0 lead sheet: slash notation with chord symbols, key, meter, tempo,
//! sections as rehearsal marks, and repeats.
//!
//! Each beat is a note with a slash head and no stem on the middle line; chords are placed at the
//! beats where they start, or between two by an offset.

mod harmony;
mod xml;

use std::io;

use super::ExportError;
use crate::chart::{Bar, Chart, DIVISIONS, TempoMark};
use crate::key::{Key, Mode};
use crate::label::Label;
use xml::Xml;

/// Writes the lead sheet.
///
/// # Errors
/// An error of the writer.
pub fn write(mut writer: impl io::Write, chart: &Chart) -> Result<(), ExportError> {
    let mut xml = Xml::new();
    xml.declare(
        "score-partwise PUBLIC \"-//Recordare//DTD MusicXML 4.0 Partwise//EN\" \
         \"http://www.musicxml.org/dtds/partwise.dtd\"",
    );
    xml.open("score-partwise", &[("version", "4.0")]);
    head(&mut xml, chart);
    xml.open("part", &[("id", "P1")]);
    if chart.bars.is_empty() {
        // A part has at least one measure.
        xml.open("measure", &[("number", "1")]);
        xml.close();
    }
    let lines = chart.lines();
    for (index, bar) in chart.bars.iter().enumerate() {
        let new_line = index > 0 && lines.iter().any(|line| line.start == index);
        measure(&mut xml, chart, index, bar, new_line);
    }
    xml.close();
    xml.close();
    writer.write_all(&xml.finish())?;
    writer.flush()?;
    Ok(())
}

fn head(xml: &mut Xml, chart: &Chart) {
    if !chart.title.is_empty() {
        xml.open("work", &[]);
        xml.text("work-title", &chart.title);
        xml.close();
    }
    xml.open("identification", &[]);
    if !chart.composer.is_empty() {
        xml.text_with("creator", &[("type", "composer")], &chart.composer);
    }
    xml.open("encoding", &[]);
    xml.text("software", concat!("Changes ", env!("CARGO_PKG_VERSION")));
    xml.close();
    xml.close();
    xml.open("part-list", &[]);
    xml.open("score-part", &[("id", "P1")]);
    xml.text_with("part-name", &[("print-object", "no")], "Chords");
    xml.open("score-instrument", &[("id", "P1-I1")]);
    xml.text("instrument-name", "Piano");
    xml.close();
    xml.close();
    xml.close();
}

fn measure(xml: &mut Xml, chart: &Chart, index: usize, bar: &Bar, new_line: bool) {
    let before = index.checked_sub(1).map(|before| &chart.bars[before]);
    let number = bar.number.to_string();
    let mut attributes = vec![("number", number.as_str())];
    if bar.number == 0 {
        attributes.push(("implicit", "yes"));
    }
    xml.open("measure", &attributes);
    if new_line {
        xml.empty("print", &[("new-system", "yes")]);
    }
    if bar.repeat_start {
        xml.open("barline", &[("location", "left")]);
        xml.text("bar-style", "heavy-light");
        xml.empty("repeat", &[("direction", "forward")]);
        xml.close();
    }
    signatures(xml, before, bar);
    if let Some(section) = &bar.section {
        xml.open("direction", &[("placement", "above")]);
        xml.open("direction-type", &[]);
        xml.text("rehearsal", section);
        xml.close();
        xml.close();
    }
    if index == 0 {
        tempo(xml, bar, chart.tempo_bpm);
    }
    // A held chord is written again only on a new line.
    let first = &bar.chords[0];
    let goes_on = first.held && before.is_some() && !new_line && bar.section.is_none();
    let pulse = bar.pulse();
    let mut at = 0;
    while at < bar.length {
        let end = (at + pulse).min(bar.length);
        for placed in &bar.chords {
            let starts = (at..end).contains(&placed.offset);
            if starts && !(goes_on && placed.offset == 0) {
                harmony::write(xml, &placed.label, bar.key, placed.offset - at);
            }
        }
        let sounds = bar.chords.iter().rfind(|placed| placed.offset <= at);
        let silent = sounds.is_some_and(|placed| placed.label == Label::NoChord);
        if silent && bar.chords.len() == 1 {
            rest(xml, bar.length, true);
            break;
        } else if silent {
            rest(xml, end - at, false);
        } else {
            slashes(xml, bar, end - at);
        }
        at = end;
    }
    let last = index + 1 == chart.bars.len();
    if bar.repeat_times > 0 {
        xml.open("barline", &[("location", "right")]);
        xml.text("bar-style", "light-heavy");
        let times = bar.repeat_times.to_string();
        xml.empty("repeat", &[("direction", "backward"), ("times", &times)]);
        xml.close();
    } else if last || chart.bars[index + 1].section.is_some() {
        xml.open("barline", &[("location", "right")]);
        xml.text(
            "bar-style",
            if last { "light-heavy" } else { "light-light" },
        );
        xml.close();
    }
    xml.close();
}

/// Key, meter and clef where they are new.
fn signatures(xml: &mut Xml, before: Option<&Bar>, bar: &Bar) {
    let new_key = bar
        .key
        .filter(|_| before.is_none_or(|it| it.key != bar.key));
    let new_meter = before.is_none_or(|before| before.meter != bar.meter);
    if before.is_some() && new_key.is_none() && !new_meter {
        return;
    }
    xml.open("attributes", &[]);
    if before.is_none() {
        xml.text("divisions", &DIVISIONS.to_string());
    }
    if let Some(key) = new_key {
        xml.open("key", &[]);
        xml.text("fifths", &key.signature().clamp(-7, 7).to_string());
        xml.text(
            "mode",
            match key.mode() {
                Mode::Major => "major",
                Mode::Minor => "minor",
            },
        );
        xml.close();
    }
    if new_meter {
        let common = [("symbol", "common")];
        let symbol: &[_] = if bar.meter == crate::time::Meter::COMMON {
            &common
        } else {
            &[]
        };
        xml.open("time", symbol);
        xml.text("beats", &bar.meter.numerator().to_string());
        xml.text("beat-type", &bar.meter.denominator().to_string());
        xml.close();
    }
    if before.is_none() {
        xml.open("clef", &[]);
        xml.text("sign", "G");
        xml.text("line", "2");
        xml.close();
    }
    xml.close();
}

/// The metronome mark, in the note that the meter counts.
fn tempo(xml: &mut Xml, bar: &Bar, quarters: f64) {
    let mark = TempoMark::new(bar.meter, quarters);
    let Some((unit, dotted)) = value((mark.beats * f64::from(DIVISIONS)).round() as u32) else {
        return;
    };
    xml.open("direction", &[("placement", "above")]);
    xml.open("direction-type", &[]);
    xml.open("metronome", &[]);
    xml.text("beat-unit", unit);
    if dotted {
        xml.empty("beat-unit-dot", &[]);
    }
    xml.text("per-minute", &format!("{:.0}", mark.per_minute));
    xml.close();
    xml.close();
    xml.empty("sound", &[("tempo", &format!("{quarters:.3}"))]);
    xml.close();
}

/// Slashes that fill a length: a single one where a note value has that length.
fn slashes(xml: &mut Xml, bar: &Bar, mut length: u32) {
    while length > 0 {
        let mut part = length;
        while value(part).is_none() {
            part -= 1;
        }
        slash(xml, bar, part);
        length -= part;
    }
}

/// A rest, of a note value or of a whole bar.
fn rest(xml: &mut Xml, length: u32, whole_bar: bool) {
    xml.open("note", &[]);
    let measure: &[_] = if whole_bar {
        &[("measure", "yes")]
    } else {
        &[]
    };
    xml.empty("rest", measure);
    xml.text("duration", &length.to_string());
    xml.text("voice", "1");
    if let Some((kind, dotted)) = value(length).filter(|_| !whole_bar) {
        xml.text("type", kind);
        if dotted {
            xml.empty("dot", &[]);
        }
    }
    xml.close();
}

fn slash(xml: &mut Xml, bar: &Bar, length: u32) {
    let Some((kind, dotted)) = value(length) else {
        return;
    };
    // Playback would play each slash as a B: make it almost inaudible.
    xml.open("note", &[("dynamics", "1")]);
    xml.open("pitch", &[]);
    xml.text("step", "B");
    // The B of the key, which needs no accidental.
    match bar.key.map_or(0, Key::signature) {
        ..=-1 => xml.text("alter", "-1"),
        7.. => xml.text("alter", "1"),
        _ => {}
    }
    xml.text("octave", "4");
    xml.close();
    xml.text("duration", &length.to_string());
    xml.text("voice", "1");
    xml.text("type", kind);
    if dotted {
        xml.empty("dot", &[]);
    }
    xml.text("stem", "none");
    xml.text("notehead", "slash");
    xml.close();
}

/// The note value of a length in [`DIVISIONS`], and whether it is dotted.
const fn value(length: u32) -> Option<(&'static str, bool)> {
    Some(match length {
        16 => ("whole", false),
        12 => ("half", true),
        8 => ("half", false),
        6 => ("quarter", true),
        4 => ("quarter", false),
        3 => ("eighth", true),
        2 => ("eighth", false),
        1 => ("16th", false),
        _ => return None,
    })
}
