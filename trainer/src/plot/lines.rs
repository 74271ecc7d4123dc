//! Line plots, in one panel or several side by side.

use anyhow::Result;
use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::series::DashedLineSeries;
use plotters::style::text_anchor::{HPos, Pos, VPos};
use serde::{Deserialize, Serialize};

use super::{Picture, style};
use crate::evaluate::Curve;

/// A line.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Line {
    /// Its name in the legend.
    pub name: String,
    /// Points, ascending along the axis.
    pub points: Vec<(f64, f64)>,
    /// RGB.
    pub colour: (u8, u8, u8),
    /// Whether it is dashed.
    pub dashed: bool,
    /// Whether points are marked.
    pub marked: bool,
}

/// One panel.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Panel {
    /// Its title.
    pub title: String,
    /// Label of the horizontal axis.
    pub x_label: String,
    /// Range of the horizontal axis.
    pub x: (f64, f64),
    /// Range of the vertical axis.
    pub y: (f64, f64),
    /// The lines.
    pub lines: Vec<Line>,
}

/// Panels side by side under a heading.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Lines {
    /// The heading.
    pub title: String,
    /// The panels.
    pub panels: Vec<Panel>,
}

/// Units of a panel.
const PANEL: (u32, u32) = (560, 420);
/// Units of the heading.
const HEADING: u32 = 44;
/// Units of a line of the legend.
const LEGEND_LINE: f64 = 20.0;

impl Picture for Lines {
    fn size(&self) -> (u32, u32) {
        let panels = self.panels.len().max(1) as u32;
        (PANEL.0 * panels, PANEL.1 + HEADING)
    }

    fn draw<B: DrawingBackend>(&self, area: &DrawingArea<B, Shift>, scale: f64) -> Result<()>
    where
        B::ErrorType: 'static,
    {
        let px = |units: f64| (units * scale).round() as i32;
        area.draw_text(
            &self.title,
            &style::heading(19.0 * scale),
            (px(20.0), px(14.0)),
        )?;
        let (_, below) = area.split_vertically(px(f64::from(HEADING)));
        for (panel, area) in self
            .panels
            .iter()
            .zip(below.split_evenly((1, self.panels.len().max(1))))
        {
            panel.draw(&area, scale)?;
        }
        Ok(())
    }
}

impl Panel {
    fn draw<B: DrawingBackend>(&self, area: &DrawingArea<B, Shift>, scale: f64) -> Result<()>
    where
        B::ErrorType: 'static,
    {
        let px = |units: f64| (units * scale).round() as i32;
        let small = style::text(13.0 * scale, style::FAINT);
        area.draw_text(
            &self.title,
            &style::text(14.0 * scale, style::INK),
            (px(20.0), px(4.0)),
        )?;
        let mut chart = ChartBuilder::on(area)
            .margin_top(px(32.0))
            .margin_right(px(22.0))
            .margin_left(px(10.0))
            .margin_bottom(px(8.0))
            .x_label_area_size(px(42.0))
            .y_label_area_size(px(48.0))
            .build_cartesian_2d(self.x.0..self.x.1, self.y.0..self.y.1)?;
        let decimals = decimals(self.y.1 - self.y.0);
        let (x_decimals, x_span) = (0, self.x.1 - self.x.0);
        let x_decimals = if x_span < 10.0 { 1 } else { x_decimals };
        chart
            .configure_mesh()
            .disable_x_mesh()
            .light_line_style(WHITE)
            .bold_line_style(style::line(style::GRID, scale))
            .axis_style(style::line(style::FAINT, scale))
            .x_labels(7)
            .y_labels(8)
            .x_label_formatter(&|x| format!("{x:.x_decimals$}"))
            .y_label_formatter(&|y| format!("{y:.decimals$}"))
            .x_desc(self.x_label.as_str())
            .axis_desc_style(small.clone())
            .label_style(small.clone())
            .set_all_tick_mark_size(px(4.0))
            .draw()?;
        for line in &self.lines {
            let colour = RGBColor(line.colour.0, line.colour.1, line.colour.2);
            let points = line.points.iter().copied();
            let stroke = style::line(colour, 2.2 * scale);
            if line.dashed {
                chart.draw_series(DashedLineSeries::new(points, px(7.0), px(5.0), stroke))?;
            } else {
                chart.draw_series(LineSeries::new(points, stroke))?;
            }
            if line.marked {
                let dots = line.points.iter();
                chart.draw_series(dots.map(|p| Circle::new(*p, px(3.4), colour.filled())))?;
            }
        }
        self.legend(area, scale)
    }

