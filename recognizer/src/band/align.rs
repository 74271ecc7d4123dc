//! Interpolation of a part's frames onto the grid of the song.
//!
//! Instances begin at different samples, so their frames lie between the positions of the grid,
//! each part's at another distance. A part's posterior at a position is interpolated linearly, in
//! log-probabilities, between the two frames around it; a frame exactly on the position is used
//! alone.

use super::PartFrame;
use super::fuse::normalize;

/// A frame closer to a grid position than this share of a hop is on it.
const ON_PLACE: f64 = 1e-3;

/// The last position of a grid with a spacing of `hop_s` seconds that is not after `time_s`.
pub(super) fn place_before(time_s: f64, hop_s: f64) -> i64 {
    (time_s / hop_s + ON_PLACE).floor() as i64
}

/// The first position that is not before `time_s`.
pub(super) fn place_after(time_s: f64, hop_s: f64) -> i64 {
    (time_s / hop_s - ON_PLACE).ceil() as i64
}

/// A part's frame at `time_s`, which lies between two of its frames or on the second.
pub(super) fn between(before: Option<&PartFrame>, after: &PartFrame, time_s: f64) -> PartFrame {
    let alone = || PartFrame {
        time_s,
        ..after.clone()
    };
    let Some(before) = before else {
        return alone();
    };
    let span_s = after.time_s - before.time_s;
    let share = ((time_s - before.time_s) / span_s) as f32;
    if !(ON_PLACE as f32..=1.0 - ON_PLACE as f32).contains(&share) {
        return if share < 0.5 {
            PartFrame {
                time_s,
                ..before.clone()
            }
        } else {
            alone()
        };
    }
    // If one of them is silent, the other is used.
    match (before.silent, after.silent) {
        (false, true) => {
            return PartFrame {
                time_s,
                ..before.clone()
            };
        }
        (true, _) => return alone(),
        (false, false) => {}
    }
    let mut mixed = alone();
    let mix = |values: &mut [f32], others: &[f32]| {
        for (value, other) in values.iter_mut().zip(others) {
            *value = share * *value + (1.0 - share) * other;
        }
    };
    let (to, from) = (&mut mixed.posterior, &before.posterior);
    mix(&mut to.chord, &from.chord);
    normalize(&mut to.chord, 0.0);
    if let (Some(to), Some(from)) = (&mut to.bass, &from.bass) {
        mix(to, from);
        normalize(to, 0.0);
    }
    if let (Some(to), Some(from)) = (&mut to.extensions, &from.extensions) {
        mix(to, from);
    }
    mix(&mut mixed.notes, &before.notes);
    mixed
}

#[cfg(test)]
mod tests {
    use super::super::fuse::tests::heard;
    use super::*;

    fn frame(time_s: f64, label: &str) -> PartFrame {
        PartFrame {
            time_s,
            posterior: heard(label, 0.9, 0),
            notes: [0.0; 12],
            silent: false,
        }
    }

    #[test]
    fn places_are_found_on_both_sides_and_rounding_does_not_move_them() {
        for n in -50..50_i64 {
            let time_s = n as f64 * 0.1;
            for time_s in [time_s - 1e-9, time_s, time_s + 1e-9] {
                assert_eq!(place_before(time_s, 0.1), n);
                assert_eq!(place_after(time_s, 0.1), n);
            }
            assert_eq!(place_before(time_s + 0.04, 0.1), n);
            assert_eq!(place_after(time_s + 0.04, 0.1), n + 1);
        }
    }

    #[test]
    fn a_frame_on_the_place_is_taken_and_others_are_mixed() {
        let (before, after) = (frame(1.0, "C"), frame(2.0, "F"));
        let at = |time_s| between(Some(&before), &after, time_s);
        assert_eq!(at(2.0).posterior, after.posterior);
        assert_eq!(at(1.0).posterior, before.posterior);
        let middle = at(1.5);
        assert_eq!(middle.time_s, 1.5);
        let (c, f) = (1, 14 * 5 + 1);
        assert!((middle.posterior.chord[c] - middle.posterior.chord[f]).abs() < 1e-5);
        let later = at(1.75);
        assert!(later.posterior.chord[f] > later.posterior.chord[c]);
        let silent = PartFrame {
            silent: true,
            ..frame(1.0, "N")
        };
        assert_eq!(
            between(Some(&silent), &after, 1.5).posterior,
            after.posterior
        );
        assert_eq!(between(None, &after, 1.9).posterior, after.posterior);
    }
}
