//! The current chord, large enough to be read across a room, and what else is known of it.

use egui::{
    Align2, Color32, Galley, Painter, Rect, Role, Sense, Stroke, StrokeKind, Ui, WidgetInfo, pos2,
    vec2,
};
use harmony::edit::Command;
use harmony::function::Function;

use super::desk::{Desk, Open};
use super::draw::hear_shown;
use super::symbol::Symbol;
use super::theme::{self, Look};
use super::widgets::{card, say};
use crate::view::names::ChordName;
use crate::view::next::GuessView;
use crate::view::{Alternative, ChordView, StatusWord, View, spoken};

/// Narrower cards have no column of facts.
const FACTS_FROM: f32 = 430.0;

/// Lower cards have no foot.
const FOOT_FROM: f32 = 120.0;

/// Draws the chord and what is known of it into `rect`, or says why there is none.
pub(super) fn draw(ui: &mut Ui, look: &Look, rect: Rect, view: &View, desk: &mut Desk) {
    let painter = ui.painter_at(rect);
    card(&painter, look, rect);
    let inner = rect.shrink2(vec2(look.px(22.0), look.px(14.0)));
    let mut room = inner;
    if rect.width() >= look.px(FACTS_FROM) {
        let width = (rect.width() * 0.3).clamp(look.px(150.0), look.px(230.0));
        let (left, facts) = inner.split_left_right_at_x(inner.right() - width);
        room = left.with_max_x(left.right() - look.px(16.0));
        let line = [
            pos2(facts.left() - look.px(8.0), facts.top()),
            pos2(facts.left() - look.px(8.0), facts.bottom()),
        ];
        painter.line_segment(line, Stroke::new(1.0, look.palette.line));
        draw_facts(
            ui,
            look,
            facts.with_min_x(facts.left() + look.px(8.0)),
            view,
            desk,
        );
    }
    name_to_hear(ui, room, view, desk);
    let Some(chord) = &view.chord else {
        absence(&painter, look, room, view.status);
        return;
    };
    if rect.height() >= look.px(FOOT_FROM) {
        let foot = look.px(38.0);
        let (name, foot) = room.split_top_bottom_at_y(room.bottom() - foot);
        draw_name(&painter, look, name, chord, 1.0);
        draw_foot(ui, look, foot, chord, view, desk);
    } else {
        draw_name(&painter, look, room, chord, 1.0);
    }
}

/// The chord, its facts and its other readings on one line.
pub(super) fn draw_line(ui: &mut Ui, look: &Look, rect: Rect, view: &View, desk: &mut Desk) {
    let painter = ui.painter_at(rect);
    card(&painter, look, rect);
    let inner = rect.shrink2(vec2(look.px(16.0), look.px(6.0)));
    let name = inner.with_max_x(inner.left() + inner.width() * 0.42);
    name_to_hear(ui, name, view, desk);
    let mut left = inner.left();
    let middle = inner.center().y;
    match &view.chord {
        Some(chord) => {
            let ink = ink(look, chord);
            let size = inner.height() * 0.86;
            let room = inner.width() * 0.42;
            let symbol = Symbol::fitting(&painter, look, &chord.name, size, room);
            symbol.draw_centered(&painter, left, middle, ink);
            left += symbol.width + look.px(20.0);
            left = fact(
                &painter,
                look,
                left,
                middle,
                sureness(chord),
                &percent(chord.confidence),
            );
            left = fact(&painter, look, left, middle, "Bass", &chord.bass);
            say(ui, inner.with_max_x(left), "sureness", || says_sure(chord));
            say(ui, inner.with_max_x(left), "bass", || says_bass(chord));
        }
        None => {
            let drawn = painter.text(
                pos2(left, middle),
                Align2::LEFT_CENTER,
                view.status.word(),
                look.display(look.px(22.0)),
                look.palette.soft,
            );
            left = drawn.right() + look.px(24.0);
        }
    }
    let width = look.px(120.0);
    if left + width < inner.right() {
        let key = Rect::from_min_size(pos2(left, inner.top()), vec2(width, inner.height()));
        draw_key(ui, look, key, view, desk);
        left = key.right() + look.px(16.0);
    }
    // Its room is kept while the song plays, so that what is beside it does not move.
    let slot = look.px(124.0);
    let may_come = view.announces && view.now.is_some_and(|now| now.playing);
    if may_come && left + slot < inner.right() {
        let at = pos2(left, middle);
        let announced = announce(&painter, look, at, left + slot - look.px(8.0), view, desk);
        if let Some((place, says)) = announced {
            announced_to_screen_readers(ui, place, &says);
        }
        left += slot;
    }
    let rest = Rect::from_min_max(pos2(left, inner.top()), inner.max);
    let rows = view
        .alternatives
        .iter()
        .take((rest.width() / look.px(104.0)).max(0.0) as usize);
    for (index, alternative) in rows.enumerate() {
        let cell = Rect::from_min_size(
            pos2(rest.left() + index as f32 * look.px(104.0), rest.top()),
            vec2(look.px(100.0), rest.height()),
        );
        draw_alternative(ui, look, cell, index, alternative, view, desk);
    }
}

