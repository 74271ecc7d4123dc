//! Icon buttons, for signs that none of our fonts has.

use egui::epaint::PathStroke;
use egui::{
    Color32, Painter, Pos2, Rect, Response, Role, Sense, Shape, Stroke, Ui, WidgetInfo, pos2, vec2,
};

use super::theme::{self, Look};

/// An icon.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Icon {
    /// Undo.
    Undo,
    /// Redo.
    Redo,
    /// Settings: three sliders.
    Settings,
    /// Hold the display: a snowflake.
    Freeze,
    /// A closed lock.
    Locked,
    /// A handle to drag: six dots.
    Grip,
    /// An arrow out of a tray.
    Export,
    /// A folder.
    Open,
    /// A tick.
    Taken,
    /// Writing to the track is on: a pencil.
    Write,
    /// Writing is off: a pencil, crossed out.
    WriteOff,
}

/// A square button with an icon and an accessible name.
pub(super) fn button(
    ui: &mut Ui,
    look: &Look,
    icon: Icon,
    name: &str,
    enabled: bool,
    selected: bool,
) -> Response {
    let side = look.px(28.0);
    let sense = if enabled {
        Sense::click()
    } else {
        Sense::hover()
    };
    let (rect, response) = ui.allocate_exact_size(vec2(side, side), sense);
    let palette = look.palette;
    let painter = ui.painter();
    if selected {
        painter.rect_filled(rect, theme::RADIUS_SMALL, palette.accent);
    } else if enabled && response.hovered() {
        painter.rect_filled(rect, theme::RADIUS_SMALL, palette.well);
    }
    if response.has_focus() {
        let stroke = Stroke::new(2.0, palette.accent);
        painter.rect_stroke(rect, theme::RADIUS_SMALL, stroke, egui::StrokeKind::Inside);
    }
    let color = match (enabled, selected) {
        (_, true) => palette.on_accent,
        (true, false) => palette.text,
        (false, false) => theme::faded(palette.faint, 0.55),
    };
    draw(painter, rect.shrink(side * 0.24), icon, color, look);
    response.widget_info(|| WidgetInfo::selected(Role::Button, enabled, selected, name));
    response
}

