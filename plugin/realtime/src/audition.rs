//! A chord that somebody wants to hear: a second of it on the plugin's MIDI output.
//!
//! The window leaves its notes in a [`Wish`], one atomic number with a count of the wishes; the
//! audio thread sees a new count with its next block and plays them for [`LASTS_S`] of its own
//! time. While they sound the live chord does not. What has been asked for while the plugin did
//! not run is withdrawn by the window, so it does not sound out of the blue later.

use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};

use crate::midi_out::Notes;

/// How long a chord sounds, in seconds.
pub const LASTS_S: f64 = 1.0;

/// What the window wants to hear. Written by its thread, read by the audio thread.
#[derive(Debug, Default)]
pub struct Wish {
    /// The notes, packed; their epoch counts the wishes.
    notes: AtomicU64,
    /// The last count that the audio thread has seen.
    seen: AtomicU8,
}

impl Wish {
    /// Asks for a chord; what sounds of an earlier one ends. For one thread: the window's.
    pub fn ask(&self, notes: Notes) {
        let before = Notes::unpacked(self.notes.load(Ordering::Relaxed));
        let count = before.epoch.wrapping_add(1);
        let notes = Notes {
            epoch: count,
            ..notes
        };
        self.notes.store(notes.packed(), Ordering::Relaxed);
    }

    /// Asks for nothing any more.
    pub fn withdraw(&self) {
        self.ask(Notes::default());
    }

    /// Whether the audio thread has seen what was asked for last.
    pub fn is_seen(&self) -> bool {
        let asked = Notes::unpacked(self.notes.load(Ordering::Relaxed));
        self.seen.load(Ordering::Relaxed) == asked.epoch
    }
}

/// The audio thread's end.
#[derive(Debug, Default)]
pub struct Audition {
    /// The last wish that was seen.
    count: u8,
    notes: Notes,
    /// For how many seconds it goes on.
    left_s: f64,
}

impl Audition {
    /// What shall sound in a block of `duration_s` seconds, if anything; `silent` ends it. Never
    /// allocates, locks or calls the system.
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

    /// Ends what sounds, with the next block.
    pub fn end(&mut self) {
        self.left_s = 0.0;
    }
}
