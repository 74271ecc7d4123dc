//! Bars in plain text, as people type them and as [`crate::export::text`] writes them.
//!
//! ```text
//! Song
//! C major | 4/4 | 120 bpm
//!
//! [Verse]
//! |: Am | F C | G | % :| x2
//! Chorus:
//! F | G | Am . . G | N.C.
//! ```
//!
//! Without any barline, rows of nothing but chords are read, each chord with an unknown length.

use super::cells::{Rows, chords_of, count_of_chords};
use super::unfold::unfolded;
use super::{ChartError, WrittenChart, line_of};
use crate::time::Meter;

pub(super) fn parse(text: &str) -> Result<WrittenChart, ChartError> {
    let mut chart = WrittenChart {
        in_bars: true,
        ..WrittenChart::default()
    };
    let mut rows = Rows::default();
    let barred = text.lines().any(|line| is_row(section_and_row(line).1));
    for (index, line) in text.lines().enumerate() {
        let line = line.trim();
        let (section, row) = section_and_row(line);
        if let Some(section) = section {
            rows.section = Some(line_of(section));
        }
        if row.is_empty() {
            continue;
        }
        if is_row(row) {
            rows.read(row).map_err(|token| ChartError::NotAChord {
                line: index + 1,
                token: token.chars().take(40).collect(),
            })?;
        } else if !barred && is_chords(row) {
            loose(row, &mut rows);
        } else if section.is_none() {
            head(line, &mut chart, &mut rows);
        }
    }
    chart.bars = unfolded(&rows.bars)?;
    Ok(chart)
}

/// A section and the row after it: `[Verse] | Am |`, `Verse: | Am |`, `[Verse]`, `Verse:`.
fn section_and_row(line: &str) -> (Option<&str>, &str) {
    let line = line.trim();
    if let Some(rest) = line.strip_prefix('[')
        && let Some((name, row)) = rest.split_once(']')
        && (row.trim().is_empty() || row.trim_start().starts_with('|'))
    {
        return (Some(name), row.trim());
    }
    let before = line.split('|').next().unwrap_or_default();
    let row = &line[before.len()..];
    if let Some(name) = before.trim_end().strip_suffix(':').map(str::trim)
        && !name.is_empty()
    {
        // `Am :|` ends a repeat; `A: | Am |` names a section that could also be a chord.
        let is_chord = name
            .split_whitespace()
            .all(|word| chords_of(word).is_some());
        if row.is_empty() || !is_chord || before.ends_with(char::is_whitespace) {
            return (Some(name), row);
        }
    }
    (None, line)
}

/// Whether a line is a row of bars: most words between its barlines are chords.
fn is_row(line: &str) -> bool {
    if !line.contains('|') {
        return false;
    }
    let (fitting, all) = count_of_chords(line);
    fitting > 0 && fitting * 2 > all
}

/// Whether a line without barlines has nothing but chords.
fn is_chords(line: &str) -> bool {
    line.split_whitespace()
        .all(|word| chords_of(word).is_some())
}

/// Chords without bars.
fn loose(line: &str, rows: &mut Rows) {
    for label in line.split_whitespace().filter_map(chords_of).flatten() {
        rows.push_unmeasured(label);
    }
}

/// Reads a line above the bars: the title, then the composer; key, meter and tempo.
fn head(line: &str, chart: &mut WrittenChart, rows: &mut Rows) {
    let mut facts = false;
    for part in line.split(['|', ',', ';']).map(str::trim) {
        let plain = part
            .trim_start_matches("Key:")
            .trim_start_matches("Time:")
            .trim_start_matches("Tempo:")
            .trim();
        if let Ok(meter) = plain.parse::<Meter>() {
            rows.meter = meter;
            facts = true;
        } else if let Ok(key) = plain.parse() {
            chart.key = chart.key.or(Some(key));
            facts = true;
        } else if let Some(bpm) = bpm(plain) {
            chart.tempo_bpm = Some(bpm);
            facts = true;
        }
    }
    if facts || !rows.bars.is_empty() {
        return;
    }
    if chart.title.is_empty() {
        chart.title = line_of(line);
    } else if chart.composer.is_empty() {
        chart.composer = line_of(line);
    }
}

/// `120 bpm` or `dotted quarter = 60`, in quarter notes a minute.
fn bpm(text: &str) -> Option<f64> {
    if let Some(number) = text.strip_suffix("bpm") {
        return number.trim().parse().ok();
    }
    let (note, number) = text.split_once('=')?;
    let number: f64 = number.trim().parse().ok()?;
    let note: crate::time::NoteValue = note.trim().parse().ok()?;
    Some(number * note.beats())
}