    /// The upper left corner between `start` and `end` (pixels) at which a box of `size`
    /// covers the least of the lines.
    fn roomiest(&self, start: (i32, i32), end: (i32, i32), size: (i32, i32)) -> (i32, i32) {
        const SAMPLES: i32 = 120;
        let (wide, high) = (f64::from(end.0 - start.0), f64::from(end.1 - start.1));
        let points: Vec<(f64, f64)> = self
            .lines
            .iter()
            .flat_map(|line| line.points.windows(2))
            .flat_map(|pair| {
                (0..=SAMPLES).map(|i| {
                    let share = f64::from(i) / f64::from(SAMPLES);
                    let between = |a: f64, b: f64| a + (b - a) * share;
                    let x = between(pair[0].0, pair[1].0) - self.x.0;
                    let y = between(pair[0].1, pair[1].1) - self.y.0;
                    (
                        f64::from(start.0) + wide * x / (self.x.1 - self.x.0),
                        f64::from(end.1) - high * y / (self.y.1 - self.y.0),
                    )
                })
            })
            .collect();
        let covered = |(left, top): (i32, i32)| {
            let within = |value: f64, from: i32, length: i32| {
                (f64::from(from)..=f64::from(from + length)).contains(&value)
            };
            points
                .iter()
                .filter(|(x, y)| within(*x, left, size.0) && within(*y, top, size.1))
                .count()
        };
        let (right, bottom) = (end.0 - size.0, end.1 - size.1);
        // Right before left, and corners before the places between them.
        let mut places = Vec::new();
        for x in [right, start.0] {
            for step in [8, 0, 6, 4, 2, 7, 5, 3, 1] {
                places.push((x, start.1 + (bottom - start.1) * step / 8));
            }
        }
        let best = places.into_iter().min_by_key(|place| covered(*place));
        best.unwrap_or((right, bottom))
    }

    /// Draws the legend where it covers least, on a white background.
    fn legend<B: DrawingBackend>(&self, area: &DrawingArea<B, Shift>, scale: f64) -> Result<()>
    where
        B::ErrorType: 'static,
    {
        let px = |units: f64| (units * scale).round() as i32;
        let (width, height) = area.dim_in_pixel();
        let style = style::text(13.0 * scale, style::INK).pos(Pos::new(HPos::Left, VPos::Center));
        let mut widest = 0;
        for line in &self.lines {
            let (text, _) = area.estimate_text_size(&line.name, &style)?;
            widest = widest.max(text as i32);
        }
        let box_width = widest + px(54.0);
        let box_height = px(LEGEND_LINE * self.lines.len() as f64 + 10.0);
        let (left, top) = self.roomiest(
            (px(66.0), px(36.0)),
            (width as i32 - px(30.0), height as i32 - px(56.0)),
            (box_width, box_height),
        );
        let right = left + box_width;
        area.draw(&Rectangle::new(
            [(left, top), (right, top + box_height)],
            WHITE.mix(0.88).filled(),
        ))?;
        for (i, line) in self.lines.iter().enumerate() {
            let colour = RGBColor(line.colour.0, line.colour.1, line.colour.2);
            let y = top + px(5.0 + LEGEND_LINE * (i as f64 + 0.5));
            let stroke = style::line(colour, 2.2 * scale);
            let strokes = if line.dashed {
                vec![(8.0, 16.0), (22.0, 30.0)]
            } else {
                vec![(8.0, 30.0)]
            };
            for (from, to) in strokes {
                area.draw(&PathElement::new(
                    vec![(left + px(from), y), (left + px(to), y)],
                    stroke,
                ))?;
            }
            area.draw_text(&line.name, &style, (left + px(38.0), y))?;
        }
        Ok(())
    }
}

/// The number of decimals that distinguishes eight steps of a span.
fn decimals(span: f64) -> usize {
    match span {
        s if s < 0.1 => 3,
        s if s < 4.0 => 2,
        s if s < 20.0 => 1,
        _ => 0,
    }
}

/// `from` … `to` around values, with a margin of a twentieth.
pub(super) fn range(values: impl Iterator<Item = f64>) -> (f64, f64) {
    let (low, high) = values
        .filter(|v| v.is_finite())
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), v| {
            (low.min(v), high.max(v))
        });
    if low > high {
        return (0.0, 1.0);
    }
    let margin = ((high - low) * 0.05).max(1e-3);
    (low - margin, high + margin)
}

