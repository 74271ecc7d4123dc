//! Beats, meters and sections of an aligned chart.

use harmony::import::chart::WrittenChart;
use harmony::time::{Meter, MeterMap, TempoMap, TempoPoint, TimeError};
use harmony::track::{Keep, Track};

use super::{AlignedBar, Alignment};

/// A bar whose length is off by more than this share from its neighbour's tempo was cut.
const CUT_SHARE: f64 = 0.35;

/// A bar, or the time between bars, in quarter notes.
struct Stretch {
    start_s: f64,
    beats: f64,
    meter: Meter,
    section: Option<String>,
}

impl Alignment {
    /// Gives `track`, whose chords come from [`Self::timeline`], the bars, meters and sections of
    /// the chart, if the chart has bars; returns whether it has.
    ///
    /// # Errors
    /// More meters or sections than a track may have.
    pub fn put_bars_into(
        &self,
        track: &mut Track,
        chart: &WrittenChart,
    ) -> Result<bool, TimeError> {
        if !chart.in_bars || self.bars.is_empty() {
            return Ok(false);
        }
        let stretches = self.stretches(chart);
        let mut points = Vec::with_capacity(stretches.len() + 1);
        let mut changes: Vec<(f64, Meter)> = Vec::new();
        let mut sections = Vec::new();
        let (mut beat, mut bar_end) = (0.0, 0.0);
        let mut last_meter = None;
        for stretch in stretches {
            points.push(TempoPoint {
                time_s: stretch.start_s,
                beat,
            });
            let meter = Some(stretch.meter);
            // After a bar that is not as long as its meter, the meter starts anew.
            let starts_anew = f64::abs(bar_end - beat) > 1e-6;
            if meter != last_meter || starts_anew {
                changes.push((beat, stretch.meter));
                last_meter = meter;
                bar_end = beat;
            }
            if let Some(section) = stretch.section {
                sections.push((beat, section));
            }
            bar_end += stretch.meter.bar_beats();
            beat += stretch.beats;
        }
        let end_s = self.bars.last().map_or(0.0, |bar| bar.end_s);
        points.push(TempoPoint {
            time_s: end_s,
            beat,
        });
        let [.., before, last] = points.as_slice() else {
            return Ok(false);
        };
        let bpm = 60.0 * (last.beat - before.beat) / (last.time_s - before.time_s);
        // Bars with an impossible tempo come from a chart that fits nowhere.
        let Ok(tempo) = TempoMap::new(points, bpm) else {
            return Ok(false);
        };
        if track.set_tempo(tempo, Keep::Seconds).is_err() {
            return Ok(false);
        }
        let mut meters = MeterMap::constant(changes.first().map_or(Meter::COMMON, |it| it.1));
        for (beat, meter) in changes {
            meters.set(beat, meter)?;
        }
        track.set_meters(meters);
        for (beat, section) in sections {
            track.set_section(beat, Some(&section))?;
        }
        Ok(true)
    }

    fn stretches(&self, chart: &WrittenChart) -> Vec<Stretch> {
        let written = |bar: &AlignedBar| chart.bars.get(bar.bar).map_or(4.0, |it| it.beats());
        let seconds = |bar: &AlignedBar| bar.end_s - bar.start_s;
        let mut periods: Vec<f64> = self
            .bars
            .iter()
            .map(|it| seconds(it) / written(it))
            .collect();
        periods.sort_by(f64::total_cmp);
        let usual_s = periods
            .get(periods.len() / 2)
            .copied()
            .unwrap_or(0.5)
            .max(1e-3);
        let mut stretches = Vec::new();
        let mut end_s: Option<f64> = None;
        for bar in &self.bars {
            let meter = chart.bars.get(bar.bar).map_or(Meter::COMMON, |it| it.meter);
            if let Some(end_s) = end_s
                && bar.start_s - end_s > 1e-3
            {
                stretches.push(Stretch {
                    start_s: end_s,
                    beats: ((bar.start_s - end_s) / usual_s).round().max(1.0),
                    meter,
                    section: None,
                });
            }
            let whole = written(bar);
            let by_time = seconds(bar) / usual_s;
            let is_cut = (by_time / whole).ln().abs() > CUT_SHARE;
            stretches.push(Stretch {
                start_s: bar.start_s,
                beats: if is_cut {
                    by_time.round().max(1.0)
                } else {
                    whole
                },
                meter,
                section: chart.bars.get(bar.bar).and_then(|it| it.section.clone()),
            });
            end_s = Some(bar.end_s);
        }
        stretches
    }
}
