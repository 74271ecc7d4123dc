//! Layout of a chart on iReal Pro's pages: twelve lines of sixteen cells.
//!
//! A bar has a cell for each beat; a chord that starts within a beat goes into its cell, or into
//! the next free one (if none is free, the bar has a cell for each eighth). A bar with one chord is
//! padded with empty cells to 1, 2, 4, 8 or 16, so that bars line up; in other bars the cells are
//! the beats, for readers that count them. In a chart longer than a page, bars whose chords allow
//! it have half as many cells; one that is still too long is split into several pages.

use super::symbol;
use crate::chart::{Bar, Chart, DIVISIONS};

/// The cells of a page.
const PAGE_CELLS: usize = 16 * 12;

/// Part of a chart that fits a page.
#[derive(Debug)]
pub(super) struct Page {
    /// The part.
    pub(super) chart: Chart,
    /// Whether its bars have half as many cells where possible.
    dense: bool,
}

/// The pages of a chart; at least one.
pub(super) fn pages(chart: &Chart) -> Vec<Page> {
    for dense in [false, true] {
        let page = Page {
            chart: chart.clone(),
            dense,
        };
        if page.count() <= PAGE_CELLS {
            return vec![page];
        }
    }
    let bars = unfolded(chart);
    let mut pages = Vec::new();
    let mut from = 0;
    while from < bars.len() {
        let to = page_end(chart, &bars, from);
        pages.push(part(chart, &bars[from..to]));
        from = to;
    }
    pages
}

fn part(chart: &Chart, bars: &[Bar]) -> Page {
    Page {
        chart: Chart {
            bars: bars.to_vec(),
            title: chart.title.clone(),
            composer: chart.composer.clone(),
            ..*chart
        },
        dense: true,
    }
}

/// The end of the page that starts with bar `from`: the last start of a section, a repeated passage
/// or a line for which there is room, but never within a repeated passage.
fn page_end(chart: &Chart, bars: &[Bar], from: usize) -> usize {
    let whole = part(chart, &bars[from..]);
    let mut room = PAGE_CELLS;
    let mut end = from;
    let (mut any, mut good) = (from, from);
    let mut within_repeat = false;
    while end < bars.len() {
        let Some(left) = room.checked_sub(whole.cells(end - from).len()) else {
            break;
        };
        room = left;
        within_repeat |= bars[end].repeat_start;
        within_repeat &= bars[end].repeat_times == 0;
        end += 1;
        if !within_repeat {
            any = end;
            let next = bars.get(end);
            if next.is_none_or(|next| next.section.is_some() || next.repeat_start) {
                good = end;
            }
        }
    }
    // Do not leave half a page empty to start a section on a new one.
    let wanted = if good - from >= (end - from) / 2 {
        good
    } else {
        any
    };
    // A single bar always fits, and so does a repeated passage, or it would have been written out.
    if wanted > from {
        wanted
    } else {
        end.max(from + 1)
    }
}

/// The bars, with repeated passages that do not fit on a page written out.
fn unfolded(chart: &Chart) -> Vec<Bar> {
    let whole = part(chart, &chart.bars);
    let mut bars = Vec::with_capacity(chart.bars.len());
    let mut index = 0;
    while index < chart.bars.len() {
        let passage = &chart.bars[index..];
        let length = match passage[0].repeat_start {
            true => passage.iter().position(|bar| bar.repeat_times > 0),
            false => None,
        };
        let Some(length) = length.map(|last| last + 1) else {
            bars.push(passage[0].clone());
            index += 1;
            continue;
        };
        let cells: usize = (index..index + length)
            .map(|bar| whole.cells(bar).len())
            .sum();
        let times = passage[length - 1].repeat_times.max(1);
        if cells <= PAGE_CELLS {
            bars.extend_from_slice(&passage[..length]);
        } else {
            for _ in 0..times {
                let start = bars.len();
                bars.extend_from_slice(&passage[..length]);
                bars[start].repeat_start = false;
                if let Some(last) = bars.last_mut() {
                    last.repeat_times = 0;
                }
            }
        }
        index += length;
    }
    bars
}

impl Page {
    fn count(&self) -> usize {
        (0..self.chart.bars.len())
            .map(|index| self.cells(index).len())
            .sum()
    }

    /// A bar as text. Chords in neighbouring cells need a separator.
    pub(super) fn bar(&self, index: usize) -> String {
        let cells = self.cells(index);
        let mut text = String::new();
        for (place, cell) in cells.iter().enumerate() {
            text += match cell.as_str() {
                "" => " ",
                cell => cell,
            };
            if !cell.is_empty() && cells.get(place + 1).is_some_and(|next| !next.is_empty()) {
                text.push(',');
            }
        }
        text
    }

    /// The cells of a bar.
    fn cells(&self, index: usize) -> Vec<String> {
        let bar = &self.chart.bars[index];
        let pulse = bar.pulse();
        let full = (bar.meter.bar_beats() * f64::from(DIVISIONS)).round() as u32;
        let beats = full.max(bar.length).div_ceil(pulse).max(1) as usize;
        let mut cells = if self.chart.is_simile(index) {
            let mut cells = vec![String::new(); beats];
            let middle = usize::from(beats > 2);
            cells[middle] = "x".to_owned();
            cells
        } else {
            let finer = [pulse, DIVISIONS / 2, 1];
            let placed = finer.into_iter().find_map(|unit| placed(bar, full, unit));
            placed.unwrap_or_else(|| vec![String::new(); beats])
        };
        let alone = cells.iter().filter(|cell| !cell.is_empty()).count() == 1;
        if alone {
            cells.resize(cells.len().next_power_of_two(), String::new());
        }
        if self.dense { halved(cells) } else { cells }
    }
}

/// The chords of a bar in cells of `unit` [`DIVISIONS`], `full` being the meter's length; `None` if
/// there are too few cells.
fn placed(bar: &Bar, full: u32, unit: u32) -> Option<Vec<String>> {
    let in_meter = full.div_ceil(unit).max(1) as usize;
    let count = bar.length.div_ceil(unit).max(1) as usize;
    let mut cells = vec![String::new(); in_meter.max(count)];
    // A pickup is the end of a bar.
    let first = if bar.number == 0 {
        in_meter.saturating_sub(count)
    } else {
        0
    };
    for placed in &bar.chords {
        let from = first + (placed.offset / unit) as usize;
        let free = cells.iter_mut().skip(from).find(|cell| cell.is_empty())?;
        *free = symbol(&placed.label, bar.key);
    }
    Some(cells)
}

/// Half as many cells, where one chord fills the bar or the chords are in even cells.
fn halved(mut cells: Vec<String>) -> Vec<String> {
    let width = cells.len();
    let mut filled = cells
        .iter()
        .enumerate()
        .filter(|(_, cell)| !cell.is_empty());
    let (first, second) = (filled.next().map(|(place, _)| place), filled.next());
    match (first, second) {
        // The sign for a repeated bar goes in the middle.
        (Some(place), None) if width > 1 && (place == 0 || cells[place] == "x") => {
            cells.swap(0, place);
            cells.truncate(width / 2);
            cells
        }
        (Some(_), Some(_)) if width.is_power_of_two() && width > 2 => {
            let odd = cells.iter().skip(1).step_by(2);
            if odd.clone().any(|cell| !cell.is_empty()) {
                return cells;
            }
            cells.into_iter().step_by(2).collect()
        }
        _ => cells,
    }
}
