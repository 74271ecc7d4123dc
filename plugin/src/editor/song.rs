//! Title, composer and bars on a line.

use egui::{DragValue, Id, Popup, PopupCloseBehavior, Rect, RichText, TextEdit, Ui};
use harmony::edit::{Command, Snap};
use harmony::track::{Info, MAX_BARS_PER_LINE, MAX_TEXT_CHARS};

use super::desk::{Desk, Open};
use super::theme::Look;
use super::widgets::{button, caption_of, choices};
use crate::view::{Controls, View};

/// Draws the form, if it is open, at the head of the sheet in `anchor`.
pub(super) fn draw(
    ui: &mut Ui,
    look: &Look,
    anchor: Rect,
    view: &View,
    controls: &mut Controls,
    desk: &mut Desk,
) {
    let Open::Song(mut editor) = desk.open.clone() else {
        return;
    };
    let mut open = true;
    let mut done = false;
    Popup::new(Id::unique("song"), ui.ctx().clone(), anchor, ui.layer_id())
        .open_bool(&mut open)
        .gap(look.px(6.0))
        .width(look.px(360.0))
        .accessible_name("The song")
        .close_behavior(PopupCloseBehavior::CloseOnClickOutside)
        .show(|ui| {
            ui.set_width(look.px(360.0));
            let mut entered = false;
            for (caption, text) in [
                ("Title", &mut editor.title),
                ("Composer", &mut editor.composer),
            ] {
                ui.horizontal(|ui| {
                    let label = RichText::new(caption)
                        .font(look.text(13.0))
                        .color(look.palette.soft);
                    caption_of(ui, look, 86.0, label);
                    let field = TextEdit::singleline(text)
                        .desired_width(look.px(250.0))
                        .char_limit(MAX_TEXT_CHARS);
                    let response = ui.add(field);
                    response.widget_info(|| {
                        let mut info = egui::WidgetInfo::new(egui::Role::TextInput);
                        info.label = Some(caption.to_owned());
                        info
                    });
                    entered |= response.lost_focus()
                        && ui.input(|input| input.key_pressed(egui::Key::Enter));
                });
            }
            ui.horizontal(|ui| {
                ui.label(
                    RichText::new("Bars on a line")
                        .font(look.text(13.0))
                        .color(look.palette.soft),
                );
                let number = DragValue::new(&mut editor.bars_per_line).range(1..=MAX_BARS_PER_LINE);
                ui.add(number)
                    .on_hover_text("On the sheet and in exported charts.");
            });
            ui.horizontal(|ui| {
                if ui.add(button(look, "Set")).clicked() || entered {
                    desk.edit(Command::SetInfo {
                        info: Info {
                            title: editor.title.clone(),
                            composer: editor.composer.clone(),
                            bars_per_line: editor.bars_per_line,
                        },
                    });
                    done = true;
                }
            });
            ui.separator();
            ui.label(
                RichText::new("Dragged chords snap to the nearest")
                    .font(look.text(12.0))
                    .color(look.palette.faint),
            );
            ui.horizontal(|ui| {
                let all = [Snap::Beat, Snap::Eighth, Snap::Bar, Snap::Off];
                let name = |snap: Snap| {
                    match snap {
                        Snap::Off => "anywhere",
                        Snap::Beat => "beat",
                        Snap::Eighth => "eighth",
                        Snap::Bar => "bar",
                    }
                    .to_owned()
                };
                choices(ui, look, &all, &mut controls.window.snap, name, |_| {
                    String::new()
                });
            });
            ui.separator();
            let there = !view.track.timeline().is_empty();
            transpose(ui, look, view, there, controls, desk);
            ui.separator();
            if ui
                .add_enabled(there, button(look, "Clear the track"))
                .on_hover_text("Delete all chords, locked ones too. Undo brings them back.")
                .clicked()
            {
                desk.edit(Command::Clear);
                done = true;
            }
        });
    if matches!(desk.open, Open::Song(_)) {
        desk.open = if open && !done {
            Open::Song(editor)
        } else {
            Open::Nothing
        };
    }
}

/// Buttons that transpose the whole track.
fn transpose(
    ui: &mut Ui,
    look: &Look,
    view: &View,
    there: bool,
    controls: &mut Controls,
    desk: &mut Desk,
) {
    ui.horizontal(|ui| {
        let caption = RichText::new("Transpose")
            .font(look.text(13.0))
            .color(look.palette.soft);
        caption_of(ui, look, 86.0, caption);
        for (text, name, semitones) in [
            ("−1", "Transpose down", -1),
            ("+1", "Transpose up", 1),
            ("−5", "Transpose down a fourth", -5),
            ("+5", "Transpose up a fourth", 5),
        ] {
            let response = ui
                .add_enabled(there, button(look, text))
                .on_hover_text(
                    "Move all chords and keys of the track by so many semitones. This switches Write \
                     off, so that what is heard does not replace them. Undo moves them back.",
                )
                .on_disabled_hover_text("There are no chords yet.");
            response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, there, name));
            if response.clicked() {
                desk.edit(Command::Transpose { semitones });
                controls.write = false;
            }
        }
        if let Some(key) = &view.sheet.key {
            let key = RichText::new(key.as_str());
            ui.label(key.font(look.text(13.0)).color(look.palette.soft));
        }
    });
}
