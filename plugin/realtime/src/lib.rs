//! The plugin's code on the audio thread: nothing here allocates, frees, locks, logs or makes
//! a system call, except where [`bounce`] waits for a host that renders.
//!
//! Samples go through a [`tap`] and its [`ring`] to the worker, with the host's transport
//! ([`transport`]), the recognizer's settings ([`settings`]) and the incoming notes
//! ([`notes_in`]); notes of the live chord come back ([`midi_out`]), and the chord itself, for the
//! host to read ([`readout`]).
//!
//! `plugin/races` runs all of it under ThreadSanitizer and Miri, `plugin/rtsan` watches it in
//! the built plugin.

pub mod audition;
pub mod bounce;
pub mod midi_out;
pub mod notes_in;
pub mod readout;
pub mod ring;
pub mod settings;
pub mod tap;
pub mod transport;
