//! The export popover: every format, to be saved, copied or dragged out.

use egui::{
    Align, Id, Layout, Popup, PopupCloseBehavior, Rect, RichText, Sense, TextEdit, Ui, vec2,
};
use harmony::export::Format;
use harmony::voicing::Voicing;

use super::desk::{Action, Desk, Open};
use super::icon::{self, Icon};
use super::theme::Look;
use super::widgets::{button, choices};
use crate::view::{Controls, View};

/// The formats by what they are for.
const GROUPS: [(&str, &[Format]); 3] = [
    (
        "For the DAW",
        &[Format::Midi, Format::Reaper, Format::Audacity],
    ),
    (
        "For the music stand",
        &[
            Format::Pdf,
            Format::MusicXml,
            Format::IReal,
            Format::ChordPro,
            Format::ChordProInline,
            Format::Text,
            Format::Svg,
        ],
    ),
    ("For analysis", &[Format::Lab, Format::Jams, Format::Csv]),
];

/// The name of a format in the list.
fn name(format: Format) -> &'static str {
    match format {
        Format::Midi => "MIDI",
        Format::Reaper => "REAPER regions",
        Format::Audacity => "Audacity labels",
        Format::Pdf => "PDF chart",
        Format::MusicXml => "MusicXML",
        Format::IReal => "iReal Pro",
        Format::ChordPro => "ChordPro grid",
        Format::ChordProInline => "ChordPro inline",
        Format::Text => "Text chart",
        Format::Svg => "SVG chart",
        Format::Lab => "Labels (.lab)",
        Format::Jams => "JAMS",
        Format::Csv => "CSV table",
    }
}

const fn voicing_name(voicing: Voicing) -> &'static str {
    match voicing {
        Voicing::Close => "Close",
        Voicing::Open => "Open",
        Voicing::Drop2 => "Drop 2",
        Voicing::Shell => "Shell",
        Voicing::Guitar => "Guitar",
        Voicing::Pad => "Pad",
    }
}

/// How a voicing lays out the notes of a chord.
pub(super) const fn voicing_hint(voicing: Voicing) -> &'static str {
    match voicing {
        Voicing::Close => "Close position above the bass",
        Voicing::Open => "Every second note an octave higher",
        Voicing::Drop2 => "Close position, the second note from the top an octave down",
        Voicing::Shell => "Third, seventh and extensions",
        Voicing::Guitar => "A guitar shape in standard tuning",
        Voicing::Pad => "The inversion nearest to the chord before",
    }
}

/// Whether a format is text that makes sense on a clipboard.
const fn is_text(format: Format) -> bool {
    !matches!(format, Format::Midi | Format::Pdf)
}

/// Draws the popover, if it is open, under its button at `anchor`.
pub(super) fn draw(
    ui: &mut Ui,
    look: &Look,
    anchor: Rect,
    view: &View,
    controls: &mut Controls,
    desk: &mut Desk,
) {
    if desk.open != Open::Export {
        return;
    }
    let window = ui.max_rect();
    let mut open = true;
    Popup::new(
        Id::unique("export"),
        ui.ctx().clone(),
        anchor,
        ui.layer_id(),
    )
    .open_bool(&mut open)
    .gap(look.px(6.0))
    .align(egui::RectAlign::BOTTOM_END)
    .width(look.px(430.0))
    .accessible_name("Export")
    .close_behavior(PopupCloseBehavior::CloseOnClickOutside)
    .show(|ui| {
        ui.set_width(look.px(430.0).min(window.width() - look.px(50.0)));
        let height = window.bottom() - anchor.bottom() - look.px(44.0);
        egui::ScrollArea::vertical()
            .max_height(height.max(look.px(80.0)))
            .min_scrolled_height(height.max(look.px(80.0)))
            .show(ui, |ui| menu(ui, look, view, controls, desk));
    });
    if !open && desk.open == Open::Export {
        desk.open = Open::Nothing;
    }
}