fn fact(painter: &Painter, look: &Look, left: f32, middle: f32, caption: &str, value: &str) -> f32 {
    let above = painter.text(
        pos2(left, middle - look.px(2.0)),
        Align2::LEFT_BOTTOM,
        caption,
        look.text(11.0),
        look.palette.faint,
    );
    let below = painter.text(
        pos2(left, middle - look.px(1.0)),
        Align2::LEFT_TOP,
        value,
        look.display(look.px(17.0)),
        look.palette.text,
    );
    above.right().max(below.right()) + look.px(20.0)
}

/// The colour of a chord's name: the less sure, the fainter.
pub(super) fn ink(look: &Look, chord: &ChordView) -> Color32 {
    let opacity = match chord {
        chord if chord.unsure => 0.55,
        chord if chord.remembered => 0.75,
        chord if !chord.confirmed => 0.85,
        _ => 1.0,
    };
    theme::faded(look.palette.text, opacity)
}

/// The word for how sure a chord is.
fn sureness(chord: &ChordView) -> &'static str {
    match chord {
        chord if chord.locked => "Set by hand",
        chord if chord.unsure => "Unsure",
        chord if !chord.confirmed => "Provisional",
        chord if chord.remembered => "In the track",
        _ => "Sure",
    }
}

fn says_sure(chord: &ChordView) -> String {
    format!("{}, {}", sureness(chord), percent(chord.confidence))
}

fn says_bass(chord: &ChordView) -> String {
    format!("Bass {}", spoken::signs(&chord.bass))
}

fn percent(share: f32) -> String {
    format!("{:.0} %", share * 100.0)
}

/// The name as large as it fits, with a question mark where it is a guess.
pub(super) fn draw_name(painter: &Painter, look: &Look, rect: Rect, chord: &ChordView, most: f32) {
    let ink = ink(look, chord);
    let size = fitting_size(painter, look, rect, &chord.name) * most;
    let symbol = Symbol::new(painter, look, &chord.name, size);
    let middle = rect.center().y;
    symbol.draw_centered(painter, rect.left(), middle, ink);
    let left = rect.left() + symbol.width + size * 0.08;
    if chord.unsure && left + size * 0.3 < rect.right() {
        painter.text(
            pos2(left, middle + size * theme::CAP_HEIGHT / 2.0 - size * 0.34),
            Align2::LEFT_CENTER,
            "?",
            look.display(size * 0.42),
            look.palette.warning,
        );
    }
}

/// The largest size at which a name fits.
pub(super) fn fitting_size(painter: &Painter, look: &Look, rect: Rect, name: &ChordName) -> f32 {
    // Measured at a size that is drawn elsewhere too, so that no extra glyphs are rendered.
    let probe = look.px(40.0);
    let width = Symbol::new(painter, look, name, probe).width.max(1.0);
    let by_width = rect.width() / width * probe * 0.98;
    let by_height = rect.height() / (theme::CAP_HEIGHT + 0.16);
    by_width.min(by_height).clamp(12.0, 900.0).floor()
}

