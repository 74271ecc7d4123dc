//! Measures of changes on beats and of found beats.

use harmony::key::{Key, estimate};
use harmony::label::Label;
use harmony::score::{Interval, weighted_key_score};
use harmony::timeline::{Segment, Timeline, TimelineError};

use renderer::song::Beat;

/// Beats before this are left out, in seconds: `mir_eval.beat.trim_beats`.
const TRIM_S: f64 = 5.0;
/// A beat within this distance is a hit, in seconds: `mir_eval.beat.f_measure`.
const WINDOW_S: f64 = 0.07;
/// A tempo within this relative distance is right.
const TEMPO_TOLERANCE: f64 = 0.04;

/// The times at which the chord changes, in seconds.
#[must_use]
pub fn changes(chords: &[Interval]) -> Vec<f64> {
    let plain = |label: &Label| label.to_string();
    chords
        .windows(2)
        .filter(|pair| plain(&pair[0].label) != plain(&pair[1].label))
        .map(|pair| pair[1].start_s)
        .collect()
}

/// The distances of a track's changes from those of the reference.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct OnBeat {
    /// Distance of each change that has a true one within a beat from the nearest, seconds.
    pub distances_s: Vec<f64>,
    /// How many of them are on the beat (or eighth) of the true change.
    pub right: usize,
    /// All changes of the track.
    pub all: usize,
}

impl OnBeat {
    /// Compares a track's changes with the reference; `beats` are the song's.
    #[must_use]
    pub fn new(estimate: &[f64], truth: &[f64], beats: &[Beat]) -> Self {
        let mut found = Self {
            all: estimate.len(),
            ..Self::default()
        };
        for &time_s in estimate {
            let nearest = truth
                .iter()
                .map(|t| (t - time_s).abs())
                .min_by(f64::total_cmp);
            let Some(distance_s) = nearest else { continue };
            let beat_s = beat_length_s(beats, time_s);
            if distance_s <= beat_s {
                found.distances_s.push(distance_s);
                // Nearer to it than to the next eighth.
                found.right += usize::from(distance_s < beat_s / 4.0);
            }
        }
        found
    }
}

/// A change that is not on the beat of a true one.
#[derive(Debug, Clone, PartialEq)]
pub struct Miss {
    /// Where it is, seconds.
    pub time_s: f64,
    /// The chords before and after it.
    pub change: (Label, Label),
    /// The true chord there.
    pub truth: Option<Label>,
    /// Beats to the nearest true change; infinite without any.
    pub beats_off: f64,
}

/// The changes of a track that are not on the beat of a true one, in order.
#[must_use]
pub fn misses(estimate: &[Interval], truth: &[Interval], beats: &[Beat]) -> Vec<Miss> {
    let true_changes = changes(truth);
    let pairs = estimate.windows(2).filter(|it| it[0].label != it[1].label);
    let miss = pairs.map(|pair| {
        let time_s = pair[1].start_s;
        let distances = true_changes.iter().map(|t| (t - time_s).abs());
        let nearest_s = distances.min_by(f64::total_cmp).unwrap_or(f64::INFINITY);
        let sounding = truth
            .iter()
            .find(|it| (it.start_s..it.end_s).contains(&time_s));
        Miss {
            time_s,
            change: (pair[0].label.clone(), pair[1].label.clone()),
            truth: sounding.map(|it| it.label.clone()),
            beats_off: nearest_s / beat_length_s(beats, time_s),
        }
    });
    miss.filter(|miss| miss.beats_off >= 0.25).collect()
}

/// The length of the beat at a time, seconds.
fn beat_length_s(beats: &[Beat], time_s: f64) -> f64 {
    let after = beats.partition_point(|beat| beat.time_s <= time_s);
    let index = after.clamp(1, beats.len().saturating_sub(1).max(1));
    match (beats.get(index - 1), beats.get(index)) {
        (Some(a), Some(b)) => b.time_s - a.time_s,
        _ => 0.5,
    }
}

/// The weighted key score of MIREX for the keys found from chords ([`harmony::key::estimate`])
/// against the annotated keys, by duration; `None` where the two do not overlap in time.
///
/// # Errors
/// If the chords do not make a timeline.
pub fn key_score(
    written: &[(f64, f64, Key)],
    chords: &[Interval],
) -> Result<Option<f64>, TimelineError> {
    let segments = chords
        .iter()
        .map(|it| Segment::new(it.start_s, it.end_s, it.label.clone()));
    let (mut sum, mut seconds) = (0.0, 0.0);
    for found in estimate(&Timeline::from_segments(segments)?) {
        for &(start_s, end_s, key) in written {
            let common_s = (found.end_s.min(end_s) - found.start_s.max(start_s)).max(0.0);
            sum += common_s * weighted_key_score(key, found.key);
            seconds += common_s;
        }
    }
    Ok((seconds > 0.0).then(|| sum / seconds))
}

