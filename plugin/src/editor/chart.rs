//! A chart aligned to the music, shown in place of the track until it is accepted or discarded:
//! each bar with how well it fits, and what was heard where that differs.

use egui::{
    Align, Align2, Button, Layout, Rect, RichText, Role, Sense, Stroke, StrokeKind, Ui, WidgetInfo,
    pos2, vec2,
};

use super::desk::{Action, Desk};
use super::icon::{self, Icon};
use super::symbol::Symbol;
use super::theme::{self, Look};
use super::widgets::{button, card, within};
use crate::opening::{Proposal, ProposedBar};
use crate::view::names::ChordName;
use crate::view::{View, spoken};

/// Height of a line of bars, in points at the usual size.
const LINE: f32 = 66.0;

/// Bars are at least this wide.
const NARROWEST_BAR: f32 = 92.0;

/// Height of the row with the title and the buttons.
const HEAD: f32 = 28.0;

/// Draws the chart into `rect`. Clicks become actions on the desk.
pub(super) fn draw(
    ui: &mut Ui,
    look: &Look,
    rect: Rect,
    view: &View,
    proposal: &Proposal,
    desk: &mut Desk,
) {
    card(&ui.painter_at(rect), look, rect);
    let inner = rect.shrink2(vec2(look.px(12.0), look.px(7.0)));
    let (top, rest) = inner.split_top_bottom_at_y(inner.top() + look.px(HEAD));
    head(ui, look, top, view, proposal, desk);
    let body = rest.with_min_y(rest.top() + look.px(3.0));
    let wanted = view.sheet.bars_per_line.clamp(1, 16);
    let fits = |count: usize| body.width() / count as f32 >= look.px(NARROWEST_BAR);
    let mut columns = wanted.max(4);
    while columns > 1 && !fits(columns) {
        columns = columns.div_ceil(2);
    }
    within(ui, body, Layout::top_down(Align::Min), |ui| {
        egui::ScrollArea::vertical()
            .id_salt("chart")
            .auto_shrink(false)
            .show(ui, |ui| {
                ui.spacing_mut().item_spacing = vec2(0.0, look.px(3.0));
                let width = ui.available_width();
                let height = look.px(LINE);
                for (row, bars) in proposal.bars.chunks(columns).enumerate() {
                    let (line, _) = ui.allocate_exact_size(vec2(width, height), Sense::hover());
                    let cell = width / columns as f32;
                    for (column, bar) in bars.iter().enumerate() {
                        let left = line.left() + column as f32 * cell;
                        let place = Rect::from_min_size(pos2(left, line.top()), vec2(cell, height))
                            .shrink2(vec2(look.px(2.0), 0.0));
                        draw_bar(ui, look, place, view, (row * columns + column, bar), desk);
                    }
                }
            });
    });
}

fn head(ui: &mut Ui, look: &Look, rect: Rect, view: &View, proposal: &Proposal, desk: &mut Desk) {
    let all_taken = proposal.bars.iter().all(|bar| bar.is_taken(&view.track));
    within(ui, rect, Layout::right_to_left(Align::Center), |ui| {
        ui.spacing_mut().item_spacing.x = look.px(5.0);
        let (leave, says) = if all_taken {
            ("Done", "Show the track again.")
        } else {
            (
                "Discard",
                "Put the chart away. What was accepted of it stays.",
            )
        };
        if ui.add(button(look, leave)).on_hover_text(says).clicked() {
            desk.ask(Action::DiscardChart);
        }
        if !all_taken {
            let text = RichText::new("Accept all").font(look.text(13.0));
            let accept = Button::new(text.color(look.palette.on_accent)).fill(look.palette.accent);
            let accept = ui.add(accept).on_hover_text(
                "Take the whole chart into the track, with its sections. Its chords are locked. Undo \
                 (Ctrl+Z) takes it out again.",
            );
            if accept.clicked() {
                desk.ask(Action::AcceptChart);
            }
        }
        let differing = proposal.differing();
        let mut facts = vec![match differing {
            0 => format!("{} bars, all as heard", proposal.bars.len()),
            _ => format!("{} bars, {differing} differ", proposal.bars.len()),
        }];
        if let Some(fret) = proposal.capo {
            facts.push(format!("capo {fret}"));
        }
        if proposal.missing > 0 {
            facts.push(format!("{} not played", proposal.missing));
        }
        facts.push(format!("on {}", proposal.aligned_to));
        ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
            let title = RichText::new(proposal.title.as_str()).font(look.display(look.px(15.0)));
            let title = egui::Label::new(title.color(look.palette.text)).truncate();
            // The buttons leave little room in small windows: the title comes first.
            ui.add(title);
            let facts = RichText::new(facts.join("  ·  ")).font(look.text(12.0));
            ui.add(egui::Label::new(facts.color(look.palette.soft)).truncate());
        });
    });
}

