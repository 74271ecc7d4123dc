//! A bar chart of recall by quality, one bar for each engine.

use anyhow::Result;
use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};
use serde::{Deserialize, Serialize};

use super::{Picture, style};
use crate::evaluate::{SetScores, ordered};

/// Bars of one engine.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct EngineRecall {
    /// The engine.
    pub engine: String,
    /// Mean over the qualities without `N`.
    pub mean: f64,
    /// Recall of each of [`Recall::qualities`]; `None` where it does not occur.
    pub recall: Vec<Option<f64>>,
}

/// The chart.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Recall {
    /// The set.
    pub set: String,
    /// The qualities, in the order of the vocabulary.
    pub qualities: Vec<String>,
    /// The engines.
    pub engines: Vec<EngineRecall>,
}

impl Recall {
    /// The recall of a set.
    #[must_use]
    pub(crate) fn new(set: &str, scores: &SetScores) -> Self {
        let heard = |quality: &String| {
            scores
                .values()
                .any(|s| s.quality_recall.contains_key(quality))
        };
        let qualities: Vec<String> = scores
            .values()
            .next()
            .map(|s| s.confusion.rows.clone())
            .unwrap_or_default()
            .into_iter()
            .filter(heard)
            .collect();
        Self {
            set: set.to_owned(),
            engines: ordered(scores)
                .into_iter()
                .map(|(engine, scores)| EngineRecall {
                    engine: engine.to_owned(),
                    mean: scores.mean_quality_recall,
                    recall: qualities
                        .iter()
                        .map(|q| scores.quality_recall.get(q).copied())
                        .collect(),
                })
                .collect(),
            qualities,
        }
    }
}

impl Picture for Recall {
    fn size(&self) -> (u32, u32) {
        (1120, 460)
    }

    fn draw<B: DrawingBackend>(&self, area: &DrawingArea<B, Shift>, scale: f64) -> Result<()>
    where
        B::ErrorType: 'static,
    {
        let px = |units: f64| (units * scale).round() as i32;
        let small = style::text(13.0 * scale, style::FAINT);
        area.draw_text(
            &format!("Recall by quality, {}", self.set),
            &style::heading(19.0 * scale),
            (px(20.0), px(14.0)),
        )?;
        // The legend: the engines one after another below the heading.
        let name = style::text(13.0 * scale, style::INK).pos(Pos::new(HPos::Left, VPos::Center));
        let mut x = px(22.0);
        for engine in &self.engines {
            let text = format!("{}, mean {:.3}", engine.engine, engine.mean);
            let y = px(56.0);
            let swatch = [(x, y - px(6.0)), (x + px(12.0), y + px(6.0))];
            let colour = style::engine(&engine.engine);
            area.draw(&Rectangle::new(swatch, colour.filled()))?;
            area.draw_text(&text, &name, (x + px(18.0), y))?;
            x += px(18.0 + 28.0) + area.estimate_text_size(&text, &name)?.0 as i32;
        }
        let count = self.qualities.len().max(1) as f64;
        let mut chart = ChartBuilder::on(area)
            .margin_top(px(80.0))
            .margin_right(px(20.0))
            .margin_left(px(10.0))
            .margin_bottom(px(6.0))
            .x_label_area_size(px(34.0))
            .y_label_area_size(px(44.0))
            .build_cartesian_2d(0.0..count, 0.0..1.0)?;
        chart
            .configure_mesh()
            .disable_x_mesh()
            .disable_x_axis()
            .light_line_style(WHITE)
            .bold_line_style(style::line(style::GRID, scale))
            .axis_style(style::line(style::FAINT, scale))
            .y_labels(6)
            .y_label_formatter(&|y| format!("{y:.1}"))
            .label_style(small)
            .set_all_tick_mark_size(px(4.0))
            .draw()?;
        let bars = self.engines.len().max(1) as f64;
        let width = 0.8 / bars;
        for (e, engine) in self.engines.iter().enumerate() {
            let colour = style::engine(&engine.engine);
            let rectangles = engine.recall.iter().enumerate().filter_map(|(q, recall)| {
                let left = q as f64 + 0.1 + width * e as f64;
                let corners = [(left, 0.0), (left + width * 0.9, (*recall)?)];
                Some(Rectangle::new(corners, colour.filled()))
            });
            chart.draw_series(rectangles)?;
        }
        let label = style::text(14.0 * scale, style::INK).pos(Pos::new(HPos::Center, VPos::Top));
        chart.draw_series(self.qualities.iter().enumerate().map(|(q, quality)| {
            EmptyElement::at((q as f64 + 0.5, 0.0))
                + Text::new(quality.clone(), (0, px(9.0)), label.clone())
        }))?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::{png, svg};
    use super::*;

    #[test]
    fn bars_are_drawn_for_what_was_heard() {
        let recall = Recall {
            set: "rare".into(),
            qualities: vec!["min".into(), "maj".into()],
            engines: vec![EngineRecall {
                engine: "offline".into(),
                mean: 0.5,
                recall: vec![Some(0.5), None],
            }],
        };
        let text = svg(&recall).unwrap();
        assert!(text.contains("offline, mean 0.500") && text.contains("min"));
        let higher = Recall {
            engines: vec![EngineRecall {
                recall: vec![Some(0.5), Some(1.0)],
                ..recall.engines[0].clone()
            }],
            ..recall.clone()
        };
        assert_ne!(png(&recall).unwrap(), png(&higher).unwrap());
    }
}
