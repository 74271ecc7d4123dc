//! Colours and fonts of all pictures.

use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

/// The font, with fallbacks for SVG viewers without it.
pub(crate) const FONT: &str = "Inter, Helvetica, Arial, sans-serif";

/// Text and axes.
pub(crate) const INK: RGBColor = RGBColor(38, 42, 51);
/// Less important text.
pub(crate) const FAINT: RGBColor = RGBColor(112, 118, 130);
/// Grid lines.
pub(crate) const GRID: RGBColor = RGBColor(226, 229, 234);

/// Colours of series without a colour of their own.
const SERIES: [RGBColor; 7] = [
    RGBColor(31, 95, 168),
    RGBColor(222, 113, 44),
    RGBColor(58, 148, 91),
    RGBColor(146, 84, 168),
    RGBColor(196, 52, 74),
    RGBColor(38, 156, 165),
    RGBColor(140, 118, 62),
];

/// The colour of series number `index`.
#[must_use]
pub(crate) fn series(index: usize) -> RGBColor {
    SERIES[index % SERIES.len()]
}

/// The colour of an engine, the same in every picture.
#[must_use]
pub(crate) fn engine(name: &str) -> RGBColor {
    match name {
        "offline" => SERIES[0],
        "live" => SERIES[1],
        "display" => RGBColor(150, 156, 168),
        "chordnet" => SERIES[2],
        "mix" => SERIES[4],
        _ => SERIES[3],
    }
}

/// Text of `size` pixels, its upper left corner at the point.
#[must_use]
pub(crate) fn text(size: f64, colour: RGBColor) -> TextStyle<'static> {
    TextStyle {
        color: colour.to_backend_color(),
        ..TextStyle::from((FONT, size).into_font())
    }
}

/// Headings of `size` pixels.
#[must_use]
pub(crate) fn heading(size: f64) -> TextStyle<'static> {
    TextStyle::from((FONT, size, FontStyle::Bold).into_font()).color(&INK)
}

/// The same text style, centred on the point.
#[must_use]
pub(crate) fn centred(style: &TextStyle<'static>) -> TextStyle<'static> {
    style.pos(Pos::new(HPos::Center, VPos::Center))
}

/// A line of `width` pixels.
#[must_use]
pub(crate) fn line(colour: RGBColor, width: f64) -> ShapeStyle {
    ShapeStyle {
        color: colour.to_rgba(),
        filled: false,
        stroke_width: width.round().max(1.0) as u32,
    }
}

/// A colour between two, `share` 0 … 1 of the way.
#[must_use]
pub(crate) fn between(from: RGBColor, to: RGBColor, share: f64) -> RGBColor {
    let share = share.clamp(0.0, 1.0);
    let mix = |a: u8, b: u8| (f64::from(a) + (f64::from(b) - f64::from(a)) * share).round() as u8;
    RGBColor(mix(from.0, to.0), mix(from.1, to.1), mix(from.2, to.2))
}
