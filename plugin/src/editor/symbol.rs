//! Chord names in print: a large root, its quality smaller and raised, the bass after a
//! slash.

use std::sync::Arc;

use egui::{Color32, Galley, Painter, Pos2, pos2};

use super::theme::{self, Look};
use crate::view::names::ChordName;

/// Sizes relative to the root's.
const QUALITY: f32 = 0.64;
const BASS: f32 = 0.72;

/// How far a quality stands above the line, as a share of the root's size.
const RAISE: f32 = 0.16;

/// Gap between root and quality, as a share of the root's size.
const GAP: f32 = 0.04;

/// A chord name that is laid out.
pub(super) struct Symbol {
    parts: Vec<(Arc<Galley>, f32, f32, f32)>,
    /// How wide it is, in points.
    pub width: f32,
    size: f32,
}

impl Symbol {
    /// Lays a name out at a size in points.
    pub(super) fn new(painter: &Painter, look: &Look, name: &ChordName, size: f32) -> Self {
        let mut symbol = Self {
            parts: Vec::with_capacity(4),
            width: 0.0,
            size,
        };
        symbol.push(painter, look, &name.root, 1.0, 0.0);
        // The m of a minor chord stands on the baseline, the rest is raised.
        let quality = name.quality.as_str();
        let minor = quality.starts_with('m') && !quality.starts_with("maj");
        let (low, high) = quality.split_at(usize::from(minor));
        symbol.push(painter, look, low, QUALITY, 0.0);
        if !high.is_empty() {
            symbol.width += GAP * size;
            symbol.push(painter, look, high, QUALITY, RAISE);
        }
        if let Some(bass) = &name.bass {
            symbol.push(painter, look, &format!("/{bass}"), BASS, 0.0);
        }
        symbol
    }

    /// Lays a name out at the largest size up to `size` at which it is no wider than `room`.
    pub(super) fn fitting(
        painter: &Painter,
        look: &Look,
        name: &ChordName,
        size: f32,
        room: f32,
    ) -> Self {
        let symbol = Self::new(painter, look, name, size);
        if symbol.width <= room {
            return symbol;
        }
        // Whole points, so that few font sizes are rendered.
        let smaller = (size * room / symbol.width).floor();
        Self::new(painter, look, name, smaller.clamp(1.0, size))
    }

    fn push(&mut self, painter: &Painter, look: &Look, text: &str, share: f32, raise: f32) {
        if text.is_empty() {
            return;
        }
        let size = self.size * share;
        let font = look.display(size);
        let galley = painter.layout_no_wrap(text.to_owned(), font, Color32::PLACEHOLDER);
        let width = galley.size().x;
        let top = -size * theme::ASCENT - raise * self.size;
        self.parts.push((galley, self.width, top, size));
        self.width += width;
    }

    /// Draws it with the start of its baseline at `at`.
    pub(super) fn draw(&self, painter: &Painter, at: Pos2, color: Color32) {
        for (galley, x, top, _) in &self.parts {
            painter.galley(pos2(at.x + x, at.y + top), Arc::clone(galley), color);
        }
    }

    /// Draws it with its capitals vertically centred at `middle`.
    pub(super) fn draw_centered(&self, painter: &Painter, left: f32, middle: f32, color: Color32) {
        let baseline = middle + self.size * theme::CAP_HEIGHT / 2.0;
        self.draw(painter, pos2(left, baseline), color);
    }

    /// The size of its root in points.
    pub(super) fn size(&self) -> f32 {
        self.size
    }
}
