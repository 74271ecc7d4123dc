//! Charts from chord tracks with times: each segment becomes a bar of its length.

use super::{ChartError, WrittenBar, WrittenChart, WrittenChord};
use crate::import::{jams as jams_file, lab as lab_file};
use crate::label::Label;
use crate::time::Meter;
use crate::timeline::Timeline;

/// Quarter notes per second: the tempo that converts lengths back to seconds.
const BEATS_PER_S: f64 = 2.0;

/// Whether a text is a JAMS file.
pub(super) fn is_jams(text: &str) -> bool {
    text.contains("\"annotations\"")
}

/// Whether a text is a `.lab` file: its first row begins with two numbers.
pub(super) fn is_lab(text: &str) -> bool {
    let mut rows = text.lines().map(str::trim);
    let first = rows.find(|row| !row.is_empty() && !row.starts_with('#'));
    first.is_some_and(|row| {
        let mut words = row.split_whitespace();
        let number = |word: Option<&str>| word.is_some_and(|word| word.parse::<f64>().is_ok());
        number(words.next()) && number(words.next())
    })
}

pub(super) fn jams(text: &str) -> Result<WrittenChart, ChartError> {
    Ok(chart(&jams_file::parse(text)?))
}

pub(super) fn lab(text: &str) -> Result<WrittenChart, ChartError> {
    Ok(chart(&lab_file::parse(text)?))
}

/// The chart of a timeline, without the silence before the first chord and after the last.
fn chart(timeline: &Timeline) -> WrittenChart {
    let sounds = |label: &Label| label.chord().is_some();
    let segments = timeline.segments();
    let first = segments.iter().position(|it| sounds(&it.label));
    let last = segments.iter().rposition(|it| sounds(&it.label));
    let (Some(first), Some(last)) = (first, last) else {
        return WrittenChart::default();
    };
    let bars = segments[first..=last].iter().map(|segment| WrittenBar {
        section: None,
        meter: Meter::COMMON,
        chords: vec![WrittenChord {
            label: segment.label.clone(),
            beats: segment.duration_s() * BEATS_PER_S,
        }],
        measured: true,
    });
    WrittenChart {
        bars: bars.collect(),
        tempo_bpm: Some(60.0 * BEATS_PER_S),
        ..WrittenChart::default()
    }
}
