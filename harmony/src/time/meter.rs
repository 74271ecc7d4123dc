//! Meters: time signatures, meter maps and bars.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::{MAX_BEAT, TimeError};
use crate::label::as_string::serde_as_string;

/// The most changes a meter map may have.
pub const MAX_METER_CHANGES: usize = 20_000;

/// A time signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Meter {
    numerator: u8,
    denominator: u8,
}

impl Meter {
    /// 4/4.
    pub const COMMON: Self = Self {
        numerator: 4,
        denominator: 4,
    };

    /// A meter.
    ///
    /// # Errors
    /// A numerator outside 1 … 32, a denominator other than 1, 2, 4, 8, 16.
    pub const fn new(numerator: u8, denominator: u8) -> Result<Self, TimeError> {
        if matches!(numerator, 1..=32) && matches!(denominator, 1 | 2 | 4 | 8 | 16) {
            Ok(Self {
                numerator,
                denominator,
            })
        } else {
            Err(TimeError::Meter {
                numerator,
                denominator,
            })
        }
    }

    /// The upper number.
    #[must_use]
    pub const fn numerator(self) -> u8 {
        self.numerator
    }

    /// The lower number.
    #[must_use]
    pub const fn denominator(self) -> u8 {
        self.denominator
    }

    /// The length of a bar in quarter notes.
    #[must_use]
    pub fn bar_beats(self) -> f64 {
        f64::from(self.numerator) * 4.0 / f64::from(self.denominator)
    }

    /// The length in quarter notes of the beat that a musician counts: the note of the lower
    /// number, or three of them in compound meters (6/8, 9/8, 12/8 and the same over 16).
    #[must_use]
    pub fn pulse_beats(self) -> f64 {
        let unit = 4.0 / f64::from(self.denominator);
        if self.denominator >= 8 && self.numerator > 3 && self.numerator.is_multiple_of(3) {
            3.0 * unit
        } else {
            unit
        }
    }
}

impl Default for Meter {
    fn default() -> Self {
        Self::COMMON
    }
}

impl fmt::Display for Meter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.numerator, self.denominator)
    }
}

/// A text that is not a meter.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a meter: expected one like 4/4, 3/4 or 12/8")]
pub struct ParseMeterError(String);

impl FromStr for Meter {
    type Err = ParseMeterError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.split_once('/')
            .and_then(|(numerator, denominator)| {
                let numerator = numerator.trim().parse().ok()?;
                Self::new(numerator, denominator.trim().parse().ok()?).ok()
            })
            .ok_or_else(|| ParseMeterError(text.chars().take(40).collect()))
    }
}

serde_as_string!(Meter);

/// A meter from a beat on, which starts a bar.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct MeterChange {
    /// Quarter-note beats.
    pub beat: f64,
    /// The meter.
    // The spelling of saved tracks.
    #[serde(rename = "metre")]
    pub meter: Meter,
}

/// A bar.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BarSpan {
    /// Its number: bar 1 starts at the map's first change; earlier bars have 0 and less.
    pub number: i64,
    /// Its first beat.
    pub start: f64,
    /// Where the next begins. A change of meter may cut a bar short.
    pub end: f64,
    /// Its meter.
    pub meter: Meter,
}

/// The meters of a song, which define its bars. Bars before the first change have its meter too.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Vec<MeterChange>", into = "Vec<MeterChange>")]
pub struct MeterMap {
    changes: Vec<MeterChange>,
}

impl Default for MeterMap {
    fn default() -> Self {
        Self::constant(Meter::COMMON)
    }
}

impl MeterMap {
    /// One meter, a bar starting at beat 0.
    #[must_use]
    pub fn constant(meter: Meter) -> Self {
        Self {
            changes: vec![MeterChange { beat: 0.0, meter }],
        }
    }

