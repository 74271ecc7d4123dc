//! Chord charts: a track quantized to the grid of its bars, as a musician reads it.
//!
//! A [`Chart`] is what every notation is written from: MusicXML, ChordPro, iReal Pro,
//! text, and the drawn charts. Its positions are whole numbers of sixteenth notes.

mod quantize;
mod repeats;
mod tempo_mark;

use crate::key::Key;
use crate::label::Label;
use crate::time::Meter;

pub use quantize::MAX_BARS;
pub use tempo_mark::TempoMark;

/// Divisions of a quarter note: the unit of positions in a chart.
pub const DIVISIONS: u32 = 4;

/// A chord within a bar.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Placed {
    /// Where it starts, in [`DIVISIONS`] from the start of the bar.
    pub offset: u32,
    /// How long it lasts within the bar, in [`DIVISIONS`].
    pub length: u32,
    /// What sounds.
    pub label: Label,
    /// True when it is held over from the bar before.
    pub held: bool,
}

/// A bar.
#[derive(Clone, Debug, PartialEq)]
pub struct Bar {
    /// Its number: 1 is the first whole bar, 0 a pickup.
    pub number: u32,
    /// Its start in seconds of the recording.
    pub start_s: f64,
    /// Its start in quarter-note beats of the track.
    pub start_beat: f64,
    /// Its length in [`DIVISIONS`]: less than the meter's in a pickup.
    pub length: u32,
    /// The meter it is in.
    pub meter: Meter,
    /// The key it is in, if the track has one.
    pub key: Option<Key>,
    /// The label of the section that starts here.
    pub section: Option<String>,
    /// The chords, in order, from the first instant of the bar to its last.
    pub chords: Vec<Placed>,
    /// A repeated passage starts here.
    pub repeat_start: bool,
    /// How many times the repeated passage that ends here is played; 0 where none ends.
    pub repeat_times: u32,
}

impl Bar {
    /// Whether both bars have the same meter, length, key and chords.
    #[must_use]
    pub fn plays_like(&self, other: &Self) -> bool {
        self.meter == other.meter
            && self.length == other.length
            && self.key == other.key
            && self.chords.len() == other.chords.len()
            && self
                .chords
                .iter()
                .zip(&other.chords)
                .all(|(own, other)| own.offset == other.offset && own.label == other.label)
    }

    /// The beat that a musician counts, in [`DIVISIONS`]; at least 1.
    #[must_use]
    pub fn pulse(&self) -> u32 {
        divisions(self.meter.pulse_beats()).max(1)
    }
}

/// Beats as whole divisions, to the nearest.
fn divisions(beats: f64) -> u32 {
    (beats * f64::from(DIVISIONS)).round() as u32
}

/// How a chart is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChartOptions {
    /// Leave out silence and unknown time before the first chord and after the last.
    pub trim: bool,
    /// Write immediately repeated passages with repeat signs.
    pub fold: bool,
}

impl Default for ChartOptions {
    fn default() -> Self {
        Self {
            trim: true,
            fold: true,
        }
    }
}

/// A chord chart.
#[derive(Clone, Debug, PartialEq)]
pub struct Chart {
    /// The title; empty where unknown.
    pub title: String,
    /// Who wrote it; empty where unknown.
    pub composer: String,
    /// The tempo over the whole song, in quarter notes a minute.
    pub tempo_bpm: f64,
    /// Bars on a line.
    pub bars_per_line: usize,
    /// The bars.
    pub bars: Vec<Bar>,
}

impl Chart {
    /// The key at the start, where it is known.
    #[must_use]
    pub fn key(&self) -> Option<Key> {
        self.bars.first()?.key
    }

    /// The meter at the start.
    #[must_use]
    pub fn meter(&self) -> Meter {
        self.bars.first().map_or(Meter::COMMON, |bar| bar.meter)
    }

    /// Whether a bar is written as a repetition of the one before it (`%`): the same
    /// chords on the same line, and no sign between the two.
    #[must_use]
    pub fn is_simile(&self, index: usize) -> bool {
        let Some((bar, before)) = self.bars.get(index).zip(
            index
                .checked_sub(1)
                .and_then(|before| self.bars.get(before)),
        ) else {
            return false;
        };
        bar.plays_like(before)
            && bar.section.is_none()
            && !bar.repeat_start
            && before.repeat_times == 0
            && before.number > 0
            && bar
                .chords
                .iter()
                .any(|placed| placed.label != Label::NoChord)
    }

    /// Whether a bar has to start a line: the first of a section or of a repeated passage, or the
    /// one after such a passage.
    fn starts_line(&self, index: usize) -> bool {
        let bar = &self.bars[index];
        let after_repeat = index
            .checked_sub(1)
            .is_some_and(|it| self.bars[it].repeat_times > 0);
        let after_pickup = index == 1 && self.bars[0].number == 0;
        !after_pickup && (bar.section.is_some() || bar.repeat_start || after_repeat)
    }

    /// The label of the section that starts on a line of [`lines`](Self::lines).
    #[must_use]
    pub fn section_of(&self, line: &std::ops::Range<usize>) -> Option<&str> {
        let bars = self.bars.get(line.clone())?;
        // A section starts a line; only a pickup may come before it.
        bars.iter().take(2).find_map(|bar| bar.section.as_deref())
    }

    /// The lines of the chart, as ranges of bars: a new one for each section and each repeated
    /// passage, and when a line is full. A pickup does not count, and a single bar joins the line
    /// before it.
    #[must_use]
    pub fn lines(&self) -> Vec<std::ops::Range<usize>> {
        let most = self.bars_per_line.max(1);
        let mut lines = Vec::new();
        let (mut from, mut count) = (0, 0);
        for (index, bar) in self.bars.iter().enumerate() {
            let starts = self.starts_line(index);
            let alone = most > 1 && (index + 1 >= self.bars.len() || self.starts_line(index + 1));
            let after_pickup = index == 1 && self.bars[0].number == 0;
            if index > from && !after_pickup && (count == most && !alone || count > most || starts)
            {
                lines.push(from..index);
                (from, count) = (index, 0);
            }
            if bar.number > 0 {
                count += 1;
            }
        }
        if from < self.bars.len() {
            lines.push(from..self.bars.len());
        }
        lines
    }
}
