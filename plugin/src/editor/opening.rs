//! The popover for songs and charts from files.

use egui::{Id, Popup, PopupCloseBehavior, Rect, RichText, TextEdit, Ui};

use super::desk::{Action, Desk, Open};
use super::incoming::Kind;
use super::theme::Look;
use super::widgets::{button, choices};
use crate::opening::Place;
use crate::view::View;

/// The longest chart that can be typed or pasted, in characters.
const MOST_CHARS: usize = 1 << 20;

/// Draws the popover, if it is open, under its button at `anchor`.
pub(super) fn draw(ui: &mut Ui, look: &Look, anchor: Rect, view: &View, desk: &mut Desk) {
    if desk.open != Open::Files {
        return;
    }
    let window = ui.max_rect();
    let mut open = true;
    let width = look.px(390.0);
    Popup::new(Id::unique("files"), ui.ctx().clone(), anchor, ui.layer_id())
        .open_bool(&mut open)
        .gap(look.px(6.0))
        .align(egui::RectAlign::BOTTOM_END)
        .width(width)
        .accessible_name("Open")
        .close_behavior(PopupCloseBehavior::CloseOnClickOutside)
        .show(|ui| {
            ui.set_width(width.min(window.width() - look.px(50.0)));
            let height = window.bottom() - anchor.bottom() - look.px(44.0);
            egui::ScrollArea::vertical()
                .max_height(height.max(look.px(80.0)))
                .show(ui, |ui| {
                    ui.spacing_mut().item_spacing.y = look.px(5.0);
                    song(ui, look, view, desk);
                    ui.add_space(look.px(4.0));
                    chart(ui, look, view, desk);
                });
        });
    if !open && desk.open == Open::Files {
        desk.open = Open::Nothing;
    }
}

fn caption(ui: &mut Ui, look: &Look, text: &str) {
    let text = RichText::new(text).font(look.text(11.5));
    ui.label(text.color(look.palette.faint));
}

fn soft(ui: &mut Ui, look: &Look, text: &str) {
    let text = RichText::new(text).font(look.text(12.0));
    ui.label(text.color(look.palette.soft));
}

fn song(ui: &mut Ui, look: &Look, view: &View, desk: &mut Desk) {
    caption(ui, look, "A song's audio, into the track");
    let free = desk.opening.progress.is_none();
    ui.horizontal_wrapped(|ui| {
        let open = ui
            .add_enabled(free, button(look, "Open audio…"))
            .on_hover_text(
                "Choose a song (Ctrl+O). It is transcribed in the background, its beats are found, and \
                 its chords go into the track: one step of undo takes them away. Locked chords stay.",
            )
            .on_disabled_hover_text("Something is being opened: wait for it or cancel it.");
        if open.clicked() {
            desk.ask(Action::Ask(Kind::Audio));
            desk.open = Open::Nothing;
        }
        let host = view.on_host;
        let name = |place: Place| {
            match place {
                Place::Start => "at the start",
                Place::Here if host => "at the playhead",
                Place::Here => "behind what is there",
            }
            .to_owned()
        };
        let hint = |place: Place| {
            match place {
                Place::Start => "The audio begins where the song begins.",
                Place::Here if host => "The audio begins where the playhead stands.",
                Place::Here => "The audio begins where the track ends.",
            }
            .to_owned()
        };
        let all = [Place::Start, Place::Here];
        choices(ui, look, &all, &mut desk.place, name, hint);
    });
}

fn chart(ui: &mut Ui, look: &Look, view: &View, desk: &mut Desk) {
    caption(ui, look, "Your own chart, onto the music");
    let free = desk.opening.progress.is_none();
    let busy = "Something is being opened: wait for it or cancel it.";
    ui.horizontal_wrapped(|ui| {
        let open = ui
            .add_enabled(free, button(look, "Open chart…"))
            .on_hover_text(
                "ChordPro, iReal Pro links, MusicXML, MIDI markers, .lab, JAMS or plain text. Its bars \
                 are found in the music, and shown with how well they fit, before anything changes.",
            )
            .on_disabled_hover_text(busy);
        if open.clicked() {
            desk.ask(Action::Ask(Kind::Chart));
            desk.open = Open::Nothing;
        }
        let has_chords = (view.track.timeline().segments().iter()).any(|it| it.label.chord().is_some());
        let to = match &desk.opening.song {
            Some(song) => format!("onto {song}"),
            None if has_chords => "onto what was heard".to_owned(),
            None => "once a song is opened or played".to_owned(),
        };
        soft(ui, look, &to);
    });
    let field = TextEdit::multiline(&mut desk.chart_text)
        .hint_text("Or type or paste it: | Am | F C | G | % |")
        .desired_rows(3)
        .desired_width(f32::INFINITY)
        .char_limit(MOST_CHARS);
    let response = ui.add(field);
    response.widget_info(|| {
        let mut info = egui::WidgetInfo::new(egui::Role::MultilineTextInput);
        info.label = Some("Chart".to_owned());
        info
    });
    response.on_hover_text(
        "Bars between |, chords in them, % for the bar before, [A] for a section. Ctrl+V in the window \
         takes a chart or an iReal Pro link from the clipboard as well.",
    );
    ui.horizontal_wrapped(|ui| {
        let ready = free && !desk.chart_text.trim().is_empty();
        let align = ui
            .add_enabled(ready, button(look, "Align"))
            .on_hover_text("Find the bars of this chart in the music.");
        if align.clicked() {
            desk.ask(Action::AlignText(desk.chart_text.clone()));
            desk.open = Open::Nothing;
        }
        if let Some(title) = desk.opening.chart.clone()
            && desk.opening.proposal.is_none()
        {
            let again = ui
                .add_enabled(free, button(look, "Align again"))
                .on_hover_text(format!("Find the bars of {title} in the music."))
                .on_disabled_hover_text(busy);
            if again.clicked() {
                desk.ask(Action::AlignAgain);
                desk.open = Open::Nothing;
            }
            soft(ui, look, &title);
        }
    });
}
