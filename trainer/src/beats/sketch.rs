//! Sketches: half a minute of a band of sines and noise in any meter, made in milliseconds, to
//! fit the beat finder's weights on many grooves at many tempi.

use std::f64::consts::TAU;

use harmony::time::Meter;
use harmony::timeline::{Segment, Timeline, TimelineError};
use recognizer::audio::Audio;

use super::tempi::{Kind, METERS, Truth};

const RATE_HZ: u32 = 22_050;
const RATE: f64 = RATE_HZ as f64;
/// Minimum length, in seconds.
const LENGTH_S: f64 = 36.0;
/// The meters, used in turn.
const TURN: [&str; 8] = ["4/4", "4/4", "4/4", "3/4", "5/4", "6/8", "7/8", "12/8"];
const CHORDS: [(&str, [f64; 3]); 4] = [
    ("C:maj", [261.6, 329.6, 392.0]),
    ("A:min", [220.0, 261.6, 329.6]),
    ("F:maj", [174.6, 220.0, 261.6]),
    ("G:maj", [196.0, 246.9, 293.7]),
];

/// A sketch: its audio, its chords as a network might hear them, and its beats.
#[derive(Debug, Clone)]
pub(crate) struct Sketch {
    /// The audio.
    pub audio: Audio,
    /// The chords, some slightly early or late, some missed.
    pub chords: Timeline,
    /// The ground truth.
    pub truth: Truth,
}

/// Random numbers (a linear congruential generator is enough for grooves).
struct Chance(u64);

impl Chance {
    fn share(&mut self) -> f64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as f64 / (1_u64 << 31) as f64
    }

    fn happens(&mut self, share: f64) -> bool {
        self.share() < share
    }

    fn one_of<T: Copy>(&mut self, values: &[T]) -> T {
        values[(self.share() * values.len() as f64) as usize]
    }
}

/// What is played in a bar, in eighths.
struct Groove {
    eighths: usize,
    starts: Vec<usize>,
    kick: Vec<usize>,
    back: Vec<usize>,
    hand_step: f64,
    between: bool,
    drums: bool,
    hand: f64,
    kick_level: f64,
    back_level: f64,
    comp_level: f64,
    comp: Vec<usize>,
    sixteenths: bool,
    bass: Vec<usize>,
}

impl Groove {
    fn draw(chance: &mut Chance, meter: Meter, bpm: f64) -> Self {
        let eighths = (meter.bar_beats() * 2.0).round() as usize;
        let compound = meter.pulse_beats() > 1.0;
        let of: &[&[usize]] = match eighths {
            7 => &[&[0, 2, 4], &[0, 3, 5], &[0, 2, 5]],
            10 => &[&[0, 6], &[0, 4], &[0, 2, 4, 6, 8]],
            _ => &[],
        };
        let starts: Vec<usize> = if of.is_empty() {
            let step = if compound { 3 } else { 2 };
            (0..eighths).step_by(step).collect()
        } else {
            chance.one_of(of).to_vec()
        };
        let odd = eighths == 7 || compound;
        let quarters: Vec<usize> = (0..eighths).step_by(2).collect();
        let (mut kick, mut back) = (vec![0], Vec::new());
        if chance.happens(0.7) {
            let places = if odd { &starts } else { &quarters };
            for (index, &place) in places.iter().enumerate().skip(1) {
                if index % 2 == 1 {
                    back.push(place);
                } else {
                    kick.push(place);
                }
            }
        } else if eighths == 8 && !odd {
            (kick, back) = (vec![0, 5], vec![4]);
        } else {
            kick.clone_from(&starts);
            back.extend(starts.last());
        }
        for eighth in 1..eighths {
            if chance.happens(0.12) && !back.contains(&eighth) {
                kick.push(eighth);
            }
        }
        kick.retain(|eighth| !back.contains(eighth));
        let hand_step = if odd {
            chance.one_of(&[0.5, 1.0, 1.0])
        } else {
            chance.one_of(&[0.5, 1.0, 1.0, 1.0, 2.0])
        };
        let between = !odd && hand_step == 1.0 && chance.happens(0.2);
        let drums = chance.happens(0.8);
        let hand = 0.05 + 0.12 * chance.share();
        let kick_level = 0.3 + 0.4 * chance.share();
        let back_level = 0.15 + 0.3 * chance.share();
        let comp_level = 0.05 + 0.1 * chance.share();
        let some = |chance: &mut Chance, share: f64| -> Vec<usize> {
            let eighths = 0..eighths;
            eighths
                .filter(|it| starts.contains(it) || chance.happens(share))
                .collect()
        };
        let comp = match chance.one_of(&[0, 1, 2, 3, 4]) {
            0 => vec![0],
            1 => starts.clone(),
            2 => (0..eighths).collect(),
            3 if !odd => (1..eighths).step_by(2).collect(),
            _ => some(chance, 0.4),
        };
        let sixteenths = !odd && bpm < 100.0 && chance.happens(0.4);
        let bass = match chance.one_of(&[0, 1, 2]) {
            0 => vec![0],
            1 => starts.clone(),
            _ => some(chance, 0.3),
        };
        Self {
            eighths,
            starts,
            kick,
            back,
            hand_step,
            between,
            drums,
            hand,
            kick_level,
            back_level,
            comp_level,
            comp,
            sixteenths,
            bass,
        }
    }

