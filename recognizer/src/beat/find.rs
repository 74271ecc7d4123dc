//! Finds the beats of a song.
//!
//! Tempo: the autocorrelation of the onset strength, weighted by a log-normal prior. Beats:
//! dynamic programming over the onset strength, with a penalty for steps that are not the
//! period (D. P. W. Ellis, "Beat Tracking by Dynamic Programming", Journal of New Music
//! Research 36(1), 2007). Bars: `bars`, from the changes of chord and low onsets.
//!
//! Crates that track beats were looked at first. `beat-this` is the best of them, a
//! transformer whose weights come apart from it and would more than double this program and
//! bring a second inference engine; `stratum-dsp` is made for steady dance tracks, its beats
//! have no bars, and it cannot use what is known here, the chords.

use harmony::time::{Metre, MetreChange, MetreMap, TempoMap, TempoPoint};
use harmony::timeline::Timeline;

use super::bars;
use super::onset::{HOP_S, Onsets};
use super::{BeatGrid, GridPosition, Place};
use crate::signal::Signal;

/// Slowest and fastest tempo that is looked for, beats a minute.
const RANGE_BPM: (f64, f64) = (40.0, 220.0);
/// Middle of the prior over tempi, beats a minute.
const CENTRE_BPM: f64 = 90.0;
/// Its deviation in octaves.
const PRIOR_OCTAVES: f64 = 0.9;
/// What a step of twice or half the period costs, against onsets in standard deviations.
const TIGHTNESS: f64 = 100.0;
/// Beats to either side of one through which a line is drawn to place it.
const SMOOTHED_BEATS: usize = 4;
/// How far beats may lie from a tempo that is held: less is not heard as a change, seconds.
const HELD_TEMPO_S: f64 = 0.012;
/// Fewer beats than this are none.
const MIN_BEATS: usize = 8;

/// What is known beforehand.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Known {
    /// The tempo, quarter notes a minute, steady from beginning to end.
    pub bpm: Option<f64>,
    /// The metre.
    pub metre: Option<Metre>,
}

/// The beats of a song.
#[derive(Debug, Clone, PartialEq)]
pub struct Beats {
    /// The metre; each beat is one of its [`Metre::pulse_beats`].
    pub metre: Metre,
    /// Times, seconds, ascending, over the whole song.
    pub times_s: Vec<f64>,
    /// The number of each beat in its bar, from 0.
    pub in_bar: Vec<usize>,
}

/// Finds the beats of `signal`, with the help of its chords. None where there is too little
/// to find, as in silence.
#[must_use]
pub fn find(signal: &Signal, chords: &Timeline, known: Known) -> Option<Beats> {
    let onsets = Onsets::of(signal);
    if onsets.all.iter().all(|x| *x == 0.0) {
        return None;
    }
    let pulse = known.metre.map_or(1.0, Metre::pulse_beats);
    let mut times_s = match known.bpm {
        Some(bpm) => comb(&onsets.all, 60.0 / bpm * pulse),
        None => {
            let period = period_frames(&onsets.all)?;
            smoothed(&track(&onsets.all, period))
        }
    };
    extend(&mut times_s, signal.length_s());
    if times_s.len() < MIN_BEATS {
        return None;
    }
    if bars::change_between_beats(&times_s, chords) {
        // The onsets between the beats were the stronger ones, as in much pop.
        times_s = times_s.windows(2).map(|w| (w[0] + w[1]) / 2.0).collect();
        extend(&mut times_s, signal.length_s());
    }
    let low: Vec<f32> = times_s
        .iter()
        .map(|time_s| around(&onsets.low, time_s / HOP_S))
        .collect();
    let evidence = bars::Evidence::at(&times_s, chords, low);
    let (metre, in_bar) = bars::find(&evidence, known.metre);
    Some(Beats {
        metre,
        times_s,
        in_bar,
    })
}

impl Beats {
    /// The median tempo, quarter notes a minute.
    #[must_use]
    pub fn bpm(&self) -> f64 {
        let mut steps: Vec<f64> = self.times_s.windows(2).map(|w| w[1] - w[0]).collect();
        steps.sort_by(f64::total_cmp);
        60.0 * self.metre.pulse_beats() / steps[steps.len() / 2]
    }

    /// The first beat of a bar, as an index.
    fn first_downbeat(&self) -> usize {
        self.in_bar.iter().position(|&n| n == 0).unwrap_or(0)
    }

