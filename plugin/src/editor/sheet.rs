//! The track as a lead sheet: bars with chords over slashes, which scrolls with the song.

use egui::{Align2, CursorIcon, Painter, Rect, Role, Sense, Stroke, Ui, WidgetInfo, pos2, vec2};

use super::desk::{Desk, Open, SongEditor};
use super::editing;
use super::icon;
use super::strip::WRITE_IS_OFF;
use super::symbol::Symbol;
use super::theme::{self, Look};
use super::widgets::{card, lock_mark, say};
use crate::view::sheet::{Sheet, SheetBar};
use crate::view::{View, spoken};
use harmony::function::Function;

/// Heights of a line of the sheet, in points at the usual size.
const LINE: f32 = 54.0;
const LINE_HEAD: f32 = 20.0;

/// Bars are at least this wide.
const NARROWEST_BAR: f32 = 96.0;

/// Width left of the first bar, for its number.
const GUTTER: f32 = 30.0;

/// How the bars are laid out in lines.
struct Layout {
    lines: Vec<std::ops::Range<usize>>,
    /// The top of each line, and the bottom of the last.
    tops: Vec<f32>,
    /// Bars for which a line has room.
    bars: usize,
}

impl Layout {
    fn new(sheet: &Sheet, look: &Look, width: f32) -> Self {
        let mut bars = sheet.bars_per_line.max(1);
        // A narrow window has half as many bars on a line, so that they stay below each
        // other.
        while bars > 1 && (width - look.px(GUTTER)) / (bars as f32) < look.px(NARROWEST_BAR) {
            bars = bars.div_ceil(2);
        }
        let lines = sheet.lines(bars);
        let mut tops = Vec::with_capacity(lines.len() + 1);
        let mut top = 0.0;
        for line in &lines {
            tops.push(top);
            top += look.px(LINE);
            if has_head(&sheet.bars[line.clone()]) {
                top += look.px(LINE_HEAD);
            }
        }
        tops.push(top);
        Self { lines, tops, bars }
    }

    /// The width of a full bar on a line. Bars are aligned from line to line, unless a line
    /// has one bar more than usual.
    fn unit(&self, sheet: &Sheet, line: &std::ops::Range<usize>, width: f32) -> f32 {
        let shares: f32 = sheet.bars[line.clone()].iter().map(SheetBar::share).sum();
        width / shares.max(self.bars as f32)
    }

    fn height(&self) -> f32 {
        self.tops.last().copied().unwrap_or(0.0)
    }

    fn line_of(&self, bar: usize) -> usize {
        self.lines.partition_point(|line| line.end <= bar)
    }
}

fn has_head(bars: &[SheetBar]) -> bool {
    bars.iter()
        .any(|bar| bar.section.is_some() || bar.key.is_some())
}

/// Draws the sheet into `rect`. Clicks become actions on the desk.
pub(super) fn draw(ui: &mut Ui, look: &Look, rect: Rect, view: &View, desk: &mut Desk) {
    let painter = ui.painter_at(rect);
    card(&painter, look, rect);
    let inner = rect.shrink2(vec2(look.px(14.0), look.px(8.0)));
    let mut body = inner;
    if rect.height() > look.px(150.0) {
        let (head, rest) = inner.split_top_bottom_at_y(inner.top() + look.px(26.0));
        draw_head(ui, look, head, view, desk);
        body = rest.with_min_y(rest.top() + look.px(4.0));
    }
    if view.sheet.bars.is_empty() {
        let text = if view.writes {
            "Chords appear here, bar by bar, while the song plays, or from its audio (Ctrl+O)."
        } else {
            WRITE_IS_OFF
        };
        painter.text(
            body.center(),
            Align2::CENTER_CENTER,
            text,
            look.text(14.0),
            look.palette.soft,
        );
        say(ui, body, "empty", || text.to_owned());
        return;
    }
    let layout = Layout::new(&view.sheet, look, body.width());
    let playhead = playhead(view, desk.ahead_s);
    let bar = playhead.map(|(bar, _)| bar);
    let scroll = scroll(ui, look, body, &layout, bar, desk);
    let painter = ui.painter_at(body);
    for (index, line) in layout.lines.iter().enumerate() {
        let top = body.top() + layout.tops[index] - scroll;
        let bottom = body.top() + layout.tops[index + 1] - scroll;
        if bottom < body.top() || top > body.bottom() {
            continue;
        }
        let place = Rect::from_min_max(pos2(body.left(), top), pos2(body.right(), bottom));
        let mut drawing = Line {
            look,
            view,
            painter: &painter,
            clip: body,
            unit: layout.unit(&view.sheet, line, body.width() - look.px(GUTTER)),
        };
        drawing.draw(ui, place, line.clone(), playhead, desk);
    }
    draw_scrollbar(&painter, look, body, layout.height(), scroll);
    if !desk.follow && playhead.is_some() {
        jump_to_now(ui, look, body, desk);
    }
}

