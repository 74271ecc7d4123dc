//! A headless CLAP host, music to play into it, and a worker that can be held.

pub mod host;
pub mod music;
pub mod out;
#[cfg(target_os = "linux")]
pub mod process;
#[cfg(target_os = "linux")]
pub mod stall;