    /// The tempo map, quarter note 0 at the first beat of the first whole bar. Tempi are held
    /// as long as no beat misses them by more than 12 ms.
    #[must_use]
    pub fn tempo_map(&self) -> Option<TempoMap> {
        let first = self.first_downbeat() as f64;
        let pulse = self.metre.pulse_beats();
        let point = |index: usize| TempoPoint {
            time_s: self.times_s[index],
            beat: (index as f64 - first) * pulse,
        };
        let last = self.times_s.len().checked_sub(1)?;
        let mut points = vec![point(0)];
        let mut start = 0;
        while start < last {
            let held = |&end: &usize| {
                let step = (self.times_s[end] - self.times_s[start]) / (end - start) as f64;
                (start + 1..end).all(|i| {
                    let expected = self.times_s[start] + step * (i - start) as f64;
                    (expected - self.times_s[i]).abs() <= HELD_TEMPO_S
                })
            };
            // The furthest beat that the tempo reaches, not just the first it misses.
            let reach = (start + 256).min(last);
            let end = (start + 1..=reach).rev().find(held).unwrap_or(start + 1);
            points.push(point(end));
            start = end;
        }
        let [.., a, b] = points.as_slice() else {
            return None;
        };
        let bpm = 60.0 * (b.beat - a.beat) / (b.time_s - a.time_s);
        TempoMap::new(points, bpm).ok()
    }

    /// The metre map that belongs to [`Self::tempo_map`]: the metre, begun anew where a bar
    /// is cut short.
    #[must_use]
    pub fn metre_map(&self) -> MetreMap {
        let mut map = MetreMap::constant(self.metre);
        let first = self.first_downbeat();
        let mut bar_start = first;
        let pulses = self.pulses();
        for (index, &number) in self.in_bar.iter().enumerate().skip(first + 1) {
            if number == 0 {
                if !(index - bar_start).is_multiple_of(pulses) {
                    let beat = (index - first) as f64 * self.metre.pulse_beats();
                    let change = MetreChange {
                        beat,
                        metre: self.metre,
                    };
                    // Too many would be refused: the bars then go on as they were.
                    let _ = map.set(change.beat, change.metre);
                }
                bar_start = index;
            }
        }
        map
    }

    /// The grid for decoding.
    #[must_use]
    pub fn grid(&self) -> BeatGrid {
        let pulses = self.pulses();
        let compound = self.metre.pulse_beats() * f64::from(self.metre.denominator()) > 4.5;
        let parts = if compound { 3 } else { 2 };
        let mut positions = Vec::new();
        for (index, (&time_s, &number)) in self.times_s.iter().zip(&self.in_bar).enumerate() {
            let place = if number == 0 {
                Place::Downbeat
            } else if number * 2 == pulses {
                Place::HalfBar
            } else {
                Place::Beat
            };
            positions.push(GridPosition { time_s, place });
            let Some(next_s) = self.times_s.get(index + 1) else {
                break;
            };
            for part in 1..parts {
                positions.push(GridPosition {
                    time_s: time_s + (next_s - time_s) * f64::from(part) / f64::from(parts),
                    place: Place::OffBeat,
                });
            }
        }
        BeatGrid::new(positions)
    }

    /// Beats of a bar.
    fn pulses(&self) -> usize {
        let pulses = (self.metre.bar_beats() / self.metre.pulse_beats()).round();
        (pulses as usize).max(1)
    }
}

/// The likeliest period in frames.
fn period_frames(onsets: &[f32]) -> Option<f64> {
    let lag_of = |bpm: f64| 60.0 / bpm / HOP_S;
    let (shortest, longest) = (lag_of(RANGE_BPM.1), lag_of(RANGE_BPM.0));
    let most = (longest * 4.0) as usize + 2;
    let correlation: Vec<f64> = (0..=most)
        .map(|lag| {
            let pairs = onsets.iter().zip(onsets.get(lag..).unwrap_or_default());
            let sum: f64 = pairs.map(|(a, b)| f64::from(a * b)).sum();
            sum / onsets.len() as f64
        })
        .collect();
    let at = |lag: f64| -> f64 {
        let (floor, part) = (lag.floor() as usize, lag.fract());
        match (correlation.get(floor), correlation.get(floor + 1)) {
            (Some(a), Some(b)) => a + (b - a) * part,
            _ => 0.0,
        }
    };
    // A beat comes again after two and four as well.
    let score = |lag: f64| {
        let octaves = (60.0 / (lag * HOP_S) / CENTRE_BPM).log2() / PRIOR_OCTAVES;
        let heard = at(lag) + 0.5 * at(2.0 * lag) + 0.25 * at(4.0 * lag);
        heard.max(0.0) * (-0.5 * octaves * octaves).exp()
    };
    // Steps that shift the fourth multiple by a frame.
    let steps = ((longest - shortest) * 4.0) as usize;
    (0..=steps)
        .map(|i| shortest + i as f64 / 4.0)
        .max_by(|a, b| score(*a).total_cmp(&score(*b)))
        .filter(|lag| score(*lag) > 0.0)
}

