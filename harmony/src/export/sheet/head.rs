//! Fitting of long texts: title, composer, names of sections, the foot of a page.

use super::draw::Run;
use super::font::{Face, Fonts};
use super::shape::clusters;
use super::symbol::Line;

/// The end of a cut text.
const ELLIPSIS: &str = "…";

/// A text broken into lines.
pub(super) struct Block {
    /// The lines, each with its width.
    pub(super) lines: Vec<(Vec<Run>, f32)>,
    /// The size of its letters.
    pub(super) size: f32,
}

/// A text in the largest of the sizes in which it fits on `most` lines of a width; cut with an
/// ellipsis where none is small enough.
pub(super) fn fitted(
    fonts: &Fonts,
    face: Face,
    sizes: &[f32],
    most: usize,
    width: f32,
    text: &str,
) -> Block {
    let mut smallest = SMALLEST;
    // Smaller on one line is better than larger on two.
    for count in 1..=most {
        for &size in sizes {
            let lines = wrapped(fonts, face, size, width, text);
            if lines.len() <= count {
                return block(fonts, face, size, &lines);
            }
            smallest = size;
        }
    }
    let mut lines = wrapped(fonts, face, smallest, width, text);
    let rest = lines.split_off(most.max(1) - 1).join(" ");
    lines.push(cut(fonts, face, smallest, width, &rest));
    block(fonts, face, smallest, &lines)
}

/// The size used if no size is given.
const SMALLEST: f32 = 8.0;

fn block(fonts: &Fonts, face: Face, size: f32, lines: &[String]) -> Block {
    let lines = lines.iter().map(|text| {
        let mut line = Line::new(fonts);
        line.push(face, size, 0.0, text);
        let width = line.width;
        (line.at(0.0, 0.0), width)
    });
    Block {
        lines: lines.collect(),
        size,
    }
}

/// A text on lines that are no wider than `width`: broken at spaces, and between any two characters
/// where a word is longer than a line (scripts without spaces).
pub(super) fn wrapped(fonts: &Fonts, face: Face, size: f32, width: f32, text: &str) -> Vec<String> {
    let fits = |text: &str| fonts.width(face, size, text) <= width;
    let mut lines: Vec<String> = Vec::new();
    let mut line = String::new();
    for word in text.split_whitespace() {
        let joined = match line.as_str() {
            "" => word.to_owned(),
            line => format!("{line} {word}"),
        };
        if fits(&joined) {
            line = joined;
            continue;
        }
        if !line.is_empty() {
            lines.push(std::mem::take(&mut line));
        }
        for cluster in clusters(word) {
            let longer = format!("{line}{cluster}");
            if !line.is_empty() && !fits(&longer) {
                lines.push(std::mem::take(&mut line));
            }
            line.push_str(cluster);
        }
    }
    if !line.is_empty() || lines.is_empty() {
        lines.push(line);
    }
    lines
}

/// A text cut to a width, with an ellipsis if anything was cut.
pub(super) fn cut(fonts: &Fonts, face: Face, size: f32, width: f32, text: &str) -> String {
    if fonts.width(face, size, text) <= width {
        return text.to_owned();
    }
    let mut kept = String::new();
    for cluster in clusters(text) {
        let longer = format!("{kept}{cluster}");
        if fonts.width(face, size, &format!("{longer}{ELLIPSIS}")) > width {
            break;
        }
        kept = longer;
    }
    format!("{}{ELLIPSIS}", kept.trim_end())
}
