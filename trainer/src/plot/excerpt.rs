//! A picture of some seconds of music: frames and the chords of each listener.

use anyhow::Result;
use harmony::label::Label;
use harmony::timeline::Segment;
use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};
use recognizer::features::{BINS, BINS_PER_OCTAVE};
use serde::{Deserialize, Serialize};

use super::{Picture, style};

/// A chord track with a name.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct NamedTrack {
    /// The listener.
    pub name: String,
    /// The segments that touch the excerpt.
    pub segments: Vec<Segment>,
}

/// The excerpt.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Excerpt {
    /// The heading.
    pub title: String,
    /// Start in seconds.
    pub from_s: f64,
    /// End in seconds.
    pub to_s: f64,
    /// Time of the first frame and time between frames, in seconds.
    pub frames_s: (f64, f64),
    /// Log-compressed frames, [`BINS`] values each, in row order; not in the JSON.
    #[serde(skip)]
    pub frames: Vec<f32>,
    /// The tracks, from top to bottom.
    pub tracks: Vec<NamedTrack>,
    /// The teacher's confidence over time, where there is a teacher.
    pub confidence: Vec<(f64, f64)>,
}

/// Units around and between the parts.
const LEFT: f64 = 92.0;
const RIGHT: f64 = 24.0;
const TOP: f64 = 48.0;
const FRAMES: f64 = 320.0;
const TRACK: f64 = 34.0;
const GAP: f64 = 8.0;
const AXIS: f64 = 40.0;
/// Units per second, and the minimum width of the picture.
const SECOND: f64 = 56.0;
const LEAST_WIDTH: f64 = 820.0;
const MOST_WIDTH: f64 = 3600.0;

/// The confidence from which a teacher counts as confident.
const SURE: f64 = 0.8;

impl Excerpt {
    fn inner_width(&self) -> f64 {
        (SECOND * (self.to_s - self.from_s)).clamp(LEAST_WIDTH - LEFT - RIGHT, MOST_WIDTH)
    }

    fn rows(&self) -> usize {
        self.tracks.len() + usize::from(!self.confidence.is_empty())
    }

    fn x(&self, time_s: f64) -> f64 {
        let share = (time_s - self.from_s) / (self.to_s - self.from_s);
        LEFT + self.inner_width() * share.clamp(0.0, 1.0)
    }

    /// Top of row `index` below the frames.
    fn row_y(index: usize) -> f64 {
        TOP + FRAMES + GAP + (TRACK + GAP) * index as f64
    }
}

impl Picture for Excerpt {
    fn size(&self) -> (u32, u32) {
        let height = Self::row_y(self.rows()) + AXIS;
        ((LEFT + self.inner_width() + RIGHT) as u32, height as u32)
    }

    fn draw<B: DrawingBackend>(&self, area: &DrawingArea<B, Shift>, scale: f64) -> Result<()>
    where
        B::ErrorType: 'static,
    {
        let px = |units: f64| (units * scale).round() as i32;
        let at = (px(20.0), px(14.0));
        area.draw_text(&self.title, &style::heading(18.0 * scale), at)?;
        self.draw_frames(area, scale)?;
        for (row, track) in self.tracks.iter().enumerate() {
            self.draw_track(area, scale, row, track)?;
        }
        if !self.confidence.is_empty() {
            self.draw_confidence(area, scale, self.tracks.len())?;
        }
        self.draw_axis(area, scale)
    }
}

