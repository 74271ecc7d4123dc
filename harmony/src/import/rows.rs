//! Builds a timeline from the rows of any format.

use super::{ImportError, JOIN_S, MAX_SEGMENTS};
use crate::label::ParseLabelError;
use crate::timeline::{Segment, Timeline, TimelineError};

/// What is wrong with one row.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum RowError {
    /// Not three columns.
    #[error("expected start, end and label, found {columns} column(s)")]
    Columns {
        /// How many there are.
        columns: usize,
    },
    /// A time that is not a number.
    #[error("{0:?} is not a time in seconds")]
    Number(String),
    /// A label that does not parse.
    #[error("{}", .0.reason())]
    Label(ParseLabelError),
    /// A segment that does not fit.
    #[error(transparent)]
    Timeline(#[from] TimelineError),
}

/// Collects rows in order of time.
#[derive(Default)]
pub(super) struct Rows {
    segments: Vec<Segment>,
}

/// Why a row was not taken.
pub(super) enum Refusal {
    Row(RowError),
    TooMany,
}

impl From<RowError> for Refusal {
    fn from(error: RowError) -> Self {
        Self::Row(error)
    }
}

impl Rows {
    /// Takes the next row, joining it to the one before where rounding has separated them. A row
    /// without duration is skipped.
    pub(super) fn push(&mut self, mut segment: Segment) -> Result<(), Refusal> {
        if segment.start_s == segment.end_s && segment.start_s.is_finite() {
            return Ok(());
        }
        segment.check().map_err(RowError::from)?;
        if let Some(last) = self.segments.last() {
            if (segment.start_s - last.end_s).abs() <= JOIN_S {
                segment.start_s = last.end_s;
                if segment.end_s <= segment.start_s {
                    return Ok(());
                }
            }
            if segment.start_s < last.end_s {
                let overlap = TimelineError::Overlap {
                    start_s: segment.start_s,
                    previous_end_s: last.end_s,
                };
                return Err(RowError::from(overlap).into());
            }
        }
        if self.segments.len() == MAX_SEGMENTS {
            return Err(Refusal::TooMany);
        }
        self.segments.push(segment);
        Ok(())
    }

    /// The timeline; gaps become lost time.
    pub(super) fn finish(self) -> Result<Timeline, ImportError> {
        if self.segments.is_empty() {
            return Err(ImportError::Empty);
        }
        Ok(Timeline::from_segments(self.segments)?)
    }
}
