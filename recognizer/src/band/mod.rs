//! Joint recognition of the separate parts of a song: bass, harmony, melody.
//!
//! Each part has its own engines, which give a posterior per frame ([`PartFrame`]). [`Gathering`]
//! collects these frames on a grid of song time, whatever their order and delay; [`fuse()`] makes
//! one posterior of all parts' frames at a grid position, and the usual decoders read these
//! ([`BandReader`] for the display, [`BandConfirmer`] for the track).
//!
//! The result does not depend on the order in which parts are added or report, or on how far ahead
//! of the others one of them is, up to [`MAX_WAIT_S`].

mod align;
mod confirmer;
mod evidence;
mod fuse;
mod gathering;
mod midi;
mod notes;
mod reader;
mod said;

pub use confirmer::BandConfirmer;
pub use fuse::{Vote, Weights, fuse, fuse_with};
pub use gathering::{Cell, Gathered, Gathering, Heard, Lane, MAX_WAIT_S, Spoken};
pub use midi::MidiNotes;
pub use notes::notes_of;
pub use reader::BandReader;
pub use said::{Said, what_was_said};

use crate::calibration::{Calibration, Calibrations};
use crate::decode::Posterior;

/// Calibrations of a band's posteriors, which are products and differ from those of one network.
/// Found with `trainer eval-band --tune -n 80 -l 45`, on renders: no recordings of separate parts
/// have known chords.
pub const CALIBRATIONS: Calibrations = Calibrations {
    track: Calibration {
        slope: 0.86,
        offset: -0.28,
    },
    display: Some(Calibration {
        slope: 0.46,
        offset: 0.32,
    }),
};

/// The role of one track of a band.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Part {
    /// Everything, or several parts at once: evidence of chords and of their bass.
    Mix,
    /// The instruments that play the chords: keys, guitars, strings.
    Harmony,
    /// MIDI notes: exact.
    Midi,
    /// The bass by itself.
    Bass,
    /// A melody: a voice, a lead.
    Melody,
    /// Drums, which are ignored.
    Drums,
}

impl Part {
    /// Whether it is evidence for whole chords, and not only for a bass or melody note.
    #[must_use]
    pub const fn tells_chords(self) -> bool {
        matches!(self, Self::Mix | Self::Harmony | Self::Midi)
    }
}

/// The posterior of one part at one moment.
#[derive(Debug, Clone, PartialEq)]
pub struct PartFrame {
    /// The time, in seconds of the caller's clock.
    pub time_s: f64,
    /// The network's posterior.
    pub posterior: Posterior,
    /// The share of each pitch class (C first), as if a single note sounded; sums to 1, or to 0 in
    /// silence. See [`notes_of`].
    pub notes: [f32; 12],
    /// Whether the part is silent: it has no vote then.
    pub silent: bool,
}
