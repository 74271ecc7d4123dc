//! A picture of the confusion matrix of qualities.

use anyhow::Result;
use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};
use serde::{Deserialize, Serialize};

use super::{Picture, style};
use crate::evaluate::qualities::Confusion;

/// The confusion matrix of one engine on one set.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct ConfusionMatrix {
    /// The set.
    pub set: String,
    /// The engine.
    pub engine: String,
    /// Seconds by quality of reference and estimate.
    pub confusion: Confusion,
}

/// Units of width and height of a cell.
const CELL: (f64, f64) = (54.0, 30.0);
/// Units left of and above the cells.
const LABELS: (f64, f64) = (130.0, 112.0);
/// A row with less time, in seconds, is left out.
const LEAST_S: f64 = 1.0;

impl ConfusionMatrix {
    /// Rows with enough time: name, seconds, shares.
    fn rows(&self) -> Vec<(&str, f64, Vec<f64>)> {
        self.confusion
            .rows
            .iter()
            .zip(&self.confusion.seconds)
            .filter_map(|(name, seconds)| {
                let all: f64 = seconds.iter().sum();
                let shares = seconds.iter().map(|s| s / all).collect();
                (all >= LEAST_S).then_some((name.as_str(), all, shares))
            })
            .collect()
    }
}

impl Picture for ConfusionMatrix {
    fn size(&self) -> (u32, u32) {
        let columns = self.confusion.columns.len() as f64;
        let rows = self.rows().len() as f64;
        (
            (LABELS.0 + CELL.0 * columns + 20.0) as u32,
            (LABELS.1 + CELL.1 * rows + 20.0) as u32,
        )
    }

    fn draw<B: DrawingBackend>(&self, area: &DrawingArea<B, Shift>, scale: f64) -> Result<()>
    where
        B::ErrorType: 'static,
    {
        let px = |units: f64| (units * scale).round() as i32;
        let at = |x: f64, y: f64| (px(LABELS.0 + CELL.0 * x), px(LABELS.1 + CELL.1 * y));
        area.draw_text(
            &format!("Qualities, {} on {}", self.engine, self.set),
            &style::heading(19.0 * scale),
            (px(20.0), px(14.0)),
        )?;
        area.draw_text(
            "each row a quality of the reference, with its minutes; where the root is right, \
             what it was taken for, in % of the row",
            &style::text(13.0 * scale, style::FAINT),
            (px(20.0), px(42.0)),
        )?;
        let name = style::text(13.0 * scale, style::INK);
        let right = name.pos(Pos::new(HPos::Right, VPos::Center));
        let minutes = style::text(11.0 * scale, style::FAINT);
        let minutes = minutes.pos(Pos::new(HPos::Left, VPos::Center));
        for (x, column) in self.confusion.columns.iter().enumerate() {
            // Two words go on two lines.
            for (line, word) in column.split(' ').rev().enumerate() {
                let (cx, cy) = at(x as f64 + 0.5, 0.0);
                let cy = cy - px(12.0 + 15.0 * line as f64);
                area.draw_text(word, &style::centred(&name), (cx, cy))?;
            }
        }
        let strong = style::engine(&self.engine);
        for (y, (row, seconds, shares)) in self.rows().into_iter().enumerate() {
            let (x0, y0) = at(0.0, y as f64 + 0.5);
            area.draw_text(row, &right, (x0 - px(8.0), y0))?;
            let heard = format!("{:.1}", seconds / 60.0);
            area.draw_text(&heard, &minutes, (px(20.0), y0))?;
            for (x, share) in shares.into_iter().enumerate() {
                let gap = px(1.0);
                let (left, top) = at(x as f64, y as f64);
                let (end, bottom) = at(x as f64 + 1.0, y as f64 + 1.0);
                // The square root of the share, so that a tenth is visible.
                let tint = style::between(RGBColor(244, 246, 249), strong, share.sqrt());
                area.draw(&Rectangle::new(
                    [(left, top), (end - gap, bottom - gap)],
                    tint.filled(),
                ))?;
                if share >= 0.005 {
                    let ink = if share > 0.3 { WHITE } else { style::INK };
                    let style = style::centred(&style::text(12.0 * scale, ink));
                    let (cx, cy) = at(x as f64 + 0.5, y as f64 + 0.5);
                    area.draw_text(&format!("{:.0}", share * 100.0), &style, (cx, cy))?;
                }
            }
        }
        Ok(())
    }
}
