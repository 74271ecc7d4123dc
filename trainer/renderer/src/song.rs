//! A song before it is played: beats with their times, and chords on the beats.

use harmony::key::{Key, Mode};
use harmony::label::Note;

use crate::chord::Chord;

/// The harmony of a span of the song.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Harmony {
    /// A chord.
    Chord(Chord),
    /// No chord: silence, drums alone or noise.
    None,
    /// Something is played whose chord is not known; labelled `X`.
    Unknown,
}

/// One span of the chord track.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Span {
    /// First beat, counted from the start of the song; fractions allowed.
    pub start: f64,
    /// The beat at which the span ends.
    pub end: f64,
    /// The harmony.
    pub harmony: Harmony,
}

/// One beat.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Beat {
    /// Time in seconds.
    pub time_s: f64,
    /// Whether a bar starts here.
    pub downbeat: bool,
}

/// A key over a part of the song.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct KeySpan {
    /// First beat, as in [`Span`].
    pub start: f64,
    /// The beat at which the key ends.
    pub end: f64,
    /// The key.
    pub key: Key,
}

/// Beats, chords and feel of a song.
#[derive(Debug, Clone, PartialEq)]
pub struct Song {
    /// At least two beats in ascending time; times beyond the last beat are extrapolated.
    pub beats: Vec<Beat>,
    /// Ordered, gap-free spans.
    pub spans: Vec<Span>,
    /// Where the middle of a beat falls, as a fraction of the beat: 0.5 is
    /// straight, 2/3 a triplet swing.
    pub swing: f64,
    /// The key that melodies are written in.
    pub key: Key,
    /// The annotated keys in order; empty without annotation.
    pub keys: Vec<KeySpan>,
}

impl Song {
    /// The time of a beat position in seconds, swing included.
    #[must_use]
    pub fn time_s(&self, beat: f64) -> f64 {
        let floor = beat.floor();
        let inside = beat - floor;
        let swung = if inside < 0.5 {
            inside * 2.0 * self.swing
        } else {
            self.swing + (inside - 0.5) * 2.0 * (1.0 - self.swing)
        };
        self.straight_s(floor + swung)
    }

    /// The time without swing.
    pub(crate) fn straight_s(&self, beat: f64) -> f64 {
        let last = self.beats.len() - 2;
        let index = (beat.floor().max(0.0) as usize).min(last);
        let (a, b) = (self.beats[index].time_s, self.beats[index + 1].time_s);
        a + (beat - index as f64) * (b - a)
    }

    /// The beat position of a time in seconds, the inverse of
    /// [`time_s`](Self::time_s) for a straight song.
    #[must_use]
    pub fn beat_at(&self, time_s: f64) -> f64 {
        let last = self.beats.len() - 2;
        let index = self
            .beats
            .partition_point(|beat| beat.time_s <= time_s)
            .saturating_sub(1)
            .min(last);
        let (a, b) = (self.beats[index].time_s, self.beats[index + 1].time_s);
        index as f64 + (time_s - a) / (b - a)
    }

    /// The span at a beat position.
    #[must_use]
    pub fn span_at(&self, beat: f64) -> Option<&Span> {
        let next = self.spans.partition_point(|span| span.start <= beat + 1e-9);
        next.checked_sub(1).map(|index| &self.spans[index])
    }

    /// The chord at a beat position.
    #[must_use]
    pub fn chord_at(&self, beat: f64) -> Option<Chord> {
        match self.span_at(beat)?.harmony {
            Harmony::Chord(chord) => Some(chord),
            Harmony::None | Harmony::Unknown => None,
        }
    }

    /// The beat at which the chord track ends.
    #[must_use]
    pub fn end(&self) -> f64 {
        self.spans.last().map_or(0.0, |span| span.end)
    }

    /// The bars as ranges of beats.
    #[must_use]
    pub fn bars(&self) -> Vec<(f64, f64)> {
        let mut starts: Vec<f64> = self
            .beats
            .iter()
            .enumerate()
            .filter(|(_, beat)| beat.downbeat)
            .map(|(index, _)| index as f64)
            .filter(|start| *start < self.end())
            .collect();
        if starts.first().is_none_or(|first| *first > 0.0) {
            starts.insert(0, 0.0);
        }
        starts.push(self.end());
        starts.windows(2).map(|pair| (pair[0], pair[1])).collect()
    }
}

/// The key of a pitch class, its tonic in the common spelling.
#[must_use]
pub fn key_of(tonic: u8, minor: bool) -> Key {
    let mode = if minor { Mode::Minor } else { Mode::Major };
    Key::new(Note::common(tonic, minor), mode)
}

/// Whether the mode is minor.
pub(crate) fn is_minor(key: Key) -> bool {
    key.mode() == Mode::Minor
}