fn menu(ui: &mut Ui, look: &Look, view: &View, controls: &mut Controls, desk: &mut Desk) {
    let caption = |ui: &mut Ui, text: &str| {
        ui.label(
            RichText::new(text)
                .font(look.text(11.5))
                .color(look.palette.faint),
        );
    };
    ui.spacing_mut().item_spacing.y = look.px(3.0);
    ui.horizontal(|ui| {
        caption(ui, "Save to");
        let field = TextEdit::singleline(&mut controls.window.folder)
            .hint_text(desk.default_folder.as_str())
            .desired_width(ui.available_width())
            .char_limit(1000);
        let response = ui.add(field);
        response.widget_info(|| {
            let mut info = egui::WidgetInfo::new(egui::Role::TextInput);
            info.label = Some("Folder".to_owned());
            info
        });
        response.on_hover_text("The folder for Save. It is created if needed.");
    });
    ui.horizontal_wrapped(|ui| {
        caption(ui, "MIDI voicing");
        let name = |voicing: Voicing| voicing_name(voicing).to_owned();
        let hint = |voicing: Voicing| voicing_hint(voicing).to_owned();
        choices(
            ui,
            look,
            &Voicing::ALL,
            &mut controls.window.voicing,
            name,
            hint,
        );
    });
    ui.horizontal_wrapped(|ui| {
        caption(ui, "Chord diagrams");
        let instrument = controls.window.instrument.name();
        let name = |on: bool| if on { instrument } else { "None" }.to_owned();
        let hint = |on: bool| {
            if on {
                "PDF, SVG and ChordPro charts show how each chord is held, without a capo. The \
                 instrument is in the settings."
            } else {
                "Charts without fingerings"
            }
            .to_owned()
        };
        let diagrams = &mut controls.window.diagrams;
        choices(ui, look, &[false, true], diagrams, name, hint);
        ui.add_space(look.px(8.0));
        caption(ui, "XF chords");
        let name = |on: bool| if on { "On" } else { "Off" }.to_owned();
        let hint = |on: bool| {
            if on {
                "MIDI files have the chords for Yamaha's keyboards too, beside the markers"
            } else {
                "MIDI files have markers only"
            }
            .to_owned()
        };
        let xf = &mut controls.window.xf;
        choices(ui, look, &[false, true], xf, name, hint);
    });
    for (group, formats) in GROUPS {
        caption(ui, group);
        for &format in formats {
            row(ui, look, format, desk);
        }
        ui.add_space(look.px(3.0));
    }
    caption(ui, "To learn from");
    example(ui, look, desk);
    ui.add_space(look.px(3.0));
    let heard = view.track.timeline().segments().iter();
    let count = heard.filter(|it| it.label.chord().is_some()).count();
    let simplified = match view.namer.simplification() {
        "" => String::new(),
        simplification => format!(" {simplification}"),
    };
    caption(ui, &format!("{count} chords{simplified}, in concert pitch"));
}

/// The row for a training example of the song and its chords. An example names the audio, so the
/// audio must be known.
fn example(ui: &mut Ui, look: &Look, desk: &mut Desk) {
    ui.horizontal(|ui| {
        let height = look.px(22.0);
        ui.set_height(height);
        ui.spacing_mut().button_padding.y = look.px(1.0);
        ui.spacing_mut().interact_size.y = height;
        let title = RichText::new("Training example").font(look.text(13.5));
        ui.add(egui::Label::new(title.color(look.palette.text)))
            .on_hover_text(
                "Chords and times as JAMS, with the path and the hash of the audio, which itself is \
                 not copied. trainer corpus scan takes it.",
            );
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            let ready = desk.opening.song.is_some();
            let save = ui.add_enabled(ready, button(look, "Save"));
            save.widget_info(|| {
                let says = "Save Training example";
                egui::WidgetInfo::labeled(egui::Role::Button, ready, says)
            });
            let save = save
                .on_hover_text("Save it in the folder above, named after the song.")
                .on_disabled_hover_text(
                    "Open the song's audio first (Ctrl+O): the example says which it is.",
                );
            if save.clicked() {
                desk.ask(Action::SaveExample);
                desk.open = Open::Nothing;
            }
        });
    });
}

/// One format: its name, its description and its buttons.
fn row(ui: &mut Ui, look: &Look, format: Format, desk: &mut Desk) {
    ui.horizontal(|ui| {
        let height = look.px(22.0);
        ui.set_height(height);
        ui.spacing_mut().item_spacing.x = look.px(4.0);
        ui.spacing_mut().button_padding.y = look.px(1.0);
        ui.spacing_mut().interact_size.y = height;
        if desk.can_drag_out {
            let (rect, response) =
                ui.allocate_exact_size(vec2(look.px(16.0), height), Sense::drag());
            let sign = Rect::from_center_size(rect.center(), vec2(look.px(10.0), look.px(14.0)));
            icon::draw(ui.painter(), sign, Icon::Grip, look.palette.faint, look);
            response.widget_info(|| {
                let says = format!("Drag {} out", name(format));
                egui::WidgetInfo::labeled(egui::Role::Button, true, says)
            });
            if response.drag_started() {
                desk.ask(Action::DragOut(format));
            }
            response
                .on_hover_cursor(egui::CursorIcon::Grab)
                .on_hover_text("Drag the file into the DAW or a folder.");
        }
        let title = RichText::new(name(format))
            .font(look.text(13.5))
            .color(look.palette.text);
        ui.add(egui::Label::new(title))
            .on_hover_text(format.title());
        let extension = RichText::new(format!(".{}", format.extension()))
            .font(look.text(11.5))
            .color(look.palette.faint);
        ui.label(extension);
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            let says = |what: &str| format!("{what} {}", name(format));
            let as_button = ui.add(button(look, "Save as…"));
            as_button.widget_info(|| {
                egui::WidgetInfo::labeled(egui::Role::Button, true, says("Save as"))
            });
            if as_button
                .on_hover_text("Choose where and under which name.")
                .clicked()
            {
                desk.ask(Action::SaveAs(format));
                desk.open = Open::Nothing;
            }
            let save = ui.add(button(look, "Save"));
            save.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, true, says("Save")));
            if save
                .on_hover_text("Save it in the folder above, named after the song.")
                .clicked()
            {
                desk.ask(Action::Save(format));
                desk.open = Open::Nothing;
            }
            if is_text(format) {
                let copy = ui.add(button(look, "Copy"));
                copy.widget_info(|| {
                    egui::WidgetInfo::labeled(egui::Role::Button, true, says("Copy"))
                });
                if copy
                    .on_hover_text("Put the text on the clipboard.")
                    .clicked()
                {
                    desk.ask(Action::Copy(format));
                    desk.open = Open::Nothing;
                }
            }
        });
    });
}
