//! Charts as pictures: a lead sheet with slashes, as SVG and as PDF.
//!
//! `layout` places everything once, in points; [`svg()`] and [`pdf()`] only write down what
//! it placed. The fonts are in the binary (`assets/fonts`): the picture is the same on
//! every machine.

mod draw;
mod font;
mod layout;
mod pdf;
mod svg;
mod symbol;

use super::ExportError;
use crate::chart::Chart;
use crate::style::Style;
use layout::Paper;

/// The chart as one page of SVG, as long as it needs to be.
///
/// Letters are outlines, so that every viewer shows the same; each chord is a group
/// whose `aria-label` is its symbol.
///
/// # Errors
/// A broken font in the program, which its tests rule out.
pub fn svg(chart: &Chart, style: Style) -> Result<String, ExportError> {
    let fonts = font::Fonts::load()?;
    let pages = layout::pages(chart, style, &fonts, Paper::Endless);
    Ok(svg::write(&pages, &fonts))
}

/// The chart on pages of A4 as PDF, its text as text in embedded fonts.
///
/// # Errors
/// A broken font in the program, which its tests rule out.
pub fn pdf(chart: &Chart, style: Style) -> Result<Vec<u8>, ExportError> {
    let fonts = font::Fonts::load()?;
    let pages = layout::pages(chart, style, &fonts, Paper::A4);
    Ok(pdf::write(&pages, &fonts, &chart.title))
}
