//! Ways to hold the chord on a guitar or another instrument with frets, as chord diagrams.

use egui::{Align2, Painter, Rect, Stroke, Ui, pos2, vec2};
use harmony::label::Chord;
use harmony::voicing::Fingering;

use super::desk::Desk;
use super::piano::{degree_name, faded_background};
use super::theme::Look;
use super::widgets::say;
use crate::view::names::Namer;
use crate::view::preferences::Preferences;
use crate::view::{ChordView, View};

/// Frets that a diagram shows.
const FRETS: u8 = 4;

/// Height of a six-string diagram relative to its width.
const ASPECT: f32 = 1.32;

/// Draws as many fingerings into `rect` as it has room for, the best first.
pub(super) fn draw(
    ui: &Ui,
    look: &Look,
    rect: Rect,
    view: &View,
    preferences: &Preferences,
    desk: &mut Desk,
) {
    let painter = ui.painter_at(rect);
    let namer = &view.namer;
    let Some(view) = &view.chord else {
        faded_background(&painter, look, rect, "Fingerings of the chord appear here.");
        return;
    };
    let chord = &view.written;
    let capo = preferences.capo;
    let strings = preferences.strings().behind_capo(capo);
    let found = desk.fingerings.for_chord(chord, &strings);
    if found.is_empty() {
        faded_background(&painter, look, rect, "No hand can hold all of this chord.");
        return;
    }
    let mut body = rect;
    if capo > 0 {
        let (head, rest) = rect.split_top_bottom_at_y(rect.top() + look.px(18.0));
        painter.text(
            head.left_center(),
            Align2::LEFT_CENTER,
            format!(
                "Capo {capo}: the shape of {}",
                shape_name(namer, chord, capo)
            ),
            look.text(12.5),
            look.palette.soft,
        );
        body = rest;
    }
    // Fewer strings lie a little further apart.
    let aspect = ASPECT * (5.0 / (strings.len().max(2) - 1) as f32).sqrt();
    let width = (body.height() / aspect)
        .min(body.width() / 2.0)
        .min(look.px(230.0));
    let count = ((body.width() / (width * 1.04)).floor() as usize).clamp(1, found.len());
    let pitch = body.width() / count as f32;
    for (index, fingering) in found.iter().take(count).enumerate() {
        let center = pos2(body.left() + (index as f32 + 0.5) * pitch, body.center().y);
        let place =
            Rect::from_center_size(center, vec2(width, (width * aspect).min(body.height())));
        let diagram = Diagram {
            look,
            chord,
            view,
            namer,
            strings: &strings,
            left_handed: preferences.left_handed,
        };
        diagram.draw(&painter, place, fingering);
        say(ui, place, &format!("fingering {index}"), || says(fingering));
    }
}

/// The frets of a fingering, from the lowest string on.
fn says(fingering: &Fingering) -> String {
    let frets = fingering.frets.iter().map(|fret| match fret {
        None => "muted".to_owned(),
        Some(0) => "open".to_owned(),
        Some(fret) => fret.to_string(),
    });
    format!("Fingering: {}", frets.collect::<Vec<_>>().join(", "))
}

/// The chord that the hand plays above a capo.
fn shape_name(namer: &Namer, chord: &Chord, capo: u8) -> String {
    namer.shape(&chord.transposed(-i32::from(capo))).text()
}

struct Diagram<'a> {
    look: &'a Look,
    chord: &'a Chord,
    view: &'a ChordView,
    namer: &'a Namer,
    /// The open strings, capo included, as MIDI notes.
    strings: &'a [u8],
    left_handed: bool,
}

