//! Charts written by people: text of every kind, and the markers of MIDI files.

use harmony::import::chart::{MAX_BAR_BEATS, MAX_BAR_CHORDS, MAX_CHART_BARS, parse, parse_midi};

/// Reads `data` as a chart.
///
/// # Panics
/// Where a promise of the readers does not hold.
pub fn run(data: &[u8]) {
    let chart = if data.starts_with(b"MThd") {
        parse_midi(data)
    } else {
        let Ok(text) = std::str::from_utf8(data) else {
            return;
        };
        parse(text)
    };
    let Ok(chart) = chart else { return };
    assert!((1..=MAX_CHART_BARS).contains(&chart.bars.len()));
    for bar in &chart.bars {
        assert!((1..=MAX_BAR_CHORDS).contains(&bar.chords.len()));
        for chord in &bar.chords {
            assert!(chord.beats > 0.0 && chord.beats <= MAX_BAR_BEATS);
        }
    }
}