/// Title, composer, key and simplification; a click edits the song.
fn draw_head(ui: &mut Ui, look: &Look, rect: Rect, view: &View, desk: &mut Desk) {
    let palette = look.palette;
    let response = ui.interact(rect, ui.scope_id().with("song"), Sense::click());
    let painter = ui.painter_at(rect);
    if response.hovered() || response.has_focus() {
        painter.rect_filled(rect, theme::RADIUS_SMALL, palette.well);
    }
    let sheet = &view.sheet;
    let middle = rect.center().y;
    let (title, ink) = match sheet.title.as_str() {
        "" => ("Untitled song", palette.faint),
        title => (title, palette.text),
    };
    let drawn = painter.text(
        pos2(rect.left() + look.px(4.0), middle),
        Align2::LEFT_CENTER,
        title,
        look.display(look.px(16.0)),
        ink,
    );
    let mut right = rect.right() - look.px(4.0);
    let mut facts = Vec::new();
    if !sheet.composer.is_empty() {
        facts.push(sheet.composer.clone());
    }
    if let Some(key) = &sheet.key {
        facts.push(key.clone());
    }
    let simplification = view.namer.simplification();
    if !simplification.is_empty() {
        facts.push(format!("shown {simplification}"));
    }
    for fact in facts {
        let galley = painter.layout_no_wrap(fact, look.text(12.0), palette.soft);
        right -= galley.size().x;
        if right < drawn.right() + look.px(12.0) {
            break;
        }
        painter.galley(
            pos2(right, middle - galley.size().y / 2.0),
            galley,
            palette.soft,
        );
        right -= look.px(18.0);
    }
    desk.song_anchor = Some(rect);
    response.widget_info(|| WidgetInfo::labeled(Role::Button, true, format!("Song {title}")));
    if response.clicked() {
        let info = view.track.info();
        desk.open = Open::Song(SongEditor {
            title: info.title.clone(),
            composer: info.composer.clone(),
            bars_per_line: info.bars_per_line,
        });
    }
    response.on_hover_text("Title, composer and bars on a line: click to set them.");
}

/// The bar that the song is in, and how far into it, 0…1.
fn playhead(view: &View, ahead_s: f64) -> Option<(usize, f32)> {
    let now = view.now?;
    let beat = now.beat? + ahead_s * now.tempo_bpm.unwrap_or(0.0) / 60.0;
    let index = view.sheet.bar_at(beat)?;
    let bar = &view.sheet.bars[index];
    let share = (beat - bar.start_beat) / (bar.end_beat - bar.start_beat);
    Some((index, share as f32))
}

