//! Features of a beat candidate, by which candidates at every tempo and meter are compared.

use harmony::time::Meter;
use harmony::timeline::Timeline;

use super::bars::Evidence;
use super::onset::{HOP_S, Onsets};
use super::pulse::{Correlation, around};

/// The number of features.
pub const FEATURES: usize = 55;
/// The features of a candidate.
pub type Features = [f64; FEATURES];

/// Indices of some of them: the strength of onsets on beats, in standard deviations,
const ON: usize = 0;
/// the unevenness of steps, as the standard deviation of their logarithm,
const UNEVENNESS: usize = 20;
/// the correlation of the onset strength a beat later,
const ONE_LATER: usize = 21;
/// and two,
const TWO_LATER: usize = 22;
/// and the similarity of bars, or pairs of bars, relative to stretches of other lengths.
const BARS: usize = 44;

/// Twelfths of a pulse at which onsets are sampled.
const PLACES: [usize; 6] = [0, 3, 4, 6, 8, 9];
/// Indices of those by which bars are compared.
const COMPARED: [usize; 4] = [0, 1, 3, 5];
/// The largest distance at which pulses are compared, in pulses.
const MOST_LAG: usize = 16;

/// The note value of a pulse: a quarter, a dotted quarter, or an eighth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Simple,
    Compound,
    Short,
}

impl Kind {
    pub fn of(meter: Meter) -> Self {
        let pulse = meter.pulse_beats();
        if pulse * f64::from(meter.denominator()) > 4.5 {
            Self::Compound
        } else if pulse < 0.75 {
            Self::Short
        } else {
            Self::Simple
        }
    }
}

/// Beats of a bar.
pub(super) fn pulses(meter: Meter) -> usize {
    let pulses = (meter.bar_beats() / meter.pulse_beats()).round();
    (pulses as usize).max(1)
}

/// A pulse with everything that does not depend on the meter.
pub(super) struct Pulse {
    pub times_s: Vec<f64>,
    pub evidence: Evidence,
    /// Seconds from pulse to pulse, the median.
    period_s: f64,
    /// Features without those of the bars.
    own: Vec<f64>,
    /// Onsets of all, low, middle and high bands on each pulse.
    on: [Vec<f64>; 4],
    /// Similarity of pulses at each distance, by onsets and by chord changes.
    alike: Vec<(f64, f64)>,
}

impl Pulse {
    pub fn new(
        times_s: Vec<f64>,
        onsets: &Onsets,
        correlation: &Correlation,
        chords: &Timeline,
    ) -> Self {
        let bands = [&onsets.all, &onsets.low, &onsets.mid, &onsets.high];
        let steps: Vec<f64> = times_s.windows(2).map(|w| w[1] - w[0]).collect();
        let period_s = median(&steps);
        // Onsets by band and place, pulse by pulse.
        let heard: Vec<Vec<Vec<f64>>> = bands
            .iter()
            .map(|band| {
                let at = |place: &usize| -> Vec<f64> {
                    let share = *place as f64 / 12.0;
                    let strength = |(i, time_s): (usize, &f64)| {
                        let step = steps.get(i).copied().unwrap_or(period_s);
                        f64::from(around(band, time_s + share * step)).min(6.0)
                    };
                    times_s.iter().enumerate().map(strength).collect()
                };
                PLACES.iter().map(at).collect()
            })
            .collect();
        let low = heard[1][0].iter().map(|x| *x as f32).collect();
        let evidence = Evidence::at(&times_s, chords, low);
        let mean_of = |band: usize, place: usize| mean(&heard[band][place]);
        let rate =
            evidence.change.iter().filter(|it| **it).count() as f64 / times_s.len().max(1) as f64;
        let mut own = Vec::new();
        for band in 0..4 {
            let on = mean_of(band, 0);
            own.push(on);
            own.push(on - mean_of(band, 3));
            own.push((mean_of(band, 1) + mean_of(band, 5)) / 2.0);
            own.push((mean_of(band, 2) + mean_of(band, 4)) / 2.0);
        }
        let [once, twice, thrice] = concentration(&times_s, chords);
        own.extend([once, twice, thrice, rate]);
        let deviation = steps
            .iter()
            .map(|s| (s / period_s).ln().powi(2))
            .sum::<f64>();
        own.push((deviation / steps.len().max(1) as f64).sqrt().min(0.2));
        let lag = period_s / HOP_S;
        own.extend([1.0, 2.0, 0.5, 1.0 / 3.0].map(|factor| correlation.at(lag * factor)));
        let alike = alike(&heard, &evidence.change);
        let on = [0, 1, 2, 3].map(|band| heard[band][0].clone());
        Self {
            times_s,
            evidence,
            period_s,
            own,
            on,
            alike,
        }
    }

    /// The median tempo in pulses a minute.
    pub fn per_minute(&self) -> f64 {
        60.0 / self.period_s
    }

