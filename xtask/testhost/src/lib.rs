//! Hosts for the plugin under test, and what they need around them.
//!
//! [`host`] is the CLAP host: every call of the interface, and blocks with whatever a test wants
//! in them. [`player`] plays a [`clip`] through it, as the demo and the measurements do.
//! `vst3` is a host for the other format. What they hear is [`music`] of known chords; [`xvfb`]
//! and [`parent`] give the plugin's window somewhere to be, [`stall`] holds its worker,
//! [`strace`] and [`process`] watch what it does to the system.
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