    fn accent(&self, eighth: f64) -> f64 {
        if eighth.fract() != 0.0 {
            0.35
        } else if eighth == 0.0 {
            1.0
        } else if self.starts.contains(&(eighth as usize)) {
            0.75
        } else {
            0.4
        }
    }
}

/// Makes the sketch of a seed.
///
/// # Errors
/// If the chords do not make a timeline, which would be a bug here.
pub(crate) fn sketch(seed: u64) -> Result<Sketch, SketchError> {
    let mut chance = Chance(seed.wrapping_mul(7919) + 17);
    for _ in 0..8 {
        chance.share();
    }
    let name = TURN[(seed % 8) as usize];
    let meter: Meter = name.parse()?;
    let pulse = meter.pulse_beats();
    let share = chance.share();
    let bpm = if pulse > 1.0 {
        90.0 * 2.5_f64.powf(share)
    } else {
        60.0 * (200.0_f64 / 60.0).powf(share)
    };
    let first_s = chance.share();
    let groove = Groove::draw(&mut chance, meter, bpm);
    let eighth_s = 30.0 / bpm;
    let bar_s = groove.eighths as f64 * eighth_s;
    let bars = ((LENGTH_S - first_s) / bar_s).ceil().max(6.0) as usize;
    let length_s = first_s + bars as f64 * bar_s + 0.3;
    let mut samples = vec![0.0_f32; (length_s * RATE) as usize];
    let turn = chance.one_of(&[1, 2, 3, 4, 4, 4, 4]);
    let every = chance.one_of(&[1, 1, 1, 2]);
    let halves = chance.one_of(&[0.0, 0.0, 0.3, 0.8]);
    let half = groove.starts[groove.starts.len() / 2];
    let loose_s = chance.one_of(&[0.0, 0.005, 0.012]);
    let mut hands = Chance(seed + 99);
    let (mut chord, mut changes, mut beats) = (0, Vec::new(), Vec::new());
    for bar in 0..bars {
        let start_s = first_s + bar as f64 * bar_s;
        if bar % every == 0 {
            chord += 1;
        }
        changes.push((start_s, chord % turn));
        let split = half > 0 && chance.happens(halves);
        for number in 0..(meter.bar_beats() / pulse).round() as usize {
            beats.push((
                start_s + number as f64 * pulse * 2.0 * eighth_s,
                number == 0,
            ));
        }
        let first = chord % turn;
        if split {
            chord += 1;
            changes.push((start_s + half as f64 * eighth_s, chord % turn));
        }
        let second = chord % turn;
        let keys = |eighth: f64| {
            CHORDS[if split && eighth >= half as f64 {
                second
            } else {
                first
            }]
            .1
        };
        let mut at =
            |eighth: f64| start_s + eighth * eighth_s + loose_s * (hands.share() * 2.0 - 1.0);
        play(&mut samples, &groove, &mut chance, &mut at, &keys);
    }
    let kind = match name {
        "4/4" if seed.is_multiple_of(8) => Kind::Song,
        _ => Kind::Piece(METERS.iter().position(|it| *it == name).unwrap_or(0)),
    };
    Ok(Sketch {
        chords: heard(&mut chance, &changes, length_s)?,
        audio: Audio::new(samples, RATE_HZ),
        truth: Truth {
            kind,
            meter: Some(name.to_owned()),
            bpm: Some(bpm),
            beats,
            chords: Vec::new(),
        },
    })
}

