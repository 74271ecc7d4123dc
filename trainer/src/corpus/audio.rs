//! Decoding for the trainer: what the command's file reader decodes.

use std::path::Path;

use anyhow::Result;
use recognizer::audio::{Decoded, decode_with};

/// Decodes a file block by block: `sink` gets the rate in Hz and mono samples.
///
/// # Errors
/// As [`decode_with`]; the message names the file.
pub fn decode(path: &Path, sink: &mut dyn FnMut(u32, &[f32])) -> Result<Decoded> {
    Ok(decode_with(path, &mut |_| {}, sink)?)
}
