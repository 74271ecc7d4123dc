//! Auditioning a chord: a second of it on the plugin's MIDI output.
//!
//! The window leaves the notes in a [`Wish`], one atomic number with a count of the requests;
//! the audio thread sees the new count in its next block and plays them for [`LASTS_S`] of its
//! own time. Meanwhile the live chord is silent. The window withdraws a request made while the
//! plugin was not running, so that it does not sound unexpectedly later.

use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};

use crate::midi_out::Notes;

/// How long a chord sounds, in seconds.
pub const LASTS_S: f64 = 1.0;

/// The chord that the window wants to hear. Written by its thread, read by the audio thread.
#[derive(Debug, Default)]
pub struct Wish {
    /// The notes, packed; their epoch counts the requests.
    notes: AtomicU64,
    /// The last count that the audio thread has seen.
    seen: AtomicU8,
}

impl Wish {
    /// Asks for a chord, which replaces an earlier one that still sounds. Only for the
    /// window's thread.
    pub fn ask(&self, notes: Notes) {
        let before = Notes::unpacked(self.notes.load(Ordering::Relaxed));
        let count = before.epoch.wrapping_add(1);
        let notes = Notes {
            epoch: count,
            ..notes
        };
        self.notes.store(notes.packed(), Ordering::Relaxed);
    }

    /// Withdraws the request.
    pub fn withdraw(&self) {
        self.ask(Notes::default());
    }

    /// Whether the audio thread has seen the last request.
    pub fn is_seen(&self) -> bool {
        let asked = Notes::unpacked(self.notes.load(Ordering::Relaxed));
        self.seen.load(Ordering::Relaxed) == asked.epoch
    }
}

/// The audio thread's end.
#[derive(Debug, Default)]
pub struct Audition {
    /// The last request that was seen.
    count: u8,
    notes: Notes,
    /// How long the chord still sounds, in seconds.
    left_s: f64,
}

impl Audition {
    /// The notes that should sound in a block of `duration_s` seconds, if any; `silent` ends
    /// them. Never allocates, locks or makes a system call.
    pub fn play(&mut self, wish: &Wish, duration_s: f64, silent: bool) -> Option<Notes> {
        let asked = Notes::unpacked(wish.notes.load(Ordering::Relaxed));
        if asked.epoch != self.count {
            self.count = asked.epoch;
            wish.seen.store(asked.epoch, Ordering::Relaxed);
            self.notes = asked;
            let empty = asked.bass.is_none() && asked.upper.iter().all(Option::is_none);
            self.left_s = if empty { 0.0 } else { LASTS_S };
        }
        if silent {
            self.end();
        }
        if self.left_s <= 0.0 {
            return None;
        }
        self.left_s -= duration_s;
        Some(self.notes)
    }

    /// Ends the chord with the next block.
    pub fn end(&mut self) {
        self.left_s = 0.0;
    }
}
