//! The track along a time axis, for windows without room for bars and for songs without bars.

use egui::{
    Align2, CursorIcon, Painter, Rect, Role, Sense, Stroke, StrokeKind, Ui, WidgetInfo, pos2, vec2,
};

use super::desk::Desk;
use super::editing;
use super::sheet::{is_edited, says};
use super::symbol::Symbol;
use super::theme::{self, Look};
use super::widgets::{card, lock_mark};
use crate::view::View;
use crate::view::sheet::Span;
use harmony::function::Function;

/// Height of the row of bar numbers or seconds.
const NUMBERS: f32 = 17.0;

/// Width of a second, in points at the usual size.
const SECOND: f32 = 52.0;

/// Where now is, as a share of the width, while the strip follows: what comes next, if it was
/// heard before, is to the right.
const NOW_AT: f32 = 0.72;

/// A row of the time sheet, at the usual size.
const ROW: f32 = 74.0;

/// What an empty track shows while Write is off.
pub(super) const WRITE_IS_OFF: &str = "Write is off: new chords are not kept.";

/// Draws the strip into `rect`: one sliding row.
pub(super) fn draw(ui: &mut Ui, look: &Look, rect: Rect, view: &View, desk: &mut Desk) {
    let painter = ui.painter_at(rect);
    card(&painter, look, rect);
    let inner = rect.shrink2(vec2(look.px(10.0), look.px(7.0)));
    let lane = inner.with_min_y(inner.top() + look.px(NUMBERS));
    let time = Time::sliding(ui, look, lane, view, desk);
    row(ui, look, inner, &time, view, desk);
    if view.sheet.spans.is_empty() {
        nothing_yet(&painter, look, lane, view);
    }
}

/// Draws a song without bars into `rect`: rows of as many seconds as fit, below each other
/// like the lines of a sheet.
pub(super) fn draw_rows(ui: &mut Ui, look: &Look, rect: Rect, view: &View, desk: &mut Desk) {
    let painter = ui.painter_at(rect);
    card(&painter, look, rect);
    let inner = rect.shrink2(vec2(look.px(10.0), look.px(8.0)));
    let count = (inner.height() / look.px(ROW)).floor().max(1.0);
    let height = inner.height() / count;
    let row_s = f64::from(inner.width() / look.px(SECOND)).max(0.1);
    let last_s = view.sheet.spans.last().map_or(0.0, |span| span.end_s);
    let now_s = view.now.map_or(last_s, |now| now.time_s + desk.ahead_s);
    let by = ui.input(|input| input.smooth_scroll_delta.y);
    if ui.rect_contains_pointer(inner) && by != 0.0 {
        desk.follow = false;
        desk.strip_s -= f64::from(by / height) * row_s;
    }
    if desk.follow {
        // The row being written is the last but one, which leaves room for what comes.
        let row = (now_s / row_s).floor() - (f64::from(count) - 2.0).max(0.0);
        desk.strip_s = row.max(0.0) * row_s;
    }
    desk.strip_s = desk.strip_s.clamp(0.0, last_s.max(now_s));
    let first = (desk.strip_s / row_s).floor();
    for index in 0..count as u32 {
        let top = inner.top() + index as f32 * height;
        let place = Rect::from_min_size(
            pos2(inner.left(), top),
            vec2(inner.width(), height - look.px(6.0)),
        );
        let time = Time {
            lane: place.with_min_y(place.top() + look.px(NUMBERS)),
            from_s: (first + f64::from(index)) * row_s,
            points_a_second: look.px(SECOND),
        };
        ui.push_id(("row", index), |ui| row(ui, look, place, &time, view, desk));
    }
    if view.sheet.spans.is_empty() {
        nothing_yet(&painter, look, inner, view);
    }
}

fn nothing_yet(painter: &Painter, look: &Look, rect: Rect, view: &View) {
    let text = if view.writes && rect.width() > look.px(480.0) {
        "Chords appear here while the music plays, or from a song's audio (Ctrl+O)."
    } else if view.writes {
        "Chords appear here while the music plays."
    } else {
        WRITE_IS_OFF
    };
    painter.text(
        rect.center(),
        Align2::CENTER_CENTER,
        text,
        look.text(13.0),
        look.palette.soft,
    );
}

