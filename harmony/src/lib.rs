//! Harmony without audio: chord labels, vocabularies, keys, display styles,
//! the chord timeline, the mir_eval scores, and the files a chord track is
//! written to and read from.
//!
//! The modules, from the bottom up:
//!
//! - [`label`]: one chord in Harte syntax, parsed and printed.
//! - [`vocabulary`]: the closed sets of chords a network answers with.
//! - [`key`] and [`style`]: spelling by key, and chords as musicians write them.
//! - [`timeline`]: what sounds when.
//! - [`score`]: how well one timeline agrees with another.
//! - [`export`] and [`import`]: chord tracks as files.

pub mod export;
pub mod import;
pub mod key;
pub mod label;
pub mod score;
pub mod style;
pub mod timeline;
pub mod vocabulary;
