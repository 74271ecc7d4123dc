//! Pulses: steady steps in the onsets of a song, at all metrical levels, from eighths of fast music
//! to the dotted quarters of slow music.
//!
//! Periods are maxima of the autocorrelation of the onset strength. Each is followed through
//! the song by dynamic programming with a penalty for steps that are not the period (D. P. W.
//! Ellis, "Beat Tracking by Dynamic Programming", Journal of New Music Research 36(1), 2007).

use super::onset::HOP_S;

/// The slowest and the fastest pulse that is tried, per minute.
pub(super) const RANGE_PER_MINUTE: (f64, f64) = (36.0, 460.0);
/// The most periods that are followed.
const MOST_PERIODS: usize = 16;
/// How many maxima of the autocorrelation are used, strongest first.
const MAXIMA: usize = 7;
/// How many of these are used with their multiples.
const ROOTS: usize = 4;
/// Periods that differ by less than this share count as equal.
const SAME_PERIOD: f64 = 0.03;
/// Weight of the penalty for steps that deviate from the period, relative to onsets in standard
/// deviations.
const TIGHTNESS: f64 = 100.0;
/// Seconds to either side of a pulse used in the line fit that smooths it.
const SMOOTHED_S: f64 = 2.4;
/// Seconds between the phases that are tried if the tempo is given.
const PHASE_STEP_S: f64 = 0.002;
/// Standard deviation of the Gaussian that blurs onsets to find a phase, seconds.
const PHASE_BLUR_S: f64 = 0.012;

/// Autocorrelation of onset strength, normalized to 1 at lag 0.
pub(super) struct Correlation(Vec<f64>);

impl Correlation {
    /// The autocorrelation up to four times the longest pulse.
    pub fn of(onsets: &[f32]) -> Self {
        let most = (60.0 / RANGE_PER_MINUTE.0 / HOP_S * 4.0) as usize + 2;
        let values: Vec<f64> = (0..=most)
            .map(|lag| {
                let pairs = onsets.iter().zip(onsets.get(lag..).unwrap_or_default());
                let sum: f64 = pairs.map(|(a, b)| f64::from(a * b)).sum();
                // Not divided by the number of pairs: few pairs are weak evidence.
                sum / onsets.len().max(1) as f64
            })
            .collect();
        let power = values[0].max(1e-9);
        Self(values.into_iter().map(|value| value / power).collect())
    }

    /// The value at a fractional lag in frames, interpolated.
    pub fn at(&self, lag: f64) -> f64 {
        let (floor, part) = (lag.floor() as usize, lag.fract());
        match (self.0.get(floor), self.0.get(floor + 1)) {
            (Some(a), Some(b)) => a + (b - a) * part,
            _ => 0.0,
        }
    }

    /// The candidate periods, in frames: maxima, and twice, three times, a half and a third of the
    /// strongest, which other instruments may play.
    pub fn periods(&self) -> Vec<f64> {
        let lag_of = |per_minute: f64| 60.0 / per_minute / HOP_S;
        let (shortest, longest) = (lag_of(RANGE_PER_MINUTE.1), lag_of(RANGE_PER_MINUTE.0));
        // A pulse also repeats after two and four steps.
        let score = |lag: f64| self.at(lag) + 0.5 * self.at(2.0 * lag) + 0.25 * self.at(4.0 * lag);
        let steps = ((longest - shortest) * 4.0) as usize;
        let scores: Vec<(f64, f64)> = (0..=steps)
            .map(|i| shortest + i as f64 / 4.0)
            .map(|lag| (lag, score(lag)))
            .collect();
        let mut maxima: Vec<(f64, f64)> = scores
            .windows(3)
            .filter(|w| w[1].1 > 0.0 && w[1].1 >= w[0].1 && w[1].1 > w[2].1)
            .map(|w| w[1])
            .collect();
        maxima.sort_by(|a, b| b.1.total_cmp(&a.1));
        let mut periods: Vec<f64> = Vec::new();
        let mut take = |lag: f64| {
            let inside = lag >= shortest * 0.98 && lag <= longest * 1.02;
            let known = periods
                .iter()
                .any(|it| (it / lag - 1.0).abs() < SAME_PERIOD);
            if inside && !known && periods.len() < MOST_PERIODS {
                periods.push(lag);
            }
        };
        for (lag, _) in maxima.iter().take(MAXIMA) {
            take(*lag);
        }
        for factor in [2.0, 0.5, 3.0, 1.0 / 3.0, 1.5, 2.0 / 3.0, 4.0, 0.25] {
            for (lag, _) in maxima.iter().take(ROOTS) {
                take(lag * factor);
            }
        }
        periods
    }
}

/// The best sequence of pulses about `period` frames apart, seconds.
pub(super) fn track(onsets: &[f32], period: f64) -> Vec<f64> {
    // Blurred by a 32nd of the period, as the ear is.
    let blurred = blurred(onsets, period / 32.0, period / 8.0);
    let power: f64 = blurred.iter().map(|x| x * x).sum();
    let deviation = (power / blurred.len().max(1) as f64).sqrt().max(1e-9);
    let steps: Vec<(usize, f64)> = ((period * 0.6).round() as usize..=(period * 1.6) as usize)
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
    let mut pulses = Vec::new();
    while let Some(t) = at {
        pulses.push(t as f64 * HOP_S);
        at = came_from[t];
    }
    pulses.reverse();
    pulses
}

