//! The constant-Q spectrum as the recognizer sees it: six octaves from C1, the notes of the
//! chord coloured, the overtones of its bass numbered.

use egui::{Align2, Color32, Mesh, Painter, Rect, Shape, Stroke, Ui, pos2, vec2};

use super::theme::{self, Look};
use super::widgets::say;
use crate::view::{ChordView, Tones, View};

/// Bins of an octave, and of a semitone.
const OCTAVE: usize = 24;
const SEMITONE: usize = 2;

/// The bass is looked for in the three lowest octaves.
const BASS_BINS: usize = 3 * OCTAVE;

/// How many overtones are numbered.
const PARTIALS: u32 = 8;

/// Below this height no bass is assumed.
const HEARD: f32 = 0.25;

/// Draws the spectrum into `rect`.
pub(super) fn draw(ui: &Ui, look: &Look, rect: Rect, view: &View) {
    say(ui, rect, "spectrum", || {
        "The spectrum that the recognizer sees".to_owned()
    });
    let painter = ui.painter_at(rect);
    let palette = look.palette;
    let (plot, axis) = rect.split_top_bottom_at_y(rect.bottom() - look.px(16.0));
    let plot = plot.with_min_y(plot.top() + look.px(16.0));
    let bins = view.spectrum.len().max(1);
    let width = plot.width() / bins as f32;
    let chord = view.chord.as_ref().filter(|chord| !chord.remembered);
    // One mesh for all bars: without rounded corners they need no shape each.
    let mut mesh = Mesh::default();
    for (bin, height) in view.spectrum.iter().enumerate() {
        let left = plot.left() + bin as f32 * width;
        if bin % OCTAVE == 0 {
            let line = [pos2(left, plot.top()), pos2(left, axis.bottom())];
            painter.line_segment(line, Stroke::new(1.0, palette.line));
            painter.text(
                pos2(left + look.px(3.0), axis.bottom()),
                Align2::LEFT_BOTTOM,
                format!("C{}", bin / OCTAVE + 1),
                look.text(10.5),
                palette.faint,
            );
        }
        let top = plot.bottom() - height.clamp(0.0, 1.0) * plot.height();
        let bar = Rect::from_min_max(pos2(left, top), pos2(left + width * 0.82, plot.bottom()));
        mesh.add_colored_rect(bar, color(look, bin, chord));
    }
    painter.add(Shape::mesh(mesh));
    let base = [plot.left_bottom(), plot.right_bottom()];
    painter.line_segment(base, Stroke::new(1.0, palette.bar_line));
    match chord {
        Some(chord) => partials(&painter, look, plot, &view.spectrum, chord.sounding),
        None if view.spectrum.iter().all(|height| *height <= 0.0) => {
            painter.text(
                plot.center(),
                Align2::CENTER_CENTER,
                "The spectrum appears here.",
                look.text(13.0),
                palette.soft,
            );
        }
        None => {}
    }
}

fn color(look: &Look, bin: usize, chord: Option<&ChordView>) -> Color32 {
    let pitch_class = (bin % OCTAVE / SEMITONE) as u8;
    match chord {
        Some(chord) if chord.sounding.root == pitch_class => look.function(chord.function),
        Some(chord) if chord.sounding.pitch_classes >> pitch_class & 1 == 1 => look.palette.text,
        _ => theme::faded(look.palette.tone, 0.55),
    }
}

/// Numbers the overtones of the bass note where they lie, from 1, the note itself.
fn partials(painter: &Painter, look: &Look, plot: Rect, spectrum: &[f32], tones: Tones) {
    let palette = look.palette;
    let bass = usize::from(tones.bass);
    let places = (0..BASS_BINS.min(spectrum.len()))
        .filter(|bin| bin % OCTAVE / SEMITONE == bass && bin % SEMITONE == 0);
    let Some(lowest) = places.max_by(|&a, &b| spectrum[a].total_cmp(&spectrum[b])) else {
        return;
    };
    if spectrum[lowest] < HEARD {
        return;
    }
    let width = plot.width() / spectrum.len() as f32;
    let mut free_from = f32::NEG_INFINITY;
    for number in 1..=PARTIALS {
        let above = (number as f32).log2() * OCTAVE as f32;
        let bin = lowest as f32 + above;
        if bin >= spectrum.len() as f32 {
            break;
        }
        let x = plot.left() + (bin.round() + 0.41) * width;
        let height = spectrum[bin.round() as usize % spectrum.len()];
        let top = plot.bottom() - height.clamp(0.0, 1.0) * plot.height();
        let line = [pos2(x, plot.top()), pos2(x, top - look.px(2.0))];
        painter.extend(Shape::dashed_line(
            &line,
            Stroke::new(1.0, palette.bar_line),
            look.px(2.0),
            look.px(2.0),
        ));
        if x < free_from {
            continue;
        }
        let size = vec2(look.px(15.0), look.px(15.0));
        let tag = Rect::from_center_size(pos2(x, plot.top() - look.px(8.0)), size);
        painter.rect_filled(tag, theme::RADIUS_SMALL, palette.well);
        painter.text(
            tag.center(),
            Align2::CENTER_CENTER,
            number.to_string(),
            look.text(10.5),
            palette.text,
        );
        free_from = x + look.px(16.0);
    }
}
