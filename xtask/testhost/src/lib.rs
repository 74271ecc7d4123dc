//! Hosts for the plugin under test, and what they need.
//!
//! [`host`] is the CLAP host: every call of the interface, and blocks with whatever a test needs
//! in them. [`player`] plays a [`clip`] through it, as the demo and the measurements do. `vst3`
//! is a host for the other format. They play [`music`] of known chords; [`xvfb`] and [`parent`]
//! provide a place for the plugin's window, [`stall`] holds its worker, [`strace`] and
//! [`process`] observe its system calls and resources.
#![allow(
    clippy::unwrap_used,
    reason = "what drives a test fails by panicking; the player returns errors"
)]

mod block;
#[cfg(feature = "clip")]
pub mod clip;
pub mod host;
pub mod music;
pub mod out;
#[cfg(feature = "x11")]
pub mod parent;
#[cfg(feature = "clip")]
pub mod player;
#[cfg(target_os = "linux")]
pub mod process;
#[cfg(target_os = "linux")]
pub mod stall;
pub mod state;
pub mod strace;
#[cfg(feature = "vst3")]
pub mod vst3;
pub mod xvfb;
