//! Musical time: tempo maps between seconds and beats, and bars.
//!
//! A beat is a quarter note everywhere, as in the transports of hosts and in MIDI files,
//! whatever the meter; what a musician would count is [`Meter::pulse_beats`].

mod meter;
mod note_value;
mod tempo;
mod thinning;

pub use meter::{BarSpan, MAX_METER_CHANGES, Meter, MeterChange, MeterMap, ParseMeterError};
pub use note_value::{NoteValue, ParseNoteValueError};
pub use tempo::{MAX_BPM, MAX_TEMPO_POINTS, MIN_BPM, TempoMap, TempoPoint};
pub use thinning::Thinning;

/// The furthest beat from 0, either way, that a map or a region may name: decades.
pub const MAX_BEAT: f64 = 1e9;

/// Times, tempos or meters that do not make a map.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[expect(missing_docs, reason = "each field is named in the message above it")]
pub enum TimeError {
    /// A tempo outside [`MIN_BPM`] … [`MAX_BPM`].
    #[error("the tempo {0} is outside 4 to 1000 beats a minute")]
    Tempo(f64),
    /// A tempo map that is empty, out of order or not finite.
    #[error(
        "point {index} of the tempo map, beat {beat} at {time_s} s, does not follow the one before"
    )]
    Point {
        index: usize,
        time_s: f64,
        beat: f64,
    },
    /// A tempo map without a point.
    #[error("the tempo map has no point")]
    NoPoint,
    /// More points or changes than a map may have.
    #[error("{count} changes are more than the {most} that a map may have")]
    TooMany { count: usize, most: usize },
    /// Bars of an impossible length.
    #[error("{numerator}/{denominator} is not a meter: expected 1 to 32 over 1, 2, 4, 8 or 16")]
    Meter { numerator: u8, denominator: u8 },
    /// A change of meter, key or section that is out of order or not finite.
    #[error("change {index}, at beat {beat}, does not follow the one before")]
    Change { index: usize, beat: f64 },
    /// A meter map without a meter.
    #[error("the meter map is empty")]
    NoMeter,
}
