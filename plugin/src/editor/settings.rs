//! The settings: how chords are named and written, what is listened for, how the window
//! looks.

use egui::{Button, DragValue, Id, Popup, PopupCloseBehavior, Rect, RichText, Slider, Ui};
use nice_plug::prelude::Enum;

use super::desk::{Desk, Open};
use super::hero::{caption_of, choices};
use super::theme::Look;
use crate::params::{StyleChoice, VocabularyChoice};
use crate::view::Controls;
use crate::view::preferences::{MAX_CAPO, Page, ThemeChoice, WrittenFor};

/// Draws the settings, if they are open, under their button at `anchor`.
pub fn draw(ui: &mut Ui, look: &Look, anchor: Rect, controls: &mut Controls, desk: &mut Desk) {
    if desk.open != Open::Settings {
        return;
    }
    let window = ui.max_rect();
    let mut open = true;
    let width = look.px(470.0).min(window.width() - look.px(50.0));
    Popup::new(
        Id::unique("settings"),
        ui.ctx().clone(),
        anchor,
        ui.layer_id(),
    )
    .open_bool(&mut open)
    .gap(look.px(6.0))
    .align(egui::RectAlign::BOTTOM_END)
    .width(width)
    .accessible_name("Settings")
    .close_behavior(PopupCloseBehavior::CloseOnClickOutside)
    .show(|ui| {
        ui.set_width(width);
        let height = window.bottom() - anchor.bottom() - look.px(44.0);
        egui::ScrollArea::vertical()
            .max_height(height.max(look.px(80.0)))
            .min_scrolled_height(height.max(look.px(80.0)))
            .show(ui, |ui| form(ui, look, width, controls));
    });
    if !open && desk.open == Open::Settings {
        desk.open = Open::Nothing;
    }
}

