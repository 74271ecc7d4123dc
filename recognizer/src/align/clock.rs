//! Clocks: candidate mappings from frames to the chart's beats.
//!
//! Each clock is a candidate: the beats found, at their own tempo, half or twice of it, or a steady
//! but flexible tempo. A path is scored with every clock and the likeliest wins, so that wrongly
//! found beats do no harm.

use harmony::import::chart::WrittenChart;

use super::boundary_s;
use crate::beat::Beats;

/// Steady tempi to try, quarter notes a minute: from the slowest, each this factor faster than the
/// one before.
const SLOWEST: f64 = 48.0;
const TEMPO_STEP: f64 = 1.12;
const TEMPI: i32 = 15;

/// A candidate for the beats of the chart in the music.
#[derive(Debug, Clone)]
pub(super) struct Clock {
    /// Quarter notes of the chart at the boundary before each frame, and at the end.
    pub beats: Vec<f64>,
    /// Standard deviation of a chord's length, quarter notes, and the increase per quarter.
    pub deviation: (f64, f64),
    /// Reward of a boundary at each frame, nats: high on a beat, low off it.
    pub phase: Vec<f32>,
    /// The times of the beats, where they are known, seconds.
    pub beat_times_s: Vec<f64>,
    /// Whether it is used to choose the transposition.
    pub is_first: bool,
}

/// The clocks of a chart, likelier ones first; at least one.
pub(super) fn clocks(chart: &WrittenChart, beats: Option<&Beats>, frames: usize) -> Vec<Clock> {
    let measured = chart.bars.iter().any(|bar| bar.measured);
    let mut all = Vec::new();
    if let Some(beats) = beats.filter(|beats| beats.times_s.len() >= 2) {
        // The chart may count twice or half as many.
        let factors: &[f64] = if measured { &[1.0, 0.5, 2.0] } else { &[1.0] };
        for &factor in factors {
            all.push(Clock::found(beats, factor, frames));
        }
    }
    if let Some(bpm) = chart.tempo_bpm.filter(|_| measured) {
        all.push(Clock::steady(bpm, frames));
    }
    if measured {
        for step in 0..TEMPI {
            all.push(Clock::steady(SLOWEST * TEMPO_STEP.powi(step), frames));
        }
        if let Some(first) = all.first_mut() {
            first.is_first = true;
        }
        // A flexible middle tempo is enough to choose the transposition.
        let middle = all.len() - 8;
        all[middle].is_first = true;
    } else {
        if all.is_empty() {
            all.push(Clock::steady(chart.tempo_bpm.unwrap_or(100.0), frames));
        }
        all[0].is_first = true;
    }
    all
}

impl Clock {
    fn found(beats: &Beats, factor: f64, frames: usize) -> Self {
        let times = &beats.times_s;
        let pulse = beats.meter.pulse_beats() * factor;
        let last = times.len() - 1;
        let index_at = |time_s: f64| {
            // Linear between beats, extrapolated at the tempo of the first and the last.
            let after = times.partition_point(|beat| *beat <= time_s);
            let from = after.saturating_sub(1).min(last - 1);
            let step_s = (times[from + 1] - times[from]).max(1e-3);
            from as f64 + (time_s - times[from]) / step_s
        };
        let indices: Vec<f64> = (0..=frames).map(|it| index_at(boundary_s(it))).collect();
        let phase = (0..=frames)
            .map(|frame| {
                let next = indices[(frame + 1).min(frames)];
                let before = indices[frame.saturating_sub(1)];
                // On a beat: within half a frame of it, but at most a quarter of a beat.
                let half = ((next - before) / 4.0).clamp(0.05, 0.25);
                let distance = (indices[frame] - indices[frame].round()).abs();
                if distance <= half { 1.5 } else { -1.5 }
            })
            .collect();
        Self {
            beats: indices.iter().map(|index| index * pulse).collect(),
            deviation: (0.12, 0.015),
            phase,
            beat_times_s: times.clone(),
            is_first: false,
        }
    }

    fn steady(bpm: f64, frames: usize) -> Self {
        Self {
            beats: (0..=frames).map(|it| boundary_s(it) * bpm / 60.0).collect(),
            deviation: (0.12, 0.07),
            phase: vec![0.0; frames + 1],
            beat_times_s: Vec::new(),
            is_first: false,
        }
    }
}
