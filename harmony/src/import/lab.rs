//! `.lab` files: start, end and Harte label a line, separated by white space.

use super::rows::{Refusal, Rows};
use super::{ImportError, RowError};
use crate::label::Label;
use crate::timeline::{Segment, Timeline};

/// Reads the text of a `.lab` file. Empty lines and lines that start with `#`
/// are skipped, neighbours within [`JOIN_S`](super::JOIN_S) joined, gaps filled with lost time.
///
/// # Errors
/// The first bad line, with its number.
pub fn parse(text: &str) -> Result<Timeline, ImportError> {
    let mut rows = Rows::default();
    let text = text.strip_prefix('\u{FEFF}').unwrap_or(text);
    for (index, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let pushed = row(line)
            .map_err(Refusal::from)
            .and_then(|segment| rows.push(segment));
        pushed.map_err(|refusal| match refusal {
            Refusal::Row(source) => ImportError::Line {
                line: index + 1,
                source,
            },
            Refusal::TooMany => ImportError::TooManySegments,
        })?;
    }
    rows.finish()
}

fn row(line: &str) -> Result<Segment, RowError> {
    let mut columns = line.split_whitespace();
    let (Some(start), Some(end), Some(label), None) = (
        columns.next(),
        columns.next(),
        columns.next(),
        columns.next(),
    ) else {
        return Err(RowError::Columns {
            columns: line.split_whitespace().count(),
        });
    };
    let label: Label = label.parse().map_err(RowError::Label)?;
    Ok(Segment::new(seconds(start)?, seconds(end)?, label))
}

fn seconds(text: &str) -> Result<f64, RowError> {
    text.parse()
        .map_err(|_| RowError::Number(text.chars().take(40).collect()))
}
