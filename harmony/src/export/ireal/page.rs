//! A chart on the pages of iReal Pro: twelve lines of sixteen cells.
//!
//! A bar has a cell for each of its beats (each eighth, where chords change between beats), and
//! as many empty ones behind them as make 1, 2, 4, 8 or 16, so that bars stand below each other.
//! A chart that is longer than a page has half as many cells in the bars whose chords allow it;
//! one that is too long even then is several pages.

use super::symbol;
use crate::chart::{Bar, Chart, DIVISIONS};

/// The cells of a page.
const PAGE_CELLS: usize = 16 * 12;

/// Part of a chart that fits a page.
#[derive(Debug)]
pub(super) struct Page {
    /// The part.
    pub(super) chart: Chart,
    /// Whether its bars are written with half as many cells where they can.
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

/// Where the page that starts with a bar ends: where a section or a repeated passage starts, or a
/// line, as late as there is room, but in no repeated passage.
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
    // A page is not left half empty for the sake of a section.
    let wanted = if good - from >= (end - from) / 2 {
        good
    } else {
        any
    };
    // A bar alone always fits, and so does a repeated passage, or it would have been written out.
    if wanted > from {
        wanted
    } else {
        end.max(from + 1)
    }
}

/// The bars with the repeated passages written out that no page has room for.
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

    /// A bar as text. Chords in neighbouring cells need a sign between them.
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
        let unit = unit(bar);
        let full = (bar.metre.bar_beats() * f64::from(DIVISIONS)).round() as u32;
        let in_metre = full.div_ceil(unit).max(1) as usize;
        let count = bar.length.div_ceil(unit).max(1) as usize;
        let width = in_metre.max(count).next_power_of_two();
        let mut cells = vec![String::new(); width];
        if self.chart.is_simile(index) {
            let middle = usize::from(width > 2);
            cells[middle] = "x".to_owned();
        } else {
            // A pickup is the end of a bar.
            let first = if bar.number == 0 {
                in_metre.saturating_sub(count)
            } else {
                0
            };
            for placed in &bar.chords {
                let cell = &mut cells[first + (placed.offset / unit) as usize];
                // More within a cell than it holds: the first is heard.
                if cell.is_empty() {
                    *cell = symbol(&placed.label, bar.key);
                }
            }
        }
        if self.dense {
            halved(cells, in_metre == width)
        } else {
            cells
        }
    }
}

/// What a cell stands for, in [`DIVISIONS`]: a beat, or an eighth, or a sixteenth.
fn unit(bar: &Bar) -> u32 {
    let pulse = bar.pulse();
    [pulse, DIVISIONS / 2]
        .into_iter()
        .find(|unit| bar.chords.iter().all(|placed| placed.offset % unit == 0))
        .unwrap_or(1)
}

/// Half as many cells, where the chords stand on every second one; in a bar that has empty ones
/// behind its beats, where one chord fills it.
fn halved(cells: Vec<String>, even: bool) -> Vec<String> {
    let width = cells.len();
    if width < 2 {
        return cells;
    }
    let alone = cells.iter().filter(|cell| !cell.is_empty()).count() == 1;
    let filled = |place: &usize| !cells[*place].is_empty();
    if alone && (!cells[0].is_empty() || cells.iter().any(|cell| cell == "x")) {
        let mut half = vec![String::new(); width / 2];
        half[0] = cells
            .into_iter()
            .find(|cell| !cell.is_empty())
            .unwrap_or_default();
        return half;
    }
    if even && width > 2 && !(0..width).skip(1).step_by(2).any(|place| filled(&place)) {
        return cells.into_iter().step_by(2).collect();
    }
    cells
}