impl Excerpt {
    fn draw_frames<B: DrawingBackend>(&self, area: &DrawingArea<B, Shift>, scale: f64) -> Result<()>
    where
        B::ErrorType: 'static,
    {
        let px = |units: f64| (units * scale).round() as i32;
        // From the median (the background) to nearly the loudest.
        let mut sorted: Vec<f32> = self.frames.clone();
        sorted.sort_unstable_by(f32::total_cmp);
        let quantile = |share: f64| {
            let last = sorted.len().saturating_sub(1);
            f64::from(
                sorted
                    .get((last as f64 * share) as usize)
                    .copied()
                    .unwrap_or(0.0),
            )
        };
        let (low, high) = (quantile(0.35), quantile(0.998));
        let bin_height = FRAMES / BINS as f64;
        for (index, frame) in self.frames.chunks_exact(BINS).enumerate() {
            let time_s = self.frames_s.0 + self.frames_s.1 * index as f64;
            let half = self.frames_s.1 / 2.0;
            let (left, right) = (px(self.x(time_s - half)), px(self.x(time_s + half)));
            if right <= left {
                continue;
            }
            for (bin, value) in frame.iter().enumerate() {
                let share = (f64::from(*value) - low) / (high - low).max(1e-9);
                let bottom = TOP + FRAMES - bin_height * bin as f64;
                area.draw(&Rectangle::new(
                    [(left, px(bottom - bin_height)), (right, px(bottom))],
                    heat(share).filled(),
                ))?;
            }
        }
        let label = style::text(12.0 * scale, style::FAINT);
        let label = label.pos(Pos::new(HPos::Right, VPos::Center));
        for octave in 0..BINS / BINS_PER_OCTAVE {
            let y = px(TOP + FRAMES - bin_height * (octave * BINS_PER_OCTAVE) as f64);
            let name = format!("C{}", octave + 1);
            area.draw_text(&name, &label, (px(LEFT - 8.0), y - px(2.0)))?;
            area.draw(&PathElement::new(
                vec![(px(LEFT), y), (px(LEFT + self.inner_width()), y)],
                WHITE.mix(0.25).stroke_width(px(1.0).max(1) as u32),
            ))?;
        }
        Ok(())
    }

    fn draw_track<B: DrawingBackend>(
        &self,
        area: &DrawingArea<B, Shift>,
        scale: f64,
        row: usize,
        track: &NamedTrack,
    ) -> Result<()>
    where
        B::ErrorType: 'static,
    {
        let px = |units: f64| (units * scale).round() as i32;
        let top = Self::row_y(row);
        let name = style::text(13.0 * scale, style::INK);
        let name = name.pos(Pos::new(HPos::Right, VPos::Center));
        let middle = px(top + TRACK / 2.0);
        area.draw_text(&track.name, &name, (px(LEFT - 8.0), middle))?;
        for segment in &track.segments {
            let (left, right) = (px(self.x(segment.start_s)), px(self.x(segment.end_s)));
            if right <= left {
                continue;
            }
            let (ground, ink) = colours(&segment.label);
            let corners = [(left, px(top)), (right - px(1.0), px(top + TRACK))];
            area.draw(&Rectangle::new(corners, ground.filled()))?;
            let text = short(&segment.label);
            // Smaller where it does not fit, and omitted where it would be illegible.
            for size in [14.0, 12.0, 10.0] {
                let style = style::text(size * scale, ink);
                let (width, _) = area.estimate_text_size(&text, &style)?;
                if (width as i32) < right - left - px(3.0) {
                    let at = ((left + right) / 2, middle);
                    area.draw_text(&text, &style::centred(&style), at)?;
                    break;
                }
            }
        }
        Ok(())
    }

    fn draw_confidence<B: DrawingBackend>(
        &self,
        area: &DrawingArea<B, Shift>,
        scale: f64,
        row: usize,
    ) -> Result<()>
    where
        B::ErrorType: 'static,
    {
        let px = |units: f64| (units * scale).round() as i32;
        let top = Self::row_y(row);
        let y = |share: f64| px(top + TRACK * (1.0 - share.clamp(0.0, 1.0)));
        let name = style::text(13.0 * scale, style::INK);
        let name = name.pos(Pos::new(HPos::Right, VPos::Center));
        let middle = px(top + TRACK / 2.0);
        area.draw_text("teacher sure", &name, (px(LEFT - 8.0), middle))?;
        let end = px(LEFT + self.inner_width());
        let frame = [(px(LEFT), px(top)), (end, px(top + TRACK))];
        area.draw(&Rectangle::new(frame, RGBColor(244, 246, 249).filled()))?;
        area.draw(&PathElement::new(
            vec![(px(LEFT), y(SURE)), (end, y(SURE))],
            style::line(style::FAINT, scale),
        ))?;
        let points: Vec<(i32, i32)> = self
            .confidence
            .iter()
            .filter(|(time_s, _)| (self.from_s..=self.to_s).contains(time_s))
            .map(|(time_s, share)| (px(self.x(*time_s)), y(*share)))
            .collect();
        let stroke = style::line(style::engine("chordnet"), 1.6 * scale);
        area.draw(&PathElement::new(points, stroke))?;
        Ok(())
    }

