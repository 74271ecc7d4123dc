//! Widgets that several parts of the window use.

use egui::{
    Button, Color32, Painter, Rect, Response, RichText, Role, Stroke, StrokeKind, Ui, UiBuilder,
    WidgetInfo, pos2, vec2,
};

use super::icon::{self, Icon};
use super::theme::{self, Look};

/// The background of a part of the window.
pub(super) fn card(painter: &Painter, look: &Look, rect: Rect) {
    painter.rect_filled(rect, theme::RADIUS, look.palette.panel);
    if !look.palette.dark || look.palette.background == Color32::BLACK {
        let stroke = Stroke::new(1.0, look.palette.line);
        painter.rect_stroke(rect, theme::RADIUS, stroke, StrokeKind::Inside);
    }
}

/// A row of buttons of which one is chosen. Returns whether the choice has changed.
pub(super) fn choices<T: Copy + PartialEq>(
    ui: &mut Ui,
    look: &Look,
    all: &[T],
    chosen: &mut T,
    name: impl Fn(T) -> String,
    hint: impl Fn(T) -> String,
) -> bool {
    choices_said(ui, look, all, chosen, &name, hint, &name)
}

/// The same, for choices whose labels are unclear by themselves: `says` gives accessible names.
pub(super) fn choices_said<T: Copy + PartialEq>(
    ui: &mut Ui,
    look: &Look,
    all: &[T],
    chosen: &mut T,
    name: impl Fn(T) -> String,
    hint: impl Fn(T) -> String,
    says: impl Fn(T) -> String,
) -> bool {
    let mut changed = false;
    for &choice in all {
        let selected = *chosen == choice;
        let palette = look.palette;
        let text = RichText::new(name(choice))
            .font(look.text(13.0))
            .color(palette.text);
        let button = if selected {
            let stroke = Stroke::new(look.px(1.5), palette.accent);
            Button::new(text).fill(palette.chosen).stroke(stroke)
        } else {
            Button::new(text).fill(palette.well)
        };
        let mut response = ui.add(button);
        let hint = hint(choice);
        response.widget_info(|| WidgetInfo::selected(Role::Button, true, selected, says(choice)));
        if !hint.is_empty() {
            response = response.on_hover_text(hint);
        }
        if response.clicked() && !selected {
            *chosen = choice;
            changed = true;
        }
    }
    changed
}

/// Space for widgets in a part of the window.
pub(super) fn within<R>(
    ui: &mut Ui,
    rect: Rect,
    layout: egui::Layout,
    add: impl FnOnce(&mut Ui) -> R,
) -> R {
    let builder = UiBuilder::new().max_rect(rect).layout(layout);
    ui.scope_builder(builder, add).inner
}

/// Gives a painted place an accessible name. Costs nothing without a screen reader.
pub(super) fn say(ui: &Ui, rect: Rect, name: &str, says: impl FnOnce() -> String) {
    let id = ui.scope_id().with(("said", name));
    ui.ctx().accesskit_node_builder(id, |node| {
        node.set_role(Role::Label);
        node.set_value(says());
        node.set_bounds(egui::accesskit::Rect {
            x0: rect.left().into(),
            y0: rect.top().into(),
            x1: rect.right().into(),
            y1: rect.bottom().into(),
        });
    });
}

/// Gives a widget an accessible name that it does not show.
pub(super) fn name(response: &Response, name: &str) {
    response
        .ctx
        .accesskit_node_builder(response.id, |node| node.set_label(name));
}

/// A small lock behind the name of a chord that was set by hand.
pub(super) fn lock_mark(painter: &Painter, look: &Look, left: f32, middle: f32, color: Color32) {
    let side = look.px(8.0);
    let rect = Rect::from_center_size(pos2(left + side / 2.0, middle), vec2(side, side * 1.15));
    icon::draw(painter, rect, Icon::Locked, color, look);
}

/// A caption in a column of this width, in points at the usual size.
pub(super) fn caption_of(ui: &mut Ui, look: &Look, width: f32, text: RichText) {
    let size = vec2(look.px(width), look.px(24.0));
    let layout = egui::Layout::left_to_right(egui::Align::Center);
    ui.allocate_ui_with_layout(size, layout, |ui| {
        ui.set_width(size.x);
        ui.label(text);
    });
}

/// A button of a popover.
pub(super) fn button(look: &Look, text: &str) -> Button<'static> {
    Button::new(RichText::new(text).font(look.text(13.0)))
}