/// A bar for how likely the chord is: its share in its colour, then those of the other
/// readings in grey; the share that no chord explains stays empty.
fn draw_foot(ui: &mut Ui, look: &Look, rect: Rect, chord: &ChordView, view: &View, desk: &Desk) {
    let painter = ui.painter_at(rect);
    let palette = look.palette;
    let middle = rect.top() + look.px(9.0);
    let color = if chord.unsure {
        palette.warning
    } else {
        palette.soft
    };
    let word = painter.text(
        pos2(rect.left(), middle),
        Align2::LEFT_CENTER,
        sureness(chord),
        look.text(13.0),
        color,
    );
    let number = painter.text(
        pos2(word.right() + look.px(8.0), middle),
        Align2::LEFT_CENTER,
        percent(chord.confidence),
        look.display(look.px(15.0)),
        palette.text,
    );
    let announced = announce(
        &painter,
        look,
        pos2(number.right() + look.px(20.0), middle),
        rect.right(),
        view,
        desk,
    );
    // The word is as long as its room allows, whether or not a next chord is announced.
    let playing = view.now.is_some_and(|now| now.playing);
    let reserved = number.right()
        + look.px(if view.announces && playing {
            172.0
        } else {
            0.0
        });
    let taken = announced
        .as_ref()
        .map_or(reserved, |it| it.0.right().max(reserved));
    let room = rect.right() - taken;
    let galley =
        |word: &str| painter.layout_no_wrap(word.to_owned(), look.text(12.0), palette.soft);
    let mut wanted = galley(chord.function.word());
    if room <= wanted.size().x + look.px(22.0) && chord.function == Function::Chromatic {
        wanted = galley("outside");
    }
    if room > wanted.size().x + look.px(22.0) {
        let at = pos2(
            rect.right() - wanted.size().x,
            middle - wanted.size().y / 2.0,
        );
        let dot = pos2(at.x - look.px(10.0), middle);
        painter.circle_filled(dot, look.px(4.0), look.function(chord.function));
        painter.galley(at, wanted, palette.soft);
    }
    let track = Rect::from_min_max(
        pos2(rect.left(), rect.bottom() - look.px(10.0)),
        pos2(rect.right(), rect.bottom()),
    );
    painter.rect_filled(track, theme::RADIUS_SMALL, palette.well);
    let share = chord.confidence.clamp(0.0, 1.0);
    let mut filled = track;
    filled.set_width((track.width() * share).max(2.0));
    let color = look.function(chord.function);
    let opacity = if chord.confirmed && !chord.unsure {
        1.0
    } else {
        0.5
    };
    painter.rect_filled(filled, theme::RADIUS_SMALL, theme::faded(color, opacity));
    if opacity < 1.0 {
        let stroke = Stroke::new(look.px(1.0), color);
        painter.rect_stroke(filled, theme::RADIUS_SMALL, stroke, StrokeKind::Inside);
    }
    let mut left = filled.right();
    for other in &view.alternatives {
        let width = track.width() * other.probability.clamp(0.0, 1.0);
        let right = (left + width).min(track.right());
        if right - left < 3.0 {
            break;
        }
        let part = Rect::from_min_max(pos2(left + 1.5, track.top()), pos2(right, track.bottom()));
        painter.rect_filled(part, 1.0, theme::faded(palette.tone, 0.55));
        left = right;
    }
    say(ui, rect, "sureness", || says_sure(chord));
    ui.interact(rect, ui.scope_id().with("sureness"), Sense::hover()).on_hover_text(
        "How likely the chord is: its share of the bar in its colour, the other readings beside it \
         in grey; what no chord explains is empty. The colour says what the chord does \
         in the key: home, away, tension, or from outside.",
    );
    if let Some((place, says)) = announced {
        announced_to_screen_readers(ui, place, &says);
    }
}

