//! The head of the window: what the plugin is doing, where the song is, and the buttons.

use egui::accesskit::Live;
use egui::{
    Align, Align2, Button, Layout, Rect, RichText, Role, Sense, Stroke, StrokeKind, Ui, WidgetInfo,
    pos2, vec2,
};

use super::desk::{Action, Desk, Open};
use super::icon::{self, Icon};
use super::tempo;
use super::theme::{self, Look};
use super::widgets::{choices, say, within};
use crate::opening::Progress;
use crate::view::preferences::Page;
use crate::view::{Controls, StatusWord, View};

/// Where the buttons of the head are, to anchor their popovers.
pub(super) struct Anchors {
    /// The export button.
    pub export: Rect,
    /// The button for songs and charts from files.
    pub files: Rect,
    /// The settings button.
    pub settings: Rect,
}

/// Draws the head into `rect`.
pub(super) fn draw(
    ui: &mut Ui,
    look: &Look,
    rect: Rect,
    view: &View,
    controls: &mut Controls,
    desk: &mut Desk,
) -> Anchors {
    let wide = rect.width() >= look.px(730.0);
    let mut anchors = Anchors {
        export: rect,
        files: rect,
        settings: rect,
    };
    let mut taken = rect.right();
    within(ui, rect, Layout::right_to_left(Align::Center), |ui| {
        ui.spacing_mut().item_spacing.x = look.px(4.0);
        let open = desk.open == Open::Settings;
        let settings = icon::button(ui, look, Icon::Settings, "Settings", true, open)
            .on_hover_text(
                "Notation, simpler chords, sensitivity, your instrument, MIDI out, theme",
            );
        anchors.settings = settings.rect;
        if settings.clicked() {
            desk.open = if open { Open::Nothing } else { Open::Settings };
        }
        let hint = "Freeze holds the display as it is. Listening goes on, and so does the track: to \
                    keep that as it is, switch Write off.";
        if icon::button(ui, look, Icon::Freeze, "Freeze", true, controls.freeze)
            .on_hover_text(hint)
            .clicked()
        {
            controls.freeze = !controls.freeze;
        }
        write_switch(ui, look, wide, &mut controls.write);
        ui.add_space(look.px(4.0));
        let export = export_button(ui, look, view, wide, desk);
        anchors.export = export;
        anchors.files = files_button(ui, look, desk);
        ui.add_space(look.px(4.0));
        let history = [
            (
                Icon::Redo,
                "Redo",
                view.can_redo,
                Action::Redo,
                "Redo the edit (Ctrl+Shift+Z)",
            ),
            (
                Icon::Undo,
                "Undo",
                view.can_undo,
                Action::Undo,
                if view.undoes_pass {
                    "Undo: bring back the chords that the last pass replaced (Ctrl+Z)"
                } else {
                    "Undo the last edit (Ctrl+Z)"
                },
            ),
        ];
        for (sign, name, enabled, action, hint) in history {
            if icon::button(ui, look, sign, name, enabled, false)
                .on_hover_text(hint)
                .clicked()
                && enabled
            {
                desk.ask(action);
            }
        }
        if wide {
            ui.add_space(look.px(8.0));
            // From right to left.
            let pages = [Page::Stage, Page::Play, Page::Sheet, Page::Overview];
            let name = |page: Page| page.name().to_owned();
            let hint = |page: Page| page.hint().to_owned();
            ui.spacing_mut().item_spacing.x = look.px(2.0);
            choices(ui, look, &pages, &mut controls.window.page, name, hint);
        }
        taken = ui.min_rect().left();
    });
    let room = rect.with_max_x(taken - look.px(10.0));
    let told = status(ui, look, room, view, wide);
    let left = told + look.px(18.0);
    match view.own_bpm {
        Some(bpm) => tempo::draw(ui, look, room.with_min_x(left), bpm, desk),
        None => transport(ui, look, room.with_min_x(left), view),
    }
    anchors
}

/// The switch *Write*: whether what is heard goes into the track. It shows its name where
/// there is room.
fn write_switch(ui: &mut Ui, look: &Look, wide: bool, write: &mut bool) {
    let palette = look.palette;
    let side = look.px(28.0);
    let name = if *write { "Write" } else { "Write off" };
    let name = ui
        .painter()
        .layout_no_wrap(name.to_owned(), look.text(13.0), palette.text);
    let width = if wide {
        side + name.size().x + look.px(6.0)
    } else {
        side
    };
    let (rect, response) = ui.allocate_exact_size(vec2(width, side), Sense::click());
    if response.clicked() {
        *write = !*write;
    }
    let on = *write;
    let painter = ui.painter();
    if !on || response.hovered() {
        painter.rect_filled(rect, theme::RADIUS_SMALL, palette.well);
    }
    if response.has_focus() {
        let stroke = Stroke::new(2.0, palette.accent);
        painter.rect_stroke(rect, theme::RADIUS_SMALL, stroke, StrokeKind::Inside);
    }
    let (sign, color) = if on {
        (Icon::Write, palette.text)
    } else {
        (Icon::WriteOff, palette.warning)
    };
    let square = rect.with_max_x(rect.left() + side).shrink(side * 0.26);
    icon::draw(painter, square, sign, color, look);
    if wide {
        let at = pos2(rect.left() + side, rect.center().y - name.size().y / 2.0);
        painter.galley_with_override_text_color(at, name, color);
    }
    response.widget_info(|| WidgetInfo::selected(Role::Switch, true, on, "Write"));
    response.on_hover_text(
        "Write: what is heard goes into the track and replaces what was there. When off, Changes \
         listens and shows, and only your edits change the track: for a song that is \
         finished.\n\
         Freeze holds the display only. The host's Bypass stops listening.",
    );
}

