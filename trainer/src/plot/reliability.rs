//! The reliability diagram: accuracy over confidence.

use anyhow::Result;
use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::series::DashedLineSeries;
use plotters::style::text_anchor::{HPos, Pos, VPos};
use serde::{Deserialize, Serialize};

use super::{Picture, style};
use crate::evaluate::calibration::Reliability;
use crate::evaluate::{SetScores, ordered};

/// The diagram of a set.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct ReliabilityDiagram {
    /// The set.
    pub set: String,
    /// The engines with their bins.
    pub engines: Vec<(String, Reliability)>,
}

impl ReliabilityDiagram {
    /// The diagram of a set.
    #[must_use]
    pub(crate) fn new(set: &str, scores: &SetScores) -> Self {
        Self {
            set: set.to_owned(),
            engines: ordered(scores)
                .into_iter()
                .map(|(engine, scores)| (engine.to_owned(), scores.calibration.clone()))
                .collect(),
        }
    }
}

impl Picture for ReliabilityDiagram {
    fn size(&self) -> (u32, u32) {
        (560, 600)
    }

    fn draw<B: DrawingBackend>(&self, area: &DrawingArea<B, Shift>, scale: f64) -> Result<()>
    where
        B::ErrorType: 'static,
    {
        let px = |units: f64| (units * scale).round() as i32;
        let small = style::text(13.0 * scale, style::FAINT);
        area.draw_text(
            &format!("Reliability, {}", self.set),
            &style::heading(19.0 * scale),
            (px(20.0), px(14.0)),
        )?;
        area.draw_text(
            "area of dots: time; dashes: perfect calibration",
            &small,
            (px(20.0), px(42.0)),
        )?;
        let mut chart = ChartBuilder::on(area)
            .margin_top(px(70.0))
            .margin_right(px(24.0))
            .margin_left(px(10.0))
            .margin_bottom(px(8.0))
            .x_label_area_size(px(44.0))
            .y_label_area_size(px(56.0))
            .build_cartesian_2d(0.0..1.02, 0.0..1.02)?;
        chart
            .configure_mesh()
            .light_line_style(WHITE)
            .bold_line_style(style::line(style::GRID, scale))
            .axis_style(style::line(style::FAINT, scale))
            .x_labels(6)
            .y_labels(6)
            .x_label_formatter(&|x| format!("{x:.1}"))
            .y_label_formatter(&|y| format!("{y:.1}"))
            .x_desc("confidence of the engine")
            .y_desc("share of the time with the right class of 170")
            .axis_desc_style(small.clone())
            .label_style(small)
            .set_all_tick_mark_size(px(4.0))
            .draw()?;
        let diagonal = (0..=50).map(|i| (f64::from(i) / 50.0, f64::from(i) / 50.0));
        let grey = style::line(style::FAINT, 1.4 * scale);
        chart.draw_series(DashedLineSeries::new(diagonal, px(6.0), px(5.0), grey))?;
        for (engine, reliability) in &self.engines {
            let colour = style::engine(engine);
            let bins = &reliability.bins;
            let points = bins.iter().map(|b| (b.confidence, b.accuracy));
            let stroke = style::line(colour, 2.0 * scale);
            chart.draw_series(LineSeries::new(points, stroke))?;
            let total: f64 = bins.iter().map(|b| b.seconds).sum();
            chart.draw_series(bins.iter().map(|bin| {
                let size = 2.5 + 11.0 * (bin.seconds / total.max(1e-9)).sqrt();
                Circle::new(
                    (bin.confidence, bin.accuracy),
                    px(size),
                    colour.mix(0.75).filled(),
                )
            }))?;
        }
        let name = style::text(13.0 * scale, style::INK).pos(Pos::new(HPos::Left, VPos::Center));
        for (i, (engine, reliability)) in self.engines.iter().enumerate() {
            let y = px(90.0 + 20.0 * i as f64);
            let dot = Circle::new((px(92.0), y), px(5.0), style::engine(engine).filled());
            area.draw(&dot)?;
            let text = format!("{engine}, ECE {:.3}", reliability.ece);
            area.draw_text(&text, &name, (px(104.0), y))?;
        }
        Ok(())
    }
}
