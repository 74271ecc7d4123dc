//! The cost of a change of chord, and its exact time between two frames.
//!
//! Frames are 93 ms apart: their boundaries alone cannot place a change better than that. With a
//! beat grid, a boundary within half a hop of a grid position is moved to that position, and its
//! cost depends on the place in the bar. Every other boundary costs more. Each position belongs to
//! one boundary, so changes stay in order. Without a grid all boundaries cost the same, and the
//! change is where the log-probabilities of the two states, interpolated linearly between the
//! frames, cross.

use super::Posterior;
use super::states::emissions;
use crate::beat::{BeatGrid, GridPosition, Place};

/// Costs of a change of state, nats.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ChangeCosts {
    /// Without a grid.
    pub free: f32,
    /// On the first beat of a bar.
    pub downbeat: f32,
    /// On the beat in the middle of a bar.
    pub half_bar: f32,
    /// On another beat.
    pub beat: f32,
    /// On an eighth between beats.
    pub off_beat: f32,
    /// Off the grid, where there is one.
    pub off_grid: f32,
    /// Added where the root stays: short sevenths and suspensions over one root are more often
    /// recognition errors than real changes.
    pub same_root: f32,
    /// Of every frame of "no chord": old and noisy recordings, and speech over chords, would
    /// otherwise be read as such.
    pub no_chord: f32,
}

impl Default for ChangeCosts {
    /// Their order follows how often chords change at each place in POP909's train split; the
    /// values were chosen with `trainer tune` (docs/beats.md), the first by the consensus of two
    /// teachers on the valid split's real music (docs/results).
    fn default() -> Self {
        Self {
            free: 6.0,
            downbeat: 4.0,
            half_bar: 7.0,
            beat: 11.0,
            off_beat: 16.0,
            off_grid: 30.0,
            same_root: 4.0,
            no_chord: 0.5,
        }
    }
}

impl ChangeCosts {
    fn on(&self, place: Place) -> f32 {
        match place {
            Place::Downbeat => self.downbeat,
            Place::HalfBar => self.half_bar,
            Place::Beat => self.beat,
            Place::OffBeat => self.off_beat,
        }
    }
}

/// The boundaries between the frames of a stretch of audio.
#[derive(Debug, Clone, Copy)]
pub struct Boundaries<'a> {
    /// Time of frame 0, seconds.
    pub origin_s: f64,
    /// Seconds from frame to frame.
    pub hop_s: f64,
    /// The costs.
    pub costs: ChangeCosts,
    /// The grid, its times on the same clock.
    pub grid: Option<&'a BeatGrid>,
}

impl Boundaries<'_> {
    /// Time of a frame's middle.
    #[must_use]
    pub fn frame_s(&self, frame: u64) -> f64 {
        self.origin_s + frame as f64 * self.hop_s
    }

    /// The grid position of the boundary before `frame`, if any.
    fn position(&self, frame: u64) -> Option<GridPosition> {
        let to_s = self.frame_s(frame);
        self.grid?.strongest(to_s - self.hop_s, to_s)
    }

    /// Cost of a change between the frame before `frame` and `frame`, nats.
    #[must_use]
    pub fn cost(&self, frame: u64) -> f32 {
        match (self.position(frame), self.grid) {
            (Some(position), _) => self.costs.on(position.place),
            (None, Some(grid)) if grid.covers(self.frame_s(frame) - self.hop_s / 2.0) => {
                self.costs.off_grid
            }
            _ => self.costs.free,
        }
    }

    /// The time in seconds of the change between the two `states`, at the boundary before `frame`;
    /// `heard` are the posteriors of the frames before and after it. Never further than half a hop
    /// from the boundary.
    #[must_use]
    pub fn place_s(&self, frame: u64, states: (usize, usize), heard: [&Posterior; 2]) -> f64 {
        if let Some(position) = self.position(frame) {
            return position.time_s;
        }
        self.frame_s(frame) - self.hop_s * (1.0 - crossing(states, heard))
    }
}

/// Share of the way from the first to the second frame at which the second state becomes the
/// likelier one; half if it does not.
fn crossing((before, after): (usize, usize), heard: [&Posterior; 2]) -> f64 {
    let mut all = Vec::new();
    let [first, second] = heard.map(|posterior| {
        emissions(posterior, &mut all);
        f64::from(all[before] - all[after])
    });
    if first > 0.0 && second < 0.0 {
        first / (first - second)
    } else {
        0.5
    }
}

#[cfg(test)]
mod tests {
    use super::super::viterbi::tests::peak;
    use super::*;
    use crate::beat::GridSpan;
    use harmony::time::Meter;

    fn grid() -> BeatGrid {
        BeatGrid::from_spans(&[GridSpan {
            from_s: 0.0,
            to_s: 20.0,
            beat: 0.0,
            bpm: 120.0,
            meter: Meter::COMMON,
            bar_beat: 0.0,
        }])
    }

    #[test]
    fn every_position_is_one_boundary_and_the_rest_is_dear() {
        let grid = grid();
        let costs = ChangeCosts::default();
        let boundaries = Boundaries {
            origin_s: 0.0,
            hop_s: 2048.0 / 22050.0,
            costs,
            grid: Some(&grid),
        };
        let count = |cost: f32| (1..200).filter(|&n| boundaries.cost(n) == cost).count();
        // 199 frames reach 18.5 s, and the first boundary takes in the downbeat at 0.
        assert_eq!(count(costs.downbeat), 10);
        assert_eq!(count(costs.half_bar), 9);
        assert_eq!(count(costs.off_beat), 37);
        let heard = [&peak(1, 0.6), &peak(2, 0.6)];
        let mut last = -1.0;
        for n in 1..200 {
            let time_s = boundaries.place_s(n, (1, 2), heard);
            assert!(time_s > last, "boundary {n}");
            if boundaries.cost(n) < costs.off_grid {
                assert!((time_s / 0.25 - (time_s / 0.25).round()).abs() < 1e-9);
            }
            last = time_s;
        }
    }

    #[test]
    fn without_a_grid_the_change_lies_where_the_states_cross() {
        let boundaries = Boundaries {
            origin_s: 2.0,
            hop_s: 0.1,
            costs: ChangeCosts::default(),
            grid: None,
        };
        assert_eq!(boundaries.cost(5), boundaries.costs.free);
        let even = [&peak(1, 0.6), &peak(2, 0.6)];
        assert!((boundaries.place_s(5, (1, 2), even) - 2.45).abs() < 1e-6);
        // The first frame is sure, the second hardly: the change is late.
        let late = [&peak(1, 0.9), &peak(2, 0.1)];
        let time_s = boundaries.place_s(5, (1, 2), late);
        assert!(time_s > 2.45 && time_s < 2.5);
        let unclear = [&peak(2, 0.9), &peak(2, 0.1)];
        assert!((boundaries.place_s(5, (1, 2), unclear) - 2.45).abs() < 1e-9);
    }
}
