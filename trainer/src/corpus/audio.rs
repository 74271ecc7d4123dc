//! Decoding for the trainer: what the plugin's file reader decodes, and Opus.

use std::path::Path;

use anyhow::{Result, anyhow};
use recognizer::audio::{Decoded, MAX_LENGTH_S, decode_with};

use super::opus;

/// Decodes a file block by block: `sink` gets the rate in Hz and mono samples.
///
/// # Errors
/// As [`decode_with`] and [`opus::decode`]; the message names the file.
pub fn decode(path: &Path, sink: &mut dyn FnMut(u32, &[f32])) -> Result<Decoded> {
    if !opus::is_opus(path) {
        return Ok(decode_with(path, &mut |_| {}, sink)?);
    }
    let samples = opus::decode(path, MAX_LENGTH_S, &mut |block| sink(opus::RATE, block))
        .map_err(|error| anyhow!("{}: {error:#}", path.display()))?;
    Ok(Decoded {
        sample_rate: opus::RATE,
        samples,
        warning: None,
    })
}