fn files_button(ui: &mut Ui, look: &Look, desk: &mut Desk) -> Rect {
    let open = desk.open == Open::Files;
    let response = icon::button(ui, look, Icon::Open, "Open", true, open).on_hover_text(
        "Open a song's audio (Ctrl+O), or put your own chart onto the music (Ctrl+V)",
    );
    if response.clicked() {
        desk.open = if open { Open::Nothing } else { Open::Files };
    }
    response.rect
}

fn export_button(ui: &mut Ui, look: &Look, view: &View, wide: bool, desk: &mut Desk) -> Rect {
    let open = desk.open == Open::Export;
    let mut heard = view.track.timeline().segments().iter();
    let ready = heard.any(|segment| segment.label.chord().is_some());
    let hint = if ready {
        "Save the chords as MIDI, chart or labels, or drag them into the DAW (Ctrl+E)"
    } else {
        "There is nothing to export yet: play some music first"
    };
    let response = if wide {
        let palette = look.palette;
        let (fill, ink) = if ready {
            (palette.accent, palette.on_accent)
        } else {
            (palette.well, palette.faint)
        };
        let text = RichText::new("Export").font(look.text(13.0)).color(ink);
        let response = ui.add(Button::new(text).fill(fill));
        response.widget_info(|| WidgetInfo::selected(Role::Button, ready, open, "Export"));
        response
    } else {
        icon::button(ui, look, Icon::Export, "Export", ready, open)
    };
    let response = response.on_hover_text(hint);
    if response.clicked() && ready {
        desk.open = if open { Open::Nothing } else { Open::Export };
    }
    response.rect
}

/// Draws name and status, as far as there is room. Returns where they end.
fn status(ui: &mut Ui, look: &Look, rect: Rect, view: &View, wide: bool) -> f32 {
    let palette = look.palette;
    let painter = ui.painter_at(rect);
    let middle = rect.center().y;
    let mut left = rect.left() + look.px(2.0);
    if wide {
        let name = painter.text(
            pos2(left, middle),
            Align2::LEFT_CENTER,
            "Changes",
            look.display(look.px(19.0)),
            palette.text,
        );
        left = name.right() + look.px(16.0);
    }
    let color = match view.status {
        StatusWord::Recognizing => palette.good,
        StatusWord::Listening => palette.accent,
        StatusWord::Unsure | StatusWord::Gap | StatusWord::Failed => palette.warning,
        StatusWord::Frozen => palette.text,
        StatusWord::Waiting | StatusWord::Bypassed | StatusWord::Silence => palette.faint,
    };
    let dot = pos2(left + look.px(4.0), middle);
    painter.circle_filled(dot, look.px(4.0), color);
    let word = painter.text(
        pos2(left + look.px(14.0), middle),
        Align2::LEFT_CENTER,
        view.status.word(),
        look.text(13.0),
        if view.status == StatusWord::Recognizing {
            palette.soft
        } else {
            color
        },
    );
    let pill = Rect::from_min_max(pos2(left, rect.top()), pos2(word.right(), rect.bottom()));
    let response = ui.interact(pill, ui.scope_id().with("status"), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, view.status.word()));
    // Small windows have no foot, which shows the tuning otherwise.
    let tuning = view.tuning.text();
    let says = [
        view.status.sentence(),
        &tuning,
        &view.band.who,
        &view.machine,
    ];
    let says: Vec<&str> = says.into_iter().filter(|it| !it.is_empty()).collect();
    response.on_hover_text(says.join("\n"));
    word.right()
}

/// The position in the host's song, if there is room.
fn transport(ui: &Ui, look: &Look, rect: Rect, view: &View) {
    let Some(transport) = &view.transport else {
        return;
    };
    let painter = ui.painter_at(rect);
    let galley = painter.layout_no_wrap(transport.clone(), look.text(13.0), look.palette.soft);
    if galley.size().x <= rect.width() {
        let at = pos2(rect.left(), rect.center().y - galley.size().y / 2.0);
        painter.galley(at, galley, look.palette.soft);
    }
    say(ui, rect, "transport", || transport.clone());
}

