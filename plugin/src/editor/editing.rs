//! Editing a chord where it is written.

use egui::text::{CCursor, CCursorRange};
use egui::{Id, Key, Modifiers, Popup, PopupCloseBehavior, Rect, Response, RichText, TextEdit, Ui};
use harmony::edit::Command;
use harmony::time::Meter;
use harmony::timeline::Segment;

use super::desk::{Action, ChordEditor, Desk, Drag, Open};
use super::keys;
use super::theme::Look;
use super::widgets::{self, button, choices};
use crate::view::{View, spoken};

/// The meters that are offered.
const METERS: [(u8, u8); 7] = [(2, 4), (3, 4), (4, 4), (5, 4), (6, 8), (7, 8), (12, 8)];

/// The labels of sections that are offered.
const SECTIONS: [&str; 8] = ["Intro", "A", "B", "C", "Verse", "Chorus", "Bridge", "Outro"];

/// What can be done with a chord, as a tooltip.
pub(super) const CHORD_HINT: &str = "Click to change the chord, Ctrl+click to hear it on the MIDI output; \
                              drag its start to move it.";

/// Opens the editor of the clicked chord, or plays the chord.
pub(super) fn click(
    ui: &Ui,
    desk: &mut Desk,
    view: &View,
    at_s: f64,
    clicked_s: f64,
    anchor: Rect,
) {
    if ui.input(|input| input.modifiers.command) {
        if let Some(segment) = view.track.timeline().at(at_s) {
            desk.ask(Action::Hear(view.namer.simple(&segment.label)));
        }
    } else {
        open(desk, view, at_s, clicked_s, anchor);
    }
}

/// Opens the editor of the chord at a time of the track, anchored to where it is drawn.
fn open(desk: &mut Desk, view: &View, at_s: f64, clicked_s: f64, anchor: Rect) {
    let Some(segment) = view.track.timeline().at(at_s) else {
        return;
    };
    let key = view.track.key_at_s(segment.start_s);
    let text = match segment.label.chord() {
        Some(_) => view.namer.typed(&segment.label, key),
        None => String::new(),
    };
    let section = view.track.section_at(view.track.tempo().beat_at(at_s));
    desk.open = Open::Chord(ChordEditor {
        at_s,
        clicked_s,
        anchor,
        text,
        section: section
            .map(|section| section.label.clone())
            .unwrap_or_default(),
        fresh: true,
        from_here: false,
    });
}

/// Follows a boundary while it is dragged, and asks for the edit when it is dropped.
pub(super) fn boundary(
    desk: &mut Desk,
    view: &View,
    response: &Response,
    from_s: f64,
    to_s: Option<f64>,
) {
    if response.dragged()
        && let Some(to_s) = to_s
    {
        let snap = desk.snap;
        desk.drag = Some(Drag {
            from_s,
            to_s: snap.snapped(&view.track, to_s),
        });
    }
    if response.drag_stopped()
        && let Some(drag) = desk.drag.take()
    {
        let snap = desk.snap;
        desk.edit(Command::MoveBoundary {
            from_s: drag.from_s,
            to_s: drag.to_s,
            snap,
        });
    }
}

/// Draws the editor, if one is open.
pub(super) fn draw(ui: &mut Ui, look: &Look, view: &View, desk: &mut Desk) {
    let Open::Chord(mut editor) = desk.open.clone() else {
        return;
    };
    let Some(segment) = view.track.timeline().at(editor.at_s).cloned() else {
        desk.open = Open::Nothing;
        return;
    };
    let mut open = true;
    // The click that opens this editor may lie outside another chord's editor.
    let closing = if editor.fresh {
        PopupCloseBehavior::IgnoreClicks
    } else {
        PopupCloseBehavior::CloseOnClickOutside
    };
    let popup = Popup::new(
        Id::unique("chord-editor"),
        ui.ctx().clone(),
        editor.anchor,
        ui.layer_id(),
    )
    .open_bool(&mut open)
    .gap(look.px(6.0))
    .width(look.px(384.0))
    .accessible_name("Edit the chord")
    .close_behavior(closing);
    let mut done = false;
    popup.show(|ui| {
        ui.set_width(look.px(384.0));
        ui.horizontal(|ui| {
            let pages = [false, true];
            let name = |from_here: bool| {
                if from_here {
                    "From this bar on"
                } else {
                    "Chord"
                }
                .to_owned()
            };
            choices(ui, look, &pages, &mut editor.from_here, name, |_| {
                String::new()
            });
        });
        ui.add_space(look.px(4.0));
        done = if editor.from_here {
            from_here(ui, look, view, &mut editor, desk)
        } else {
            chord(ui, look, view, &segment, &mut editor, desk)
        };
    });
    // Another popover may have been opened meanwhile.
    if matches!(desk.open, Open::Chord(_)) {
        desk.open = if open && !done {
            Open::Chord(editor)
        } else {
            Open::Nothing
        };
    }
}

