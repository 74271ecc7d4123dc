//! Thinning of tempo maps: drops points of a gliding or jittering tempo that a straight line
//! explains.
//!
//! A host reports its tempo block by block. The curve of beats against seconds is kept to a
//! tolerance: the remaining points are given points, and every dropped point is within the
//! tolerance of the straight line between its remaining neighbours. This is the swing filter
//! (Elmeleegy et al., "Online piece-wise linear approximation of numerical streams with precision
//! guarantees", VLDB 2009) with segments that begin and end on points: for the open segment it
//! keeps the range of slopes that pass all points so far.

use super::{TempoMap, TempoPoint};

/// Thins points of a tempo map as they arrive; keeps the bounds of the last segment.
#[derive(Clone, Debug, Default)]
pub struct Thinning {
    open: Option<Open>,
}

/// The segment that may still grow.
#[derive(Clone, Copy, Debug)]
struct Open {
    from: TempoPoint,
    to: TempoPoint,
    /// Slopes in seconds per beat; a line from `from` with a slope between them passes every later
    /// point within the tolerance.
    least: f64,
    most: f64,
}

impl Open {
    fn new(from: TempoPoint, to: TempoPoint, tolerance_s: f64) -> Self {
        let mut open = Self {
            from,
            to,
            least: f64::NEG_INFINITY,
            most: f64::INFINITY,
        };
        open.grow(to, tolerance_s);
        open
    }

    fn slope(&self, to: TempoPoint, off_s: f64) -> f64 {
        (to.time_s + off_s - self.from.time_s) / (to.beat - self.from.beat)
    }

    fn passes(&self, to: TempoPoint) -> bool {
        (self.least..=self.most).contains(&self.slope(to, 0.0))
    }

    fn grow(&mut self, to: TempoPoint, tolerance_s: f64) {
        self.least = self.least.max(self.slope(to, -tolerance_s));
        self.most = self.most.min(self.slope(to, tolerance_s));
        self.to = to;
    }
}

impl Thinning {
    /// Appends `now` to `points`, replacing the last one if no given point is then off by more than
    /// `tolerance_s` seconds. `points` may have changed since the last call: the held bounds count
    /// only if their end is still the same. `now` comes after them in beats and in seconds.
    pub fn push(&mut self, points: &mut Vec<TempoPoint>, now: TempoPoint, tolerance_s: f64) {
        let open = self.open.take().filter(
            |open| matches!(points.as_slice(), [.., from, to] if (*from, *to) == (open.from, open.to)),
        );
        self.open = match open {
            Some(mut open) if open.passes(now) => {
                open.grow(now, tolerance_s);
                points.pop();
                Some(open)
            }
            _ => points.last().map(|from| Open::new(*from, now, tolerance_s)),
        };
        points.push(now);
    }
}

impl TempoMap {
    /// A map of at most `most` points (two at least) that differs from this one by at most
    /// `tolerance_s` seconds at each of its points, or by as little as possible.
    #[must_use]
    pub fn thinned(&self, most: usize, tolerance_s: f64) -> Self {
        let mut tolerance_s = tolerance_s.max(f64::MIN_POSITIVE);
        while tolerance_s.is_finite() {
            let (mut thinning, mut points) = (Thinning::default(), Vec::new());
            for point in self.points() {
                thinning.push(&mut points, *point, tolerance_s);
            }
            if points.len() <= most.max(2) {
                // New slopes are means of old ones, so no tempo is out of bounds.
                return Self::new(points, self.last_bpm()).unwrap_or_else(|_| self.clone());
            }
            tolerance_s *= 2.0;
        }
        self.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOLERANCE_S: f64 = 5e-4;

    /// Beats every `step` of a tempo that goes from 100 bpm up by 0.2 bpm a second.
    fn ramp(step_s: f64, length_s: f64) -> Vec<TempoPoint> {
        let count = (length_s / step_s) as u32;
        let at = |time_s: f64| TempoPoint {
            time_s,
            beat: (100.0 * time_s + 0.1 * time_s * time_s) / 60.0,
        };
        (0..=count).map(|n| at(f64::from(n) * step_s)).collect()
    }

    fn thin(told: &[TempoPoint]) -> Vec<TempoPoint> {
        let (mut thinning, mut points) = (Thinning::default(), Vec::new());
        for point in told {
            thinning.push(&mut points, *point, TOLERANCE_S);
        }
        points
    }

    #[test]
    fn a_ramp_keeps_few_points_and_its_shape() {
        for step_s in [0.001, 0.02, 0.25] {
            let told = ramp(step_s, 240.0);
            let points = thin(&told);
            assert!(points.len() < 200, "{} points", points.len());
            let map = TempoMap::new(points, 148.0).unwrap();
            for point in told {
                let off_s = map.time_at(point.beat) - point.time_s;
                assert!(off_s.abs() <= TOLERANCE_S * 1.0001, "{off_s} at {point:?}");
            }
        }
    }

    #[test]
    fn steps_of_the_tempo_stay_to_the_last_bit() {
        let point = |time_s, beat| TempoPoint { time_s, beat };
        let told = [
            point(0.0, 0.0),
            point(8.0, 16.0),
            point(16.0, 32.5),
            point(24.0, 48.5),
        ];
        assert_eq!(thin(&told), told);
    }

    #[test]
    fn what_was_known_of_other_points_does_not_count() {
        let (mut thinning, mut points) = (Thinning::default(), Vec::new());
        let at = |beat: f64, bpm: f64| TempoPoint {
            time_s: beat * 60.0 / bpm,
            beat,
        };
        for beat in 0..4 {
            thinning.push(&mut points, at(f64::from(beat), 120.0), TOLERANCE_S);
        }
        assert_eq!(points.len(), 2);
        points = vec![at(0.0, 90.0), at(4.0, 90.0)];
        thinning.push(&mut points, at(5.0, 90.0), TOLERANCE_S);
        assert_eq!(points.len(), 3);
    }

    #[test]
    fn a_map_of_noise_comes_down_to_what_is_asked_for() {
        let mut random = 1u32;
        let points: Vec<TempoPoint> = (0..20_000u32)
            .map(|n| {
                random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                let off = f64::from(random >> 8) / f64::from(1u32 << 24);
                TempoPoint {
                    time_s: (f64::from(n) + 0.5 * off) * 0.01,
                    beat: f64::from(n) * 0.02,
                }
            })
            .collect();
        let map = TempoMap::new(points, 120.0).unwrap();
        let thinned = map.thinned(1000, TOLERANCE_S);
        assert!((2..=1000).contains(&thinned.points().len()));
        for point in map.points() {
            assert!((thinned.time_at(point.beat) - point.time_s).abs() < 0.02);
        }
        let one = TempoMap::constant(90.0, 1.0, 3.0).unwrap();
        assert_eq!(one.thinned(2, TOLERANCE_S), one);
    }
}