/// Moves each pulse onto the line fitted to it and its neighbours: frames are 12 ms apart, while a
/// steady band has less jitter.
pub(super) fn smoothed(times_s: &[f64], period_s: f64) -> Vec<f64> {
    let reach = ((SMOOTHED_S / period_s).round() as usize).clamp(3, 16);
    (0..times_s.len())
        .map(|i| {
            let from = i.saturating_sub(reach);
            let to = (i + reach + 1).min(times_s.len());
            let count = (to - from) as f64;
            let (mut x, mut y, mut xx, mut xy) = (0.0, 0.0, 0.0, 0.0);
            for (k, time_s) in times_s.iter().enumerate().take(to).skip(from) {
                let place = k as f64 - i as f64;
                x += place;
                y += time_s;
                xx += place * place;
                xy += place * time_s;
            }
            let spread = count * xx - x * x;
            if spread <= 0.0 {
                return times_s[i];
            }
            let slope = (count * xy - x * y) / spread;
            (y - slope * x) / count
        })
        .collect()
}

/// Pulses exactly `period_s` apart, where the onsets are strongest.
pub(super) fn comb(onsets: &[f32], period_s: f64) -> Vec<f64> {
    let blur = PHASE_BLUR_S / HOP_S;
    let blurred = blurred(onsets, blur, 3.0 * blur);
    let length_s = onsets.len() as f64 * HOP_S;
    let steps = (period_s / PHASE_STEP_S).ceil().max(1.0) as usize;
    let pulses = |phase: usize| {
        let first_s = phase as f64 * period_s / steps as f64;
        let count = ((length_s - first_s) / period_s).max(0.0) as usize;
        (0..=count).map(move |i| first_s + i as f64 * period_s)
    };
    let strength = |phase: usize| -> f64 {
        pulses(phase)
            .map(|time_s| {
                let place = time_s / HOP_S;
                let (floor, part) = (place.floor() as usize, place.fract());
                let value = |i: usize| blurred.get(i).copied().unwrap_or(0.0);
                value(floor) * (1.0 - part) + value(floor + 1) * part
            })
            .sum()
    };
    (0..steps)
        .map(|phase| (phase, strength(phase)))
        .max_by(|a, b| a.1.total_cmp(&b.1).then(b.0.cmp(&a.0)))
        .map(|(phase, _)| pulses(phase).collect())
        .unwrap_or_default()
}

/// Convolves with a Gaussian of standard deviation `deviation`, cut off at `reach`, both in frames.
fn blurred(onsets: &[f32], deviation: f64, reach: f64) -> Vec<f64> {
    let reach = reach.ceil() as i64;
    let bell: Vec<(i64, f64)> = (-reach..=reach)
        .map(|d| {
            let z = d as f64 / deviation;
            (d, (-0.5 * z * z).exp())
        })
        .filter(|(_, weight)| *weight > 1e-4)
        .collect();
    (0..onsets.len() as i64)
        .map(|t| {
            bell.iter()
                .filter_map(|(d, weight)| {
                    let onset = onsets.get(usize::try_from(t + d).ok()?)?;
                    Some(f64::from(*onset) * weight)
                })
                .sum()
        })
        .collect()
}

/// The strongest of the frames around a time in seconds.
pub(super) fn around(values: &[f32], time_s: f64) -> f32 {
    let middle = (time_s / HOP_S).round().max(0.0) as usize;
    let from = middle.saturating_sub(2).min(values.len());
    let to = (middle + 3).min(values.len());
    values[from..to].iter().copied().fold(0.0, f32::max)
}

/// The same pulses, shifted by a share of a step.
pub(super) fn shifted(times_s: &[f64], share: f64) -> Vec<f64> {
    times_s
        .windows(2)
        .map(|w| w[0] + (w[1] - w[0]) * share)
        .collect()
}

/// Adds pulses before the first and after the last one, at the tempo there.
pub(super) fn extend(times_s: &mut Vec<f64>, length_s: f64) {
    // A pulse slightly before the beginning is moved onto it.
    const HAIR_S: f64 = 0.01;
    times_s.retain(|time_s| *time_s > -HAIR_S);
    let [first, second, ..] = times_s.as_slice() else {
        return;
    };
    let (first, step) = (*first, (second - first).max(HAIR_S));
    let lead = ((first + HAIR_S) / step).floor().max(0.0) as usize;
    let mut all: Vec<f64> = (1..=lead).rev().map(|i| first - i as f64 * step).collect();
    all.append(times_s);
    if let [.., before, last] = all.as_slice() {
        let (last, step) = (*last, (last - before).max(HAIR_S));
        let more = ((length_s - last) / step).floor().max(0.0) as usize;
        all.extend((1..=more).map(|i| last + i as f64 * step));
    }
    if let Some(first) = all.first_mut() {
        *first = first.max(0.0);
    }
    *times_s = all;
}