/// One row: marks above a lane of chords.
fn row(ui: &mut Ui, look: &Look, rect: Rect, time: &Time, view: &View, desk: &mut Desk) {
    let palette = look.palette;
    let lane = time.lane;
    let numbers = rect.with_max_y(lane.top());
    let painter = ui.painter_at(rect);
    painter.rect_filled(lane, theme::RADIUS_SMALL, palette.background);
    let clipped = ui.painter_at(lane);
    let spans = &view.sheet.spans;
    let first = spans.partition_point(|span| span.end_s <= time.from_s);
    for (index, span) in spans.iter().enumerate().skip(first) {
        if span.start_s >= time.to_s() {
            break;
        }
        block(ui, &clipped, look, time, index, span, view, desk);
    }
    marks(&painter, look, numbers, time, view);
    if let Some(drag) = desk.drag {
        let x = time.x(drag.to_s);
        let line = [pos2(x, lane.top()), pos2(x, lane.bottom())];
        clipped.line_segment(line, Stroke::new(look.px(3.0), palette.warning));
    }
    if let Some(now) = view.now {
        let x = time.x(now.time_s + desk.ahead_s);
        if lane.x_range().contains(x) {
            let line = [
                pos2(x, numbers.bottom() - look.px(4.0)),
                pos2(x, lane.bottom()),
            ];
            painter.line_segment(line, Stroke::new(look.px(2.0), palette.accent));
        }
    }
}

/// The time axis of a row.
struct Time {
    lane: Rect,
    from_s: f64,
    points_a_second: f32,
}

impl Time {
    fn sliding(ui: &Ui, look: &Look, lane: Rect, view: &View, desk: &mut Desk) -> Self {
        let points_a_second = look.px(SECOND);
        let last_s = view.sheet.spans.last().map_or(0.0, |span| span.end_s);
        let now_s = view.now.map_or(last_s, |now| now.time_s + desk.ahead_s);
        let pointer = ui.rect_contains_pointer(lane);
        let by = ui.input(|input| input.smooth_scroll_delta.x + input.smooth_scroll_delta.y);
        if pointer && by != 0.0 {
            if desk.follow {
                desk.strip_s = now_s;
            }
            desk.follow = false;
            desk.strip_s -= f64::from(by / points_a_second);
        }
        let half_s = f64::from(lane.width() * NOW_AT / points_a_second);
        let center_s = if desk.follow {
            now_s
        } else {
            desk.strip_s.clamp(0.0, last_s.max(now_s))
        };
        desk.strip_s = center_s;
        Self {
            lane,
            from_s: center_s - half_s,
            points_a_second,
        }
    }

    fn to_s(&self) -> f64 {
        self.second(self.lane.right())
    }

    fn x(&self, time_s: f64) -> f32 {
        self.lane.left() + (time_s - self.from_s) as f32 * self.points_a_second
    }

    fn second(&self, x: f32) -> f64 {
        self.from_s + f64::from((x - self.lane.left()) / self.points_a_second)
    }
}

/// A chord, from its start to its end.
#[allow(
    clippy::too_many_arguments,
    reason = "what it draws with, where, and what"
)]
fn block(
    ui: &mut Ui,
    painter: &Painter,
    look: &Look,
    time: &Time,
    index: usize,
    span: &Span,
    view: &View,
    desk: &mut Desk,
) {
    let palette = look.palette;
    let lane = time.lane;
    let whole = Rect::from_min_max(
        pos2(time.x(span.start_s), lane.top()),
        pos2(time.x(span.end_s), lane.bottom()),
    )
    .shrink2(vec2(1.0, 2.0));
    let seen = whole.intersect(lane);
    if !seen.is_positive() {
        return;
    }
    let response = ui.interact(
        seen,
        ui.scope_id().with(("strip-chord", index)),
        Sense::click(),
    );
    if !span.name.is_empty() {
        let color = match span.function {
            Function::Unknown => palette.tone,
            function => look.function(function),
        };
        let opacity = if palette.dark {
            0.16 + 0.2 * span.confidence
        } else {
            0.10 + 0.16 * span.confidence
        };
        if span.provisional {
            painter.rect_filled(
                whole,
                theme::RADIUS_SMALL,
                theme::faded(color, opacity * 0.5),
            );
            let corners = [
                whole.left_top(),
                whole.right_top(),
                whole.right_bottom(),
                whole.left_bottom(),
                whole.left_top(),
            ];
            let stroke = Stroke::new(look.px(1.2), color);
            painter.extend(egui::Shape::dashed_line(
                &corners,
                stroke,
                look.px(4.0),
                look.px(3.0),
            ));
        } else {
            painter.rect_filled(whole, theme::RADIUS_SMALL, theme::faded(color, opacity));
            let edge = whole.with_max_x(whole.left() + look.px(4.0).min(whole.width()));
            painter.rect_filled(edge, 2.0, color);
        }
        // Chords shown alike are named once, where the first comes into view.
        let before = index.checked_sub(1).map(|before| &view.sheet.spans[before]);
        let named = !view.namer.is_full()
            && before.is_some_and(|it| {
                it.name == span.name && it.end_s > time.second(lane.left() + look.px(40.0))
            });
        if !named {
            name(painter, look, seen, whole, span);
        }
    } else if span.silent && seen.width() > look.px(34.0) {
        painter.text(
            seen.center(),
            Align2::CENTER_CENTER,
            "N.C.",
            look.text(12.0),
            palette.faint,
        );
    }
    if response.hovered() || response.has_focus() || is_edited(desk, span.start_s, span.end_s) {
        let stroke = Stroke::new(look.px(1.5), palette.accent);
        painter.rect_stroke(whole, theme::RADIUS_SMALL, stroke, StrokeKind::Inside);
    }
    response.widget_info(|| WidgetInfo::labeled(Role::Button, true, said(span, view)));
    if response.clicked() {
        let x = response
            .interact_pointer_pos()
            .map_or(seen.center().x, |at| at.x);
        let middle = (span.start_s + span.end_s) / 2.0;
        editing::click(ui, desk, view, middle, time.second(x), seen);
    }
    response.on_hover_text(editing::CHORD_HINT);
    if index > 0 {
        let handle = Rect::from_center_size(
            pos2(whole.left() - 1.0, lane.center().y),
            vec2(look.px(9.0), lane.height()),
        )
        .intersect(lane);
        if handle.is_positive() {
            let id = ui.scope_id().with(("strip-boundary", index));
            let response = ui
                .interact(handle, id, Sense::drag())
                .on_hover_cursor(CursorIcon::ResizeHorizontal);
            let says = format!("Start of {}", said(span, view));
            response.widget_info(|| WidgetInfo::labeled(Role::Splitter, true, &says));
            let to_s = response.interact_pointer_pos().map(|at| time.second(at.x));
            editing::boundary(desk, view, &response, span.start_s, to_s);
        }
    }
}