/// Scrolls with the song, or as the user does. Returns how far, in points.
fn scroll(
    ui: &mut Ui,
    look: &Look,
    body: Rect,
    layout: &Layout,
    bar: Option<usize>,
    desk: &mut Desk,
) -> f32 {
    let most = (layout.height() - body.height()).max(0.0);
    let mut by = 0.0;
    if ui.rect_contains_pointer(body) {
        by -= ui.input(|input| input.smooth_scroll_delta.y);
    }
    if desk.open == Open::Nothing && !ui.ctx().text_edit_focused() {
        let page = body.height() * 0.8;
        ui.input_mut(|input| {
            for (key, distance) in [(egui::Key::PageDown, page), (egui::Key::PageUp, -page)] {
                if input.consume_key(egui::Modifiers::NONE, key) {
                    by += distance;
                }
            }
            if input.consume_key(egui::Modifiers::NONE, egui::Key::Home) {
                desk.follow = true;
            }
        });
    }
    let before = desk.scroll;
    let mut scroll = before.unwrap_or(0.0);
    if by != 0.0 {
        desk.follow = false;
        scroll += by;
    }
    // A chord being edited stays in view.
    let follow = desk.follow && !matches!(desk.open, Open::Chord(_));
    let target = match bar.filter(|_| follow) {
        Some(bar) => {
            let line = layout.line_of(bar);
            // One earlier line stays in view above the current one.
            let above = if body.height() > look.px(2.6 * LINE) {
                line.saturating_sub(1)
            } else {
                line
            };
            layout.tops[above]
        }
        None => scroll,
    }
    .clamp(0.0, most);
    // Short distances glide, where the user is following; longer ones jump.
    let distance = target - scroll;
    let looking_on = before.is_some() && follow && distance.abs() < 2.0 * body.height();
    scroll = if looking_on && distance.abs() >= 1.0 {
        ui.ctx().request_repaint();
        let dt = ui.input(|input| input.stable_dt).min(0.05);
        scroll + distance * (1.0 - (-12.0 * dt).exp())
    } else {
        target
    };
    desk.scroll = Some(scroll);
    scroll
}

fn draw_scrollbar(painter: &Painter, look: &Look, body: Rect, height: f32, scroll: f32) {
    if height <= body.height() {
        return;
    }
    let length = (body.height() * body.height() / height).max(look.px(20.0));
    let top = body.top() + (body.height() - length) * scroll / (height - body.height());
    let bar = Rect::from_min_size(
        pos2(body.right() - look.px(3.0) + look.px(9.0), top),
        vec2(look.px(3.0), length),
    );
    painter
        .with_clip_rect(body.expand(look.px(12.0)))
        .rect_filled(bar, 2.0, look.palette.line);
}

fn jump_to_now(ui: &mut Ui, look: &Look, body: Rect, desk: &mut Desk) {
    let size = vec2(look.px(116.0), look.px(26.0));
    let place = Rect::from_min_size(
        body.right_bottom() - size - vec2(look.px(6.0), look.px(4.0)),
        size,
    );
    let palette = look.palette;
    let text = egui::RichText::new("Jump to now")
        .font(look.text(13.0))
        .color(palette.on_accent);
    let button = egui::Button::new(text).fill(palette.accent);
    if ui
        .place(place, button)
        .on_hover_text("Follow the song again (Home)")
        .clicked()
    {
        desk.follow = true;
    }
}

/// What one line is drawn with.
struct Line<'a> {
    look: &'a Look,
    view: &'a View,
    painter: &'a Painter,
    clip: Rect,
    /// The width of a bar.
    unit: f32,
}

