//! The foot of the editor: what is set, each under its caption.

use egui::{
    Align, ComboBox, DragValue, Layout, Rect, Response, RichText, Slider, Ui, UiBuilder, pos2, vec2,
};
use nice_plug::prelude::Enum;

use super::theme;
use crate::params::{ModeChoice, StyleChoice, TonicChoice, VocabularyChoice};
use crate::view::Controls;

/// Height that the settings need.
pub const HEIGHT: f32 = 50.0;

/// Draws the settings into `rect` and lets them change `controls`.
pub fn draw(ui: &mut Ui, rect: Rect, controls: &mut Controls) {
    let needs_key = controls.needs_key();
    let mut shares = vec![("Vocabulary", 1.25), ("Notation", 1.15)];
    if needs_key {
        shares.extend([("Key", 0.85), ("Mode", 0.85)]);
    }
    shares.extend([("Sensitivity", 1.2), ("Hold", 1.2)]);
    let gap = 12.0;
    let total: f32 = shares.iter().map(|(_, share)| share).sum();
    let unit = (rect.width() - gap * (shares.len() - 1) as f32) / total;
    let mut left = rect.left();
    for (caption, share) in shares {
        let cell = Rect::from_min_size(pos2(left, rect.top()), vec2(unit * share, rect.height()));
        left = cell.right() + gap;
        let builder = UiBuilder::new()
            .max_rect(cell)
            .id_salt(caption)
            .layout(Layout::top_down(Align::Min));
        ui.scope_builder(builder, |ui| {
            ui.label(
                RichText::new(caption)
                    .font(theme::text(11.0))
                    .color(theme::TEXT_FAINT),
            );
            draw_setting(ui, caption, cell.width(), controls);
        });
    }
}

fn draw_setting(ui: &mut Ui, caption: &str, width: f32, controls: &mut Controls) {
    match caption {
        "Vocabulary" => {
            let hint = "How finely chords are told apart: major and minor only, sixths and \
                        sevenths too, or those with their bass note.";
            choice(
                ui,
                caption,
                width,
                VocabularyChoice::variants(),
                &mut controls.vocabulary,
                hint,
            );
        }
        "Notation" => {
            let hint = "How chords are written. Numerals and numbers refer to the key.";
            choice(
                ui,
                caption,
                width,
                StyleChoice::variants(),
                &mut controls.style,
                hint,
            );
        }
        "Key" => {
            let hint = "The tonic that numerals and numbers count from.";
            choice(
                ui,
                caption,
                width,
                TonicChoice::variants(),
                &mut controls.tonic,
                hint,
            );
        }
        "Mode" => {
            let hint = "Whether the key is major or minor.";
            choice(
                ui,
                caption,
                width,
                ModeChoice::variants(),
                &mut controls.mode,
                hint,
            );
        }
        "Sensitivity" => {
            let number = Number {
                range: 0.0..=1.0,
                step: 0.01,
                write: |value| format!("{:.0} %", value * 100.0),
                read: percent,
            };
            number
                .draw(ui, width, &mut controls.sensitivity)
                .on_hover_text(
                    "How little evidence a chord needs to be shown: lower is calmer, higher \
                     follows every hint.",
                );
        }
        _ => {
            let number = Number {
                range: 0.0..=1.0,
                step: 0.005,
                write: |value| format!("{:.0} ms", value * 1000.0),
                read: milliseconds,
            };
            number.draw(ui, width, &mut controls.hold_s).on_hover_text(
                "How long a new chord must last before it takes the place of the one shown.",
            );
        }
    }
}

fn choice(
    ui: &mut Ui,
    caption: &str,
    width: f32,
    variants: &[&str],
    selected: &mut usize,
    hint: &str,
) {
    let shown = variants.get(*selected).copied().unwrap_or_default();
    let response = ComboBox::from_id_salt(caption)
        .width(width)
        .truncate()
        .selected_text(RichText::new(shown).font(theme::text(13.0)))
        .show_ui(ui, |ui| {
            for (index, variant) in variants.iter().enumerate() {
                ui.selectable_value(selected, index, *variant);
            }
        });
    response.response.on_hover_text(hint);
}

/// Room for the number beside a slider's rail.
const NUMBER_WIDTH: f32 = 74.0;

/// Below this width the rail is left out; the number can be dragged as well.
const RAIL_FROM: f32 = 130.0;

/// A number to set, and how it is written and read.
struct Number {
    range: std::ops::RangeInclusive<f32>,
    step: f64,
    write: fn(f64) -> String,
    read: fn(&str) -> Option<f64>,
}

impl Number {
    fn draw(self, ui: &mut Ui, width: f32, value: &mut f32) -> Response {
        let Self {
            range,
            step,
            write,
            read,
        } = self;
        if width < RAIL_FROM {
            let number = DragValue::new(value)
                .range(range)
                .speed(step)
                .custom_formatter(move |value, _| write(value))
                .custom_parser(read);
            return ui.add_sized([width, ui.spacing().interact_size.y], number);
        }
        ui.spacing_mut().slider_width = width - NUMBER_WIDTH;
        let slider = Slider::new(value, range)
            .step_by(step)
            .custom_formatter(move |value, _| write(value))
            .custom_parser(read);
        ui.add(slider)
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
