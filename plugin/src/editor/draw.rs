//! The layout of the window: which parts it has, and where.

use egui::{Align, Event, Key, Layout, Modifiers, Rect, Ui, pos2, vec2};

use super::desk::{Action, Desk, Kind, Open};
use super::theme::Look;
use super::{
    announcing, chart, editing, export, guitar, header, hero, keys, opening, piano, settings,
    sheet, song, spectrum, stage, strip, tempo, tuning, widgets,
};
use crate::view::preferences::{Companion, Page};
use crate::view::{Controls, View};

/// Space around and between parts.
const MARGIN: f32 = 10.0;
const GAP: f32 = 8.0;

/// Narrower or lower windows have room only for the chord and a strip.
const SHEET_FROM: (f32, f32) = (480.0, 330.0);

/// Narrower windows have no room for an instrument beside the chord.
const COMPANION_FROM: f32 = 800.0;

/// Draws the whole window into `ui`. Changed settings come back in `controls`, actions in
/// `desk`.
///
/// The picture depends on `view`, `controls`, `desk` and the size of `ui` alone.
pub fn draw(ui: &mut Ui, view: &View, controls: &mut Controls, desk: &mut Desk) {
    let window = ui.max_rect();
    let look = Look::new(controls.window.theme, window.size());
    look.apply(ui, controls.window.theme);
    desk.snap = controls.window.snap;
    ui.painter()
        .rect_filled(window, 0.0, look.palette.background);
    shortcuts(ui, view, controls, desk);
    announcing::draw(ui, view, &mut desk.announced);
    if controls.window.page == Page::Stage {
        stage::draw(ui, &look, window, view, controls, desk);
        return;
    }
    let small = window.width() < SHEET_FROM.0 || window.height() < SHEET_FROM.1;
    let mut rest = window.shrink(look.px(if small { 6.0 } else { MARGIN }));
    let head = take_top(&mut rest, look.px(28.0), look.px(GAP));
    let anchors = header::draw(ui, &look, head, view, controls, desk);
    let told = desk.notice.is_some()
        || desk.opening.progress.is_some()
        || view.message.is_some()
        || view.refused_network.is_some()
        || view.band.missing.is_some();
    if !small || told {
        let foot = take_bottom(&mut rest, look.px(15.0), look.px(6.0));
        let free = header::foot(ui, &look, foot, view, desk);
        tuning::draw(ui, &look, free, view, controls);
    }
    if small {
        compact(ui, &look, rest, view, desk);
    } else {
        match controls.window.page {
            Page::Overview => overview(ui, &look, rest, view, controls, desk),
            Page::Sheet => {
                let line = take_top(&mut rest, look.px(58.0), look.px(GAP));
                hero::draw_line(ui, &look, line, view, desk);
                track(ui, &look, rest, view, desk);
            }
            Page::Play | Page::Stage => play(ui, &look, rest, view, controls, desk),
        }
    }
    let song = Rect::from_min_size(rest.left_center(), vec2(look.px(1.0), look.px(1.0)));
    let song_anchor = desk.song_anchor.unwrap_or(song);
    editing::draw(ui, &look, view, desk);
    keys::draw(ui, &look, view, desk);
    song::draw(ui, &look, song_anchor, view, controls, desk);
    export::draw(ui, &look, anchors.export, view, controls, desk);
    opening::draw(ui, &look, anchors.files, view, desk);
    tempo::draw_grid(ui, &look, view, desk);
    settings::draw(ui, &look, anchors.settings, view, controls, desk);
}

/// The chord, how it is played, and the track.
fn overview(
    ui: &mut Ui,
    look: &Look,
    rest: Rect,
    view: &View,
    controls: &mut Controls,
    desk: &mut Desk,
) {
    let mut rest = rest;
    let upper = (rest.height() * 0.43).clamp(look.px(130.0), look.px(340.0));
    let upper = take_top(&mut rest, upper, look.px(GAP));
    if upper.width() >= look.px(COMPANION_FROM) {
        let (left, right) = upper.split_left_right_at_fraction(0.57);
        hero::draw(
            ui,
            look,
            left.with_max_x(left.right() - look.px(GAP) / 2.0),
            view,
            desk,
        );
        let right = right.with_min_x(right.left() + look.px(GAP) / 2.0);
        companion(ui, look, right, view, controls, desk);
    } else {
        hero::draw(ui, look, upper, view, desk);
    }
    track(ui, look, rest, view, desk);
}

/// The lead sheet, or the strip where the song has no bars. A chart that waits to be accepted
/// replaces either.
fn track(ui: &mut Ui, look: &Look, rest: Rect, view: &View, desk: &mut Desk) {
    if let Some(proposal) = desk.opening.proposal.clone() {
        chart::draw(ui, look, rest, view, &proposal, desk);
    } else if view.has_bars {
        sheet::draw(ui, look, rest, view, desk);
    } else {
        strip::draw_rows(ui, look, rest, view, desk);
    }
}