impl Line<'_> {
    fn draw(
        &mut self,
        ui: &mut Ui,
        place: Rect,
        bars: std::ops::Range<usize>,
        playhead: Option<(usize, f32)>,
        desk: &mut Desk,
    ) {
        let (look, palette) = (self.look, self.look.palette);
        let sheet = &*self.view.sheet;
        let foot = place.bottom() - look.px(6.0);
        let top = foot - look.px(LINE - 10.0);
        let left = place.left() + look.px(GUTTER);
        let whole = sheet.bars[bars.clone()].iter().find(|bar| !bar.is_pickup());
        let numbered = whole.map_or(1, |bar| bar.number);
        self.painter.text(
            pos2(place.left() + look.px(2.0), foot - look.px(9.0)),
            Align2::LEFT_CENTER,
            numbered.to_string(),
            look.text(11.0),
            palette.faint,
        );
        let first = bars.start;
        let mut x = left;
        for index in bars.clone() {
            let right = x + self.unit * sheet.bars[index].share();
            let rect = Rect::from_min_max(pos2(x, top), pos2(right, foot));
            x = right;
            let now = playhead
                .filter(|(bar, _)| *bar == index)
                .map(|(_, share)| share);
            self.bar(ui, rect, index, index == first, now, desk);
        }
        let ends = bars.end == sheet.bars.len();
        self.barline(x, top, foot, ends);
    }

    fn barline(&self, x: f32, top: f32, foot: f32, last: bool) {
        let palette = self.look.palette;
        let (top, foot) = (top + self.look.px(4.0), foot);
        let stroke = Stroke::new(1.0, palette.bar_line);
        let x = x.round();
        if last {
            let thick = Stroke::new(self.look.px(2.5), palette.bar_line);
            self.painter
                .line_segment([pos2(x - 1.0, top), pos2(x - 1.0, foot)], thick);
            let x = x - self.look.px(5.0);
            self.painter
                .line_segment([pos2(x, top), pos2(x, foot)], stroke);
        } else {
            self.painter
                .line_segment([pos2(x, top), pos2(x, foot)], stroke);
        }
    }

    fn bar(
        &mut self,
        ui: &mut Ui,
        rect: Rect,
        index: usize,
        starts_line: bool,
        now: Option<f32>,
        desk: &mut Desk,
    ) {
        let (look, palette) = (self.look, self.look.palette);
        let bar = &self.view.sheet.bars[index];
        if now.is_some() {
            let tint = theme::faded(palette.accent, 0.12);
            self.painter
                .rect_filled(rect.shrink2(vec2(1.0, 0.0)), 0.0, tint);
        }
        self.barline(rect.left(), rect.top(), rect.bottom(), false);
        self.head(rect, bar);
        let mut inner = rect.shrink2(vec2(look.px(8.0), 0.0));
        if let Some((above, below)) = bar.meter {
            inner.min.x += self.meter(inner.left(), rect, above, below);
        }
        let slashes = rect.bottom() - look.px(9.0);
        if bar.simile && !starts_line {
            let center = pos2(rect.center().x, rect.center().y + look.px(2.0));
            icon::simile(self.painter, center, look.px(17.0), palette.soft);
        } else {
            self.names(inner, bar, starts_line);
            self.slashes(inner, slashes, bar);
        }
        self.hands(ui, inner, rect, index, desk);
        if let Some(share) = now {
            let x = inner.left() + share * inner.width();
            let line = [pos2(x, rect.top()), pos2(x, rect.bottom() + look.px(2.0))];
            self.painter
                .line_segment(line, Stroke::new(look.px(2.0), palette.accent));
        }
    }

    /// Draws section and key above the bar.
    fn head(&self, rect: Rect, bar: &SheetBar) {
        let (look, palette) = (self.look, self.look.palette);
        let middle = rect.top() - look.px(6.0);
        let mut left = rect.left() + look.px(1.0);
        if let Some(section) = &bar.section {
            let galley = self.painter.layout_no_wrap(
                section.clone(),
                look.display(look.px(12.0)),
                palette.background,
            );
            let size = vec2(galley.size().x + look.px(12.0), look.px(17.0));
            let label = Rect::from_min_size(pos2(left, middle - size.y / 2.0), size);
            self.painter.rect_filled(label, 2.0, palette.text);
            let at = label.center() - galley.size() / 2.0;
            self.painter.galley(at, galley, palette.background);
            left = label.right() + look.px(8.0);
        }
        if let Some(key) = &bar.key {
            self.painter.text(
                pos2(left, middle),
                Align2::LEFT_CENTER,
                key,
                look.text(11.5),
                palette.soft,
            );
        }
    }

    /// Draws a time signature. Returns its width.
    fn meter(&self, left: f32, rect: Rect, above: u8, below: u8) -> f32 {
        let (look, palette) = (self.look, self.look.palette);
        let middle = rect.center().y + look.px(3.0);
        let font = look.display(look.px(15.0));
        let mut width: f32 = 0.0;
        for (number, align, at) in [
            (above, Align2::LEFT_BOTTOM, middle + look.px(2.0)),
            (below, Align2::LEFT_TOP, middle - look.px(1.0)),
        ] {
            let drawn = self.painter.text(
                pos2(left, at),
                align,
                number.to_string(),
                font.clone(),
                palette.soft,
            );
            width = width.max(drawn.width());
        }
        width + look.px(7.0)
    }

    /// Draws the chord names where they start, smaller where they need more room than their
    /// time gives them.
    fn names(&self, inner: Rect, bar: &SheetBar, starts_line: bool) {
        let (look, palette) = (self.look, self.look.palette);
        let baseline = inner.bottom() - look.px(20.0);
        let said: Vec<_> = bar
            .chords
            .iter()
            .filter(|chord| !chord.held || starts_line || bar.section.is_some())
            .collect();
        for (place, chord) in said.iter().enumerate() {
            let Some(span) = chord.span.map(|index| &self.view.sheet.spans[index]) else {
                continue;
            };
            let left = inner.left() + chord.at * inner.width();
            let next = said
                .get(place + 1)
                .map_or(inner.right() + look.px(4.0), |next| {
                    inner.left() + next.at * inner.width()
                });
            if span.name.is_empty() {
                if span.silent {
                    self.painter.text(
                        pos2(left, baseline + look.px(2.0)),
                        Align2::LEFT_BOTTOM,
                        "N.C.",
                        look.text(13.0),
                        palette.faint,
                    );
                }
                continue;
            }
            let room = next - left - look.px(if span.locked { 17.0 } else { 8.0 });
            let size = look.px(21.0);
            let symbol = Symbol::fitting(self.painter, look, &span.name, size, room);
            let ink = match (span.provisional, span.confidence < crate::snapshot::SURE) {
                (true, _) => theme::faded(palette.text, 0.62),
                (false, true) => palette.soft,
                (false, false) => palette.text,
            };
            symbol.draw(self.painter, pos2(left, baseline), ink);
            if span.provisional {
                let y = baseline + look.px(4.0);
                let line = [pos2(left, y), pos2(left + symbol.width, y)];
                let stroke = Stroke::new(look.px(1.2), palette.soft);
                let dashes = egui::Shape::dashed_line(&line, stroke, look.px(3.0), look.px(2.5));
                self.painter.extend(dashes);
            }
            if span.locked {
                let left = left + symbol.width + look.px(3.0);
                lock_mark(
                    self.painter,
                    look,
                    left,
                    baseline - look.px(12.0),
                    palette.faint,
                );
            }
        }
    }

    /// One slash for each beat that a musician counts, in the colour of the chord's function;
    /// hollow while the chord may still change.
    fn slashes(&self, inner: Rect, middle: f32, bar: &SheetBar) {
        let (look, palette) = (self.look, self.look.palette);
        for pulse in 0..bar.pulses {
            let at = pulse as f32 / bar.pulses as f32;
            let chord = bar
                .chords
                .iter()
                .rev()
                .find(|chord| chord.at <= at + 1e-3)
                .and_then(|chord| chord.span)
                .map(|index| &self.view.sheet.spans[index]);
            let left = inner.left() + at * inner.width();
            match chord {
                Some(span) if !span.name.is_empty() => {
                    let color = match span.function {
                        Function::Unknown => palette.soft,
                        function => look.function(function),
                    };
                    icon::slash(
                        self.painter,
                        left,
                        middle,
                        look.px(11.0),
                        color,
                        span.provisional,
                    );
                }
                _ => {
                    let dot = pos2(left + look.px(3.0), middle);
                    self.painter.circle_filled(dot, look.px(1.3), palette.line);
                }
            }
        }
    }

    /// What can be clicked and dragged in a bar.
    fn hands(&self, ui: &mut Ui, inner: Rect, rect: Rect, index: usize, desk: &mut Desk) {
        let bar = &self.view.sheet.bars[index];
        let duration_s = bar.end_s - bar.start_s;
        let share_of = |x: f32| ((x - inner.left()) / inner.width()).clamp(0.0, 1.0);
        for (place, chord) in bar.chords.iter().enumerate() {
            let Some(span_index) = chord.span else {
                continue;
            };
            let span = &self.view.sheet.spans[span_index];
            let left = inner.left() + chord.at * inner.width();
            let right = inner.left() + (chord.at + chord.length) * inner.width();
            let area = Rect::from_min_max(
                pos2(if place == 0 { rect.left() } else { left }, rect.top()),
                pos2(right.max(left + 2.0), rect.bottom()),
            );
            let shown = area.intersect(self.clip);
            if !shown.is_positive() {
                continue;
            }
            let id = ui.scope_id().with(("sheet-chord", index, place));
            let response = ui.interact(shown, id, Sense::click());
            let palette = self.look.palette;
            let start_s = chord
                .first
                .map_or(span.start_s, |first| self.view.sheet.spans[first].start_s);
            if response.hovered() || response.has_focus() || is_edited(desk, start_s, span.end_s) {
                let stroke = Stroke::new(self.look.px(1.5), palette.accent);
                self.painter.rect_stroke(
                    area.shrink(1.0),
                    theme::RADIUS_SMALL,
                    stroke,
                    egui::StrokeKind::Inside,
                );
            }
            let says = format!("{} in bar {}", says(span), bar.number);
            response.widget_info(|| WidgetInfo::labeled(Role::Button, true, &says));
            if response.clicked() {
                let x = response.interact_pointer_pos().map_or(left, |at| at.x);
                let clicked_s = bar.start_s + f64::from(share_of(x)) * duration_s;
                // Of several chords shown as one, the clicked one.
                let spans = &self.view.sheet.spans;
                let clicked = self
                    .view
                    .sheet
                    .span_at(clicked_s)
                    .map(|index| &spans[index]);
                let span = clicked.filter(|it| it.name == span.name).unwrap_or(span);
                let inside = inside(span.start_s, span.end_s, bar.start_s, bar.end_s);
                editing::click(ui, desk, self.view, inside, clicked_s, area);
            }
            response.on_hover_text(editing::CHORD_HINT);
            // A chord that goes on from the bar before has its start elsewhere.
            if !chord.held && chord.first.is_some_and(|first| first > 0) {
                let handle = Rect::from_center_size(
                    pos2(left - self.look.px(1.0), rect.center().y),
                    vec2(self.look.px(9.0), rect.height()),
                )
                .intersect(self.clip);
                let id = ui.scope_id().with(("sheet-boundary", index, place));
                let response = ui
                    .interact(handle, id, Sense::drag())
                    .on_hover_cursor(CursorIcon::ResizeHorizontal);
                let says = format!("Start of {}, bar {}", self::says(span), bar.number);
                response.widget_info(|| WidgetInfo::labeled(Role::Splitter, true, &says));
                let to_s = response.interact_pointer_pos().map(|at| {
                    let share = (at.x - inner.left()) / inner.width();
                    bar.start_s + f64::from(share) * duration_s
                });
                editing::boundary(desk, self.view, &response, start_s, to_s);
            }
        }
        if let Some(drag) = desk.drag
            && (bar.start_s..bar.end_s).contains(&drag.to_s)
        {
            let share = ((drag.to_s - bar.start_s) / duration_s) as f32;
            let x = inner.left() + share * inner.width();
            let line = [pos2(x, rect.top()), pos2(x, rect.bottom())];
            let stroke = Stroke::new(self.look.px(3.0), self.look.palette.warning);
            self.painter.line_segment(line, stroke);
        }
    }
}

/// A time in the part of a chord that lies in a bar.
fn inside(start_s: f64, end_s: f64, bar_start_s: f64, bar_end_s: f64) -> f64 {
    let (from, to) = (start_s.max(bar_start_s), end_s.min(bar_end_s));
    if from < to {
        (from + to) / 2.0
    } else {
        (start_s + end_s) / 2.0
    }
}

/// Whether the chord over this time is open in the editor.
pub(super) fn is_edited(desk: &Desk, start_s: f64, end_s: f64) -> bool {
    matches!(&desk.open, Open::Chord(editor) if (start_s..end_s).contains(&editor.at_s))
}

/// A chord as a screen reader says it.
pub(super) fn says(span: &crate::view::sheet::Span) -> String {
    let name = if span.name.is_empty() {
        "No chord".to_owned()
    } else {
        spoken::chord(&span.name)
    };
    let mut says = name;
    if span.provisional {
        says.push_str(", provisional");
    }
    if span.locked {
        says.push_str(", locked");
    }
    says
}
