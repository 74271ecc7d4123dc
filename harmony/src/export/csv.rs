//! `.csv`: a table with a header line and one row per segment, with everything in the timeline.

use std::io;

use super::{ExportError, Keyed, Options};
use crate::style::Style;
use crate::timeline::Status;

/// The columns. Times in seconds, beats in quarter notes and empty where unknown,
/// `label` in Harte syntax, `chord` in the style of the options.
pub const COLUMNS: [&str; 8] = [
    "start_s",
    "end_s",
    "start_beat",
    "end_beat",
    "label",
    "chord",
    "confidence",
    "status",
];

/// Writes the table (RFC 4180 quoting, UTF-8).
///
/// # Errors
/// An error of the writer.
pub(crate) fn write(
    writer: impl io::Write,
    keyed: &Keyed<'_>,
    options: &Options,
) -> Result<(), ExportError> {
    let mut table = ::csv::Writer::from_writer(writer);
    let beat = |beat: Option<f64>| beat.map_or_else(String::new, |beat| format!("{beat:.6}"));
    let failed = |error: ::csv::Error| ExportError::Write(error.into());
    table.write_record(COLUMNS).map_err(failed)?;
    for segment in keyed.timeline {
        let status = match segment.status {
            Status::Provisional => "provisional",
            Status::Confirmed => "confirmed",
        };
        let row = [
            format!("{:.6}", segment.start_s),
            format!("{:.6}", segment.end_s),
            beat(segment.start_beat),
            beat(segment.end_beat),
            keyed.text(segment, Style::Harte),
            keyed.text(segment, options.style),
            format!("{:.4}", segment.confidence),
            status.to_owned(),
        ];
        table.write_record(row).map_err(failed)?;
    }
    table.flush()?;
    Ok(())
}