/// F-measure of beats, as `mir_eval.beat.f_measure` after `trim_beats`.
#[must_use]
pub fn f_measure(truth: &[f64], estimate: &[f64]) -> f64 {
    let trimmed =
        |beats: &[f64]| -> Vec<f64> { beats.iter().copied().filter(|t| *t >= TRIM_S).collect() };
    let (truth, estimate) = (trimmed(truth), trimmed(estimate));
    // All windows have the same length, so taking the earliest fit gives a largest matching.
    let (mut hits, mut t, mut e) = (0_usize, 0, 0);
    while let (Some(a), Some(b)) = (truth.get(t), estimate.get(e)) {
        if (a - b).abs() <= WINDOW_S {
            hits += 1;
            t += 1;
            e += 1;
        } else if a < b {
            t += 1;
        } else {
            e += 1;
        }
    }
    if hits == 0 {
        return 0.0;
    }
    2.0 * hits as f64 / (truth.len() + estimate.len()) as f64
}

/// Whether the tempo of a song is right, and whether it is right up to a factor of two or
/// three.
#[must_use]
pub fn tempo_right(truth_bpm: f64, estimate_bpm: f64) -> (bool, bool) {
    let near = |factor: f64| (estimate_bpm * factor / truth_bpm - 1.0).abs() <= TEMPO_TOLERANCE;
    let factors = [1.0, 2.0, 0.5, 3.0, 1.0 / 3.0];
    (near(1.0), factors.into_iter().any(near))
}

/// Beats a minute, from the median distance of beats.
#[must_use]
pub fn median_bpm(times_s: &[f64]) -> Option<f64> {
    let mut steps: Vec<f64> = times_s.windows(2).map(|w| w[1] - w[0]).collect();
    median(&mut steps).map(|step| 60.0 / step)
}

/// The median.
#[must_use]
pub fn median(values: &mut [f64]) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_count_by_their_beat() {
        let beats: Vec<Beat> = (0..20)
            .map(|i| Beat {
                time_s: f64::from(i) * 0.6,
                downbeat: i % 4 == 0,
            })
            .collect();
        let found = OnBeat::new(&[2.4, 4.81, 6.7, 9.9], &[2.4, 4.8, 7.2], &beats);
        assert_eq!((found.all, found.distances_s.len(), found.right), (4, 3, 2));
        assert!((found.distances_s[2] - 0.5).abs() < 1e-9);
    }

    #[test]
    fn misses_are_the_changes_that_do_not_count() {
        let beats: Vec<Beat> = (0..20)
            .map(|i| Beat {
                time_s: f64::from(i),
                downbeat: i % 4 == 0,
            })
            .collect();
        let track = |chords: &[(f64, f64, &str)]| -> Vec<Interval> {
            let chords = chords.iter();
            chords
                .map(|&(start_s, end_s, label)| Interval {
                    start_s,
                    end_s,
                    label: label.parse().unwrap(),
                })
                .collect()
        };
        let truth = track(&[(0.0, 4.0, "C"), (4.0, 8.0, "F")]);
        let found = track(&[(0.0, 4.1, "C"), (4.1, 6.5, "F"), (6.5, 8.0, "G")]);
        let missed = misses(&found, &truth, &beats);
        assert_eq!(missed.len(), 1);
        assert_eq!((missed[0].time_s, missed[0].beats_off), (6.5, 2.5));
        assert_eq!(missed[0].truth, Some("F".parse().unwrap()));
    }

    #[test]
    fn keys_count_by_duration_where_they_are_known() {
        let chord = |bar: u32, name: &str| Interval {
            start_s: f64::from(bar) * 2.0,
            end_s: f64::from(bar) * 2.0 + 2.0,
            label: name.parse().unwrap(),
        };
        let names = ["C", "F", "G:7", "C", "A:min", "F", "G:7", "C"];
        let chords: Vec<Interval> = (0..).zip(names).map(|(bar, it)| chord(bar, it)).collect();
        let key = |name: &str| -> Key { name.parse().unwrap() };
        // Right for twelve seconds, then a fifth away for four.
        let written = [(0.0, 12.0, key("C:maj")), (12.0, 99.0, key("F:maj"))];
        let score = key_score(&written, &chords).unwrap().unwrap();
        assert!((score - 0.875).abs() < 1e-9, "{score}");
        assert_eq!(key_score(&[], &chords).unwrap(), None);
    }

    #[test]
    fn tempi_may_be_off_by_octaves() {
        assert_eq!(tempo_right(100.0, 103.0), (true, true));
        assert_eq!(tempo_right(100.0, 199.0), (false, true));
        assert_eq!(tempo_right(100.0, 130.0), (false, false));
        assert_eq!(median_bpm(&[0.0, 0.5, 1.0, 9.0]), Some(120.0));
    }
}
