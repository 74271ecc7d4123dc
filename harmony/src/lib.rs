//! Harmony without audio: chord labels, vocabularies, keys, display styles,
//! the chord timeline, the mir_eval scores, and the files a chord track is
//! written to and read from.
//!
//! The modules, from the bottom up:
//!
//! - [`label`]: one chord in Harte syntax, parsed and printed.
//! - [`vocabulary`]: closed sets of chords, for networks and scores.
//! - [`key`] and [`style`]: spelling by key, and chords as musicians write them; [`function`]: the
//!   harmonic function of a chord in its key.
//! - [`note_names`] and [`simplify`]: German and solfège names, and simpler chords for players.
//! - [`timeline`]: segments of chords; [`time`]: tempo maps, meters and bars.
//! - [`track`]: the chords of a song with its musical time, keys and sections, and
//!   [`edit`]: its commands, with undo.
//! - [`expect`]: prediction of the next chord, by repeated passages, or by [`progression`]: how
//!   often chords follow each other in a key.
//! - [`chart`] and [`voicing`]: the track as a musician reads it, and as notes; [`played`]: notes
//!   from a MIDI input.
//! - [`score`]: metrics of agreement between two timelines.
//! - [`export`] and [`import`]: chord tracks as files.
//!
//! ```
//! use harmony::key::Key;
//! use harmony::label::Label;
//! use harmony::style::{Style, format};
//! use harmony::vocabulary::{Vocabulary, large};
//!
//! let label: Label = "F#:9/b7".parse()?;
//! let key: Key = "Gb:maj".parse()?;
//! assert_eq!(format(&label, Style::Jazz, Some(&key)), "G♭9/F♭");
//! assert_eq!(Vocabulary::Large.simplify(&label).to_string(), "F#:7");
//! assert_eq!(large::index_of(&label), large::class_of(6, 9));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub mod chart;
pub mod edit;
pub mod expect;
pub mod export;
pub mod function;
pub mod import;
pub mod key;
pub mod label;
mod named;
pub mod note_names;
pub mod played;
pub mod progression;
pub mod score;
pub mod simplify;
pub mod style;
pub mod time;
pub mod timeline;
pub mod track;
pub mod vocabulary;
pub mod voicing;
