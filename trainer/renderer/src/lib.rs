//! Songs as labelled audio, for the networks of Changes to learn from.
//!
//! A [`song`] is beats with chords: one of [`pop909`], one that [`progressions`] writes, or
//! [`solo`] chords. The [`arranger`] gives it to a band, which makes an [`example::Example`] of it;
//! [`render::render`] plays that on a [`synthesizer`] or through a [`soundfont`], with [`effects`]
//! and a mix, to mono audio with chord labels and beats. Everything follows from a seed
//! ([`random`]).

#![warn(unreachable_pub)]

pub mod arranger;
pub mod audible;
pub mod chord;
pub mod effects;
pub mod example;
mod mix;
pub mod pop909;
pub mod progressions;
pub mod random;
pub mod render;
pub mod solo;
pub mod song;
pub mod soundfont;
pub mod synthesizer;
