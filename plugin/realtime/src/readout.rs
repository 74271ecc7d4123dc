//! The chord that the window shows, as numbers that a host can read.
//!
//! The worker leaves it in a [`LiveReadout`], one atomic number, as it does with the notes
//! ([`crate::midi_out::LiveNotes`]); the plugin's entry points read it there for the host. The
//! numbers are parameter values: whole, from 0, and their meaning never changes, since hosts
//! record and map them.

use std::sync::atomic::{AtomicU64, Ordering};

use harmony::label::{Chord, Quality};

/// Number of qualities: 1 is the first of [`Quality::SHORTHANDS`], and the last stands for all
/// others.
pub const QUALITIES: u8 = Quality::SHORTHANDS.len() as u8 + 1;

/// A chord as numbers; all are 0 if none is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Readout {
    /// The pitch class of the root plus 1: 1 is C, 12 is B.
    pub root: u8,
    /// The quality without added or omitted degrees: 1 … [`QUALITIES`].
    pub quality: u8,
    /// The pitch class of the bass plus 1.
    pub bass: u8,
    /// The probability of the chord, 0 … 1.
    pub confidence: f32,
}

impl Readout {
    /// The numbers of a chord in concert pitch.
    pub fn from_chord(chord: &Chord, confidence: f32) -> Self {
        let quality = chord.quality();
        let known = Quality::SHORTHANDS.iter().position(|it| *it == quality);
        Self {
            root: chord.root().pitch_class() + 1,
            quality: known.map_or(QUALITIES, |index| index as u8 + 1),
            bass: chord.bass_pitch_class() + 1,
            // The comparisons turn NaN into 0.
            confidence: if confidence > 0.0 {
                confidence.min(1.0)
            } else {
                0.0
            },
        }
    }

    fn packed(self) -> u64 {
        let [root, quality, bass] = [self.root, self.quality, self.bass].map(u64::from);
        u64::from(self.confidence.to_bits()) << 32 | bass << 16 | quality << 8 | root
    }

    fn unpacked(packed: u64) -> Self {
        Self {
            root: packed as u8,
            quality: (packed >> 8) as u8,
            bass: (packed >> 16) as u8,
            confidence: f32::from_bits((packed >> 32) as u32),
        }
    }
}

/// The chord, from the worker to the plugin's entry points. No call waits, allocates or makes a
/// system call.
#[derive(Debug, Default)]
pub struct LiveReadout(AtomicU64);

impl LiveReadout {
    /// Sets the chord shown from now on.
    pub fn set(&self, readout: Readout) {
        self.0.store(readout.packed(), Ordering::Relaxed);
    }

    /// The chord shown.
    pub fn get(&self) -> Readout {
        Readout::unpacked(self.0.load(Ordering::Relaxed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn readout(label: &str, confidence: f32) -> Readout {
        let label: harmony::label::Label = label.parse().unwrap();
        Readout::from_chord(label.chord().unwrap(), confidence)
    }

    #[test]
    fn a_chord_in_numbers() {
        let expected = Readout {
            root: 11,
            quality: 7,
            bass: 3,
            confidence: 0.75,
        };
        assert_eq!(readout("Bb:7/3", 0.75), expected);
        assert_eq!(readout("C:maj", 1.0).quality, 1);
        assert_eq!(readout("C:(1,4,b7)", 1.0).quality, QUALITIES);
        for odd in [f32::NAN, -1.0, f32::NEG_INFINITY] {
            assert_eq!(readout("C", odd).confidence, 0.0);
        }
        assert_eq!(readout("C", f32::INFINITY).confidence, 1.0);
    }

    #[test]
    fn what_is_set_is_read() {
        let live = LiveReadout::default();
        assert_eq!(live.get(), Readout::default());
        for label in ["C:maj", "B:min7/b7", "F#:(1,4)"] {
            let readout = readout(label, 0.3);
            live.set(readout);
            assert_eq!(live.get(), readout);
        }
    }
}
