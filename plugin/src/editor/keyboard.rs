//! A keyboard that lights the tones of the chord.

use egui::{Align2, Color32, CornerRadius, Painter, Rect, Shape, Stroke, Ui, pos2, vec2};

use super::theme;
use crate::view::Tones;

/// The white keys of an octave as pitch classes.
const WHITE: [u8; 7] = [0, 2, 4, 5, 7, 9, 11];

/// The black keys: pitch class, and after how many white keys of the octave.
const BLACK: [(u8, f32); 5] = [(1, 1.0), (3, 2.0), (6, 4.0), (8, 5.0), (10, 6.0)];

const IVORY: Color32 = Color32::from_rgb(0x39, 0x43, 0x50);
const EBONY: Color32 = Color32::from_rgb(0x12, 0x16, 0x1c);

/// Draws the keyboard into `rect`, with `tones` lit: the root in its colour, the
/// bass with a mark in the lowest octave.
pub fn draw(ui: &Ui, rect: Rect, tones: Option<Tones>) {
    let painter = ui.painter_at(rect);
    painter.rect_filled(rect, theme::RADIUS, theme::PANEL);
    let keys = rect.shrink2(vec2(10.0, 8.0));
    // Keys keep a natural shape: a wider keyboard has more octaves.
    let octaves = (keys.width() / (keys.height() * 0.42 * 7.0))
        .round()
        .clamp(2.0, 5.0) as usize;
    let width = keys.width() / (octaves * 7) as f32;
    let round = CornerRadius {
        nw: 0,
        ne: 0,
        sw: 3,
        se: 3,
    };
    for index in 0..octaves * 7 {
        let left = keys.left() + index as f32 * width;
        let key = Rect::from_min_size(pos2(left, keys.top()), vec2(width - 1.5, keys.height()));
        let pitch_class = WHITE[index % 7];
        painter.rect_filled(key, round, color(pitch_class, tones).unwrap_or(IVORY));
        mark_bass(&painter, key, pitch_class, index < 7, tones);
    }
    for octave in 0..octaves {
        for (pitch_class, after) in BLACK {
            let center = keys.left() + (octave as f32 * 7.0 + after) * width - 0.75;
            let size = vec2(width * 0.62, keys.height() * 0.6);
            let key = Rect::from_min_size(pos2(center - size.x / 2.0, keys.top()), size);
            painter.rect_filled(key.expand(1.5), round, theme::PANEL);
            painter.rect_filled(key, round, color(pitch_class, tones).unwrap_or(EBONY));
            mark_bass(&painter, key, pitch_class, octave == 0, tones);
        }
    }
}

fn color(pitch_class: u8, tones: Option<Tones>) -> Option<Color32> {
    let tones = tones?;
    if tones.pitch_classes & (1 << pitch_class) == 0 {
        None
    } else if pitch_class == tones.root {
        Some(theme::root_color(pitch_class))
    } else {
        Some(theme::TONE)
    }
}

/// The bass sounds lowest: its key carries a mark in the lowest octave.
fn mark_bass(painter: &Painter, key: Rect, pitch_class: u8, lowest: bool, tones: Option<Tones>) {
    if !lowest || tones.is_none_or(|tones| tones.bass != pitch_class) {
        return;
    }
    let radius = (key.width() * 0.26).clamp(3.0, 7.0);
    let center = pos2(key.center().x, key.bottom() - radius - 5.0);
    painter.add(Shape::circle_filled(center, radius, theme::BACKGROUND));
    painter.add(Shape::circle_stroke(
        center,
        radius,
        Stroke::new(1.5, theme::TEXT),
    ));
    if radius >= 6.0 {
        painter.text(
            center,
            Align2::CENTER_CENTER,
            "B",
            theme::display(9.0),
            theme::TEXT,
        );
    }
}
