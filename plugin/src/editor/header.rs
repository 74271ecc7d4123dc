//! The head of the editor: name, status, and what is switched rather than set.

use egui::{
    Align, Align2, Button, Color32, Layout, Rect, RichText, Sense, Ui, UiBuilder, pos2, vec2,
};

use super::theme;
use crate::view::{Controls, StatusWord, View};

/// Draws the head into `rect` and lets the switches change `controls`.
pub fn draw(ui: &mut Ui, rect: Rect, view: &View, controls: &mut Controls) {
    let painter = ui.painter_at(rect);
    let name = painter.text(
        pos2(rect.left() + 2.0, rect.center().y),
        Align2::LEFT_CENTER,
        "Changes",
        theme::display(19.0),
        theme::TEXT,
    );
    draw_status(ui, pos2(name.right() + 14.0, rect.center().y), view.status);
    let builder = UiBuilder::new()
        .max_rect(rect)
        .layout(Layout::right_to_left(Align::Center));
    ui.scope_builder(builder, |ui| {
        switch(ui, "Freeze", &mut controls.freeze)
            .on_hover_text("Hold the display as it is. Listening goes on.");
        ui.add_space(8.0);
        switch(ui, "Spectrum", &mut controls.panels.spectrum)
            .on_hover_text("Show the spectrum as the recogniser sees it.");
        switch(ui, "Keyboard", &mut controls.panels.keyboard)
            .on_hover_text("Show the chord tones on a keyboard.");
    });
}

fn switch(ui: &mut Ui, text: &str, on: &mut bool) -> egui::Response {
    let color = if *on { theme::TEXT } else { theme::TEXT_FAINT };
    let fill = if *on {
        theme::WELL
    } else {
        Color32::TRANSPARENT
    };
    let button = Button::new(RichText::new(text).font(theme::text(13.0)).color(color))
        .fill(fill)
        .selected(false);
    let mut response = ui.add(button);
    if response.clicked() {
        *on = !*on;
        response.mark_changed();
    }
    response
}

fn status_color(status: StatusWord) -> Color32 {
    match status {
        StatusWord::Recognising => theme::GOOD,
        StatusWord::Listening => theme::ACCENT,
        StatusWord::Unsure | StatusWord::Gap | StatusWord::Failed => theme::WARNING,
        StatusWord::Frozen => theme::TEXT,
        StatusWord::Waiting | StatusWord::Bypassed | StatusWord::Silence => theme::TEXT_FAINT,
    }
}

fn draw_status(ui: &mut Ui, left_center: egui::Pos2, status: StatusWord) {
    let color = status_color(status);
    let text = ui
        .painter()
        .layout_no_wrap(status.word().to_owned(), theme::text(13.0), color);
    let size = vec2(text.size().x + 34.0, 24.0);
    let pill = Rect::from_min_size(left_center - vec2(0.0, size.y / 2.0), size);
    let painter = ui.painter();
    painter.rect_filled(pill, 12.0, theme::PANEL);
    painter.circle_filled(pos2(pill.left() + 13.0, pill.center().y), 4.0, color);
    let at = pos2(pill.left() + 23.0, pill.center().y - text.size().y / 2.0);
    painter.galley(at, text, color);
    ui.allocate_rect(pill, Sense::hover())
        .on_hover_text(status.sentence());
}