/// The word before a guess at the next chord.
pub(super) const PERHAPS: &str = "perhaps";

/// Draws the chord that is expected next and when, or a guess at it, from `left` on, as far as
/// there is room. Returns its place and its texts. It is faint, since another chord may come.
fn announce(
    painter: &Painter,
    look: &Look,
    left: egui::Pos2,
    right: f32,
    view: &View,
    desk: &Desk,
) -> Option<(Rect, Announced)> {
    let now = view.now?;
    let Some(next) = &view.next else {
        let guess = view.guess.as_ref()?;
        return perhaps(painter, look, left, right, guess);
    };
    let palette = look.palette;
    let when = next.when(now.time_s + desk.ahead_s);
    let says = format!("Next {} {when}", spoken::chord(&next.name));
    let symbol = Symbol::new(painter, look, &next.name, look.px(17.0));
    let when = painter.layout_no_wrap(when, look.text(12.0), palette.soft);
    let arrow = look.px(12.0);
    let whole = arrow + symbol.width;
    let with_when = whole + look.px(8.0) + when.size().x;
    let room = right - left.x;
    if whole > room {
        return None;
    }
    let ink = theme::faded(palette.text, 0.62);
    chevron(
        painter,
        look,
        pos2(left.x + look.px(5.0), left.y),
        look.px(5.0),
        ink,
    );
    symbol.draw_centered(painter, left.x + arrow, left.y, ink);
    let mut end = left.x + whole;
    if with_when <= room {
        let at = pos2(end + look.px(8.0), left.y - when.size().y / 2.0);
        painter.galley(at, when, palette.soft);
        end = left.x + with_when;
    }
    let half = look.px(10.0);
    let place = Rect::from_min_max(pos2(left.x, left.y - half), pos2(end, left.y + half));
    let hint = "What followed when this passage was heard before. It may differ this time. The \
                settings can hide it.";
    Some((place, Announced { says, hint }))
}

/// A guess at the next chord: smaller and fainter than one that is expected, with a word in the
/// place of the sign, and how likely it is in that of the beats.
fn perhaps(
    painter: &Painter,
    look: &Look,
    left: egui::Pos2,
    right: f32,
    guess: &GuessView,
) -> Option<(Rect, Announced)> {
    let faint = look.palette.faint;
    let text = |text: String| painter.layout_no_wrap(text, look.text(12.0), faint);
    let (word, percent) = (text(PERHAPS.to_owned()), text(guess.percent()));
    let symbol = Symbol::new(painter, look, &guess.name, look.px(15.0));
    let gap = look.px(6.0);
    let name_at = left.x + word.size().x + gap;
    let mut end = name_at + symbol.width;
    if end > right {
        return None;
    }
    let middle = |galley: &Galley| left.y - galley.size().y / 2.0;
    let (word_top, percent_top) = (middle(&word), middle(&percent));
    painter.galley(pos2(left.x, word_top), word, faint);
    symbol.draw_centered(painter, name_at, left.y, faint);
    if end + gap + percent.size().x <= right {
        let at = pos2(end + gap, percent_top);
        end = at.x + percent.size().x;
        painter.galley(at, percent, faint);
    }
    let half = look.px(10.0);
    let place = Rect::from_min_max(pos2(left.x, left.y - half), pos2(end, left.y + half));
    let says = format!(
        "Perhaps next {}, {}",
        spoken::chord(&guess.name),
        guess.percent()
    );
    let hint = "A guess: what usually follows in this key, by 700 pop songs and by how this one \
                has gone so far, and how likely it is. The settings can hide it.";
    Some((place, Announced { says, hint }))
}

/// What there is to say of a chord that was drawn ahead of its time.
struct Announced {
    /// The chord, in words.
    says: String,
    /// How it is known.
    hint: &'static str,
}

fn announced_to_screen_readers(ui: &Ui, place: Rect, announced: &Announced) {
    let response = ui.interact(place, ui.scope_id().with("next"), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, &announced.says));
    response.on_hover_text(announced.hint);
}