/// Adds a bar of all players.
fn play(
    samples: &mut [f32],
    groove: &Groove,
    chance: &mut Chance,
    at: &mut dyn FnMut(f64) -> f64,
    keys: &dyn Fn(f64) -> [f64; 3],
) {
    let decay = |t: f64, rate: f64| (-t * rate).exp();
    if groove.drums {
        for &eighth in &groove.kick {
            let at_s = at(eighth as f64);
            if chance.happens(0.95) {
                strike(samples, at_s, 0.2, |t, _| {
                    groove.kick_level * decay(t, 25.0) * (TAU * 65.0 * t).sin()
                });
            }
        }
        for &eighth in &groove.back {
            strike(samples, at(eighth as f64), 0.15, |t, n| {
                groove.back_level * decay(t, 30.0) * (noise(n) + (TAU * 190.0 * t).sin())
            });
        }
        let count = (groove.eighths as f64 / groove.hand_step).round() as usize;
        for eighth in (0..count).map(|index| index as f64 * groove.hand_step) {
            if groove.between && eighth % 2.0 != 1.0 {
                continue;
            }
            let loud = if groove.between && eighth.fract() == 0.0 {
                1.0
            } else {
                groove.accent(eighth)
            };
            strike(samples, at(eighth), 0.05, |t, n| {
                groove.hand * loud * decay(t, 90.0) * (noise(n) - noise(n + 1))
            });
        }
    }
    let comp: Vec<f64> = if groove.sixteenths {
        (0..2 * groove.eighths).map(|it| it as f64 / 2.0).collect()
    } else {
        groove.comp.iter().map(|it| *it as f64).collect()
    };
    for eighth in comp {
        let keys = keys(eighth);
        let loud = groove.comp_level * groove.accent(eighth);
        let one = keys[(eighth * 2.0) as usize % 3];
        strike(samples, at(eighth), 0.5, |t, _| {
            let tones: f64 = if groove.sixteenths {
                1.5 * (TAU * one * t).sin()
            } else {
                keys.iter().map(|hz| (TAU * hz * t).sin()).sum()
            };
            loud * (t * 400.0).min(1.0) * decay(t, 5.0) * tones
        });
    }
    for &eighth in &groove.bass {
        let eighth = eighth as f64;
        let hz = keys(eighth)[0] / 2.0;
        let loud = 0.25 * groove.accent(eighth);
        strike(samples, at(eighth), 0.4, |t, _| {
            loud * (t * 300.0).min(1.0) * decay(t, 4.0) * (TAU * hz * t).sin()
        });
    }
}

/// Adds `sound`, a function of the seconds since `at_s` and the sample's number.
fn strike(samples: &mut [f32], at_s: f64, length_s: f64, sound: impl Fn(f64, usize) -> f64) {
    if at_s < 0.0 {
        return;
    }
    let start = (at_s * RATE).round() as usize;
    let count = (length_s * RATE) as usize;
    for (n, sample) in samples.iter_mut().skip(start).take(count).enumerate() {
        *sample += sound(n as f64 / RATE, start + n) as f32;
    }
}

/// White noise, -1 to 1 (the finalizer of `SplitMix64`).
fn noise(n: usize) -> f64 {
    let x = (n as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ 0x5851_F42D_4C95_7F2D;
    let x = (x ^ (x >> 29)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    (x >> 40) as f64 / f64::from(1_u32 << 23) - 1.0
}

/// The chords as a network would hear them: within 30 ms, and with one change in twelve
/// missed.
fn heard(
    chance: &mut Chance,
    changes: &[(f64, usize)],
    length_s: f64,
) -> Result<Timeline, SketchError> {
    let mut segments = Vec::new();
    let mut current: Option<(f64, usize)> = None;
    for &(time_s, chord) in changes {
        let Some((since_s, sounding)) = current else {
            // The first is never missed; it starts with the audio.
            chance.share();
            current = Some((0.0, chord));
            continue;
        };
        if sounding == chord || chance.happens(0.08) {
            continue;
        }
        let heard_s = (time_s + 0.03 * (chance.share() * 2.0 - 1.0)).max(0.0);
        if heard_s > since_s + 0.05 {
            segments.push(Segment::new(since_s, heard_s, CHORDS[sounding].0.parse()?));
            current = Some((heard_s, chord));
        }
    }
    if let Some((since_s, chord)) = current {
        segments.push(Segment::new(since_s, length_s, CHORDS[chord].0.parse()?));
    }
    Ok(Timeline::from_segments(segments)?)
}

/// Why a sketch failed: an invalid name in this file.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SketchError {
    /// A meter.
    #[error(transparent)]
    Meter(#[from] harmony::time::ParseMeterError),
    /// A chord.
    #[error(transparent)]
    Label(#[from] harmony::label::ParseLabelError),
    /// Their order.
    #[error(transparent)]
    Timeline(#[from] TimelineError),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sketch_of_each_meter_has_its_bars() {
        for seed in 0..8 {
            let sketch = sketch(seed).unwrap();
            let meter = sketch.truth.meter().unwrap();
            let pulses = (meter.bar_beats() / meter.pulse_beats()).round() as usize;
            let beats = &sketch.truth.beats;
            assert!(beats.iter().step_by(pulses).all(|beat| beat.1));
            assert!(beats.len().is_multiple_of(pulses));
            assert!(sketch.audio.length_s() >= LENGTH_S);
            assert!(sketch.audio.samples.iter().any(|x| x.abs() > 0.05));
        }
    }
}