/// A chord as a screen reader says it, with the position of its start.
fn said(span: &Span, view: &View) -> String {
    let bars = &view.sheet.bars;
    let bar = bars.partition_point(|bar| bar.end_s <= span.start_s);
    match bars.get(bar).filter(|_| view.has_bars) {
        Some(bar) => format!("{} in bar {}", says(span), bar.number),
        None => {
            let second = span.start_s.max(0.0).round() as u64;
            format!("{} at {}:{:02}", says(span), second / 60, second % 60)
        }
    }
}

/// Draws the name where the block comes into view, smaller where it does not fit, or not at
/// all.
fn name(painter: &Painter, look: &Look, seen: Rect, whole: Rect, span: &Span) {
    let left = seen.left().max(whole.left() + look.px(4.0)) + look.px(5.0);
    let lock = if span.locked { look.px(13.0) } else { 0.0 };
    let room = seen.right() - left - look.px(4.0) - lock;
    if room < look.px(9.0) {
        return;
    }
    let size = (seen.height() * 0.42)
        .clamp(look.px(13.0), look.px(26.0))
        .round();
    let symbol = Symbol::fitting(painter, look, &span.name, size, room);
    if symbol.size() < look.px(9.0) {
        return;
    }
    let ink = if span.provisional {
        look.palette.soft
    } else {
        look.palette.text
    };
    let middle = seen.center().y;
    symbol.draw_centered(painter, left, middle, ink);
    if span.locked {
        let left = left + symbol.width + look.px(4.0);
        lock_mark(painter, look, left, middle, look.palette.faint);
    }
}

/// Bar lines with their numbers, or seconds where there are no bars.
fn marks(painter: &Painter, look: &Look, numbers: Rect, time: &Time, view: &View) {
    let palette = look.palette;
    let lane = time.lane;
    let mut free_from = f32::NEG_INFINITY;
    let mut mark = |time_s: f64, text: String, strong: bool| {
        let x = time.x(time_s).round();
        if !lane.x_range().contains(x) {
            return;
        }
        let color = if strong {
            palette.bar_line
        } else {
            palette.line
        };
        let top = if strong {
            numbers.bottom() - look.px(5.0)
        } else {
            numbers.bottom()
        };
        let bottom = if strong {
            lane.bottom()
        } else {
            lane.top() + look.px(4.0)
        };
        painter.line_segment([pos2(x, top), pos2(x, bottom)], Stroke::new(1.0, color));
        if x < free_from || x > lane.right() - look.px(16.0) {
            return;
        }
        let drawn = painter.text(
            pos2(x + look.px(3.0), numbers.center().y - look.px(1.0)),
            Align2::LEFT_CENTER,
            text,
            look.text(11.0),
            palette.faint,
        );
        free_from = drawn.right() + look.px(8.0);
    };
    if view.has_bars && !view.sheet.bars.is_empty() {
        let bars = &view.sheet.bars;
        let first = bars.partition_point(|bar| bar.end_s <= time.from_s);
        for bar in bars[first..]
            .iter()
            .take_while(|bar| bar.start_s < time.to_s())
        {
            mark(bar.start_s, bar.number.to_string(), true);
        }
        return;
    }
    let from = (time.from_s.max(0.0) / 2.0).ceil() as u64;
    let to = (time.to_s().clamp(0.0, 1e9) / 2.0) as u64;
    for second in (from..=to).take(500).map(|half| 2 * half) {
        mark(
            second as f64,
            format!("{}:{:02}", second / 60, second % 60),
            false,
        );
    }
}
