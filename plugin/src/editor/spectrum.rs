//! The constant-Q spectrum as the recogniser sees it: six octaves from C1.

use egui::{Align2, Rect, Stroke, Ui, pos2, vec2};

use super::theme;
use crate::view::View;

/// Bins of an octave, and of a semitone.
const OCTAVE: usize = 24;
const SEMITONE: usize = 2;

/// Draws the spectrum into `rect`; bins of the chord's tones stand out.
pub fn draw(ui: &Ui, rect: Rect, view: &View) {
    let painter = ui.painter_at(rect);
    painter.rect_filled(rect, theme::RADIUS, theme::PANEL);
    let inner = rect.shrink2(vec2(12.0, 10.0));
    let (plot, axis) = inner.split_top_bottom_at_y(inner.bottom() - 14.0);
    let bins = view.spectrum.len().max(1);
    let width = plot.width() / bins as f32;
    let tones = view.chord.as_ref().map(|chord| chord.tones);
    for (bin, height) in view.spectrum.iter().enumerate() {
        let left = plot.left() + bin as f32 * width;
        if bin % OCTAVE == 0 {
            let line = [pos2(left, plot.top()), pos2(left, plot.bottom())];
            painter.line_segment(line, Stroke::new(1.0, theme::WELL));
            painter.text(
                pos2(left, axis.bottom()),
                Align2::LEFT_BOTTOM,
                format!("C{}", bin / OCTAVE + 1),
                theme::text(10.0),
                theme::TEXT_FAINT,
            );
        }
        let pitch_class = (bin % OCTAVE / SEMITONE) as u8;
        let color = match tones {
            Some(tones) if tones.root == pitch_class => theme::root_color(pitch_class),
            Some(tones) if tones.pitch_classes & (1 << pitch_class) != 0 => theme::TONE,
            _ => theme::BAR_LINE,
        };
        let top = plot.bottom() - height.clamp(0.0, 1.0) * plot.height();
        let bar = Rect::from_min_max(pos2(left, top), pos2(left + width * 0.8, plot.bottom()));
        painter.rect_filled(bar, 0.0, color);
    }
    let base = [
        pos2(plot.left(), plot.bottom()),
        pos2(plot.right(), plot.bottom()),
    ];
    painter.line_segment(base, Stroke::new(1.0, theme::LINE));
}
