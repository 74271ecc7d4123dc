//! ChordPro 6: the chart as a grid of bars, or as a line of bracketed chords for each
//! line of the chart.
//!
//! ```text
//! {title: Town Theme}
//! {key: Am}
//! {time: 4/4}
//! {tempo: 120}
//!
//! {start_of_grid: label="A" shape="0+4x4+1"}
//! |: Am . . . | F . G . | C . . . | % . . . :| 3x
//! {end_of_grid}
//! ```
//!
//! The key directive keeps the English name, as ChordPro requires.

use std::io;
use std::ops::Range;

use super::ExportError;
use super::diagrams::diagrams;
use super::text::opening;
use crate::chart::{Bar, Chart, Placed};
use crate::key::Mode;
use crate::label::Label;
use crate::note_names::NoteNames;
use crate::style::Style;
use crate::voicing::Instrument;

/// Writes the chart as grids, one per section.
///
/// # Errors
/// An error of the writer.
pub fn write(
    mut writer: impl io::Write,
    chart: &Chart,
    names: NoteNames,
    strings: Option<&Instrument>,
) -> Result<(), ExportError> {
    head(&mut writer, chart)?;
    define(&mut writer, chart, names, strings)?;
    let mut before: Option<&Bar> = None;
    for grid in grids(chart)? {
        let Some(first) = grid.first().and_then(|line| chart.bars.get(line.start)) else {
            continue;
        };
        changes(&mut writer, before, first)?;
        let label = match attribute(chart.section_of(&grid[0]).unwrap_or_default()) {
            label if label.is_empty() => String::new(),
            label => format!("label=\"{label}\" "),
        };
        let shape = shape(chart, &grid);
        writeln!(writer, "\n{{start_of_grid: {label}shape=\"{shape}\"}}")?;
        for line in &grid {
            let mut text = String::new();
            for index in line.clone() {
                let mut cells = cells(&chart.bars[index], names);
                if chart.is_simile(index) {
                    cells[0] = "%".to_owned();
                }
                let barline = opening(chart, index, index == line.start);
                text += &format!("{barline} {} ", cells.join(" "));
            }
            writeln!(writer, "{text}{}", closing(chart, line.end - 1))?;
            before = chart.bars[line.clone()].last();
        }
        writeln!(writer, "{{end_of_grid}}")?;
    }
    writer.flush()?;
    Ok(())
}

/// The lines of each grid: a new one where a section starts, or key or meter change between
/// two lines.
fn grids(chart: &Chart) -> Result<Vec<Vec<Range<usize>>>, ExportError> {
    let mut grids: Vec<Vec<Range<usize>>> = Vec::new();
    let mut before: Option<&Bar> = None;
    for line in chart.lines() {
        let bars = &chart.bars[line.clone()];
        let Some(first) = bars.first() else { continue };
        let changed = changes(&mut Vec::new(), before, first)?;
        before = bars.last();
        let starts = chart.section_of(&line).is_some() || changed;
        match grids.last_mut().filter(|_| !starts) {
            Some(grid) => grid.push(line),
            None => grids.push(vec![line]),
        }
    }
    Ok(grids)
}

/// The shape of a grid, `measures x beats`: wide enough for its longest line, with a right margin
/// where the number of times of a passage is written. Readers drop cells that do not fit.
fn shape(chart: &Chart, lines: &[Range<usize>]) -> String {
    let count = |index: usize| cells(&chart.bars[index], NoteNames::English).len();
    let beats = lines.iter().flat_map(|line| line.clone().map(count)).max();
    let longest = lines.iter().map(|line| line.clone().map(count).sum()).max();
    let (beats, longest): (usize, usize) = (beats.unwrap_or(1), longest.unwrap_or(1));
    let measures = longest.div_ceil(beats).max(chart.bars_per_line);
    let counted = |line: &Range<usize>| chart.bars[line.end - 1].repeat_times > 2;
    match lines.iter().any(counted) {
        true => format!("0+{measures}x{beats}+1"),
        false => format!("{measures}x{beats}"),
    }
}

/// Writes the chart as lines of chords in brackets between barlines.
///
/// # Errors
/// An error of the writer.
pub fn write_inline(
    mut writer: impl io::Write,
    chart: &Chart,
    names: NoteNames,
    strings: Option<&Instrument>,
) -> Result<(), ExportError> {
    head(&mut writer, chart)?;
    define(&mut writer, chart, names, strings)?;
    let mut before: Option<&Bar> = None;
    for line in chart.lines() {
        let Some(first) = chart.bars.get(line.start) else {
            continue;
        };
        changes(&mut writer, before, first)?;
        if let Some(section) = chart.section_of(&line) {
            writeln!(writer, "\n{{comment: {}}}", comment(section))?;
        } else if before.is_none() {
            writeln!(writer)?;
        }
        let mut text = String::new();
        for index in line.clone() {
            let bar = &chart.bars[index];
            text += opening(chart, index, index == line.start);
            text.push(' ');
            for placed in &bar.chords {
                // A slash per beat shows where the chords sound.
                let beats = (placed.length / bar.pulse()).max(1) as usize;
                text += &format!("[{}]{}", symbol(placed, bar, names), "/ ".repeat(beats));
            }
        }
        writeln!(writer, "{text}{}", closing(chart, line.end - 1))?;
        before = chart.bars[line].last();
    }
    writer.flush()?;
    Ok(())
}

