//! The editor: draws the latest snapshot, and hands what the user sets to the host.
//!
//! [`draw()`] is a pure function of a [`View`](crate::view::View); the rest of this
//! module is the window around it.

mod alternatives;
mod chord;
mod draw;
mod header;
mod keyboard;
mod settings;
mod spectrum;
mod strip;
pub mod theme;
mod window;

pub use draw::draw;
pub use window::ChangesEditor;