/// The foot of the window: a message, or else the band and the load. Returns the part that
/// stays free.
pub(super) fn foot(ui: &mut Ui, look: &Look, rect: Rect, view: &View, desk: &mut Desk) -> Rect {
    let palette = look.palette;
    if let Some(progress) = desk.opening.progress.clone() {
        under_way(ui, look, rect, &progress, desk);
        return rect.with_max_x(rect.left());
    }
    let told = view.message.clone().map(|text| (text, true, None));
    let noticed = desk
        .notice
        .clone()
        .map(|notice| (notice.text, notice.error, notice.file));
    let Some((text, error, file)) = told.clone().or(noticed) else {
        let warning = view.refused_network.as_ref();
        if let Some(missing) = warning.or(view.band.missing.as_ref()) {
            within(ui, rect, Layout::left_to_right(Align::Center), |ui| {
                let text = RichText::new(missing.as_str());
                let text = text.font(look.text(12.0)).color(palette.warning);
                ui.add(egui::Label::new(text).truncate());
            });
            return rect.with_max_x(rect.left());
        }
        let painter = ui.painter_at(rect);
        let machine = [view.band.who.as_str(), view.machine.as_str()];
        let machine: Vec<&str> = machine.into_iter().filter(|it| !it.is_empty()).collect();
        let machine = machine.join("  ·  ");
        if !machine.is_empty() {
            say(ui, rect, "machine", || machine.clone());
        }
        let machine = painter.text(
            rect.right_center(),
            Align2::RIGHT_CENTER,
            machine,
            look.text(11.0),
            palette.faint,
        );
        return rect.with_max_x(machine.left() - look.px(18.0));
    };
    let bar = rect.expand2(vec2(look.px(4.0), look.px(4.0)));
    ui.painter()
        .rect_filled(bar, theme::RADIUS_SMALL, palette.well);
    let color = if error { palette.warning } else { palette.text };
    let edge = bar.with_max_x(bar.left() + look.px(4.0));
    ui.painter().rect_filled(
        edge,
        2.0,
        if error { palette.warning } else { palette.good },
    );
    within(
        ui,
        rect.shrink2(vec2(look.px(6.0), 0.0)),
        Layout::right_to_left(Align::Center),
        |ui| {
            let small =
                |text: &str| Button::new(RichText::new(text.to_owned()).font(look.text(11.5)));
            ui.spacing_mut().button_padding.y = 0.0;
            ui.spacing_mut().interact_size.y = rect.height();
            if ui.add(small("Close")).clicked() {
                if told.is_some() {
                    desk.ask(Action::Dismiss);
                }
                desk.notice = None;
            }
            if view.can_bring_back
                && ui
                    .add(small("Bring back"))
                    .on_hover_text("Show the other track; this one is kept in its place")
                    .clicked()
            {
                desk.ask(Action::BringBack);
            }
            if let Some(file) = file
                && ui
                    .add(small("Show"))
                    .on_hover_text("Show the file in its folder")
                    .clicked()
            {
                desk.ask(Action::Reveal(file));
            }
            let label =
                egui::Label::new(RichText::new(text).font(look.text(12.0)).color(color)).truncate();
            let label = ui.with_layout(Layout::left_to_right(Align::Center), |ui| ui.add(label));
            let id = label.inner.id;
            ui.ctx()
                .accesskit_node_builder(id, |node| node.set_live(Live::Polite));
        },
    );
    rect.with_max_x(rect.left())
}

/// The progress of what is being opened, and a button to cancel it.
fn under_way(ui: &mut Ui, look: &Look, rect: Rect, progress: &Progress, desk: &mut Desk) {
    let palette = look.palette;
    let bar = rect.expand2(vec2(look.px(4.0), look.px(4.0)));
    ui.painter()
        .rect_filled(bar, theme::RADIUS_SMALL, palette.well);
    let done = bar.with_max_x(bar.left() + bar.width() * progress.share.clamp(0.0, 1.0));
    ui.painter()
        .rect_filled(done, theme::RADIUS_SMALL, palette.chosen);
    within(
        ui,
        rect.shrink2(vec2(look.px(6.0), 0.0)),
        Layout::right_to_left(Align::Center),
        |ui| {
            ui.spacing_mut().button_padding.y = 0.0;
            ui.spacing_mut().interact_size.y = rect.height();
            let cancel = Button::new(RichText::new("Cancel").font(look.text(11.5)));
            let cancel = ui.add(cancel);
            if cancel
                .on_hover_text("Stop it. The track stays as it is.")
                .clicked()
            {
                desk.ask(Action::CancelOpening);
            }
            let text = format!("{}  {:.0} %", progress.text, progress.share * 100.0);
            let text = RichText::new(text).font(look.text(12.0));
            let label = egui::Label::new(text.color(palette.text)).truncate();
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| ui.add(label));
        },
    );
}
