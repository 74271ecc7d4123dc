//! Tempo marks: the note that a tempo counts.

use super::Chart;
use crate::time::Meter;

/// A metronome mark: a note value and how many of it there are in a minute.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TempoMark {
    /// The note in quarter notes: 2, 1.5, 1, 0.75 or 0.5.
    pub beats: f64,
    /// How many of it a minute.
    pub per_minute: f64,
}

impl TempoMark {
    /// The mark of a tempo in quarter notes a minute. It counts the note that the meter counts, but
    /// no note shorter than an eighth or longer than a half.
    #[must_use]
    pub fn new(meter: Meter, quarters_bpm: f64) -> Self {
        let beats = meter.pulse_beats().clamp(0.5, 2.0);
        Self {
            beats,
            per_minute: quarters_bpm / beats,
        }
    }

    /// Whether the note has a dot.
    #[must_use]
    pub fn is_dotted(&self) -> bool {
        self.beats == 1.5 || self.beats == 0.75
    }

    /// The note in words.
    #[must_use]
    pub fn note(&self) -> &'static str {
        match self.beats {
            beats if beats >= 2.0 => "half",
            beats if beats >= 1.5 => "dotted quarter",
            beats if beats >= 1.0 => "quarter",
            beats if beats >= 0.75 => "dotted eighth",
            _ => "eighth",
        }
    }

    /// `120 bpm` where quarters are counted, else `dotted quarter = 60`.
    #[must_use]
    pub fn text(&self) -> String {
        if self.beats == 1.0 {
            format!("{:.0} bpm", self.per_minute)
        } else {
            format!("{} = {:.0}", self.note(), self.per_minute)
        }
    }
}

impl Chart {
    /// The metronome mark at the head of the chart.
    #[must_use]
    pub fn tempo_mark(&self) -> TempoMark {
        TempoMark::new(self.meter(), self.tempo_bpm)
    }
}
