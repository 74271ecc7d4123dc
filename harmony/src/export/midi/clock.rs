//! MIDI time: seconds to ticks, and the tempo map of the file.

use midly::num::{u24, u28};

use super::TICKS_PER_QUARTER;
use crate::export::ExportError;
use crate::time::{TempoMap, TempoPoint};
use crate::track::Track;

const MICROSECONDS_PER_MINUTE: f64 = 60e6;

/// Tempo and ticks of a track whose second 0 is tick 0.
pub(super) struct Clock {
    tempo: TempoMap,
    /// The beat of tick 0.
    origin: f64,
}

impl Clock {
    /// Where second 0 is not on a barline, the bar before the first barline gets the tempo that
    /// makes it start at second 0: every later bar of the file is then a bar of the music.
    pub(super) fn new(track: &Track) -> Self {
        let tempo = track.tempo();
        let origin = tempo.beat_at(0.0);
        let bar = track.meters().bar_at(origin);
        if (origin - bar.start).abs() < 1e-6 {
            return Self {
                tempo: tempo.clone(),
                origin: bar.start,
            };
        }
        let late = bar.end - origin < (bar.end - bar.start) / 2.0;
        let anchor = if late {
            track.meters().bar_at(bar.end).end
        } else {
            bar.end
        };
        led_in(tempo, anchor, bar.meter.bar_beats()).unwrap_or_else(|| Self {
            tempo: tempo.clone(),
            origin,
        })
    }

    /// The tick of a time in seconds.
    pub(super) fn tick(&self, time_s: f64) -> Result<u32, ExportError> {
        let beat = self.tempo.beat_at(time_s) - self.origin;
        let tick = (beat * f64::from(TICKS_PER_QUARTER)).round();
        if (0.0..=f64::from(u28::max_value().as_int())).contains(&tick) {
            Ok(tick as u32)
        } else {
            Err(ExportError::TooLong { end_s: time_s })
        }
    }

    /// The tick of a beat of the track; 0 for what lies before second 0.
    pub(super) fn tick_of_beat(&self, track: &Track, beat: f64) -> Result<u32, ExportError> {
        self.tick(track.tempo().time_at(beat).max(0.0))
    }

    /// Each tempo with its tick, from tick 0 on.
    pub(super) fn tempos(&self) -> Result<Vec<(u32, u24)>, ExportError> {
        let start_s = |beat: f64| self.tempo.time_at(beat).max(0.0);
        let mut tempos: Vec<(u32, u24)> = Vec::new();
        for (index, (beat, bpm)) in self.tempo.tempos().into_iter().enumerate() {
            // At most 15 000 000, which fits: the tempo is at least MIN_BPM.
            let microseconds = u24::new((MICROSECONDS_PER_MINUTE / bpm).round() as u32);
            let tick = if index == 0 {
                0
            } else {
                self.tick(start_s(beat))?
            };
            match tempos.last_mut() {
                Some(last) if last.0 == tick => last.1 = microseconds,
                Some(last) if last.1 == microseconds => {}
                _ => tempos.push((tick, microseconds)),
            }
        }
        Ok(tempos)
    }
}

/// The clock whose bar before `anchor` starts at second 0; `None` where that needs an impossible
/// tempo.
fn led_in(tempo: &TempoMap, anchor: f64, bar_beats: f64) -> Option<Clock> {
    let origin = anchor - bar_beats;
    let mut points = vec![
        TempoPoint {
            time_s: 0.0,
            beat: origin,
        },
        TempoPoint {
            time_s: tempo.time_at(anchor),
            beat: anchor,
        },
    ];
    let later = tempo
        .points()
        .iter()
        .filter(|point| point.beat > anchor + 1e-9);
    points.extend(later);
    let last_bpm = tempo.tempos().last()?.1;
    let tempo = TempoMap::new(points, last_bpm).ok()?;
    Some(Clock { tempo, origin })
}
