//! What else the chord might be.

use egui::{Align2, Rect, Ui, pos2, vec2};

use super::theme;
use crate::view::View;

/// Height of one line.
const ROW: f32 = 26.0;

/// Draws the list into `rect`, as far as it fits.
pub fn draw(ui: &Ui, rect: Rect, view: &View) {
    let painter = ui.painter_at(rect);
    painter.rect_filled(rect, theme::RADIUS, theme::PANEL);
    let inner = rect.shrink2(vec2(14.0, 10.0));
    painter.text(
        inner.left_top(),
        Align2::LEFT_TOP,
        "Or perhaps",
        theme::text(12.0),
        theme::TEXT_FAINT,
    );
    let rows = ((inner.height() - 20.0) / ROW).floor().max(0.0) as usize;
    let top = inner.top() + 22.0;
    for (row, alternative) in view.alternatives.iter().take(rows).enumerate() {
        let middle = top + (row as f32 + 0.5) * ROW;
        let bar = Rect::from_min_max(
            pos2(inner.left() + inner.width() * 0.48, middle - 2.5),
            pos2(inner.right() - 40.0, middle + 2.5),
        );
        let names = Rect::from_min_max(
            pos2(inner.left(), middle - ROW / 2.0),
            pos2(bar.left() - 8.0, middle + ROW / 2.0),
        );
        painter.with_clip_rect(names).text(
            pos2(inner.left(), middle),
            Align2::LEFT_CENTER,
            &alternative.name,
            theme::display(16.0),
            theme::TEXT,
        );
        if bar.width() > 8.0 {
            painter.rect_filled(bar, theme::RADIUS_SMALL, theme::WELL);
            let mut filled = bar;
            filled.set_width(bar.width() * alternative.probability.clamp(0.0, 1.0));
            painter.rect_filled(filled, theme::RADIUS_SMALL, theme::TONE);
        }
        painter.text(
            pos2(inner.right(), middle),
            Align2::RIGHT_CENTER,
            format!("{:.0} %", alternative.probability * 100.0),
            theme::text(12.0),
            theme::TEXT_SOFT,
        );
    }
    if view.alternatives.is_empty() {
        let at = pos2(inner.left(), top + ROW / 2.0);
        painter.text(
            at,
            Align2::LEFT_CENTER,
            "–",
            theme::text(14.0),
            theme::TEXT_FAINT,
        );
    }
}
