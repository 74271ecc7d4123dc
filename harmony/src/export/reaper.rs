//! Regions and markers for REAPER's *Region/Marker Manager > Import regions/markers*:
//! CSV with the columns `#,Name,Start,End,Length`. Chords are regions (`R1` …), sections
//! markers (`M1` …), times in seconds with six decimals.

use std::io;

use super::{ExportError, Keyed};
use crate::label::Label;
use crate::style::Style;
use crate::track::Track;

/// The columns that REAPER expects.
pub const COLUMNS: [&str; 5] = ["#", "Name", "Start", "End", "Length"];

/// Writes the table. `N` gets no region.
///
/// # Errors
/// An error of the writer.
pub(crate) fn write(
    writer: impl io::Write,
    track: &Track,
    keyed: &Keyed<'_>,
) -> Result<(), ExportError> {
    let mut table = ::csv::Writer::from_writer(writer);
    let failed = |error: ::csv::Error| ExportError::Write(error.into());
    let seconds = |time_s: f64| format!("{time_s:.6}");
    table.write_record(COLUMNS).map_err(failed)?;
    let chords = keyed.timeline.segments().iter();
    let chords = chords.filter(|segment| segment.label != Label::NoChord);
    for (index, segment) in chords.enumerate() {
        let row = [
            format!("R{}", index + 1),
            keyed.text(segment, Style::Plain),
            seconds(segment.start_s),
            seconds(segment.end_s),
            seconds(segment.duration_s()),
        ];
        table.write_record(row).map_err(failed)?;
    }
    for (index, section) in track.sections().iter().enumerate() {
        let start_s = track.tempo().time_at(section.beat).max(0.0);
        let row = [
            format!("M{}", index + 1),
            section.label.clone(),
            seconds(start_s),
            String::new(),
            String::new(),
        ];
        table.write_record(row).map_err(failed)?;
    }
    table.flush()?;
    Ok(())
}
