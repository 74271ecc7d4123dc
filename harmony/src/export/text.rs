//! A chart in plain text, for notes, chats and terminals.
//!
//! ```text
//! Town Theme
//! C major | 4/4 | 120 bpm
//!
//! [A]
//! |: Am         | F     G    | C          | %          :| 3x
//! ```

use std::io;

use super::{ExportError, Notation};
use crate::chart::Chart;
use crate::key::{Key, Mode};
use crate::note_names::NoteNames;

/// Narrower bars are widened to this, in characters.
const MIN_WIDTH: usize = 8;

/// Writes the chart, with one column for each beat of a bar.
///
/// # Errors
/// An error of the writer.
pub fn write(
    mut writer: impl io::Write,
    chart: &Chart,
    notation: Notation,
) -> Result<(), ExportError> {
    if !chart.title.is_empty() {
        writeln!(writer, "{}", chart.title)?;
    }
    if !chart.composer.is_empty() {
        writeln!(writer, "{}", chart.composer)?;
    }
    writeln!(writer, "{}", about(chart, notation.names))?;
    let texts: Vec<String> = (0..chart.bars.len())
        .map(|index| bar_text(chart, index, notation))
        .collect();
    let width = texts.iter().map(|text| text.chars().count()).max();
    let width = width.unwrap_or(0).max(MIN_WIDTH);
    for (number, line) in chart.lines().into_iter().enumerate() {
        if let Some(section) = chart.section_of(&line) {
            writeln!(writer, "\n[{section}]")?;
        } else if number == 0 {
            writeln!(writer)?;
        }
        let mut text = String::new();
        for index in line.clone() {
            text += opening(chart, index, index == line.start);
            text += &format!(" {:<width$} ", texts[index]);
        }
        writeln!(writer, "{text}{}", closing(chart, line.end - 1))?;
    }
    writer.flush()?;
    Ok(())
}

/// The barline before a bar; within a line it also marks what ends there.
pub(crate) fn opening(chart: &Chart, index: usize, starts_line: bool) -> &'static str {
    let ends = !starts_line && index > 0 && chart.bars[index - 1].repeat_times > 0;
    match (ends, chart.bars[index].repeat_start) {
        (true, true) => ":|:",
        (true, false) => ":|",
        (false, true) => "|:",
        (false, false) => "|",
    }
}

/// The barline after the last bar of a line, and how often a passage is played.
fn closing(chart: &Chart, index: usize) -> String {
    match chart.bars[index].repeat_times {
        0 => "|".to_owned(),
        2 => ":|".to_owned(),
        times => format!(":| {times}x"),
    }
}

/// `C major | 4/4 | 120 bpm`, or `C major | 6/8 | dotted quarter = 60`.
fn about(chart: &Chart, names: NoteNames) -> String {
    let key = chart
        .key()
        .map(|key| format!("{} | ", key_name(key, names)));
    format!(
        "{}{} | {}",
        key.unwrap_or_default(),
        chart.meter(),
        chart.tempo_mark().text()
    )
}

/// `Bb minor`.
pub(crate) fn key_name(key: Key, names: NoteNames) -> String {
    let mode = match key.mode() {
        Mode::Major => "major",
        Mode::Minor => "minor",
    };
    format!("{} {mode}", names.name_of(key.tonic()))
}

/// The chords of a bar, with a `.` for each beat between two chords that has no change.
fn bar_text(chart: &Chart, index: usize, notation: Notation) -> String {
    if chart.is_simile(index) {
        return "%".to_owned();
    }
    let bar = &chart.bars[index];
    let mut text = String::new();
    for (place, placed) in bar.chords.iter().enumerate() {
        if place > 0 {
            text.push(' ');
        }
        text += &notation.format(&placed.label, bar.key);
        if place + 1 < bar.chords.len() {
            let beats = placed.length / bar.pulse();
            text += &" .".repeat(beats.saturating_sub(1) as usize);
        }
    }
    text
}
