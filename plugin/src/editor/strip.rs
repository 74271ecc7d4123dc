//! The last bars as a strip that scrolls to the left; now is at its right edge.

use egui::{Align2, Painter, Rect, Stroke, StrokeKind, Ui, pos2, vec2};

use super::theme;
use crate::view::{StripChord, View};

/// Height of the line of bar numbers.
const NUMBERS: f32 = 18.0;

/// Draws the strip into `rect`.
pub fn draw(ui: &Ui, rect: Rect, view: &View) {
    let painter = ui.painter_at(rect);
    painter.rect_filled(rect, theme::RADIUS, theme::PANEL);
    let inner = rect.shrink2(vec2(10.0, 8.0));
    let (numbers, lane) = inner.split_top_bottom_at_y(inner.top() + NUMBERS);
    painter.rect_filled(lane, theme::RADIUS_SMALL, theme::BACKGROUND);
    let clipped = ui.painter_at(lane);
    for chord in &view.strip {
        draw_chord(&clipped, lane, chord);
    }
    draw_marks(&painter, numbers, lane, view);
    let edge = [
        pos2(lane.right(), lane.top()),
        pos2(lane.right(), lane.bottom()),
    ];
    painter.line_segment(edge, Stroke::new(2.0, theme::TEXT_SOFT));
}

fn draw_chord(painter: &Painter, lane: Rect, chord: &StripChord) {
    let x = |at: f32| lane.left() + at * lane.width();
    let block = Rect::from_min_max(
        pos2(x(chord.start), lane.top()),
        pos2(x(chord.end), lane.bottom()),
    )
    .shrink2(vec2(1.0, 2.0));
    let Some(root) = chord.root.filter(|_| block.width() > 0.5) else {
        return;
    };
    let color = theme::root_color(root);
    let opacity = 0.16 + 0.26 * chord.confidence;
    painter.rect_filled(block, theme::RADIUS_SMALL, theme::faded(color, opacity));
    if chord.confirmed {
        let mut edge = block;
        edge.set_width(3.0_f32.min(block.width()));
        painter.rect_filled(edge, theme::RADIUS_SMALL, color);
    } else {
        let stroke = Stroke::new(1.0, theme::faded(color, 0.6));
        painter.rect_stroke(block, theme::RADIUS_SMALL, stroke, StrokeKind::Inside);
    }
    draw_name(painter, block, chord);
}

/// The name at the start of its block, smaller or not at all where it does not fit.
fn draw_name(painter: &Painter, block: Rect, chord: &StripChord) {
    let room = block.width() - 12.0;
    let largest = (block.height() * 0.42).clamp(12.0, 22.0);
    for size in [largest, largest * 0.8, 11.0] {
        let galley = painter.layout_no_wrap(chord.name.clone(), theme::display(size), theme::TEXT);
        if galley.size().x <= room {
            let top = block.center().y - galley.size().y / 2.0;
            painter.galley(pos2(block.left() + 8.0, top), galley, theme::TEXT);
            return;
        }
    }
}

fn draw_marks(painter: &Painter, numbers: Rect, lane: Rect, view: &View) {
    let (width, color) = (1.0, theme::BAR_LINE);
    let mut free_from = f32::NEG_INFINITY;
    for mark in &view.marks {
        let x = lane.left() + mark.at * lane.width();
        let color = if mark.bar { color } else { theme::LINE };
        let line = [pos2(x, numbers.bottom() - 4.0), pos2(x, lane.bottom())];
        painter.line_segment(line, Stroke::new(width, color));
        // A number that would run into its neighbour is left out.
        if x < free_from || x > lane.right() - 14.0 {
            continue;
        }
        let drawn = painter.text(
            pos2(x + 3.0, numbers.center().y - 2.0),
            Align2::LEFT_CENTER,
            &mark.text,
            theme::text(11.0),
            theme::TEXT_FAINT,
        );
        free_from = drawn.right() + 6.0;
    }
}