    /// The features of this pulse as the beats of `meter`. `in_bar` has the number of each beat in
    /// its bar; `gain` is the log-likelihood ratio against no bars, nats.
    pub fn features(&self, meter: Meter, in_bar: &[usize], gain: f64) -> Features {
        let kind = Kind::of(meter);
        let pulses = pulses(meter);
        let own = &self.own;
        // The counted note: the beat, or the quarter where the pulse is an eighth.
        let tempo = match kind {
            Kind::Short => self.per_minute() / 2.0,
            _ => self.per_minute(),
        };
        let octaves = (tempo / 110.0).log2();
        let bar_octaves = (self.period_s * pulses as f64 / 2.2).log2();
        let beats = self.times_s.len().max(1) as f64;
        let is = |yes: bool| f64::from(u8::from(yes));
        let (compound, short) = (is(kind == Kind::Compound), is(kind == Kind::Short));
        let mut features: Vec<f64> = own.clone();
        features.extend([octaves, octaves * octaves]);
        features.extend([bar_octaves, bar_octaves * bar_octaves]);
        features.extend([gain / beats, gain / (beats * self.period_s)]);
        // How even and odd pulses differ; the first of a bar is even.
        let even = |i: usize| in_bar.get(i).is_some_and(|n| n % 2 == 0);
        let contrast = |values: &[f64]| {
            let (mut sums, mut counts) = ([0.0; 2], [0.0; 2]);
            for (i, value) in values.iter().enumerate() {
                let side = usize::from(!even(i));
                sums[side] += value;
                counts[side] += 1.0;
            }
            sums[0] / f64::max(counts[0], 1.0) - sums[1] / f64::max(counts[1], 1.0)
        };
        let change: Vec<f64> = self.evidence.change.iter().map(|it| is(*it)).collect();
        let parity = is(pulses.is_multiple_of(2));
        for values in self.on.iter().chain([&change]) {
            features.push(parity * contrast(values));
        }
        // How the first of a bar differs from the others.
        let first = |values: &[f64]| {
            let (mut sums, mut counts) = ([0.0; 2], [0.0; 2]);
            for (value, number) in values.iter().zip(in_bar) {
                let side = usize::from(*number != 0);
                sums[side] += value;
                counts[side] += 1.0;
            }
            sums[0] / f64::max(counts[0], 1.0) - sums[1] / f64::max(counts[1], 1.0)
        };
        for values in self.on.iter().chain([&change]) {
            features.push(first(values));
        }
        // How alike bars are, against stretches of other lengths.
        let at = |lag: usize| self.alike.get(lag).copied().unwrap_or((0.0, 0.0));
        let others: Vec<(f64, f64)> = (2..=9).filter(|l| l % pulses != 0).map(at).collect();
        let count = others.len().max(1) as f64;
        let other = (
            others.iter().map(|it| it.0).sum::<f64>() / count,
            others.iter().map(|it| it.1).sum::<f64>() / count,
        );
        let bar = at(pulses);
        features.extend([bar.0 - other.0, bar.1 - other.1, at(1).0]);
        let two = at(2 * pulses);
        features.push((two.0 - other.0).max(bar.0 - other.0));
        // Meters by name, four in a bar being the usual one.
        for known in ["3/4", "5/4", "6/8", "12/8", "7/8"] {
            features.push(is(meter.to_string() == known));
        }
        // Features with another meaning where the pulse is dotted, or an eighth.
        features.extend([own[1], own[3], octaves].map(|value| value * compound));
        features.extend([own[1], octaves].map(|value| value * short));
        debug_assert_eq!(features.len(), FEATURES);
        let mut all = [0.0; FEATURES];
        for (to, from) in all.iter_mut().zip(features) {
            *to = from;
        }
        all
    }
}

/// The steadiness of a candidate: the strength of onsets on the beats, their correlation one and
/// two beats later and that of bars, and steps of equal length.
pub(super) fn steadiness(features: &Features) -> f64 {
    features[ON] / 4.0 + features[ONE_LATER] + features[TWO_LATER] + features[BARS]
        - 15.0 * features[UNEVENNESS]
}

/// How well chord changes lie on pulses, halves and thirds: the mean cosine of their phase in the
/// pulse, times one, two and three.
fn concentration(times_s: &[f64], chords: &Timeline) -> [f64; 3] {
    let (mut sums, mut count) = ([0.0; 3], 0.0);
    for pair in chords.segments().windows(2) {
        let time_s = pair[1].start_s;
        let after = times_s.partition_point(|pulse| *pulse < time_s);
        let before = after.checked_sub(1).and_then(|i| times_s.get(i));
        if let (Some(before), Some(after)) = (before, times_s.get(after)) {
            let turn = std::f64::consts::TAU * (time_s - before) / (after - before);
            for (sum, turns) in sums.iter_mut().zip([1.0, 2.0, 3.0]) {
                *sum += (turn * turns).cos();
            }
            count += 1.0;
        }
    }
    // Few changes are weak evidence.
    sums.map(|sum| sum / (count + 3.0))
}

/// Similarity of pulses at each distance up to [`MOST_LAG`]: the correlation of their onsets, and
/// that of chord changes.
fn alike(heard: &[Vec<Vec<f64>>], change: &[bool]) -> Vec<(f64, f64)> {
    let count = change.len();
    let mut rows: Vec<Vec<f64>> = vec![Vec::new(); count];
    for band in heard.iter().skip(1) {
        for place in COMPARED {
            let values = &band[place];
            let mean = mean(values);
            for (row, value) in rows.iter_mut().zip(values) {
                row.push(value - mean);
            }
        }
    }
    let product = |a: &[f64], b: &[f64]| -> f64 { a.iter().zip(b).map(|(x, y)| x * y).sum() };
    let power = rows.iter().map(|row| product(row, row)).sum::<f64>() / count.max(1) as f64;
    let rate = change.iter().filter(|it| **it).count() as f64 / count.max(1) as f64;
    (0..=MOST_LAG)
        .map(|lag| {
            let pairs = count.saturating_sub(lag);
            if pairs < 4 || power <= 0.0 {
                return (0.0, 0.0);
            }
            let sum: f64 = (0..pairs).map(|i| product(&rows[i], &rows[i + lag])).sum();
            let both = (0..pairs).filter(|&i| change[i] && change[i + lag]).count() as f64;
            let changes = if rate > 0.0 {
                both / pairs as f64 / rate - rate
            } else {
                0.0
            };
            (sum / pairs as f64 / power, changes)
        })
        .collect()
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len().max(1) as f64
}

fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or(1.0)
}
