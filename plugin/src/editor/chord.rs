//! The chord, large enough to be read from the other side of a room.

use egui::{Align2, Color32, Painter, Pos2, Rect, Ui, pos2, vec2};

use super::theme;
use crate::view::{ChordName, ChordView, StatusWord, View};

/// Size of quality and bass against the root's.
const QUALITY: f32 = 0.48;
const BASS: f32 = 0.42;

/// Draws the chord, its bass and its confidence into `rect`, or says why there is
/// none.
pub fn draw(ui: &Ui, rect: Rect, view: &View) {
    let painter = ui.painter_at(rect);
    painter.rect_filled(rect, theme::RADIUS, theme::PANEL);
    let inner = rect.shrink2(vec2(24.0, 16.0));
    match &view.chord {
        Some(chord) => {
            let foot_height = (inner.height() * 0.2).clamp(34.0, 52.0);
            let (name, foot) = inner.split_top_bottom_at_y(inner.bottom() - foot_height);
            draw_name(&painter, name, chord, view.status);
            draw_foot(&painter, foot, chord);
        }
        None => draw_absence(&painter, inner, view.status),
    }
}

/// The name: the root with its quality raised behind it and the bass lowered.
fn draw_name(painter: &Painter, rect: Rect, chord: &ChordView, status: StatusWord) {
    let opacity = match status {
        StatusWord::Unsure => 0.62,
        _ if !chord.confirmed => 0.85,
        _ => 1.0,
    };
    let ink = theme::faded(theme::TEXT, opacity);
    let size = fitting_size(painter, rect, &chord.name);
    let root = layout(painter, &chord.name.root, size, ink);
    let tail = size * 0.06;
    let quality_width = match chord.name.quality.as_str() {
        "" => 0.0,
        quality => tail + layout(painter, quality, size * QUALITY, ink).size().x,
    };
    let cap = size * theme::CAP_HEIGHT;
    let baseline = rect.center().y + cap / 2.0;
    let left = rect.left();
    let right = left + root.size().x + tail;
    painter.galley(pos2(left, baseline - size * theme::ASCENT), root, ink);
    if quality_width > 0.0 {
        // Capitals of the quality hang from the same line as those of the root.
        let quality_baseline = match chord.name.bass {
            Some(_) => baseline - cap + size * QUALITY * theme::CAP_HEIGHT,
            None => baseline,
        };
        text_on_baseline(
            painter,
            pos2(right, quality_baseline),
            &chord.name.quality,
            size * QUALITY,
            ink,
        );
    }
    if let Some(bass) = &chord.name.bass {
        let color = theme::faded(theme::root_color(chord.tones.bass), opacity);
        let text = format!("/{bass}");
        text_on_baseline(painter, pos2(right, baseline), &text, size * BASS, color);
    }
}

/// The largest size at which the name fits.
fn fitting_size(painter: &Painter, rect: Rect, name: &ChordName) -> f32 {
    const PROBE: f32 = 100.0;
    let width = |text: &str, share: f32| {
        layout(painter, text, PROBE * share, Color32::WHITE)
            .size()
            .x
    };
    let bass = name
        .bass
        .as_ref()
        .map_or(0.0, |bass| width(&format!("/{bass}"), BASS));
    let tail = width(&name.quality, QUALITY).max(bass);
    let probed = width(&name.root, 1.0) + 0.06 * PROBE + tail;
    let by_width = rect.width() / probed * PROBE;
    by_width
        .min(rect.height() / (theme::CAP_HEIGHT + 0.18))
        .max(12.0)
}

fn draw_foot(painter: &Painter, rect: Rect, chord: &ChordView) {
    let size = (rect.height() * 0.36).clamp(13.0, 18.0);
    let middle = rect.top() + rect.height() * 0.34;
    let caption = painter.text(
        pos2(rect.left(), middle),
        Align2::LEFT_CENTER,
        "Bass",
        theme::text(size * 0.85),
        theme::TEXT_FAINT,
    );
    painter.text(
        pos2(caption.right() + 8.0, middle),
        Align2::LEFT_CENTER,
        &chord.bass,
        theme::display(size * 1.15),
        theme::root_color(chord.tones.bass),
    );
    let number = painter.text(
        pos2(rect.right(), middle),
        Align2::RIGHT_CENTER,
        format!("{:.0} %", chord.confidence * 100.0),
        theme::display(size),
        theme::TEXT_SOFT,
    );
    painter.text(
        pos2(number.left() - 8.0, middle),
        Align2::RIGHT_CENTER,
        if chord.confirmed {
            "Confidence"
        } else {
            "Provisional"
        },
        theme::text(size * 0.85),
        theme::TEXT_FAINT,
    );
    let track = Rect::from_min_max(
        pos2(rect.left(), rect.bottom() - 6.0),
        pos2(rect.right(), rect.bottom()),
    );
    painter.rect_filled(track, theme::RADIUS_SMALL, theme::WELL);
    let mut filled = track;
    filled.set_width(track.width() * chord.confidence.clamp(0.0, 1.0));
    let color = theme::root_color(chord.tones.root);
    let opacity = if chord.confirmed { 1.0 } else { 0.55 };
    painter.rect_filled(filled, theme::RADIUS_SMALL, theme::faded(color, opacity));
}

/// No chord: a dash where it would be, and the reason.
fn draw_absence(painter: &Painter, rect: Rect, status: StatusWord) {
    let size = (rect.height() * 0.5).clamp(40.0, 200.0);
    let center = rect.center();
    let bar = Rect::from_center_size(
        pos2(center.x, center.y - size * 0.12),
        vec2(size * 0.55, (size * 0.05).max(3.0)),
    );
    painter.rect_filled(bar, theme::RADIUS_SMALL, theme::LINE);
    let text_size = (rect.width() / 34.0).clamp(13.0, 18.0);
    painter.text(
        pos2(center.x, center.y + size * 0.22),
        Align2::CENTER_CENTER,
        status.sentence(),
        theme::text(text_size),
        theme::TEXT_SOFT,
    );
}

fn layout(
    painter: &Painter,
    text: &str,
    size: f32,
    color: Color32,
) -> std::sync::Arc<egui::Galley> {
    painter.layout_no_wrap(text.to_owned(), theme::display(size), color)
}

fn text_on_baseline(painter: &Painter, at: Pos2, text: &str, size: f32, color: Color32) {
    let galley = layout(painter, text, size, color);
    painter.galley(at - vec2(0.0, size * theme::ASCENT), galley, color);
}
