//! Drawing primitives of a page. Lengths in points, y downwards from the upper edge.

use super::font::Face;

/// The colours of a chart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ink {
    /// Chords, notes, barlines.
    Black,
    /// Secondary elements: bar numbers, composer, staff lines.
    Grey,
    /// The letters in section boxes.
    White,
}

impl Ink {
    /// Red, green and blue, 0 … 255.
    pub(super) const fn rgb(self) -> [u8; 3] {
        match self {
            Self::Black => [0x16, 0x18, 0x1d],
            Self::Grey => [0x70, 0x76, 0x80],
            Self::White => [0xff, 0xff, 0xff],
        }
    }
}

/// A glyph within a run.
#[derive(Clone, Debug)]
pub(super) struct Glyph {
    pub(super) id: u16,
    /// From the start of the run to the right.
    pub(super) x: f32,
    /// From the baseline upwards.
    pub(super) y: f32,
    /// The characters that it stands for.
    pub(super) text: String,
}

/// Letters of one font and size on a baseline.
#[derive(Clone, Debug)]
pub(super) struct Run {
    pub(super) x: f32,
    pub(super) y: f32,
    pub(super) size: f32,
    pub(super) face: Face,
    /// From left to right.
    pub(super) glyphs: Vec<Glyph>,
    /// Its advance width.
    pub(super) width: f32,
    /// Its text, in reading order.
    pub(super) text: String,
    /// Read from right to left.
    pub(super) right_to_left: bool,
}

/// Something drawn.
#[derive(Clone, Debug)]
pub(super) enum Mark {
    /// Letters or musical signs, with their accessible text.
    Text {
        runs: Vec<Run>,
        ink: Ink,
        says: String,
    },
    /// A filled rectangle.
    Rect {
        x: f32,
        y: f32,
        width: f32,
        height: f32,
        ink: Ink,
    },
    /// A filled circle.
    Dot { x: f32, y: f32, radius: f32 },
}

/// A page.
#[derive(Clone, Debug)]
pub(super) struct Page {
    pub(super) width: f32,
    pub(super) height: f32,
    pub(super) marks: Vec<Mark>,
}

impl Page {
    pub(super) fn rect(&mut self, x: f32, y: f32, width: f32, height: f32, ink: Ink) {
        self.marks.push(Mark::Rect {
            x,
            y,
            width,
            height,
            ink,
        });
    }

    pub(super) fn dot(&mut self, x: f32, y: f32, radius: f32) {
        self.marks.push(Mark::Dot { x, y, radius });
    }

    pub(super) fn text(&mut self, runs: Vec<Run>, ink: Ink, says: &str) {
        if !runs.is_empty() {
            self.marks.push(Mark::Text {
                runs,
                ink,
                says: says.to_owned(),
            });
        }
    }
}
