//! `.lab`: one segment a line, `start<TAB>end<TAB>label`, seconds with six
//! decimals and Harte syntax: what mir_eval, Sonic Visualiser and Audacity read.

use std::io;

use super::{ExportError, Options};
use crate::style::{Style, format};
use crate::timeline::Timeline;

/// Writes the segments. One that is shorter than the last decimal is left out, so
/// that no line is without duration.
///
/// # Errors
/// The writer's.
pub fn write(
    mut writer: impl io::Write,
    timeline: &Timeline,
    options: &Options,
) -> Result<(), ExportError> {
    for segment in timeline {
        let (start, end) = (
            format!("{:.6}", segment.start_s),
            format!("{:.6}", segment.end_s),
        );
        if start != end {
            let label = format(&segment.label, Style::Harte, options.key.as_ref());
            writeln!(writer, "{start}\t{end}\t{label}")?;
        }
    }
    writer.flush()?;
    Ok(())
}
