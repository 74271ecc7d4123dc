//! The chord in huge type, the one before and the one after, and nothing else.

use egui::{Align2, Rect, Role, Sense, Ui, WidgetInfo, pos2, vec2};

use super::desk::Desk;
use super::hero;
use super::symbol::Symbol;
use super::theme::{self, Look};
use crate::view::preferences::Page;
use crate::view::sheet::Span;
use crate::view::{Controls, View, spoken};

/// Draws the stage over the whole window; a click or Esc leaves it.
pub(super) fn draw(
    ui: &mut Ui,
    look: &Look,
    rect: Rect,
    view: &View,
    controls: &mut Controls,
    desk: &mut Desk,
) {
    let painter = ui.painter_at(rect);
    let palette = look.palette;
    let side = rect.height() * 0.2;
    let margin = rect.width() * 0.05;
    let body = rect.shrink2(vec2(margin, rect.height() * 0.04));
    let (main, foot) = body.split_top_bottom_at_y(body.bottom() - side);
    match &view.chord {
        Some(chord) => {
            let ink = hero::ink(look, chord);
            let size = hero::fitting_size(&painter, look, main, &chord.name);
            let symbol = Symbol::new(&painter, look, &chord.name, size);
            let left = main.center().x - symbol.width / 2.0;
            symbol.draw_centered(&painter, left, main.center().y, ink);
            // A line in the chord's colour, as long as the chord is sure.
            let length = main.width() * chord.confidence.clamp(0.0, 1.0);
            let line = Rect::from_center_size(
                pos2(main.center().x, main.bottom() + look.px(2.0)),
                vec2(length, look.px(5.0)),
            );
            painter.rect_filled(line, look.px(2.5), look.function(chord.function));
        }
        None => {
            painter.text(
                main.center(),
                Align2::CENTER_CENTER,
                "–",
                look.display((main.height() * 0.5).floor()),
                palette.bar_line,
            );
        }
    }
    let (before, after) = neighbours(view, desk.ahead_s);
    let size = (foot.height() * 0.62).floor();
    let room = foot.width() * 0.42;
    let middle = foot.center().y + foot.height() * 0.12;
    if let Some(before) = before {
        let symbol = Symbol::fitting(&painter, look, &before.name, size, room);
        symbol.draw_centered(
            &painter,
            foot.left(),
            middle,
            theme::faded(palette.soft, 0.6),
        );
    }
    let now_s = view.now.map_or(0.0, |now| now.time_s + desk.ahead_s);
    let after = match &view.next {
        Some(next) => Some((&next.name, Some(next.when(now_s)))),
        None => after
            .filter(|_| view.announces)
            .map(|span| (&span.name, None)),
    };
    if let Some((name, when)) = &after {
        let symbol = Symbol::fitting(&painter, look, name, size, room);
        let left = foot.right() - symbol.width;
        symbol.draw_centered(&painter, left, middle, palette.soft);
        let tip = pos2(left - look.px(18.0) - size * 0.2, middle);
        hero::chevron(&painter, look, tip, size * 0.16, palette.soft);
        if let Some(when) = when {
            painter.text(
                pos2(tip.x - size * 0.34, middle),
                Align2::RIGHT_CENTER,
                when,
                look.display((size * 0.3).max(look.px(12.0)).round()),
                palette.soft,
            );
        }
    }
    let guess = view.guess.as_ref().filter(|_| after.is_none());
    if let Some(guess) = guess {
        let faint = palette.faint;
        let symbol = Symbol::fitting(&painter, look, &guess.name, size * 0.8, room);
        let left = foot.right() - symbol.width;
        symbol.draw_centered(&painter, left, middle, faint);
        painter.text(
            pos2(left - look.px(18.0), middle),
            Align2::RIGHT_CENTER,
            format!("{} {}", hero::PERHAPS, guess.percent()),
            look.display((size * 0.3).max(look.px(12.0)).round()),
            faint,
        );
    }
    let response = ui.interact(rect, ui.scope_id().with("stage"), Sense::click());
    let mut name = match &view.chord {
        Some(chord) => format!("Chord {}", spoken::chord(&chord.name)),
        None => view.status.word().to_owned(),
    };
    if let Some((next, Some(when))) = &after {
        name.push_str(&format!(", next {} {when}", spoken::chord(next)));
    }
    if let Some(before) = before {
        name.push_str(&format!(", before {}", spoken::chord(&before.name)));
    }
    if let Some(guess) = guess {
        let (next, percent) = (spoken::chord(&guess.name), guess.percent());
        name.push_str(&format!(", perhaps next {next}, {percent}"));
    }
    response.widget_info(|| WidgetInfo::labeled(Role::Button, true, &name));
    let left_by_key =
        ui.input_mut(|input| input.consume_key(egui::Modifiers::NONE, egui::Key::Escape));
    if response.clicked() || left_by_key {
        controls.window.page = Page::Overview;
    }
}

/// The chords before and after the current one; the one after only where the song was heard
/// before.
fn neighbours(view: &View, ahead_s: f64) -> (Option<&Span>, Option<&Span>) {
    let Some(now) = view.now else {
        return (None, None);
    };
    let time_s = now.time_s + ahead_s;
    let spans = &view.sheet.spans;
    let after = spans.partition_point(|span| span.start_s <= time_s);
    let current = after.checked_sub(1);
    let current_name = view.chord.as_ref().map(|chord| &chord.name);
    let other = |span: &&Span| !span.name.is_empty() && Some(&span.name) != current_name;
    // The chord shown may not have reached the track yet: then the last one there is the one
    // before.
    let shown = current.is_some_and(|index| Some(&spans[index].name) == current_name);
    let until = if shown { current.unwrap_or(0) } else { after };
    let before = spans[..until].iter().rev().find(other);
    let next = spans[after..].iter().find(other);
    (before, next)
}
