//! The beat finder.
//!
//! Tempo, phase and meter are found together. Every pulse of the onsets (`pulse`) is a candidate
//! for the beat, at its own phase and between, in every meter that it may be the beat of; `bars`
//! numbers its beats, `describe` computes features of the music under that candidate, and the
//! candidate that a small network (`score`, `weights`) rates highest wins. The network is fitted on
//! rendered music whose beats are known.
//!
//! Existing crates do not fit. `beat-this` is the best of them, a transformer whose separate
//! weights would more than double this program and which needs a second inference engine;
//! `stratum-dsp` is made for steady dance tracks, finds no bars, and cannot use the chords that are
//! known here.

use harmony::time::{Meter, MeterChange, MeterMap, TempoMap, TempoPoint};
use harmony::timeline::Timeline;

use super::describe::{Features, Kind, Pulse, pulses, steadiness};
use super::onset::{HOP_S, Onsets};
use super::pulse::{Correlation, comb, extend, shifted, smoothed, track};
use super::weights::SCORER;
use super::{BeatGrid, GridPosition, Place, bars};
use crate::signal::Signal;

/// How far beats may deviate from a constant tempo, seconds: less is not audible as a change.
const HELD_TEMPO_S: f64 = 0.012;
/// The fewest beats of a song.
const MIN_BEATS: usize = 8;
/// Below this steadiness there is no grid. On rendered music of POP909's train and valid splits,
/// all but one of 240 true grids are above 0.85; pieces in free time are below 0.4.
const LEAST_STEADINESS: f64 = 0.6;
/// The meters that are tried.
const METERS: [(u8, u8); 5] = [(4, 4), (3, 4), (5, 4), (6, 8), (7, 8)];

/// What is already known of the beats.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Known {
    /// The tempo, quarter notes a minute, steady from beginning to end.
    pub bpm: Option<f64>,
    /// The meter.
    pub meter: Option<Meter>,
    /// Correction of the tempo by an octave.
    pub octave: Octave,
}

/// Correction of the found tempo by an octave.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Octave {
    /// Every second beat.
    Half,
    /// As found.
    #[default]
    AsFound,
    /// An additional beat between each two.
    Double,
}

/// The beats of a song.
#[derive(Debug, Clone, PartialEq)]
pub struct Beats {
    /// The meter; each beat is one of its [`Meter::pulse_beats`].
    pub meter: Meter,
    /// Times, seconds, ascending, over the whole song.
    pub times_s: Vec<f64>,
    /// The number of each beat in its bar, from 0.
    pub in_bar: Vec<usize>,
}

/// Finds the beats of `signal`, with the help of its chords. `None` if there is too little sound,
/// or no steady beat and the tempo is not known.
#[must_use]
pub fn find(signal: &Signal, chords: &Timeline, known: Known) -> Option<Beats> {
    let heard = Heard::of(signal, chords)?;
    let mut best = Best::default();
    heard.guesses(known, &mut |guess| best.take(guess));
    let best = best.0?;
    if known.bpm.is_none() && steadiness(&best.features) < LEAST_STEADINESS {
        return None;
    }
    let times_s = &best.beats.times_s;
    let other = match known.octave {
        Octave::AsFound => return Some(best.beats),
        Octave::Double => vec![doubled(times_s)],
        Octave::Half => [0, 1]
            .map(|first| times_s.iter().copied().skip(first).step_by(2).collect())
            .to_vec(),
    };
    let meters: Vec<Meter> = match known.meter {
        Some(meter) => vec![meter],
        None => meters()
            .filter(|meter| Kind::of(*meter) == Kind::of(best.beats.meter))
            .collect(),
    };
    let mut taken = Best::default();
    for times_s in other {
        heard.at(times_s, &meters, &mut |guess| taken.take(guess));
    }
    Some(taken.0.unwrap_or(best).beats)
}

/// The best candidate so far: a long song has too many to keep them all.
#[derive(Default)]
struct Best(Option<Guess>);

impl Best {
    fn take(&mut self, guess: Guess) {
        let better = |best: &Guess| guess.score() > best.score();
        if self.0.as_ref().is_none_or(better) {
            self.0 = Some(guess);
        }
    }
}

fn doubled(times_s: &[f64]) -> Vec<f64> {
    let mut all: Vec<f64> = times_s
        .windows(2)
        .flat_map(|w| [w[0], (w[0] + w[1]) / 2.0])
        .collect();
    all.extend(times_s.last());
    all
}

/// A candidate for the beats of a song.
#[derive(Debug, Clone)]
pub struct Guess {
    /// The beats.
    pub beats: Beats,
    /// Features of the music under this candidate.
    pub features: Features,
}

impl Guess {
    /// The score of the features by the fitted weights; higher is likelier.
    #[must_use]
    pub fn score(&self) -> f64 {
        SCORER.score(&self.features)
    }
}

/// All candidates for the beats of `signal` that agree with `known`, from which [`find`] chooses.
#[must_use]
pub fn guesses(signal: &Signal, chords: &Timeline, known: Known) -> Vec<Guess> {
    let mut all = Vec::new();
    if let Some(heard) = Heard::of(signal, chords) {
        heard.guesses(known, &mut |guess| all.push(guess));
    }
    all
}

/// The meters that are tried.
fn meters() -> impl Iterator<Item = Meter> {
    METERS
        .iter()
        .filter_map(|&(above, below)| Meter::new(above, below).ok())
}

