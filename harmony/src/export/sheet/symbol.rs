//! Chord symbols and texts as runs of letters.

use super::draw::Run;
use super::font::{Face, Fonts};
use super::shape;
use crate::export::Notation;
use crate::key::Key;
use crate::label::Label;
use crate::style::{Style, parts};

/// The size of the suffix, as a share of the root's.
const SUFFIX_SIZE: f32 = 0.72;

/// How far the suffix is raised, as a share of the root's size.
const SUFFIX_RAISE: f32 = 0.22;

/// Consecutive runs and their total width.
pub(super) struct Line<'a> {
    fonts: &'a Fonts,
    pub(super) runs: Vec<Run>,
    pub(super) width: f32,
}

impl<'a> Line<'a> {
    pub(super) const fn new(fonts: &'a Fonts) -> Self {
        Self {
            fonts,
            runs: Vec::new(),
            width: 0.0,
        }
    }

    /// Appends a text; characters that the font lacks come from other fonts.
    pub(super) fn push(&mut self, face: Face, size: f32, raise: f32, text: &str) {
        let start = self.width;
        for mut run in shape::runs(self.fonts, face, size, text) {
            run.x += start;
            run.y -= raise;
            // The last run in reading order may not be the rightmost.
            self.width = self.width.max(run.x + run.width);
            self.runs.push(run);
        }
    }

    /// The runs with their start at a place.
    pub(super) fn at(self, x: f32, y: f32) -> Vec<Run> {
        let mut runs = self.runs;
        for run in &mut runs {
            run.x += x;
            run.y += y;
        }
        runs
    }
}

/// A chord symbol: a large root, a small raised quality, the bass after a slash.
pub(super) fn chord<'a>(
    fonts: &'a Fonts,
    label: &Label,
    key: Option<Key>,
    notation: Notation,
    size: f32,
) -> Line<'a> {
    let mut line = Line::new(fonts);
    match (label, notation.style) {
        (Label::Chord(chord), style @ (Style::Jazz | Style::Plain)) => {
            let symbol = parts(chord, key.as_ref(), style == Style::Jazz);
            let symbol = notation.names.symbol(symbol);
            line.push(Face::Bold, size, 0.0, &symbol.root);
            let suffix = symbol.suffix.as_str();
            // The m of a minor chord is on the baseline, the rest is raised.
            let minor = suffix.starts_with('m') && !suffix.starts_with("maj");
            let (low, high) = suffix.split_at(usize::from(minor));
            line.push(Face::Bold, SUFFIX_SIZE * size, 0.0, low);
            if !high.is_empty() && low.is_empty() {
                line.width += 0.03 * size;
            }
            line.push(Face::Bold, SUFFIX_SIZE * size, SUFFIX_RAISE * size, high);
            if let Some(bass) = symbol.bass {
                line.push(Face::Bold, 0.9 * size, 0.0, &format!("/{bass}"));
            }
        }
        _ => line.push(Face::Bold, 0.9 * size, 0.0, &notation.format(label, key)),
    }
    line
}
