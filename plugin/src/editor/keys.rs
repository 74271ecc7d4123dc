//! Choosing a key.

use egui::{Id, Popup, PopupCloseBehavior, RichText, Ui};
use harmony::edit::Command;
use harmony::key::{Key, Mode};

use super::desk::{Desk, Open};
use super::theme::Look;
use super::widgets::{button, choices_said};
use crate::view::View;
use crate::view::names::usual_key;

/// Draws the keys, twelve in each mode, spelled for the instrument. Returns the choice: a key
/// in concert pitch, or `Some(None)` to find it from the chords again.
pub(super) fn picker(
    ui: &mut Ui,
    look: &Look,
    view: &View,
    now: Option<Key>,
) -> Option<Option<Key>> {
    let mut taken = None;
    let shown = now.and_then(|key| view.namer.key(Some(key)));
    egui::Grid::new("keys")
        .spacing([look.px(4.0), look.px(4.0)])
        .min_col_width(0.0)
        .show(ui, |ui| {
            for (mode, name) in [(Mode::Major, "major"), (Mode::Minor, "minor")] {
                for half in [0..6_u8, 6..12] {
                    let caption = if half.start == 0 { name } else { "" };
                    ui.label(
                        RichText::new(caption)
                            .font(look.text(12.0))
                            .color(look.palette.soft),
                    );
                    for pitch_class in half {
                        let key = usual_key(pitch_class, mode);
                        let mut chosen = shown.filter(|shown| {
                            shown.mode() == mode && shown.tonic().pitch_class() == pitch_class
                        });
                        let before = chosen;
                        let choice = [Some(chosen.unwrap_or(key))];
                        let label = |key: Option<Key>| {
                            key.map_or(String::new(), |key| view.namer.note(key.tonic()))
                        };
                        let hint = |key: Option<Key>| {
                            key.map_or(String::new(), |key| view.namer.key_name(key))
                        };
                        choices_said(ui, look, &choice, &mut chosen, label, hint, hint);
                        if chosen != before {
                            taken = Some(Some(view.namer.sounding_key(key)));
                        }
                    }
                    ui.end_row();
                }
            }
        });
    if ui
        .add(button(look, "Find it from the chords"))
        .on_hover_text("Remove the key that was set here; it is found from the chords again.")
        .clicked()
    {
        taken = Some(None);
    }
    taken
}

/// Draws the choice of the key that holds now, if it is open.
pub(super) fn draw(ui: &mut Ui, look: &Look, view: &View, desk: &mut Desk) {
    let Open::Key(anchor) = desk.open else { return };
    let mut open = true;
    let mut done = false;
    Popup::new(Id::unique("key"), ui.ctx().clone(), anchor, ui.layer_id())
        .open_bool(&mut open)
        .gap(look.px(6.0))
        .width(look.px(330.0))
        .accessible_name("The key")
        .close_behavior(PopupCloseBehavior::CloseOnClickOutside)
        .show(|ui| {
            ui.set_width(look.px(330.0));
            if let Some(key) = picker(ui, look, view, view.key.key) {
                desk.edit(Command::SetKey {
                    beat: view.key.from_beat,
                    key,
                });
                done = true;
            }
        });
    if !open || done {
        desk.open = Open::Nothing;
    }
}