/// The arrow before the next chord; `tip` is its right end.
pub(super) fn chevron(painter: &Painter, look: &Look, tip: egui::Pos2, arm: f32, color: Color32) {
    let stroke = Stroke::new((arm * 0.28).max(look.px(1.5)), color);
    painter.line_segment([pos2(tip.x - arm, tip.y - arm), tip], stroke);
    painter.line_segment([pos2(tip.x - arm, tip.y + arm), tip], stroke);
}

/// Bass, key and the other readings.
fn draw_facts(ui: &mut Ui, look: &Look, rect: Rect, view: &View, desk: &mut Desk) {
    let painter = ui.painter_at(rect);
    let palette = look.palette;
    let half = rect.width() * 0.36;
    let caption = |at: egui::Pos2, text: &str| {
        painter.text(at, Align2::LEFT_TOP, text, look.text(11.5), palette.faint);
    };
    caption(rect.left_top(), "Bass");
    let bass = view.chord.as_ref().map_or("–", |chord| chord.bass.as_str());
    painter.text(
        pos2(rect.left(), rect.top() + look.px(17.0)),
        Align2::LEFT_TOP,
        bass,
        look.display(look.px(24.0)),
        palette.text,
    );
    if let Some(chord) = &view.chord {
        let place = Rect::from_min_size(rect.left_top(), vec2(half, look.px(46.0)));
        say(ui, place, "bass", || says_bass(chord));
    }
    let key = Rect::from_min_size(
        pos2(rect.left() + half, rect.top() - look.px(2.0)),
        vec2(rect.width() - half, look.px(46.0)),
    );
    draw_key(ui, look, key, view, desk);
    let mut top = rect.top() + look.px(58.0);
    let row = look.px(27.0);
    if top + row + look.px(18.0) > rect.bottom() {
        return;
    }
    painter.line_segment(
        [
            pos2(rect.left(), top - look.px(5.0)),
            pos2(rect.right(), top - look.px(5.0)),
        ],
        Stroke::new(1.0, palette.line),
    );
    caption(pos2(rect.left(), top), "Or perhaps");
    top += look.px(18.0);
    if view.alternatives.is_empty() {
        caption(pos2(rect.left(), top + look.px(4.0)), "nothing else");
    }
    let rows = ((rect.bottom() - top) / row).floor().max(0.0) as usize;
    for (index, alternative) in view.alternatives.iter().take(rows).enumerate() {
        let cell = Rect::from_min_size(
            pos2(rect.left(), top + index as f32 * row),
            vec2(rect.width(), row),
        );
        draw_alternative(ui, look, cell, index, alternative, view, desk);
    }
}

/// One other reading: its name and its probability. A click takes it.
fn draw_alternative(
    ui: &mut Ui,
    look: &Look,
    rect: Rect,
    index: usize,
    alternative: &Alternative,
    view: &View,
    desk: &mut Desk,
) {
    let palette = look.palette;
    let usable = view
        .now
        .filter(|now| view.sheet.span_at(now.time_s - 1e-3).is_some());
    let sense = if usable.is_some() {
        Sense::click()
    } else {
        Sense::hover()
    };
    let response = ui.interact(rect, ui.scope_id().with(("alternative", index)), sense);
    let painter = ui.painter_at(rect);
    let lit = response.hovered() && usable.is_some();
    if lit || response.has_focus() {
        painter.rect_filled(rect.shrink(1.0), theme::RADIUS_SMALL, palette.well);
    }
    let inner = rect.shrink2(vec2(look.px(6.0), 0.0));
    let name = Symbol::fitting(
        &painter,
        look,
        &alternative.name,
        look.px(17.0),
        inner.width() - look.px(40.0),
    );
    name.draw_centered(&painter, inner.left(), inner.center().y, palette.text);
    painter.text(
        inner.right_center(),
        Align2::RIGHT_CENTER,
        percent(alternative.probability),
        look.text(12.0),
        palette.soft,
    );
    let says = format!(
        "Perhaps {}, {}",
        spoken::chord(&alternative.name),
        percent(alternative.probability)
    );
    response.widget_info(|| WidgetInfo::labeled(Role::Button, usable.is_some(), &says));
    if response.clicked()
        && let Some(now) = usable
    {
        desk.edit(Command::SetChord {
            at_s: now.time_s - 1e-3,
            label: alternative.label.clone(),
        });
    }
    response.on_hover_text("Another reading. Click to put this chord into the track instead.");
}