/// Draws an icon into a square.
pub(super) fn draw(painter: &Painter, rect: Rect, icon: Icon, color: Color32, look: &Look) {
    let width = look.px(1.6);
    let stroke = Stroke::new(width, color);
    let at = |x: f32, y: f32| rect.min + vec2(x * rect.width(), y * rect.height());
    match icon {
        Icon::Undo | Icon::Redo => {
            let flip = |x: f32| if icon == Icon::Undo { x } else { 1.0 - x };
            // Three quarters of a circle, its arrow to the left.
            let arc: Vec<Pos2> = (0..=20)
                .map(|step| {
                    let angle = (-110.0 + 13.0 * step as f32).to_radians();
                    at(flip(0.54 + 0.40 * angle.cos()), 0.58 + 0.40 * angle.sin())
                })
                .collect();
            let tip = arc[0];
            painter.add(Shape::line(arc, PathStroke::new(width, color)));
            let wing = rect.width() * 0.26;
            let side = if icon == Icon::Undo { 1.0 } else { -1.0 };
            painter.line_segment([tip, tip + vec2(side * wing * 0.95, -wing * 0.75)], stroke);
            painter.line_segment([tip, tip + vec2(side * wing * 0.85, wing * 0.85)], stroke);
        }
        Icon::Settings => {
            for (row, knob) in [(0.15, 0.7), (0.5, 0.3), (0.85, 0.6)] {
                painter.line_segment([at(0.0, row), at(1.0, row)], stroke);
                painter.circle_filled(at(knob, row), rect.width() * 0.13, color);
            }
        }
        Icon::Freeze => {
            let radius = rect.width() * 0.52;
            for step in 0..6 {
                let angle = std::f32::consts::FRAC_PI_3 * step as f32 + std::f32::consts::FRAC_PI_6;
                let arm = egui::Vec2::angled(angle) * radius;
                let center = rect.center();
                painter.line_segment([center, center + arm], stroke);
                for side in [-0.7, 0.7] {
                    let twig = egui::Vec2::angled(angle + side) * radius * 0.36;
                    let from = center + arm * 0.58;
                    painter.line_segment([from, from + twig], stroke);
                }
            }
        }
        Icon::Locked => {
            let body = Rect::from_min_max(at(0.12, 0.46), at(0.88, 1.0));
            painter.rect_filled(body, rect.width() * 0.12, color);
            let shackle: Vec<Pos2> = (0..=12)
                .map(|step| {
                    let angle = (180.0 + 15.0 * step as f32).to_radians();
                    at(0.5 + 0.25 * angle.cos(), 0.34 + 0.28 * angle.sin())
                })
                .collect();
            let thin = (rect.width() * 0.14).max(1.0);
            let mut line = vec![at(0.25, 0.5)];
            line.extend(shackle);
            line.push(at(0.75, 0.5));
            painter.add(Shape::line(line, PathStroke::new(thin, color)));
        }
        Icon::Grip => {
            for x in [0.3, 0.7] {
                for y in [0.15, 0.5, 0.85] {
                    painter.circle_filled(at(x, y), rect.width() * 0.09, color);
                }
            }
        }
        Icon::Write | Icon::WriteOff => {
            let pencil = vec![
                at(0.0, 1.0),
                at(0.08, 0.68),
                at(0.72, 0.04),
                at(0.96, 0.28),
                at(0.32, 0.92),
            ];
            painter.add(Shape::closed_line(pencil, PathStroke::new(width, color)));
            painter.line_segment([at(0.56, 0.2), at(0.8, 0.44)], stroke);
            if icon == Icon::WriteOff {
                painter.line_segment([at(0.0, 0.0), at(1.0, 1.0)], stroke);
            }
        }
        Icon::Open => {
            let folder = vec![
                at(0.0, 0.92),
                at(0.0, 0.1),
                at(0.36, 0.1),
                at(0.48, 0.26),
                at(1.0, 0.26),
                at(1.0, 0.92),
            ];
            painter.add(Shape::closed_line(folder, PathStroke::new(width, color)));
            painter.line_segment([at(0.0, 0.48), at(1.0, 0.48)], stroke);
        }
        Icon::Taken => {
            let tick = vec![at(0.05, 0.55), at(0.38, 0.88), at(0.95, 0.15)];
            painter.add(Shape::line(tick, PathStroke::new(width, color)));
        }
        Icon::Export => {
            painter.line_segment([at(0.5, 0.68), at(0.5, 0.02)], stroke);
            painter.line_segment([at(0.5, 0.0), at(0.24, 0.28)], stroke);
            painter.line_segment([at(0.5, 0.0), at(0.76, 0.28)], stroke);
            let tray = vec![
                at(0.02, 0.58),
                at(0.02, 0.98),
                at(0.98, 0.98),
                at(0.98, 0.58),
            ];
            painter.add(Shape::line(tray, PathStroke::new(width, color)));
        }
    }
}

/// The simile sign: the bar before is played again, a slash between two dots.
pub(super) fn simile(painter: &Painter, center: Pos2, size: f32, color: Color32) {
    let half = size / 2.0;
    let thick = size * 0.24;
    let points = vec![
        pos2(center.x - half, center.y + half),
        pos2(center.x - half + thick, center.y + half),
        pos2(center.x + half, center.y - half),
        pos2(center.x + half - thick, center.y - half),
    ];
    painter.add(Shape::convex_polygon(points, color, Stroke::NONE));
    let dot = size * 0.11;
    painter.circle_filled(
        pos2(center.x - half * 0.82, center.y - half * 0.55),
        dot,
        color,
    );
    painter.circle_filled(
        pos2(center.x + half * 0.82, center.y + half * 0.55),
        dot,
        color,
    );
}

/// A slash: one beat of the chord above it.
pub(super) fn slash(
    painter: &Painter,
    left: f32,
    middle: f32,
    height: f32,
    color: Color32,
    hollow: bool,
) {
    let (half, thick, lean) = (height / 2.0, height * 0.3, height * 0.75);
    let points = vec![
        pos2(left, middle + half),
        pos2(left + thick, middle + half),
        pos2(left + lean, middle - half),
        pos2(left + lean - thick, middle - half),
    ];
    if hollow {
        let stroke = PathStroke::new((height * 0.09).max(1.0), color);
        painter.add(Shape::closed_line(points, stroke));
    } else {
        painter.add(Shape::convex_polygon(points, color, Stroke::NONE));
    }
}