/// Draws the page of the chord itself. Returns whether editing is done.
fn chord(
    ui: &mut Ui,
    look: &Look,
    view: &View,
    segment: &Segment,
    editor: &mut ChordEditor,
    desk: &mut Desk,
) -> bool {
    let at_s = editor.at_s;
    let mut done = false;
    let id = Id::unique("chord-text");
    let read = view.namer.read(&editor.text);
    ui.horizontal(|ui| {
        // Before the field takes it for Enter.
        let by_keys = ui.input_mut(|input| input.consume_key(Modifiers::COMMAND, Key::Enter));
        let field = TextEdit::singleline(&mut editor.text)
            .id(id)
            .font(look.display(look.px(20.0)))
            .hint_text(view.namer.example())
            .desired_width(look.px(244.0))
            .char_limit(60);
        let output = ui.add(field);
        output.widget_info(|| {
            let mut info = egui::WidgetInfo::new(egui::Role::TextInput);
            info.label = Some("Chord".to_owned());
            info
        });
        if editor.fresh {
            editor.fresh = false;
            output.request_focus();
            let mut state = TextEdit::load_state(ui.ctx(), id).unwrap_or_default();
            let end = CCursor::new(editor.text.chars().count());
            state
                .cursor
                .set_char_range(Some(CCursorRange::two(CCursor::new(0), end)));
            TextEdit::store_state(ui.ctx(), id, state);
        }
        let hear = ui
            .add_enabled(read.is_ok(), button(look, "Hear"))
            .on_hover_text("Play it on the MIDI output for a second (Ctrl+Enter).");
        if (hear.clicked() || by_keys)
            && let Ok(label) = &read
        {
            desk.ask(Action::Hear(label.clone()));
        }
        let entered =
            !by_keys && output.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter));
        let set = ui
            .add_enabled(read.is_ok(), button(look, "Set"))
            .on_hover_text(
                "Put this chord here (Enter). It is locked then: later passes leave it alone.",
            );
        if (entered || set.clicked())
            && let Ok(label) = &read
        {
            desk.edit(Command::SetChord {
                at_s,
                label: label.clone(),
            });
            done = true;
        }
    });
    let (says, color) = match &read {
        Ok(label) => {
            let key = view.track.key_at_s(segment.start_s);
            let name = view.namer.full_name(label, key);
            let shown = view.namer.name(label, key);
            let text = if name.is_empty() {
                "No chord".to_owned()
            } else if shown == name {
                format!("Reads as {}", name.text())
            } else {
                format!("Reads as {}, shown as {}", name.text(), shown.text())
            };
            (text, look.palette.soft)
        }
        Err(error) => (error.to_string(), look.palette.warning),
    };
    ui.label(RichText::new(says).font(look.text(12.0)).color(color));
    alternatives(ui, look, view, segment, editor, desk, &mut done);
    ui.add_space(look.px(2.0));
    ui.separator();
    ui.horizontal_wrapped(|ui| {
        let lock = if segment.locked { "Unlock" } else { "Lock" };
        if ui
            .add(button(look, lock))
            .on_hover_text("A locked chord stays as it is when the passage is played again.")
            .clicked()
        {
            desk.edit(Command::SetLocked {
                at_s,
                locked: !segment.locked,
            });
        }
        if ui
            .add(button(look, "Split"))
            .on_hover_text("Cut the chord in two where you clicked, on the nearest beat.")
            .clicked()
        {
            desk.edit(Command::Split {
                at_s: editor
                    .clicked_s
                    .clamp(segment.start_s, segment.end_s - 1e-6),
                snap: desk.snap,
            });
            done = true;
        }
        let next = view.track.timeline().at(segment.end_s + 1e-6).is_some();
        if ui
            .add_enabled(next, button(look, "Merge with next"))
            .on_hover_text("Extend this chord over the next one.")
            .clicked()
        {
            desk.edit(Command::MergeNext { at_s });
            done = true;
        }
        if ui
            .add(button(look, "Delete"))
            .on_hover_text("Delete the chord; the one before it goes on.")
            .clicked()
        {
            desk.edit(Command::Delete { at_s });
            done = true;
        }
    });
    done
}

