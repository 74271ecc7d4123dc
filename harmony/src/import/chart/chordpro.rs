//! ChordPro: grids of bars, lines of bracketed chords between barlines, and chords above lyrics.
//!
//! If a song has bars anywhere, its chords above lyrics without bars are skipped: they repeat the
//! same chords. `{chorus}` repeats the last chorus.

use super::cells::{Rows, chords_of, count_of_chords};
use super::unfold::unfolded;
use super::{ChartError, WrittenChart, line_of};

/// Whether a text is ChordPro: a directive, or chords in brackets between other text.
pub(super) fn is_chordpro(text: &str) -> bool {
    text.lines().map(str::trim).any(|line| {
        let named = directive(line).is_some_and(|(name, _)| !name.is_empty());
        // Brackets around a whole line are a section's name.
        let alone = line.starts_with('[') && line.ends_with(']') && line.matches('[').count() == 1;
        named || !alone && bracketed(line).iter().any(Option::is_some) && !section_row(line)
    })
}

/// Whether a line is `[A] | Am | F |`: a section's name that could be a chord, before bars.
fn section_row(line: &str) -> bool {
    let behind = line.split_once(']').map(|(_, behind)| behind.trim_start());
    line.starts_with('[') && behind.is_some_and(|it| it.starts_with('|') && !it.contains('['))
}

/// `{name: value}` or `{name}`.
fn directive(line: &str) -> Option<(String, &str)> {
    let inner = line.trim().strip_prefix('{')?.strip_suffix('}')?;
    let end = inner
        .find(|c: char| c == ':' || c.is_whitespace())
        .unwrap_or(inner.len());
    let (name, value) = inner.split_at(end);
    let value = value.trim_start_matches([':', ' ', '\t']).trim();
    Some((name.trim().to_ascii_lowercase(), value))
}

/// The bracketed chords of a line; `None` for brackets without a chord.
fn bracketed(line: &str) -> Vec<Option<Vec<crate::label::Label>>> {
    let mut found = Vec::new();
    let mut rest = line;
    while let Some((_, after)) = rest.split_once('[') {
        let Some((inner, behind)) = after.split_once(']') else {
            break;
        };
        // `[*Coda]` is a remark.
        found.push(chords_of(inner).filter(|_| !inner.starts_with('*')));
        rest = behind;
    }
    found
}

/// The label of a directive: its attribute `label="Verse 1"`, or the whole value.
fn label_of(value: &str) -> Option<String> {
    let inner = match value.split_once("label=\"") {
        Some((_, rest)) => rest.split('"').next().unwrap_or_default(),
        None if value.contains('=') => return None,
        None => value,
    };
    let inner = line_of(inner);
    // The shape of a grid is not a label.
    let is_shape = inner
        .chars()
        .all(|c| c.is_ascii_digit() || matches!(c, 'x' | '+'));
    (!inner.is_empty() && !is_shape).then_some(inner)
}

pub(super) fn parse(text: &str) -> Result<WrittenChart, ChartError> {
    let mut chart = WrittenChart {
        in_bars: true,
        ..WrittenChart::default()
    };
    let mut rows = Rows::default();
    let mut in_grid = false;
    let mut in_tab = false;
    // The bars of the last chorus: start, and end if it has ended.
    let mut chorus: Option<(usize, Option<usize>)> = None;
    for (index, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.starts_with('#') {
            continue;
        }
        if let Some((name, value)) = directive(line) {
            match name.as_str() {
                "title" | "t" => chart.title = line_of(value),
                "composer" | "artist" | "subtitle" | "st" if chart.composer.is_empty() => {
                    chart.composer = line_of(value);
                }
                "key" => chart.key = chart.key.or_else(|| value.parse().ok()),
                "time" => rows.meter = value.parse().unwrap_or(rows.meter),
                "tempo" => chart.tempo_bpm = value.parse().ok(),
                "start_of_grid" | "sog" => {
                    in_grid = true;
                    rows.section = label_of(value).or(rows.section.take());
                }
                "end_of_grid" | "eog" => in_grid = false,
                "start_of_tab" | "sot" => in_tab = true,
                "end_of_tab" | "eot" => in_tab = false,
                "start_of_chorus" | "soc" => {
                    rows.section = label_of(value).or(Some("Chorus".to_owned()));
                    chorus = Some((rows.bars.len(), None));
                }
                "end_of_chorus" | "eoc" => {
                    if let Some((_, end)) = &mut chorus {
                        *end = Some(rows.bars.len());
                    }
                }
                "chorus" => {
                    if let Some((from, Some(to))) = chorus
                        && rows.bars.len() + (to - from) <= super::MAX_CHART_BARS
                    {
                        let again = rows.bars[from..to].to_vec();
                        rows.bars.extend(again);
                    }
                }
                "comment" | "c" | "ci" | "comment_italic" | "cb" | "comment_box" => {
                    rows.section = Some(line_of(value)).filter(|it| !it.is_empty());
                }
                other => {
                    if let Some(part) = other.strip_prefix("start_of_") {
                        let named = label_of(value).unwrap_or_else(|| capital(part));
                        rows.section = Some(named);
                    }
                }
            }
            continue;
        }
        if in_tab || line.is_empty() {
            continue;
        }
        let barred = in_grid || line.contains('|');
        if barred {
            let plain = if in_grid {
                line.to_owned()
            } else {
                cells(line)
            };
            let (fitting, all) = count_of_chords(&plain);
            if in_grid || fitting > 0 && fitting * 2 > all {
                // The margins of a grid hold words.
                let row = without_margins(&plain);
                rows.read(row).map_err(|token| ChartError::NotAChord {
                    line: index + 1,
                    token: token.chars().take(40).collect(),
                })?;
                continue;
            }
        }
        for label in bracketed(line).into_iter().flatten().flatten() {
            rows.push_unmeasured(label);
        }
    }
    if rows.bars.iter().any(|it| it.bar.measured) {
        rows.bars.retain(|it| it.bar.measured);
    }
    chart.bars = unfolded(&rows.bars)?;
    Ok(chart)
}

/// `[Am]/ / [F]/ / ` as cells: a bracketed chord takes the beat of the slash after it.
fn cells(line: &str) -> String {
    let mut text = String::with_capacity(line.len() + 16);
    let mut rest = line;
    while let Some((before, after)) = rest.split_once('[') {
        text += before;
        let Some((inner, behind)) = after.split_once(']') else {
            break;
        };
        text.push(' ');
        text += inner;
        text.push(' ');
        rest = behind.strip_prefix('/').unwrap_or(behind);
    }
    text + rest
}

/// A row from its first barline on, without the dot of the end sign.
fn without_margins(row: &str) -> &str {
    let from = row.find('|').map_or(row, |at| &row[at..]);
    match from.strip_suffix("|.") {
        Some(_) => &from[..from.len() - 1],
        None => from,
    }
}

fn capital(word: &str) -> String {
    let mut letters = word.chars();
    match letters.next() {
        Some(first) => first.to_uppercase().chain(letters).take(60).collect(),
        None => String::new(),
    }
}
