//! Decoding for the trainer: the same file reader as the command's.

use std::path::Path;

use anyhow::Result;
use recognizer::audio::{Decoded, decode_with};

/// Decodes a file in blocks: `sink` gets the rate in Hz and mono samples.
///
/// # Errors
/// See [`decode_with`]; the message names the file.
pub fn decode(path: &Path, sink: &mut dyn FnMut(u32, &[f32])) -> Result<Decoded> {
    Ok(decode_with(path, &mut |_| {}, sink)?)
}