pub(super) fn rgb(colour: RGBColor) -> (u8, u8, u8) {
    (colour.0, colour.1, colour.2)
}

/// Accuracy by look-ahead, with the display and the whole file as limits.
#[must_use]
pub(crate) fn lookahead(set: &str, curve: &Curve) -> Lines {
    let last = curve.live.last().map_or(1.0, |point| point.wait_s);
    let x = (0.0, last * 1.04);
    let panel = |title: &str, of: &dyn Fn(usize) -> f64, display: f64, offline: f64| {
        let level = |name: &str, value: f64, engine: &str| Line {
            name: name.into(),
            points: vec![(x.0, value), (x.1, value)],
            colour: rgb(style::engine(engine)),
            dashed: true,
            marked: false,
        };
        let lines = vec![
            level("offline, the whole file", offline, "offline"),
            Line {
                name: "live, after that wait".into(),
                points: curve
                    .live
                    .iter()
                    .enumerate()
                    .map(|(i, point)| (point.wait_s, of(i)))
                    .collect(),
                colour: rgb(style::engine("live")),
                dashed: false,
                marked: true,
            },
            level("display, what was shown when", display, "display"),
        ];
        Panel {
            title: title.into(),
            x_label: "seconds from a sound to its label".into(),
            x,
            y: range(lines.iter().flat_map(|l| l.points.iter().map(|p| p.1))),
            lines,
        }
    };
    Lines {
        title: format!("Accuracy against look-ahead, {set}"),
        panels: vec![
            panel(
                "majmin",
                &|i| curve.live[i].majmin,
                curve.display.majmin,
                curve.offline.majmin,
            ),
            panel(
                "tetrads",
                &|i| curve.live[i].tetrads,
                curve.display.tetrads,
                curve.offline.tetrads,
            ),
        ],
    }
}

/// Accuracy of the live display by its median latency in milliseconds: majmin of the display,
/// of the confirmed track and of the whole-file engine, and wrong labels before a chord.
#[must_use]
pub(crate) fn latency(
    offline: f64,
    display: Vec<(f64, f64)>,
    live: Vec<(f64, f64)>,
    wrong: Vec<(f64, f64)>,
) -> Lines {
    let x = range(display.iter().map(|point| point.0));
    let line = |name: &str, points: Vec<(f64, f64)>, engine: &str| Line {
        name: name.into(),
        points,
        colour: rgb(style::engine(engine)),
        dashed: engine == "offline",
        marked: engine != "offline",
    };
    let panel = |title: &str, lines: Vec<Line>| Panel {
        title: title.into(),
        x_label: "median milliseconds from a chord's start to its label".into(),
        x,
        y: range(lines.iter().flat_map(|l| l.points.iter().map(|p| p.1))),
        lines,
    };
    Lines {
        title: "Latency of the live display, over its sensitivity".into(),
        panels: vec![
            panel(
                "majmin",
                vec![
                    line(
                        "offline, the whole file",
                        vec![(x.0, offline), (x.1, offline)],
                        "offline",
                    ),
                    line("live, confirmed", live, "live"),
                    line("display, what was shown when", display, "display"),
                ],
            ),
            panel(
                "wrong labels on the way to a chord",
                vec![line("display", wrong, "display")],
            ),
        ],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn panel(points: Vec<(f64, f64)>) -> Panel {
        Panel {
            title: String::new(),
            x_label: String::new(),
            x: (0.0, 1.0),
            y: (0.0, 1.0),
            lines: vec![Line {
                name: "a".into(),
                points,
                colour: (0, 0, 0),
                dashed: false,
                marked: false,
            }],
        }
    }

    #[test]
    fn the_legend_keeps_clear_of_the_lines() {
        let place = |points| panel(points).roomiest((0, 0), (100, 100), (30, 20));
        assert_eq!(place(vec![(0.0, 0.9), (1.0, 0.9)]), (70, 80));
        assert_eq!(place(vec![(0.0, 0.1), (1.0, 0.1)]), (70, 0));
        assert_eq!(place(vec![(0.95, 0.0), (0.95, 1.0)]), (0, 80));
    }

    #[test]
    fn ranges_hold_all_values_and_survive_none() {
        let (low, high) = range([1.0, 3.0, f64::NAN].into_iter());
        assert!(low < 1.0 && high > 3.0 && high < 3.5);
        assert_eq!(range(std::iter::empty()), (0.0, 1.0));
    }
}
