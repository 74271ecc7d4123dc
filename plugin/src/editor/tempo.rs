//! Tempo and beat positions of a song whose host gives none: typed, halved, doubled, tapped
//! and nudged.

use std::time::Duration;

use egui::{
    Align, Button, DragValue, Id, Key, Layout, Modifiers, Popup, PopupCloseBehavior, Rect,
    RichText, Role, Ui, WidgetInfo, vec2,
};
use harmony::edit::Command;
use harmony::time::{MAX_BPM, MIN_BPM};

use super::desk::{Desk, Open};
use super::taps::{LEAST, PAUSE_S};
use super::theme::Look;
use super::widgets::{self, button, within};
use crate::view::View;

/// How wide the tempo and its buttons are, in points at the usual size.
const WIDTH: f32 = 206.0;

/// How far a small nudge moves the beats, seconds.
const NUDGE_S: f64 = 0.01;

/// Draws the tempo and its buttons at the left of `rect`, if there is room.
pub(super) fn draw(ui: &mut Ui, look: &Look, rect: Rect, bpm: f64, desk: &mut Desk) {
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
            // Otherwise each step of a drag would be an edit.
            .speed(0.0)
            .update_while_editing(false)
            .suffix(" bpm");
        let number = ui.add(number);
        widgets::name(&number, "Tempo");
        number.on_hover_text(
            "The tempo that exports use for this song: the host gives none. Click to type it. \
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
        let open = matches!(desk.open, Open::Grid(_));
        let text = RichText::new("Tap").font(look.text(12.5));
        let grid = ui.add(Button::new(text)).on_hover_text(
            "Tap the tempo along with the music, and move beats and bars onto it. Chords stay where \
             they were heard.",
        );
        grid.widget_info(|| WidgetInfo::selected(Role::Button, true, open, "Tap tempo"));
        if grid.clicked() {
            desk.open = if open {
                Open::Nothing
            } else {
                Open::Grid(grid.rect)
            };
        }
    });
}

/// Draws the popover for tapping the tempo and nudging beats and bars, if it is open. A tapped
/// tempo becomes one edit when the tapping ends.
pub(super) fn draw_grid(ui: &mut Ui, look: &Look, view: &View, desk: &mut Desk) {
    let now_s = ui.input(|input| input.time);
    if desk.taps.since(now_s).is_some_and(|since| since > PAUSE_S) {
        if let Some(edit) = desk.taps.edit(&view.track) {
            desk.edit(edit);
        }
        desk.taps = Default::default();
    }
    let Open::Grid(anchor) = desk.open else {
        return;
    };
    let mut open = true;
    Popup::new(Id::unique("grid"), ui.ctx().clone(), anchor, ui.layer_id())
        .open_bool(&mut open)
        .gap(look.px(6.0))
        .width(look.px(250.0))
        .accessible_name("Beats and bars")
        .close_behavior(PopupCloseBehavior::CloseOnClickOutside)
        .show(|ui| {
            ui.set_width(look.px(250.0));
            tapping(ui, look, view, desk);
            ui.separator();
            nudging(ui, look, view, desk);
        });
    if !open && matches!(desk.open, Open::Grid(_)) {
        desk.open = Open::Nothing;
    }
}

fn tapping(ui: &mut Ui, look: &Look, view: &View, desk: &mut Desk) {
    let says = match (desk.taps.count(), desk.taps.bpm()) {
        (0, _) => format!("Tap along, {LEAST} times or more"),
        (count, None) => format!("{} more", LEAST.saturating_sub(count)),
        (_, Some(bpm)) => format!("{bpm:.1} a minute"),
    };
    let text = RichText::new(&says).font(look.text(15.0));
    let width = ui.available_width();
    let pad = Button::new(text).min_size(vec2(width, look.px(44.0)));
    let pad = ui.add(pad).on_hover_text(
        "Click it, or press T, on each beat. When you stop, the tempo is taken, and the beats are put \
         where you tapped if the song was playing.",
    );
    pad.widget_info(|| WidgetInfo::labeled(Role::Button, true, "Tap"));
    let key = !ui.ctx().text_edit_focused()
        && ui.input_mut(|input| input.consume_key(Modifiers::NONE, Key::T));
    if pad.clicked() || key {
        let sounding = view.now.filter(|now| now.playing);
        let song_s = sounding.map(|now| now.time_s + desk.ahead_s + f64::from(view.lag_s));
        desk.taps.tap(ui.input(|input| input.time), song_s);
    }
    if desk.taps.count() > 0 {
        let wait = Duration::from_secs_f64(PAUSE_S + 0.05);
        ui.ctx().request_repaint_after(wait);
    }
}

fn nudging(ui: &mut Ui, look: &Look, view: &View, desk: &mut Desk) {
    let now_s = view.now.map_or(0.0, |now| now.time_s);
    let track = &view.track;
    let beat = track.tempo().beat_at(now_s);
    let pulse = track.meters().meter_at(beat).pulse_beats();
    let beat_s = pulse * 60.0 / track.tempo().bpm_at(beat);
    let caption = RichText::new("Move beats and bars").font(look.text(11.5));
    ui.label(caption.color(look.palette.faint));
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = look.px(4.0);
        for (sign, name, by_s) in [
            ("− beat", "A beat earlier", -beat_s),
            ("− 10 ms", "10 ms earlier", -NUDGE_S),
            ("+ 10 ms", "10 ms later", NUDGE_S),
            ("+ beat", "A beat later", beat_s),
        ] {
            let nudge = ui.add(button(look, sign));
            nudge.widget_info(|| WidgetInfo::labeled(Role::Button, true, name));
            let says = format!("{name}. Chords stay where they were heard.");
            if nudge.on_hover_text(says).clicked() {
                desk.edit(Command::FitGrid { factor: 1.0, by_s });
            }
        }
    });
}
