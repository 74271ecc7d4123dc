//! The editor: draws the latest snapshot and the session's track, sends changed settings to
//! the host and edits to the session.
//!
//! [`draw()`] is a function of a [`View`](crate::view::View), the
//! [`Controls`](crate::view::Controls) and a [`Desk`](desk::Desk); the rest of this module is
//! the window around it.

mod announcing;
mod chart;
pub mod desk;
mod dragging;
mod draw;
mod editing;
mod export;
mod files;
mod guitar;
mod header;
mod hero;
mod icon;
mod incoming;
mod keys;
mod network_file;
mod opening;
mod piano;
mod pinned;
mod settings;
mod sheet;
mod song;
mod spectrum;
mod stage;
mod strip;
mod symbol;
mod taps;
mod tempo;
pub mod theme;
mod tuning;
mod url;
mod widgets;
mod window;

pub use draw::draw;
pub use window::ChangesEditor;
