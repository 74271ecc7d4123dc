//! Charts as pictures: a lead sheet with slashes, as SVG and as PDF.
//!
//! `layout` positions everything once, in points; [`svg()`] and [`pdf()`] only write the result.
//! The fonts for Latin, Greek and Cyrillic letters are in the binary (`assets/fonts`), so the
//! picture is the same on every machine. Titles in other scripts are drawn with the fonts of the
//! system.

mod diagram;
mod draw;
mod font;
mod head;
mod layout;
mod pdf;
mod search;
mod shape;
mod svg;
mod symbol;

use super::{ExportError, Notation};
use crate::chart::Chart;
use crate::voicing::Instrument;
use font::{Face, Fonts};
use layout::Paper;

pub use search::FontSearch;

/// The chart as one page of SVG, as long as it needs to be.
///
/// Below it is a diagram of each chord on an instrument, if one is named. Letters are outlines, so
/// that every viewer shows the same; each chord is a group whose `aria-label` is its symbol.
/// Letters that the built-in fonts lack come from `search`.
///
/// # Errors
/// A broken built-in font, which the tests rule out.
pub fn svg(
    chart: &Chart,
    notation: Notation,
    strings: Option<&Instrument>,
    search: &FontSearch,
) -> Result<String, ExportError> {
    let fonts = fonts(chart, search)?;
    let pages = layout::pages(chart, notation, strings, &fonts, Paper::Endless);
    Ok(svg::write(&pages, &fonts, &chart.title))
}

/// The chart on A4 pages as PDF, its text as text, with font subsets embedded. Letters that the
/// built-in fonts lack come from `search`.
///
/// # Errors
/// A broken built-in font, which the tests rule out.
pub fn pdf(
    chart: &Chart,
    notation: Notation,
    strings: Option<&Instrument>,
    search: &FontSearch,
) -> Result<Vec<u8>, ExportError> {
    let fonts = fonts(chart, search)?;
    let pages = layout::pages(chart, notation, strings, &fonts, Paper::A4);
    pdf::write(&pages, &fonts, chart)
}

/// The characters of the chart's texts that no font has: they are drawn as question marks.
///
/// # Errors
/// As [`svg()`].
pub fn undrawable(chart: &Chart, search: &FontSearch) -> Result<Vec<char>, ExportError> {
    Ok(fonts(chart, search)?.missing().iter().copied().collect())
}

/// The fonts that the texts of a chart need.
fn fonts(chart: &Chart, search: &FontSearch) -> Result<Fonts, ExportError> {
    let mut fonts = Fonts::load()?;
    let sections = chart.bars.iter().filter_map(|bar| bar.section.as_deref());
    let sections = sections.map(|section| (Face::Bold, section));
    let head = [
        (Face::Bold, chart.title.as_str()),
        (Face::Regular, &chart.composer),
    ];
    // The foot of the pages repeats the title.
    let foot = [(Face::Regular, chart.title.as_str())];
    fonts.search(head.into_iter().chain(foot).chain(sections), search);
    Ok(fonts)
}