/// The barline after the last bar of a line, and how often a passage is played if not twice.
fn closing(chart: &Chart, index: usize) -> String {
    match chart.bars[index].repeat_times {
        0 if index + 1 == chart.bars.len() => "|.".to_owned(),
        0 => "|".to_owned(),
        2 => ":|".to_owned(),
        times => format!(":| {times}x"),
    }
}

fn head(writer: &mut impl io::Write, chart: &Chart) -> Result<(), ExportError> {
    let title = match argument(&chart.title) {
        title if title.is_empty() => "Chords".to_owned(),
        title => title,
    };
    writeln!(writer, "{{title: {title}}}")?;
    if !chart.composer.is_empty() {
        writeln!(writer, "{{composer: {}}}", argument(&chart.composer))?;
    }
    // In the beats that the grid counts, as on a metronome.
    let tempo = chart.tempo_mark().per_minute;
    writeln!(writer, "{{tempo: {tempo:.0}}}")?;
    Ok(())
}

/// Writes how each chord is held on an instrument: `{define: Am base-fret 1 frets x 0 2 2 1 0}`.
fn define(
    writer: &mut impl io::Write,
    chart: &Chart,
    names: NoteNames,
    strings: Option<&Instrument>,
) -> Result<(), ExportError> {
    for diagram in strings.map_or_else(Vec::new, |strings| diagrams(chart, strings)) {
        let first = diagram.first_fret();
        let label = diagram.chord.clone().into();
        let name = names.format(&label, Style::Plain, diagram.key.as_ref());
        let frets = diagram.held.frets.iter().map(|fret| match fret {
            None => "x".to_owned(),
            Some(0) => "0".to_owned(),
            Some(fret) => (fret - first + 1).to_string(),
        });
        let frets = frets.collect::<Vec<_>>().join(" ");
        writeln!(writer, "{{define: {name} base-fret {first} frets {frets}}}")?;
    }
    Ok(())
}

/// Writes key and time where they differ from the bar before; returns whether they do.
fn changes(
    writer: &mut impl io::Write,
    before: Option<&Bar>,
    bar: &Bar,
) -> Result<bool, ExportError> {
    let mut changed = false;
    if let Some(key) = bar
        .key
        .filter(|_| before.is_none_or(|it| it.key != bar.key))
    {
        let minor = if key.mode() == Mode::Minor { "m" } else { "" };
        writeln!(writer, "{{key: {}{minor}}}", key.tonic())?;
        changed = true;
    }
    if before.is_none_or(|before| before.meter != bar.meter) {
        writeln!(writer, "{{time: {}}}", bar.meter)?;
        changed = true;
    }
    Ok(changed)
}

/// A cell for each pulse of a bar: chords that start within it joined by `~`, `.` where
/// none does.
fn cells(bar: &Bar, names: NoteNames) -> Vec<String> {
    let pulse = bar.pulse();
    let count = bar.length.div_ceil(pulse).max(1);
    let mut cells = vec![String::new(); count as usize];
    for placed in &bar.chords {
        let cell = &mut cells[(placed.offset / pulse) as usize];
        if !cell.is_empty() {
            cell.push('~');
        }
        *cell += &symbol(placed, bar, names);
    }
    for cell in &mut cells {
        if cell.is_empty() {
            cell.push('.');
        }
    }
    cells
}

fn symbol(placed: &Placed, bar: &Bar, names: NoteNames) -> String {
    match &placed.label {
        Label::NoChord => "NC".to_owned(),
        // An unknown chord: `*` marks text that is not a chord.
        Label::Unknown => "*?".to_owned(),
        chord => names.format(chord, Style::Plain, bar.key.as_ref()),
    }
}

/// A text for a directive, its braces replaced: ChordPro cannot escape them.
fn argument(text: &str) -> String {
    let round = |c| match c {
        '{' => '(',
        '}' => ')',
        other => other,
    };
    text.chars()
        .map(round)
        .collect::<String>()
        .trim()
        .to_owned()
}

/// As [`argument`], with brackets replaced too, so that none is taken for a chord.
fn comment(text: &str) -> String {
    argument(text).replace('[', "(").replace(']', ")")
}

/// As [`comment`], with quotes and backslashes replaced too, for a quoted attribute.
fn attribute(text: &str) -> String {
    comment(text).replace('"', "'").replace('\\', "/")
}
