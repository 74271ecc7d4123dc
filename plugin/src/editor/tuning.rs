//! The tuning of the music at the foot of the window, shown where it is not A = 440 Hz. A click
//! keeps it.

use egui::{Rect, Role, Sense, Stroke, StrokeKind, Ui, WidgetInfo, pos2, vec2};
use recognizer::tuning::Tuning;

use super::theme::{self, Look};
use super::widgets::lock_mark;
use crate::view::{Controls, View};

/// Draws the tuning at the left of `rect`, if there is room; at A = 440 Hz only under the pointer.
/// A click keeps it, or lets it follow the music again.
pub(super) fn draw(ui: &mut Ui, look: &Look, rect: Rect, view: &View, controls: &mut Controls) {
    let (palette, tuning) = (look.palette, view.tuning);
    let text = tuning.text();
    let galley = ui
        .painter()
        .layout_no_wrap(text.clone(), look.text(11.0), palette.soft);
    let lock = if tuning.fixed { look.px(13.0) } else { 0.0 };
    let place = Rect::from_min_size(
        pos2(rect.left(), rect.top()),
        vec2(lock + galley.size().x + look.px(4.0), rect.height()),
    );
    if place.right() > rect.right() {
        return;
    }
    let response = ui.interact(place, ui.scope_id().with("tuning"), Sense::click());
    let pointed = response.hovered() || response.has_focus();
    if pointed || tuning.is_news() {
        let painter = ui.painter_at(place.expand(2.0));
        if pointed {
            painter.rect_filled(place, theme::RADIUS_SMALL, palette.well);
        }
        if response.has_focus() {
            let stroke = Stroke::new(1.5, palette.accent);
            painter.rect_stroke(place, theme::RADIUS_SMALL, stroke, StrokeKind::Inside);
        }
        let (left, middle) = (place.left() + look.px(2.0), place.center().y);
        if tuning.fixed {
            lock_mark(&painter, look, left, middle, palette.soft);
        }
        let at = pos2(left + lock, middle - galley.size().y / 2.0);
        painter.galley(at, galley, palette.soft);
    }
    response.widget_info(|| {
        WidgetInfo::selected(Role::Switch, true, tuning.fixed, format!("Tuning {text}"))
    });
    if response.clicked() {
        controls.tuning.fixed = !tuning.fixed;
        controls.tuning.cents = tuning.tuning.unwrap_or(Tuning::CONCERT).cents();
    }
    response.on_hover_text(if tuning.fixed {
        "Chords are read at this tuning, whatever is heard. Click to follow the music again; set \
         another in the settings."
    } else {
        "The tuning of the music, found while it plays: chords are read at it. Click to keep it as \
         it is; set another in the settings."
    });
}