/// The chord, a large instrument, and the strip below.
fn play(
    ui: &mut Ui,
    look: &Look,
    rest: Rect,
    view: &View,
    controls: &mut Controls,
    desk: &mut Desk,
) {
    let mut rest = rest;
    let strip_height = (rest.height() * 0.17).clamp(look.px(64.0), look.px(110.0));
    let below = take_bottom(&mut rest, strip_height, look.px(GAP));
    let upper = (rest.height() * 0.36).clamp(look.px(90.0), look.px(260.0));
    let upper = take_top(&mut rest, upper, look.px(GAP));
    hero::draw(ui, look, upper, view, desk);
    companion(ui, look, rest, view, controls, desk);
    match desk.opening.proposal.clone() {
        Some(proposal) => chart::draw(ui, look, below, view, &proposal, desk),
        None => strip::draw(ui, look, below, view, desk),
    }
}

/// The chord above the strip.
fn compact(ui: &mut Ui, look: &Look, rest: Rect, view: &View, desk: &mut Desk) {
    let mut rest = rest;
    if let Some(proposal) = desk.opening.proposal.clone() {
        chart::draw(ui, look, rest, view, &proposal, desk);
    } else if rest.height() > 120.0 {
        let height = (rest.height() * 0.36).clamp(56.0, 90.0);
        let below = take_bottom(&mut rest, height, look.px(6.0));
        hero::draw(ui, look, rest, view, desk);
        strip::draw(ui, look, below, view, desk);
    } else {
        hero::draw(ui, look, rest, view, desk);
    }
}

/// What is shown beside the chord, below the buttons that choose it.
fn companion(
    ui: &mut Ui,
    look: &Look,
    rect: Rect,
    view: &View,
    controls: &mut Controls,
    desk: &mut Desk,
) {
    widgets::card(&ui.painter_at(rect), look, rect);
    let mut inner = rect.shrink2(vec2(look.px(14.0), look.px(10.0)));
    let head = take_top(&mut inner, look.px(24.0), look.px(8.0));
    widgets::within(ui, head, Layout::left_to_right(Align::Center), |ui| {
        ui.spacing_mut().item_spacing.x = look.px(2.0);
        let instrument = controls.window.instrument;
        let name = |companion: Companion| match companion {
            Companion::Guitar => instrument.name().to_owned(),
            other => other.name().to_owned(),
        };
        let hint = |companion: Companion| companion.hint().to_owned();
        let chosen = &mut controls.window.companion;
        widgets::choices(ui, look, &Companion::ALL, chosen, name, hint);
    });
    let chord = view.chord.as_ref();
    match controls.window.companion {
        Companion::Piano => piano::draw(ui, look, inner, chord),
        Companion::Guitar => guitar::draw(ui, look, inner, view, &controls.window, desk),
        Companion::Spectrum => spectrum::draw(ui, look, inner, view),
    }
}

/// Keyboard shortcuts, which work everywhere except while the user types.
fn shortcuts(ui: &Ui, view: &View, controls: &mut Controls, desk: &mut Desk) {
    let typing = ui.ctx().text_edit_focused();
    ui.input_mut(|input| {
        for (key, page) in [
            (Key::Num1, Page::Overview),
            (Key::Num2, Page::Sheet),
            (Key::Num3, Page::Play),
            (Key::Num4, Page::Stage),
        ] {
            if input.consume_key(Modifiers::COMMAND, key) {
                controls.window.page = page;
            }
        }
        if input.consume_key(Modifiers::COMMAND, Key::E) {
            desk.open = Open::Export;
        }
        let free = desk.opening.progress.is_none();
        if input.consume_key(Modifiers::COMMAND, Key::O) && free {
            desk.open = Open::Nothing;
            desk.ask(Action::Ask(Kind::Audio));
        }
        if typing {
            return;
        }
        let editing = matches!(desk.open, Open::Chord(_));
        if !editing && input.consume_key(Modifiers::COMMAND, Key::Enter) {
            hear_shown(view, desk);
        }
        if let Some(text) = pasted(input) {
            desk.open = Open::Nothing;
            desk.ask(Action::AlignText(text));
        }
        // The longer one first: the shorter would match it too.
        if input.consume_key(Modifiers::COMMAND | Modifiers::SHIFT, Key::Z)
            || input.consume_key(Modifiers::COMMAND, Key::Y)
        {
            desk.ask(Action::Redo);
        }
        if input.consume_key(Modifiers::COMMAND, Key::Z) {
            desk.ask(Action::Undo);
        }
    });
}

/// Asks to hear the current chord.
pub(super) fn hear_shown(view: &View, desk: &mut Desk) {
    if let Some(chord) = &view.chord {
        desk.ask(Action::Hear(chord.shown.clone()));
    }
}

/// The text that was pasted since the last paint, if there is one.
fn pasted(input: &egui::InputState) -> Option<String> {
    input.events.iter().find_map(|event| match event {
        Event::Paste(text) => Some(text.clone()),
        // The layer below delivers the clipboard as one text, as if it were typed.
        Event::Text(text) if input.modifiers.command && text.chars().nth(1).is_some() => {
            Some(text.clone())
        }
        _ => None,
    })
}

/// Cuts a part of this height off the top of `rest`, and the gap after it.
fn take_top(rest: &mut Rect, height: f32, gap: f32) -> Rect {
    let part = Rect::from_min_size(rest.min, vec2(rest.width(), height));
    rest.min.y = part.bottom() + gap;
    part
}

/// The same at the bottom.
fn take_bottom(rest: &mut Rect, height: f32, gap: f32) -> Rect {
    let part = Rect::from_min_max(pos2(rest.left(), rest.bottom() - height), rest.max);
    rest.max.y = part.top() - gap;
    part
}
