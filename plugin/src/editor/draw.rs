//! How the parts of the editor share the window.

use egui::{Align2, Rect, Role, Sense, Ui, WidgetInfo, pos2, vec2};

use super::{alternatives, chord, header, keyboard, settings, spectrum, strip, theme};
use crate::view::{Controls, View};

/// Space around and between parts.
const MARGIN: f32 = 14.0;
const GAP: f32 = 10.0;

/// Lowest window that still has room for the keyboard.
const KEYBOARD_FROM: f32 = 430.0;

/// Draws the whole editor into `ui`. What the user sets comes back in `controls`.
///
/// The picture depends on `view`, `controls` and the size of `ui` alone.
pub fn draw(ui: &mut Ui, view: &View, controls: &mut Controls) {
    let window = ui.max_rect();
    ui.painter().rect_filled(window, 0.0, theme::BACKGROUND);
    let mut rest = window.shrink(MARGIN);

    let head = take_top(&mut rest, 30.0);
    header::draw(ui, head, view, controls);

    let corner = take_bottom(&mut rest, 14.0);
    draw_machine(ui, corner, &view.machine);
    let foot = take_bottom(&mut rest, settings::HEIGHT);
    settings::draw(ui, foot, controls);

    // In a small window the chord comes first.
    if controls.panels.keyboard && window.height() >= KEYBOARD_FROM {
        let height = (window.height() * 0.13).clamp(46.0, 110.0);
        let keys = take_bottom(&mut rest, height);
        keyboard::draw(ui, keys, view.chord.as_ref().map(|chord| chord.tones));
    }
    let height = (window.height() * 0.155).clamp(62.0, 130.0);
    strip::draw(ui, take_bottom(&mut rest, height), view);

    let side_width = (rest.width() * 0.34).clamp(170.0, 420.0);
    let side = Rect::from_min_max(pos2(rest.right() - side_width, rest.top()), rest.max);
    let main = Rect::from_min_max(rest.min, pos2(side.left() - GAP, rest.bottom()));
    chord::draw(ui, main, view);
    name_for_screen_readers(ui, main, view);
    if controls.panels.spectrum && side.height() > 130.0 {
        let middle = side.top() + side.height() * 0.52;
        let (upper, lower) = side.split_top_bottom_at_y(middle);
        let upper = upper.with_max_y(upper.bottom() - GAP / 2.0);
        let lower = lower.with_min_y(lower.top() + GAP / 2.0);
        alternatives::draw(ui, upper, view);
        spectrum::draw(ui, lower, view);
    } else if controls.panels.spectrum {
        spectrum::draw(ui, side, view);
    } else {
        alternatives::draw(ui, side, view);
    }
}

/// The chord is painted, not written: this gives it a name all the same.
fn name_for_screen_readers(ui: &mut Ui, rect: Rect, view: &View) {
    let name = match &view.chord {
        Some(chord) => format!("Chord {}", chord.name.text()),
        None => view.status.word().to_owned(),
    };
    let response = ui.allocate_rect(rect, Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, &name));
}

fn draw_machine(ui: &Ui, rect: Rect, machine: &str) {
    ui.painter_at(rect.expand(2.0)).text(
        rect.right_center(),
        Align2::RIGHT_CENTER,
        machine,
        theme::text(11.0),
        theme::TEXT_FAINT,
    );
}

/// Cuts a part of that height off the top of `rest`, and the gap after it.
fn take_top(rest: &mut Rect, height: f32) -> Rect {
    let part = Rect::from_min_size(rest.min, vec2(rest.width(), height));
    rest.min.y = part.bottom() + GAP;
    part
}

/// The same at the bottom.
fn take_bottom(rest: &mut Rect, height: f32) -> Rect {
    let part = Rect::from_min_max(pos2(rest.left(), rest.bottom() - height), rest.max);
    rest.max.y = part.top() - GAP;
    part
}