fn form(ui: &mut Ui, look: &Look, width: f32, controls: &mut Controls) {
    let narrow = width < look.px(420.0);
    let row = |ui: &mut Ui, caption: &str, add: &mut dyn FnMut(&mut Ui)| {
        let text = RichText::new(caption)
            .font(look.text(12.5))
            .color(look.palette.soft);
        if narrow {
            ui.label(text);
            ui.horizontal_wrapped(|ui| add(ui));
        } else {
            ui.horizontal(|ui| {
                caption_of(ui, look, 104.0, text);
                ui.vertical(|ui| ui.horizontal_wrapped(|ui| add(ui)));
            });
        }
    };
    let indices = |count: usize| (0..count).collect::<Vec<usize>>();
    row(ui, "View", &mut |ui| {
        let name = |page: Page| page.name().to_owned();
        let hint = |page: Page| page.hint().to_owned();
        choices(ui, look, &Page::ALL, &mut controls.window.page, name, hint);
    });
    row(ui, "Chords", &mut |ui| {
        let names = VocabularyChoice::variants();
        let hints = [
            "Major and minor triads only",
            "Sixths, sevenths and suspensions too",
            "The same with their bass notes and ninths to thirteenths",
        ];
        let name = |index: usize| names.get(index).copied().unwrap_or_default().to_owned();
        let hint = |index: usize| hints.get(index).copied().unwrap_or_default().to_owned();
        choices(
            ui,
            look,
            &indices(names.len()),
            &mut controls.vocabulary,
            name,
            hint,
        );
    });
    row(ui, "Notation", &mut |ui| {
        let names = StyleChoice::variants();
        let hints = [
            "As on a lead sheet: B♭7sus4, F♯ø7",
            "In plain text: Bb7sus4, F#m7b5",
            "The syntax of label files: Bb:sus4(b7)",
            "Roman numerals of the key: ♭VII7sus4",
            "Nashville numbers of the key",
        ];
        let name = |index: usize| names.get(index).copied().unwrap_or_default().to_owned();
        let hint = |index: usize| hints.get(index).copied().unwrap_or_default().to_owned();
        choices(
            ui,
            look,
            &indices(names.len()),
            &mut controls.style,
            name,
            hint,
        );
    });
    row(ui, "Written for", &mut |ui| {
        let name = |written: WrittenFor| written.name().to_owned();
        let hint = |written: WrittenFor| {
            match written {
                WrittenFor::Concert => "Names are those of the sound",
                WrittenFor::Bb => "A major second higher: trumpet, clarinet, tenor saxophone",
                WrittenFor::Eb => "A major sixth higher: alto and baritone saxophone",
            }
            .to_owned()
        };
        choices(
            ui,
            look,
            &WrittenFor::ALL,
            &mut controls.window.written_for,
            name,
            hint,
        );
    });
    ui.separator();
    row(ui, "Sensitivity", &mut |ui| {
        let number = Number {
            step: 0.01,
            write: |value| format!("{:.0} %", value * 100.0),
            read: percent,
        };
        number.draw(ui, look, "Sensitivity", &mut controls.sensitivity).on_hover_text(
            "How little evidence a chord needs to be shown: lower is calmer, higher follows every hint.",
        );
    });
    row(ui, "Hold", &mut |ui| {
        let number = Number {
            step: 0.005,
            write: |value| format!("{:.0} ms", value * 1000.0),
            read: milliseconds,
        };
        number
            .draw(ui, look, "Hold", &mut controls.hold_s)
            .on_hover_text(
                "How long a new chord must last before it takes the place of the one shown.",
            );
    });
    ui.separator();
    row(ui, "Guitar", &mut |ui| {
        let mut left = controls.window.left_handed;
        let hands = [false, true];
        let name = |left: bool| if left { "Left-handed" } else { "Right-handed" }.to_owned();
        choices(ui, look, &hands, &mut left, name, |_| String::new());
        controls.window.left_handed = left;
        let capo = DragValue::new(&mut controls.window.capo)
            .range(0..=MAX_CAPO)
            .speed(0.05)
            .custom_formatter(|value, _| match value as u8 {
                0 => "no capo".to_owned(),
                fret => format!("capo {fret}"),
            })
            .custom_parser(|text| text.trim_start_matches("capo").trim().parse().ok());
        ui.add(capo)
            .on_hover_text("The fret of the capo: drag, or click and type.");
    });
    row(ui, "Theme", &mut |ui| {
        let name = |theme: ThemeChoice| theme.name().to_owned();
        choices(
            ui,
            look,
            &ThemeChoice::ALL,
            &mut controls.window.theme,
            name,
            |_| String::new(),
        );
    });
    row(ui, "Display", &mut |ui| {
        let name = if controls.freeze { "Frozen" } else { "Freeze" };
        let text = RichText::new(name).font(look.text(13.0));
        if ui
            .add(Button::new(text).selected(controls.freeze))
            .on_hover_text("Hold the chord as it is. Listening goes on.")
            .clicked()
        {
            controls.freeze = !controls.freeze;
        }
    });
}

/// A number from 0 to 1, and how it is written and read.
struct Number {
    step: f64,
    write: fn(f64) -> String,
    read: fn(&str) -> Option<f64>,
}

impl Number {
    fn draw(self, ui: &mut Ui, look: &Look, name: &str, value: &mut f32) -> egui::Response {
        let Self { step, write, read } = self;
        ui.spacing_mut().slider_width =
            (ui.available_width() - look.px(80.0)).clamp(look.px(60.0), look.px(220.0));
        let slider = Slider::new(value, 0.0..=1.0)
            .step_by(step)
            .custom_formatter(move |value, _| write(value))
            .custom_parser(read);
        let response = ui.add(slider);
        response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Slider, true, name));
        response
    }
}

fn percent(text: &str) -> Option<f64> {
    let number: f64 = text.trim().trim_end_matches('%').trim().parse().ok()?;
    number.is_finite().then_some(number / 100.0)
}

fn milliseconds(text: &str) -> Option<f64> {
    let number: f64 = text.trim().trim_end_matches("ms").trim().parse().ok()?;
    number.is_finite().then_some(number / 1000.0)
}