    /// A map of changes in order.
    ///
    /// # Errors
    /// No change, too many, or beats that are beyond [`MAX_BEAT`] or do not increase.
    pub fn new(changes: Vec<MeterChange>) -> Result<Self, TimeError> {
        if changes.is_empty() {
            return Err(TimeError::NoMeter);
        }
        if changes.len() > MAX_METER_CHANGES {
            return Err(TimeError::TooMany {
                count: changes.len(),
                most: MAX_METER_CHANGES,
            });
        }
        for (index, change) in changes.iter().enumerate() {
            let before = index.checked_sub(1).map(|before| changes[before].beat);
            if !(-MAX_BEAT..=MAX_BEAT).contains(&change.beat)
                || before.is_some_and(|before| change.beat <= before)
            {
                return Err(TimeError::Change {
                    index,
                    beat: change.beat,
                });
            }
        }
        Ok(Self { changes })
    }

    /// The changes.
    #[must_use]
    pub fn changes(&self) -> &[MeterChange] {
        &self.changes
    }

    /// Sets the meter from a beat to the next change; one at the same beat is replaced.
    /// Before the first change, the map then starts there.
    ///
    /// # Errors
    /// A beat beyond [`MAX_BEAT`], too many changes.
    pub fn set(&mut self, beat: f64, meter: Meter) -> Result<(), TimeError> {
        let mut changes = self.changes.clone();
        changes.retain(|change| change.beat != beat);
        let at = changes.partition_point(|change| change.beat < beat);
        changes.insert(at, MeterChange { beat, meter });
        *self = Self::new(changes)?;
        Ok(())
    }

    /// The map whose changes lie at `factor` times the beats. Bars have as many beats as
    /// before; one that a change now falls into is cut short there.
    ///
    /// # Errors
    /// A factor that brings changes out of order or beyond [`MAX_BEAT`].
    pub fn scaled(&self, factor: f64) -> Result<Self, TimeError> {
        let changes = self.changes.iter().map(|change| MeterChange {
            beat: change.beat * factor,
            ..*change
        });
        Self::new(changes.collect())
    }

    /// The meter at a beat.
    #[must_use]
    pub fn meter_at(&self, beat: f64) -> Meter {
        let after = self.changes.partition_point(|change| change.beat <= beat);
        self.changes[after.saturating_sub(1)].meter
    }

    /// The bar that a beat lies in; a barline belongs to the bar after it.
    #[must_use]
    pub fn bar_at(&self, beat: f64) -> BarSpan {
        // A beat that rounding puts just before a barline is on it.
        const HAIR: f64 = 1e-9;
        let beat = beat + HAIR;
        let after = self.changes.partition_point(|change| change.beat <= beat);
        let index = after.saturating_sub(1);
        let mut number = 1;
        for pair in self.changes[..=index].windows(2) {
            let bars = (pair[1].beat - pair[0].beat) / pair[0].meter.bar_beats();
            number += (bars - 1e-6).ceil() as i64;
        }
        let MeterChange { beat: from, meter } = self.changes[index];
        let within = ((beat - from) / meter.bar_beats()).floor();
        let start = from + within * meter.bar_beats();
        let next = self.changes.get(after).filter(|_| after > 0);
        let mut end = start + meter.bar_beats();
        if let Some(next) = next {
            end = end.min(next.beat);
        } else if after == 0 {
            end = end.min(from);
        }
        BarSpan {
            number: number.saturating_add(within as i64),
            start,
            end,
            meter,
        }
    }

    /// The bars that `from` … `to` touches, at most `most` of them.
    #[must_use]
    pub fn bars(&self, from: f64, to: f64, most: usize) -> Vec<BarSpan> {
        let mut bars = Vec::new();
        let mut beat = from;
        while beat < to - 1e-9 && bars.len() < most {
            let bar = self.bar_at(beat);
            // A bar that rounding leaves without length would never end.
            beat = if bar.end > beat { bar.end } else { beat + 1.0 };
            bars.push(bar);
        }
        bars
    }
}

impl TryFrom<Vec<MeterChange>> for MeterMap {
    type Error = TimeError;

    fn try_from(changes: Vec<MeterChange>) -> Result<Self, Self::Error> {
        Self::new(changes)
    }
}

impl From<MeterMap> for Vec<MeterChange> {
    fn from(map: MeterMap) -> Self {
        map.changes
    }
}
