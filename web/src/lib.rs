//! The recognizer for browsers: the functions that the page's worker calls, compiled to
//! WebAssembly.
//!
//! The page (`web/page`) decodes audio, plays it and draws; all music analysis happens here. A
//! [`Song`] takes decoded blocks and gives a chord track; a [`Listener`] takes the samples of a
//! microphone. Between calls the page keeps the track in its saved form
//! ([`harmony::track::Track::to_json`]), so that [`view()`], [`edit()`] and [`file()`] have no
//! state, and stopping the worker loses nothing.
//!
//! Objects are passed as JSON. Times are in seconds.

mod error;
mod exports;
mod listener;
mod notation;
mod settings;
mod song;
mod spoken;
mod view;

use harmony::edit::{Command, Editor};
use harmony::track::Track;
use wasm_bindgen::JsError;
use wasm_bindgen::prelude::wasm_bindgen;

pub use error::Error;
pub use listener::Listener;
pub use settings::Settings;
pub use song::Song;

/// The view of a track for the page, as JSON: `view::View`. `settings` are [`Settings`] as JSON.
///
/// # Errors
/// A track or settings that cannot be read.
#[wasm_bindgen]
pub fn view(track: &str, settings: &str) -> Result<String, JsError> {
    Ok(view::view(track, settings)?)
}

/// The track after an edit; `command` is a [`Command`] as JSON.
///
/// # Errors
/// A track or command that cannot be read, and an edit that cannot be made.
#[wasm_bindgen]
pub fn edit(track: &str, command: &str) -> Result<String, JsError> {
    Ok(edited(track, command)?)
}

/// The track as a file in the format with that [name](harmony::export::Format::name).
///
/// # Errors
/// A track or settings that cannot be read, and a track that the format cannot express.
#[wasm_bindgen]
pub fn file(track: &str, settings: &str, format: &str) -> Result<Vec<u8>, JsError> {
    Ok(exports::export(track, settings, format)?)
}

/// The formats of [`file()`], for a menu, as JSON: each an `exports::Offer`.
///
/// # Errors
/// None; the type is serde's.
#[wasm_bindgen]
pub fn formats() -> Result<String, JsError> {
    Ok(exports::formats()?)
}

/// The name of a file for a title, without its extension.
#[wasm_bindgen]
#[must_use]
pub fn file_name(title: &str) -> String {
    harmony::export::name::file_name(title)
}

fn edited(track: &str, command: &str) -> Result<String, Error> {
    let track = Track::from_json(track)?;
    let command: Command = serde_json::from_str(command)?;
    let mut editor = Editor::new(track);
    editor.apply(&command)?;
    Ok(editor.into_track().to_json()?)
}
