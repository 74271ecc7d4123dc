//! The chord on a keyboard: a voicing that can be played, the bass in the left hand.

use egui::{Align2, Color32, CornerRadius, Painter, Rect, Stroke, StrokeKind, Ui, pos2, vec2};
use harmony::label::{Chord, Degree, Note};
use harmony::voicing::Voicing;

use super::theme::{self, Look};
use super::widgets::say;
use crate::view::{ChordView, spoken};

/// The white keys of an octave as pitch classes.
const WHITE: [u8; 7] = [0, 2, 4, 5, 7, 9, 11];

/// The keys that are drawn: C2 to G5 hold every voicing.
const LOWEST: u8 = 36;
const HIGHEST: u8 = 79;

/// Draws the keyboard into `rect` with the chord held.
pub(super) fn draw(ui: &Ui, look: &Look, rect: Rect, chord: Option<&ChordView>) {
    let painter = ui.painter_at(rect);
    let held = chord
        .map(|chord| Held::new(&chord.written))
        .unwrap_or_default();
    say(ui, rect, "keyboard", || held.says());
    let white: Vec<u8> = (LOWEST..=HIGHEST)
        .filter(|note| WHITE.contains(&(note % 12)))
        .collect();
    // Keys keep their natural proportions, centred in the room there is.
    let width = rect.width() / white.len() as f32;
    let height = rect.height().min(width * 6.4);
    let keys = Rect::from_center_size(rect.center(), vec2(rect.width(), height));
    let round = CornerRadius {
        nw: 0,
        ne: 0,
        sw: 3,
        se: 3,
    };
    let edge = Stroke::new(1.0, look.palette.bar_line);
    for (index, note) in white.iter().enumerate() {
        let left = keys.left() + index as f32 * width;
        let key = Rect::from_min_size(pos2(left, keys.top()), vec2(width, keys.height()));
        let fill = held
            .color(look, *note, chord)
            .unwrap_or(look.palette.keys[0]);
        painter.rect_filled(key, round, fill);
        painter.rect_stroke(key, round, edge, StrokeKind::Inside);
        held.mark(&painter, look, key, *note);
        if note % 12 == 0 && held.degree(*note).is_none() && width > look.px(20.0) {
            painter.text(
                pos2(key.center().x, key.bottom() - look.px(4.0)),
                Align2::CENTER_BOTTOM,
                format!("C{}", note / 12 - 1),
                look.text(9.5),
                Color32::from_gray(110),
            );
        }
    }
    for note in (LOWEST..HIGHEST).filter(|note| !WHITE.contains(&(note % 12))) {
        let after = white.partition_point(|white| *white < note);
        let center = keys.left() + after as f32 * width;
        let size = vec2(width * 0.64, keys.height() * 0.62);
        let key = Rect::from_min_size(pos2(center - size.x / 2.0, keys.top()), size);
        let fill = held
            .color(look, note, chord)
            .unwrap_or(look.palette.keys[1]);
        painter.rect_filled(key, round, fill);
        painter.rect_stroke(key, round, edge, StrokeKind::Inside);
        held.mark(&painter, look, key, note);
    }
}

/// The keys that are held.
#[derive(Default)]
struct Held {
    /// MIDI notes, each with its degree above the root.
    notes: Vec<(u8, String)>,
    root: u8,
}

impl Held {
    fn new(chord: &Chord) -> Self {
        let voiced = Voicing::Close.voice(chord, None);
        let root = chord.root().pitch_class();
        let notes = std::iter::once(voiced.bass).chain(voiced.upper);
        Self {
            notes: notes
                .map(|note| (note, degree_name(chord, note % 12)))
                .collect(),
            root,
        }
    }

    fn says(&self) -> String {
        if self.notes.is_empty() {
            return "Keyboard, no keys held".to_owned();
        }
        let named = |(note, _): &(u8, String)| {
            let name = Note::common(note % 12, false).to_string();
            format!("{}{}", name.replace('b', "♭"), i32::from(*note) / 12 - 1)
        };
        let keys: Vec<String> = self.notes.iter().map(named).collect();
        spoken::signs(&format!("Keyboard: {}", keys.join(", ")))
    }

    fn degree(&self, note: u8) -> Option<&str> {
        let found = self.notes.iter().find(|(held, _)| *held == note);
        found.map(|(_, degree)| degree.as_str())
    }

    fn color(&self, look: &Look, note: u8, chord: Option<&ChordView>) -> Option<Color32> {
        self.degree(note)?;
        Some(if note % 12 == self.root {
            look.function(chord?.function)
        } else {
            look.palette.tone
        })
    }

    /// The degree on a held key.
    fn mark(&self, painter: &Painter, look: &Look, key: Rect, note: u8) {
        let Some(degree) = self.degree(note) else {
            return;
        };
        let radius = (key.width() * 0.46).clamp(5.0, look.px(11.0));
        let center = pos2(key.center().x, key.bottom() - radius - look.px(3.0));
        painter.circle_filled(center, radius, look.palette.text);
        painter.text(
            center,
            Align2::CENTER_CENTER,
            degree,
            look.display((radius * 1.05).round()),
            look.palette.background,
        );
    }
}

/// The degree of a pitch class in a chord as musicians say it: R, ♭3, 5, 9.
pub(super) fn degree_name(chord: &Chord, pitch_class: u8) -> String {
    let above = (pitch_class + 12 - chord.root().pitch_class()) % 12;
    if above == 0 {
        return "R".to_owned();
    }
    let added = chord.extensions().iter().filter(|it| !it.omitted);
    let own = chord.quality().degrees().iter().copied();
    let degree = own
        .chain(added.map(|it| it.degree))
        .find(|degree| degree.pitch_class() == above)
        .unwrap_or_else(|| Degree::common(above));
    degree.to_string().replace('b', "♭").replace('#', "♯")
}

/// An empty card with a text, where there is nothing to draw.
pub(super) fn faded_background(painter: &Painter, look: &Look, rect: Rect, text: &str) {
    painter.text(
        rect.center(),
        Align2::CENTER_CENTER,
        text,
        look.text(13.0),
        theme::faded(look.palette.soft, 0.9),
    );
}