    fn draw_axis<B: DrawingBackend>(&self, area: &DrawingArea<B, Shift>, scale: f64) -> Result<()>
    where
        B::ErrorType: 'static,
    {
        let px = |units: f64| (units * scale).round() as i32;
        let span = self.to_s - self.from_s;
        let step = [0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0]
            .into_iter()
            .find(|step| span / step <= 16.0)
            .unwrap_or(120.0);
        let top = Self::row_y(self.rows());
        let label = style::text(12.0 * scale, style::FAINT);
        let label = label.pos(Pos::new(HPos::Center, VPos::Top));
        let mut tick = (self.from_s / step).ceil();
        while tick * step <= self.to_s {
            let x = px(self.x(tick * step));
            let mark = vec![(x, px(top - 2.0)), (x, px(top + 4.0))];
            area.draw(&PathElement::new(mark, style::line(style::FAINT, scale)))?;
            area.draw_text(&clock(tick * step), &label, (x, px(top + 8.0)))?;
            tick += 1.0;
        }
        Ok(())
    }
}

/// Harte syntax, major triads by their root alone.
fn short(label: &Label) -> String {
    let text = label.to_string();
    match text.split_once(":maj") {
        Some((root, rest)) if rest.is_empty() || rest.starts_with('/') => format!("{root}{rest}"),
        _ => text,
    }
}

/// Minutes and seconds.
fn clock(time_s: f64) -> String {
    let minutes = (time_s / 60.0).floor();
    let seconds = time_s - minutes * 60.0;
    if time_s.fract() == 0.0 {
        format!("{minutes:.0}:{seconds:02.0}")
    } else {
        format!("{minutes:.0}:{seconds:04.1}")
    }
}

/// A colour map from nearly black through violet and orange to pale yellow.
fn heat(share: f64) -> RGBColor {
    const STOPS: [RGBColor; 6] = [
        RGBColor(8, 6, 20),
        RGBColor(60, 16, 96),
        RGBColor(138, 34, 106),
        RGBColor(212, 72, 66),
        RGBColor(248, 158, 52),
        RGBColor(252, 250, 176),
    ];
    let place = share.clamp(0.0, 1.0) * (STOPS.len() - 1) as f64;
    let below = (place as usize).min(STOPS.len() - 2);
    style::between(STOPS[below], STOPS[below + 1], place - below as f64)
}

/// Background and text colour of a chord: the hue follows the circle of fifths, so that only
/// harmonically close chords look alike; minor chords are darker.
fn colours(label: &Label) -> (RGBColor, RGBColor) {
    let Label::Chord(chord) = label else {
        return (RGBColor(222, 225, 230), style::FAINT);
    };
    let fifths = f64::from(chord.root().pitch_class()) * 7.0 % 12.0;
    let minor = chord.quality().has_minor_third();
    let (saturation, lightness) = if minor { (0.42, 0.44) } else { (0.62, 0.74) };
    let (r, g, b) = HSLColor(fifths / 12.0, saturation, lightness)
        .to_backend_color()
        .rgb;
    (RGBColor(r, g, b), if minor { WHITE } else { style::INK })
}

#[cfg(test)]
mod tests {
    use super::super::{png, svg};
    use super::*;

    #[test]
    fn labels_are_shortened_only_where_nothing_is_lost() {
        for (label, expected) in [
            ("C:maj", "C"),
            ("C:maj/3", "C/3"),
            ("C:maj7", "C:maj7"),
            ("A:min7", "A:min7"),
            ("N", "N"),
        ] {
            assert_eq!(short(&label.parse().unwrap()), expected);
        }
    }

    #[test]
    fn an_excerpt_shows_its_tracks() {
        let excerpt = Excerpt {
            title: "a song".into(),
            from_s: 1.0,
            to_s: 3.0,
            frames_s: (1.0, 0.5),
            frames: (0..5 * BINS).map(|i| (i % 7) as f32 - 9.0).collect(),
            tracks: vec![NamedTrack {
                name: "teacher".into(),
                segments: vec![Segment::new(0.0, 2.0, "F#:min7".parse().unwrap())],
            }],
            confidence: vec![(1.0, 0.2), (2.0, 0.9), (9.0, 0.5)],
        };
        let text = svg(&excerpt).unwrap();
        assert!(text.contains("F#:min7") && text.contains("teacher sure"));
        let blank = Excerpt {
            tracks: Vec::new(),
            frames: Vec::new(),
            ..excerpt.clone()
        };
        assert!(png(&excerpt).unwrap().len() > png(&blank).unwrap().len());
    }
}
