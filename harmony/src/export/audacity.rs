//! Labels for Audacity: `start<TAB>end<TAB>symbol`, seconds with six decimals. Read by *File >
//! Import > Labels*. `N` gets no label; unknown time is `?`.

use std::io;

use super::{ExportError, Keyed};
use crate::label::Label;
use crate::style::Style;

/// Writes the labels.
///
/// # Errors
/// An error of the writer.
pub(crate) fn write(mut writer: impl io::Write, keyed: &Keyed<'_>) -> Result<(), ExportError> {
    for segment in keyed.timeline {
        if segment.label != Label::NoChord {
            let symbol = keyed.text(segment, Style::Jazz);
            let (start_s, end_s) = (segment.start_s, segment.end_s);
            writeln!(writer, "{start_s:.6}\t{end_s:.6}\t{symbol}")?;
        }
    }
    writer.flush()?;
    Ok(())
}
