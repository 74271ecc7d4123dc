//! The printed table of chords.

use comfy_table::presets::ASCII_MARKDOWN;
use comfy_table::{CellAlignment, Table};
use harmony::export::Notation;
use harmony::track::Track;

/// A table with a line for each chord, spelled by the key at its start.
pub fn render(track: &Track, notation: Notation) -> String {
    let mut table = Table::new();
    table
        .load_preset(ASCII_MARKDOWN)
        .set_header(["from", "to", "chord", "sure"]);
    for segment in track.timeline().segments() {
        table.add_row([
            clock(segment.start_s),
            clock(segment.end_s),
            notation.format(&segment.label, track.key_at_s(segment.start_s)),
            percent(segment.confidence),
        ]);
    }
    for column in [0, 1, 3] {
        if let Some(column) = table.column_mut(column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table.to_string()
}

/// Minutes and seconds: `1:02.35`.
pub fn clock(seconds: f64) -> String {
    let hundredths = (seconds.max(0.0) * 100.0).round() as u64;
    let (minutes, rest) = (hundredths / 6000, hundredths % 6000);
    format!("{minutes}:{:02}.{:02}", rest / 100, rest % 100)
}

/// A share as `93 %`.
pub fn percent(share: f32) -> String {
    format!("{:.0} %", share * 100.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_carry_over_into_minutes() {
        assert_eq!(clock(0.0), "0:00.00");
        assert_eq!(clock(59.996), "1:00.00");
        assert_eq!(clock(3725.5), "62:05.50");
    }
}
