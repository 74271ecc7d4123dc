//! Beat grid of a song: the times of its beats and eighths, each with its place in the bar.

use harmony::time::{Meter, MeterMap, TempoMap};

/// The most positions of a grid; more are left out. Three hours at 1000 beats a minute.
const MAX_POSITIONS: usize = 1 << 19;
/// The longest time between neighbours, seconds; beyond it there is a gap in the grid. An eighth at
/// 10 beats a minute.
const MAX_STEP_S: f64 = 3.0;
/// Rounding tolerance for a position on a barline or a beat, quarter notes.
const HAIR: f64 = 1e-6;

/// The place of a grid position in its bar, strongest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Place {
    /// The first beat of a bar.
    Downbeat,
    /// The beat in the middle of a bar that has one: the third of 4/4, the second of 6/8.
    HalfBar,
    /// Any other beat; in compound meters the dotted one.
    Beat,
    /// Between two beats: their middle, or their thirds in compound meters.
    OffBeat,
}

/// One position.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct GridPosition {
    /// Seconds of the stream.
    pub time_s: f64,
    /// Its place in the bar.
    pub place: Place,
}

/// A stretch of steady tempo and meter, as a host reports it with every block.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct GridSpan {
    /// Where the stretch begins, seconds of the stream.
    pub from_s: f64,
    /// Where it ends.
    pub to_s: f64,
    /// The song position at `from_s`, quarter notes.
    pub beat: f64,
    /// The tempo, quarter notes a minute.
    pub bpm: f64,
    /// The meter.
    pub meter: Meter,
    /// A song position at which a bar begins, quarter notes; any bar will do.
    pub bar_beat: f64,
}

/// Positions in the order of their times.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct BeatGrid {
    positions: Vec<GridPosition>,
}

impl BeatGrid {
    /// A grid of these positions. Their order does not matter; times that are not finite are
    /// left out.
    #[must_use]
    pub fn new(mut positions: Vec<GridPosition>) -> Self {
        positions.retain(|position| position.time_s.is_finite());
        positions.sort_by(|a, b| a.time_s.total_cmp(&b.time_s));
        positions.truncate(MAX_POSITIONS);
        Self { positions }
    }

    /// The grid of some stretches, for instance of a host's transport before and after a jump. A
    /// stretch with an invalid tempo or position has no grid.
    #[must_use]
    pub fn from_spans(spans: &[GridSpan]) -> Self {
        let mut positions = Vec::new();
        for span in spans {
            let quarter_s = 60.0 / span.bpm;
            if !(quarter_s.is_finite() && quarter_s > 0.01) {
                continue;
            }
            let bar = Bar {
                start: span.bar_beat,
                meter: span.meter,
            };
            let length = (span.to_s - span.from_s) / quarter_s;
            bar.positions(span.beat, span.beat + length, &mut positions, |beat| {
                span.from_s + (beat - span.beat) * quarter_s
            });
        }
        Self::new(positions)
    }

    /// The grid of a tempo map and a meter map from `from_s` to `to_s`; the seconds of the tempo
    /// map are those of the stream.
    #[must_use]
    pub fn from_maps(tempo: &TempoMap, meter: &MeterMap, from_s: f64, to_s: f64) -> Self {
        let mut positions = Vec::new();
        let (from, to) = (tempo.beat_at(from_s), tempo.beat_at(to_s));
        for span in meter.bars(from, to, MAX_POSITIONS) {
            let bar = Bar {
                start: span.start,
                meter: span.meter,
            };
            let (from, to) = (span.start.max(from), span.end.min(to));
            bar.positions(from, to, &mut positions, |beat| tempo.time_at(beat));
        }
        Self::new(positions)
    }

    /// The positions, in the order of their times.
    #[must_use]
    pub fn positions(&self) -> &[GridPosition] {
        &self.positions
    }

    /// Whether there is no position.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.positions.is_empty()
    }

    /// Whether beats are known around `time_s`: it lies between two neighbouring positions, or on
    /// one.
    #[must_use]
    pub fn covers(&self, time_s: f64) -> bool {
        let after = self.positions.partition_point(|p| p.time_s <= time_s);
        let before = after.checked_sub(1).map(|i| self.positions[i].time_s);
        let after = self.positions.get(after).map(|p| p.time_s);
        match (before, after) {
            (Some(before), Some(after)) => after - before <= MAX_STEP_S,
            (Some(before), None) => time_s == before,
            _ => false,
        }
    }

    /// The strongest position in `from_s` … `to_s` (the end not included); the one nearest to
    /// the middle among equals.
    #[must_use]
    pub fn strongest(&self, from_s: f64, to_s: f64) -> Option<GridPosition> {
        let first = self.positions.partition_point(|p| p.time_s < from_s);
        let middle = (from_s + to_s) / 2.0;
        self.positions[first..]
            .iter()
            .take_while(|p| p.time_s < to_s)
            .min_by(|a, b| {
                let distance = |p: &GridPosition| (p.time_s - middle).abs();
                a.place
                    .cmp(&b.place)
                    .then(distance(a).total_cmp(&distance(b)))
            })
            .copied()
    }
}

/// A bar, and the same bar continued before and after it.
struct Bar {
    start: f64,
    meter: Meter,
}