/// The key. A click opens its choice.
fn draw_key(ui: &mut Ui, look: &Look, rect: Rect, view: &View, desk: &mut Desk) {
    let palette = look.palette;
    let response = ui.interact(rect, ui.scope_id().with("key"), Sense::click());
    let painter = ui.painter_at(rect.expand(2.0));
    if response.hovered() || response.has_focus() {
        painter.rect_filled(rect, theme::RADIUS_SMALL, palette.well);
    }
    let left = rect.left() + look.px(6.0);
    let origin = match (&view.key.name, view.key.by_hand) {
        (None, _) => "Key",
        (Some(_), true) => "Key · set by hand",
        (Some(_), false) => "Key · found",
    };
    let name = view.key.name.as_deref().unwrap_or("not yet");
    let top = rect.center().y - look.px(21.0);
    painter.text(
        pos2(left, top),
        Align2::LEFT_TOP,
        origin,
        look.text(11.5),
        palette.faint,
    );
    let room = rect.right() - left;
    let mut size = look.px(19.0);
    let width = painter
        .layout_no_wrap(name.to_owned(), look.display(size), palette.text)
        .size()
        .x;
    if width > room {
        size = (size * room / width).floor();
    }
    painter.text(
        pos2(left, top + look.px(19.0)),
        Align2::LEFT_TOP,
        name,
        look.display(size),
        palette.text,
    );
    let says = format!("Key {}", spoken::signs(name));
    response.widget_info(|| WidgetInfo::labeled(Role::Button, true, &says));
    if response.clicked() {
        desk.open = Open::Key(rect);
    }
    response.on_hover_text(
        "The key decides how chords are spelled and numbered. It is found from the chords; click to \
         set it by hand.",
    );
}

/// No chord: a dash where it would be, and the reason.
fn absence(painter: &Painter, look: &Look, rect: Rect, status: StatusWord) {
    let palette = look.palette;
    let size = (rect.height() * 0.5).clamp(30.0, look.px(200.0));
    let center = rect.center();
    let bar = Rect::from_center_size(
        pos2(center.x, center.y - size * 0.16),
        vec2(size * 0.55, (size * 0.05).max(3.0)),
    );
    painter.rect_filled(bar, theme::RADIUS_SMALL, palette.bar_line);
    let job = egui::text::LayoutJob {
        halign: egui::Align::Center,
        ..egui::text::LayoutJob::simple(
            status.sentence().to_owned(),
            look.text(14.0),
            palette.soft,
            rect.width(),
        )
    };
    let galley = painter.layout_job(job);
    painter.galley(pos2(center.x, center.y + size * 0.1), galley, palette.soft);
}

/// The chord is painted, not a text widget: this gives it an accessible name, and a click plays
/// it.
fn name_to_hear(ui: &Ui, rect: Rect, view: &View, desk: &mut Desk) {
    let id = ui.scope_id().with("chord-name");
    let Some(chord) = &view.chord else {
        let response = ui.interact(rect, id, Sense::hover());
        response.widget_info(|| WidgetInfo::labeled(Role::Label, true, view.status.word()));
        return;
    };
    let response = ui.interact(rect, id, Sense::click());
    let name = format!("Chord {}", spoken::chord(&chord.name));
    response.widget_info(|| WidgetInfo::labeled(Role::Button, true, &name));
    if response.clicked() {
        hear_shown(view, desk);
    }
    let mut says = view.band.said.clone();
    says.push("Click to hear it on the MIDI output (Ctrl+Enter).".to_owned());
    response.on_hover_text(says.join("\n"));
}