impl Diagram<'_> {
    fn draw(&self, painter: &Painter, place: Rect, fingering: &Fingering) {
        let (look, palette) = (self.look, self.look.palette);
        let inner = place.shrink2(vec2(place.width() * 0.14, 0.0));
        let grid = Rect::from_min_max(
            pos2(inner.left(), place.top() + place.height() * 0.13),
            pos2(inner.right(), place.bottom() - place.height() * 0.13),
        );
        // Shapes within the first frets start at the nut, others at their own position.
        let highest = fingering.frets.iter().flatten().max().copied().unwrap_or(0);
        let first = if highest <= FRETS {
            1
        } else {
            fingering.position().max(1)
        };
        let last = self.strings.len().max(2) - 1;
        let (string, fret) = (grid.width() / last as f32, grid.height() / f32::from(FRETS));
        let x = |index: usize| {
            let index = if self.left_handed {
                last - index
            } else {
                index
            };
            grid.left() + index as f32 * string
        };
        for index in 0..=last {
            let line = [pos2(x(index), grid.top()), pos2(x(index), grid.bottom())];
            painter.line_segment(line, Stroke::new(1.0, palette.bar_line));
        }
        for row in 0..=FRETS {
            let y = grid.top() + f32::from(row) * fret;
            let nut = row == 0 && first == 1;
            let stroke = Stroke::new(
                if nut { look.px(3.5) } else { 1.0 },
                if nut { palette.text } else { palette.bar_line },
            );
            painter.line_segment(
                [pos2(grid.left() - 0.5, y), pos2(grid.right() + 0.5, y)],
                stroke,
            );
        }
        let small = (place.width() * 0.085).round().max(8.0);
        if first > 1 {
            let (at, align) = if self.left_handed {
                (
                    pos2(grid.right() + string * 0.62, grid.top() + fret / 2.0),
                    Align2::LEFT_CENTER,
                )
            } else {
                (
                    pos2(grid.left() - string * 0.62, grid.top() + fret / 2.0),
                    Align2::RIGHT_CENTER,
                )
            };
            painter.text(
                at,
                align,
                first.to_string(),
                look.display(small),
                palette.soft,
            );
        }
        let radius = string.min(fret).min(place.width() * 0.15) * 0.42;
        if let Some(barre) = fingering.barre {
            let y = grid.top() + (f32::from(barre - first) + 0.5) * fret;
            let held: Vec<usize> = (0..fingering.frets.len())
                .filter(|&it| fingering.frets[it] == Some(barre))
                .collect();
            if let (Some(&low), Some(&high)) = (held.first(), held.last()) {
                let (from, to) = (x(low).min(x(high)), x(low).max(x(high)));
                let bar = Rect::from_min_max(
                    pos2(from - radius, y - radius * 0.55),
                    pos2(to + radius, y + radius * 0.55),
                );
                painter.rect_filled(bar, radius * 0.55, palette.tone);
            }
        }
        let strings = fingering.frets.iter().zip(self.strings);
        for (index, (fretted, open)) in strings.enumerate() {
            let above = pos2(x(index), grid.top() - place.height() * 0.055);
            let Some(fretted) = *fretted else {
                painter.text(
                    above,
                    Align2::CENTER_CENTER,
                    "×",
                    look.text(small / look.scale * 1.25),
                    palette.faint,
                );
                continue;
            };
            let note = open.saturating_add(fretted) % 12;
            let name = degree_name(self.chord, note);
            if fretted == 0 {
                painter.circle_stroke(
                    above,
                    radius * 0.45,
                    Stroke::new(look.px(1.5), palette.text),
                );
            } else {
                let center = pos2(
                    x(index),
                    grid.top() + (f32::from(fretted - first) + 0.5) * fret,
                );
                let root = note == self.chord.root().pitch_class();
                let fill = if root {
                    look.function(self.view.function)
                } else {
                    palette.text
                };
                painter.circle_filled(center, radius, fill);
                painter.text(
                    center,
                    Align2::CENTER_CENTER,
                    &name,
                    look.display((radius * 1.05).round()),
                    palette.background,
                );
            }
            let spelled = self.spelled(note);
            painter.text(
                pos2(x(index), grid.bottom() + place.height() * 0.06),
                Align2::CENTER_CENTER,
                spelled,
                look.text(small / look.scale * 0.95),
                palette.soft,
            );
        }
    }

    /// The name of a note of the chord.
    fn spelled(&self, pitch_class: u8) -> String {
        let above = (pitch_class + 12 - self.chord.root().pitch_class()) % 12;
        let degrees = self.chord.quality().degrees().iter().copied();
        let added = self.chord.extensions().iter().map(|it| it.degree);
        let degree = degrees
            .chain(added)
            .find(|degree| degree.pitch_class() == above);
        let degree = degree.unwrap_or_else(|| harmony::label::Degree::common(above));
        self.namer.note(self.chord.root().up(degree))
    }
}