/// How well a bar fits, 0 … 1: the likelihood of its chords relative to the most likely ones.
fn fit(bar: &ProposedBar) -> f32 {
    bar.score.exp().clamp(0.0, 1.0)
}

fn draw_bar(
    ui: &mut Ui,
    look: &Look,
    rect: Rect,
    view: &View,
    (index, bar): (usize, &ProposedBar),
    desk: &mut Desk,
) {
    let palette = look.palette;
    let response = ui.interact(
        rect,
        ui.scope_id().with(("chart-bar", index)),
        Sense::click(),
    );
    if response.gained_focus() {
        response.scroll_to_me(None);
    }
    // A long chart has thousands of bars: only those in view are drawn.
    if !ui.is_rect_visible(rect) {
        let says = format!("Bar {}", bar.number);
        response.widget_info(|| WidgetInfo::labeled(Role::Button, true, &says));
        return;
    }
    let taken = bar.is_taken(&view.track);
    let painter = ui.painter_at(rect.intersect(ui.clip_rect()));
    let fill = if taken {
        theme::faded(palette.good, 0.16)
    } else {
        palette.background
    };
    painter.rect_filled(rect, theme::RADIUS_SMALL, fill);
    let now = view.now.map(|now| now.time_s + desk.ahead_s);
    if now.is_some_and(|now| (bar.start_s..bar.end_s).contains(&now)) {
        painter.rect_filled(
            rect,
            theme::RADIUS_SMALL,
            theme::faded(palette.accent, 0.14),
        );
    }
    let stroke = if response.hovered() || response.has_focus() {
        Some(Stroke::new(look.px(1.5), palette.accent))
    } else if bar.differs() && !taken {
        Some(Stroke::new(look.px(1.2), palette.warning))
    } else {
        None
    };
    if let Some(stroke) = stroke {
        painter.rect_stroke(rect, theme::RADIUS_SMALL, stroke, StrokeKind::Inside);
    }
    let inner = rect.shrink2(vec2(look.px(7.0), look.px(4.0)));
    let top = inner.top() + look.px(6.0);
    let number = painter.text(
        pos2(inner.left(), top),
        Align2::LEFT_CENTER,
        bar.number,
        look.text(10.5),
        palette.faint,
    );
    if let Some(section) = &bar.section {
        let left = number.right() + look.px(6.0);
        let clipped = painter.with_clip_rect(inner.with_max_x(inner.right() - look.px(16.0)));
        clipped.text(
            pos2(left, top),
            Align2::LEFT_CENTER,
            section,
            look.display(look.px(11.0)),
            palette.text,
        );
    }
    if taken {
        let side = look.px(10.0);
        let place = Rect::from_center_size(pos2(inner.right() - side / 2.0, top), vec2(side, side));
        icon::draw(&painter, place, Icon::Taken, palette.good, look);
    }
    let names = names(look, inner, view, bar, &painter);
    // How well it fits: a short line, full where exactly these chords were heard.
    let score = match -bar.score {
        under if under < 0.05 => "0.0".to_owned(),
        under => format!("−{under:.1}"),
    };
    let foot = inner.bottom() - look.px(3.0);
    let color = if bar.differs() {
        palette.warning
    } else {
        palette.good
    };
    let width = inner.width() - look.px(24.0);
    let meter = Rect::from_min_size(
        pos2(inner.left(), foot - look.px(1.5)),
        vec2(width, look.px(3.0)),
    );
    painter.rect_filled(meter, 1.5, palette.well);
    painter.rect_filled(
        meter.with_max_x(meter.left() + width * fit(bar)),
        1.5,
        color,
    );
    painter.text(
        pos2(inner.right(), foot),
        Align2::RIGHT_CENTER,
        score.as_str(),
        look.text(10.0),
        palette.faint,
    );
    let heard = if names.heard.is_empty() {
        String::new()
    } else {
        format!(" {} was heard.", names.heard)
    };
    let state = if taken { ", accepted" } else { "" };
    let says = format!("Bar {}: {}{state}", bar.number, names.chart);
    response.widget_info(|| WidgetInfo::labeled(Role::Button, true, format!("{says}.{heard}")));
    if response.clicked() && !taken {
        desk.ask(Action::AcceptBar(index));
    }
    let what = if taken {
        "In the track, and locked. Undo (Ctrl+Z) takes it out again."
    } else {
        "Click to take this bar into the track."
    };
    response.on_hover_text(format!(
        "{says}\n{} to {}, score {score}.{heard}\n{what}",
        clock(bar.start_s),
        clock(bar.end_s),
    ));
}