impl Bar {
    /// Appends the positions of `from` … `to` (quarter notes, the end not included).
    fn positions(
        &self,
        from: f64,
        to: f64,
        out: &mut Vec<GridPosition>,
        time_s: impl Fn(f64) -> f64,
    ) {
        let pulse = self.meter.pulse_beats();
        let compound = pulse * f64::from(self.meter.denominator()) > 4.5;
        let parts = if compound { 3.0 } else { 2.0 };
        let step = pulse / parts;
        let bar_steps = (self.meter.bar_beats() / step).round();
        let first = ((from - self.start - HAIR) / step).ceil();
        let last = ((to - self.start - HAIR) / step).ceil();
        if !(first.is_finite() && last.is_finite()) {
            return;
        }
        let mut index = first;
        while index < last && out.len() < MAX_POSITIONS {
            let in_bar = index.rem_euclid(bar_steps);
            let place = if in_bar == 0.0 {
                Place::Downbeat
            } else if in_bar % parts != 0.0 {
                Place::OffBeat
            } else if in_bar * 2.0 == bar_steps {
                Place::HalfBar
            } else {
                Place::Beat
            };
            out.push(GridPosition {
                time_s: time_s(self.start + index * step),
                place,
            });
            index += 1.0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use harmony::time::MeterChange;

    fn span(meter: &str) -> GridSpan {
        GridSpan {
            from_s: 10.0,
            to_s: 14.0,
            beat: 3.0,
            bpm: 120.0,
            meter: meter.parse().unwrap(),
            bar_beat: 0.0,
        }
    }

    #[test]
    fn four_four_has_a_half_bar_and_eighths() {
        use Place::{Beat, Downbeat, HalfBar, OffBeat};
        let grid = BeatGrid::from_spans(&[span("4/4")]);
        let places: Vec<Place> = grid.positions().iter().map(|p| p.place).collect();
        let bar = [
            Downbeat, OffBeat, Beat, OffBeat, HalfBar, OffBeat, Beat, OffBeat,
        ];
        assert_eq!(places[..2], [Beat, OffBeat]);
        assert_eq!(places[2..10], bar);
        assert_eq!(places.len(), 16);
        assert!((grid.positions()[2].time_s - 10.5).abs() < 1e-9);
    }

    #[test]
    fn compound_and_odd_meters() {
        let count = |meter: &str, place| {
            let span = GridSpan {
                beat: 0.0,
                to_s: 10.0 + 6.0 * 0.5,
                ..span(meter)
            };
            let grid = BeatGrid::from_spans(&[span]);
            grid.positions().iter().filter(|p| p.place == place).count()
        };
        // Six quarters: two bars of 6/8, two of 3/4.
        assert_eq!(count("6/8", Place::Downbeat), 2);
        assert_eq!(count("6/8", Place::HalfBar), 2);
        assert_eq!(count("6/8", Place::Beat), 0);
        assert_eq!(count("6/8", Place::OffBeat), 8);
        assert_eq!(count("3/4", Place::Downbeat), 2);
        assert_eq!(count("3/4", Place::HalfBar), 0);
        assert_eq!(count("3/4", Place::Beat), 4);
    }

    #[test]
    fn maps_and_spans_draw_the_same_grid() {
        let tempo = TempoMap::constant(120.0, 10.0, 3.0).unwrap();
        let meter = MeterMap::new(vec![MeterChange {
            beat: 0.0,
            meter: Meter::COMMON,
        }])
        .unwrap();
        let maps = BeatGrid::from_maps(&tempo, &meter, 10.0, 14.0);
        let spans = BeatGrid::from_spans(&[span("4/4")]);
        assert_eq!(maps.positions().len(), spans.positions().len());
        for (a, b) in maps.positions().iter().zip(spans.positions()) {
            assert!((a.time_s - b.time_s).abs() < 1e-9 && a.place == b.place);
        }
    }

    #[test]
    fn the_strongest_wins_and_gaps_are_not_covered() {
        let mut grid = BeatGrid::from_spans(&[span("4/4")]);
        let best = grid.strongest(10.2, 10.6).unwrap();
        assert_eq!(best.place, Place::Downbeat);
        assert!(grid.strongest(10.3, 10.4).is_none());
        assert!(grid.covers(11.1) && !grid.covers(9.0) && !grid.covers(20.0));
        let behind = GridSpan {
            from_s: 30.0,
            to_s: 32.0,
            ..span("4/4")
        };
        grid = BeatGrid::from_spans(&[span("4/4"), behind]);
        assert!(grid.covers(31.0) && !grid.covers(20.0));
    }

    #[test]
    fn absurd_spans_have_no_grid() {
        for bpm in [0.0, -3.0, f64::NAN, f64::INFINITY, 1e9] {
            assert!(BeatGrid::from_spans(&[GridSpan { bpm, ..span("4/4") }]).is_empty());
        }
        let endless = GridSpan {
            to_s: f64::INFINITY,
            ..span("4/4")
        };
        assert!(BeatGrid::from_spans(&[endless]).is_empty());
        let long = GridSpan {
            to_s: 1e12,
            ..span("4/4")
        };
        assert!(BeatGrid::from_spans(&[long]).positions().len() <= MAX_POSITIONS);
    }
}
