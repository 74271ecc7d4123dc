//! `.lab`: one segment a line, `start<TAB>end<TAB>label`, seconds with six
//! decimals and Harte syntax: what mir_eval, Sonic Visualiser and Audacity read.

use std::io;

use super::{ExportError, Keyed};
use crate::style::Style;

/// Writes the segments. Those shorter than the last decimal are left out, so that every line has a
/// duration.
///
/// # Errors
/// An error of the writer.
pub(crate) fn write(mut writer: impl io::Write, keyed: &Keyed<'_>) -> Result<(), ExportError> {
    for segment in keyed.timeline {
        let (start, end) = (
            format!("{:.6}", segment.start_s),
            format!("{:.6}", segment.end_s),
        );
        if start != end {
            let label = keyed.text(segment, Style::Harte);
            writeln!(writer, "{start}\t{end}\t{label}")?;
        }
    }
    writer.flush()?;
    Ok(())
}
