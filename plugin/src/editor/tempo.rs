//! The tempo of a song whose host tells none: how many beats are counted in its time.

use egui::{Align, Button, DragValue, Layout, Rect, RichText, Role, Ui, WidgetInfo, vec2};
use harmony::edit::Command;
use harmony::time::{MAX_BPM, MIN_BPM};

use super::desk::Desk;
use super::theme::Look;
use super::widgets::within;

/// How wide the tempo and its two buttons are, in points at the usual size.
const WIDTH: f32 = 164.0;

/// Draws the tempo at the left of `rect`, to be typed, halved and doubled, if there is room.
pub fn draw(ui: &mut Ui, look: &Look, rect: Rect, bpm: f64, desk: &mut Desk) {
    if rect.width() < look.px(WIDTH) {
        return;
    }
    within(ui, rect, Layout::left_to_right(Align::Center), |ui| {
        ui.spacing_mut().item_spacing.x = look.px(4.0);
        ui.spacing_mut().button_padding = vec2(look.px(5.0), look.px(2.0));
        let mut typed = bpm;
        let number = DragValue::new(&mut typed)
            .range(MIN_BPM..=MAX_BPM)
            .custom_formatter(|bpm, _| ((bpm * 100.0).round() / 100.0).to_string())
            // Each step of a drag would be an edit.
            .speed(0.0)
            .update_while_editing(false)
            .suffix(" bpm");
        ui.add(number).on_hover_text(
            "The tempo that exports count this song in: the host tells none. Click to type it. \
             Chords stay where they were heard.",
        );
        if typed != bpm {
            let factor = typed / bpm;
            desk.edit(Command::ScaleTempo { factor });
        }
        for (sign, name, factor, says) in [
            (
                "×½",
                "Half tempo",
                0.5,
                "Count half as many beats, and so half as many bars, in the same time. Chords stay \
                 where they were heard.",
            ),
            (
                "×2",
                "Double tempo",
                2.0,
                "Count twice as many beats, and so twice as many bars, in the same time. Chords \
                 stay where they were heard.",
            ),
        ] {
            let goes = (MIN_BPM..=MAX_BPM).contains(&(bpm * factor));
            let text = RichText::new(sign).font(look.text(12.5));
            let response = ui.add_enabled(goes, Button::new(text));
            response.widget_info(|| WidgetInfo::labeled(Role::Button, goes, name));
            if response.on_hover_text(says).clicked() {
                desk.edit(Command::ScaleTempo { factor });
            }
        }
    });
}