/// The recognizer's other readings of this chord.
fn alternatives(
    ui: &mut Ui,
    look: &Look,
    view: &View,
    segment: &Segment,
    editor: &ChordEditor,
    desk: &mut Desk,
    done: &mut bool,
) {
    if segment.alternatives.is_empty() {
        return;
    }
    let key = view.track.key_at_s(segment.start_s);
    ui.label(
        RichText::new("Or perhaps")
            .font(look.text(11.5))
            .color(look.palette.faint),
    );
    ui.horizontal_wrapped(|ui| {
        for alternative in segment.alternatives.iter().take(6) {
            let name = view.namer.full_name(&alternative.label, key);
            let percent = format!("{:.0} %", alternative.probability * 100.0);
            let (text, says) = if name.is_empty() {
                ("N.C.".to_owned(), "No chord".to_owned())
            } else {
                (name.text(), spoken::chord(&name))
            };
            let reading = ui.add(button(look, &format!("{text}  {percent}")));
            widgets::name(&reading, &format!("{says}, {percent}"));
            if reading
                .on_hover_text("Take this reading instead.")
                .clicked()
            {
                desk.edit(Command::TakeAlternative {
                    at_s: editor.at_s,
                    label: alternative.label.clone(),
                });
                *done = true;
            }
        }
    });
}

/// Draws the page of what applies from the chord's bar on. Returns whether editing is done.
fn from_here(
    ui: &mut Ui,
    look: &Look,
    view: &View,
    editor: &mut ChordEditor,
    desk: &mut Desk,
) -> bool {
    let track = &view.track;
    let beat = track
        .meters()
        .bar_at(track.tempo().beat_at(editor.at_s))
        .start;
    let mut done = false;
    let caption = |ui: &mut Ui, text: &str| {
        ui.label(
            RichText::new(text)
                .font(look.text(11.5))
                .color(look.palette.faint),
        );
    };
    caption(ui, "Section");
    ui.horizontal_wrapped(|ui| {
        for section in SECTIONS {
            if ui.add(button(look, section)).clicked() {
                desk.edit(Command::SetSection {
                    beat,
                    label: Some(section.to_owned()),
                });
                done = true;
            }
        }
    });
    ui.horizontal(|ui| {
        let field = TextEdit::singleline(&mut editor.section)
            .hint_text("A name of your own")
            .desired_width(look.px(170.0))
            .char_limit(40);
        let response = ui.add(field);
        response.widget_info(|| {
            let mut info = egui::WidgetInfo::new(egui::Role::TextInput);
            info.label = Some("Section".to_owned());
            info
        });
        let entered = response.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter));
        let named = !editor.section.trim().is_empty();
        if (ui.add_enabled(named, button(look, "Set")).clicked() || entered) && named {
            desk.edit(Command::SetSection {
                beat,
                label: Some(editor.section.trim().to_owned()),
            });
            done = true;
        }
        let there = track.section_at(beat).is_some();
        if ui.add_enabled(there, button(look, "Remove")).clicked() {
            desk.edit(Command::SetSection { beat, label: None });
            done = true;
        }
    });
    if view.has_bars {
        caption(ui, "Meter");
        ui.horizontal_wrapped(|ui| {
            let now = track.meters().meter_at(beat);
            let mut chosen = (now.numerator(), now.denominator());
            let name = |(above, below): (u8, u8)| format!("{above}/{below}");
            if choices(ui, look, &METERS, &mut chosen, name, |_| String::new())
                && let Ok(meter) = Meter::new(chosen.0, chosen.1)
            {
                desk.edit(Command::SetMeter { beat, meter });
                done = true;
            }
        });
    }
    caption(ui, "Key");
    if let Some(key) = keys::picker(ui, look, view, track.key_at(beat)) {
        desk.edit(Command::SetKey { beat, key });
        done = true;
    }
    done
}