/// The analysis of a song.
struct Heard<'a> {
    onsets: Onsets,
    correlation: Correlation,
    chords: &'a Timeline,
    length_s: f64,
}

impl<'a> Heard<'a> {
    /// `None` for silence.
    fn of(signal: &Signal, chords: &'a Timeline) -> Option<Self> {
        let onsets = Onsets::of(signal);
        if onsets.all.iter().all(|x| *x == 0.0) {
            return None;
        }
        Some(Self {
            correlation: Correlation::of(&onsets.all),
            onsets,
            chords,
            length_s: signal.length_s(),
        })
    }

    fn guesses(&self, known: Known, take: &mut dyn FnMut(Guess)) {
        let meters: Vec<Meter> = match known.meter {
            Some(meter) => vec![meter],
            None => meters().collect(),
        };
        if let Some(bpm) = known.bpm {
            for kind in [Kind::Simple, Kind::Compound, Kind::Short] {
                let alike = |meter: &Meter| Kind::of(*meter) == kind;
                let meters: Vec<Meter> = meters.iter().copied().filter(alike).collect();
                if let Some(meter) = meters.first() {
                    let period_s = 60.0 / bpm * meter.pulse_beats();
                    self.shifted(&comb(&self.onsets.all, period_s), &meters, take);
                }
            }
            return;
        }
        for period in self.correlation.periods() {
            let per_minute = 60.0 / (period * HOP_S);
            let within = |meter: &Meter| {
                let (slowest, fastest) = match Kind::of(*meter) {
                    Kind::Simple => (36.0, 240.0),
                    Kind::Compound => (36.0, 190.0),
                    Kind::Short => (110.0, 460.0),
                };
                (slowest..=fastest).contains(&per_minute)
            };
            let meters: Vec<Meter> = meters.iter().copied().filter(within).collect();
            if !meters.is_empty() {
                let times_s = smoothed(&track(&self.onsets.all, period), period * HOP_S);
                self.shifted(&times_s, &meters, take);
            }
        }
    }

    /// The candidates with these pulses, also shifted between them, as beats of each meter.
    fn shifted(&self, times_s: &[f64], meters: &[Meter], take: &mut dyn FnMut(Guess)) {
        let compound = |meter: &Meter| Kind::of(*meter) == Kind::Compound;
        let dotted: Vec<Meter> = meters.iter().copied().filter(compound).collect();
        for (twelfths, meters) in [(0.0, meters), (6.0, meters), (4.0, &dotted), (8.0, &dotted)] {
            self.at(shifted(times_s, twelfths / 12.0), meters, take);
        }
    }

    /// The candidates with these times as beats of each meter.
    fn at(&self, mut times_s: Vec<f64>, meters: &[Meter], take: &mut dyn FnMut(Guess)) {
        times_s.dedup_by(|next, kept| *next <= *kept);
        extend(&mut times_s, self.length_s);
        if times_s.len() < MIN_BEATS || meters.is_empty() {
            return;
        }
        let pulse = Pulse::new(times_s, &self.onsets, &self.correlation, self.chords);
        for &meter in meters {
            let (gain, in_bar) = bars::find(&pulse.evidence, pulses(meter));
            take(Guess {
                features: pulse.features(meter, &in_bar, gain),
                beats: Beats {
                    meter,
                    times_s: pulse.times_s.clone(),
                    in_bar,
                },
            });
        }
    }
}

impl Beats {
    /// The median tempo, quarter notes a minute.
    #[must_use]
    pub fn bpm(&self) -> f64 {
        let mut steps: Vec<f64> = self.times_s.windows(2).map(|w| w[1] - w[0]).collect();
        steps.sort_by(f64::total_cmp);
        60.0 * self.meter.pulse_beats() / steps[steps.len() / 2]
    }

    /// The first beat of a bar, as an index.
    fn first_downbeat(&self) -> usize {
        self.in_bar.iter().position(|&n| n == 0).unwrap_or(0)
    }

    /// The tempo map, quarter note 0 at the first beat of the first whole bar. A tempo is kept as
    /// long as no beat deviates from it by more than 12 ms.
    #[must_use]
    pub fn tempo_map(&self) -> Option<TempoMap> {
        let first = self.first_downbeat() as f64;
        let pulse = self.meter.pulse_beats();
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
            // The last beat that a constant tempo reaches, beyond single outliers.
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

    /// The meter map for [`Self::tempo_map`]: the meter, restarted where a bar is cut short.
    #[must_use]
    pub fn meter_map(&self) -> MeterMap {
        let mut map = MeterMap::constant(self.meter);
        let first = self.first_downbeat();
        let mut bar_start = first;
        let pulses = pulses(self.meter);
        for (index, &number) in self.in_bar.iter().enumerate().skip(first + 1) {
            if number == 0 {
                if !(index - bar_start).is_multiple_of(pulses) {
                    let beat = (index - first) as f64 * self.meter.pulse_beats();
                    let change = MeterChange {
                        beat,
                        meter: self.meter,
                    };
                    // Beyond the limit changes are refused: the bars then continue unchanged.
                    let _ = map.set(change.beat, change.meter);
                }
                bar_start = index;
            }
        }
        map
    }

    /// The beat grid for the decoders.
    #[must_use]
    pub fn grid(&self) -> BeatGrid {
        let pulses = pulses(self.meter);
        let parts = if Kind::of(self.meter) == Kind::Compound {
            3
        } else {
            2
        };
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
}
