//! A headless CLAP host, and music to play into it.

pub mod host;
pub mod music;