/// The best sequence of beats about `period` frames apart, seconds (Ellis 2007).
fn track(onsets: &[f32], period: f64) -> Vec<f64> {
    // Onsets blurred by a 32nd of the period, as the ear is.
    let reach = (period / 8.0).ceil() as i64;
    let blurred: Vec<f64> = (0..onsets.len() as i64)
        .map(|t| {
            (-reach..=reach)
                .filter_map(|d| {
                    let onset = onsets.get(usize::try_from(t + d).ok()?)?;
                    let z = d as f64 * 32.0 / period;
                    Some(f64::from(*onset) * (-0.5 * z * z).exp())
                })
                .sum()
        })
        .collect();
    let power: f64 = blurred.iter().map(|x| x * x).sum();
    let deviation = (power / blurred.len().max(1) as f64).sqrt().max(1e-9);
    let steps: Vec<(usize, f64)> = ((period / 2.0).round() as usize..=(period * 2.0) as usize)
        .filter(|step| *step > 0)
        .map(|step| {
            let z = (step as f64 / period).ln();
            (step, -TIGHTNESS * z * z)
        })
        .collect();
    let mut scores: Vec<f64> = Vec::with_capacity(blurred.len());
    let mut came_from: Vec<Option<usize>> = Vec::with_capacity(blurred.len());
    for (t, onset) in blurred.iter().enumerate() {
        let before = steps
            .iter()
            .filter_map(|(step, cost)| {
                let from = t.checked_sub(*step)?;
                Some((from, scores[from] + cost))
            })
            .max_by(|a, b| a.1.total_cmp(&b.1))
            .filter(|(_, score)| *score > 0.0);
        scores.push(onset / deviation + before.map_or(0.0, |(_, score)| score));
        came_from.push(before.map(|(from, _)| from));
    }
    let tail = scores.len().saturating_sub(period.ceil() as usize);
    let mut at = (tail..scores.len()).max_by(|a, b| scores[*a].total_cmp(&scores[*b]));
    let mut beats = Vec::new();
    while let Some(t) = at {
        beats.push(t as f64 * HOP_S);
        at = came_from[t];
    }
    beats.reverse();
    beats
}

/// Each beat on the line through it and its neighbours: frames are 12 ms apart, and a steady
/// band does not jitter.
fn smoothed(times_s: &[f64]) -> Vec<f64> {
    (0..times_s.len())
        .map(|i| {
            let reach = SMOOTHED_BEATS.min(i).min(times_s.len() - 1 - i);
            let around = &times_s[i - reach..=i + reach];
            around.iter().sum::<f64>() / around.len() as f64
        })
        .collect()
}

/// Beats exactly `period_s` apart, where the onsets are strongest.
fn comb(onsets: &[f32], period_s: f64) -> Vec<f64> {
    let length_s = onsets.len() as f64 * HOP_S;
    let steps = (period_s / HOP_S * 2.0).ceil().max(1.0) as usize;
    let beats = |phase: usize| {
        let first_s = phase as f64 * period_s / steps as f64;
        let count = ((length_s - first_s) / period_s).max(0.0) as usize;
        (0..=count).map(move |i| first_s + i as f64 * period_s)
    };
    let strength = |phase: &usize| -> f32 {
        beats(*phase)
            .map(|time_s| around(onsets, time_s / HOP_S))
            .sum()
    };
    (0..steps)
        .max_by(|a, b| strength(a).total_cmp(&strength(b)))
        .map(|phase| beats(phase).collect())
        .unwrap_or_default()
}

/// The strongest of the frames next to a place.
fn around(values: &[f32], place: f64) -> f32 {
    let middle = place.round() as usize;
    let from = middle.saturating_sub(2).min(values.len());
    let to = (middle + 3).min(values.len());
    values[from..to].iter().copied().fold(0.0, f32::max)
}

/// Beats before the first and after the last one, at the tempo there.
fn extend(times_s: &mut Vec<f64>, length_s: f64) {
    let [first, second, ..] = times_s.as_slice() else {
        return;
    };
    let (first, step) = (*first, second - first);
    let lead = (first / step).floor().max(0.0) as usize;
    let mut all: Vec<f64> = (1..=lead).rev().map(|i| first - i as f64 * step).collect();
    all.append(times_s);
    if let [.., before, last] = all.as_slice() {
        let (last, step) = (*last, last - before);
        let more = ((length_s - last) / step).floor().max(0.0) as usize;
        all.extend((1..=more).map(|i| last + i as f64 * step));
    }
    *times_s = all;
}
