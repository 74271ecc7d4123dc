//! Several parts of one song heard together: the bass by itself, the harmony by itself, a voice.
//!
//! Each part is listened to by engines of its own, which say frame by frame what they hear
//! ([`PartFrame`]). What they say is put on a grid of the song's own seconds ([`Gathering`]),
//! whenever and with whatever delay it comes; what all parts say of one place of the grid becomes
//! one posterior ([`fuse()`]), and those are read by the same decoders as any others
//! ([`BandReader`] for the display, [`BandConfirmer`] for the track).
//!
//! Nothing here depends on the order in which parts are added or speak, or on how far ahead of the
//! others one of them is, up to [`MAX_WAIT_S`].

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

use crate::decode::Posterior;

/// What plays in one of the tracks that a band is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Part {
    /// Everything, or several parts at once: evidence of chords and of their bass.
    Mix,
    /// What carries the chords: keys, guitars, strings.
    Harmony,
    /// Notes that came as MIDI: exact.
    Midi,
    /// The bass by itself.
    Bass,
    /// A melody: a voice, a lead.
    Melody,
    /// What has no chords. It is left out.
    Drums,
}

impl Part {
    /// Whether it says which chord sounds, and not a part of it.
    #[must_use]
    pub const fn tells_chords(self) -> bool {
        matches!(self, Self::Mix | Self::Harmony | Self::Midi)
    }
}

/// The posterior of one part at one moment.
#[derive(Debug, Clone, PartialEq)]
pub struct PartFrame {
    /// The moment, in seconds of a clock that the caller knows.
    pub time_s: f64,
    /// What its network says.
    pub posterior: Posterior,
    /// How much of what sounds is each pitch class, as if one note sounded; sums to 1, or to 0 in
    /// silence. See [`notes_of`].
    pub notes: [f32; 12],
    /// Whether nothing sounds: it has no say then.
    pub silent: bool,
}