/// The chords of a bar in words.
struct Names {
    chart: String,
    /// What was heard instead; empty where nothing else was.
    heard: String,
}

/// Draws the chords, and below them what was heard where it differs.
fn names(
    look: &Look,
    inner: Rect,
    view: &View,
    bar: &ProposedBar,
    painter: &egui::Painter,
) -> Names {
    let palette = look.palette;
    let length_s = (bar.end_s - bar.start_s).max(1e-3);
    let left_of = |time_s: f64| {
        let share = ((time_s - bar.start_s) / length_s).clamp(0.0, 1.0);
        inner.left() + share as f32 * inner.width()
    };
    let baseline = inner.top() + look.px(31.0);
    let (mut chart, mut heard) = (Vec::new(), Vec::new());
    for chord in &bar.chords {
        let key = view.track.key_at_s(chord.start_s);
        let left = left_of(chord.start_s);
        let room = left_of(chord.end_s) - left - look.px(4.0);
        let name = view.namer.name(&chord.label, key);
        let said = |name: &ChordName| {
            if name.is_empty() {
                "no chord".to_owned()
            } else {
                spoken::chord(name)
            }
        };
        if name.is_empty() {
            painter.text(
                pos2(left, baseline),
                Align2::LEFT_BOTTOM,
                "N.C.",
                look.text(12.0),
                palette.soft,
            );
        } else {
            let symbol = Symbol::fitting(painter, look, &name, look.px(19.0), room);
            symbol.draw(painter, pos2(left, baseline), palette.text);
        }
        chart.push(said(&name));
        if let Some(other) = &chord.heard {
            let name = view.namer.name(other, key);
            let text = if name.is_empty() {
                "N.C.".to_owned()
            } else {
                name.text()
            };
            let galley = painter.layout_no_wrap(text, look.text(11.5), palette.warning);
            painter.galley(pos2(left, baseline + look.px(3.0)), galley, palette.warning);
            heard.push(said(&name));
        }
    }
    Names {
        chart: chart.join(", "),
        heard: heard.join(", "),
    }
}

/// Minutes and seconds.
fn clock(time_s: f64) -> String {
    let tenths = (time_s.max(0.0) * 10.0).round() as u64;
    format!("{}:{:02}.{}", tenths / 600, tenths / 10 % 60, tenths % 10)
}
